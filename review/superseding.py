"""Several photos of one page. The better one settles the page, the others are kept and give way to it, unless they speak against it.

*Better* is the photo by which the page counts: the machine accepted every number of it, or a person settled it. A waiting photo of the
same page gives way if it waits for nothing but its own legibility, nobody has it in hand, and it says nothing against what counts: each of
its numbers was read as the same value, or not legibly at all, or the machine hesitated between that value and another. Whatever says
something else waits for a person, with the reason ``conflict``. What counts is never changed by any of this.

Nothing is erased: photo, reading and a row of the audit log stay. Where what counts is withdrawn, those that gave way wait again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit, clock
from db.tables import Interpretation, Photo, PhotoHold, QueueEntry, ReviewAction, SheetCommit
from db.types import Disposition, QueueKind, Stage
from review import reasons
from review.waiting import put
from tally import codec
from tally.glyphs import value_of
from tally.interpretation import NumberReading, ReasonCode, Unreadable

if TYPE_CHECKING:
    from review.reasons import ReasonText

LEGIBILITY = frozenset(
    {
        ReasonCode.BOX_NOT_FOUND,
        ReasonCode.LOW_CONFIDENCE,
        ReasonCode.READERS_DISAGREE,
        ReasonCode.MARKS_DISAGREE,
        ReasonCode.WORDS_DISAGREE,
        ReasonCode.CORRECTED,
        ReasonCode.MALFORMED_NUMBER,
        ReasonCode.BLANK_NUMBER,
        ReasonCode.SUM_MISMATCH,
        ReasonCode.BOUND_BROKEN,
        ReasonCode.POOR_PHOTO,
        ReasonCode.UNCHECKED_NUMBER,
        ReasonCode.UNPROVEN_FORM,
        ReasonCode.CONFLICT,
        reasons.NOT_COMPLETE,
        reasons.PAGES_DISAGREE,
        reasons.ACCEPTING_STOPPED,
        reasons.WITHDRAWN,
    }
)
"""Reasons that a better photo of the same page answers. Those about place, sender and sameness with other photos are not among them."""
HESITATES = 0.5
"""The counted value must have been at least so likely as the one read, by the machine's own word."""
ILLEGIBLE = "?"


def says_against(numbers: Iterable[NumberReading], counted: Mapping[str, int | None]) -> list[str]:
    """Names of the numbers in which a reading speaks against what counts."""
    return [n.name for n in numbers if not _fits(n, counted.get(n.name))]


def _fits(n: NumberReading, counted: int | None) -> bool:
    if n.value == counted or ILLEGIBLE in n.boxes:
        return True
    if counted is None or not n.candidates:
        return False
    best = n.candidates[0][1]
    return any(value_of(boxes) == counted and p >= HESITATES * best for boxes, p in n.candidates)


def only_legibility(why: Iterable[ReasonText]) -> bool:
    """Is there nothing among these reasons that a better photo would not answer?"""
    return all(r.code in LEGIBILITY for r in why)


def give_way(session: Session, row: SheetCommit) -> None:
    """After a commit: the other waiting photos of its page give way to it, or are marked as speaking against it. The station is locked."""
    waiting = select(QueueEntry).where(
        QueueEntry.election_id == row.election_id,
        QueueEntry.tps_id == row.tps_id,
        QueueEntry.form == row.form,
        QueueEntry.page == row.page,
        QueueEntry.photo_id != row.photo_id,
        QueueEntry.stage == Stage.FIRST,
        QueueEntry.sample_id.is_(None),
        QueueEntry.placed.is_(False),
    )
    counted = {c.name: c.value for c in row.counts}
    now = clock.now()
    # one that somebody decides about at this moment is left to him: he finds what counts by now
    for entry in session.scalars(waiting.order_by(QueueEntry.photo_id).with_for_update(skip_locked=True)):
        if entry.leased(now):
            continue
        read = session.get_one(Interpretation, entry.interpretation_id)
        outcome = codec.from_json(read.body).outcome
        numbers = () if isinstance(outcome, Unreadable) else outcome.numbers
        against = says_against(numbers, counted)
        if against or not numbers:
            _speaks_against(entry, against)
        elif only_legibility(reasons.from_json(entry.reasons)) and not _held(session, entry.photo_id):
            photo = session.get_one(Photo, entry.photo_id)
            better = session.get_one(Photo, row.photo_id)
            session.delete(entry)
            facts = {"photo": photo.sha256, "by": better.sha256, "commit": row.id}
            audit.append(session, "photo_superseded", f"photo:{photo.id}", row.user_id, facts)
    session.flush()


def _speaks_against(entry: QueueEntry, numbers: list[str]) -> None:
    if f",{ReasonCode.CONFLICT.value}," in entry.codes:
        return
    entry.reasons = [*entry.reasons, reasons.of_code(ReasonCode.CONFLICT, numbers).to_json()]
    entry.codes = f"{entry.codes},{ReasonCode.CONFLICT.value},"[:400].replace(",,", ",")


def _held(session: Session, photo_id: int) -> bool:
    return session.scalar(select(PhotoHold.id).where(PhotoHold.photo_id == photo_id).limit(1)) is not None


def wait_again(session: Session, row: SheetCommit) -> None:
    """After a withdrawal: every photo of the page that had given way, or only agreed, waits for a person; the page may be legible there."""
    queued, acted, counted = (select(t.photo_id).where(t.photo_id == Photo.id).exists() for t in (QueueEntry, ReviewAction, SheetCommit))
    found = select(Photo, Interpretation).join(Interpretation, Interpretation.photo_id == Photo.id)
    kept = found.where(
        Photo.election_id == row.election_id,
        Photo.tps_id == row.tps_id,
        Photo.id != row.photo_id,
        Interpretation.form == row.form,
        Interpretation.page == row.page,
        Interpretation.disposition.in_((Disposition.REVIEW, Disposition.CONFLICT, Disposition.AGREES)),
        ~queued,
        ~acted,
        ~counted,
    ).order_by(Interpretation.id)
    for photo, read in {photo.id: (photo, read) for photo, read in session.execute(kept)}.values():
        put(
            session,
            photo,
            kind=QueueKind.CHECK,
            why=[reasons.own(reasons.WITHDRAWN), *reasons.of_machine(codec.from_json(read.body).outcome.reasons)],
            interpretation=read,
            since=row.at,
            election_id=row.election_id,
            tps_id=row.tps_id,
            form=row.form,
            page=row.page,
        )
