"""Alembic's room. ``db.migrate`` runs it with a connection of its own."""
