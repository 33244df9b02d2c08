"""What became of a photo, told to whoever sent it by WhatsApp: once per state, as soon as it is known."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from api.texts.phone import TEXTS as PHONE
from api.whatsapp import dialogue, updates
from api.whatsapp.outbox import queue_up, say
from db import clock
from db.session import Database
from db.tables import Interpretation, Message, PhotoOrigin, ReviewAction, Sender, UnplacedPhoto
from db.types import Channel, MessageState
from review.status import PhotoState, PhotoStatus, photo_status

WINDOW = timedelta(hours=23)
"""WhatsApp lets a business write freely for 24 hours after the sender's last message."""


class Results:
    """Looks at what was read and reviewed since the last look; at the start, at all photos whose senders heard nothing yet."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._seen: tuple[int, int, int] | None = None

    def tell(self) -> int:
        """Queue a message for every photo whose state is new to its sender. Returns how many."""
        with self._db.reading() as session:
            newest = (
                session.scalar(select(func.max(Interpretation.id))) or 0,
                session.scalar(select(func.max(ReviewAction.id))) or 0,
                session.scalar(select(func.count()).where(UnplacedPhoto.reason.is_not(None))) or 0,
            )
            if newest == self._seen:
                return 0
            placed = list(session.execute(_placed()).all())
            todo = {*session.scalars(self._changed()), *(message_id for message_id, _ in placed)}
        told = 0
        for message_id, photo_id in placed:
            with self._db.writing() as session:
                _link(session, session.get_one(Message, message_id), photo_id)
        for message_id in sorted(todo):
            with self._db.writing() as session:
                told += _tell(session, session.get_one(Message, message_id))
        self._seen = newest
        return told

    def _changed(self) -> Select[int]:
        mine = select(Message.id).where(
            Message.photo_id.is_not(None), Message.state == MessageState.DONE, Message.received_at > clock.now() - WINDOW
        )
        if self._seen is None:
            return mine
        read, acted, _ = self._seen
        photos = select(Interpretation.photo_id).where(Interpretation.id > read)
        return mine.where(Message.photo_id.in_(photos.union(select(ReviewAction.photo_id).where(ReviewAction.id > acted))))


def _placed() -> Select[int, int | None]:
    """Messages whose photo came without its election, with what it has become; None where nobody can tell yet."""
    return (
        select(Message.id, UnplacedPhoto.photo_id)
        .join(UnplacedPhoto, UnplacedPhoto.sha256 == Message.sha256)
        .where(Message.state == MessageState.DONE, Message.photo_id.is_(None))
        .where(UnplacedPhoto.photo_id.is_not(None) | (UnplacedPhoto.reason.is_not(None) & (Message.told == "")))
    )


def _link(session: Session, m: Message, photo_id: int | None) -> None:
    m.photo_id = photo_id
    if photo_id is not None and session.get(PhotoOrigin, photo_id) is None:
        session.add(origin_of(m, session.get_one(Sender, m.sender_id), photo_id, str(m.answer.get("why", ""))))


def origin_of(m: Message, sender: Sender, photo_id: int, why: str) -> PhotoOrigin:
    """How a photo came by this message."""
    return PhotoOrigin(
        photo_id=photo_id,
        channel=Channel.WHATSAPP,
        sender_id=sender.id,
        sent_by=(sender.name or sender.phone)[:100],
        sent_at=m.sent_at,
        caption=updates.caption_of(m.body),
        why=why,
    )


def _tell(session: Session, m: Message) -> bool:
    if m.photo_id is None:  # read, but the machine cannot place it
        m.told = "open"
        return queue_up(session, m.sender_id, f"result:{m.id}:open", dialogue.text(say("wa.result.open"), m.wamid))
    status = photo_status(session, m.photo_id)
    if status.state is PhotoState.READING or status.state.value == m.told:
        return False
    m.told = status.state.value
    return queue_up(session, m.sender_id, f"result:{m.id}:{m.told}:{_mark(status)}", dialogue.text(words_of(status), m.wamid))


def _mark(status: PhotoStatus) -> str:
    """Tells two rejections of one photo apart."""
    return f"{status.finished_at:%d%H%M%S}" if status.finished_at else ""


def words_of(status: PhotoStatus) -> str:
    """The state in a sentence, with the first reason, and the part of the page that a new photo should show better."""
    why = status.reasons[0].message if status.reasons else ""
    if status.state is PhotoState.REJECTED:
        why = status.note
    elif why:
        why = "\n" + why
        if status.unclear:
            why += " " + say("wa.unclear", part=PHONE[f"phone.part.{status.unclear}"][0])
    return say(f"wa.result.{status.state.value}", label=status.receipt.tps.label, page=status.page or "?", why=why).strip()
