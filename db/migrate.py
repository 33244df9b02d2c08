"""Brings a database to the present tables. Works from an installed package: the migrations lie inside ``db``."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from db.session import make_engine

HOME = Path(__file__).parent / "migrations"
_LOCK = 1607
"""Any number, the same for all processes."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HOME).replace("%", "%%"))
    return config


def upgrade(url: str) -> None:
    """Create the database, or migrate it to the newest version. Calling it again does nothing."""
    engine = make_engine(url)
    try:
        # Several processes may start at once: SQLite's write lock, or this lock, lets one migrate and the others find it done.
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def is_current(url: str) -> bool:
    """True if no migration is waiting."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            have = MigrationContext.configure(connection).get_current_heads()
        return set(have) == set(ScriptDirectory.from_config(_config()).get_heads())
    finally:
        engine.dispose()
