"""Verified totals in the shapes other programs take."""
