"""The operator's page: send photos, see what became of them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held, Id, User
from api.i18n import Translator
from api.rest.photos import visible_status
from api.settings import MIB
from api.texts import TEXTS
from api.web import render
from db.queries import elections
from db.types import Role
from db.users import may_upload
from review.checklist import checklist
from review.errors import OutsideArea
from review.status import PhotoState, PhotoStatus, photos_of

router = APIRouter(include_in_schema=False)

SAID = ("phone.", "upload.sending", "upload.storing", "upload.retry", "upload.earlier", "upload.too_large", "upload.tps.missing")
"""What the page's script may have to say."""

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
    t = Translator(getattr(request.state, "lang", "id"))
    said = {k: t(k, max_mib=most // MIB) if k == "upload.too_large" else t(k) for k in TEXTS if k.startswith(SAID)}
    context = {"elections": contests, "cards": [card(s) for s in sent], "election": None, "texts": said, **limits}
    return render(request, "upload.html", context)


@router.get("/unggah/daftar", dependencies=[Depends(allow(Role.OPERATOR))])
def pages_of_tps(request: Request, held: Held, user: User, tps: str, election: str = "") -> Response:
    """Part of the page: which pages a polling station owes, and how far each is. ``election``: the one to show open."""
    with held.db.reading() as session:
        if not may_upload(session, user.id, tps):
            raise OutsideArea({"tps": tps})
        found = checklist(session, tps)
    return render(request, "checklist.html", {"list": found, "election": election})


@router.get("/foto/{photo_id}", dependencies=[Depends(allow(Role.OPERATOR))])
def photo(photo_id: Id, request: Request, held: Held, user: User) -> Response:
    """One photo's card: as a part for htmx, which asks again while it is being read, else as a page to keep a link to."""
    part = "hx-request" in request.headers
    context = {"card": card(visible_status(held, user, photo_id))}
    return render(request, "photo_card.html" if part else "photo.html", context)
