"""Things that break in the middle of the work, on purpose."""
