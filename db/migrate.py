"""Brings a database to the present tables. Works from an installed package: the migrations lie inside ``db``."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from db.session import make_engine

HOME = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HOME).replace("%", "%%"))
    return config


def upgrade(url: str) -> None:
    """Create the database, or migrate it to the newest version. Calling it again does nothing."""
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
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
