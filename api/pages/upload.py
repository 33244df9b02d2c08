"""The operator's page: send photos, see what became of them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held, Id, User
from api.rest.photos import visible_status
from api.settings import MIB
from api.web import render
from db.queries import elections
from db.types import Role
from review.status import PhotoState, PhotoStatus, photos_of

router = APIRouter(include_in_schema=False)

TONES = {
    PhotoState.READING: "busy",
    PhotoState.COUNTED: "good",
    PhotoState.IN_REVIEW: "wait",
    PhotoState.UNREADABLE: "bad",
    PhotoState.WRONG_FORM: "bad",
    PhotoState.REJECTED: "bad",
}


def card(status: PhotoStatus) -> dict[str, Any]:
    return {"status": status, "tone": TONES[status.state], "done": status.state is not PhotoState.READING}


@router.get("/unggah", dependencies=[Depends(allow(Role.OPERATOR))])
def page(request: Request, held: Held, user: User) -> Response:
    with held.db.reading() as session:
        contests = elections(session)
        sent = photos_of(session, user.id, limit=30)
    most = held.settings.max_photo_bytes
    limits = {"max_bytes": most, "max_mib": most // MIB}
    return render(request, "upload.html", {"elections": contests, "cards": [card(s) for s in sent], **limits})


@router.get("/foto/{photo_id}", dependencies=[Depends(allow(Role.OPERATOR))])
def photo(photo_id: Id, request: Request, held: Held, user: User) -> Response:
    """One photo's card: as a part for htmx, which asks again while it is being read, else as a page to keep a link to."""
    part = "hx-request" in request.headers
    context = {"card": card(visible_status(held, user, photo_id))}
    return render(request, "photo_card.html" if part else "photo.html", context)
