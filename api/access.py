"""Who may use which route. Every route declares exactly one ``Access``; the application refuses to start otherwise."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount

from api.errors import ApiError
from api.state import services
from db.types import Role
from db.users import UserView, authenticate, get_user

SAFE = {"GET", "HEAD", "OPTIONS"}
FORM = "application/x-www-form-urlencoded"
PUBLIC_MOUNTS = {"/static", "/vendor"}
"""Folders of files anyone may fetch: style sheets, scripts, icons."""


class Access:
    """A route's rule, used as its dependency: ``dependencies=[Depends(allow(Role.REVIEWER))]``.

    Checks, in this order: who is asking (cookie, or HTTP Basic for scripts), the role, the form token of a changing request
    that came with a cookie (header ``X-CSRF-Token``, or the field ``csrf`` of a small form). The user is left in
    ``request.state.user``. Nothing of a large body has been read by then.
    """

    def __init__(self, roles: Iterable[Role], *, public: bool = False, own_proof: bool = False) -> None:
        self.roles = frozenset(roles)
        self.public = public
        self.own_proof = own_proof

    async def __call__(self, request: Request) -> None:
        user, by_cookie = await run_in_threadpool(identify, request)
        request.state.user = user
        if not self.public:
            if user is None:
                raise ApiError("login_required")
            if user.role not in self.roles:
                raise ApiError("forbidden")
        if request.method in SAFE or self.own_proof:
            return
        if not by_cookie:
            # A browser may add stored HTTP Basic credentials to another site's form by itself; scripts send no such header.
            if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
                raise ApiError("csrf")
        else:
            token = request.headers.get("x-csrf-token")
            if token is None and request.headers.get("content-type", "").startswith(FORM):
                field = (await request.form()).get("csrf")
                token = field if isinstance(field, str) else None
            if not services(request).signer.csrf_ok(request.state.session, token):
                raise ApiError("csrf")


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
    """The user of a request and whether a cookie said so (False: HTTP Basic). Disabled users are nobody.

    Raises:
        ApiError: login_failed or too_many_attempts for HTTP Basic.
    """
    header = request.headers.get("authorization", "")
    if header[:6].lower() == "basic " and request.url.path.startswith("/api/"):
        return _basic(request, header[6:]), False
    session = request.state.session
    if session.user_id is None:
        return None, True
    with services(request).db.reading() as db:
        user = get_user(db, session.user_id)
    return (user if user is not None and user.active else None), True


def _basic(request: Request, encoded: str) -> UserView:
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ApiError("login_failed") from None
    return log_in(request, name, password)


def log_in(request: Request, name: str, password: str) -> UserView:
    """Check a password, with throttling by user name and by address.

    Raises:
        ApiError: login_failed, too_many_attempts.
    """
    held = services(request)
    keys = (f"user:{name.strip().lower()[:80]}", f"host:{request.client.host if request.client else '?'}")
    if wait := held.throttle.wait(*keys):
        raise ApiError("too_many_attempts", headers={"Retry-After": str(wait)}, seconds=wait)
    with held.db.reading() as db:
        user = authenticate(db, name, password)
    if user is None:
        held.throttle.failed(*keys)
        raise ApiError("login_failed")
    held.throttle.succeeded(*keys)
    return user


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
