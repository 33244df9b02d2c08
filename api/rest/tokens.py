"""What an API token says of itself, so that another system can check the one it was given."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from api.access import signed_in
from api.errors import ApiError
from db.tokens import TokenView

router = APIRouter(prefix="/api", tags=["service"])


@router.get("/token", dependencies=[Depends(signed_in())])
def about(request: Request) -> dict[str, Any]:
    """Name, scopes, area and end of the token that the request came with."""
    token: TokenView | None = getattr(request.state, "token", None)
    if token is None:
        raise ApiError("not_found")
    return {
        "name": token.name,
        "scopes": [s.value for s in token.scopes],
        "areas": list(token.areas),
        "expires_at": token.expires_at.isoformat(),
    }
