"""What we say by WhatsApp: message bodies of the Cloud API. Buttons for up to three choices, a list for up to ten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MOST_BUTTONS, BUTTON = 3, 20
MOST_ROWS, ROW, UNDER = 10, 24, 72
Choice = tuple[str, str, str]
"""(id, title, description)"""


def text(words: str, about: str = "") -> dict[str, Any]:
    """A text, as a reply to the message ``about`` if given."""
    return {**_reply(about), "type": "text", "text": {"preview_url": False, "body": words[:4096]}}


def ask(words: str, choices: Sequence[Choice], open_list: str, about: str = "") -> dict[str, Any]:
    """A question. Without choices, or with more than a list can hold, it is a text: the answer has to be typed."""
    if not choices or len(choices) > MOST_ROWS:
        return text(words, about)
    titles = [t for _, t, _ in choices]
    if len(choices) <= MOST_BUTTONS and all(len(t) <= BUTTON for t in titles) and len(set(titles)) == len(titles):
        buttons = [{"type": "reply", "reply": {"id": i, "title": t}} for i, t, _ in choices]
        inner: dict[str, Any] = {"type": "button", "body": {"text": words[:1024]}, "action": {"buttons": buttons}}
    else:
        rows = [{"id": i, "title": t[:ROW], **({"description": d[:UNDER]} if d else {})} for i, t, d in choices]
        action = {"button": open_list[:BUTTON], "sections": [{"title": open_list[:ROW], "rows": rows}]}
        inner = {"type": "list", "body": {"text": words[:4096]}, "action": action}
    return {**_reply(about), "type": "interactive", "interactive": inner}


def _reply(about: str) -> dict[str, Any]:
    return {"context": {"message_id": about}} if about else {}
