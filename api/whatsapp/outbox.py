"""Messages of ours: written down first, in the transaction that makes them true, then sent, again if need be."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.texts.whatsapp import TEXTS
from api.whatsapp.graph import Graph, GraphError
from db import clock
from db.session import Database
from db.tables import Outgoing, Sender
from db.types import OutgoingState

log = logging.getLogger("c1.whatsapp")

MOST_TRIES = 12
CLAIM = timedelta(minutes=3)
"""As long as one worker may take for what it has claimed."""
Backoff = Callable[[int], timedelta]


def doubling(attempt: int) -> timedelta:
    """2, 4, 8 ... seconds, at most five minutes."""
    return timedelta(seconds=min(300, 2**attempt))


def say(key: str, **values: Any) -> str:
    """One of the bot's sentences, in Indonesian."""
    return TEXTS[key][0].format(**values) if values else TEXTS[key][0]


def queue_up(session: Session, sender_id: int, key: str, body: dict[str, Any]) -> bool:
    """Have a message sent, once per ``key``."""
    if session.scalar(select(Outgoing.id).where(Outgoing.key == key[:120])) is not None:
        return False
    session.add(Outgoing(key=key[:120], sender_id=sender_id, body=body, state=OutgoingState.WAITING, created_at=clock.now()))
    session.flush()
    return True


class Outbox:
    """Sends what is due; several threads and processes may."""

    def __init__(self, db: Database, graph: Graph, backoff: Backoff = doubling) -> None:
        self._db = db
        self._graph = graph
        self._backoff = backoff

    def send(self, most: int = 20) -> int:
        """Send what is due. Returns how many were tried."""
        with self._db.reading() as session:
            if session.scalar(self._due_out().limit(1)) is None:
                return 0
        with self._db.writing() as session:
            rows = list(session.scalars(self._due_out().limit(most).with_for_update(skip_locked=True)))
            for r in rows:
                r.next_try = clock.now() + CLAIM  # claimed: if we die, another sends it then
            phones = dict(session.execute(select(Sender.id, Sender.phone).where(Sender.id.in_({r.sender_id for r in rows}))).all())
            todo = [(r.id, phones[r.sender_id], dict(r.body)) for r in rows]
        for outgoing_id, phone, body in todo:
            self._send_one(outgoing_id, phone, body)
        return len(todo)

    @staticmethod
    def _due_out() -> Any:
        due = or_(Outgoing.next_try.is_(None), Outgoing.next_try <= clock.now())
        return select(Outgoing).where(Outgoing.state == OutgoingState.WAITING, due).order_by(Outgoing.id)

    def _send_one(self, outgoing_id: int, phone: str, body: dict[str, Any]) -> None:
        error: GraphError | None = None
        wamid = ""
        try:
            wamid = self._graph.send(phone, body)
        except GraphError as e:
            error = e
        with self._db.writing() as session:
            row = session.get_one(Outgoing, outgoing_id)
            row.attempts += 1
            if error is None:
                row.state, row.wamid, row.next_try = OutgoingState.SENT, wamid or None, None
            elif error.passing and row.attempts < MOST_TRIES:
                row.next_try, row.error = clock.now() + self._backoff(row.attempts), str(error)[:200]
            else:
                row.state, row.error = OutgoingState.FAILED, str(error)[:200]
                log.warning("message %d to a sender could not be sent: %s", outgoing_id, error)
