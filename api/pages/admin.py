"""The admin's page: who may log in."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from api.access import allow
from api.deps import Held, Id, User
from api.errors import ApiError
from api.handlers import body_of
from api.people import everybody, revoke_user, set_active
from api.web import render
from db.errors import ServiceError
from db.types import Role
from db.users import create_user

router = APIRouter(include_in_schema=False)

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")


def _page(request: Request, held: Held, form: dict[str, str] | None = None, error: str | None = None, status: int = 200) -> Response:
    with held.db.reading() as session:
        people = everybody(session)
    context: dict[str, Any] = {"people": people, "roles": list(Role), "error": error, "form": form or {}}
    return render(request, "users.html", context, status)


@router.get("/pengguna", dependencies=[Depends(allow(Role.ADMIN))])
def users(request: Request, held: Held) -> Response:
    return _page(request, held)


@router.post("/pengguna", dependencies=[Depends(allow(Role.ADMIN))])
def add(
    request: Request,
    held: Held,
    username: Annotated[str, Form()] = "",
    display_name: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    name = username.strip().lower()
    try:
        if not USERNAME.fullmatch(name):
            raise ApiError("bad_username")
        if role not in set(Role):
            raise ApiError("invalid_request", fields="role")
        with held.db.writing() as session:
            create_user(session, name, password, Role(role), display_name.strip()[:80] or name)
    except (ApiError, ServiceError) as e:
        status, body, _ = body_of(e)
        text = body["error"]["message_en" if request.state.lang == "en" else "message"]
        return _page(request, held, {"username": username, "display_name": display_name, "role": role}, text, status)
    return RedirectResponse("/pengguna", 303)


@router.post("/pengguna/{user_id}/aktif", dependencies=[Depends(allow(Role.ADMIN))])
def switch(user_id: Id, held: Held, user: User, active: Annotated[str, Form()] = "") -> Response:
    with held.db.writing() as session:
        if active == "quarantine":
            revoke_user(session, user.id, user_id)
        else:
            set_active(session, user, user_id, active == "1")
    return RedirectResponse("/pengguna", 303)
