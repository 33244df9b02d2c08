"""Nouns and arithmetic of the tally forms. Standard library only; every other package stands on this one."""
