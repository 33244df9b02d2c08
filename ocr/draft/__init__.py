"""Drafts of templates from blank forms: what a page shows, named and laid out, for a person to correct and confirm."""
