"""Who may do what in a sheet's life."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from db.types import Role
from db.users import UnknownUser, UserView, get_user
from review.errors import NotAllowed

UPLOADERS = frozenset({Role.OPERATOR, Role.REVIEWER, Role.SUPERVISOR})
REVIEWERS = frozenset({Role.REVIEWER, Role.SUPERVISOR})
SEE_ALL = frozenset({Role.STAFF, Role.ADMIN})
"""Roles that never enter a sheet, so that nothing need be hidden from them."""


def require(session: Session, user_id: int, roles: Collection[Role]) -> UserView:
    """The user, if active and in one of ``roles``. Raises UnknownUser, NotAllowed."""
    user = get_user(session, user_id)
    if user is None:
        raise UnknownUser({"user": user_id})
    if not user.active or user.role not in roles:
        raise NotAllowed({"role": user.role.value})
    return user
