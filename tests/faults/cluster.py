"""A whole installation in its own processes - PostgreSQL, Redis, API and readers apart - any of which can be killed and started again."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx

from api.settings import Settings
from db import claims
from tests.live import free_port, until
from tests.servers import Postgres, Redis
from tests.world import World, open_world

START = 120.0


class Part:
    """One process of the product. Its output goes to a file."""

    def __init__(self, name: str, folder: Path, env: dict[str, str], *command: str) -> None:
        self.name = name
        self._log = folder / f"{name}.log"
        self._env = env
        self._command = [sys.executable, "-m", "api.cli", *command]
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def start(self) -> None:
        self.starts += 1
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, env=self._env, stdout=log, stderr=log, start_new_session=True)

    def kill(self) -> None:
        """SIGKILL: nobody can tidy up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, as a service manager does."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(60)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def said(self) -> str:
        return self._log.read_text(errors="replace")


class Cluster:
    """``with Cluster(folder) as cluster``: everything up, an empty database with Banyuasin and the demo's users."""

    def __init__(self, folder: Path, readers: int = 2) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.postgres = Postgres(fsync=True)
        self.redis = Redis()
        self.world: World = open_world(self.postgres.create("c1"), folder)
        self.env = {
            **os.environ,
            "C1_DATA": str(folder),
            "C1_DATABASE_URL": self.world.settings.database_url,
            "C1_PHOTOS": self.world.settings.photos,
            "C1_QUEUE": self.redis.url(),
            "C1_READ_ATTEMPTS": "50",
            "C1_UPLOADS_PER_MINUTE": "100000",
            "OMP_NUM_THREADS": "1",
        }
        self.api = Part("api", folder, self.env, "serve", "--no-reader", "--port", str(self.port))
        self.readers = [Part(f"reader{n}", folder, self.env, "worker") for n in range(readers)]

    def __enter__(self) -> Cluster:
        try:
            for part in (self.api, *self.readers):
                part.start()
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *why: object) -> None:
        for part in (self.api, *self.readers):
            if part.alive:
                part.kill()
        self.world.db.dispose()
        self.redis.stop()
        self.postgres.stop()

    def settings(self) -> Settings:
        return Settings(data=self.folder, queue=self.redis.url())

    def answers(self) -> bool:
        assert self.api.alive, self.api.said()
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200
        return False

    def reads(self, reader: Part) -> bool:
        """Has this reader given its sign of life?"""
        assert reader.alive and reader.process is not None, reader.said()
        with suppress(Exception), self.world.db.reading() as session:
            return any(w.worker.split(":")[-2] == str(reader.process.pid) for w in claims.workers(session))
        return False

    def wait(self) -> None:
        """Until everything is up."""
        until(self.answers, START)
        for reader in self.readers:
            until(lambda r=reader: self.reads(r), START)  # type: ignore[misc]

    def audit(self) -> subprocess.CompletedProcess[str]:
        """``c1 audit verify`` as an operator of the machine would run it."""
        command = [sys.executable, "-m", "api.cli", "audit", "verify"]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=START)
