"""Where the data lies: one database URL, one place for photos. Nothing else is configured here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Attributes:
    database_url: SQLAlchemy URL; SQLite by default, ``postgresql://...`` when many machines work together.
    photos: a folder, or an object store's URL (``s3://bucket/prefix``).
    """

    database_url: str
    photos: str

    @classmethod
    def in_folder(cls, folder: Path) -> Settings:
        """SQLite file and photo folder below ``folder``."""
        return cls(database_url=f"sqlite:///{folder / 'c1.sqlite3'}", photos=str(folder / "photos"))

    @classmethod
    def from_env(cls, folder: Path, env: Mapping[str, str] | None = None) -> Settings:
        """C1_DATABASE_URL and C1_PHOTOS; what is not set lies below ``folder``."""
        env = os.environ if env is None else env
        default = cls.in_folder(folder)
        return cls(database_url=env.get("C1_DATABASE_URL") or default.database_url, photos=env.get("C1_PHOTOS") or default.photos)
