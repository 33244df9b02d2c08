"""Sending photos in, and asking what became of them."""

from __future__ import annotations

import errno
import logging
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from api.access import allow, signed_in
from api.deps import Held, Id, User
from api.errors import ApiError
from api.handlers import body_of
from api.pictures import thumbnail, upright_jpeg
from api.rest.unplaced import receipt_json as open_receipt_json
from api.settings import MIB
from api.state import Services
from db.errors import ServiceError
from db.queries import election, tps
from db.tables import Photo
from db.types import Role
from db.users import UserView
from ocr import photo as photo_file
from ocr.errors import PhotoError
from review.errors import DuplicateOtherTps, DuplicatePhoto, UnknownPhoto
from review.intake import clean_name, receive_photo
from review.receipt import Receipt
from review.status import PhotoStatus, photo_status
from review.unplaced import OpenReceipt, receive_open

log = logging.getLogger("c1.api")
router = APIRouter(prefix="/api/photos", tags=["photos"])

AUTO = "auto"
"""For the TPS or the election: what the form itself says (review.unplaced)."""
MOST_NAME = 120
SMALL = 480
"""Up to this width a picture is for a list, and made quickly."""
UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["election", "tps", "photos"],
                    "properties": {
                        "election": {"type": "string", "description": '"auto": by the form', "example": "ppwp-2024"},
                        "tps": {
                            "type": "string",
                            "description": '13-digit code of the polling station; "auto": as printed on the form',
                            "example": "1607011016003",
                        },
                        "page": {"type": "integer", "description": "page of the form, if the sender knows it"},
                        "photos": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    },
                }
            }
        },
    }
}


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """What the sender keeps: number, time, and the photo's SHA-256 prefix."""
    return {**receipt.to_dict(), "id": receipt.photo_id, "sha256_prefix": receipt.sha256[:12]}


def status_json(status: PhotoStatus) -> dict[str, Any]:
    return {
        "id": status.photo_id,
        "state": status.state.value,
        "form": status.form,
        "page": status.page,
        "reasons": [r.to_json() for r in status.reasons],
        "note": status.note,
        "unclear": status.unclear,
        "counted_by": status.counted_by,
        "finished_at": status.finished_at.isoformat() if status.finished_at else None,
        "receipt": receipt_json(status.receipt),
    }


@router.post("", status_code=202, dependencies=[Depends(allow(Role.OPERATOR))], openapi_extra=UPLOAD_BODY)
async def send(request: Request, held: Held, user: User) -> Response:
    """Take one or several photos for one polling station.

    Answers 202 with a receipt for each photo. A request with one photo answers that photo's error with its own status; one
    with several answers 207 as soon as one of them failed, each with its status. A receipt means: the photo is stored durably.
    """
    limit_rate(held, request, user, 1)
    with held.pressure.upload():
        return await _take_form(request, held, user)


async def _take_form(request: Request, held: Services, user: UserView) -> Response:
    try:
        form = await request.form(max_files=held.settings.max_files, max_fields=10)
    except HTTPException as e:  # what Starlette makes of the parser's MultiPartException; a body over its limit is 413
        if "Too many files" in str(e.detail):
            raise ApiError("too_many_files", max_files=held.settings.max_files) from None
        raise
    except OSError as e:
        if e.errno == errno.ENOSPC:
            raise ApiError("storage_full") from e
        raise
    try:
        limit_rate(held, request, user, max(0, len(form.getlist("photos")) - 1))
        return await run_in_threadpool(_take_all, held, user, form)
    finally:
        await form.close()


CROWD = 25
"""So many senders may share one address: an office, a mobile operator's gateway."""


def limit_rate(held: Services, request: Request, user: UserView, photos: int) -> None:
    """Count photos against the sender's and the address's minute. Raises ApiError too_many_photos."""
    per_minute = held.settings.uploads_per_minute
    host = request.client.host if request.client else "?"
    wait = held.throttle.spend(f"user:{user.id}", photos, per_minute) or held.throttle.spend(f"host:{host}", photos, CROWD * per_minute)
    if wait:
        raise ApiError("too_many_photos", headers={"Retry-After": str(wait)}, seconds=wait)


