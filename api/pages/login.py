"""Log in, log out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.access import log_in, public, signed_in
from api.deps import Held
from api.errors import ApiError
from api.pages.home import safe_path
from api.web import render

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
    try:
        user = await run_in_threadpool(log_in, request, username[:80], password[:1000])
    except ApiError as e:
        page = {"lanjut": safe_path(lanjut), "name": username[:80], "error": e.message(request.state.lang)}
        answer = render(request, "login.html", page, e.status)
        answer.headers.update(e.headers)
        return answer
    request.state.session = held.signer.fresh(user.id)
    return RedirectResponse(safe_path(lanjut), 303)


@router.post("/keluar", dependencies=[Depends(signed_in())])
def leave(request: Request, held: Held) -> Response:
    request.state.session = held.signer.fresh()
    return RedirectResponse("/masuk", 303)
