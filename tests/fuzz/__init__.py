"""Fuzzing: the whole HTTP interface (``api``) and everything that comes from outside (``inputs``)."""
