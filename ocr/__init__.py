"""Pixels in, Interpretation out. No database, no HTTP."""
