"""Training code; not needed at run time."""
