"""What waits for a person, and who has which sheet in hand. A lease ends by itself, so nothing is ever stuck."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from db import clock
from db.queries import region_row, tps_refs, user_names, within
from db.tables import QueueEntry, Region
from db.types import QueueKind
from db.views import TpsRef
from review import people, reasons
from review.errors import AlreadySettled, LeaseLost, OwnPhoto
from review.reasons import ReasonText
from review.sheet import SheetView, sheet_view, where_it_stands

__all__ = ["LEASE", "QueueItem", "QueueKind", "QueuePage", "next_sheet", "open_sheet", "queue", "release", "sheet_view"]

LEASE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One photo that waits. ``form`` and ``page`` are None while nobody knows them."""

    photo_id: int
    election_id: str
    tps: TpsRef
    form: str | None
    page: int | None
    kind: QueueKind
    reasons: tuple[ReasonText, ...]
    waiting_since: datetime
    leased_by: str | None
    leased_until: datetime | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    items: tuple[QueueItem, ...]
    total: int


def queue(
    session: Session,
    *,
    election_id: str | None = None,
    kecamatan_code: str | None = None,
    kind: QueueKind | None = None,
    limit: int = 50,
    offset: int = 0,
) -> QueuePage:
    """A part of the queue, oldest first, and how many there are in all. ``kecamatan_code`` may be any region's. Raises UnknownRegion."""
    query = select(QueueEntry)
    if election_id is not None:
        query = query.where(QueueEntry.election_id == election_id)
    if kind is not None:
        query = query.where(QueueEntry.kind == kind)
    if kecamatan_code is not None:
        inside = within(region_row(session, kecamatan_code))
        query = query.join(Region, Region.id == QueueEntry.tps_id).where(inside)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = list(session.scalars(_oldest_first(query).limit(limit).offset(offset)))
    places = tps_refs(session, (r.tps_id for r in rows))
    names = user_names(session, (r.lease_user_id for r in rows))
    now = clock.now()
    items = []
    for r in rows:
        live = r.leased(now)
        items.append(
            QueueItem(
                photo_id=r.photo_id,
                election_id=r.election_id,
                tps=places[r.tps_id],
                form=r.form,
                page=r.page,
                kind=r.kind,
                reasons=reasons.from_json(r.reasons),
                waiting_since=r.since,
                leased_by=names.get(r.lease_user_id) if live and r.lease_user_id is not None else None,
                leased_until=r.lease_until if live else None,
            )
        )
    return QueuePage(tuple(items), total)


def _oldest_first(query: Select[QueueEntry]) -> Select[QueueEntry]:
    return query.order_by(QueueEntry.since, QueueEntry.photo_id)


def next_sheet(session: Session, reviewer_id: int, *, election_id: str | None = None) -> SheetView | None:
    """The sheet this reviewer has in hand, else the oldest free one (never his own photo); None if nothing waits for him.

    Two reviewers never get the same sheet while its lease lives; one whose lease ran out is free.

    Raises:
        UnknownUser, NotAllowed.
    """
    people.require(session, reviewer_id, people.REVIEWERS)
    now = clock.now()
    query = _oldest_first(select(QueueEntry)).where(QueueEntry.uploader_id != reviewer_id)
    if election_id is not None:
        query = query.where(QueueEntry.election_id == election_id)
    in_hand = query.where(QueueEntry.lease_user_id == reviewer_id, QueueEntry.lease_until > now)
    entry = session.scalar(in_hand.limit(1).with_for_update().execution_options(populate_existing=True))
    if entry is None:
        free = query.where(or_(QueueEntry.lease_user_id.is_(None), QueueEntry.lease_until <= now))
        entry = session.scalar(free.limit(1).with_for_update(skip_locked=True).execution_options(populate_existing=True))
    if entry is None:
        return None
    _lease(session, entry, reviewer_id, now)
    return sheet_view(session, entry.photo_id)


def open_sheet(session: Session, reviewer_id: int, photo_id: int) -> SheetView:
    """Take one given sheet in hand.

    Raises:
        UnknownUser, UnknownPhoto, NotAllowed, OwnPhoto; LeaseLost: somebody else has it; AlreadySettled.
    """
    people.require(session, reviewer_id, people.REVIEWERS)
    at = where_it_stands(session, photo_id, lock=True)
    if at.photo.uploader_id == reviewer_id:
        raise OwnPhoto({"photo": photo_id})
    if at.entry is None:
        raise AlreadySettled({"photo": photo_id})
    now = clock.now()
    refuse_other_lease(session, at.entry, reviewer_id, now)
    _lease(session, at.entry, reviewer_id, now)
    return sheet_view(session, photo_id)


def release(session: Session, reviewer_id: int, photo_id: int) -> None:
    """Give a sheet back. Nothing happens if it is not in this reviewer's hand. Raises UnknownPhoto."""
    entry = where_it_stands(session, photo_id, lock=True).entry
    if entry is not None and entry.lease_user_id == reviewer_id:
        entry.lease_user_id = entry.lease_until = None
        session.flush()


def refuse_other_lease(session: Session, entry: QueueEntry, reviewer_id: int, now: datetime) -> None:
    """Raises LeaseLost if somebody else has the sheet in hand."""
    other = entry.lease_user_id
    if other is not None and other != reviewer_id and entry.lease_until is not None and entry.lease_until > now:
        raise LeaseLost({"photo": entry.photo_id, "by": user_names(session, [other]).get(other), "until": entry.lease_until.isoformat()})


def _lease(session: Session, entry: QueueEntry, reviewer_id: int, now: datetime) -> None:
    entry.lease_user_id, entry.lease_until = reviewer_id, now + LEASE
    session.flush()
