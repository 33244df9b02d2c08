"""Reading a photo anew where a reviewer showed its page. The worker has the readers, so it does it, before anything else that waits."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from db.errors import ServiceError
from db.session import Database
from db.store import PhotoStore
from ocr.align.by_hand import ShownPage
from review import by_hand
from review.errors import CornersDoNotFit
from tally.interpretation import Interpretation
from templates_c1 import published

log = logging.getLogger("c1.aligning")

FIRST = 100
"""Priority in the queue: somebody sits before the screen and waits."""

Read = Callable[[bytes, str, ShownPage], Interpretation]


def _read(data: bytes, name: str, shown: ShownPage) -> Interpretation:
    from ocr.pipeline import interpret_shown

    return interpret_shown(data, name, shown)


_made: WeakKeyDictionary[Any, Aligning] = WeakKeyDictionary()
"""A queue takes each task once."""


class Aligning:
    """One for each queue: see ``on``. The web process asks and looks; the worker reads."""

    def __init__(self, db: Database, store: PhotoStore, huey: Any, read: Read = _read) -> None:
        self._db = db
        self._store = store
        self._huey = huey
        self._read = read
        # arguments by name only: the sweeper of photos takes a task's first argument for a photo's number
        self._task = huey.task(name="align_shown", priority=FIRST)(self.work)

    @classmethod
    def on(cls, db: Database, store: PhotoStore, huey: Any) -> Aligning:
        """The one of this queue."""
        if huey not in _made:
            _made[huey] = cls(db, store, huey)
        return _made[huey]

    def ask(self, user_id: int, photo_id: int, shown: ShownPage, stamp: str, desk: str | None) -> str:
        """Have it read; returns a ticket to look with. Raises as review.by_hand.ask."""
        with self._db.writing() as session:
            by_hand.ask(session, user_id, photo_id, shown, stamp=stamp, desk=desk)
        ticket = secrets.token_urlsafe(16)
        said = {"form": shown.form, "page": shown.page, "corners": shown.corners, "turns": shown.turns}
        self._task(ticket=ticket, user_id=user_id, photo_id=photo_id, shown=said, stamp=stamp, desk=desk)
        return ticket

    def answer(self, ticket: str, user_id: int, photo_id: int) -> dict[str, Any] | None:
        """What became of it: {"interpretation": id} or {"error": {...}}; None while it is not done (or not his)."""
        raw = self._huey.get(self._key(ticket, user_id, photo_id), peek=True)
        return None if raw is None else dict(json.loads(raw))

    def work(self, *, ticket: str, user_id: int, photo_id: int, shown: dict[str, Any], stamp: str, desk: str | None) -> None:
        """Read and record; whatever goes wrong is told to who waits."""
        page = ShownPage(shown["form"], shown["page"], tuple((float(x), float(y)) for x, y in shown["corners"]), shown["turns"])
        try:
            with self._db.writing() as session:
                asked = by_hand.ask(session, user_id, photo_id, page, stamp=stamp, desk=desk)
            published.refresh()  # a form published a moment ago is known
            word = self._read(self._store.get(asked.sha256), asked.name, page)
            with self._db.writing() as session:
                done = by_hand.record(session, user_id, photo_id, page, word, stamp=stamp, desk=desk)
            said: dict[str, Any] = {"interpretation": done}
        except ServiceError as e:
            said = e.to_dict()
        except Exception:
            log.exception("photo %d, shown by hand", photo_id)
            said = CornersDoNotFit({"photo": photo_id}).to_dict()
        self._huey.put(self._key(ticket, user_id, photo_id), json.dumps(said))

    @staticmethod
    def _key(ticket: str, user_id: int, photo_id: int) -> str:
        return f"aligned:{photo_id}:{user_id}:{ticket}"
