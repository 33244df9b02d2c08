"""How the system does, in figures without a person in them: what waits, how fast it goes, what was measured, what went wrong.

One function for the monitoring (``/metrics``) and the operator's status page, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import claims, clock
from db.claims import WorkerView
from db.tables import BackupRun, Election, Interpretation, Message, Outgoing, Photo, QueueEntry, ReadingClaim, UnplacedPhoto
from db.types import Disposition, MessageState, OutgoingState, Step
from review.quality import is_accepting, measured

LAST = 200
"""Readings that the seconds of each stage are told of."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Errors:
    """Wrong sheets found by blind samples of what counts, of one election and one step; ``upper``: 95 % upper bound of their share."""

    checked: int
    wrong: int
    upper: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Ages are in seconds; 0 where nothing waits. Shares are None where nothing has been seen."""

    photos: int = 0
    unread: int = 0
    oldest_unread: float = 0.0
    unplaced: int = 0
    waiting: Mapping[str, int] = field(default_factory=dict)
    """Sheets before people, by what they wait for."""
    oldest_waiting: float = 0.0
    read_last_hour: int = 0
    dispositions: Mapping[str, int] = field(default_factory=dict)
    """What became of the readings of the last hour."""
    accept_share: float | None = None
    """Of the sheets read in the last hour, those that count without a person."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Mean seconds of each stage over the last readings."""
    set_aside: int = 0
    """Photos of the last hour on which the machine failed."""
    tried_again: int = 0
    """Photos whose reading failed and is tried again."""
    errors: Mapping[tuple[str, str], Errors] = field(default_factory=dict)
    accepting: Mapping[str, bool] = field(default_factory=dict)
    messages: int = 0
    """WhatsApp messages not worked off, both ways."""
    workers: tuple[WorkerView, ...] = ()
    backup_at: datetime | None = None

    @property
    def workers_alive(self) -> int:
        return sum(not w.ended and not w.silent for w in self.workers)


def figures(session: Session) -> Figures:
    """All of them, in about a dozen queries over indexes."""
    now = clock.now()
    unread, oldest = session.execute(
        select(func.count(), func.min(Photo.received_at)).where(
            ~select(Interpretation.id).where(Interpretation.photo_id == Photo.id).exists()
        )
    ).one()
    waiting = {str(stage): n for stage, n in session.execute(select(QueueEntry.stage, func.count()).group_by(QueueEntry.stage)).all()}
    hour = Interpretation.at > now - HOUR
    done = {
        Disposition(d): n
        for d, n in session.execute(select(Interpretation.disposition, func.count()).where(hour).group_by(Interpretation.disposition))
    }
    sheets = sum(n for d, n in done.items() if d is not Disposition.UNREADABLE)
    good = done.get(Disposition.COMMITTED, 0) + done.get(Disposition.AGREES, 0)
    contests = list(session.scalars(select(Election.id).order_by(Election.id)))
    return Figures(
        photos=session.scalar(select(func.count()).select_from(Photo)) or 0,
        unread=unread,
        oldest_unread=_age(oldest, now),
        unplaced=session.scalar(select(func.count()).where(UnplacedPhoto.closed.is_(False))) or 0,
        waiting=waiting,
        oldest_waiting=_age(session.scalar(select(func.min(QueueEntry.since))), now),
        read_last_hour=sum(done.values()),
        dispositions={d.value: done.get(d, 0) for d in Disposition},
        accept_share=good / sheets if sheets else None,
        stages=_stages(session),
        set_aside=_set_aside(session, now),
        tried_again=session.scalar(select(func.count()).where(ReadingClaim.error != "")) or 0,
        errors={(e, step.value): found for e in contests for step in Step if (found := _errors(session, e, step)).checked},
        accepting={e: is_accepting(session, e) for e in contests},
        messages=_messages(session),
        workers=tuple(claims.workers(session)),
        backup_at=session.scalar(select(func.max(BackupRun.at))),
    )


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0


def _stages(session: Session) -> dict[str, float]:
    """Means over the last readings; a stage that some of them lack is divided by those that have it."""
    seconds: dict[str, list[float]] = {}
    for body in session.scalars(select(Interpretation.body).order_by(Interpretation.id.desc()).limit(LAST)):
        for stage, took in dict(body.get("seconds") or {}).items():
            seconds.setdefault(str(stage), []).append(float(took))
    return {stage: sum(all_) / len(all_) for stage, all_ in sorted(seconds.items())}


def _set_aside(session: Session, now: datetime) -> int:
    rows = session.scalars(
        select(Interpretation.versions).where(Interpretation.at > now - HOUR, Interpretation.disposition == Disposition.UNREADABLE)
    )
    return sum("error" in versions for versions in rows)


def _errors(session: Session, election_id: str, step: Step) -> Errors:
    found = measured(session, election_id, step)
    return Errors(found.checked, found.wrong, found.upper)


def _messages(session: Session) -> int:
    new = select(func.count()).where(Message.state == MessageState.NEW)
    out = select(func.count()).where(Outgoing.state == OutgoingState.WAITING)
    return (session.scalar(new) or 0) + (session.scalar(out) or 0)
