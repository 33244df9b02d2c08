"""A photo in pieces, for lines that break: say what comes, send pieces from where the server stands, get the receipt with the last.

    POST  /api/uploads            {key, size, name, election, tps, page?, sha256?}  -> {"state": "open", "offset": 0}
    PATCH /api/uploads/KEY?offset=0   the bytes                                     -> {"state": "open", "offset": 262144}
                                                                  or, with the last -> {"state": "received", "receipt": {...}}

Beginning again answers how much is here already; a photo that was received before answers its receipt at once and costs no bytes.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api.access import allow
from api.deps import Held, User
from api.errors import ApiError
from api.rest.photos import limit_rate, receipt_json, take_bytes
from api.settings import MIB
from api.state import Services
from db.pieces import Pieces, Piecewise
from db.types import Role
from db.users import UserView
from ocr.errors import PhotoError
from review.errors import DuplicateOtherTps, DuplicatePhoto
from review.intake import clean_name, expect_photo
from review.receipt import Receipt

router = APIRouter(prefix="/api/uploads", tags=["photos"])

MAX_PIECE = MIB
HEX64 = r"^[0-9a-f]{64}$"


class Start(BaseModel):
    """What a sender says before the first byte. ``key`` names the upload: the photo's SHA-256 where the phone can compute it."""

    key: str = Field(pattern=HEX64)
    size: int = Field(ge=1)
    name: str = Field(default="", max_length=500)
    election: str = Field(min_length=1, max_length=40)
    tps: str = Field(min_length=1, max_length=20)
    page: int | None = Field(default=None, ge=1, le=999)
    sha256: str | None = Field(default=None, pattern=HEX64)


@router.post("", dependencies=[Depends(allow(Role.OPERATOR))])
def start(body: Start, request: Request, held: Held, user: User) -> dict[str, Any]:
    """Begin, or ask how far it got. Everything that can be refused is refused here, before bytes are spent on it."""
    limit = held.settings.max_photo_bytes
    if body.size > limit:
        raise ApiError("image_too_large/bytes", max_mib=limit // MIB, bytes=body.size)
    try:
        with held.db.reading() as session:
            expect_photo(session, user.id, body.election, body.tps, body.page, body.sha256)
    except DuplicateOtherTps:
        raise
    except DuplicatePhoto as e:
        pieces_of(held).drop(user.id, body.key)
        return _received(e.receipt, again=True)
    facts = body.model_dump(exclude={"key", "size"})
    upload = pieces_of(held).begin(user.id, body.key, body.size, facts)
    if upload.offset == 0:  # one that goes on was counted when it began
        limit_rate(held, request, user, 1)
    return _open(upload)


@router.patch(
    "/{key}",
    dependencies=[Depends(allow(Role.OPERATOR))],
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def piece(key: str, request: Request, held: Held, user: User, offset: int = Query(ge=0)) -> dict[str, Any]:
    """One piece of at most 1 MiB, from ``offset`` on. The last one answers as an upload in one go does."""
    with held.pressure.upload():
        data = await request.body()
        if len(data) > MAX_PIECE:
            raise ApiError("request_too_large")
        return await run_in_threadpool(_add, held, user, key, offset, data)


def _add(held: Services, user: UserView, key: str, offset: int, data: bytes) -> dict[str, Any]:
    pieces = pieces_of(held)
    upload = pieces.add(user.id, key, offset, data)
    if upload.offset < upload.size:
        return _open(upload)
    whole = pieces.read(upload)
    said = upload.facts["sha256"]
    if said is not None and not hmac.compare_digest(hashlib.sha256(whole).hexdigest(), said):
        pieces.drop(user.id, key)
        raise ApiError("upload_damaged")
    facts = upload.facts
    again = False
    try:
        receipt = take_bytes(held, user, whole, clean_name(facts["name"]), facts["election"], facts["tps"], facts["page"])
    except DuplicateOtherTps:
        pieces.drop(user.id, key)
        raise
    except DuplicatePhoto as e:
        receipt, again = e.receipt, True
    except PhotoError:
        pieces.drop(user.id, key)  # no photo, and it will not become one
        raise
    pieces.drop(user.id, key)  # only after the receipt: a server killed before it goes on from the last piece
    return _received(receipt, again=again)


def pieces_of(held: Services) -> Pieces:
    return Pieces(held.settings.data / "pieces")


def _open(upload: Piecewise) -> dict[str, Any]:
    return {"state": "open", "offset": upload.offset}


def _received(receipt: Receipt, *, again: bool) -> dict[str, Any]:
    return {"state": "received", "receipt": receipt_json(receipt), "again": again}
