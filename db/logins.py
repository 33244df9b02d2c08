"""Log-ins that live on the server: each browser's session, listed to its owner and ended by him, by time or by a change of rights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db import clock
from db.secrets import digest
from db.tables import LoginSession, User
from db.types import Role
from db.users import UserView, view_of

SEEN_EVERY = timedelta(minutes=2)
"""How exactly the last use is noted: a write for each request would cost more than it tells."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """``idle``: without a request; ``whole``: since log-in, whatever happened since. Of admins and supervisors shorter ones hold."""

    idle: timedelta = timedelta(hours=12)
    whole: timedelta = timedelta(hours=48)
    idle_powerful: timedelta = timedelta(hours=2)
    whole_powerful: timedelta = timedelta(hours=12)

    def of(self, role: Role) -> tuple[timedelta, timedelta]:
        if role in POWERFUL:
            return min(self.idle, self.idle_powerful), min(self.whole, self.whole_powerful)
        return self.idle, self.whole


POWERFUL = frozenset({Role.ADMIN, Role.SUPERVISOR})
"""Roles with power over accounts or over what counts."""


@dataclass(frozen=True, slots=True)
class LoginView:
    """One open log-in as its owner sees it."""

    id: int
    device: str
    created_at: datetime
    seen_at: datetime
    mine: bool
    """The one he is looking at this with."""


def begin(session: Session, sid: str, user_id: int, device: str = "") -> int:
    """Note a new log-in; ``sid`` is the cookie's secret. Returns its row."""
    now = clock.now()
    row = LoginSession(hash=digest(sid), user_id=user_id, created_at=now, seen_at=now, device=device[:60])
    session.add(row)
    session.flush()
    return row.id


def user_of(session: Session, sid: str, user_id: int, lifetime: Lifetime) -> tuple[UserView, bool] | None:
    """(the user, whether ``touch`` is due) of a living log-in; None if there is none, it ended, or the account is switched off."""
    found = session.execute(
        select(LoginSession, User).join(User, User.id == LoginSession.user_id).where(LoginSession.hash == digest(sid))
    ).first()
    if found is None:
        return None
    row, user = found
    now = clock.now()
    idle, whole = lifetime.of(user.role)
    if row.user_id != user_id or row.ended_at is not None or not user.active or now - row.seen_at > idle or now - row.created_at > whole:
        return None
    return view_of(user), now - row.seen_at > SEEN_EVERY


def touch(session: Session, sid: str) -> None:
    """It is in use."""
    session.execute(update(LoginSession).where(LoginSession.hash == digest(sid)).values(seen_at=clock.now()))


def end(session: Session, sid: str) -> None:
    """Log out."""
    session.execute(
        update(LoginSession).where(LoginSession.hash == digest(sid), LoginSession.ended_at.is_(None)).values(ended_at=clock.now())
    )


def end_one(session: Session, user_id: int, login_id: int) -> bool:
    """End one of this user's own log-ins. False if it is none of his."""
    row = session.get(LoginSession, login_id)
    if row is None or row.user_id != user_id:
        return False
    row.ended_at = row.ended_at or clock.now()
    session.flush()
    return True


def end_all(session: Session, user_id: int, *, but: str = "") -> None:
    """End every log-in of a user, ``but`` the one with this secret: his rights or his password changed."""
    query = update(LoginSession).where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
    if but:
        query = query.where(LoginSession.hash != digest(but))
    session.execute(query.values(ended_at=clock.now()))


def living(session: Session, user: UserView, sid: str, lifetime: Lifetime) -> list[LoginView]:
    """A user's open log-ins, the one used last first."""
    idle, whole = lifetime.of(user.role)
    now = clock.now()
    query = select(LoginSession).where(
        LoginSession.user_id == user.id,
        LoginSession.ended_at.is_(None),
        LoginSession.seen_at > now - idle,
        LoginSession.created_at > now - whole,
    )
    mine = digest(sid)
    rows = session.scalars(query.order_by(LoginSession.seen_at.desc()))
    return [LoginView(r.id, r.device, r.created_at, r.seen_at, r.hash == mine) for r in rows]
