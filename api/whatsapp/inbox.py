"""The way of a WhatsApp message: stored with the webhook, then worked through until its photo is stored and its sender answered.

The truth is in the database: a message whose state is ``new`` has to be worked on, an outgoing one that is ``waiting`` has to be sent.
A process that dies loses nothing; at worst a message of ours goes out twice.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.state import Services
from api.whatsapp import dialogue
from api.whatsapp.graph import Graph
from api.whatsapp.outbox import CLAIM, MOST_TRIES, Backoff, Outbox, doubling, queue_up, say
from api.whatsapp.photos import Photos
from api.whatsapp.results import Results
from api.whatsapp.updates import Incoming
from api.whatsapp.updates import messages as messages_of
from db import clock
from db.session import Database
from db.tables import Message, Sender
from db.types import MessageState, SenderState

log = logging.getLogger("c1.whatsapp")

AT_ONCE = 10
"""Messages of one sender that are worked on before another sender's turn."""
THREADS = 4
"""Most of the time goes by waiting for Meta."""
PAUSE = 1.0
"""Seconds between looks for work that nobody has announced: retries, results, another process's webhooks."""


def store(db: Database, update: Any) -> int:
    """Keep every message of one webhook; durable when this returns. One that is here already is left as it is. Returns how many are new."""
    found = messages_of(update)
    if not found:
        return 0
    with db.writing() as session:
        known = set(session.scalars(select(Message.wamid).where(Message.wamid.in_([m.wamid for m in found]))))
        return sum(_keep(session, m) for m in {m.wamid: m for m in found}.values() if m.wamid not in known)


def _keep(session: Session, m: Incoming) -> bool:
    for _ in range(3):
        try:
            with session.begin_nested():
                session.add(
                    Message(
                        wamid=m.wamid,
                        sender_id=_sender(session, m).id,
                        sent_at=m.sent_at,
                        received_at=clock.now(),
                        kind=m.kind,
                        body=dict(m.body),
                        state=MessageState.NEW,
                        answer={},
                    )
                )
                session.flush()
            return True
        except IntegrityError:  # the same message, or a first message of the same sender, at the same moment
            if session.scalar(select(Message.id).where(Message.wamid == m.wamid)) is not None:
                return False
    raise RuntimeError("a message could not be stored; Meta sends it again")


def _sender(session: Session, m: Incoming) -> Sender:
    sender = session.scalar(select(Sender).where(Sender.phone == m.phone))
    if sender is None:
        sender = Sender(phone=m.phone, name=m.name, state=SenderState.UNKNOWN, created_at=clock.now())
        session.add(sender)
        session.flush()
    elif m.name and sender.name != m.name:
        sender.name = m.name
    return sender


class Inbox:
    """Works through messages. Several threads and processes may: a sender is claimed by one at a time, so his messages keep their order."""

    def __init__(self, held: Services, graph: Graph, backoff: Backoff = doubling) -> None:
        self._held = held
        self._backoff = backoff
        self._photos = Photos(held, graph, self._again)
        self._outbox = Outbox(held.db, graph, backoff)
        self._results = Results(held.db)
        self._wake = threading.Condition()
        self._stopped = False
        self._threads: list[threading.Thread] = []

    def work(self) -> int:
        """One round of everything. Returns how much was done."""
        return self.receive() + self._results.tell() + self._outbox.send()

    # in the background

    def start(self) -> None:
        for n in range(THREADS):
            thread = threading.Thread(target=self._run, args=(n == 0,), daemon=True, name=f"whatsapp-{n}")
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Let the messages in hand be finished."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(20)

    def wake(self) -> None:
        """There is something new."""
        with self._wake:
            self._wake.notify_all()

    def _run(self, first: bool) -> None:
        while not self._stopped:
            try:
                done = self.receive() + (self._results.tell() if first else 0) + self._outbox.send()
            except Exception:
                log.exception("a round of the WhatsApp inbox")
                done = 0
            if not done:
                with self._wake:
                    if not self._stopped:
                        self._wake.wait(PAUSE)

    # what came in

    def receive(self) -> int:
        """Work on up to AT_ONCE messages of one sender."""
        claimed = self._claim()
        if claimed is None:
            return 0
        sender_id, message_ids = claimed
        try:
            for message_id in message_ids:
                self._one(message_id)
        finally:
            with self._held.db.writing() as session:
                session.get_one(Sender, sender_id).claimed_until = None
        return len(message_ids)

    def _claim(self) -> tuple[int, list[int]] | None:
        now = clock.now()
        due = (Message.state == MessageState.NEW, or_(Message.next_try.is_(None), Message.next_try <= now))
        free = or_(Sender.claimed_until.is_(None), Sender.claimed_until < now)
        first = select(Message.sender_id).join(Sender, Sender.id == Message.sender_id).where(*due, free).order_by(Message.id).limit(1)
        with self._held.db.reading() as session:
            if session.scalar(first) is None:
                return None
        with self._held.db.writing() as session:
            sender_id = session.scalar(first.with_for_update(skip_locked=True, of=Sender))
            if sender_id is None:
                return None
            session.get_one(Sender, sender_id).claimed_until = now + CLAIM
            ids = session.scalars(select(Message.id).where(Message.sender_id == sender_id, *due).order_by(Message.id).limit(AT_ONCE))
            return sender_id, list(ids)

    def _one(self, message_id: int) -> None:
        """Whatever goes wrong with one message must not stop the next."""
        try:
            self._photos.handle(message_id)
        except Exception:
            log.exception("message %d", message_id)
            self._again(message_id, "internal")

    def _again(self, message_id: int, error: str) -> bool:
        """Try this message again later; after MOST_TRIES it has failed. Returns whether it will be tried again."""
        with self._held.db.writing() as session:
            m = session.get_one(Message, message_id)
            m.attempts += 1
            m.error = error[:60]
            if m.attempts < MOST_TRIES:
                m.next_try = clock.now() + self._backoff(m.attempts)
                return True
            m.state = MessageState.FAILED
            queue_up(session, m.sender_id, f"failed:{m.id}", dialogue.text(say("wa.not_had"), m.wamid))
            return False
