"""Changes of accounts: invitations by link, a new password, another role or area, the second factor. Each is in the audit log."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from db import audit, clock, logins
from db.errors import ServiceError
from db.passwords import check_password, hash_password, verify_password
from db.secrets import digest, fresh
from db.tables import Invitation, RecoveryCode, User
from db.types import Role
from db.users import UnknownUser, UserExists, UserView, create_user, get_user, regions_of

INVITED_FOR = timedelta(hours=72)
RESET_FOR = timedelta(hours=24)
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that are taken for each other."""


class InvitationOver(ServiceError):
    code = "invitation_over"
    status = 410
    text = "Tautan ini sudah dipakai, sudah kedaluwarsa, atau tidak dikenal. Mintalah tautan baru kepada admin."
    text_en = "This link was used, has expired or is not known. Ask the admin for a new one."


class WrongPassword(ServiceError):
    code = "wrong_password"
    status = 422
    text = "Kata sandi yang sekarang salah."
    text_en = "The present password is wrong."


@dataclass(frozen=True, slots=True)
class InvitationView:
    """``user_id``: whose password it renews, or who came of it."""

    id: int
    username: str
    display_name: str
    role: Role
    areas: tuple[str, ...]
    expires_at: datetime
    reset: bool


def invite(session: Session, by: int, username: str, role: Role, display_name: str = "", areas: Sequence[str] = ()) -> str:
    """Make a link's secret for a new account, which begins to exist when it is used. Raises UserExists, UnknownArea, AreaNotForRole."""
    name = username.strip().lower()
    if session.scalar(select(User.id).where(User.username == name)) is not None:
        raise UserExists({"username": name})
    regions_of(session, role, areas)
    for older in session.scalars(select(Invitation).where(Invitation.username == name, *_open())):
        older.ended_at = clock.now()
    return _new(session, by, name, display_name or name, role, areas, INVITED_FOR, None)


def invite_again(session: Session, by: int, user_id: int) -> str:
    """Make a link by which this user sets a new password. His second factor stays. Raises UnknownUser."""
    user = session.get(User, user_id)
    if user is None:
        raise UnknownUser()
    for older in session.scalars(select(Invitation).where(Invitation.user_id == user_id, *_open())):
        older.ended_at = clock.now()
    return _new(session, by, user.username, user.display_name, user.role, [r.code for r in user.areas], RESET_FOR, user_id)


def _new(session: Session, by: int, name: str, shown: str, role: Role, areas: Sequence[str], lasts: timedelta, user_id: int | None) -> str:
    secret, now = fresh(), clock.now()
    row = Invitation(
        hash=digest(secret),
        username=name,
        display_name=shown,
        role=role,
        areas=sorted(areas),
        created_at=now,
        created_by=by,
        expires_at=now + lasts,
        user_id=user_id,
    )
    session.add(row)
    session.flush()
    event = "user_invited" if user_id is None else "password_link_made"
    audit.append(session, event, f"invitation:{row.id}", by, {"username": name, "role": role.value, "areas": sorted(areas)})
    return secret


def _open() -> tuple[ColumnElement[bool], ...]:
    return Invitation.used_at.is_(None), Invitation.ended_at.is_(None), Invitation.expires_at > clock.now()


def _row(session: Session, secret: str) -> Invitation:
    row = session.scalar(select(Invitation).where(Invitation.hash == digest(secret), *_open()).with_for_update())
    if row is None:
        raise InvitationOver()
    return row


def _invitation(row: Invitation) -> InvitationView:
    return InvitationView(row.id, row.username, row.display_name, row.role, tuple(row.areas), row.expires_at, row.user_id is not None)


def invitation(session: Session, secret: str) -> InvitationView:
    """What a link is for. Raises InvitationOver."""
    return _invitation(_row(session, secret))


def open_invitations(session: Session) -> list[InvitationView]:
    """Links that still work, the newest first."""
    return [_invitation(r) for r in session.scalars(select(Invitation).where(*_open()).order_by(Invitation.id.desc()))]


def end_invitation(session: Session, by: int, invitation_id: int) -> None:
    """Make a link worthless. Nothing happens if it is so already."""
    row = session.get(Invitation, invitation_id)
    if row is not None and row.used_at is None and row.ended_at is None:
        row.ended_at = clock.now()
        audit.append(session, "invitation_ended", f"invitation:{row.id}", by, {"username": row.username})


def accept(session: Session, secret: str, password: str) -> UserView:
    """Use a link: the account is made, or its password renewed and all its log-ins ended.

    Raises:
        InvitationOver, WeakPassword, UserExists.
    """
    row = _row(session, secret)
    if row.user_id is None:
        made = create_user(session, row.username, password, row.role, row.display_name, row.areas, by=row.created_by)
        row.user_id = made.id
    else:
        set_password(session, row.user_id, password)
    row.used_at = clock.now()
    session.flush()
    user = get_user(session, row.user_id)
    if user is None or not user.active:
        raise InvitationOver()
    return user