def _take_all(held: Services, user: UserView, form: FormData) -> Response:
    files = [f for f in form.getlist("photos") if isinstance(f, UploadFile)]
    if not files or (len(files) == 1 and not files[0].filename and not files[0].size):
        raise ApiError("no_files")
    election_id, tps_code = _text(form, "election"), _text(form, "tps")
    page = _page(form)
    with held.db.reading() as session:  # one clear error for all, before any file is looked at
        if election_id != AUTO:
            election(session, election_id, contestants=False)
        if tps_code != AUTO:
            tps(session, tps_code)
    results: list[dict[str, Any]] = []
    for file in files:
        name = clean_name(file.filename or "")[-MOST_NAME:]
        try:
            if AUTO in (election_id, tps_code):
                receipt = open_receipt_json(take_open(held, user, file, name, election_id, tps_code))
            else:
                receipt = receipt_json(take(held, user, file, name, election_id, tps_code, page))
        except (ApiError, ServiceError, PhotoError) as e:
            if isinstance(e, DuplicatePhoto | DuplicateOtherTps):
                e.details["status"] = _earlier(held, e)
            if len(files) == 1:
                raise
            status, body, _ = body_of(e)
            results.append({"name": name, "status": status, **body})
        else:
            results.append({"name": name, "status": 202, "receipt": receipt})
    failed = any(r["status"] != 202 for r in results)
    return JSONResponse({"results": results}, 207 if failed else 202)


def take(held: Services, user: UserView, file: UploadFile, name: str, election_id: str, tps_code: str, page: int | None) -> Receipt:
    """One photo through the door: size, kind, then stored and queued.

    Raises:
        ApiError, PhotoError, ServiceError: why not.
    """
    return take_bytes(held, user, _bytes_of(held, file), name, election_id, tps_code, page)


def _bytes_of(held: Services, file: UploadFile) -> bytes:
    """Raises ApiError if the file is larger than a photo may be."""
    limit = held.settings.max_photo_bytes
    if (file.size or 0) > limit:
        raise ApiError("image_too_large/bytes", max_mib=limit // MIB, bytes=file.size)
    return file.file.read(limit + 1)


def take_open(held: Services, user: UserView, file: UploadFile, name: str, election_id: str, tps_code: str) -> OpenReceipt:
    """One photo whose TPS or election its form is to say: looked at, stored and queued. Raises as ``take`` does."""
    data = _bytes_of(held, file)
    info = photo_file.inspect(data)
    receipt = receive_open(
        held.db,
        held.store,
        data=data,
        name=name,
        media_type=f"image/{info.format.lower()}",
        uploader_id=user.id,
        election_id=None if election_id == AUTO else election_id,
        tps_code=None if tps_code == AUTO else tps_code,
    )
    held.reading.enqueue_open(receipt.unplaced_id)
    return receipt


def take_bytes(held: Services, user: UserView, data: bytes, name: str, election_id: str, tps_code: str, page: int | None) -> Receipt:
    """A photo's bytes, already known to be within the size limit: looked at, stored and queued. Raises as ``take`` does."""
    info = photo_file.inspect(data)
    receipt = receive_photo(
        held.db,
        held.store,
        data=data,
        name=name,
        media_type=f"image/{info.format.lower()}",
        uploader_id=user.id,
        election_id=election_id,
        tps_code=tps_code,
        stated_page=page,
    )
    held.reading.enqueue(receipt.photo_id)
    return receipt


def _earlier(held: Services, error: DuplicatePhoto | DuplicateOtherTps) -> dict[str, Any]:
    """What became of the photo that was sent before."""
    with held.db.reading() as session:
        status = status_json(photo_status(session, error.details["receipt"]["photo"]))
    del status["receipt"]
    return status


def _text(form: FormData, field: str) -> str:
    value = form.get(field)
    if not isinstance(value, str) or not value.strip():
        raise ApiError("invalid_request", fields=field)
    return value.strip()


def _page(form: FormData) -> int | None:
    value = form.get("page")
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.isdecimal() or len(value) > 3:
        raise ApiError("invalid_request", fields="page")
    return int(value)


def visible_status(held: Services, user: UserView, photo_id: int) -> PhotoStatus:
    """The status of a photo. An operator sees his own only; others' do not exist for him."""
    with held.db.reading() as session:
        photo = session.get(Photo, photo_id)
        if photo is None or (user.role is Role.OPERATOR and photo.uploader_id != user.id):
            raise UnknownPhoto({"photo": photo_id})
        return photo_status(session, photo_id)


@router.get("/{photo_id}", dependencies=[Depends(signed_in())])
def status_of(photo_id: Id, held: Held, user: User) -> dict[str, Any]:
    """What became of a photo: reading, counted, in_review, unreadable, wrong_form or rejected, and why."""
    return status_json(visible_status(held, user, photo_id))


@router.get("/{photo_id}/picture.jpg", dependencies=[Depends(signed_in())], response_class=Response)
def picture(photo_id: Id, held: Held, user: User, width: int = 1600) -> Response:
    """The photo turned upright by its EXIF tag, at most ``width`` pixels wide (100 to 4000)."""
    status = visible_status(held, user, photo_id)
    sha256 = status.receipt.sha256
    data, width = held.store.get(sha256), max(100, min(width, 4000))
    body = thumbnail(data, width) if width <= SMALL else upright_jpeg(sha256, data, width)
    return Response(body, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400, immutable"})
