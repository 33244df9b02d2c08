"""``make bench-night``: photos a minute by one and by two readers, whether memory stays flat, how long a receipt takes in bursts.

    python -m scripts.bench_night                     # a few minutes: 200 photos by each setting, a burst of 20 s
    python -m scripts.bench_night --minutes 20        # the sustained run: two readers, fed without a pause

Everything is real: PostgreSQL (fsync on) and Redis are started for it, readers and server are processes, photos are the committed samples,
each made a file of its own by a comment. The scaling factor is that of the same run; wall time means little on a machine with other work.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

import samples
from api.build import open_services
from api.cli.setting_up import add_user, prepare
from api.settings import Settings
from api.state import Services
from db.tables import Interpretation, User
from db.types import Role
from review.intake import receive_photo
from scripts.bench_upload import PASSWORD, STATIONS, VILLAGE
from templates_c1 import published

NIGHT = 169_000
PICTURES = ("c-hasil-ppwp-2024_324_p1.jpg", "c-hasil-ppwp-2024_324_p2.jpg", "c-hasil-ppwp-2024_324_p3.jpg")


def picture(number: int) -> bytes:
    """One of the sample photos, as a file of its own."""
    data = (Path(samples.__file__).parent / "photos" / PICTURES[number % len(PICTURES)]).read_bytes()
    note = f"N{number:010}".encode()
    return data[:2] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + data[2:]


@dataclass(frozen=True)
class Speed:
    name: str
    readers: int
    photos: int
    seconds: float
    cpu: float
    rss_first: float
    rss_last: float

    @property
    def a_minute(self) -> float:
        return 60 * self.photos / self.seconds

    @property
    def a_cpu_minute(self) -> float:
        return 60 * self.photos / self.cpu if self.cpu else 0.0


@contextmanager
def place(folder: Path, many: bool) -> Iterator[tuple[Services, dict[str, str]]]:
    """An empty installation: one machine's, or on servers of its own."""
    env = {"C1_DATA": str(folder), "C1_UPLOADS_PER_MINUTE": "1000000", "OMP_NUM_THREADS": "1"}
    stops = []
    if many:
        from tests.servers import Postgres, Redis

        postgres, redis = Postgres(fsync=True), Redis()
        stops = [postgres.stop, redis.stop]
        env |= {"C1_DATABASE_URL": postgres.create("bench"), "C1_QUEUE": redis.url()}
    before = {name: os.environ.pop(name, None) for name in ("C1_DATABASE_URL", "C1_PHOTOS", "C1_QUEUE")}
    os.environ.update(env)
    settings = Settings.from_env()
    try:
        prepare(settings)
        add_user(settings, "bench", Role.OPERATOR, PASSWORD, "")
        held = open_services(settings)
        yield held, {**os.environ}
        held.db.dispose()
    finally:
        published.use(None)
        for name in env:
            os.environ.pop(name, None)
        os.environ.update({k: v for k, v in before.items() if v is not None})
        for stop in stops:
            stop()


def feed(held: Services, first: int, count: int) -> None:
    with held.db.reading() as session:
        who = session.scalars(select(User.id).where(User.username == "bench")).one()
    for n in range(first, first + count):
        receipt = receive_photo(
            held.db,
            held.store,
            data=picture(n),
            name=f"{n}.jpg",
            media_type="image/jpeg",
            uploader_id=who,
            election_id="ppwp-2024",
            tps_code=f"{VILLAGE}{n % STATIONS + 1:03}",
        )
        held.reading.enqueue(receipt.photo_id)


def done(held: Services) -> int:
    with held.db.reading() as session:
        return session.scalar(select(func.count()).select_from(Interpretation)) or 0


