"""What an operator is told about his photos. Follows from the insert-only rows and the queue; nothing is stored for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.queries import tps_refs
from db.tables import Interpretation, Photo, QueueEntry, ReviewAction, SheetCommit
from db.types import ActionKind, Disposition, QueueKind, Source
from review import reasons
from review.advice import unclear_part
from review.errors import UnknownPhoto
from review.reasons import ReasonText
from review.receipt import Receipt, receipt_of


class PhotoState(StrEnum):
    READING = "reading"
    COUNTED = "counted"
    IN_REVIEW = "in_review"
    UNREADABLE = "unreadable"
    """The machine cannot use it: a new photo helps; a person will look at this one too."""
    WRONG_FORM = "wrong_form"
    REJECTED = "rejected"
    """A person asks for a new photo; ``note`` says why."""


@dataclass(frozen=True, slots=True)
class PhotoStatus:
    photo_id: int
    receipt: Receipt
    state: PhotoState
    form: str | None
    page: int | None
    reasons: tuple[ReasonText, ...]
    note: str
    counted_by: Source | None
    finished_at: datetime | None
    """When it was counted or rejected."""
    unclear: str | None = None
    """Where on the page the doubtful numbers of a sheet in review lie (review.advice)."""
    better: bool = False
    """The page counts by another, better photo of it (review.superseding)."""


def photos_of(session: Session, uploader_id: int, *, limit: int = 50, before_id: int | None = None) -> list[PhotoStatus]:
    """The uploader's photos, the newest first; ``before_id`` continues after the last one shown."""
    query = select(Photo).where(Photo.uploader_id == uploader_id).order_by(Photo.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(Photo.id < before_id)
    return _statuses(session, list(session.scalars(query)))


def photo_status(session: Session, photo_id: int) -> PhotoStatus:
    """Raises UnknownPhoto."""
    photo = session.get(Photo, photo_id)
    if photo is None:
        raise UnknownPhoto({"photo": photo_id})
    return _statuses(session, [photo])[0]


def _statuses(session: Session, photos: list[Photo]) -> list[PhotoStatus]:
    ids = [p.id for p in photos]
    waiting = {e.photo_id: e for e in session.scalars(select(QueueEntry).where(QueueEntry.photo_id.in_(ids)))}
    # LATE ones did not decide anything
    deciding = (
        select(func.max(Interpretation.id))
        .where(Interpretation.photo_id.in_(ids), Interpretation.disposition != Disposition.LATE)
        .group_by(Interpretation.photo_id)
    )
    words = {i.photo_id: i for i in session.scalars(select(Interpretation).where(Interpretation.id.in_(deciding)))}
    last_action = select(func.max(ReviewAction.id)).where(ReviewAction.photo_id.in_(ids)).group_by(ReviewAction.photo_id)
    actions = {a.photo_id: a for a in session.scalars(select(ReviewAction).where(ReviewAction.id.in_(last_action)))}
    last_commit = select(func.max(SheetCommit.id)).where(SheetCommit.photo_id.in_(ids)).group_by(SheetCommit.photo_id)
    commits = {c.photo_id: c for c in session.scalars(select(SheetCommit).where(SheetCommit.id.in_(last_commit)))}
    places = tps_refs(session, (p.tps_id for p in photos))
    return [
        _status(p, receipt_of(p, places[p.tps_id]), waiting.get(p.id), words.get(p.id), actions.get(p.id), commits.get(p.id))
        for p in photos
    ]


def _status(
    photo: Photo,
    receipt: Receipt,
    entry: QueueEntry | None,
    word: Interpretation | None,
    action: ReviewAction | None,
    commit: SheetCommit | None,
) -> PhotoStatus:
    def status(
        state: PhotoState,
        form: str | None = None,
        page: int | None = None,
        why: tuple[ReasonText, ...] = (),
        note: str = "",
        by: Source | None = None,
        at: datetime | None = None,
        better: bool = False,
    ) -> PhotoStatus:
        unclear = unclear_part(word.body) if word is not None and state is PhotoState.IN_REVIEW else None
        return PhotoStatus(photo.id, receipt, state, form, page, why, note, by, at, unclear, better)

    if word is None:
        return status(PhotoState.READING)
    if entry is not None and entry.sample_id is None:  # what is entered once more as a sample counts meanwhile
        state = PhotoState.IN_REVIEW
        if not entry.placed and entry.kind is QueueKind.UNREADABLE:
            state = PhotoState.UNREADABLE
        elif not entry.placed and entry.kind is QueueKind.WRONG_FORM:
            state = PhotoState.WRONG_FORM
        return status(state, entry.form, entry.page, reasons.from_json(entry.reasons))
    if action is not None and action.kind is ActionKind.REJECT_PHOTO:
        return status(PhotoState.REJECTED, action.form, action.page, note=action.note, at=action.at)
    if commit is not None:
        return status(PhotoState.COUNTED, commit.form, commit.page, by=commit.source, at=commit.at)
    return status(PhotoState.COUNTED, word.form, word.page, by=Source.MACHINE, at=word.at, better=True)
