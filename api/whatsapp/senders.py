"""Who a number is: an admin makes it somebody's, or takes that back. What came before is kept either way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.errors import ApiError
from db import audit, clock
from db.queries import user_names
from db.tables import Message, PhotoOrigin, Sender
from db.types import MessageState, SenderState
from db.users import UnknownUser, get_user
from review import people, reasons
from review.held import hold_photos
from tally.phones import phone_of


@dataclass(frozen=True, slots=True)
class SenderView:
    id: int
    phone: str
    name: str
    state: SenderState
    username: str | None
    held: int
    """Messages that wait for the number to be registered."""
    last: datetime | None


def senders(session: Session) -> list[SenderView]:
    """All numbers; the unknown ones first, then by number."""
    held = dict(
        session.execute(select(Message.sender_id, func.count()).where(Message.state == MessageState.HELD).group_by(Message.sender_id)).all()
    )
    last = dict(session.execute(select(Message.sender_id, func.max(Message.received_at)).group_by(Message.sender_id)).all())
    rows = list(session.scalars(select(Sender)))
    names = user_names(session, (r.user_id for r in rows))
    order = {SenderState.UNKNOWN: 0, SenderState.ACTIVE: 1, SenderState.REVOKED: 2}
    return [
        SenderView(r.id, r.phone, r.name, r.state, names.get(r.user_id) if r.user_id else None, held.get(r.id, 0), last.get(r.id))
        for r in sorted(rows, key=lambda r: (order[r.state], r.phone))
    ]


def register(session: Session, by: int, phone: str, user_id: int) -> Sender:
    """Make a number a user's, and have what it sent before worked on.

    Raises:
        ApiError: bad_phone. UnknownUser, NotAllowed: no active user who may upload.
    """
    digits = phone_of(phone)
    if not 9 <= len(digits) <= 15:
        raise ApiError("bad_phone")
    if get_user(session, user_id) is None:
        raise UnknownUser({"user": user_id})
    user = people.require(session, user_id, people.UPLOADERS)
    sender = session.scalar(select(Sender).where(Sender.phone == digits))
    if sender is None:
        sender = Sender(phone=digits, name="", state=SenderState.ACTIVE, created_at=clock.now())
        session.add(sender)
    sender.user_id, sender.state = user.id, SenderState.ACTIVE
    session.flush()
    waiting = list(session.scalars(select(Message).where(Message.sender_id == sender.id, Message.state == MessageState.HELD)))
    for m in waiting:
        m.state, m.next_try, m.attempts = MessageState.NEW, None, 0
    session.flush()
    audit.append(
        session, "sender_registered", f"sender:{sender.id}", by, {"phone": digits, "user": user.username, "messages": len(waiting)}
    )
    return sender


def revoke(session: Session, by: int, sender_id: int, note: str = "") -> tuple[int, int]:
    """Take a number out of service, and put what came from it before a person. Returns (photos held, counts withdrawn).

    Raises:
        ApiError: not_found.
    """
    sender = session.get(Sender, sender_id)
    if sender is None:
        raise ApiError("not_found")
    sender.state = SenderState.REVOKED
    for m in session.scalars(
        select(Message).where(Message.sender_id == sender_id, Message.state.in_((MessageState.NEW, MessageState.ASKING)))
    ):
        m.state = MessageState.HELD
    session.flush()
    photos = list(session.scalars(select(PhotoOrigin.photo_id).where(PhotoOrigin.sender_id == sender_id).order_by(PhotoOrigin.photo_id)))
    done = hold_photos(session, photos, by, reasons.QUARANTINED, note)
    audit.append(session, "sender_revoked", f"sender:{sender_id}", by, {"phone": sender.phone, "photos": done[0], "withdrawn": done[1]})
    return done
