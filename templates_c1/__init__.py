"""Forms as data: one folder per form, a schema, a registry."""
