"""Session cookies, the rows behind them, and the token that protects forms.

The cookie is signed (itsdangerous) and carries a random id; the log-in itself is a row on the server (``db.logins``), found by the id's
hash, so that it can be listed, ended and timed out, and a forged signature alone is worth nothing. The id is new at every log-in, after
the second factor and at a change of password (no session fixation); the form token is an HMAC of it, so that a token of one session is
worth nothing in another.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass

from fastapi import Request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from db import logins
from db.session import Database

COOKIE = "c1_session"
PENDING_SECONDS = 300
"""How long the second factor may take after the password."""


@dataclass(frozen=True, slots=True)
class Session:
    """``user_id`` is None before log-in; ``pending``: whose password was right, with the second factor still to come (until ``until``)."""

    sid: str
    user_id: int | None = None
    pending: int | None = None
    until: int = 0

    @property
    def waits_for(self) -> int | None:
        """The user whose code is waited for; None if nobody's is, or not any more."""
        return self.pending if self.pending is not None and time.time() < self.until else None


class SessionSigner:
    """Makes and reads cookie values."""

    def __init__(self, secret: str, max_age: int) -> None:
        self._secret = secret.encode()
        self._serializer = URLSafeTimedSerializer(secret, salt="c1-session")
        self.max_age = max_age

    @staticmethod
    def fresh(user_id: int | None = None) -> Session:
        return Session(secrets.token_urlsafe(24), user_id)

    def half(self, user_id: int) -> Session:
        """Between password and second factor."""
        return Session(secrets.token_urlsafe(24), None, user_id, int(time.time()) + PENDING_SECONDS)

    def dump(self, session: Session) -> str:
        said: dict[str, object] = {"s": session.sid, "u": session.user_id}
        if session.pending is not None:
            said |= {"p": session.pending, "t": session.until}
        return str(self._serializer.dumps(said))

    def load(self, cookie: str | None) -> Session | None:
        """None for a missing, forged, malformed or expired cookie."""
        if not cookie:
            return None
        try:
            raw = self._serializer.loads(cookie, max_age=self.max_age)
        except BadSignature:
            return None
        if not isinstance(raw, dict) or not isinstance(raw.get("s"), str) or not isinstance(raw.get("u"), int | None):
            return None
        pending, until = raw.get("p"), raw.get("t", 0)
        if not isinstance(pending, int | None) or not isinstance(until, int):
            return None
        return Session(raw["s"], raw["u"], pending, until)

    def csrf(self, session: Session) -> str:
        return hmac.new(self._secret, b"csrf:" + session.sid.encode(), hashlib.sha256).hexdigest()

    def csrf_ok(self, session: Session, token: str | None) -> bool:
        return token is not None and hmac.compare_digest(self.csrf(session).encode(), token.encode())

    def key(self, purpose: str) -> bytes:
        """32 bytes for another use of the same secret."""
        return hmac.new(self._secret, b"key:" + purpose.encode(), hashlib.sha256).digest()


def begin(db: Database, signer: SessionSigner, user_id: int, device: str = "") -> Session:
    """A new log-in: its row on the server and what the cookie holds."""
    session = signer.fresh(user_id)
    with db.writing() as writing:
        logins.begin(writing, session.sid, user_id, device)
    return session


def begin_here(request: Request, db: Database, signer: SessionSigner, user_id: int) -> None:
    """Log this browser in, in the place of whatever session it had."""
    old: Session = request.state.session
    if old.user_id is not None:
        with db.writing() as writing:
            logins.end(writing, old.sid)
    request.state.session = begin(db, signer, user_id, device_of(request.headers.get("user-agent", "")))


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("UCBrowser", "UC Browser"))
_MORE = (("Firefox/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl", "curl"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"), ("Linux", "Linux"))


def device_of(agent: str) -> str:
    """Browser and system in two words ("Chrome, Android"); nothing of the rest is kept."""
    browser = next((name for mark, name in (*_BROWSERS, *_MORE) if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, (browser, system))) or re.sub(r"[^\w./ -]", "", agent)[:30]
