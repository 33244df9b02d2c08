"""People: their role, where they may upload, and whether the password is theirs (argon2id through pwdlib)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit, clock
from db.errors import ServiceError
from db.tables import Region, User
from db.types import Role

MIN_PASSWORD = 8


class WeakPassword(ServiceError):
    code = "weak_password"
    status = 422
    text = f"Kata sandi terlalu pendek: paling sedikit {MIN_PASSWORD} karakter."
    text_en = f"The password is too short: at least {MIN_PASSWORD} characters."


class UserExists(ServiceError):
    code = "user_exists"
    status = 409
    text = "Nama pengguna ini sudah dipakai."
    text_en = "This user name is taken."


class UnknownUser(ServiceError):
    code = "unknown_user"
    status = 404
    text = "Pengguna tidak ditemukan."
    text_en = "There is no such user."


class UnknownArea(ServiceError):
    code = "unknown_region"
    status = 422
    text = "Kode wilayah tidak dikenal."
    text_en = "The region code is not known."


@dataclass(frozen=True, slots=True)
class UserView:
    """``areas`` are region codes of any level; empty means everywhere."""

    id: int
    username: str
    display_name: str
    role: Role
    active: bool
    areas: tuple[str, ...]


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher().hash("nobody has this password")


def _view(user: User) -> UserView:
    return UserView(user.id, user.username, user.display_name, user.role, user.active, tuple(sorted(r.code for r in user.areas)))


def create_user(session: Session, username: str, password: str, role: Role, display_name: str = "", areas: Sequence[str] = ()) -> UserView:
    """Add a user; names are kept in lower case.

    Raises:
        WeakPassword, UserExists, UnknownArea.
    """
    name = username.strip().lower()
    if len(password) < MIN_PASSWORD:
        raise WeakPassword()
    if session.scalar(select(User.id).where(User.username == name)) is not None:
        raise UserExists({"username": name})
    regions = list(session.scalars(select(Region).where(Region.code.in_(areas)))) if areas else []
    if missing := sorted(set(areas) - {r.code for r in regions}):
        raise UnknownArea({"codes": missing})
    user = User(
        username=name,
        display_name=display_name or username,
        role=role,
        password_hash=_hasher().hash(password),
        active=True,
        created_at=clock.now(),
        areas=regions,
    )
    session.add(user)
    session.flush()
    audit.append(session, "user_created", f"user:{user.id}", None, {"username": name, "role": role.value, "areas": sorted(areas)})
    return _view(user)


def authenticate(session: Session, username: str, password: str) -> UserView | None:
    """The user if name and password fit and the account is active. Unknown names take as long as wrong passwords."""
    user = session.scalar(select(User).where(User.username == username.strip().lower()))
    try:
        right = _hasher().verify(password, user.password_hash if user else _nobody())
    except PwdlibError:
        return None
    return _view(user) if user is not None and right and user.active else None


def get_user(session: Session, user_id: int) -> UserView | None:
    user = session.get(User, user_id)
    return _view(user) if user else None


def may_upload(session: Session, user_id: int, tps_code: str) -> bool:
    """Is the TPS inside the user's areas? KPU codes nest, so an area is a prefix. Raises UnknownUser."""
    user = get_user(session, user_id)
    if user is None:
        raise UnknownUser()
    return not user.areas or any(tps_code.startswith(a) for a in user.areas)
