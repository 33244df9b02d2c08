"""Files without a row: what a crash between "file written" and "row committed" leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from db import clock
from db.session import Database
from db.store import PhotoStore, StoredObject
from db.tables import Message, Photo, TemplateFile, UnplacedPhoto

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Orphan:
    name: str
    size: int
    modified: datetime


def orphans(db: Database, store: PhotoStore, *, older_than: timedelta = timedelta(hours=1), remove: bool = True) -> list[Orphan]:
    """Find files that no photo and no template names and unfinished leftovers, older than ``older_than``; remove them if asked.

    The age keeps away from uploads under way: an upload that meets such a file makes it young again (FolderStore).
    """
    limit = clock.now() - older_than
    old = [o for o in store.objects() if o.modified < limit]
    found: list[Orphan] = []
    for start in range(0, len(old), _CHUNK):
        chunk = old[start : start + _CHUNK]
        known = _known(db, chunk)
        found += [Orphan(o.name, o.size, o.modified) for o in chunk if o.sha256 is None or o.sha256 not in known]
    if remove:
        for orphan in found:
            store.remove(orphan.name)
    return found


def _known(db: Database, chunk: list[StoredObject]) -> set[str]:
    names = [o.sha256 for o in chunk if o.sha256 is not None]
    with db.reading() as session:
        photos = session.scalars(select(Photo.sha256).where(Photo.sha256.in_(names)))
        unplaced = session.scalars(select(UnplacedPhoto.sha256).where(UnplacedPhoto.sha256.in_(names)))
        messages = session.scalars(select(Message.sha256).where(Message.sha256.in_(names)))  # wait for their TPS, or for an admin
        templates = session.scalars(select(TemplateFile.sha256).where(TemplateFile.sha256.in_(names)))
        return {*photos, *unplaced, *(m for m in messages if m), *templates}
