"""Meta's webhook: the handshake, and the messages. Nothing is acknowledged before it is in the database."""

from __future__ import annotations

import hmac
import json

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from api.access import public, with_own_proof
from api.deps import Held
from api.errors import ApiError
from api.whatsapp.config import WhatsApp
from api.whatsapp.inbox import Inbox, store
from api.whatsapp.updates import signed

router = APIRouter(prefix="/whatsapp", tags=["whatsapp"])

MOST = 4 * 1024 * 1024
"""Bytes of one webhook; Meta's are at most 3 MB."""


def _config(held: Held) -> WhatsApp:
    """Raises ApiError not_found where WhatsApp is not set up."""
    if held.settings.whatsapp is None:
        raise ApiError("not_found")
    return held.settings.whatsapp


@router.get("/webhook", dependencies=[Depends(public())], response_class=PlainTextResponse)
def handshake(
    held: Held,
    mode: str = Query("", alias="hub.mode"),
    token: str = Query("", alias="hub.verify_token"),
    challenge: str = Query("", alias="hub.challenge", max_length=200),
) -> Response:
    """Meta asks once, when the webhook is set up, whether it is ours."""
    config = _config(held)
    if mode != "subscribe" or not hmac.compare_digest(token.encode(), config.verify_token.encode()):
        raise ApiError("bad_signature")
    return PlainTextResponse(challenge)


@router.post("/webhook", dependencies=[Depends(with_own_proof())])
async def receive(request: Request, held: Held) -> dict[str, int]:
    """Messages, signed over the raw body. Answers how many are new."""
    config = _config(held)
    body = await request.body()
    if not signed(config.app_secret, body, request.headers.get("x-hub-signature-256")):
        raise ApiError("bad_signature")
    try:
        update = json.loads(body)
    except ValueError:
        raise ApiError("bad_request") from None
    new = await run_in_threadpool(store, held.db, update)
    inbox: Inbox | None = getattr(request.app.state, "inbox", None)
    if inbox is not None and new:
        inbox.wake()
    return {"new": new}
