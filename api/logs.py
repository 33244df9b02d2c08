"""Logs as one JSON object a line, without personal data: numbers of requests, routes instead of addresses, users by a keyed hash.

Every line has time, level, logger and text; lines written while a request is answered carry its number, which the answer carries too
(``X-Request-ID``) and which a user can read to whoever helps him. Telephone numbers and addresses of senders are taken out wherever they
appear. ``C1_LOG=text`` writes for eyes instead.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from starlette.types import Scope

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUEST: ContextVar[str] = ContextVar("c1_request", default="")
_SALT = secrets.token_bytes(16)
"""New with each start: lines of one run can be told to be of the same user, and no list of users gives him away."""
_PRIVATE = (
    (re.compile(r"(?<![\w.])(?:\+?62|0)8\d{7,12}\b"), "[phone]"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[mail]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 [secret]"),
    (re.compile(r"/undangan/[\w-]+"), "/undangan/[secret]"),
    (re.compile(r"\bc1_[\w-]{20,}"), "[token]"),
)
_GIVEN = re.compile(r"[0-9A-Za-z-]{8,64}")
log = logging.getLogger("c1.request")


def clean(text: str) -> str:
    """Without telephone numbers, mail addresses and secrets."""
    for pattern, instead in _PRIVATE:
        text = pattern.sub(instead, text)
    return text


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": clean(record.getMessage()),
        }
        if number := REQUEST.get():
            line["request"] = number
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["error"] = clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


class TextLines(logging.Formatter):
    """For eyes, cleaned the same way."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", None)
        return clean(super().format(record)) + (f" {json.dumps(facts)}" if facts else "")


def set_up(kind: str, level: int = logging.INFO) -> None:
    """Everything to standard error; ``kind``: json or text."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if kind == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error"):  # its own handlers would write past ours
        logging.getLogger(name).handlers[:] = []
        logging.getLogger(name).propagate = True
    for name, least in (("huey", logging.WARNING), ("alembic", logging.WARNING), ("httpx", logging.WARNING)):
        logging.getLogger(name).setLevel(least)


def new_request(scope: Scope) -> str:
    """The request's number: what a proxy before us has given it, else a new one."""
    given = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"x-request-id"), "")
    number = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
    REQUEST.set(number)
    return number


def answered(scope: Scope, method: str, route: str, status: int, seconds: float) -> None:
    """One line for a request: the route with its parameters' names, never the address itself."""
    user = scope.get("state", {}).get("user")
    facts: dict[str, Any] = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
    if user is not None:
        facts |= {"role": user.role.value, "user": pseudonym(user.id)}
    log.log(logging.WARNING if status >= 500 else logging.INFO, "%s %s %d", method, route, status, extra={"facts": facts})


def pseudonym(user_id: int) -> str:
    return hashlib.blake2b(str(user_id).encode(), key=_SALT, digest_size=5).hexdigest()
