"""The installation on which a night is rehearsed: a server process with its reader, and one operator per village."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import httpx
from sqlalchemy import func, select

from api.build import db_settings
from api.cli.setting_up import prepare
from api.settings import Settings
from db.session import Database
from db.tables import Interpretation, Photo
from db.types import Role
from db.users import create_user

START_SECONDS = 60
PAUSE = 0.5
IDLE_SECONDS = 120
"""So long without a further reading, and the reader is held to be stuck."""


class NotEmpty(RuntimeError):
    """The database holds photos: no rehearsal may mix with them."""


@dataclass(frozen=True, slots=True)
class Scene:
    """``people``: village code -> (user name, password)."""

    url: str
    people: Mapping[str, tuple[str, str]]
    db: Database

    def stored(self) -> int:
        """Photos that the server has."""
        with self.db.reading() as session:
            return session.scalar(select(func.count()).select_from(Photo)) or 0

    def read(self) -> int:
        """Photos that were read."""
        with self.db.reading() as session:
            return session.scalar(select(func.count(Interpretation.photo_id.distinct()))) or 0

    def wait(self, step: Callable[[], None]) -> None:
        """Until all are read, or for two minutes nothing more was; ``step`` for every photo."""
        wanted, seen, since = self.stored(), 0, time.monotonic()
        while seen < wanted and time.monotonic() - since < IDLE_SECONDS:
            now = self.read()
            for _ in range(now - seen):
                step()
            since = time.monotonic() if now > seen else since
            seen = now
            time.sleep(PAUSE)


@contextmanager
def stage(settings: Settings, villages: Sequence[str]) -> Iterator[Scene]:
    """A running server on a prepared, empty installation; stopped at the end, its data stays.

    Raises:
        NotEmpty: there are photos in the database already.
        RuntimeError: the server does not start; the message holds its log.
    """
    prepare(settings)
    db = Database(db_settings(settings).database_url)
    try:
        people = {v: (f"op{v}", secrets.token_urlsafe(12)) for v in villages}
        with db.writing() as session:
            if session.scalar(select(Photo.id).limit(1)) is not None:
                raise NotEmpty("basis data sudah berisi foto / there are photos in this database")
            for village, (name, password) in people.items():
                create_user(session, name, password, Role.OPERATOR, f"Operator {village}", [village])
        with _serving(settings) as url:
            yield Scene(url, people, db)
    finally:
        db.dispose()


@contextmanager
def _serving(settings: Settings) -> Iterator[str]:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = int(s.getsockname()[1])
    # Every operator sends from this one address, a whole night in minutes
    env = {**os.environ, "C1_DATA": str(settings.data), "C1_UPLOADS_PER_MINUTE": "1000000"}
    log = settings.data / "serve.log"
    with log.open("ab") as out:
        command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + START_SECONDS
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(log.read_text(encoding="utf-8")[-2000:])
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    return False
