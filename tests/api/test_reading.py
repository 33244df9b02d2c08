"""Background reading: once each, again after trouble, set aside after too much of it. The queue is only a hint."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from api.reading import Reading
from api.settings import Settings
from db import claims, clock
from db.store import StoreError
from db.tables import Interpretation as Row
from review.queue import queue
from review.receipt import Receipt
from review.status import PhotoState, photo_status
from tally.interpretation import Interpretation, ReasonCode
from tests.world import World, votes, word


def interpretations(world: World, photo_id: int) -> int:
    with world.db.reading() as session:
        return session.scalar(select(func.count()).select_from(Row).where(Row.photo_id == photo_id)) or 0


def state(world: World, receipt: Receipt) -> PhotoState:
    with world.db.reading() as session:
        return photo_status(session, receipt.photo_id).state


class Reader:
    """Stands for the reading core: says ``votes`` for every photo, fails the first ``fails`` times."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.calls: list[str] = []

    def __call__(self, data: bytes, name: str) -> Interpretation:
        import hashlib

        self.calls.append(name)
        if len(self.calls) <= self.fails:
            raise RuntimeError("reader broke")
        receipt = Receipt(0, "", hashlib.sha256(data).hexdigest(), len(data), name, "", None, None)  # type: ignore[arg-type]
        return word(receipt, votes(10, 20, 30))


def reading(world: World, folder: Path, core: Reader, attempts: int = 3) -> Reading:
    return Reading(Settings(data=folder, read_attempts=attempts, queue=world.queue), world.db, world.store, core)


def work(reading: Reading) -> int:
    """Do what is queued now, as the worker would."""
    done = 0
    while (task := reading.huey.dequeue()) is not None:
        done += 1
        reading.huey.execute(task)
    return done


def test_a_photo_is_read_and_counted_once(world: World, tmp_path: Path) -> None:
    core = Reader()
    r = reading(world, tmp_path, core)
    receipt = world.upload()
    for _ in range(3):
        r.enqueue(receipt.photo_id)
    assert state(world, receipt) is PhotoState.READING
    assert work(r) == 3
    assert len(core.calls) == 1
    assert interpretations(world, receipt.photo_id) == 1
    assert state(world, receipt) is PhotoState.COUNTED
    assert r.started(receipt.photo_id) == 0


def test_the_sweeper_finds_what_the_queue_lost_and_nothing_else(world: World, tmp_path: Path) -> None:
    r = reading(world, tmp_path, Reader())
    lost, queued, done = world.upload(), world.upload(), world.upload(name="sudah.jpg")
    world.read(done, votes(1, 2, 3))
    r.enqueue(queued.photo_id)
    assert r.sweep() == 1
    assert r.sweep() == 0  # it is queued now
    assert work(r) == 2
    assert interpretations(world, lost.photo_id) == interpretations(world, queued.photo_id) == 1
    assert r.sweep() == 0


def test_a_lost_queue_loses_nothing(world: World, tmp_path: Path) -> None:
    receipt = world.upload()
    r = reading(world, tmp_path, Reader())
    r.enqueue(receipt.photo_id)
    r.huey.storage.flush_all()
    fresh = reading(world, tmp_path, Reader())
    assert fresh.sweep() == 1 and work(fresh) == 1
    assert state(world, receipt) is PhotoState.COUNTED


def test_trouble_is_tried_again(world: World, tmp_path: Path) -> None:
    core = Reader(fails=2)
    r = reading(world, tmp_path, core)
    receipt = world.upload()
    for attempt in (1, 2):
        with pytest.raises(RuntimeError):
            r.read(receipt.photo_id)
        assert r.started(receipt.photo_id) == attempt
        assert state(world, receipt) is PhotoState.READING
    r.read(receipt.photo_id)
    assert state(world, receipt) is PhotoState.COUNTED


def test_files_without_a_photo_are_cleaned_after_a_while(world: World, tmp_path: Path) -> None:
    r = reading(world, tmp_path, Reader())
    kept = world.upload()
    lost = world.store.put(b"its upload died before the row was written")
    assert r.clean() == 0  # it could be an upload under way
    later = clock.now() + timedelta(hours=2)
    with clock.using(lambda: later):
        assert r.clean() == 1
    assert world.store.get(kept.sha256)
    with pytest.raises(StoreError):
        world.store.get(lost.sha256)


def test_a_failing_task_is_scheduled_again(world: World, tmp_path: Path) -> None:
    r = reading(world, tmp_path, Reader(fails=1))
    receipt = world.upload()
    r.enqueue(receipt.photo_id)
    work(r)
    (again,) = r.huey.scheduled()
    assert again.args == (receipt.photo_id,)
    assert r.sweep() == 0  # what waits for its next attempt is not lost


def test_too_much_trouble_is_for_a_person(world: World, tmp_path: Path) -> None:
    core = Reader(fails=99)
    r = reading(world, tmp_path, core)
    receipt = world.upload()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            r.read(receipt.photo_id)
    r.read(receipt.photo_id)
    r.read(receipt.photo_id)
    assert len(core.calls) == 3
    with world.db.reading() as session:
        status = photo_status(session, receipt.photo_id)
        (item,) = queue(session).items
    assert status.state is PhotoState.UNREADABLE
    assert [x.code for x in item.reasons] == [ReasonCode.MACHINE_ERROR]
    assert "broke" not in item.reasons[0].message


def test_a_photo_that_kills_its_worker_is_set_aside_unread(world: World, tmp_path: Path) -> None:
    core = Reader()
    r = reading(world, tmp_path, core)
    receipt = world.upload()
    for gone in ("host:1:1", "host:2:2", "host:3:3"):  # three workers began and never came back
        with world.db.writing() as session:
            assert claims.claim(session, receipt.photo_id, gone) is not None
        with world.db.writing() as session:
            claims.give_back(session, receipt.photo_id, gone)
    r.read(receipt.photo_id)
    assert core.calls == []
    assert state(world, receipt) is PhotoState.UNREADABLE


def test_a_damaged_stored_file_is_trouble_not_a_crash(world: World, tmp_path: Path) -> None:
    r = reading(world, tmp_path, Reader(), attempts=1)
    receipt = world.upload()
    world.damage(receipt.sha256)
    r.read(receipt.photo_id)
    assert state(world, receipt) is PhotoState.UNREADABLE


def test_an_unwritable_queue_is_no_reason_to_refuse_a_photo(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    r = reading(world, tmp_path, Reader())

    def broken(*a: object) -> None:
        raise OSError("queue is gone")

    monkeypatch.setattr(r.huey.storage, "enqueue", broken)
    r.enqueue(1)
    monkeypatch.undo()
    world.upload()
    assert r.sweep() == 1
