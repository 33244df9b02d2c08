"""What a person runs from the Makefile; not installed with the packages."""
