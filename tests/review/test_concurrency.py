"""Many at once: nobody gets another's sheet, nothing is lost, nothing is committed twice. Also after a kill."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock
from typing import Any

import pytest
from sqlalchemy import func, select

from db.audit import verify
from db.tables import AuditLog, Election, Entry, Interpretation, Photo, Region, ReviewAction, SheetCommit
from db.types import Disposition, EntryPolicy, Level, Role, Stage
from db.users import create_user
from review.errors import AlreadySettled, DuplicatePhoto, LeaseLost, StaleSheet
from review.intake import pending_photos
from review.queue import ahead_sheet, next_sheet, queue
from review.resolve import Correct, resolve
from tally.interpretation import ReasonCode
from tests.world import PASSWORD, TPS, World, validity, votes, word

SHEETS = 48
DOUBT = (ReasonCode.LOW_CONFIDENCE,)


def test_two_reviewers_in_twenty_sessions(world: World) -> None:
    """Twenty windows of two people on one queue: no two ever hold the same sheet, no action is lost, nothing is committed twice."""
    with world.db.reading() as s:
        places = s.scalars(select(Region.code).where(Region.level == Level.TPS).order_by(Region.code).limit(SHEETS)).all()
    for n, tps in enumerate(places, 1):
        world.read(world.upload(tps=tps), votes(n, 1, 1), doubt=DOUBT)
    reviewers = [world.users["reviewer"], world.users["reviewer2"]]
    held: Counter[int] = Counter()
    in_hand: dict[int, int] = {}
    clashes: list[tuple[int, int, int]] = []
    done: list[int] = []
    guard = Lock()

    def got(window: int, photo_id: int) -> None:
        with guard:
            other = in_hand.setdefault(photo_id, window)
            if other != window:
                clashes.append((photo_id, other, window))

    def work(window: int) -> None:
        me, name = reviewers[window % 2], f"window-{window:02}"
        rng = random.Random(window)
        while True:
            with world.db.writing() as s:
                view = next_sheet(s, me, desk=name)
            if view is None:
                return
            got(window, view.photo_id)
            held[view.photo_id] += 1
            with world.db.writing() as s:
                ahead = ahead_sheet(s, me, desk=name)
            if ahead is not None:
                got(window, ahead.photo_id)
            value = view.fields[0].value
            assert value is not None
            typed = Correct(votes(value, rng.randint(2, 99), 1))
            with world.db.writing() as s:
                resolve(s, me, view.photo_id, typed, stamp=view.stamp, desk=name)
            with pytest.raises(AlreadySettled), world.db.writing() as s:  # a request that was sent twice
                resolve(s, me, view.photo_id, typed, stamp=view.stamp, desk=name)
            done.append(view.photo_id)

    with ThreadPoolExecutor(20) as pool:
        for future in [pool.submit(work, n) for n in range(20)]:
            future.result()
    assert clashes == [] and set(held.values()) == {1}
    with world.db.reading() as s:
        assert queue(s).total == 0
        commits = s.scalars(select(SheetCommit)).all()
        assert len(commits) == len(done) == len(set(done)) == SHEETS == s.scalar(select(func.count()).select_from(ReviewAction))
        assert all(c.version == 1 for c in commits)
        by = {a.photo_id: a.user_id for a in s.scalars(select(ReviewAction))}
        assert all(by[c.photo_id] == c.user_id for c in commits)
        assert verify(s) == []


def test_double_entry_in_twenty_sessions(world: World) -> None:
    """Every sheet is entered by two different people, exactly once each, and counts once; what differs waits for a third."""
    with world.db.writing() as s:
        s.get_one(Election, "ppwp-2024").entry_policy = EntryPolicy.DOUBLE_ALL
    sheets = 12
    for n in range(1, sheets + 1):
        world.read(world.upload(tps=f"1607011016{n:03}"), votes(n, 1, 1), doubt=DOUBT)
    reviewers = [world.users["reviewer"], world.users["reviewer2"]]

    def work(window: int) -> None:
        me, name = reviewers[window % 2], f"window-{window:02}"
        idle = 0
        while idle < 4:
            with world.db.writing() as s:
                view = next_sheet(s, me, desk=name)
            if view is None:
                idle += 1
                time.sleep(0.05)
                continue
            place = int(view.tps.number)
            differs = place % 4 == 0 and me == reviewers[1]
            with world.db.writing() as s:
                resolve(s, me, view.photo_id, Correct(votes(place, 1, 2 if differs else 1)), stamp=view.stamp, desk=name)

    with ThreadPoolExecutor(20) as pool:
        for future in [pool.submit(work, n) for n in range(20)]:
            future.result()
    with world.db.reading() as s:
        entries = s.scalars(select(Entry)).all()
        assert Counter(e.photo_id for e in entries) == Counter(dict.fromkeys(s.scalars(select(Photo.id)), 2))
        assert all(len({e.user_id for e in entries if e.photo_id == p}) == 2 for p in {e.photo_id for e in entries})
        commits = s.scalars(select(SheetCommit)).all()
        assert len(commits) == sheets - sheets // 4 and all(c.version == 1 for c in commits)
        assert {i.stage for i in queue(s).items} == {Stage.ARBITRATION} and queue(s).total == sheets // 4
        assert verify(s) == []


def test_two_pages_of_a_station_at_the_same_moment_see_each_other(world: World) -> None:
    """Votes on page 2 and another total on page 3, read at once: never are both counted, whoever is first."""
    for n in range(1, 9):
        tps = f"1607011016{n:03}"
        pages = [(world.upload(tps=tps), votes(20, 150, 3), 2), (world.upload(tps=tps), validity(178, 4), 3)]
        barrier = Barrier(2)

        def read(which: int, pages: Any = pages, barrier: Barrier = barrier) -> Disposition:
            receipt, values, page = pages[which]
            barrier.wait()
            return world.read(receipt, values, page=page).disposition

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(read, range(2))) == [Disposition.COMMITTED, Disposition.REVIEW]


def test_different_people_never_hold_the_same_sheet(world: World) -> None:
    """As many reviewers as sheets, all asking at the same moment: each gets one of his own."""
    people = []
    with world.db.writing() as s:
        for n in range(8):
            people.append(create_user(s, f"pemeriksa{n}", PASSWORD, Role.REVIEWER).id)
    for n in range(1, 9):
        world.read(world.upload(tps=f"1607011016{n:03}"), votes(n, 1, 1), doubt=DOUBT)
    barrier = Barrier(8)

    def ask(who: int) -> int:
        barrier.wait()
        with world.db.writing() as s:
            view = next_sheet(s, who)
        assert view is not None
        return view.photo_id

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(ask, people))
    assert len(set(got)) == 8


def test_photos_of_one_sheet_read_at_the_same_moment(world: World) -> None:
    """Eight workers accept eight photos of the same sheet: one commits, equal ones agree, different ones conflict."""
    receipts = [world.upload() for _ in range(8)]
    barrier = Barrier(8)

    def read(n: int) -> Disposition:
        barrier.wait()
        return world.read(receipts[n], votes(10 + n % 2, 1, 1)).disposition

    with ThreadPoolExecutor(8) as pool:
        outcome = Counter(pool.map(read, range(8)))
    assert outcome == {Disposition.COMMITTED: 1, Disposition.AGREES: 3, Disposition.CONFLICT: 4}
    with world.db.reading() as s:
        assert s.scalar(select(func.count()).select_from(SheetCommit)) == 1
        assert verify(s) == []


def test_the_same_task_given_to_many_workers(world: World) -> None:
    receipt = world.upload()
    barrier = Barrier(6)

    def read(_: int) -> bool:
        barrier.wait()
        return world.record(receipt, word(receipt, votes(1, 2, 3))).new

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(read, range(6))) == 1
    with world.db.reading() as s:
        assert s.scalar(select(func.count()).select_from(Interpretation)) == 1


def test_the_same_photo_sent_at_the_same_moment(world: World) -> None:
    barrier = Barrier(6)

    def send(_: int) -> int | None:
        barrier.wait()
        try:
            return world.upload(data=b"the same").photo_id
        except DuplicatePhoto as e:
            return -e.receipt.photo_id

    with ThreadPoolExecutor(6) as pool:
        got = sorted(pool.map(send, range(6)))
    assert got == [-1, -1, -1, -1, -1, 1]


def test_conflicting_corrections_of_one_sheet(world: World) -> None:
    """Two photos of one sheet in two hands: the second must look again at what the first committed."""
    views = []
    for who in ("reviewer", "reviewer2"):
        world.read(world.upload(), votes(1, 1, 1), doubt=DOUBT)
        with world.db.writing() as s:
            view = next_sheet(s, world.users[who])
        assert view is not None
        views.append((world.users[who], view))
    barrier = Barrier(2)

    def settle(n: int) -> bool:
        who, view = views[n]
        barrier.wait()
        try:
            with world.db.writing() as s:
                resolve(s, who, view.photo_id, Correct(votes(n, 1, 1)), stamp=view.stamp)
        except (StaleSheet, LeaseLost):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(settle, range(2))) == [False, True]
    with world.db.reading() as s:
        assert [c.version for c in s.scalars(select(SheetCommit))] == [1]


def test_kill_during_the_work_loses_and_doubles_nothing(world: World) -> None:
    """A worker is killed at random points while it receives and records; then everything is done again."""
    code = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from tests.world import open_world, votes
        world = open_world({world.settings.database_url!r}, Path(), fresh=False, photos={world.settings.photos!r})
        for n in range(1, 29):
            r = world.upload(tps=f"1607011016{{n:03}}", data=sys.argv[1].encode() + bytes([n]))
            print(r.photo_id, flush=True)
            world.read(r, votes(n, 1, 1))
        """
    )
    rng = random.Random(1)
    acknowledged: set[int] = set()
    for round_number in range(3):
        child = subprocess.Popen([sys.executable, "-c", code, str(round_number)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for _ in range(rng.randint(1, 12)):
            acknowledged.add(int(child.stdout.readline()))
        child.kill()
        acknowledged |= {int(line) for line in child.communicate()[0].splitlines(keepends=True) if line.endswith("\n")}
    with world.db.reading() as s:
        photos = {p.id: p for p in s.scalars(select(Photo))}
        todo = pending_photos(s)
    assert acknowledged <= photos.keys()
    for p in photos.values():
        world.store.get(p.sha256)
    for waiting in todo:
        receipt = type("R", (), {"photo_id": waiting.photo_id, "sha256": waiting.sha256, "name": waiting.name})()
        world.read(receipt, votes(1, 1, 1))
    with world.db.reading() as s:
        assert pending_photos(s) == []
        assert Counter(s.scalars(select(Interpretation.photo_id))) == Counter(photos.keys())
        heads = Counter((c.tps_id, c.version) for c in s.scalars(select(SheetCommit)))
        assert set(heads.values()) == {1} and TPS
        assert verify(s) == []
        assert (s.scalar(select(func.count()).select_from(AuditLog)) or 0) > len(photos)
