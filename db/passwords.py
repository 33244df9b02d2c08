"""What a password must be, and how it is kept (argon2id through pwdlib).

The policy is that of OWASP ASVS 4.0 V2.1: length instead of character classes, nothing that is guessed first, any character and a
length up to MAX_PASSWORD allowed, no forced change.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError

from db.errors import ServiceError

MIN_PASSWORD = 12
MAX_PASSWORD = 128


class WeakPassword(ServiceError):
    """``details["why"]``: short, long, common, name or pattern."""

    code = "weak_password"
    status = 422
    text = f"Kata sandi tidak cukup kuat: paling sedikit {MIN_PASSWORD} karakter, dan tidak mudah ditebak."
    text_en = f"The password is not strong enough: at least {MIN_PASSWORD} characters, and not easily guessed."


_WHY = {
    "short": (
        f"Kata sandi terlalu pendek: paling sedikit {MIN_PASSWORD} karakter. Beberapa kata berturut-turut mudah diingat.",
        f"The password is too short: at least {MIN_PASSWORD} characters. A few words in a row are easy to remember.",
    ),
    "long": (
        f"Kata sandi terlalu panjang: paling banyak {MAX_PASSWORD} karakter.",
        f"The password is longer than {MAX_PASSWORD} characters.",
    ),
    "common": (
        "Kata sandi ini terlalu mudah ditebak. Pakai beberapa kata lain.",
        "This password is guessed at once. Use a few other words.",
    ),
    "name": ("Kata sandi tidak boleh memuat nama pengguna.", "The password must not contain the user name."),
    "pattern": (
        "Kata sandi ini hanya pengulangan atau urutan. Pakai beberapa kata.",
        "This password is only a repetition or a sequence. Use a few words.",
    ),
}


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache(maxsize=1)
def _common() -> tuple[frozenset[str], tuple[str, ...]]:
    """(whole passwords, stems that only numbers and signs were added to) that are tried first."""
    words = [w.strip() for w in (files("db") / "common_passwords.txt").read_text(encoding="utf-8").splitlines()]
    plain = [w for w in words if w and not w.startswith("#")]
    return frozenset(plain), tuple(plain)


def check_password(password: str, username: str = "") -> None:
    """Raises WeakPassword saying why."""
    low = password.casefold()
    letters = "".join(c for c in low if c.isalnum())
    whole, stems = _common()
    why = ""
    if len(password) < MIN_PASSWORD:
        why = "short"
    elif len(password) > MAX_PASSWORD:
        why = "long"
    elif len(username) >= 3 and username.casefold() in low:
        why = "name"
    elif len(set(low)) < 5 or _repeats(low) or _runs(letters):
        why = "pattern"
    elif low in whole or _stem(letters) in stems:
        why = "common"
    if why:
        raise WeakPassword({"why": why, "min": MIN_PASSWORD}, message=_WHY[why][0], message_en=_WHY[why][1])


def _stem(text: str) -> str:
    """Without what people put around a word: numbers before and behind, and the word once where it stands several times."""
    core = text.strip("0123456789")
    for n in range(1, len(core) // 2 + 1):
        if len(core) % n == 0 and core[:n] * (len(core) // n) == core:
            return core[:n]
    return core


def _repeats(text: str) -> bool:
    """Is it a short piece again and again?"""
    return any(text[:n] * (len(text) // n + 1) >= text and (text[:n] * (len(text) // n + 1)).startswith(text) for n in range(1, 5))


def _runs(text: str) -> bool:
    """Is most of it a run of neighbours in the alphabet, among the digits, or on the keyboard?"""
    rows: tuple[str, ...] = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiopasdfghjklzxcvbnm")
    rows += tuple(r[::-1] for r in rows)
    pairs = {r[i : i + 2] for r in rows for i in range(len(r) - 1)}
    return len(text) > 1 and sum(text[i : i + 2] in pairs for i in range(len(text) - 1)) >= 0.8 * (len(text) - 1)


def hash_password(password: str) -> str:
    return _hasher().hash(password)


@lru_cache(maxsize=1)
def nobodys_hash() -> str:
    """Compared with where there is no such user, so that this takes as long."""
    return _hasher().hash("nobody has this password")


def verify_password(password: str, hashed: str) -> bool:
    try:
        return _hasher().verify(password, hashed)
    except PwdlibError:
        return False
