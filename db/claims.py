"""Who has which photo in hand, how often it was tried, and which workers live.

A claim keeps two workers from doing the same work, and counts the tries of a photo that kills its worker; it is no lock that anything
rests on. A claim that is lost, late or doubled costs a second reading, which finds the first one's result and changes nothing
(review.intake.record_interpretation).

The key of a photo is its id; that of a photo without a place its id with a minus.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db import clock
from db.tables import ReadingClaim, WorkerSign

LEASE = timedelta(seconds=180)
"""After so long another worker may take a photo whose reader gives no sign; far longer than the slowest reading."""
SILENT = timedelta(seconds=60)
"""A worker that has not been seen for so long is said to be gone."""
KEEP = timedelta(days=2)
"""Signs of workers that ended are kept so long."""


@dataclass(frozen=True, slots=True)
class WorkerView:
    worker: str
    started_at: datetime
    seen_at: datetime
    readers: int
    read: int
    failed: int
    ended: bool
    silent: bool
    """It did not end, but has given no sign for a while."""


def me() -> str:
    """ "host:pid:start": the start (in ticks since boot) tells a process from an earlier one of the same number."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}:{_start(os.getpid()) or 0}"


def _start(pid: int) -> str | None:
    """When a process of this machine started; None if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


def dead(worker: str) -> bool:
    """True only if ``worker`` ran on this machine and is gone for certain."""
    host, _, rest = worker.rpartition(":")[0].rpartition(":")
    start = worker.rpartition(":")[2]
    if host != socket.gethostname()[:80] or not rest.isdecimal() or not Path("/proc/self/stat").exists():
        return False
    return _start(int(rest)) != start


def _holds(row: ReadingClaim, now: datetime) -> bool:
    """A claim from the future is none: the clock was set back, and waiting for that moment could take for ever."""
    return bool(row.worker) and row.since is not None and timedelta(0) <= now - row.since < LEASE and not dead(row.worker)


def claim(session: Session, key: int, worker: str, *, again: bool = False) -> int | None:
    """Take a photo in hand. Returns the number of this try, from 1; None if another reader has it.

    again: this worker's own claim is left over from a try that the database was not told the end of.
    """
    row = session.get(ReadingClaim, key, with_for_update=True)
    if row is None:
        row = ReadingClaim(key=key, attempts=0, worker="", error="")
        try:
            with session.begin_nested():
                session.add(row)
                session.flush()
        except IntegrityError:
            row = session.get(ReadingClaim, key, with_for_update=True, populate_existing=True)
            if row is None:
                return None  # read and done meanwhile
    now = clock.now()
    if _holds(row, now) and not (again and row.worker == worker):
        return None
    row.attempts, row.worker, row.since = row.attempts + 1, worker, now
    session.flush()
    return row.attempts


def give_back(session: Session, key: int, worker: str, *, error: str = "", counts: bool = True) -> None:
    """Let go of a photo that was not read. counts: False if it was not the photo's fault; then the try is forgotten."""
    row = session.get(ReadingClaim, key, with_for_update=True)
    if row is None or row.worker != worker:
        return
    row.worker, row.since, row.error = "", None, error[:200]
    if not counts:
        row.attempts = max(0, row.attempts - 1)


def done(session: Session, key: int) -> None:
    """Forget a photo that was read; in the transaction that stores the result."""
    row = session.get(ReadingClaim, key, with_for_update=True)
    if row is not None:
        session.delete(row)


def attempts(session: Session, key: int) -> int:
    """How often reading was begun since the photo was last read."""
    return session.scalar(select(ReadingClaim.attempts).where(ReadingClaim.key == key)) or 0


def in_hand(session: Session) -> set[int]:
    """Keys of all photos that somebody is reading now."""
    now = clock.now()
    return {row.key for row in session.scalars(select(ReadingClaim).where(ReadingClaim.worker != "")) if _holds(row, now)}


def give_back_all(session: Session, worker: str) -> int:
    """Of a worker that is told to stop: what it has in hand goes back, and the try does not count. Returns how many photos."""
    rows = session.scalars(select(ReadingClaim).where(ReadingClaim.worker == worker).with_for_update()).all()
    for row in rows:
        row.worker, row.since, row.attempts = "", None, max(0, row.attempts - 1)
    return len(rows)


def sign(session: Session, worker: str, *, started_at: datetime, readers: int, read: int, failed: int, ended: bool = False) -> None:
    """Write down that a worker lives, or that it ends."""
    now = clock.now()
    row = session.get(WorkerSign, worker)
    if row is None:
        row = WorkerSign(worker=worker, started_at=started_at, seen_at=now, readers=readers, read=0, failed=0, ended=False)
        session.add(row)
    row.seen_at, row.readers, row.read, row.failed, row.ended = now, readers, read, failed, ended
    for old in session.scalars(select(WorkerSign).where(WorkerSign.seen_at < now - KEEP)):
        session.delete(old)


def workers(session: Session) -> list[WorkerView]:
    """Workers of the last days, who was seen last first."""
    now = clock.now()
    rows: Iterable[WorkerSign] = session.scalars(select(WorkerSign).order_by(WorkerSign.seen_at.desc(), WorkerSign.worker))
    return [
        WorkerView(
            r.worker,
            r.started_at,
            r.seen_at,
            r.readers,
            r.read,
            r.failed,
            r.ended,
            not r.ended and (now - r.seen_at > SILENT or dead(r.worker)),
        )
        for r in rows
    ]
