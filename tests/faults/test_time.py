"""Clocks that jump, two readers with the same photo, photos that kill their readers, and a reader that is told to stop."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.errors import ApiError
from api.pressure import Pressure
from db import claims, clock
from db.store import StoreError
from review.queue import next_sheet, queue
from review.resolve import Correct, resolve
from tally.interpretation import Interpretation, ReasonCode
from tests.api.test_reading import Reader, reading, work
from tests.faults import truth
from tests.world import TPS, World, validity, word

JUMPS = [timedelta(days=1), timedelta(days=-1), timedelta(minutes=-20), timedelta(days=400)]


class Watch:
    """A clock that is wrong by ``by``."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_in_the_middle_of_everything(world: World, tmp_path: Path, jump: timedelta) -> None:
    watch = Watch()
    with clock.using(watch):
        first = world.upload(tps=TPS)
        waits = world.upload(tps="1607011016002")
        world.record(waits, word(waits, validity(150, 8, 160), page=3, doubt=(ReasonCode.SUM_MISMATCH,)))
        held, fresh = reading(world, tmp_path, Reader()), reading(world, tmp_path, Reader())
        held.worker, fresh.worker = "elsewhere:1:1", "elsewhere:2:2"
        with world.db.writing() as session:
            assert claims.claim(session, first.photo_id, held.worker) == 1  # and it dies, on another machine
        with world.db.writing() as session:
            sheet = next_sheet(session, world.users["reviewer"])
        assert sheet is not None
        watch.by = jump
        later = world.upload(tps="1607011016003")
        with world.db.writing() as session:  # the lease may have run out; then it is said, and nothing is written
            try:
                resolve(session, world.users["reviewer"], sheet.photo_id, Correct(validity(150, 10, 160)), stamp=sheet.stamp)
                settled = {sheet.photo_id}
            except Exception:
                settled = set()
        # a claim from the other side of the jump holds nobody up, forwards or backwards
        assert fresh.sweep() == 2
        work(fresh)
        watch.by = timedelta(0)
        fresh.sweep()
        work(fresh)
    receipts = {r.sha256: (r.photo_id, r.tps.code) for r in (first, waits, later)}
    truth.check(world, receipts, settled)


def test_a_task_planned_for_after_the_jump_is_queued_anew(world: World, tmp_path: Path) -> None:
    r = reading(world, tmp_path, Reader(fails=1))
    receipt = world.upload()
    r.huey.enqueue(r._task.s(receipt.photo_id, eta=datetime.now() + timedelta(days=1)))
    task = r.huey.dequeue()
    r.huey.execute(task)  # goes to the schedule: its time has not come
    assert len(r.huey.scheduled()) == 1
    assert r.sweep() == 1


def test_two_readers_given_the_same_photo_read_it_once(world: World, tmp_path: Path) -> None:
    """At the same moment; then also where the second believes the first to be dead."""
    for claimed in (True, False):
        meet = threading.Barrier(2, timeout=20)
        receipt = world.upload(tps="1607011016004" if claimed else "1607011016005")

        class Slow(Reader):
            def __call__(self, data: bytes, name: str, meet: threading.Barrier = meet) -> Interpretation:
                found = super().__call__(data, name)
                meet.wait()
                return found

        one, two = (reading(world, tmp_path, Slow()) for _ in range(2))
        one.worker, two.worker = "a:1:1", "b:2:2"
        if claimed:
            with ThreadPoolExecutor(2) as pool:
                first = pool.submit(one.read, receipt.photo_id)
                _until_claimed(world, receipt.photo_id)
                pool.submit(two.read, receipt.photo_id).result()  # another has it: nothing is done
                meet.wait()
                first.result()
            assert two._interpret.calls == []  # type: ignore[attr-defined]
        else:
            watch = Watch()
            with clock.using(watch), ThreadPoolExecutor(2) as pool:
                first = pool.submit(one.read, receipt.photo_id)
                _until_claimed(world, receipt.photo_id)
                watch.by = claims.LEASE * 2
                second = pool.submit(two.read, receipt.photo_id)
                first.result()
                second.result()
        truth.check(world, {receipt.sha256: (receipt.photo_id, receipt.tps.code)})


def _until_claimed(world: World, photo_id: int) -> None:
    from tests.live import until

    def claimed() -> bool:
        with world.db.reading() as session:
            return photo_id in claims.in_hand(session)

    until(claimed, 20)


def test_a_photo_that_kills_its_reader_is_set_aside_with_its_reason_on_the_desk(world: World, tmp_path: Path) -> None:
    receipt, fine = world.upload(), world.upload(tps="1607011016006")
    for n in range(3):  # the queue is lost with each of them, the count is not
        r = reading(world, tmp_path, Reader())
        r.worker = f"{claims.me().rpartition(':')[0]}:{n}"  # of this machine, and gone: the start is another
        r.huey.storage.flush_all()
        with world.db.writing() as session:
            assert claims.claim(session, receipt.photo_id, r.worker) == n + 1
    last = reading(world, tmp_path, Reader())
    assert last.sweep() == 2
    work(last)
    with world.db.reading() as session:
        (item,) = queue(session).items
    assert item.photo_id == receipt.photo_id and [x.code for x in item.reasons] == [ReasonCode.MACHINE_ERROR] and item.reasons[0].message
    truth.check(world, {r.sha256: (r.photo_id, r.tps.code) for r in (receipt, fine)})


def test_a_reader_that_is_told_to_stop_gives_its_photos_back(world: World) -> None:
    receipt = world.upload()
    with world.db.writing() as session:
        claims.claim(session, receipt.photo_id, "a:1:1")
        assert claims.give_back_all(session, "a:1:1") == 1
    with world.db.reading() as session:
        assert claims.in_hand(session) == set() and claims.attempts(session, receipt.photo_id) == 0


def test_pressure_is_said_with_when_to_come_again() -> None:
    pressure = Pressure(at_once=1)
    with pressure.upload():
        with pytest.raises(ApiError) as e, pressure.upload():
            pass
        assert (e.value.code, e.value.status, e.value.headers) == ("busy", 503, {"Retry-After": "5"})
    with pressure.upload():
        assert pressure.under_way == 1
    with pytest.raises(StoreError, match="storage_full"), Pressure(spare=10, free=lambda: 9).upload():
        pass
