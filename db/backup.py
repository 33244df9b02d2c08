"""Backups: the whole database and every photo, consistent although the system runs on, each file with its hash; and the way back.

A backup place (a folder or an object store) holds

    photos/ab/cd/SHA256                 all photos ever backed up there; a later backup adds only what is new
    backups/NAME/tables/TABLE.jsonl.gz  the rows of one table, one JSON object a line
    backups/NAME/manifest.json          what belongs to it, with all hashes; written last: without it there is no backup

Consistent: all tables are read in one transaction that sees one moment (SQLite: a read transaction in WAL; PostgreSQL: REPEATABLE READ,
read only). Photos are copied after it: they never change, and each lay on the disk before its row was written. The rows are written in a
form that belongs to no database, so that a backup of SQLite can be restored into PostgreSQL, and the other way round.

The queue is not part of it (it follows from the database), nor are secrets (C1_SECRET or the data folder's ``secret``).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import obstore
from alembic.runtime.migration import MigrationContext
from obstore.exceptions import BaseError
from obstore.store import LocalStore
from sqlalchemy import Column, Connection, MetaData, Table, func, insert, select, text
from sqlalchemy.types import Boolean, Date, DateTime

from db import audit, clock
from db.errors import ServiceError
from db.migrate import upgrade
from db.session import Database, make_engine
from db.store import FolderStore, PhotoStore, fsync_folder, open_objects, open_store
from db.tables import AuditHead, BackupRun, Base, Message, Photo, TemplateFile, UnplacedPhoto

FORMAT = 1
_CHUNK = 500
LEFT_OUT = {"worker_sign", "reading_claim"}
"""Of the running system, not of what it knows."""
NAMED = (Photo.sha256, UnplacedPhoto.sha256, Message.sha256, TemplateFile.sha256)
"""Columns that name files in the photo store."""

Progress = Callable[[str, int, int], None]
"""(what, done, of)."""


class BackupError(ServiceError):
    """It cannot be backed up, or what is there cannot be restored."""

    code = "backup_failed"
    status = 500
    text = "Cadangan gagal."
    text_en = "The backup failed."


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is complete. ``audit``: number and hash of the log's last row at its moment."""

    name: str
    rows: int
    files: int
    new_files: int
    size: int
    audit: tuple[int, str]
    missing: tuple[str, ...] = ()
    """Files that a row names and that were removed before (retention)."""


class Place:
    """Where backups lie."""

    def __init__(self, where: str) -> None:
        self.where = where
        if "://" in where:
            self.objects: Any = open_objects(where)
            self.photos: PhotoStore = open_store(where.rstrip("/") + "/photos")
            self._folder: Path | None = None
        else:
            self._folder = Path(where).resolve()
            self._folder.mkdir(parents=True, exist_ok=True)
            self.objects = LocalStore(self._folder)
            self.photos = FolderStore(self._folder / "photos")

    def write(self, name: str, file: Path) -> None:
        """Durable when this returns."""
        try:
            if self._folder is None:
                obstore.put(self.objects, name, file)
                return
            target = self._folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(target.name + ".part")
            with part.open("wb") as out, file.open("rb") as source:
                while block := source.read(1 << 20):
                    out.write(block)
                fsync_file(out)
            part.replace(target)
            fsync_folder(target.parent)
        except (BaseError, OSError) as e:
            raise BackupError(message=f"Cadangan tidak dapat ditulis: {e}", message_en=f"The backup could not be written: {e}") from e

    def read(self, name: str) -> bytes:
        try:
            return bytes(obstore.get(self.objects, name).bytes())
        except (BaseError, OSError) as e:
            raise BackupError(message=f"Tidak ada {name} di {self.where}.", message_en=f"There is no {name} in {self.where}.") from e

    def names(self) -> list[str]:
        """Complete backups, the oldest first."""
        found = []
        for chunk in obstore.list(self.objects, "backups/"):
            found += [m["path"].split("/")[-2] for m in chunk if m["path"].endswith("/manifest.json")]
        return sorted(found)


def fsync_file(file: Any) -> None:
    import os

    file.flush()
    os.fsync(file.fileno())


# ---------------------------------------------------------------- rows as JSON, whatever database they come from


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value


def _reader(column: Column[Any]) -> Callable[[Any], Any]:
    """How a JSON value becomes what the column takes."""
    kind = getattr(column.type, "impl", column.type)
    if isinstance(kind, DateTime) or isinstance(column.type, DateTime):
        return lambda v: None if v is None else datetime.fromisoformat(v)
    if isinstance(kind, Date):
        return lambda v: None if v is None else date.fromisoformat(v)
    if isinstance(kind, Boolean):
        return lambda v: None if v is None else bool(v)
    if type(kind).__name__ in ("LargeBinary", "BLOB", "BYTEA"):
        return lambda v: None if v is None else bytes.fromhex(v)
    return lambda v: v


def _snapshot(db: Database) -> Connection:
    """A connection in a transaction that sees one moment and writes nothing."""
    connection = db.engine.connect()
    if connection.dialect.name == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    else:
        connection = connection.execution_options(c1_read_only=True)
    connection.begin()
    return connection


