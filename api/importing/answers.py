"""An importer's answer to "which TPS is this photo from?"."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from api.errors import ApiError
from api.state import Services
from db.queries import tps
from db.tables import ImportItem, PhotoOrigin, UnplacedPhoto
from db.types import Channel, ItemState
from db.users import UserView
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
        told = {k: v for k, v in item.detail.items() if k not in ("code", "message", "message_en", "candidates")}
        item.state = ItemState.TAKEN
        item.photo_id = row.photo_id
        item.detail = {**told, "tps": tps_code, "label": tps(session, tps_code).label, "why": Ground.ANSWER.value}
        if row.photo_id is not None and session.get(PhotoOrigin, row.photo_id) is None:
            session.add(
                PhotoOrigin(
                    photo_id=row.photo_id,
                    channel=Channel.IMPORT,
                    run_id=run_id,
                    sent_by=str(told.get("sent_by") or "")[:100],
                    sent_at=None,
                    caption=str(told.get("caption") or "")[:2000],
                    why=Ground.ANSWER.value,
                )
            )
        unread = row.body is None
        unplaced_id = row.id
        found = {"name": name, "state": item.state.value, **item.detail}
    if unread:
        held.reading.enqueue_open(unplaced_id)
    return found
