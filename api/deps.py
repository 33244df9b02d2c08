"""What routes ask for: the services, the user, a transaction."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request

from api.errors import ApiError
from api.state import Services, services
from db.users import UserView


def current_user(request: Request) -> UserView:
    """The user whom the route's access rule has let in. Only for routes whose rule asks for a log-in."""
    user: UserView | None = getattr(request.state, "user", None)
    if user is None:
        raise ApiError("login_required")
    return user


Id = Annotated[int, Path(ge=1, le=2**53)]
"""A row's id in an address."""
Held = Annotated[Services, Depends(services)]
User = Annotated[UserView, Depends(current_user)]