def backup(db: Database, store: PhotoStore, where: str, *, progress: Progress = lambda what, done, of: None) -> Made:
    """Back everything up to ``where`` while the system runs.

    Raises:
        BackupError, StoreError.
    """
    begun = clock.now()
    place = Place(where)
    name = begun.strftime("%Y%m%dT%H%M%S%fZ")
    tables = [t for t in Base.metadata.sorted_tables if t.name not in LEFT_OUT]
    manifest: dict[str, Any] = {"format": FORMAT, "name": name, "at": begun.isoformat(), "tables": {}}
    with tempfile.TemporaryDirectory(prefix="c1-backup-") as folder, _snapshot(db) as connection:
        manifest["revision"] = MigrationContext.configure(connection).get_current_revision()
        head = connection.execute(select(AuditHead.seq, AuditHead.hash)).one()
        manifest["audit"] = [head.seq, head.hash]
        for n, table in enumerate(tables):
            progress("tables", n, len(tables))
            file = Path(folder) / f"{table.name}.jsonl.gz"
            rows = _dump(connection, table, file)
            sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
            manifest["tables"][table.name] = {"rows": rows, "sha256": sha256, "size": file.stat().st_size}
            place.write(f"backups/{name}/tables/{file.name}", file)
        named = sorted({s for column in NAMED for s in connection.scalars(select(column)) if s})
        connection.rollback()
        new, size, missing = _copy_photos(store, place.photos, named, progress)
        kept = [s for s in named if s not in missing]
        lists = Path(folder) / "photos.txt"
        lists.write_text("".join(f"{s}\n" for s in kept), encoding="ascii")
        place.write(f"backups/{name}/photos.txt", lists)
        manifest["photos"] = {"files": len(kept), "sha256": hashlib.sha256(lists.read_bytes()).hexdigest(), "missing": missing}
        summary = Path(folder) / "manifest.json"
        summary.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        place.write(f"backups/{name}/manifest.json", summary)
    rows = sum(t["rows"] for t in manifest["tables"].values())
    size += sum(t["size"] for t in manifest["tables"].values())
    with db.writing() as session:
        seconds = round((clock.now() - begun).total_seconds())
        session.add(
            BackupRun(
                at=begun, target=where[:300], name=name, rows=rows, files=len(kept), new_files=new, size=size, seconds=max(0, seconds)
            )
        )
    return Made(name, rows, len(kept), new, size, (head.seq, head.hash), tuple(missing))


def _dump(connection: Connection, table: Table, file: Path) -> int:
    rows = 0
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_CHUNK)
    with gzip.GzipFile(file, "wb", compresslevel=5, mtime=0) as out:
        for row in connection.execute(query).mappings():
            line = json.dumps({c.name: _plain(row[c]) for c in table.columns}, ensure_ascii=False, separators=(",", ":"))
            out.write(line.encode() + b"\n")
            rows += 1
    return rows


def _copy_photos(source: PhotoStore, target: PhotoStore, named: list[str], progress: Progress) -> tuple[int, int, list[str]]:
    """(new files, bytes of all files, names of those that are gone). What is read is checked against its name (PhotoStore.get)."""
    there = {o.sha256: o.size for o in target.objects() if o.sha256}
    new, size, missing = 0, 0, []
    for n, sha256 in enumerate(named):
        if n % 100 == 0:
            progress("photos", n, len(named))
        if sha256 in there:
            size += there[sha256]
            continue
        try:
            data = source.get(sha256)
        except ServiceError as e:
            if e.error_code != "photo_file_missing":
                raise
            missing.append(sha256)
            continue
        target.put(data)
        new, size = new + 1, size + len(data)
    progress("photos", len(named), len(named))
    return new, size, missing


# ---------------------------------------------------------------- the way back


@dataclass(frozen=True, slots=True)
class Restored:
    name: str
    rows: int
    files: int
    audit: tuple[int, str]


def check(where: str, name: str = "", *, progress: Progress = lambda what, done, of: None) -> dict[str, Any]:
    """Read a whole backup and hold every file against its hash; the newest unless ``name`` says which. Returns its manifest.

    Raises:
        BackupError: there is none, or a file is missing or damaged, by name.
    """
    place = Place(where)
    manifest = _manifest(place, name)
    for table in manifest["tables"]:
        _table_file(place, manifest, table)
    wanted = _photo_list(place, manifest)
    for n, sha256 in enumerate(wanted):
        if n % 100 == 0:
            progress("photos", n, len(wanted))
        _photo(place, sha256)
    return manifest


def _manifest(place: Place, name: str) -> dict[str, Any]:
    known = place.names()
    if not known or (name and name not in known):
        raise BackupError(
            message=f"Tidak ada cadangan {name} yang lengkap di {place.where}. Ada: {', '.join(known) or '-'}.",
            message_en=f"There is no complete backup {name} in {place.where}. There are: {', '.join(known) or 'none'}.",
        )
    manifest: dict[str, Any] = json.loads(place.read(f"backups/{name or known[-1]}/manifest.json"))
    if manifest.get("format") != FORMAT:
        raise BackupError(message="Cadangan dari versi lain.", message_en=f"This backup has format {manifest.get('format')}, not {FORMAT}.")
    return manifest


