"""HTTP for scripts and for the pages own modules: JSON in the one error shape."""
