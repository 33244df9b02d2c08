"""One's own account: password, second factor, the devices that are logged in. And the page that an invitation's link opens."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from api.access import host_of, log_in, public, signed_in, wait_for_turn
from api.deps import Held, Id, User
from api.errors import ApiError
from api.handlers import body_of
from api.i18n import Translator
from api.pages.login import second_step
from api.second_factor import Seal, address, fresh_secret, qr_svg, step_of
from api.sessions import begin_here
from api.web import render
from db import accounts, logins
from db.errors import ServiceError
from db.tables import User as Row

router = APIRouter(include_in_schema=False)


def _text(request: Request, error: Exception) -> tuple[str, int]:
    status, body, _ = body_of(error)
    return body["error"]["message_en" if request.state.lang == "en" else "message"], status


def _page(request: Request, held: Held, user: User, *, error: str | None = None, saved: bool = False, status: int = 200) -> Response:
    with held.db.reading() as session:
        context: dict[str, Any] = {
            "logins": logins.living(session, user, request.state.session.sid, held.settings.lifetime),
            "since": session.get_one(Row, user.id).totp_since,
            "left": accounts.recovery_codes_left(session, user.id),
        }
    context |= {"error": error, "saved": saved, "must": user.role in held.settings.two_factor}
    return render(request, "account.html", context, status)


@router.get("/akun", dependencies=[Depends(signed_in())])
def account(request: Request, held: Held, user: User, tersimpan: bool = False) -> Response:
    return _page(request, held, user, saved=tersimpan)


@router.post("/akun/sandi", dependencies=[Depends(signed_in())])
def change_password(
    request: Request, held: Held, user: User, now: Annotated[str, Form()] = "", new: Annotated[str, Form()] = ""
) -> Response:
    """The present password once more, so that an unlocked screen is not enough; all other log-ins end and this one gets a new cookie."""
    try:
        _prove(request, held, user, now)
        with held.db.writing() as session:
            accounts.set_password(session, user.id, new[:1000])
    except (ApiError, ServiceError) as e:
        text, status = _text(request, e)
        return _page(request, held, user, error=text, status=status)
    begin_here(request, held.db, held.signer, user.id)
    return RedirectResponse("/akun?tersimpan=1", 303)


def _prove(request: Request, held: Held, user: User, password: str) -> None:
    """Raises WrongPassword, ApiError too_many_attempts: guessed passwords count as those of the log-in page do."""
    keys = (f"user:{user.username}",)
    wait_for_turn(request, keys)
    try:
        with held.db.reading() as session:
            accounts.require_password(session, user.id, password[:1000])
    except accounts.WrongPassword:
        held.throttle.failed(*keys)
        raise


@router.post("/akun/sesi/{login_id}/akhiri", dependencies=[Depends(signed_in())])
def end_login(login_id: Id, held: Held, user: User) -> Response:
    with held.db.writing() as session:
        if not logins.end_one(session, user.id, login_id):
            raise ApiError("not_found")
    return RedirectResponse("/akun", 303)


@router.post("/akun/sesi/akhiri-lain", dependencies=[Depends(signed_in())])
def end_others(request: Request, held: Held, user: User) -> Response:
    with held.db.writing() as session:
        logins.end_all(session, user.id, but=request.state.session.sid)
    return RedirectResponse("/akun", 303)


@router.get("/akun/dua-langkah", dependencies=[Depends(signed_in())])
def second_factor(request: Request, held: Held, user: User) -> Response:
    """A fresh secret for an authenticator; nothing is asked for before it has proved itself."""
    if user.second_factor:
        return RedirectResponse("/akun", 303)
    return _setup(request, held, user)


def _setup(request: Request, held: Held, user: User, error: Exception | None = None) -> Response:
    seal = Seal(held.signer)
    with held.db.reading() as session:
        sealed = accounts.sealed_secret(session, user.id)
    secret = seal.open(sealed) if sealed else None
    if secret is None:
        secret = fresh_secret()
        with held.db.writing() as session:
            accounts.begin_second_factor(session, user.id, seal.close(secret))
    text, status = _text(request, error) if error else (None, 200)
    label = Translator(request.state.lang)("second.qr")
    qr = Markup(qr_svg(address(secret, user.username), label))  # noqa: S704 (our own drawing; the label is escaped in it)
    key = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return render(request, "second_factor.html", {"qr": qr, "key": key, "error": text, "codes": None}, status)


@router.post("/akun/dua-langkah", dependencies=[Depends(signed_in())])
def confirm(request: Request, held: Held, user: User, code: Annotated[str, Form()] = "") -> Response:
    """The first code turns it on; the session goes on under a new cookie, all others end."""
    if user.second_factor:
        return RedirectResponse("/akun", 303)
    keys = (f"code:{user.id}",)
    try:
        wait_for_turn(request, keys)
        with held.db.writing() as session:
            sealed = accounts.sealed_secret(session, user.id)
            secret = Seal(held.signer).open(sealed) if sealed else None
            step = step_of(secret, code[:20]) if secret else None
            codes = accounts.confirm_second_factor(session, user.id, step) if step is not None else None
        if codes is None:
            held.throttle.failed(*keys)
            raise ApiError("wrong_code")
    except ApiError as e:
        return _setup(request, held, user, e)
    begin_here(request, held.db, held.signer, user.id)
    return render(request, "second_factor.html", {"qr": None, "key": None, "error": None, "codes": codes})


@router.post("/akun/dua-langkah/kode-baru", dependencies=[Depends(signed_in())])
def new_codes(request: Request, held: Held, user: User, now: Annotated[str, Form()] = "") -> Response:
    try:
        if not user.second_factor:
            raise ApiError("second_factor_needed")
        _prove(request, held, user, now)
        with held.db.writing() as session:
            codes = accounts.new_recovery_codes(session, user.id)
    except (ApiError, ServiceError) as e:
        text, status = _text(request, e)
        return _page(request, held, user, error=text, status=status)
    return render(request, "second_factor.html", {"qr": None, "key": None, "error": None, "codes": codes})


@router.post("/akun/dua-langkah/mati", dependencies=[Depends(signed_in())])
def turn_off(request: Request, held: Held, user: User, now: Annotated[str, Form()] = "", code: Annotated[str, Form()] = "") -> Response:
    """Takes both: the password and a code."""
    keys = (f"code:{user.id}",)
    try:
        _prove(request, held, user, now)
        wait_for_turn(request, keys)
        if not user.second_factor or not second_step(held, user.id, code[:60]):
            held.throttle.failed(*keys)
            raise ApiError("wrong_code")
        with held.db.writing() as session:
            accounts.end_second_factor(session, user.id, user.id)
    except (ApiError, ServiceError) as e:
        text, status = _text(request, e)
        return _page(request, held, user, error=text, status=status)
    begin_here(request, held.db, held.signer, user.id)
    return RedirectResponse("/akun", 303)


@router.get("/undangan/{secret}", dependencies=[Depends(public())])
def invited(secret: str, request: Request, held: Held) -> Response:
    return _invited(secret, request, held)


def _invited(secret: str, request: Request, held: Held, error: Exception | None = None, differs: bool = False) -> Response:
    keys = (f"host:invited:{host_of(request)}",)
    wait_for_turn(request, keys)
    try:
        with held.db.writing() as session:
            told = accounts.invitation(session, secret[:200])
    except accounts.InvitationOver:
        held.throttle.failed(*keys)
        raise
    text, status = _text(request, error) if error else (None, 422 if differs else 200)
    return render(request, "invited.html", {"secret": secret, "told": told, "error": text, "differs": differs}, status)


@router.post("/undangan/{secret}", dependencies=[Depends(public())])
def accept(
    secret: str, request: Request, held: Held, password: Annotated[str, Form()] = "", again: Annotated[str, Form()] = ""
) -> Response:
    """The link is used up; where the account has a second factor, the log-in page asks for it as always."""
    if password != again:
        return _invited(secret, request, held, differs=True)
    try:
        with held.db.writing() as session:
            user = accounts.accept(session, secret[:200], password[:1000])
    except accounts.InvitationOver:
        raise
    except ServiceError as e:
        return _invited(secret, request, held, e)
    if user.second_factor:
        return RedirectResponse("/masuk", 303)
    log_in(request, user.username, password)  # clears what was counted against the name
    begin_here(request, held.db, held.signer, user.id)
    return RedirectResponse("/", 303)
