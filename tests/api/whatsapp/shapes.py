"""Webhooks as Meta's reference shows them (messages webhook: image, document, text, interactive, audio; statuses)."""

from __future__ import annotations

import base64
import hashlib
from itertools import count
from typing import Any

WABA = "102290129340398"
OPERATOR = "6281234567890"
_number = count(1)
_time = 1_795_500_000


def envelope(*messages: dict[str, Any], name: str = "Budi Santoso") -> dict[str, Any]:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "62711000000", "phone_number_id": "106540352242922"},
        "contacts": [{"profile": {"name": name}, "wa_id": m["from"]} for m in messages],
        "messages": list(messages),
    }
    return {"object": "whatsapp_business_account", "entry": [{"id": WABA, "changes": [{"value": value, "field": "messages"}]}]}


def _message(kind: str, content: dict[str, Any], phone: str, context: dict[str, Any] | None) -> dict[str, Any]:
    n = next(_number)
    return {
        **({"context": context} if context else {}),
        "from": phone,
        "id": f"wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQz{n:06}",
        "timestamp": str(_time + n),
        "type": kind,
        kind: content,
    }


def image(media_id: str, data: bytes, caption: str = "", *, phone: str = OPERATOR, forwarded: bool = False) -> dict[str, Any]:
    content = {"mime_type": "image/jpeg", "sha256": base64.b64encode(hashlib.sha256(data).digest()).decode(), "id": media_id}
    if caption:
        content["caption"] = caption
    return _message("image", content, phone, {"forwarded": True} if forwarded else None)


def document(media_id: str, data: bytes, caption: str = "", *, filename: str = "IMG_20261124.jpg", phone: str = OPERATOR) -> dict[str, Any]:
    content = {"filename": filename, "mime_type": "image/jpeg", "sha256": hashlib.sha256(data).hexdigest(), "id": media_id}
    if caption:
        content["caption"] = caption
    return _message("document", content, phone, None)


def text(body: str, *, phone: str = OPERATOR, quotes: str = "") -> dict[str, Any]:
    return _message("text", {"body": body}, phone, {"from": "62711000000", "id": quotes} if quotes else None)


def button(choice: str, title: str = "x", *, phone: str = OPERATOR) -> dict[str, Any]:
    return _message("interactive", {"type": "button_reply", "button_reply": {"id": choice, "title": title}}, phone, None)


def row(choice: str, title: str = "x", *, phone: str = OPERATOR) -> dict[str, Any]:
    content = {"type": "list_reply", "list_reply": {"id": choice, "title": title, "description": ""}}
    return _message("interactive", content, phone, None)


def audio(*, phone: str = OPERATOR) -> dict[str, Any]:
    return _message("audio", {"mime_type": "audio/ogg; codecs=opus", "sha256": "", "id": "1", "voice": True}, phone, None)


def statuses() -> dict[str, Any]:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "62711000000", "phone_number_id": "106540352242922"},
        "statuses": [{"id": "wamid.OUT1", "status": "delivered", "timestamp": "1795500000", "recipient_id": OPERATOR}],
    }
    return {"object": "whatsapp_business_account", "entry": [{"id": WABA, "changes": [{"value": value, "field": "messages"}]}]}
