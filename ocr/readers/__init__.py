"""Readers: each scores every box over the glyphs, none knows of the others."""
