"""One engine per process, one transaction per request.

SQLite: WAL, foreign keys on, every commit on the disk (synchronous=FULL). Writers take the write lock when they begin
(BEGIN IMMEDIATE) and so wait for each other instead of failing in the middle; readers never wait.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session, sessionmaker

from db import audit, guard

BUSY_SECONDS = 30
_READ_ONLY = "c1_read_only"


def engine_url(url: str) -> URL:
    """``url`` with the driver we ship for: psycopg for plain ``postgresql://``."""
    parsed = make_url(url)
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername in ("postgresql", "postgres") else parsed


def make_engine(url: str) -> Engine:
    """An engine with this product's settings; for SQLite the file's folder is made."""
    parsed = engine_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, pool_size=10, max_overflow=20)
    if not parsed.database or parsed.database == ":memory:":
        raise ValueError("an SQLite database in a file is needed: in memory every connection would see its own")
    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, pool_size=10, max_overflow=50)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late; see _begin_sqlite
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


class Database:
    """The way to the database; safe to share between threads, not across a fork."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._writing = sessionmaker(self.engine, expire_on_commit=False)
        self._reading = sessionmaker(self.engine.execution_options(**{_READ_ONLY: True}), expire_on_commit=False)
        guard.install(self._writing)
        guard.install(self._reading)
        audit.install(self._writing)
        sqlite = self.engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[object] = threading.RLock() if sqlite else nullcontext()
        """SQLite has one writer at a time and lets the others knock at random, some until they give up; our threads queue up instead."""

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with self._turn, self._writing.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent view; whatever was changed in it is thrown away."""
        with self._reading() as session:
            yield session  # closing rolls back; rows already loaded stay readable

    def dispose(self) -> None:
        self.engine.dispose()
