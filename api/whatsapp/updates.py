"""What Meta's webhook sends, as values; and whether it is from Meta.

One webhook may hold many messages, in several entries and changes. The shapes are those of Meta's reference ("messages webhook");
what we do not know in them is left alone.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MEDIA = ("image", "document")


def signed(secret: str, body: bytes, header: str | None) -> bool:
    """Is ``header`` (X-Hub-Signature-256: "sha256=...") the HMAC of exactly these bytes?"""
    if not header or not header.startswith("sha256="):
        return False
    right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(right.encode(), header.removeprefix("sha256=").encode())


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message. ``body`` is Meta's own object."""

    wamid: str
    phone: str
    name: str
    sent_at: datetime
    kind: str
    body: Mapping[str, Any]


def messages(update: Any) -> list[Incoming]:
    """Every message in one webhook; none in one about something else. What has not the shape of a message is left out."""
    found = []
    for value in _values(update):
        names = {}
        for contact in _list(value.get("contacts")):
            profile = contact.get("profile")
            names[str(contact.get("wa_id", ""))] = str(profile.get("name", "")) if isinstance(profile, dict) else ""
        for m in _list(value.get("messages")):
            wamid, phone, kind = m.get("id"), m.get("from"), m.get("type")
            if not (isinstance(wamid, str) and isinstance(phone, str) and isinstance(kind, str)):
                continue
            if not (0 < len(wamid) <= 200 and phone.isascii() and phone.isdigit() and len(phone) <= 20):
                continue
            found.append(Incoming(wamid, phone, names.get(phone, "")[:100], _time(m.get("timestamp")), kind[:20], m))
    return found


def _values(update: Any) -> list[dict[str, Any]]:
    entries = _list(update.get("entry")) if isinstance(update, dict) else []
    changes = [c for e in entries for c in _list(e.get("changes")) if c.get("field") == "messages"]
    return [c["value"] for c in changes if isinstance(c.get("value"), dict)]


def _list(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _time(value: Any) -> datetime:
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.now(UTC)


def media_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The picture's or document's own object: id, mime_type, sha256, caption, filename."""
    part = body.get(str(body.get("type")))
    return part if isinstance(part, dict) else {}


def caption_of(body: Mapping[str, Any]) -> str:
    return str(media_of(body).get("caption") or "")[:2000]


def text_of(body: Mapping[str, Any]) -> str:
    part = body.get("text")
    return str(part.get("body") or "")[:2000] if isinstance(part, dict) else ""


def choice_of(body: Mapping[str, Any]) -> str:
    """The id of the button or row that was chosen; "" if none was."""
    part = body.get("interactive")
    if not isinstance(part, dict):
        return ""
    chosen = part.get("button_reply") or part.get("list_reply")
    return str(chosen.get("id") or "") if isinstance(chosen, dict) else ""


def replied_to(body: Mapping[str, Any]) -> str:
    """The message that this one answers, by its id; "" if none."""
    context = body.get("context")
    return str(context.get("id") or "") if isinstance(context, dict) else ""


def forwarded(body: Mapping[str, Any]) -> bool:
    context = body.get("context")
    return isinstance(context, dict) and bool(context.get("forwarded") or context.get("frequently_forwarded"))
