"""Pages for people: Jinja2, htmx and a few ES modules."""
