"""Who may use which route. Every route declares exactly one ``Access``; the application refuses to start otherwise."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterable

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount

from api.errors import ApiError
from api.limits import TOKEN_ROUTES, limit_to_area, note_look, path_of
from api.state import services
from db import logins, tokens
from db.tokens import TokenView
from db.types import Role
from db.users import UserView, authenticate

log = logging.getLogger("c1.access")

SAFE = {"GET", "HEAD", "OPTIONS"}
FORM = "application/x-www-form-urlencoded"
PUBLIC_MOUNTS = {"/static", "/vendor"}
"""Folders of files anyone may fetch: style sheets, scripts, icons."""
MOST_DIGITS = 16
"""No number of ours is longer; what is would overflow the database's, which schemathesis found in offsets."""
WITHOUT_SECOND_FACTOR = ("/akun", "/keluar")
"""All that an account can reach which must have a second factor and has none yet."""


class Access:
    """A route's rule, used as its dependency: ``dependencies=[Depends(allow(Role.REVIEWER))]``.

    Checks, in this order: who is asking (cookie; HTTP Basic or an API token for scripts), the role, the second factor where one is
    demanded, the area (``api.limits``), the form token of a changing request that came with a cookie (header ``X-CSRF-Token``, or the
    field ``csrf`` of a small form). Then a look at personal data is noted. The user is left in ``request.state.user``. Nothing of a large
    body has been read by then.
    """

    def __init__(self, roles: Iterable[Role], *, public: bool = False, own_proof: bool = False) -> None:
        self.roles = frozenset(roles)
        self.public = public
        self.own_proof = own_proof

    async def __call__(self, request: Request) -> None:
        if huge := [k for k, v in request.query_params.items() if len(v) > MOST_DIGITS and v.lstrip("+-").isdecimal()]:
            raise ApiError("invalid_request", fields=", ".join(huge))
        if (secret := _bearer(request)) is not None:
            await run_in_threadpool(self._by_token, request, secret)
            return
        user, by_cookie = await run_in_threadpool(identify, request)
        request.state.user = user
        if not self.public:
            if user is None:
                raise ApiError("login_required")
            if user.role not in self.roles:
                raise ApiError("forbidden")
            held = services(request)
            if user.role in held.settings.two_factor and not user.second_factor and not path_of(request).startswith(WITHOUT_SECOND_FACTOR):
                raise ApiError("second_factor_needed")
            if user.areas:
                await run_in_threadpool(limit_to_area, request, held, user, user.role)
        if request.method not in SAFE and not self.own_proof:
            await self._form_token(request, by_cookie)
        if user is not None and not self.public:
            await run_in_threadpool(note_look, request, services(request), user)

    async def _form_token(self, request: Request, by_cookie: bool) -> None:
        if not by_cookie:
            # A browser may add stored HTTP Basic credentials to another site's form by itself; scripts send no such header.
            if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
                raise ApiError("csrf")
            return
        token = request.headers.get("x-csrf-token")
        if token is None and request.headers.get("content-type", "").startswith(FORM):
            field = (await request.form()).get("csrf")
            token = field if isinstance(field, str) else None
        if not services(request).signer.csrf_ok(request.state.session, token):
            raise ApiError("csrf")

    def _by_token(self, request: Request, secret: str) -> None:
        """Another system: reads what ``api.limits.TOKEN_ROUTES`` opens, within its area. Roles do not come into it, nor do form tokens."""
        request.state.user = None
        held = services(request)
        token = _token(request, secret)
        request.state.token = token
        if self.public:
            return
        scopes = TOKEN_ROUTES.get(path_of(request), frozenset())
        if request.method not in SAFE or not scopes & set(token.scopes):
            raise ApiError("token_scope", scopes=[s.value for s in token.scopes])
        limit_to_area(request, held, token, None)


def allow(*roles: Role) -> Access:
    """Only these roles."""
    if not roles:
        raise ValueError("a rule needs at least one role; use public() or signed_in()")
    return Access(roles)


def signed_in() -> Access:
    """Any user."""
    return Access(Role)


def public() -> Access:
    """Anyone, without log-in."""
    return Access((), public=True)


def with_own_proof() -> Access:
    """Anyone who proves himself otherwise than by log-in and form token: the route checks a signature over the body."""
    return Access((), public=True, own_proof=True)


