"""Two people, independently: what the first wrote waits until a second, who saw nothing of it, wrote the same; else a third decides.

Nothing counts by one entry alone. Who wrote what, and whether it was right in the end, are rows of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.tables import Entry, EntryVerdict, QueueEntry, ReviewAction
from db.types import QueueKind, Stage
from review import reasons
from review.errors import AlreadyEntered
from review.reasons import ReasonText
from review.waiting import barred_text, free_hand

Values = Mapping[str, int | None]


def entries_of(session: Session, waiting: QueueEntry) -> list[Entry]:
    """The entries of the round that is under way, in order."""
    query = select(Entry).where(Entry.photo_id == waiting.photo_id, Entry.round == waiting.round).order_by(Entry.number)
    return list(session.scalars(query))


def take_down(session: Session, waiting: QueueEntry, action: ReviewAction, values: Values, paper_error: bool) -> Entry:
    """Write one entry of the round. Raises AlreadyEntered: the database holds one of this person's already."""
    row = Entry(
        photo_id=waiting.photo_id,
        round=waiting.round,
        number=len(entries_of(session, waiting)) + 1,
        stage=waiting.stage,
        user_id=action.user_id,
        at=action.at,
        action_id=action.id,
        election_id=waiting.election_id,
        values=dict(values),
        paper_error=paper_error,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as e:
        raise AlreadyEntered({"photo": waiting.photo_id}) from e
    return row


def pass_on(session: Session, waiting: QueueEntry, stage: Stage, also_barred: Iterable[int] = (), why: Iterable[ReasonText] = ()) -> None:
    """Let the sheet wait for another person: nobody who wrote in this round (nor ``also_barred``) may have it."""
    waiting.stage = stage
    before = {int(i) for i in waiting.barred.split(",") if i}
    waiting.barred = barred_text(before | {e.user_id for e in entries_of(session, waiting)} | set(also_barred))
    told = [*reasons.from_json(waiting.reasons), *why]
    waiting.reasons = [r.to_json() for r in dict.fromkeys(told)]
    waiting.codes = "".join(f",{c}" for c in dict.fromkeys(r.code for r in told))[:399] + ","
    if stage is Stage.ARBITRATION:
        waiting.kind = QueueKind.CHECK
    free_hand(waiting)
    session.flush()


def different(a: Values, b: Values) -> tuple[str, ...]:
    """Numbers in which two writings differ."""
    return tuple(n for n in {**a, **b} if a.get(n) != b.get(n) or (n in a) != (n in b))


def judge(session: Session, entries: Iterable[Entry], settled: Values, action: ReviewAction, at: datetime) -> None:
    """Write down which entries were right, by what the sheet was settled as."""
    for e in entries:
        wrong = len(different(e.values, settled))
        session.add(EntryVerdict(entry_id=e.id, action_id=action.id, at=at, right=wrong == 0, numbers=len(settled), wrong=wrong))
    session.flush()


def copy_round(session: Session, entries: Iterable[Entry], round_number: int) -> list[Entry]:
    """The same entries once more, as the beginning of a new round (somebody took back what followed them)."""
    made = [
        Entry(
            photo_id=e.photo_id,
            round=round_number,
            number=e.number,
            stage=e.stage,
            user_id=e.user_id,
            at=e.at,
            action_id=e.action_id,
            election_id=e.election_id,
            values=dict(e.values),
            paper_error=e.paper_error,
        )
        for e in entries
    ]
    session.add_all(made)
    session.flush()
    return made
