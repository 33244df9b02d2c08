"""A backup made while photos come in and are counted, restored on an empty machine: the same totals, an intact log, whole photos."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from db import audit
from db.backup import BackupError, Place, backup, check, restore
from db.session import Database
from db.store import open_store
from db.tables import BackupRun, Photo
from db.totals import totals
from db.types import Level
from review.verify import verify_all
from tests.world import World, votes

VILLAGE = "1607011016"


def work(world: World, stations: range, start: int = 0) -> None:
    for n in stations:
        receipt = world.upload(tps=f"{VILLAGE}{n:03}", data=f"{start}-{n}".encode() * 50)
        world.read(receipt, votes(n + start, 2 * n, 3 * n))


def restored(tmp_path: Path, where: str) -> World:
    """On an empty machine: SQLite and a folder."""
    folder = tmp_path / "empty machine"
    url, photos = f"sqlite:///{folder / 'c1.sqlite3'}", str(folder / "photos")
    folder.mkdir()
    restore(where, url, photos)
    from db.config import Settings

    return World(Settings(url, photos), Database(url), open_store(photos), {})


def test_backup_during_load_restores_to_the_same_totals(world: World, tmp_path: Path) -> None:
    work(world, range(1, 6))
    going = threading.Event()

    def load() -> None:
        for n in range(6, 16):
            work(world, range(n, n + 1))
            going.set()

    thread = threading.Thread(target=load)
    thread.start()
    assert going.wait(60)
    made = backup(world.db, world.store, str(tmp_path / "backup"))
    thread.join()
    check(str(tmp_path / "backup"))
    other = restored(tmp_path, str(tmp_path / "backup"))
    with other.db.reading() as session, world.db.reading() as was:
        assert audit.head(session) == made.audit
        assert verify_all(session, anchor=made.audit).clean
        photos = session.scalars(select(Photo.sha256)).all()
        assert 6 <= len(photos) == made.files <= 15
        for sha256 in photos:
            assert other.store.get(sha256) == world.store.get(sha256)
        kept = {t.region.code: (t.numbers, t.coverage) for t in totals(session, "ppwp-2024", Level.TPS, VILLAGE)}
        now = {t.region.code: (t.numbers, t.coverage) for t in totals(was, "ppwp-2024", Level.TPS, VILLAGE)}
        stations = {f"{VILLAGE}{n:03}" for n in range(1, 6)}
        assert {c: kept[c] for c in stations} == {c: now[c] for c in stations}
    # work goes on where it was restored: numbers of rows go on too
    other = World(other.settings, other.db, other.store, world.users)
    work(other, range(20, 21), 7)
    with other.db.reading() as session:
        assert verify_all(session).clean
    other.db.dispose()


def test_a_second_backup_copies_only_what_is_new_and_both_are_whole(world: World, tmp_path: Path) -> None:
    where = str(tmp_path / "backup")
    work(world, range(1, 4))
    first = backup(world.db, world.store, where)
    work(world, range(4, 6))
    second = backup(world.db, world.store, where)
    assert (first.files, first.new_files, second.files, second.new_files) == (3, 3, 5, 2)
    assert Place(where).names() == [first.name, second.name]
    for made in (first, second):
        assert check(where, made.name)["audit"] == list(made.audit)
    with world.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(BackupRun)) == 2


@pytest.mark.parametrize("what", ["table", "photo", "manifest"])
def test_damage_is_named_and_nothing_is_restored(world: World, tmp_path: Path, what: str) -> None:
    where = tmp_path / "backup"
    work(world, range(1, 3))
    made = backup(world.db, world.store, str(where))
    if what == "table":
        (where / "backups" / made.name / "tables" / "committed_count.jsonl.gz").write_bytes(b"other")
    elif what == "photo":
        file = next(p for p in (where / "photos").rglob("*") if p.is_file())
        file.write_bytes(b"other")
    else:
        (where / "backups" / made.name / "manifest.json").unlink()  # it was cut off before the end
    with pytest.raises(BackupError) as e:
        check(str(where))
    assert {"table": "committed_count", "photo": "damaged", "manifest": "no complete backup"}[what] in e.value.message_en


def test_only_into_an_empty_database(world: World, tmp_path: Path) -> None:
    work(world, range(1, 2))
    backup(world.db, world.store, str(tmp_path / "backup"))
    with pytest.raises(BackupError, match="not empty"):
        restore(str(tmp_path / "backup"), world.settings.database_url, world.settings.photos)
    with world.db.reading() as session:
        assert verify_all(session).clean


def test_the_commands(make_world: Callable[[Path], World], tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    world = make_world(tmp_path / "a")
    work(world, range(1, 3))

    def c1(*args: str, **env: str) -> str:
        command = [sys.executable, "-m", "api.cli", *args]
        done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    said = c1("backup", str(tmp_path / "kept"), C1_DATA=str(tmp_path / "a"), **world.env)
    assert "2 foto/photos (2 baru/new)" in said
    assert "intact" in c1("restore", str(tmp_path / "kept"), "--check")
    said = c1("restore", str(tmp_path / "kept"), C1_DATA=str(tmp_path / "b"))
    assert "2 foto/photos" in said
    assert "intact" in c1("audit", "verify", C1_DATA=str(tmp_path / "b"))
    world.close()
