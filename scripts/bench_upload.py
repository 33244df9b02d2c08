"""Many photos at once to one server: how long the receipt takes, whether every photo is kept once, how much memory it costs.

    python -m scripts.bench_upload [--photos 200] [--mib 3] [--at-once 200] [--read] [--check SECONDS]

Starts ``c1 serve`` on an empty data folder of its own, on the cores that the process may use, and sends the photos side by side, each as a
request of its own, as phones do. Without ``--read`` the photo reader is held still, so that the web server alone is measured. The
receipt's time runs from the first byte sent to the answer read. ``--check`` ends with status 1 if a photo is lost or double, or the
95th percentile is above SECONDS.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import httpx
import numpy as np
from rich.console import Console
from sqlalchemy import func, select

from api.cli.setting_up import add_user, prepare
from api.settings import MIB, Settings
from db.session import Database
from db.tables import Photo
from db.types import Role

PASSWORD = "hanya-untuk-ukur"  # noqa: S105 (of a server that lives for a minute)
VILLAGE, STATIONS = "1607011016", 28
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Result:
    """``seconds``: of each receipt. ``rss``: MiB of the server's process before, and at its highest."""

    photos: int
    at_once: int
    bytes_each: int
    received: int
    kept: int
    files: int
    seconds: tuple[float, ...]
    wall: float
    rss_before: float
    rss_peak: float
    cpu: float
    """Processor seconds of the server for all of them."""

    @property
    def whole(self) -> bool:
        """None lost, none double."""
        return self.received == self.kept == self.files == self.photos

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def photo(number: int, size: int) -> bytes:
    """A JPEG of about ``size`` bytes like no other: one picture, and a comment that makes it another file."""
    return _base(size).replace(b"NUMBER--", f"{number:08}".encode(), 1)


_made: dict[int, bytes] = {}


def _base(size: int) -> bytes:
    if size not in _made:
        side = 150
        while True:
            noise = np.random.default_rng(1).integers(0, 255, (side, side * 4 // 3, 3), dtype=np.uint8)
            data = cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
            if len(data) >= size:
                break
            side = int(side * max(1.05, (size / len(data)) ** 0.5))
        _made[size] = data[:2] + b"\xff\xfe\x00\x0aNUMBER--" + data[2:]
    return _made[size]


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def server(folder: Path, read: bool) -> Iterator[tuple[str, int]]:
    """A running server; gives its address and process id."""
    settings = Settings(data=folder)
    prepare(settings)
    add_user(settings, "bench", Role.OPERATOR, PASSWORD, "")
    port = _free_port()
    env = {**os.environ, "C1_DATA": str(folder), "C1_UPLOADS_PER_MINUTE": "100000", "OMP_NUM_THREADS": "1"}
    env.pop("C1_DATABASE_URL", None)
    log = (folder / "serve.log").open("wb")
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + START_SECONDS
        while True:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{url}/healthz", timeout=2).status_code == 200:
                    break
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((folder / "serve.log").read_text())
            time.sleep(0.1)
        if not read:
            for child in _children(process.pid):
                os.kill(child, signal.SIGSTOP)
        yield url, process.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _children(pid: int) -> list[int]:
    return [int(p) for f in Path(f"/proc/{pid}/task").glob("*/children") for p in f.read_text().split()]


def _rss(pid: int, field: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return 0.0


def _cpu(pid: int) -> float:
    """Processor seconds used so far, without children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _send(client: httpx.AsyncClient, gate: asyncio.Semaphore, url: str, number: int, data: bytes) -> float | None:
    async with gate:
        begun = time.perf_counter()
        answer = await client.post(
            f"{url}/api/photos",
            data={"election": "ppwp-2024", "tps": f"{VILLAGE}{number % STATIONS + 1:03}"},
            files={"photos": (f"{number}.jpg", data, "image/jpeg")},
        )
        return time.perf_counter() - begun if answer.status_code == 202 else None


async def _send_all(url: str, photos: int, at_once: int, size: int) -> tuple[list[float], float]:
    async with httpx.AsyncClient(timeout=300, limits=httpx.Limits(max_connections=None)) as client:
        entered = await client.post(f"{url}/masuk", data={"username": "bench", "password": PASSWORD, "csrf": await _token(client, url)})
        assert entered.status_code == 303, entered.text  # noqa: S101
        page = await client.get(f"{url}/unggah")
        client.headers["X-CSRF-Token"] = _csrf(page.text)
        everything = [photo(n, size) for n in range(photos)]
        gate = asyncio.Semaphore(at_once)
        begun = time.perf_counter()
        seconds = await asyncio.gather(*(_send(client, gate, url, n, d) for n, d in enumerate(everything)))
        return [s for s in seconds if s is not None], time.perf_counter() - begun


async def _token(client: httpx.AsyncClient, url: str) -> str:
    return _csrf((await client.get(f"{url}/masuk")).text)


def _csrf(page: str) -> str:
    """The form token of a page, from its meta tag or its form."""
    for before in ('name="csrf" content="', 'name="csrf" value="'):
        if before in page:
            return page.split(before, 1)[1].split('"', 1)[0]
    raise RuntimeError("the page has no form token")


def measure(photos: int = 200, at_once: int = 200, mib: float = 3.0, *, read: bool = False) -> Result:
    """One run on a fresh data folder."""
    with tempfile.TemporaryDirectory(prefix="c1-bench-") as name:
        folder = Path(name)
        with server(folder, read) as (url, pid):
            before, cpu = _rss(pid, "VmRSS"), _cpu(pid)
            seconds, wall = asyncio.run(_send_all(url, photos, at_once, int(mib * MIB)))
            peak, cpu = _rss(pid, "VmHWM"), _cpu(pid) - cpu
        db = Database(f"sqlite:///{folder / 'c1.sqlite3'}")
        with db.reading() as session:
            kept = session.scalar(select(func.count()).select_from(Photo)) or 0
        db.dispose()
        stored = folder / "photos"
        files = sum(1 for f in stored.rglob("*") if f.is_file())
        return Result(photos, at_once, int(mib * MIB), len(seconds), kept, files, tuple(seconds), wall, before, peak, cpu)


def show(result: Result) -> str:
    r = result
    return (
        f"{r.photos} photos of {r.bytes_each / MIB:.1f} MiB, {r.at_once} at once: {r.received} receipts, {r.kept} rows, {r.files} files\n"
        f"receipt: median {r.percentile(0.5):.2f} s, p95 {r.percentile(0.95):.2f} s, longest {max(r.seconds, default=0):.2f} s; "
        f"{r.received / r.wall:.0f} photos/s\n"
        f"server: {1000 * r.cpu / r.photos:.0f} ms of processor a photo; {r.rss_before:.0f} MiB before, {r.rss_peak:.0f} MiB at most"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--mib", type=float, default=3.0)
    parser.add_argument("--read", action="store_true", help="let the photo reader run beside")
    parser.add_argument("--check", type=float, metavar="SECONDS")
    args = parser.parse_args()
    result = measure(args.photos, args.at_once, args.mib, read=args.read)
    Console().print(show(result), highlight=False)
    if not result.whole or (args.check is not None and result.percentile(0.95) > args.check):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
