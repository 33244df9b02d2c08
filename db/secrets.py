"""Random words that are given out once, and of which only a hash is kept."""

from __future__ import annotations

import hashlib
import secrets

BYTES = 32


def fresh(prefix: str = "") -> str:
    """256 random bits, to be shown once. So much chance needs no slow hash: nobody can guess it from ``digest``."""
    return prefix + secrets.token_urlsafe(BYTES)


def digest(secret: str) -> str:
    """Lower-case hex SHA-256: what is kept, and looked up by."""
    return hashlib.sha256(secret.encode()).hexdigest()
