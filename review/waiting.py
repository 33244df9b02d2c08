"""Puts a photo into the queue: the one place where a waiting row is made or made anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.tables import Election, Entry, Interpretation, Photo, QueueEntry
from db.types import QueueKind, Stage
from review import priority
from review.reasons import ReasonText
from tally import codec


def put(
    session: Session,
    photo: Photo,
    *,
    kind: QueueKind,
    why: Sequence[ReasonText],
    interpretation: Interpretation,
    since: datetime,
    election_id: str,
    tps_id: int,
    form: str | None,
    page: int | None,
    placed: bool = False,
    stage: Stage = Stage.FIRST,
    barred: Iterable[int] = (),
    sample_id: int | None = None,
    differs: int = 0,
) -> QueueEntry:
    """Let ``photo`` wait for a person; a row that waits already is made anew in place, in whosever hand it is.

    ``barred``: people who may not have it, beside the uploader; ``differs``: votes between it and what counts.
    """
    entry = session.get(QueueEntry, photo.id)
    if entry is None:
        entry = QueueEntry(photo_id=photo.id, uploader_id=photo.uploader_id, since=since, lease_ahead=False)
        session.add(entry)
    entry.kind = kind
    entry.reasons = [r.to_json() for r in why]
    entry.codes = "".join(f",{c}" for c in dict.fromkeys(r.code for r in why))[:399] + ","
    entry.interpretation_id = interpretation.id
    entry.election_id, entry.tps_id, entry.form, entry.page = election_id, tps_id, form, page
    entry.placed = placed
    entry.stage = stage
    entry.round = new_round(session, photo.id)
    entry.sample_id = sample_id
    entry.barred = barred_text(barred)
    margin = session.get_one(Election, election_id).margin
    at_stake = priority.votes_at_stake(codec.from_json(interpretation.body), differs)
    entry.rank = priority.rank(entry.since, at_stake, margin, sample=stage is Stage.SAMPLE)
    session.flush()
    return entry


def new_round(session: Session, photo_id: int) -> int:
    """One more than the last round in which somebody entered this photo."""
    return (session.scalar(select(func.max(Entry.round)).where(Entry.photo_id == photo_id)) or 0) + 1


def barred_text(people: Iterable[int]) -> str:
    return "".join(f",{i}" for i in sorted(set(people))) + ","


def free_hand(entry: QueueEntry) -> None:
    """Nobody has it in hand any more."""
    entry.lease_user_id = entry.lease_until = entry.lease_desk = entry.lease_since = None
    entry.lease_ahead = False
