"""What waits for a person, in the order of what it may change, and who gets what next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from db import clock
from db.queries import region_row, tps_refs, user_names, within
from db.tables import QueueEntry, Region
from db.types import QueueKind, Stage
from db.users import get_user
from db.views import TpsRef
from review import people, reasons
from review.lease import LEASE, is_barred, open_sheet, release, take
from review.reasons import ReasonText
from review.sheet import SheetView, sheet_view

__all__ = [
    "LEASE",
    "Chosen",
    "QueueItem",
    "QueueKind",
    "QueuePage",
    "ahead_sheet",
    "next_sheet",
    "open_sheet",
    "queue",
    "release",
    "sheet_view",
]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A part of the queue. ``kecamatan_code`` may be any region's; ``reason``: a code."""

    election_id: str | None = None
    kecamatan_code: str | None = None
    reason: str | None = None
    kind: QueueKind | None = None
    stage: Stage | None = None


ALL = Chosen()


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One photo that waits. ``form`` and ``page`` are None while nobody knows them; ``reasons`` are not told of what is entered blind."""

    photo_id: int
    election_id: str
    tps: TpsRef
    form: str | None
    page: int | None
    kind: QueueKind | None
    stage: Stage
    reasons: tuple[ReasonText, ...]
    waiting_since: datetime
    leased_by: str | None
    leased_until: datetime | None
    lease_mine: bool
    may_take: bool
    rank: int


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
    reason: str | None = None,
    stage: Stage | None = None,
    viewer_id: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> QueuePage:
    """A part of the queue in its order, and how many there are in all; ``viewer_id`` tells what he may take. Raises UnknownRegion."""
    query = _chosen(session, Chosen(election_id, kecamatan_code, reason, kind, stage)).where(*_inside(session, viewer_id))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = list(session.scalars(_in_order(query).limit(limit).offset(offset)))
    places = tps_refs(session, (r.tps_id for r in rows))
    names = user_names(session, (r.lease_user_id for r in rows))
    now = clock.now()
    items = []
    for r in rows:
        live = r.leased(now)
        mine = live and viewer_id is not None and r.lease_user_id == viewer_id
        own = viewer_id is not None and (r.uploader_id == viewer_id or is_barred(session, r, viewer_id))
        items.append(
            QueueItem(
                photo_id=r.photo_id,
                election_id=r.election_id,
                tps=places[r.tps_id],
                form=r.form,
                page=r.page,
                kind=None if r.stage.blind else r.kind,
                stage=r.stage,
                reasons=() if r.stage.blind else reasons.from_json(r.reasons),
                waiting_since=r.since,
                leased_by=names.get(r.lease_user_id) if live and r.lease_user_id is not None else None,
                leased_until=r.lease_until if live else None,
                lease_mine=mine,
                may_take=not own and (mine or not live),
                rank=r.rank,
            )
        )
    return QueuePage(tuple(items), total)


def _chosen(session: Session, what: Chosen) -> Select[QueueEntry]:
    query = select(QueueEntry)
    if what.election_id is not None:
        query = query.where(QueueEntry.election_id == what.election_id)
    if what.kind is not None:
        query = query.where(QueueEntry.kind == what.kind)
    if what.stage is not None:
        query = query.where(QueueEntry.stage == what.stage)
    if what.reason is not None:
        # the reasons of what is entered blind must not be found out by asking for them one by one
        blind = QueueEntry.stage.in_([s for s in Stage if s.blind])
        query = query.where(QueueEntry.codes.contains(f",{what.reason},", autoescape=True), ~blind)
    if what.kecamatan_code is not None:
        inside = within(region_row(session, what.kecamatan_code))
        query = query.where(QueueEntry.tps_id.in_(select(Region.id).where(inside)))
    return query


def _in_order(query: Select[QueueEntry]) -> Select[QueueEntry]:
    return query.order_by(QueueEntry.rank, QueueEntry.photo_id)


def next_sheet(
    session: Session, reviewer_id: int, *, election_id: str | None = None, what: Chosen = ALL, desk: str | None = None
) -> SheetView | None:
    """The sheet this window has in hand, else the one kept ready for it, else the first free one that he may have; None if there is none.

    No two windows get the same sheet while its lease lives; one whose lease ran out is free. Never his own photo, never one that he has
    entered already.

    Raises:
        UnknownUser, NotAllowed, UnknownRegion.
    """
    people.require(session, reviewer_id, people.REVIEWERS)
    what = Chosen(election_id) if election_id is not None else what
    now = clock.now()
    query = _in_order(_chosen(session, what)).where(*_open_to(reviewer_id), *_inside(session, reviewer_id))
    mine = query.where(QueueEntry.lease_user_id == reviewer_id, QueueEntry.lease_until > now, *_of_desk(desk))
    entry = _locked(session, mine.order_by(None).order_by(QueueEntry.lease_ahead, QueueEntry.rank, QueueEntry.photo_id))
    if entry is None:
        entry = _first_free(session, query, now)
    if entry is None:
        return None
    take(session, entry, reviewer_id, now, desk)
    return sheet_view(session, entry.photo_id, viewer_id=reviewer_id, with_history=False)


def ahead_sheet(session: Session, reviewer_id: int, *, what: Chosen = ALL, desk: str | None = None) -> SheetView | None:
    """The sheet that ``next_sheet`` will give this window after the one in hand, kept ready for it for a short while.

    Raises:
        UnknownUser, NotAllowed, UnknownRegion.
    """
    people.require(session, reviewer_id, people.REVIEWERS)
    now = clock.now()
    query = _in_order(_chosen(session, what)).where(*_open_to(reviewer_id), *_inside(session, reviewer_id))
    ready = query.where(
        QueueEntry.lease_user_id == reviewer_id, QueueEntry.lease_until > now, QueueEntry.lease_ahead.is_(True), *_of_desk(desk)
    )
    entry = _locked(session, ready) or _first_free(session, query, now)
    if entry is None:
        return None
    take(session, entry, reviewer_id, now, desk, ahead=True)
    return sheet_view(session, entry.photo_id, viewer_id=reviewer_id, with_history=False)


def _open_to(reviewer_id: int) -> tuple[ColumnElement[bool], ...]:
    return QueueEntry.uploader_id != reviewer_id, ~QueueEntry.barred.contains(f",{reviewer_id},", autoescape=True)


def _inside(session: Session, user_id: int | None) -> tuple[ColumnElement[bool], ...]:
    """What lies in the person's area; nothing is left out for whoever has none."""
    areas = user.areas if user_id is not None and (user := get_user(session, user_id)) is not None else ()
    if not areas:
        return ()
    return (QueueEntry.tps_id.in_(select(Region.id).where(or_(*(Region.code.startswith(a, autoescape=True) for a in areas)))),)


def _of_desk(desk: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if desk is None else (or_(QueueEntry.lease_desk == desk, and_(QueueEntry.lease_desk.is_(None), ~QueueEntry.lease_ahead)),)


def _first_free(session: Session, query: Select[QueueEntry], now: datetime) -> QueueEntry | None:
    return _locked(session, query.where(or_(QueueEntry.lease_user_id.is_(None), QueueEntry.lease_until <= now)))


def _locked(session: Session, query: Select[QueueEntry]) -> QueueEntry | None:
    """The first row, locked; rows that another transaction holds are passed over."""
    row: QueueEntry | None = session.scalar(query.limit(1).with_for_update(skip_locked=True).execution_options(populate_existing=True))
    return row