def identify(request: Request) -> tuple[UserView | None, bool]:
    """The user of a request and whether a cookie said so (False: HTTP Basic). Disabled users, and log-ins that ended, are nobody.

    Raises:
        ApiError: login_failed, too_many_attempts or second_factor_needed for HTTP Basic.
    """
    header = request.headers.get("authorization", "")
    if header[:6].lower() == "basic " and request.url.path.startswith("/api/"):
        return _basic(request, header[6:]), False
    session = request.state.session
    if session.user_id is None:
        return None, True
    held = services(request)
    with held.db.reading() as db:
        found = logins.user_of(db, session.sid, session.user_id, held.settings.lifetime)
    if found is None:
        return None, True
    user, due = found
    if due:
        try:
            with held.db.writing() as db:
                logins.touch(db, session.sid)
        except Exception:  # reading goes on where nothing can be written: full disk, database in recovery
            log.warning("the last use of a log-in could not be noted", exc_info=True)
    return user, True


def _basic(request: Request, encoded: str) -> UserView:
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ApiError("login_failed") from None
    user = log_in(request, name, password)
    if user.second_factor or user.role in services(request).settings.two_factor:
        raise ApiError("second_factor_needed")  # a password alone must not be enough for such an account anywhere
    return user


def _bearer(request: Request) -> str | None:
    header = request.headers.get("authorization", "")
    if header[:7].lower() == "bearer " and (request.url.path.startswith("/api/") or request.url.path == "/metrics"):
        return header[7:].strip()
    return None


def _token(request: Request, secret: str) -> TokenView:
    """Raises ApiError bad_token, too_many_attempts, too_many_requests."""
    held = services(request)
    host = f"token:{host_of(request)}"
    if wait := held.throttle.wait(host):
        raise ApiError("too_many_attempts", headers={"Retry-After": str(wait)}, seconds=wait)
    with held.db.reading() as db:
        token = tokens.token_of(db, secret)
    if token is None:
        held.throttle.failed(host)
        raise ApiError("bad_token")
    if wait := held.throttle.spend(f"token:{token.id}", 1, held.settings.token_requests_per_minute):
        raise ApiError("too_many_requests", headers={"Retry-After": str(wait)}, seconds=wait)
    if tokens.touch_due(token):
        with held.db.writing() as db:
            tokens.touch(db, token)
    return token


def host_of(request: Request) -> str:
    return request.client.host if request.client else "?"


def log_in(request: Request, name: str, password: str) -> UserView:
    """Check a password, with throttling by user name and by address.

    Raises:
        ApiError: login_failed, too_many_attempts.
    """
    held = services(request)
    keys = (f"user:{name.strip().lower()[:80]}", f"host:{host_of(request)}")
    wait_for_turn(request, keys)
    with held.db.reading() as db:
        user = authenticate(db, name, password)
    if user is None:
        held.throttle.failed(*keys)
        log.info("log-in failed")
        raise ApiError("login_failed")
    held.throttle.succeeded(*keys)
    return user


def wait_for_turn(request: Request, keys: tuple[str, ...]) -> None:
    """Raises ApiError too_many_attempts while one of ``keys`` has to wait."""
    if wait := services(request).throttle.wait(*keys):
        raise ApiError("too_many_attempts", headers={"Retry-After": str(wait)}, seconds=wait)


class RuleMissing(RuntimeError):
    """A route without exactly one access rule."""


def rules(app: FastAPI) -> dict[tuple[str, str], Access]:
    """(method, path) -> rule, over all routes.

    Raises:
        RuleMissing: naming every route that declares none, or more than one.
    """
    found: dict[tuple[str, str], Access] = {}
    bad: list[str] = []
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, Mount) and route.path in PUBLIC_MOUNTS:
            continue
        declared = [d.call for d in context.dependant.dependencies if isinstance(d.call, Access)] if isinstance(route, APIRoute) else []
        if len(declared) != 1:
            bad.append(f"{context.path}: {len(declared)} rules")
            continue
        for method in sorted(context.methods or ()):
            found[method, str(context.path)] = declared[0]
    if bad:
        raise RuleMissing("every route needs exactly one access rule (api.access): " + "; ".join(bad))
    return found
