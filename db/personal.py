"""Who looked at what shows names and signatures: one row for a person, a thing and a quarter of an hour."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import clock
from db.queries import user_names
from db.session import Database
from db.tables import PersonalAccess

AGAIN = timedelta(minutes=15)
"""Looking once more within this time is the same look: a sheet's page asks for its pictures a dozen times."""
MOST_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Look:
    at: datetime
    who: str
    what: str
    subject: str


class Looks:
    """Notes looks before anything is shown. Remembers the last ones, so that a page of pictures is one row."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._last: OrderedDict[tuple[int, str, str], datetime] = OrderedDict()
        self._lock = Lock()

    def note(self, user_id: int, what: str, subject: str) -> bool:
        """True if a row was written. An exception means that the look was not noted, and nothing must be shown."""
        key, now = (user_id, what, subject), clock.now()
        with self._lock:
            last = self._last.get(key)
        if last is not None and timedelta(0) <= now - last < AGAIN:
            return False
        with self._db.writing() as session:
            session.add(PersonalAccess(at=now, user_id=user_id, what=what, subject=subject))
        with self._lock:
            self._last[key] = now
            self._last.move_to_end(key)
            while len(self._last) > MOST_KEPT:
                self._last.popitem(last=False)
        return True


def looks(session: Session, subject: str | None = None, user_id: int | None = None, limit: int = 100) -> list[Look]:
    """The newest looks, of one thing or one person."""
    query = select(PersonalAccess)
    if subject is not None:
        query = query.where(PersonalAccess.subject == subject)
    if user_id is not None:
        query = query.where(PersonalAccess.user_id == user_id)
    rows = list(session.scalars(query.order_by(PersonalAccess.id.desc()).limit(limit)))
    names = user_names(session, (r.user_id for r in rows))
    return [Look(r.at, names.get(r.user_id, ""), r.what, r.subject) for r in rows]
