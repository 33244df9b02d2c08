"""What numbers that nobody knows, or that were taken back, have sent: kept apart, for an admin to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.whatsapp import updates
from db.tables import Message
from db.types import MessageState


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """One message that waits. ``picture``: its file is here and can be shown; ``text``: what was written, or the caption."""

    id: int
    at: datetime
    kind: str
    text: str
    forwarded: bool
    picture: bool


def held_messages(session: Session, sender_id: int, limit: int = 12) -> list[HeldMessage]:
    """One sender's, the newest first."""
    query = select(Message).where(Message.sender_id == sender_id, Message.state == MessageState.HELD).order_by(Message.id.desc())
    return [
        HeldMessage(
            m.id,
            m.sent_at,
            m.kind,
            updates.caption_of(m.body) if m.kind in updates.MEDIA else updates.text_of(m.body),
            updates.forwarded(m.body),
            m.sha256 is not None,
        )
        for m in session.scalars(query.limit(limit))
    ]


def held_picture(session: Session, message_id: int) -> str | None:
    """The SHA-256 of a message's picture; None if there is none, or the message does not wait."""
    m = session.get(Message, message_id)
    return m.sha256 if m is not None and m.state is MessageState.HELD else None
