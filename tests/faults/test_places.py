"""The places that things lie in fail: Redis goes and comes back, S3 is slow, cut off, silent or away, the disk is full."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from api.settings import Settings
from db import claims, store
from db.store import StoreError, open_store
from db.tables import Photo
from review.status import PhotoState, photo_status
from tests.api.conftest import Site, files, jpeg, open_site
from tests.api.test_reading import Reader, reading, work
from tests.faults import truth
from tests.proxy import Mood, Proxy
from tests.servers import S3, Redis
from tests.world import TPS, World

GOOD = {"election": "ppwp-2024", "tps": TPS}


def send(site: Site, seed: int) -> Any:
    return site.client("operator").post("/api/photos", data=GOOD, files=files((f"{seed}.jpg", jpeg(seed, (600, 800)))))


def receipt_of(answer: Any) -> dict[str, tuple[int, str]]:
    receipt = answer.json()["results"][0]["receipt"]
    return {receipt["sha256"]: (receipt["id"], TPS)}


def photos(world: World) -> int:
    with world.db.reading() as session:
        return session.scalar(select(func.count()).select_from(Photo)) or 0


# Redis


def test_redis_goes_and_comes_back_empty(world: World, redis: Redis, tmp_path: Path) -> None:
    world = replace(world, queue=redis.url())
    site = open_site(world, tmp_path, Settings(data=tmp_path))
    core = Reader()
    r = reading(world, tmp_path, core)
    receipts = receipt_of(send(site, 1))
    redis.kill()  # with the first photo's task in it
    begun = time.monotonic()
    answer = send(site, 2)  # a queue that is away is no reason to refuse a photo, nor to let its sender wait
    assert answer.status_code == 202 and time.monotonic() - begun < 10, answer.text
    receipts |= receipt_of(answer)
    redis.start()
    receipts |= receipt_of(send(site, 3))  # the same connection pool finds its way back
    assert r.sweep() == 2 and r.sweep() == 0
    assert work(r) == 3 and len(core.calls) == 3
    truth.check(world, receipts)


# S3


@pytest.fixture
def bucket(world: World, s3: S3, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> World:
    """The world with its photos in S3, behind the proxy; short patience."""
    monkeypatch.setitem(store.CLIENT, "timeout", timedelta(seconds=3))
    monkeypatch.setitem(store.RETRIES, "retry_timeout", timedelta(seconds=4))
    where = s3.url(f"fault{time.monotonic_ns()}")
    return replace(world, settings=replace(world.settings, photos=where), store=open_store(where))


@pytest.mark.parametrize("mood", ["refuse", "cut", "silent"])
def test_s3_away_refuses_the_photo_at_the_door_and_keeps_nothing(bucket: World, proxy: Proxy, tmp_path: Path, mood: Mood) -> None:
    site = open_site(bucket, tmp_path, Settings(data=tmp_path))
    proxy.set(mood)
    begun = time.monotonic()
    answer = send(site, 1)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_failed"), answer.text
    assert answer.headers["Retry-After"] and time.monotonic() - begun < 60
    assert photos(bucket) == 0
    proxy.set("pass")
    truth_of = receipt_of(send(site, 1))  # the same photo, sent again as the phone does
    r = reading(bucket, tmp_path, Reader())
    r.sweep()
    work(r)
    truth.check(bucket, truth_of)


def test_s3_slow_is_only_slow(bucket: World, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(store.CLIENT, "timeout", store.ANSWER)
    monkeypatch.setitem(store.RETRIES, "retry_timeout", store.ANSWER)
    bucket = replace(bucket, store=open_store(bucket.settings.photos))
    proxy.delay = 0.3
    proxy.set("slow")
    answer = send(open_site(bucket, tmp_path, Settings(data=tmp_path)), 1)
    assert answer.status_code == 202, answer.text
    r = reading(bucket, tmp_path, Reader())
    r.sweep()
    work(r)
    truth.check(bucket, receipt_of(answer))


def test_a_photo_is_not_blamed_for_s3(bucket: World, proxy: Proxy, tmp_path: Path) -> None:
    r = reading(bucket, tmp_path, Reader(), attempts=2)
    receipt = bucket.upload()
    proxy.set("refuse")
    for _ in range(4):  # oftener than a photo may fail
        with pytest.raises(StoreError):
            r.read(receipt.photo_id)
    with bucket.db.reading() as session:
        assert claims.attempts(session, receipt.photo_id) == 0
        assert photo_status(session, receipt.photo_id).state is PhotoState.READING
    proxy.set("pass")
    r.read(receipt.photo_id)
    truth.check(bucket, {receipt.sha256: (receipt.photo_id, TPS)})


# the disk


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MiB that is really full when it is full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a file system can only be mounted by root; tests/db/test_store.py has a full disk without it")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("spare", [0, 2])
def test_a_full_disk_refuses_and_loses_nothing(world: World, tiny_disk: Path, tmp_path: Path, spare: int) -> None:
    """Database, photos and queue on one small disk. spare: MiB that are kept free; 0: it fills to the last byte."""
    if world.db.engine.dialect.name != "sqlite":
        pytest.skip("the database's own disk: SQLite")
    from api.pressure import Pressure
    from tests.world import open_world

    world.db.dispose()
    shutil.copy(tmp_path / "c1.sqlite3", tiny_disk / "c1.sqlite3")
    here = open_world(f"sqlite:///{tiny_disk / 'c1.sqlite3'}", tiny_disk, fresh=False)
    site = open_site(here, tiny_disk, Settings(data=tiny_disk))
    pressure = Pressure(spare=spare << 20, free=here.store.free_bytes)
    pressure._looked = -1e9
    site.app.state.services = replace(site.held, pressure=pressure)
    receipts: dict[str, tuple[int, str]] = {}
    refused = 0
    client = site.client("operator")
    for seed in range(60):
        pressure._looked = -1e9  # look every time
        answer = client.post("/api/photos", data=GOOD, files=files((f"{seed}.jpg", jpeg(seed, (600, 800)))))
        if answer.status_code == 202:
            receipts |= receipt_of(answer)
        else:
            assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full"), answer.text
            refused += 1
            if refused == 5:
                break
    assert receipts and refused == 5
    subprocess.run(["mount", "-o", "remount,size=24m", str(tiny_disk)], check=True)  # somebody makes room
    pressure._looked = -1e9
    again = client.post("/api/photos", data=GOOD, files=files(("new.jpg", jpeg(99, (600, 800)))))
    assert again.status_code == 202, again.text
    receipts |= receipt_of(again)
    r = reading(here, tiny_disk, Reader())
    r.sweep()
    work(r)
    truth.check(here, receipts)
    here.db.dispose()
