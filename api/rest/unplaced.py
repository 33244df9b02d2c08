"""Photos whose TPS or election is still open: what became of them, and a person's word on where they belong."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.access import allow, signed_in
from api.deps import Held, Id, User
from api.pictures import thumbnail, upright_jpeg
from db.types import Role
from review import unplaced
from review.errors import UnknownPhoto
from review.unplaced import OpenPhoto, OpenReceipt

router = APIRouter(prefix="/api/unplaced", tags=["photos"])

PLACERS = (Role.REVIEWER, Role.SUPERVISOR)
SMALL = 480


class Place(BaseModel):
    """Where a photo belongs."""

    model_config = ConfigDict(extra="forbid")

    election: str = Field(max_length=40, examples=["bupati-2024"])
    tps: str = Field(max_length=13, examples=["1607011016003"])


def receipt_json(receipt: OpenReceipt) -> dict[str, Any]:
    """``id`` is null: the photo has none yet; ``unplaced`` is what to ask for at /api/unplaced/{unplaced}."""
    return {
        "id": None,
        "unplaced": receipt.unplaced_id,
        "number": receipt.number,
        "sha256": receipt.sha256,
        "sha256_prefix": receipt.sha256[:12],
        "name": receipt.name,
        "election": receipt.election_id,
        "tps": receipt.tps.to_dict() if receipt.tps else None,
        "received_at": receipt.received_at.isoformat(),
        "again": receipt.again,
    }


def open_json(photo: OpenPhoto) -> dict[str, Any]:
    """``state``: reading, waiting (for a person; ``reason`` says why), placed (``photo`` says as what) or put_aside."""
    settled = "placed" if photo.photo_id else "put_aside"
    waits = "waiting" if photo.reason else "reading"
    return {
        "state": settled if photo.closed else waits,
        "photo": photo.photo_id,
        "reason": photo.reason.value if photo.reason else None,
        "form": photo.form,
        "page": photo.page,
        "printed": photo.printed.to_dict() if photo.printed else None,
        "receipt": receipt_json(photo.receipt),
    }


def visible(held: Held, user: User, unplaced_id: int) -> OpenPhoto:
    """An operator sees his own only; others' do not exist for him. Raises UnknownPhoto."""
    with held.db.reading() as session:
        photo = unplaced.open_photo(session, unplaced_id)
    if user.role is Role.OPERATOR and photo.uploader_id != user.id:
        raise UnknownPhoto({"unplaced": unplaced_id})
    return photo


@router.get("", dependencies=[Depends(allow(*PLACERS))])
def waiting(held: Held) -> dict[str, Any]:
    """Photos that only a person can place, oldest first."""
    with held.db.reading() as session:
        return {"photos": [open_json(p) for p in unplaced.waiting(session)]}


@router.get("/{unplaced_id}", dependencies=[Depends(signed_in())])
def status_of(unplaced_id: Id, held: Held, user: User) -> dict[str, Any]:
    """What became of a photo sent with "auto" for its TPS or election."""
    return open_json(visible(held, user, unplaced_id))


@router.get("/{unplaced_id}/picture.jpg", dependencies=[Depends(signed_in())], response_class=Response)
def picture(unplaced_id: Id, held: Held, user: User, width: int = 1600) -> Response:
    """The photo turned upright, at most ``width`` pixels wide (100 to 4000)."""
    sha256 = visible(held, user, unplaced_id).receipt.sha256
    data, width = held.store.get(sha256), max(100, min(width, 4000))
    body = thumbnail(data, width) if width <= SMALL else upright_jpeg(sha256, data, width)
    return Response(body, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"})


@router.post("/{unplaced_id}/place", dependencies=[Depends(allow(*PLACERS))])
def place(unplaced_id: Id, where: Place, held: Held, user: User) -> dict[str, Any]:
    """Say where it belongs. It is then judged like any photo; a print that says otherwise sends it to review."""
    with held.db.writing() as session:
        recorded = unplaced.place(session, unplaced_id, by=user.id, election_id=where.election, tps_code=where.tps)
        photo_id = unplaced.open_photo(session, unplaced_id).photo_id
    if recorded is None and photo_id is not None:
        held.reading.enqueue(photo_id)
    return {"photo": photo_id, "disposition": recorded.disposition.value if recorded else None}


@router.post("/{unplaced_id}/aside", status_code=204, dependencies=[Depends(allow(*PLACERS))])
def aside(unplaced_id: Id, held: Held, user: User) -> Response:
    """Put aside what is no form of ours. The file stays."""
    with held.db.writing() as session:
        unplaced.put_aside(session, unplaced_id, by=user.id)
    return Response(status_code=204)
