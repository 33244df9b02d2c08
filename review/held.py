"""Photos that must not count without a person: their sender was revoked, or the same photo was sent for two TPS.

A hold is a row that is never taken back. A photo not yet read meets it when it is judged; one that waits gets the reason; what the
machine alone committed is withdrawn and waits again. What a person has seen stands.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit, clock
from db.tables import Photo, PhotoHold, QueueEntry, Region, ReviewAction
from db.types import ActionKind, QueueKind, Source
from review import commit, reasons
from review.likeness import likeness_doubts
from review.reasons import ReasonText
from review.sheet import Standing, where_it_stands


def hold(session: Session, photo_id: int, by: int, code: str, detail: str = "") -> bool:
    """Hold one photo back. ``code``: one of review.reasons. Again, with the same code and detail, is harmless.

    Returns whether a count of the machine was withdrawn by it.

    Raises:
        UnknownPhoto.
        commit.CommitRace: the sheet was committed at this moment; try again.
    """
    at = where_it_stands(session, photo_id, lock=True)
    again = select(PhotoHold.id).where(PhotoHold.photo_id == photo_id, PhotoHold.code == code, PhotoHold.detail == detail)
    if session.scalar(again.limit(1)) is not None:
        return False
    row = PhotoHold(photo_id=photo_id, at=clock.now(), user_id=by, code=code, detail=detail)
    session.add(row)
    session.flush()
    audit.append(session, "photo_held", f"photo:{photo_id}", by, {"sha256": at.photo.sha256, "code": code, "detail": detail})
    why = reasons.own(code, detail=detail)
    if at.entry is not None:
        at.entry.reasons = [*at.entry.reasons, why.to_json()]
        session.flush()
        return False
    return _withdraw(session, at, by, why)


def _withdraw(session: Session, at: Standing, by: int, why: ReasonText) -> bool:
    """Take the machine's count of this photo out of the totals and put the photo into the queue."""
    stands = commit.current(session, at.place) if at.place else None
    if at.place is None or at.interpretation is None or stands is None or stands.void:
        return False
    if stands.photo_id != at.photo.id or stands.source is not Source.MACHINE:
        return False
    place = {"election": at.election_id, "tps": session.get_one(Region, at.tps_id).code, "form": at.form, "page": at.page}
    action = ReviewAction(
        photo_id=at.photo.id,
        interpretation_id=at.interpretation.id,
        user_id=by,
        at=clock.now(),
        kind=ActionKind.WITHDRAW,
        election_id=at.election_id,
        tps_id=at.tps_id,
        form=at.form,
        page=at.page,
        before={**place, "counted": commit.values_of(stands)},
        after={**place, "counted": None},
        note=why.message,
    )
    session.add(action)
    session.flush()
    commit.write(
        session,
        at.place,
        {},
        photo=at.photo,
        interpretation_id=stands.interpretation_id,
        action=action,
        follows=stands,
        at=action.at,
        void=True,
        note=why.message,
    )
    session.add(
        QueueEntry(
            photo_id=at.photo.id,
            kind=QueueKind.CHECK,
            reasons=[why.to_json()],
            interpretation_id=at.interpretation.id,
            election_id=at.election_id,
            tps_id=at.tps_id,
            form=at.form,
            page=at.page,
            placed=True,
            uploader_id=at.photo.uploader_id,
            since=action.at,
        )
    )
    session.flush()
    return True


def hold_photos(session: Session, photo_ids: Iterable[int], by: int, code: str, detail: str = "") -> tuple[int, int]:
    """Hold many. Returns how many photos, and how many counts of the machine were withdrawn."""
    done = [hold(session, p, by, code, detail) for p in photo_ids]
    return len(done), sum(done)


def quarantine_user(session: Session, user_id: int, by: int, note: str = "") -> tuple[int, int]:
    """Hold back everything one user ever uploaded. Returns as ``hold_photos``."""
    photos = list(session.scalars(select(Photo.id).where(Photo.uploader_id == user_id).order_by(Photo.id)))
    return hold_photos(session, photos, by, reasons.QUARANTINED, note)


def held_doubts(session: Session, photo: Photo) -> list[ReasonText]:
    """Why this photo may not be accepted by the machine, from what is known beside its reading."""
    rows = session.scalars(select(PhotoHold).where(PhotoHold.photo_id == photo.id).order_by(PhotoHold.id))
    return [reasons.own(r.code, detail=r.detail) for r in rows] + likeness_doubts(session, photo)
