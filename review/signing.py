"""Signed ZIP files: one file that any program opens, and of which not one byte can be touched.

The Ed25519 signature covers the whole archive; it stands in the archive's comment, the last bytes of a ZIP file, behind everything that it
covers. So names, times and packing are covered as well as contents, and nothing beside the file is needed but the key's fingerprint.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KEY_FILE = "signing_key.pem"
_MARK = b"c1-ed25519:"
_COMMENT = len(_MARK) + 44 + 1 + 88
"""The mark, the key (32 bytes) and the signature (64) in Base64, with a colon between."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member: an archive of the same contents is the same archive."""


class BadSignature(ValueError):
    """The file is not what somebody signed."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    raw: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key's 32 bytes, 64 hex digits in groups of four, to be read out and printed."""
        digits = hashlib.sha256(self.raw).hexdigest()
        return " ".join(digits[i : i + 4] for i in range(0, 64, 4))

    @property
    def text(self) -> str:
        return base64.b64encode(self.raw).decode()

    @property
    def pem(self) -> str:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return Ed25519PublicKey.from_public_bytes(self.raw).public_bytes(serialization.Encoding.PEM, form).decode()

    def is_named(self, said: str) -> bool:
        """Does ``said`` (fingerprint, at least 16 digits of it; the key in Base64; or a PEM) name this key?"""
        plain = "".join(said.split()).lower()
        if len(plain) >= 16 and set(plain) <= set("0123456789abcdef"):
            return self.fingerprint.replace(" ", "").startswith(plain)
        return said.strip() in (self.text, self.pem.strip())


def signing_key(data: Path, given: str | None = None) -> Ed25519PrivateKey:
    """The installation's key: what ``given`` holds or names (C1_SIGNING_KEY: 32 bytes in Base64, or the path of a PEM file), else that of
    the data folder, made at first use and readable by its owner only.

    Raises:
        ValueError: what is given is no Ed25519 key.
    """
    if given:
        try:
            return Ed25519PrivateKey.from_private_bytes(base64.b64decode(given, validate=True))
        except (binascii.Error, ValueError):
            return _read(Path(given))
    file = data / KEY_FILE
    data.mkdir(parents=True, exist_ok=True)
    fresh = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    part = data / f"{KEY_FILE}.{os.getpid()}"
    if not file.exists():
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(fresh)
        try:
            os.link(part, file)  # whole or not at all, and only the first of several processes
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return _read(file)


def _read(file: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError) as e:
        raise ValueError(f"C1_SIGNING_KEY: {file}: {e}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"C1_SIGNING_KEY: {file} holds no Ed25519 key")
    return key


def public_key(key: Ed25519PrivateKey) -> PublicKey:
    return PublicKey(key.public_key().public_bytes_raw())


def packed(members: Iterable[tuple[str, bytes]], key: Ed25519PrivateKey) -> bytes:
    """A signed archive. Pictures are stored as they are, the rest is compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if name.endswith((".jpg", ".png", ".xlsx", ".pdf")) else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
        archive.comment = b"\0" * _COMMENT
    body = out.getvalue()[:-_COMMENT]
    return body + _MARK + base64.b64encode(public_key(key).raw) + b":" + base64.b64encode(key.sign(body))


def signed_by(file: bytes) -> PublicKey:
    """Whose signature the archive bears; it holds.

    Raises:
        BadSignature: none, or one that does not fit every byte of the file.
    """
    body, comment = file[:-_COMMENT], file[-_COMMENT:]
    key, _, signature = comment.removeprefix(_MARK).partition(b":")
    try:
        if not comment.startswith(_MARK):
            raise BadSignature("no signature of ours")
        raw, sign = base64.b64decode(key, validate=True), base64.b64decode(signature, validate=True)
        if (base64.b64encode(raw), base64.b64encode(sign)) != (key, signature):  # Base64 has bits to spare at its end
            raise BadSignature("the signature was touched")
        Ed25519PublicKey.from_public_bytes(raw).verify(sign, body)
    except (binascii.Error, InvalidSignature):
        raise BadSignature("the signature does not fit the file") from None
    except ValueError as e:
        raise e if isinstance(e, BadSignature) else BadSignature("no signature of ours") from None
    return PublicKey(raw)


def members(file: bytes) -> dict[str, bytes]:
    """Name -> content. Raises BadSignature if it is no archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            return {i.filename: archive.read(i) for i in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError) as e:
        raise BadSignature(f"no readable archive: {e}") from None
