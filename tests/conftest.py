"""Fixtures that several packages' tests share.

By default every test that uses ``world`` runs on SQLite, a folder and a queue in a file. C1_TEST_SERVERS=all runs the same tests on
PostgreSQL, Redis and an S3 server, which are started for them (tests.servers); C1_TEST_DATABASE=postgresql on the first alone.
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
    if os.environ.get("C1_TEST_SERVERS") == "all":
        how = _on_servers
    else:
        how = {"sqlite": _on_sqlite, "postgresql": _on_postgres}[os.environ.get("C1_TEST_DATABASE", "sqlite")]
    yield from how(tmp_path_factory.mktemp("seeded"))


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


def _on_servers(folder: Path) -> Iterator[Callable[[Path], World]]:
    from db.store import open_store
    from tests.servers import S3, Redis

    redis, s3 = Redis(), S3()
    before = {name: os.environ.get(name) for name in s3.env()}
    os.environ.update(s3.env())
    try:
        for on_postgres in _on_postgres(folder):

            def make(target: Path, on_postgres: Callable[[Path], World] = on_postgres) -> World:
                made = on_postgres(target)
                number = next(_number)
                photos = s3.url(f"world{number}")
                return replace(made, settings=replace(made.settings, photos=photos), store=open_store(photos), queue=redis.url(number))

            yield make
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        s3.stop()
        redis.stop()


@pytest.fixture
def world(make_world: Callable[[Path], World], tmp_path: Path) -> Iterator[World]:
    """A database and a photo folder of the test's own."""
    made = make_world(tmp_path)
    yield made
    made.close()
