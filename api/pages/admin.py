"""The admin's pages: who may log in, as what, and where."""

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
from db import accounts, clock, logins
from db.errors import ServiceError
from db.personal import looks
from db.types import Role
from db.users import create_user, get_user

router = APIRouter(include_in_schema=False)

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
Admin = Depends(allow(Role.ADMIN))


def _page(
    request: Request, held: Held, form: dict[str, str] | None = None, error: str | None = None, status: int = 200, **more: Any
) -> Response:
    with held.db.reading() as session:
        people = everybody(session)
        waiting = accounts.open_invitations(session)
    context: dict[str, Any] = {"people": people, "waiting": waiting, "roles": list(Role), "error": error, "form": form or {}}
    return render(request, "users.html", context | {"invited": None} | more, status)


def _link(request: Request, secret: str) -> str:
    """The whole address, as this admin's browser sees the server."""
    return f"{request.url.scheme}://{request.url.netloc}/undangan/{secret}"


def _role(word: str) -> Role:
    if word not in set(Role):
        raise ApiError("invalid_request", fields="role")
    return Role(word)


def _said(request: Request, error: Exception) -> tuple[str, int]:
    status, body, _ = body_of(error)
    return body["error"]["message_en" if request.state.lang == "en" else "message"], status


@router.get("/pengguna", dependencies=[Admin])
def users(request: Request, held: Held) -> Response:
    return _page(request, held)


@router.post("/pengguna", dependencies=[Admin])
def add(
    request: Request,
    held: Held,
    user: User,
    username: Annotated[str, Form()] = "",
    display_name: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    areas: Annotated[str, Form()] = "",
) -> Response:
    """With a first password the account exists at once; without one a link is made, by which the person chooses his own."""
    name, shown = username.strip().lower(), display_name.strip()[:80]
    try:
        if not USERNAME.fullmatch(name):
            raise ApiError("bad_username")
        with held.db.writing() as session:
            if not password:
                secret = accounts.invite(session, user.id, name, _role(role), shown, areas.split())
            else:
                create_user(session, name, password, _role(role), shown or name, areas.split(), by=user.id)
    except (ApiError, ServiceError) as e:
        text, status = _said(request, e)
        return _page(request, held, {"username": username, "display_name": display_name, "role": role, "areas": areas}, text, status)
    if password:
        return RedirectResponse("/pengguna", 303)
    until = clock.now() + accounts.INVITED_FOR
    return _page(request, held, invited={"username": name, "address": _link(request, secret), "until": until})


@router.post("/pengguna/undangan/{invitation_id}/batal", dependencies=[Admin])
def cancel(invitation_id: Id, held: Held, user: User) -> Response:
    with held.db.writing() as session:
        accounts.end_invitation(session, user.id, invitation_id)
    return RedirectResponse("/pengguna", 303)


@router.get("/pengguna/{user_id}", dependencies=[Admin])
def one(user_id: Id, request: Request, held: Held) -> Response:
    return _one(user_id, request, held)


def _one(user_id: int, request: Request, held: Held, error: Exception | None = None, link: dict[str, Any] | None = None) -> Response:
    with held.db.reading() as session:
        person = get_user(session, user_id)
        if person is None:
            raise ApiError("not_found")
        seen = looks(session, user_id=user_id, limit=20)
    text, status = _said(request, error) if error else (None, 200)
    context = {
        "person": person,
        "roles": list(Role),
        "error": text,
        "invited": link,
        "looks": seen,
    }
    return render(request, "user.html", context, status)


@router.post("/pengguna/{user_id}/hak", dependencies=[Admin])
def rights(
    user_id: Id, request: Request, held: Held, user: User, role: Annotated[str, Form()] = "", areas: Annotated[str, Form()] = ""
) -> Response:
    """Another role or area. Nobody changes his own: there is always somebody who can."""
    try:
        if user_id == user.id:
            raise ApiError("own_account")
        with held.db.writing() as session:
            accounts.set_role(session, user.id, user_id, _role(role), areas.split())
    except (ApiError, ServiceError) as e:
        return _one(user_id, request, held, e)
    return RedirectResponse(f"/pengguna/{user_id}", 303)


@router.post("/pengguna/{user_id}/tautan", dependencies=[Admin])
def reset(user_id: Id, request: Request, held: Held, user: User) -> Response:
    """A link by which the person sets a new password himself: the admin never knows it."""
    with held.db.writing() as session:
        secret = accounts.invite_again(session, user.id, user_id)
    return _one(user_id, request, held, link={"address": _link(request, secret), "until": clock.now() + accounts.RESET_FOR})


@router.post("/pengguna/{user_id}/dua-langkah", dependencies=[Admin])
def end_second(user_id: Id, held: Held, user: User) -> Response:
    """For whoever lost phone and recovery codes."""
    with held.db.writing() as session:
        accounts.end_second_factor(session, user.id, user_id)
    return RedirectResponse(f"/pengguna/{user_id}", 303)


@router.post("/pengguna/{user_id}/keluarkan", dependencies=[Admin])
def log_out(user_id: Id, held: Held) -> Response:
    with held.db.writing() as session:
        logins.end_all(session, user_id)
    return RedirectResponse(f"/pengguna/{user_id}", 303)


@router.post("/pengguna/{user_id}/aktif", dependencies=[Admin])
def switch(user_id: Id, held: Held, user: User, active: Annotated[str, Form()] = "") -> Response:
    with held.db.writing() as session:
        if active == "quarantine":
            revoke_user(session, user.id, user_id)
        else:
            set_active(session, user, user_id, active == "1")
    return RedirectResponse("/pengguna", 303)
