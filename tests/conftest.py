"""Fixtures that several packages' tests share.

C1_TEST_DATABASE=postgresql runs every test that uses ``world`` on a PostgreSQL server which is started for it
(Debian package postgresql, extra "postgres"); by default they run on SQLite.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.world import World

_number = count()

# Property tests draw the same examples everywhere, so that what passes here passes in CI; HYPOTHESIS_PROFILE=default draws new ones.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def make_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], World]]:
    """Makes a world in the folder given, with Banyuasin, the demo's elections and users; quick, because it is a copy."""
    kind = os.environ.get("C1_TEST_DATABASE", "sqlite")
    yield from {"sqlite": _on_sqlite, "postgresql": _on_postgres}[kind](tmp_path_factory.mktemp("seeded"))


def _on_sqlite(folder: Path) -> Iterator[Callable[[Path], World]]:
    from tests.world import open_world

    seeded = folder / "c1.sqlite3"
    world = open_world(f"sqlite:///{seeded}", folder)
    with world.db.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    world.db.dispose()

    def make(target: Path) -> World:
        shutil.copy(seeded, target / "c1.sqlite3")
        return open_world(f"sqlite:///{target / 'c1.sqlite3'}", target, fresh=False)

    yield make


def _on_postgres(folder: Path) -> Iterator[Callable[[Path], World]]:
    from tests.servers import Postgres
    from tests.world import open_world

    server = Postgres()
    try:
        open_world(server.create("seeded"), folder).db.dispose()

        def make(target: Path) -> World:
            name = f"world{next(_number)}"
            made = open_world(server.create(name, "seeded"), target, fresh=False)
            return replace(made, drop=lambda: server.drop(name))

        yield make
    finally:
        server.stop()


@pytest.fixture
def world(make_world: Callable[[Path], World], tmp_path: Path) -> Iterator[World]:
    """A database and a photo folder of the test's own."""
    made = make_world(tmp_path)
    yield made
    made.close()
