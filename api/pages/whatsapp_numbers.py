"""The admin's page for WhatsApp: whose the numbers are, and what unknown ones have sent."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from api.access import allow
from api.deps import Held, Id, User
from api.errors import ApiError
from api.handlers import body_of
from api.pictures import thumbnail, upright_jpeg
from api.web import render
from api.whatsapp.held import held_messages, held_picture
from api.whatsapp.inbox import Inbox
from api.whatsapp.senders import register, revoke, senders
from db.errors import ServiceError
from db.tables import User as UserRow
from db.types import Role, SenderState
from review import people

router = APIRouter(include_in_schema=False)
Admin = Depends(allow(Role.ADMIN))
SMALL = 480


def _page(request: Request, held: Held, error: str = "", phone: str = "", done: str = "", status: int = 200) -> Response:
    with held.db.reading() as session:
        every = senders(session)
        unknown = {s.id: held_messages(session, s.id) for s in every if s.state is not SenderState.ACTIVE and s.held}
        owners = session.execute(
            select(UserRow.username, UserRow.display_name)
            .where(UserRow.active, UserRow.role.in_(people.UPLOADERS))
            .order_by(UserRow.username)
        ).all()
    context: dict[str, Any] = {
        "senders": every,
        "waiting": unknown,
        "owners": [tuple(o) for o in owners],
        "on": held.settings.whatsapp is not None,
        "error": error,
        "phone": phone,
        "done": done,
    }
    return render(request, "whatsapp_numbers.html", context, status)


@router.get("/nomor", dependencies=[Admin])
def numbers(request: Request, held: Held, tercatat: str = "", dicabut: int = 0, ditarik: int = 0) -> Response:
    done = ""
    if tercatat:
        done = "registered"
    elif "dicabut" in request.query_params:
        done = "revoked"
    return _page(request, held, done=done)


@router.post("/nomor", dependencies=[Admin])
def add(
    request: Request,
    held: Held,
    user: User,
    phone: Annotated[str, Form(max_length=40)] = "",
    username: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Make a number a user's; what it sent before is worked on."""
    try:
        with held.db.writing() as session:
            owner = session.scalar(select(UserRow.id).where(UserRow.username == username.strip().lower()))
            if owner is None:
                raise ApiError("invalid_request", fields="username")
            register(session, user.id, phone, owner)
    except (ApiError, ServiceError) as e:
        status, body, _ = body_of(e)
        text = body["error"]["message_en" if request.state.lang == "en" else "message"]
        return _page(request, held, error=text, phone=phone, status=status)
    inbox: Inbox | None = getattr(request.app.state, "inbox", None)
    if inbox is not None:
        inbox.wake()
    return RedirectResponse("/nomor?tercatat=1", 303)


@router.post("/nomor/{sender_id}/cabut", dependencies=[Admin])
def take_back(sender_id: Id, held: Held, user: User, note: Annotated[str, Form(max_length=300)] = "") -> Response:
    """Out of service; what came from it goes before a person."""
    with held.db.writing() as session:
        photos, withdrawn = revoke(session, user.id, sender_id, note.strip())
    return RedirectResponse(f"/nomor?dicabut={photos}&ditarik={withdrawn}", 303)


@router.get("/nomor/pesan/{message_id}/foto.jpg", dependencies=[Admin], response_class=Response)
def picture(message_id: Id, held: Held, width: int = 240) -> Response:
    """A picture that waits in quarantine, so that an admin can tell who may have sent it."""
    with held.db.reading() as session:
        sha256 = held_picture(session, message_id)
    if sha256 is None:
        raise ApiError("not_found")
    data, width = held.store.get(sha256), max(100, min(width, 2000))
    body = thumbnail(data, width) if width <= SMALL else upright_jpeg(sha256, data, width)
    return Response(body, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})
