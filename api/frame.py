"""What stands around every request: session, language, size limit, security headers. A plain ASGI middleware, so bodies keep streaming."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import i18n
from api.errors import ApiError
from api.sessions import COOKIE, Session, SessionSigner

SMALL_BODY = 2 * 1024 * 1024
"""Largest body, in bytes, of a request whose path states no other limit."""

OnError = Callable[[Request, Exception], Response]
"""Makes the answer to an exception that nothing else has caught; inside the frame, so that it has the headers too."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), payment=(), usb=()",
}


def content_security_policy(import_map_hash: str) -> str:
    """Own files only. The one inline script is the import map (browsers take none from a file), pinned by its hash.

    ``data:`` pictures are Bootstrap's own icons inside its style sheet; ``blob:`` the preview of a photo before it is sent.
    """
    return (
        f"default-src 'self'; script-src 'self' '{import_map_hash}'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


class Frame:
    """Puts ``session`` and ``lang`` into request.state; sends the session's cookie when a route replaced ``state.session``."""

    def __init__(
        self, app: ASGIApp, *, signer: SessionSigner, csp: str, secure: bool, on_error: OnError, body_limits: Mapping[str, int]
    ) -> None:
        self.app = app
        self.body_limits = body_limits
        self.on_error = on_error
        self.signer = signer
        self.csp = csp
        self.secure = secure
        self.cookie = f"__Host-{COOKIE}" if secure else COOKIE
        """Over HTTPS the browser itself sees to it that no other host or path can have set it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        cookies = _cookies(headers.get("cookie", ""))
        came = self.signer.load(cookies.get(self.cookie))
        state = scope.setdefault("state", {})
        state["session"] = came or self.signer.fresh()
        state["lang"] = i18n.choose(cookies.get(i18n.COOKIE), headers.get("accept-language"))
        path: str = scope["path"]
        static = path.startswith(("/static/", "/vendor/"))

        limit = self.body_limits.get(path, SMALL_BODY)
        declared = headers.get("content-length", "")
        read = 0
        started = False

        async def receive_limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise HTTPException(413)  # the one kind of error that body parsers let through
            return message

        async def send_framed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                out = MutableHeaders(scope=message)
                for k, v in HEADERS.items():
                    out.setdefault(k, v)
                out.setdefault("Content-Security-Policy", self.csp)
                if self.secure:
                    out.setdefault("Strict-Transport-Security", "max-age=31536000")
                if static:  # our links to them carry their fingerprint; what modules import from each other does not
                    fixed = b"v=" in scope["query_string"] and message["status"] == 200
                    out["Cache-Control"] = "public, max-age=31536000, immutable" if fixed else "no-cache"
                else:
                    out.setdefault("Cache-Control", "no-store")
                    if "immutable" not in out["Cache-Control"]:  # a renewed cookie must not empty the browser's store of pictures
                        out.add_vary_header("Cookie")
                        out.add_vary_header("Accept-Language")
                    session: Session = state["session"]
                    html = out.get("content-type", "").startswith("text/html")
                    # A visitor without a session needs one as soon as he is shown a page (its forms carry the token);
                    # a user's cookie is renewed with every page, so that a session ends after idling, not in mid-work.
                    known = session.user_id is not None
                    if (session != came and (html or known or came is not None)) or (html and known):
                        out.append("set-cookie", self._cookie(session))
            await send(message)

        try:
            if declared.isdigit() and int(declared) > limit:
                raise ApiError("request_too_large")
            await self.app(scope, receive_limited, send_framed)
        except Exception as e:
            if started:
                raise
            response = self.on_error(Request(scope, receive), e)
            await response(scope, receive, send_framed)

    def _cookie(self, session: Session) -> str:
        return f"{self.cookie}={self.signer.dump(session)}; Path=/; HttpOnly; SameSite=Lax; Max-Age={self.signer.max_age}" + (
            "; Secure" if self.secure else ""
        )


def _cookies(header: str) -> dict[str, str]:
    """A malformed header is no cookie, and no reason to fail."""
    try:
        return {k: m.value for k, m in SimpleCookie(header).items()}
    except CookieError:
        return {}
