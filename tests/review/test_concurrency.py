"""Many at once: nobody gets another's sheet, nothing is lost, nothing is committed twice. Also after a kill."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select

from db.audit import verify
from db.tables import AuditLog, Interpretation, Photo, ReviewAction, SheetCommit
from db.types import Disposition, Role
from db.users import create_user
from review.errors import AlreadySettled, DuplicatePhoto, LeaseLost, StaleSheet
from review.intake import pending_photos
from review.queue import next_sheet, queue
from review.resolve import Correct, resolve
from tally.interpretation import ReasonCode
from tests.world import PASSWORD, TPS, World, votes, word

SHEETS = 24
DOUBT = (ReasonCode.LOW_CONFIDENCE,)


def test_two_reviewers_in_twelve_sessions(world: World) -> None:
    for n in range(1, SHEETS + 1):
        receipt = world.upload(tps=f"1607011016{n:03}")
        world.read(receipt, votes(n, 1, 1), doubt=DOUBT)
    reviewers = [world.users["reviewer"], world.users["reviewer2"]]
    held: Counter[int] = Counter()
    done: list[int] = []
    clashes: list[int] = []

    def work(number: int) -> None:
        me = reviewers[number % 2]
        rng = random.Random(number)
        while True:
            with world.db.writing() as s:
                view = next_sheet(s, me)
            if view is None:
                return
            if view.leased_by_id != me:
                clashes.append(view.photo_id)
            held[view.photo_id] += 1
            value = view.fields[0].value
            assert value is not None
            try:
                with world.db.writing() as s:
                    resolve(s, me, view.photo_id, Correct(votes(value, rng.randint(2, 99), 1)), stamp=view.stamp)
                done.append(view.photo_id)
            except AlreadySettled:
                pass  # another session of the same person was faster

    with ThreadPoolExecutor(12) as pool:
        for future in [pool.submit(work, n) for n in range(12)]:
            future.result()
    assert clashes == [] and len(held) == SHEETS
    assert sorted(done) == sorted(held)
    with world.db.reading() as s:
        commits = s.scalars(select(SheetCommit)).all()
        assert len(commits) == SHEETS == s.scalar(select(func.count()).select_from(ReviewAction))
        assert all(c.version == 1 for c in commits)
        by = {a.photo_id: a.user_id for a in s.scalars(select(ReviewAction))}
        assert all(by[c.photo_id] == c.user_id for c in commits)
        assert queue(s).total == 0 and verify(s) == []


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
        world = open_world({world.settings.database_url!r}, Path({world.settings.photos!r}).parent, fresh=False)
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
