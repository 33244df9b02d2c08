"""How long totals take, over HTTP, from a real server with a whole election night: ``make bench-totals``.

Loads Banyuasin (scripts.load_banyuasin) into SQLite and into a PostgreSQL server of its own, starts ``c1 serve`` on each, and asks every
page and API answer that staff may see and that shows totals, at every level, in random places, one after the other. Routes are taken from
the application: a new one is measured too.

Two figures for each: wall time, and processor time of server and database together, which a busy machine does not blur.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from api import access
from api.app import create_app
from api.build import open_services
from api.settings import Settings
from db.config import Settings as Places
from db.session import Database
from scripts import load_banyuasin
from scripts.bench_totals_questions import Asked, Place, questions
from scripts.bench_upload import _csrf, _free_port
from tests.servers import Postgres

LIMIT = 0.100
START_SECONDS = 120


@dataclass
class Figures:
    """Seconds of every answer to one kind of question."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    size: int = 0
    failed: str = ""


def p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))] if values else float("nan")


class Server:
    """``c1 serve`` over one database."""

    def __init__(self, url: str, folder: Path, database: int | None) -> None:
        self.port, self.folder, self.database = _free_port(), folder, database
        self.url = f"http://127.0.0.1:{self.port}"
        env = {**os.environ, "C1_DATA": str(folder), "OMP_NUM_THREADS": "1", "C1_DATABASE_URL": url}
        with (folder / "serve.log").open("wb") as log:
            command = [sys.executable, "-m", "api.cli", "serve", "--port", str(self.port)]
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)

    def ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200:
                    return
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self.folder / "serve.log").read_text())
            time.sleep(0.2)

    def client(self, user: str) -> httpx.Client:
        client = httpx.Client(base_url=self.url, timeout=60)
        token = _csrf(client.get("/masuk").text)
        done = client.post("/masuk", data={"username": user, "password": load_banyuasin.PASSWORD, "csrf": token})
        if done.status_code != 303:
            raise RuntimeError(f"log-in failed: {done.status_code} {done.text[:200]}")
        return client

    def cpu(self) -> float:
        """Processor seconds so far: of the server, without its reader, and of the database's processes."""
        pids = [self.process.pid]
        if self.database is not None:
            pids += _children(self.database)
        return sum(_ran(pid) for pid in pids)

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _children(pid: int) -> list[int]:
    return [int(p) for f in Path(f"/proc/{pid}/task").glob("*/children") for p in f.read_text().split()]


def _ran(pid: int) -> float:
    total = 0
    for f in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):
            total += int(f.read_text().split()[0])
    return total / 1e9


@contextmanager
def serving(url: str, folder: Path, database: int | None = None) -> Iterator[Server]:
    server = Server(url, folder, database)
    try:
        server.ready()
        yield server
    finally:
        server.stop()


def routes(url: str, folder: Path) -> list[str]:
    """Paths of every GET that a member of staff may ask for."""
    os.environ["C1_DATABASE_URL"] = url
    held = open_services(Settings(data=folder))
    try:
        return sorted(p for (method, p) in access.rules(create_app(held)) if method == "GET")
    finally:
        held.db.dispose()


def measure(server: Server, asked: list[Asked], rounds: int, rng: random.Random) -> dict[str, Figures]:
    """Every question once to warm up, then in random order ``rounds`` times, each time in another place."""
    found = {q.name: Figures() for q in asked}
    with closing(server.client("staff")) as client:
        for q in asked:
            with suppress(httpx.HTTPError):
                answer = client.get(q.address(rng))
                if answer.status_code >= 400:
                    found[q.name].failed = f"{answer.status_code} {answer.text[:80]}"
        again = [q for q in asked if not found[q.name].failed for _ in range(rounds)]
        rng.shuffle(again)
        for q in again:
            address, f = q.address(rng), found[q.name]
            before, begun = server.cpu(), time.perf_counter()
            answer = client.get(address)
            f.wall.append(time.perf_counter() - begun)
            f.cpu.append(server.cpu() - before)
            f.size = max(f.size, len(answer.content))
            if answer.status_code >= 400:
                f.failed = f"{answer.status_code} {address}"
    return found


def show(title: str, found: dict[str, Figures], limit: float) -> bool:
    """The table, in Markdown. Returns whether every p95 of processor time is within ``limit``."""
    out = sys.stdout.write
    out(f"\n### {title}\n\n| answer | kB | wall p50 | wall p95 | processor p50 | processor p95 |\n|---|---|---|---|---|---|\n")
    good = True
    for name, f in sorted(found.items()):
        if f.failed:
            out(f"| `{name}` | {re.sub(r'[|`]', ' ', f.failed)} | | | | |\n")
            continue
        slow = p95(f.cpu) > limit
        good &= not slow
        mid = (sorted(f.wall)[len(f.wall) // 2], p95(f.wall), sorted(f.cpu)[len(f.cpu) // 2], p95(f.cpu))
        out(f"| `{name}` | {f.size / 1024:.0f} | " + " | ".join(f"{1000 * t:.0f}" for t in mid) + f"{' **slow**' if slow else ''} |\n")
    every = [t for f in found.values() if not f.failed for t in f.cpu]
    out(f"\nAll {len(every)} answers: processor p95 {1000 * p95(every):.0f} ms; limit {1000 * limit:.0f} ms. ")
    out(f"Load of the machine {os.getloadavg()[0]:.1f}.\n")
    sys.stdout.flush()
    return good


def bench(title: str, url: str, folder: Path, database: int | None, args: argparse.Namespace, limit: float) -> bool:
    db = Database(url)
    with db.reading() as session:
        place = Place.of(session)
    db.dispose()
    asked, left = questions(routes(url, folder), place)
    if args.only:
        asked = [q for q in asked if re.search(args.only, q.name)]
    with serving(url, folder, database) as server:
        good = show(title, measure(server, asked, args.rounds, random.Random(args.seed)), limit)
    if left and not args.only:
        sys.stdout.write("Not totals: " + ", ".join(f"`{p}`" for p in left) + "\n")
    return good


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40, help="answers of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tps", type=int, help="only so many TPS, for a quick look")
    parser.add_argument("--on", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--data", type=Path, help="a folder that load_banyuasin has filled, for SQLite")
    parser.add_argument("--only", help="regular expression on the names")
    parser.add_argument("--check", action="store_true", help="status 1 when a p95 of processor time is above the limit")
    args = parser.parse_args(argv)
    good = True
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="c1-bench-totals-")))
        if args.on != "postgresql":
            data = args.data or folder
            url = Places.in_folder(data.resolve()).database_url
            if args.data is None:
                load_banyuasin.load(url, most=args.tps)
            good &= bench("Banyuasin, SQLite", url, data, None, args, LIMIT)
        if args.on != "sqlite":
            server, pid = _postgres(stack, folder)
            url = server.create("banyuasin")
            load_banyuasin.load(url, most=args.tps)
            good &= bench("Banyuasin, PostgreSQL", url, folder, pid, args, LIMIT)
    return 0 if good or not args.check else 1


def _postgres(stack: ExitStack, folder: Path) -> tuple[Any, int]:
    """A PostgreSQL server of the bench's own, and its process id."""
    server = Postgres()
    stack.callback(server.stop)
    return server, int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])


if __name__ == "__main__":
    if shutil.which("psql") is None:
        sys.stderr.write("PostgreSQL is not found on the PATH; --on sqlite does without\n")
    sys.exit(main())
