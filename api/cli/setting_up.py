"""Makes and fills the database."""

from __future__ import annotations

from sqlalchemy import func, select

from api.build import db_settings
from api.settings import Settings
from db.audit import seal_baseline
from db.migrate import upgrade
from db.seed import seed_elections, seed_regions
from db.session import Database
from db.tables import Region
from db.types import Role
from db.users import create_user


def prepare(settings: Settings) -> int:
    """Create or migrate the database and load regions and elections. Again is harmless. Returns how many regions there are."""
    settings.data.mkdir(parents=True, exist_ok=True)
    places = db_settings(settings)
    upgrade(places.database_url)
    db = Database(places.database_url)
    try:
        with db.writing() as session:
            seed_regions(session)
            seed_elections(session)
            seal_baseline(session)
            return session.scalar(select(func.count()).select_from(Region)) or 0
    finally:
        db.dispose()


def add_user(settings: Settings, username: str, role: str, password: str, name: str) -> None:
    """Raises ValueError for an unknown role, and what db.users.create_user raises."""
    if role not in set(Role):
        raise ValueError(f"{role}: operator, reviewer, staff, admin")
    db = Database(db_settings(settings).database_url)
    try:
        with db.writing() as session:
            create_user(session, username, password, Role(role), name)
    finally:
        db.dispose()
