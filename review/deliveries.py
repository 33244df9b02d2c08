"""Every photo as somebody's delivery: who sent it, for which page, when, and whether it could be used. Told from the rows.

Usable is a photo that the machine or a person could work with, whatever the machine misread or the officers miswrote. Not usable is one
for which the sender was asked to send another: unreadable, another form, rejected. Nobody is blamed for what is not his: a reading that
failed, a photo that still waits to be read, a page that was not asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from db.tables import ImportItem, Interpretation, Photo, PhotoOrigin, QueueEntry, Region, ReviewAction, Sender, SheetCommit
from db.types import ActionKind, Channel, Disposition, ItemState, Level, QueueKind, SenderState
from tally.interpretation import ReasonCode
from tally.phones import phone_of

NOT_HIS = frozenset({"wrong_page"})
"""Rejections (review.words.REJECTIONS) that say nothing against the photo."""


@dataclass(frozen=True, slots=True)
class Who:
    """A user, or a name in an exported chat that is nobody's here. ``user_id`` is None for the latter."""

    user_id: int | None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One photo. ``form`` and ``page``: as far as they are known; ``usable``: None while nobody can tell, or where it is not his fault."""

    photo_id: int
    who: Who
    tps_id: int
    election_id: str
    form: str | None
    page: int | None
    at: datetime
    usable: bool | None


def deliveries(session: Session, election_ids: Iterable[str], codes: Sequence[str]) -> list[Delivery]:
    """All photos of these elections for stations within ``codes`` (of any level), by time. A photo that was moved counts where it lies now;
    one from an exported chat is its sender's, not the importer's."""
    wanted = list(election_ids)
    ids = _ids(wanted, codes)
    photos = session.execute(
        select(Photo.id, Photo.uploader_id, Photo.tps_id, Photo.election_id, Photo.received_at, Photo.stated_page).where(Photo.id.in_(ids))
    ).all()
    words = {
        photo: (form, page)
        for photo, form, page in session.execute(
            select(Interpretation.photo_id, Interpretation.form, Interpretation.page)
            .where(Interpretation.photo_id.in_(ids), Interpretation.disposition != Disposition.LATE)
            .order_by(Interpretation.id)
        )
    }
    entry = select(
        QueueEntry.photo_id,
        QueueEntry.kind,
        QueueEntry.placed,
        QueueEntry.codes,
        QueueEntry.tps_id,
        QueueEntry.election_id,
        QueueEntry.form,
        QueueEntry.page,
    )
    entries = {e.photo_id: e for e in session.execute(entry.where(QueueEntry.photo_id.in_(ids), QueueEntry.sample_id.is_(None)))}
    last_action = select(func.max(ReviewAction.id)).where(ReviewAction.photo_id.in_(ids)).group_by(ReviewAction.photo_id)
    rejected = {
        a.photo_id: a
        for a in session.execute(
            select(
                ReviewAction.photo_id,
                ReviewAction.after,
                ReviewAction.tps_id,
                ReviewAction.election_id,
                ReviewAction.form,
                ReviewAction.page,
            ).where(ReviewAction.id.in_(last_action), ReviewAction.kind == ActionKind.REJECT_PHOTO)
        )
    }
    commit = select(SheetCommit.photo_id, SheetCommit.tps_id, SheetCommit.election_id, SheetCommit.form, SheetCommit.page)
    commits = {c.photo_id: c for c in session.execute(commit.where(SheetCommit.photo_id.in_(ids)).order_by(SheetCommit.id))}
    senders = _senders(session, ids)
    inside = set(session.scalars(select(Region.id).where(Region.level == Level.TPS, _within(codes))))
    found = []
    for p in photos:
        usable, at = _verdict(entries.get(p.id), p.id in words, rejected.get(p.id))
        where = at or commits.get(p.id)
        tps_id, election_id = (where.tps_id, where.election_id) if where is not None else (p.tps_id, p.election_id)
        form, page = (where.form, where.page) if where is not None else words.get(p.id, (None, None))
        if tps_id not in inside or election_id not in wanted:
            continue
        who, when = senders.get(p.id, (Who(p.uploader_id), None))
        found.append(
            Delivery(p.id, who, tps_id, election_id, form, page if page is not None else p.stated_page, when or p.received_at, usable)
        )
    return sorted(found, key=lambda d: (d.at, d.photo_id))


def _within(codes: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(Region.code.startswith(c) for c in codes))


def _ids(election_ids: Sequence[str], codes: Sequence[str]) -> Select[int]:
    """Photos that were sent for one of the stations, or that lie there now."""
    here = select(Region.id).where(Region.level == Level.TPS, _within(codes))
    sent = select(Photo.id).where(Photo.election_id.in_(election_ids), Photo.tps_id.in_(here))
    waits = select(QueueEntry.photo_id).where(QueueEntry.election_id.in_(election_ids), QueueEntry.tps_id.in_(here))
    counts = select(SheetCommit.photo_id).where(SheetCommit.election_id.in_(election_ids), SheetCommit.tps_id.in_(here))
    both = sent.union(waits, counts).subquery()
    return select(both.c[0])


def _verdict(entry: Any, read: bool, rejected: Any) -> tuple[bool | None, Any]:
    """(usable, the row that says where the photo belongs, if one does)."""
    if entry is not None:
        told = entry.kind in (QueueKind.UNREADABLE, QueueKind.WRONG_FORM) and not entry.placed
        if not told:
            return True, entry
        return (None if f",{ReasonCode.MACHINE_ERROR.value}," in entry.codes else False), entry
    if rejected is not None:
        return (None if rejected.after.get("reason") in NOT_HIS else False), rejected
    return (True if read else None), None


def _senders(session: Session, ids: Select[int]) -> dict[int, tuple[Who, datetime | None]]:
    """Who sent what came in an exported chat, and when he did."""
    mine = dict(
        session.execute(select(Sender.phone, Sender.user_id).where(Sender.state == SenderState.ACTIVE, Sender.user_id.is_not(None))).all()
    )

    def who(name: str) -> Who:
        known = mine.get(phone_of(name)) if phone_of(name) else None
        return Who(known) if known is not None else Who(None, name)

    found: dict[int, tuple[Who, datetime | None]] = {}
    # a photo whose election was open had no id yet when it was imported
    late = (
        select(Photo.id, ImportItem.detail)
        .join(ImportItem, ImportItem.sha256 == Photo.sha256)
        .where(ImportItem.state == ItemState.TAKEN, ImportItem.photo_id.is_(None), Photo.id.in_(ids))
    )
    for photo_id, detail in session.execute(late):
        if name := str(detail.get("sent_by") or ""):
            at = detail.get("sent_at")
            found[photo_id] = (who(name), datetime.fromisoformat(at) if at else None)
    origins = select(PhotoOrigin.photo_id, PhotoOrigin.sent_by, PhotoOrigin.sent_at)
    for photo_id, name, at in session.execute(
        origins.where(PhotoOrigin.photo_id.in_(ids), PhotoOrigin.channel == Channel.IMPORT, PhotoOrigin.sent_by != "")
    ):
        found[photo_id] = (who(name), at)
    return found