def _table_file(place: Place, manifest: dict[str, Any], table: str) -> bytes:
    data = place.read(f"backups/{manifest['name']}/tables/{table}.jsonl.gz")
    _same(hashlib.sha256(data).hexdigest(), manifest["tables"][table]["sha256"], f"tables/{table}.jsonl.gz")
    return data


def _photo_list(place: Place, manifest: dict[str, Any]) -> list[str]:
    data = place.read(f"backups/{manifest['name']}/photos.txt")
    _same(hashlib.sha256(data).hexdigest(), manifest["photos"]["sha256"], "photos.txt")
    return data.decode("ascii").split()


def _photo(place: Place, sha256: str) -> bytes:
    try:
        return place.photos.get(sha256)
    except ServiceError as e:
        raise BackupError(
            message=f"Foto {sha256[:12]} di cadangan hilang atau rusak.", message_en=f"Photo {sha256[:12]} in the backup: {e.message_en}"
        ) from e


def _same(found: str, wanted: str, what: str) -> None:
    if found != wanted:
        raise BackupError(message=f"Berkas cadangan {what} rusak.", message_en=f"The backup's file {what} is damaged: its hash differs.")


def restore(where: str, url: str, photos: str, name: str = "", *, progress: Progress = lambda what, done, of: None) -> Restored:
    """Bring a backup back into an empty database and an empty or partly filled photo store; all of the database or nothing.

    Raises:
        BackupError: the database is not empty, the backup is from another version, or a file is missing or damaged.
    """
    place = Place(where)
    manifest = _manifest(place, name)
    upgrade(url)
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
            if revision != manifest["revision"]:
                raise BackupError(
                    message=f"Cadangan memakai tabel versi {manifest['revision']}, program ini {revision}. "
                    "Pulihkan dengan versi program yang sama, lalu perbarui.",
                    message_en=f"The backup's tables are of version {manifest['revision']}, this program's of {revision}. "
                    "Restore with the version that made it, then update.",
                )
            _load_tables(connection, place, manifest, progress)
        store = open_store(photos)
        wanted = _photo_list(place, manifest)
        there = {o.sha256 for o in store.objects()}
        for n, sha256 in enumerate(wanted):
            if n % 100 == 0:
                progress("photos", n, len(wanted))
            if sha256 not in there:
                store.put(_photo(place, sha256))
        progress("photos", len(wanted), len(wanted))
    finally:
        engine.dispose()
    rows = sum(t["rows"] for t in manifest["tables"].values())
    return Restored(manifest["name"], rows, len(wanted), (manifest["audit"][0], manifest["audit"][1]))


def _load_tables(connection: Connection, place: Place, manifest: dict[str, Any], progress: Progress) -> None:
    tables: MetaData = Base.metadata
    for kept in (tables.tables[name] for name in ("photo", "audit_log", "app_user")):
        if connection.scalar(select(func.count()).select_from(kept)):
            raise BackupError(
                message=f"Basis data tujuan sudah berisi ({kept.name}). Pulihkan hanya ke basis data kosong.",
                message_en=f"The database is not empty ({kept.name}). A backup is restored into an empty one only.",
            )
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    for n, table in enumerate(tables.sorted_tables):
        progress("tables", n, len(tables.sorted_tables))
        if table.name not in manifest["tables"]:
            continue
        connection.execute(table.delete())  # what migrations put in
        readers = {c.name: _reader(c) for c in table.columns}
        rows = 0
        for chunk in _rows(_table_file(place, manifest, table.name)):
            connection.execute(insert(table), [{k: readers[k](v) for k, v in row.items()} for row in chunk])
            rows += len(chunk)
        if rows != manifest["tables"][table.name]["rows"]:
            raise BackupError(message_en=f"{table.name} has {rows} rows, not {manifest['tables'][table.name]['rows']}.")
        _go_on_counting(connection, table)


def _rows(data: bytes) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for line in gzip.decompress(data).splitlines():
        chunk.append(json.loads(line))
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _go_on_counting(connection: Connection, table: Table) -> None:
    """PostgreSQL numbers rows by sequences, which know nothing of rows that came with their numbers."""
    key = list(table.primary_key.columns)
    if connection.dialect.name != "postgresql" or len(key) != 1:
        return
    sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": table.name, "c": key[0].name})
    highest = connection.scalar(select(func.max(key[0]))) if sequence else None
    if highest is not None:
        connection.execute(text("SELECT setval(CAST(:s AS regclass), :n)"), {"s": sequence, "n": highest})


def intact(db: Database, restored: Restored) -> bool:
    """Does the restored log end where the backup's did?"""
    with db.reading() as session:
        return audit.head(session) == restored.audit
