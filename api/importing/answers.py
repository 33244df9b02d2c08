"""An importer's answer to "which TPS is this photo from?"."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import ApiError
from api.state import Services
from db.queries import tps, tps_refs
from db.tables import ImportItem, Photo, PhotoOrigin, UnplacedPhoto
from db.types import Channel, ItemState
from db.users import UserView
from db.views import TpsRef
from review import unplaced
from tally.attribution import Ground


def answered(held: Services, user: UserView, run_id: int, name: str, tps_code: str) -> dict[str, Any]:
    """Take the answer for one picture of an import. Returns the item as the report shows it from now on.

    Raises:
        ApiError: not_found, if there is no such picture in the import, or it does not wait (any more).
        UnknownTps, OutsideArea, AlreadySettled, UnknownPhoto, UnknownUser, NotAllowed.
    """
    with held.db.writing() as session:
        item = session.get(ImportItem, (run_id, name))
        if item is None or item.state is not ItemState.UNCLEAR or item.sha256 is None:
            raise ApiError("not_found")
        row = session.scalar(select(UnplacedPhoto).where(UnplacedPhoto.sha256 == item.sha256))
        if row is None:
            raise ApiError("not_found")
        unplaced.state_tps(session, row.id, by=user.id, tps_code=tps_code)
        _taken(session, item, row, tps(session, tps_code), Ground.ANSWER)
        unread = row.body is None
        unplaced_id = row.id
        found = {"name": name, "state": item.state.value, **item.detail}
    if unread:
        held.reading.enqueue_open(unplaced_id)
    return found


def catch_up(held: Services, run_id: int) -> None:
    """Pictures of an import that were unclear, and whose place the form or a reviewer has told since, are taken."""
    query = (
        select(ImportItem, UnplacedPhoto)
        .join(UnplacedPhoto, UnplacedPhoto.sha256 == ImportItem.sha256)
        .where(ImportItem.run_id == run_id, ImportItem.state == ItemState.UNCLEAR, UnplacedPhoto.photo_id.is_not(None))
    )
    with held.db.reading() as session:
        if session.execute(query.limit(1)).first() is None:
            return
    with held.db.writing() as session:
        for item, row in session.execute(query).all():
            photo = session.get_one(Photo, row.photo_id)
            _taken(session, item, row, tps_refs(session, [photo.tps_id])[photo.tps_id], Ground.PRINTED)


def _taken(session: Session, item: ImportItem, row: UnplacedPhoto, place: TpsRef, why: Ground) -> None:
    told = {k: v for k, v in item.detail.items() if k not in ("code", "message", "message_en", "candidates")}
    item.state, item.photo_id = ItemState.TAKEN, row.photo_id
    item.detail = {**told, "tps": place.code, "label": place.label, "why": why.value}
    if row.photo_id is None or session.get(PhotoOrigin, row.photo_id) is not None:
        return
    sent_at = told.get("sent_at")
    session.add(
        PhotoOrigin(
            photo_id=row.photo_id,
            channel=Channel.IMPORT,
            run_id=item.run_id,
            sent_by=str(told.get("sent_by") or "")[:100],
            sent_at=datetime.fromisoformat(sent_at) if sent_at else None,
            caption=str(told.get("caption") or "")[:2000],
            why=why.value,
        )
    )
    session.flush()
