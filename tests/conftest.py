"""Fixtures that several packages' tests share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.world import World


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with Banyuasin, the demo's elections and users; copied for each test."""
    from tests.world import open_world

    folder = tmp_path_factory.mktemp("seeded")
    file = folder / "c1.sqlite3"
    world = open_world(f"sqlite:///{file}", folder)
    with world.db.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    world.db.dispose()
    return file


@pytest.fixture
def world(seeded_file: Path, tmp_path: Path) -> Iterator[World]:
    """A database and a photo folder of the test's own."""
    from tests.world import open_world

    file = tmp_path / "c1.sqlite3"
    shutil.copy(seeded_file, file)
    made = open_world(f"sqlite:///{file}", tmp_path, fresh=False)
    yield made
    made.db.dispose()
