"""Where the data lies and what the limits are. Everything comes from the environment (``C1_*``), with safe defaults."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from api.whatsapp.config import WhatsApp
from db.logins import Lifetime
from db.types import Role

MIB = 1024 * 1024


def _int(name: str, default: int) -> int:
    """An integer from the environment. Raises ValueError with the variable's name if it is no positive integer."""
    raw = os.environ.get(name)
    if raw is None or raw.strip() == "":
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {raw!r}") from None
    if value <= 0:
        raise ValueError(f"{name} must be positive, not {value}")
    return value


def _roles(name: str) -> frozenset[Role]:
    """Roles from the environment, separated by commas. Raises ValueError naming the variable and what is no role."""
    words = [w.strip() for w in os.environ.get(name, "").split(",") if w.strip()]
    if wrong := [w for w in words if w not in set(Role)]:
        raise ValueError(f"{name}: {', '.join(wrong)} is no role; there are {', '.join(Role)}")
    return frozenset(Role(w) for w in words)


@dataclass(frozen=True, slots=True)
class Settings:
    """How one installation runs.

    Attributes:
        data: folder of the database, the photos, the queue and the cookie secret.
        max_photo_bytes: largest single photo that is taken.
        max_files: most photos in one upload request.
        max_import_bytes: largest zip or PDF that may be imported on the page.
        session_seconds: a session ends after this long without a request.
        session_whole_seconds: and after this long in any case. Admins and supervisors get less of both (db.logins.Lifetime).
        two_factor: roles that must have a second factor (C1_TWO_FACTOR="admin,supervisor").
        token_requests_per_minute: what one API token may ask.
        secure_cookies: set when the server is reached by HTTPS (C1_HTTPS=1).
        queue: address of the Redis that many machines share (``redis://host:port/0``); "" is a file in ``data``.
        uploads_at_once: uploads that are taken in at the same moment by one server process; further ones are told to come again.
        spare_mib: no photo is taken any more when the disk has less room than this left.
        read_attempts: how often reading one photo is tried before it is set aside for a person.
        workers: reading threads of the worker process.
        uploads_per_minute: photos that one user may send in a minute; an address, behind which many may be, CROWD times as many.
        whatsapp: None where WhatsApp is not set up.
        template_trials: test photos that must be read right before sheets of a newly published form may be accepted without a person.
    """

    data: Path
    max_photo_bytes: int = 25 * MIB
    max_files: int = 20
    max_import_bytes: int = 2048 * MIB
    session_seconds: int = 12 * 3600
    session_whole_seconds: int = 48 * 3600
    two_factor: frozenset[Role] = frozenset()
    token_requests_per_minute: int = 120
    secure_cookies: bool = False
    queue: str = ""
    uploads_at_once: int = 200
    spare_mib: int = 512
    read_attempts: int = 3
    workers: int = 1
    uploads_per_minute: int = 240
    whatsapp: WhatsApp | None = None
    template_trials: int = 20
    node_modules: Path = field(default_factory=lambda: Path(__file__).resolve().parent.parent / "node_modules")

    @classmethod
    def from_env(cls) -> Settings:
        """Raises ValueError naming the variable if one is malformed."""
        return cls(
            data=Path(os.environ.get("C1_DATA", "var")).resolve(),
            max_photo_bytes=_int("C1_MAX_PHOTO_MIB", 25) * MIB,
            max_files=_int("C1_MAX_FILES", 20),
            max_import_bytes=_int("C1_MAX_IMPORT_MIB", 2048) * MIB,
            session_seconds=_int("C1_SESSION_HOURS", 12) * 3600,
            session_whole_seconds=_int("C1_SESSION_MAX_HOURS", 48) * 3600,
            two_factor=_roles("C1_TWO_FACTOR"),
            token_requests_per_minute=_int("C1_TOKEN_REQUESTS_PER_MINUTE", 120),
            secure_cookies=os.environ.get("C1_HTTPS", "") == "1",
            queue=os.environ.get("C1_QUEUE", ""),
            uploads_at_once=_int("C1_UPLOADS_AT_ONCE", 200),
            spare_mib=_int("C1_SPARE_MIB", 512),
            read_attempts=_int("C1_READ_ATTEMPTS", 3),
            workers=_int("C1_WORKERS", 1),
            uploads_per_minute=_int("C1_UPLOADS_PER_MINUTE", 240),
            whatsapp=WhatsApp.from_env(),
            template_trials=_int("C1_TEMPLATE_TRIALS", 20),
        )

    @property
    def lifetime(self) -> Lifetime:
        return Lifetime(timedelta(seconds=self.session_seconds), timedelta(seconds=self.session_whole_seconds))

    @property
    def max_request_bytes(self) -> int:
        return self.max_files * self.max_photo_bytes

    @property
    def queue_file(self) -> Path:
        return self.data / "queue.sqlite3"

    def secret(self) -> str:
        """The key that signs cookies: C1_SECRET, or a random one kept in the data folder, readable by its owner only."""
        if given := os.environ.get("C1_SECRET"):
            return given
        self.data.mkdir(parents=True, exist_ok=True)
        file = self.data / "secret"
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return file.read_text(encoding="ascii").strip()
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(48))
        return file.read_text(encoding="ascii").strip()
