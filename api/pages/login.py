"""Log in, with the second factor where the account has one; log out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.access import log_in, public, signed_in, wait_for_turn
from api.deps import Held
from api.errors import ApiError
from api.pages.home import safe_path
from api.second_factor import Seal, step_of
from api.sessions import begin_here
from api.state import Services
from api.web import render
from db import accounts, logins

router = APIRouter(include_in_schema=False)


@router.get("/masuk", dependencies=[Depends(public())])
def show(request: Request, lanjut: str = "/") -> Response:
    if request.state.user is not None:
        return RedirectResponse(safe_path(lanjut), 303)
    return render(request, "login.html", {"lanjut": safe_path(lanjut), "name": "", "error": None})


@router.post("/masuk", dependencies=[Depends(public())])
async def enter(
    request: Request,
    held: Held,
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    lanjut: Annotated[str, Form()] = "/",
) -> Response:
    """A right password gets a new session, so that a cookie planted before log-in is worth nothing after it."""
    return await run_in_threadpool(_enter, request, held, username[:80], password[:1000], safe_path(lanjut))


def _enter(request: Request, held: Services, username: str, password: str, onwards: str) -> Response:
    try:
        user = log_in(request, username, password)
    except ApiError as e:
        answer = render(request, "login.html", {"lanjut": onwards, "name": username, "error": e.message(request.state.lang)}, e.status)
        answer.headers.update(e.headers)
        return answer
    if user.second_factor:
        request.state.session = held.signer.half(user.id)
        return _code_page(request, onwards)
    begin_here(request, held.db, held.signer, user.id)
    return RedirectResponse(onwards, 303)


def _code_page(request: Request, onwards: str, error: ApiError | None = None) -> Response:
    said = error.message(request.state.lang) if error else None
    answer = render(request, "login_code.html", {"lanjut": onwards, "error": said}, error.status if error else 200)
    answer.headers.update(error.headers if error else {})
    return answer


@router.post("/masuk/kode", dependencies=[Depends(public())])
async def enter_code(request: Request, held: Held, code: Annotated[str, Form()] = "", lanjut: Annotated[str, Form()] = "/") -> Response:
    """The second step: a code of the authenticator, or one of the recovery codes. Only then is there a session."""
    return await run_in_threadpool(_enter_code, request, held, code[:60], safe_path(lanjut))


def _enter_code(request: Request, held: Services, code: str, onwards: str) -> Response:
    user_id = request.state.session.waits_for
    if user_id is None:
        return RedirectResponse("/masuk", 303)
    keys = (f"code:{user_id}",)
    try:
        wait_for_turn(request, keys)
        if not second_step(held, user_id, code):
            held.throttle.failed(*keys)
            raise ApiError("wrong_code")
    except ApiError as e:
        return _code_page(request, onwards, e)
    held.throttle.succeeded(*keys)
    begin_here(request, held.db, held.signer, user_id)
    return RedirectResponse(onwards, 303)


def second_step(held: Services, user_id: int, code: str) -> bool:
    """Is this a code of the user's authenticator, or one of his recovery codes, not used before? It is used up by this."""
    with held.db.writing() as session:
        sealed = accounts.sealed_secret(session, user_id)
        secret = Seal(held.signer).open(sealed) if sealed else None
        step = step_of(secret, code) if secret else None
        if step is not None:
            return accounts.take_step(session, user_id, step)
        return len(code) > 10 and accounts.use_recovery_code(session, user_id, code)


@router.post("/keluar", dependencies=[Depends(signed_in())])
def leave(request: Request, held: Held) -> Response:
    """The session ends on the server too: a copy of its cookie is worth nothing from now on."""
    with held.db.writing() as session:
        logins.end(session, request.state.session.sid)
    request.state.session = held.signer.fresh()
    return RedirectResponse("/masuk", 303)