def _used(pid: int) -> tuple[float, float]:
    """(processor seconds with those of its ended children, MiB of memory)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    rss = next(int(line.split()[1]) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return sum(int(f) for f in fields[11:15]) / os.sysconf("SC_CLK_TCK"), rss / 1024


def read(name: str, many: bool, readers: int, photos: int, minutes: float = 0.0) -> Speed:
    """Readers at work on ``photos`` photos that wait, or for ``minutes`` on photos that keep coming."""
    with tempfile.TemporaryDirectory(prefix="c1-night-") as folder, place(Path(folder), many) as (held, env):
        fed = max(photos, 100)
        feed(held, 0, fed)
        log = (Path(folder) / "readers.log").open("wb")
        workers = [subprocess.Popen([sys.executable, "-m", "api.cli", "worker"], env=env, stdout=log, stderr=log) for _ in range(readers)]
        try:
            while done(held) < 10 * readers:  # models are loaded, everybody is at work
                time.sleep(0.1)
            start, begun, cpu = done(held), time.monotonic(), sum(_used(w.pid)[0] for w in workers)
            memory: list[float] = []
            while True:
                time.sleep(0.2)
                now = done(held)
                memory.append(max(_used(w.pid)[1] for w in workers))
                if minutes and time.monotonic() - begun < 60 * minutes:
                    if fed - now < 60:
                        feed(held, fed, 60)
                        fed += 60
                elif minutes or now >= fed:
                    break
            seconds, cpu = time.monotonic() - begun, sum(_used(w.pid)[0] for w in workers) - cpu
        finally:
            for w in workers:
                w.terminate()
            for w in workers:
                w.wait()
        third = max(1, len(memory) // 3)
        return Speed(name, readers, now - start, seconds, cpu, max(memory[:third]), max(memory[-third:]))


def burst(rate: int, seconds: int) -> dict[str, Any]:
    """Receipts while ``rate`` uploads a second come in, whether the one before is answered or not."""
    from tests.live import free_port

    with tempfile.TemporaryDirectory(prefix="c1-night-") as folder, place(Path(folder), True) as (_, env):
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        log = (Path(folder) / "serve.log").open("wb")
        command = [sys.executable, "-m", "api.cli", "serve", "--no-reader", "--port", str(port)]
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            end = time.monotonic() + 120
            while time.monotonic() < end:
                with suppress(httpx.HTTPError):
                    if httpx.get(f"{url}/healthz").status_code == 200:
                        break
                time.sleep(0.2)
            with httpx.Client(base_url=url, timeout=120, limits=httpx.Limits(max_connections=None)) as client:
                _enter(client)
                times: list[float] = []
                refused: dict[str, int] = {}

                def one(n: int) -> None:
                    begun = time.perf_counter()
                    answer = client.post(
                        "/api/photos",
                        data={"election": "ppwp-2024", "tps": f"{VILLAGE}{n % STATIONS + 1:03}"},
                        files={"photos": (f"{n}.jpg", picture(n), "image/jpeg")},
                    )
                    if answer.status_code == 202:
                        times.append(time.perf_counter() - begun)
                    else:
                        code = str(answer.json()["error"]["code"])
                        refused[code] = refused.get(code, 0) + 1

                begun = time.monotonic()
                with ThreadPoolExecutor(256) as pool:
                    for n in range(rate * seconds):
                        time.sleep(max(0.0, begun + n / rate - time.monotonic()))
                        pool.submit(one, n)
        finally:
            server.terminate()
            server.wait()
    times.sort()
    return {
        "rate": rate,
        "seconds": seconds,
        "receipts": len(times),
        "refused": refused,
        "median_ms": round(1000 * times[len(times) // 2]) if times else None,
        "p95_ms": round(1000 * times[int(len(times) * 0.95)]) if times else None,
    }


def _enter(client: httpx.Client) -> None:
    def token(page: str) -> str:
        return next(page.split(b, 1)[1].split('"', 1)[0] for b in ('name="csrf" content="', 'name="csrf" value="') if b in page)

    csrf = token(client.get("/masuk").text)
    client.post("/masuk", data={"username": "bench", "password": PASSWORD, "csrf": csrf})
    client.headers["X-CSRF-Token"] = token(client.get("/", follow_redirects=True).text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=200, help="photos for each setting")
    parser.add_argument("--minutes", type=float, default=0.0, help="also a sustained run of two readers for so long")
    parser.add_argument("--rate", type=int, default=50, help="uploads a second in the burst")
    parser.add_argument("--burst", type=int, default=20, help="seconds of the burst; 0: none")
    args = parser.parse_args()
    runs = [
        read("one machine (SQLite, folder)", False, 1, args.photos),
        read("PostgreSQL, Redis", True, 1, args.photos),
        read("PostgreSQL, Redis", True, 2, args.photos),
    ]
    if args.minutes:
        runs.append(read("sustained", True, 2, 200, args.minutes))
    out = sys.stdout.write
    for r in runs:
        out(
            f"{r.name}, {r.readers} reader(s): {r.photos} photos in {r.seconds:.0f} s, {r.a_minute:.0f} a minute, "
            f"{r.a_cpu_minute:.0f} a minute of processor, {r.rss_first:.0f} -> {r.rss_last:.0f} MiB\n"
        )
    out(f"two readers to one: {runs[2].a_minute / runs[1].a_minute:.2f} by the clock\n")
    last = runs[-1]
    out(f"{NIGHT} photos at {last.a_minute:.0f} a minute: {NIGHT / last.a_minute / 60:.1f} h with {last.readers} readers\n")
    if args.burst:
        out(json.dumps(burst(args.rate, args.burst)) + "\n")


if __name__ == "__main__":
    main()
