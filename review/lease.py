"""Who has which sheet in hand. A lease ends by itself, so nothing is ever stuck.

A lease belongs to a person and, where he says which, to one of his open windows (``desk``): two windows of one person never work on the
same sheet. A sheet is either in hand, or kept ready for the hand (``ahead``): leased shortly, while its pictures are fetched and the one
before it is still being settled.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit, clock
from db.queries import user_names
from db.tables import Entry, QueueEntry
from db.types import Role, Stage
from review import people
from review.errors import AlreadyEntered, AlreadySettled, LeaseLost, NoteRequired, OwnPhoto
from review.sheet import SheetView, sheet_view
from review.standing import Standing, where_it_stands
from review.waiting import free_hand

LEASE = timedelta(minutes=10)
AHEAD = timedelta(minutes=2)


def open_sheet(session: Session, reviewer_id: int, photo_id: int, *, desk: str | None = None) -> SheetView:
    """Take one given sheet in hand; from another window of the same person it is taken over.

    Raises:
        UnknownUser, UnknownPhoto, NotAllowed, OwnPhoto, AlreadyEntered; LeaseLost: somebody else has it; AlreadySettled.
    """
    people.require(session, reviewer_id, people.REVIEWERS)
    at = where_it_stands(session, photo_id, lock=True)
    entry = may_have(session, at, reviewer_id)
    now = clock.now()
    refuse_other_lease(session, entry, reviewer_id, now)
    take(session, entry, reviewer_id, now, desk)
    return sheet_view(session, photo_id, viewer_id=reviewer_id, with_history=False)


def may_have(session: Session, at: Standing, reviewer_id: int) -> QueueEntry:
    """The waiting row, if this person may settle it. Raises OwnPhoto, AlreadySettled, AlreadyEntered."""
    if at.photo.uploader_id == reviewer_id:
        raise OwnPhoto({"photo": at.photo.id})
    if at.entry is None:
        raise AlreadySettled({"photo": at.photo.id})
    if is_barred(session, at.entry, reviewer_id):
        raise AlreadyEntered({"photo": at.photo.id})
    return at.entry


def is_barred(session: Session, entry: QueueEntry, reviewer_id: int) -> bool:
    """Has he written what this sheet is compared with? Asked of the entries themselves, not of the working list alone."""
    if f",{reviewer_id}," in entry.barred:
        return True
    mine = select(Entry.id).where(Entry.photo_id == entry.photo_id, Entry.round == entry.round, Entry.user_id == reviewer_id)
    return session.scalar(mine) is not None


def refuse_other_lease(session: Session, entry: QueueEntry, reviewer_id: int, now: datetime) -> None:
    """Raises LeaseLost if somebody else has the sheet in hand."""
    other = entry.lease_user_id
    if other is not None and other != reviewer_id and entry.leased(now):
        assert entry.lease_until is not None  # noqa: S101 (leased)
        raise LeaseLost({"photo": entry.photo_id, "by": user_names(session, [other]).get(other), "until": entry.lease_until.isoformat()})


def require_hand(session: Session, entry: QueueEntry, reviewer_id: int, desk: str | None) -> None:
    """Raises LeaseLost unless this window had it last; one whose time ran out, but whom nobody replaced, may still finish."""
    refuse_other_lease(session, entry, reviewer_id, clock.now())
    if entry.lease_user_id != reviewer_id:
        raise LeaseLost({"photo": entry.photo_id})
    if not same_desk(entry, desk):
        raise LeaseLost({"photo": entry.photo_id, "by": user_names(session, [reviewer_id]).get(reviewer_id), "desk": True})


def same_desk(entry: QueueEntry, desk: str | None) -> bool:
    return desk is None or entry.lease_desk is None or entry.lease_desk == desk


def take(session: Session, entry: QueueEntry, reviewer_id: int, now: datetime, desk: str | None, *, ahead: bool = False) -> None:
    """Give the sheet into a hand; the clock of the work starts when it comes before his eyes."""
    again = entry.lease_user_id == reviewer_id and entry.leased(now) and not entry.lease_ahead
    entry.lease_user_id, entry.lease_until = reviewer_id, now + (AHEAD if ahead else LEASE)
    entry.lease_desk = desk if desk is not None else (entry.lease_desk if again else None)
    entry.lease_ahead = ahead
    if not (again and entry.lease_since):
        entry.lease_since = None if ahead else now
    session.flush()


def renew(session: Session, reviewer_id: int, photo_id: int, *, desk: str | None = None) -> datetime:
    """The sheet stays in hand, and what is kept ready for the same window stays ready. Returns until when.

    Raises:
        UnknownPhoto, AlreadySettled; LeaseLost: somebody took it over.
    """
    entry = where_it_stands(session, photo_id, lock=True).entry
    if entry is None:
        raise AlreadySettled({"photo": photo_id})
    require_hand(session, entry, reviewer_id, desk)
    now = clock.now()
    entry.lease_until = now + LEASE
    ready = select(QueueEntry).where(
        QueueEntry.lease_user_id == reviewer_id, QueueEntry.lease_ahead.is_(True), QueueEntry.lease_until > now
    )
    for kept in session.scalars(ready.with_for_update(skip_locked=True)):
        if same_desk(kept, desk):
            kept.lease_until = now + AHEAD
    session.flush()
    return entry.lease_until


def release(session: Session, reviewer_id: int, photo_id: int, *, desk: str | None = None) -> None:
    """Give a sheet back. Nothing happens if it is not in this hand. Raises UnknownPhoto."""
    entry = where_it_stands(session, photo_id, lock=True).entry
    if entry is not None and entry.lease_user_id == reviewer_id and same_desk(entry, desk):
        free_hand(entry)
        session.flush()


def take_over(session: Session, supervisor_id: int, photo_id: int, note: str, *, desk: str | None = None) -> SheetView:
    """A supervisor takes a sheet out of somebody's hand. It is in the audit log.

    Raises:
        UnknownUser, UnknownPhoto, NotAllowed, OwnPhoto, AlreadyEntered, AlreadySettled, NoteRequired.
    """
    people.require(session, supervisor_id, {Role.SUPERVISOR})
    if not note.strip():
        raise NoteRequired()
    at = where_it_stands(session, photo_id, lock=True)
    entry = may_have(session, at, supervisor_id)
    now = clock.now()
    was = entry.lease_user_id if entry.leased(now) else None
    free_hand(entry)
    take(session, entry, supervisor_id, now, desk)
    facts = {"photo": at.photo.sha256, "from": was, "stage": Stage(entry.stage).value, "note": note.strip()}
    audit.append(session, "taken_over", f"photo:{photo_id}", supervisor_id, facts)
    return sheet_view(session, photo_id, viewer_id=supervisor_id, with_history=False)
