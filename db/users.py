"""People: their role, the area they work in, and whether the password is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit, clock
from db.errors import ServiceError
from db.passwords import MIN_PASSWORD, WeakPassword, check_password, hash_password, nobodys_hash, verify_password
from db.tables import Region, User
from db.types import Role

__all__ = ["MIN_PASSWORD", "UserView", "WeakPassword"]

AREA_ROLES = frozenset({Role.OPERATOR, Role.REVIEWER, Role.STAFF})
"""Who may be given an area. Supervisors and admins answer for the whole regency."""


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


class AreaNotForRole(ServiceError):
    code = "area_not_for_role"
    status = 422
    text = "Pengawas dan admin bekerja untuk seluruh kabupaten: kosongkan wilayahnya."
    text_en = "Supervisors and admins work for the whole regency: leave their area empty."


@dataclass(frozen=True, slots=True)
class UserView:
    """``areas`` are region codes of any level; empty means everywhere. ``second_factor``: a code is asked for at log-in."""

    id: int
    username: str
    display_name: str
    role: Role
    active: bool
    areas: tuple[str, ...]
    second_factor: bool = False

    def covers(self, code: str) -> bool:
        """Does the region lie in his area? KPU codes nest, so an area is a prefix."""
        return not self.areas or any(code.startswith(a) for a in self.areas)


def view_of(user: User) -> UserView:
    areas = tuple(sorted(r.code for r in user.areas))
    return UserView(user.id, user.username, user.display_name, user.role, user.active, areas, user.totp_since is not None)


def regions_of(session: Session, role: Role, areas: Sequence[str]) -> list[Region]:
    """The regions of an area's codes. Raises UnknownArea, AreaNotForRole."""
    if areas and role not in AREA_ROLES:
        raise AreaNotForRole()
    regions = list(session.scalars(select(Region).where(Region.code.in_(areas)))) if areas else []
    if missing := sorted(set(areas) - {r.code for r in regions}):
        raise UnknownArea({"codes": missing, "code": missing[0]})
    return regions


def create_user(
    session: Session,
    username: str,
    password: str,
    role: Role,
    display_name: str = "",
    areas: Sequence[str] = (),
    *,
    by: int | None = None,
    any_password: bool = False,
) -> UserView:
    """Add a user; names are kept in lower case. ``any_password``: for the demo, whose passwords everybody knows.

    Raises:
        WeakPassword, UserExists, UnknownArea, AreaNotForRole.
    """
    name = username.strip().lower()
    if not any_password:
        check_password(password, name)
    if session.scalar(select(User.id).where(User.username == name)) is not None:
        raise UserExists({"username": name})
    regions = regions_of(session, role, areas)
    user = User(
        username=name,
        display_name=display_name or username,
        role=role,
        password_hash=hash_password(password),
        active=True,
        created_at=clock.now(),
        areas=regions,
    )
    session.add(user)
    session.flush()
    audit.append(session, "user_created", f"user:{user.id}", by, {"username": name, "role": role.value, "areas": sorted(areas)})
    return view_of(user)


def authenticate(session: Session, username: str, password: str) -> UserView | None:
    """The user if name and password fit and the account is active. Unknown names take as long as wrong passwords."""
    user = session.scalar(select(User).where(User.username == username.strip().lower()))
    right = verify_password(password, user.password_hash if user else nobodys_hash())
    return view_of(user) if user is not None and right and user.active else None


def get_user(session: Session, user_id: int) -> UserView | None:
    user = session.get(User, user_id)
    return view_of(user) if user else None


def may_upload(session: Session, user_id: int, tps_code: str) -> bool:
    """Is the TPS inside the user's area? Raises UnknownUser."""
    user = get_user(session, user_id)
    if user is None:
        raise UnknownUser()
    return user.covers(tps_code)
