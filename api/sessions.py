"""Signed session cookies and the token that protects forms.

A session is (sid, user id, start) signed with itsdangerous; nothing of it is kept on the server. The sid is new at every log-in
(no session fixation) and the form token is an HMAC of it, so that a token of one session is worth nothing in another.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer

COOKIE = "c1_session"


@dataclass(frozen=True, slots=True)
class Session:
    """``user_id`` is None before log-in."""

    sid: str
    user_id: int | None = None


class SessionSigner:
    """Makes and reads cookie values."""

    def __init__(self, secret: str, max_age: int) -> None:
        self._secret = secret.encode()
        self._serializer = URLSafeTimedSerializer(secret, salt="c1-session")
        self.max_age = max_age

    @staticmethod
    def fresh(user_id: int | None = None) -> Session:
        return Session(secrets.token_urlsafe(18), user_id)

    def dump(self, session: Session) -> str:
        return str(self._serializer.dumps({"s": session.sid, "u": session.user_id}))

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
        return Session(raw["s"], raw["u"])

    def csrf(self, session: Session) -> str:
        return hmac.new(self._secret, b"csrf:" + session.sid.encode(), hashlib.sha256).hexdigest()

    def csrf_ok(self, session: Session, token: str | None) -> bool:
        return token is not None and hmac.compare_digest(self.csrf(session).encode(), token.encode())
