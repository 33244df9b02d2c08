"""The photo store: files by SHA-256, read and listed through obstore; a folder by default, an object store (S3 and its like) by URL.

A folder is written by our own hands: obstore's local put does not fsync, and a photo that was acknowledged must survive
a power cut. Temp file, fsync, rename, fsync of the folders: a name either has the whole file or is not there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, from_url

from db.errors import ServiceError

_SHA = re.compile(r"[0-9a-f]{64}")
TEMP = "part"
"""Folder of unfinished files, on the same file system as the rest."""


class StoreError(ServiceError):
    """The photo cannot be kept or given back."""

    code = "storage_failed"
    status = 503
    text = "Foto tidak dapat disimpan. Coba lagi sebentar lagi; foto di HP jangan dihapus."
    text_en = "The photo could not be stored. Try again in a moment; do not delete it from the phone."


def storage_full() -> StoreError:
    """The error of a disk without room."""
    return StoreError(
        code="storage_full",
        status=507,
        message="Tempat penyimpanan foto penuh. Foto belum diterima; hubungi admin dan jangan hapus foto di HP.",
        message_en="The photo storage is full. The photo was not accepted; tell the admin and keep it on the phone.",
    )


def _missing(sha256: str) -> StoreError:
    return StoreError(
        {"sha256": sha256},
        code="photo_file_missing",
        status=500,
        message="Berkas foto tidak ditemukan di penyimpanan. Hubungi admin.",
        message_en="The photo's file is not in the storage. Tell the admin.",
    )


def _damaged(sha256: str) -> StoreError:
    return StoreError(
        {"sha256": sha256},
        code="photo_file_damaged",
        status=500,
        message="Berkas foto di penyimpanan rusak: isinya tidak sama dengan yang diterima. Hubungi admin.",
        message_en="The photo's file in the storage is damaged: it is not what was received. Tell the admin.",
    )


@dataclass(frozen=True, slots=True)
class StoredFile:
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One thing found in the store: ``sha256`` is None for a leftover that is no finished photo."""

    name: str
    sha256: str | None
    size: int
    modified: datetime


def path_of(sha256: str) -> str:
    """ "ab/cd/abcd...". Raises ValueError for anything but 64 lower-case hex digits."""
    if not _SHA.fullmatch(sha256):
        raise ValueError(f"not a SHA-256: {sha256!r}")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


class PhotoStore:
    """Photos in an object store."""

    def __init__(self, objects: Any) -> None:
        self._objects = objects

    def put(self, data: bytes) -> StoredFile:
        """Keep ``data``; durable when this returns. The same bytes again are the same file.

        Raises:
            StoreError: storage_full or storage_failed; nothing half-written stays under the photo's name.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            self._write(sha256, data)
        except (BaseError, OSError) as e:
            raise (storage_full() if "507 Insufficient Storage" in str(e) else StoreError()) from e
        return StoredFile(sha256, len(data))

    def free_bytes(self) -> int | None:
        """Room that is left; None where nobody can say."""
        return None

    def _write(self, sha256: str, data: bytes) -> None:
        obstore.put(self._objects, path_of(sha256), data)

    def get(self, sha256: str) -> bytes:
        """The photo's bytes, checked against their name.

        Raises:
            StoreError: photo_file_missing, photo_file_damaged or storage_failed.
        """
        try:
            data = bytes(obstore.get(self._objects, path_of(sha256)).bytes())
        except (NotFoundError, FileNotFoundError) as e:
            raise _missing(sha256) from e
        except (BaseError, OSError) as e:
            raise StoreError({"sha256": sha256}) from e
        if hashlib.sha256(data).hexdigest() != sha256:
            raise _damaged(sha256)
        return data

    def objects(self) -> Iterator[StoredObject]:
        """Everything in the store, leftovers too."""
        for chunk in self._listed():
            for meta in chunk:
                name = meta["path"]
                last = name.rpartition("/")[2]
                whole = bool(_SHA.fullmatch(last)) and name == path_of(last)
                yield StoredObject(name, last if whole else None, int(meta["size"]), meta["last_modified"])

    def _listed(self) -> Iterator[Any]:
        try:
            yield from obstore.list(self._objects)
        except (BaseError, OSError) as e:
            if "NoSuchBucket" not in str(e):  # an object store that has been given nothing yet
                raise StoreError() from e

    def remove(self, name: str) -> None:
        """Only for leftovers (db.cleaning); photos are never removed."""
        obstore.delete(self._objects, name)


class FolderStore(PhotoStore):
    """Photos in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        super().__init__(LocalStore(self.folder))

    def free_bytes(self) -> int | None:
        return shutil.disk_usage(self.folder).free

    def _write(self, sha256: str, data: bytes) -> None:
        target = self.folder / path_of(sha256)
        try:
            if self._already_there(target, sha256):
                return
            self._make_folders(target.parent)
            self._write_file(target, data)
        except OSError as e:
            raise (storage_full() if e.errno in _NO_SPACE else StoreError()) from e

    def _already_there(self, target: Path, sha256: str) -> bool:
        try:
            with target.open("rb") as f:
                same = hashlib.file_digest(f, "sha256").hexdigest() == sha256
                if same:
                    os.fsync(f.fileno())  # an earlier writer may have died between rename and fsync of the folder
        except FileNotFoundError:
            return False
        if same:
            os.utime(target)  # young again: the cleaner must not take it while its row is being written
            fsync_folder(target.parent)
        return same

    def _make_folders(self, parent: Path) -> None:
        for folder in (self.folder / TEMP, parent.parent, parent):
            if not folder.is_dir():
                folder.mkdir(exist_ok=True)
                fsync_folder(folder.parent)

    def _write_file(self, target: Path, data: bytes) -> None:
        temp = self.folder / TEMP / f"{target.name[:16]}-{secrets.token_hex(8)}"
        try:
            with temp.open("xb") as f:
                f.write(data)
                f.flush()
                os.fsync(f.fileno())
            temp.replace(target)
        except BaseException:
            temp.unlink(missing_ok=True)
            raise
        fsync_folder(target.parent)


_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


ANSWER = timedelta(seconds=20)
"""Of an object store that does not answer. An upload waits no longer for it, tries included; its sender is told to come again."""
CLIENT: dict[str, Any] = {"connect_timeout": timedelta(seconds=3), "timeout": ANSWER}
RETRIES: Any = {
    "max_retries": 3,
    "retry_timeout": ANSWER,
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2},
}


def open_objects(url: str) -> Any:
    """The object store of a URL. Keys and endpoint come from the environment, as its vendor's own tools read them (AWS_...)."""
    endpoints = [os.environ.get(name, "") for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")]
    plain = next((e for e in endpoints if e), "").startswith("http:")
    options: Any = {**CLIENT, "allow_http": plain}
    return from_url(url, client_options=options, retry_config=RETRIES)


def open_store(photos: str) -> PhotoStore:
    """The store that ``Settings.photos`` names: a folder's path, or a URL with a scheme obstore knows (s3, gs, az)."""
    if "://" in photos:
        return PhotoStore(open_objects(photos))
    return FolderStore(Path(photos))