def set_password(session: Session, user_id: int, password: str, *, keep: str = "") -> None:
    """A new password; every log-in but ``keep`` (a cookie's secret) ends. Raises UnknownUser, WeakPassword."""
    user = session.get(User, user_id)
    if user is None:
        raise UnknownUser()
    check_password(password, user.username)
    user.password_hash, user.password_at = hash_password(password), clock.now()
    logins.end_all(session, user_id, but=keep)
    audit.append(session, "password_changed", f"user:{user_id}", user_id, {"username": user.username})


def require_password(session: Session, user_id: int, password: str) -> None:
    """Raises WrongPassword unless it is his."""
    user = session.get(User, user_id)
    if user is None or not verify_password(password, user.password_hash):
        raise WrongPassword()


def set_role(session: Session, by: int, user_id: int, role: Role, areas: Sequence[str]) -> UserView:
    """Other rights; all log-ins end, so that none goes on with the old ones. Raises UnknownUser, UnknownArea, AreaNotForRole."""
    user = session.get(User, user_id)
    if user is None:
        raise UnknownUser()
    regions = regions_of(session, role, areas)
    was = {"role": user.role.value, "areas": sorted(r.code for r in user.areas)}
    now = {"role": role.value, "areas": sorted(areas)}
    if was != now:
        user.role, user.areas = role, regions
        session.flush()
        logins.end_all(session, user_id)
        audit.append(session, "user_rights", f"user:{user_id}", by, {"username": user.username, "was": was, "now": now})
    view = get_user(session, user_id)
    assert view is not None  # noqa: S101 (it was there a moment ago)
    return view


# the second factor; the secret is sealed by api.second_factor


def sealed_secret(session: Session, user_id: int) -> str | None:
    user = session.get(User, user_id)
    return user.totp_secret if user else None


def begin_second_factor(session: Session, user_id: int, sealed: str) -> None:
    """Keep the secret of an authenticator that has still to prove itself. Raises UnknownUser; ServiceError if one is in use."""
    user = session.get(User, user_id)
    if user is None:
        raise UnknownUser()
    if user.totp_since is None:
        user.totp_secret, user.totp_step = sealed, None
        session.flush()


def confirm_second_factor(session: Session, user_id: int, step: int, *, keep: str = "") -> list[str]:
    """From now on a code is asked for. Returns the recovery codes, to be shown once; other log-ins end."""
    user = session.get_one(User, user_id)
    user.totp_since, user.totp_step = clock.now(), step
    session.flush()
    logins.end_all(session, user_id, but=keep)
    audit.append(session, "second_factor_on", f"user:{user_id}", user_id, {"username": user.username})
    return new_recovery_codes(session, user_id)


def end_second_factor(session: Session, by: int, user_id: int) -> None:
    """No code is asked for any more; the recovery codes are worthless and all log-ins end. Raises UnknownUser."""
    user = session.get(User, user_id)
    if user is None:
        raise UnknownUser()
    user.totp_secret = user.totp_since = user.totp_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    logins.end_all(session, user_id)
    audit.append(session, "second_factor_off", f"user:{user_id}", by, {"username": user.username})


def take_step(session: Session, user_id: int, step: int) -> bool:
    """Use up a code's time step: False if it, or a later one, was used before."""
    user = session.get_one(User, user_id, with_for_update=True)
    if user.totp_step is not None and step <= user.totp_step:
        return False
    user.totp_step = step
    session.flush()
    return True


def new_recovery_codes(session: Session, user_id: int) -> list[str]:
    """Codes that replace all earlier ones. 20 characters of 31: 99 bits each, kept as salted hashes."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = ["-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4)) for _ in range(RECOVERY_CODES)]
    for code in codes:
        salt = secrets.token_hex(16)
        session.add(RecoveryCode(user_id=user_id, salt=salt, hash=_salted(salt, code)))
    session.flush()
    return codes


def use_recovery_code(session: Session, user_id: int, code: str) -> bool:
    """Use one up; False if it is none of the user's unused ones."""
    rows = session.scalars(select(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)).with_for_update())
    for row in rows:
        if hmac.compare_digest(_salted(row.salt, code), row.hash):
            row.used_at = clock.now()
            audit.append(session, "recovery_code_used", f"user:{user_id}", user_id, {"left": recovery_codes_left(session, user_id)})
            return True
    return False


def recovery_codes_left(session: Session, user_id: int) -> int:
    query = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session.scalar(query) or 0


def _salted(salt: str, code: str) -> str:
    plain = "".join(c for c in code.lower() if c.isalnum())
    return hashlib.sha256(f"{salt}:{plain}".encode()).hexdigest()
