"""A PostgreSQL server of the tests' own, in a temporary folder, on a Unix socket only."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path


class Postgres:
    """Started when made; ``stop`` ends it and removes its folder. Debian's package postgresql has the programs."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
        initdb = str(found[-1]) if found else shutil.which("initdb")
        if initdb is None:
            raise RuntimeError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
        self._bin = Path(initdb).parent
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="c1-postgres-", dir=memory if memory.is_dir() else None))
        # the server refuses to run as root: Debian's package brings a user for it
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(self.folder, "postgres", "postgres")
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        options = f"-c listen_addresses='' -c fsync=off -c max_connections=200 -k {self.folder}"
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def _run(self, program: str, *args: str) -> None:
        subprocess.run([*self._as, str(self._bin / program), *args], check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create(self, database: str, template: str = "template1") -> str:
        """A new database; returns its URL."""
        self._run("createdb", "-h", str(self.folder), "-U", "postgres", "-T", template, database)
        return self.url(database)

    def drop(self, database: str) -> None:
        self._run("dropdb", "-h", str(self.folder), "-U", "postgres", "--force", database)

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)
