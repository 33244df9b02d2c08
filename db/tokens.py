"""API tokens: another system's key to read verified figures. Shown once, kept as a hash; limited in scope, area and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db import audit, clock
from db.errors import ServiceError
from db.secrets import digest, fresh
from db.tables import ApiToken, Region

PREFIX = "c1_"
USED_EVERY = timedelta(minutes=1)
LONGEST_DAYS = 400


class Scope(StrEnum):
    """What a token may read; nothing can be changed with one."""

    TOTALS = "totals"
    EXPORTS = "exports"
    METRICS = "metrics"


class BadToken(ServiceError):
    code = "bad_token_request"
    status = 422
    text = "Token butuh nama, sedikitnya satu hak baca, wilayah yang dikenal, dan masa berlaku 1 sampai 400 hari."
    text_en = "A token needs a name, at least one scope, known regions and 1 to 400 days to live."


@dataclass(frozen=True, slots=True)
class TokenView:
    """``areas``: region codes; empty means everywhere."""

    id: int
    name: str
    hint: str
    scopes: tuple[Scope, ...]
    areas: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    ended_at: datetime | None

    @property
    def living(self) -> bool:
        return self.ended_at is None and clock.now() < self.expires_at

    def covers(self, code: str) -> bool:
        return not self.areas or any(code.startswith(a) for a in self.areas)


def _view(row: ApiToken) -> TokenView:
    scopes = tuple(Scope(s) for s in row.scopes)
    return TokenView(row.id, row.name, row.hint, scopes, tuple(row.areas), row.created_at, row.expires_at, row.used_at, row.ended_at)


def create(session: Session, by: int, name: str, scopes: Sequence[str], areas: Sequence[str] = (), days: int = 90) -> tuple[str, TokenView]:
    """A new token: (the secret, to be shown once; what is kept). Raises BadToken."""
    known = set(session.scalars(select(Region.code).where(Region.code.in_(areas)))) if areas else set()
    if not name.strip() or not scopes or set(scopes) - set(Scope) or set(areas) - known or not 1 <= days <= LONGEST_DAYS:
        raise BadToken()
    secret, now = fresh(PREFIX), clock.now()
    row = ApiToken(
        name=name.strip()[:80],
        hash=digest(secret),
        hint=secret[:9],
        scopes=sorted(set(scopes)),
        areas=sorted(set(areas)),
        created_at=now,
        created_by=by,
        expires_at=now + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    audit.append(
        session, "token_created", f"token:{row.id}", by, {"name": row.name, "scopes": row.scopes, "areas": row.areas, "days": days}
    )
    return secret, _view(row)


def token_of(session: Session, secret: str) -> TokenView | None:
    """The living token with this secret."""
    row = session.scalar(select(ApiToken).where(ApiToken.hash == digest(secret)))
    view = _view(row) if row is not None else None
    return view if view is not None and view.living else None


def touch(session: Session, token: TokenView) -> None:
    """Note the use, to the minute."""
    session.execute(update(ApiToken).where(ApiToken.id == token.id).values(used_at=clock.now()))


def touch_due(token: TokenView) -> bool:
    return token.used_at is None or clock.now() - token.used_at > USED_EVERY


def tokens(session: Session) -> list[TokenView]:
    """All of them, the newest first."""
    return [_view(r) for r in session.scalars(select(ApiToken).order_by(ApiToken.id.desc()))]


def end(session: Session, by: int, token_id: int) -> bool:
    """Make a token worthless at once. False if there is none."""
    row = session.get(ApiToken, token_id)
    if row is None:
        return False
    if row.ended_at is None:
        row.ended_at = clock.now()
        session.flush()
        audit.append(session, "token_ended", f"token:{row.id}", by, {"name": row.name})
    return True
