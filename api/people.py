"""The list of users and switching one off or on, for the admin's page."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import ApiError
from db import audit
from db.tables import User
from db.users import UserView, get_user
from review.held import quarantine_user


def everybody(session: Session) -> list[UserView]:
    """All users by name."""
    return [v for i in session.scalars(select(User.id).order_by(User.username)) if (v := get_user(session, i)) is not None]


def set_active(session: Session, by: UserView, user_id: int, active: bool) -> UserView:
    """Switch an account off or on; what it did stays. Nobody locks himself out.

    Raises:
        ApiError: not_found, own_account.
    """
    user = session.get(User, user_id)
    if user is None:
        raise ApiError("not_found")
    if user.id == by.id:
        raise ApiError("own_account")
    if user.active != active:
        user.active = active
        session.flush()
        audit.append(session, "user_enabled" if active else "user_disabled", f"user:{user.id}", by.id, {"username": user.username})
    view = get_user(session, user_id)
    if view is None:
        raise ApiError("not_found")
    return view


def revoke_user(session: Session, by: int, user_id: int, note: str = "") -> tuple[int, int]:
    """Switch an account off, and put everything it sent before a person. Returns (photos held, counts of the machine withdrawn).

    Raises:
        ApiError: not_found, own_account.
    """
    admin = get_user(session, by)
    if admin is None:
        raise ApiError("not_found")
    set_active(session, admin, user_id, False)
    return quarantine_user(session, user_id, by, note)
