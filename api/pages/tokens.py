"""The admin's page of API tokens."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from api.access import allow
from api.deps import Held, Id, User
from api.errors import ApiError
from api.handlers import body_of
from api.web import render
from db import tokens
from db.tokens import BadToken, Scope
from db.types import Role

router = APIRouter(include_in_schema=False)

Admin = Depends(allow(Role.ADMIN))


def _page(request: Request, held: Held, *, secret: str | None = None, error: str | None = None, status: int = 200, **form: Any) -> Response:
    with held.db.reading() as session:
        known = tokens.tokens(session)
    return render(request, "tokens.html", {"tokens": known, "scopes": list(Scope), "secret": secret, "error": error, "form": form}, status)


@router.get("/token", dependencies=[Admin])
def show(request: Request, held: Held) -> Response:
    return _page(request, held)


@router.post("/token", dependencies=[Admin])
def create(
    request: Request,
    held: Held,
    user: User,
    name: Annotated[str, Form()] = "",
    scopes: Annotated[list[str], Form()] = [],  # noqa: B006 (FastAPI copies it)
    areas: Annotated[str, Form()] = "",
    days: Annotated[str, Form()] = "90",
) -> Response:
    """The secret is on this answer and nowhere else."""
    try:
        lasts = int(days) if days.isdecimal() and len(days) < 5 else 0
        with held.db.writing() as session:
            secret, _ = tokens.create(session, user.id, name, scopes, areas.split(), lasts)
    except BadToken as e:
        status, body, _ = body_of(e)
        text = body["error"]["message_en" if request.state.lang == "en" else "message"]
        return _page(request, held, error=text, status=status, name=name, areas=areas, days=days)
    return _page(request, held, secret=secret)


@router.post("/token/{token_id}/cabut", dependencies=[Admin])
def revoke(token_id: Id, held: Held, user: User) -> Response:
    with held.db.writing() as session:
        if not tokens.end(session, user.id, token_id):
            raise ApiError("not_found")
    return RedirectResponse("/token", 303)
