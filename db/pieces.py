"""Photos that are still coming in, piece by piece, over lines that break. Nothing here counts as received.

One file per upload, named by user and key; its length is how much has arrived, so a killed process loses at most the piece
it was writing. On several machines the folder must be shared, or a sender simply starts again at zero.
"""

from __future__ import annotations

import errno
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.errors import ServiceError
from db.store import StoreError, storage_full

_KEY = re.compile(r"[0-9a-f]{64}")
MAX_OPEN = 200
"""Unfinished uploads one user may have at a time."""
KEEP_SECONDS = 48 * 3600
"""An upload that got no piece for this long is given up; the sender starts again."""


class UploadUnknown(ServiceError):
    code = "upload_unknown"
    status = 404
    text = "Kiriman ini belum dimulai atau sudah terlalu lama. Kirim lagi dari awal."
    text_en = "This upload was not started, or too long ago. Start it again."


class UploadOffset(ServiceError):
    """``details.offset`` says where to go on."""

    code = "upload_offset"
    status = 409
    text = "Bagian foto tidak sambung. Pengiriman dilanjutkan dari bagian yang terakhir diterima."
    text_en = "This piece does not follow. Go on from what was received last."


class TooManyUploads(ServiceError):
    code = "too_many_uploads"
    status = 429
    text = "Terlalu banyak kiriman yang belum selesai. Tunggu sebentar."
    text_en = "Too many unfinished uploads. Wait a moment."


@dataclass(frozen=True, slots=True)
class Piecewise:
    """One unfinished upload. ``offset``: bytes that arrived; ``facts``: what the sender said at the start."""

    user_id: int
    key: str
    size: int
    offset: int
    facts: dict[str, Any]


class Pieces:
    """Unfinished uploads in a folder. ``most_open``: how many of them one user may have, MAX_OPEN unless given."""

    def __init__(self, folder: Path, most_open: int | None = None) -> None:
        self.folder = folder
        self.most_open = most_open

    def begin(self, user_id: int, key: str, size: int, facts: dict[str, Any]) -> Piecewise:
        """Start an upload, or go on with it if the same was started before.

        Args:
            key: 64 lower-case hex digits that the sender chose; the same photo should get the same key.
            size: bytes of the whole file.
            facts: JSON data to keep with it.

        Raises:
            ValueError: a malformed key, or a size below 1.
            TooManyUploads, StoreError.
        """
        if not _KEY.fullmatch(key) or size < 1:
            raise ValueError("malformed key or size")
        self._clean()
        known = self._load(user_id, key)
        if known is not None and known.size == size and known.facts == facts:
            return known
        if known is None and sum(1 for _ in self._of(user_id)) >= (self.most_open or MAX_OPEN):
            raise TooManyUploads()
        with _kept():
            self.folder.mkdir(parents=True, exist_ok=True)
            data, head = self._files(user_id, key)
            data.write_bytes(b"")
            temp = head.with_suffix(".new")
            temp.write_text(json.dumps({"size": size, "facts": facts}), encoding="utf-8")
            temp.replace(head)
        return Piecewise(user_id, key, size, 0, facts)

    def add(self, user_id: int, key: str, offset: int, piece: bytes) -> Piecewise:
        """Append a piece that begins at ``offset``.

        Raises:
            UploadUnknown, StoreError.
            UploadOffset: the piece does not follow what is here, or runs over the end.
        """
        upload = self._load(user_id, key)
        if upload is None:
            raise UploadUnknown()
        if offset != upload.offset or offset + len(piece) > upload.size:
            raise UploadOffset({"offset": upload.offset})
        data, _ = self._files(user_id, key)
        with _kept():
            _append(data, offset, piece)
        return Piecewise(user_id, key, upload.size, offset + len(piece), upload.facts)

    def read(self, upload: Piecewise) -> bytes:
        """The bytes that arrived. Raises UploadUnknown."""
        try:
            return self._files(upload.user_id, upload.key)[0].read_bytes()
        except FileNotFoundError:
            raise UploadUnknown() from None

    def file(self, upload: Piecewise) -> Path:
        """Where the bytes that arrived lie, for uploads too large to be held in memory. Moved away, the upload must be dropped."""
        return self._files(upload.user_id, upload.key)[0]

    def unfinished(self, user_id: int) -> list[Piecewise]:
        """One user's uploads that have not all their bytes."""
        found = (self._load(user_id, f.stem.partition("-")[2]) for f in sorted(self._of(user_id)))
        return [u for u in found if u is not None and u.offset < u.size]

    def drop(self, user_id: int, key: str) -> None:
        """Forget an upload, finished or given up."""
        for file in reversed(self._files(user_id, key)):
            file.unlink(missing_ok=True)

    def _files(self, user_id: int, key: str) -> tuple[Path, Path]:
        return self.folder / f"{user_id}-{key}.part", self.folder / f"{user_id}-{key}.json"

    def _of(self, user_id: int) -> Iterator[Path]:
        return self.folder.glob(f"{user_id}-*.json")

    def _load(self, user_id: int, key: str) -> Piecewise | None:
        if not _KEY.fullmatch(key):
            return None
        data, head = self._files(user_id, key)
        try:
            said = json.loads(head.read_text(encoding="utf-8"))
            return Piecewise(user_id, key, int(said["size"]), data.stat().st_size, dict(said["facts"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def _clean(self) -> None:
        oldest = time.time() - KEEP_SECONDS
        for file in self.folder.glob("*-*.*") if self.folder.is_dir() else ():
            try:
                if file.stat().st_mtime < oldest and self._youngest(file) < oldest:
                    file.unlink()
            except FileNotFoundError:
                continue  # another process was quicker

    @staticmethod
    def _youngest(file: Path) -> float:
        """The head is as old as the start; the data file tells when the last piece came."""
        part = file.with_suffix(".part")
        return part.stat().st_mtime if part.exists() else file.stat().st_mtime


def _append(file: Path, offset: int, piece: bytes) -> None:
    with file.open("r+b") as f:
        f.seek(offset)
        try:
            f.write(piece)
            f.flush()
        except OSError:
            f.truncate(offset)
            raise


@contextmanager
def _kept() -> Iterator[None]:
    """Disk errors as the store says them."""
    try:
        yield
    except OSError as e:
        raise (storage_full() if e.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else StoreError()) from e
