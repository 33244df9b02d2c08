"""``c1 backup`` and ``c1 restore``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from db.backup import Progress

Data = Annotated[Path | None, typer.Option("--data", help="Folder data / data folder (C1_DATA, default var)", show_default=False)]


def backup(
    target: Annotated[str, typer.Argument(help="Folder atau s3://bucket/... / a folder or s3://bucket/...", show_default=False)],
    data: Data = None,
) -> None:
    """Cadangkan basis data dan semua foto, juga selagi server berjalan. / Back up database and photos, also while the server runs.

    Foto yang sudah ada di sana tidak disalin lagi. / Photos that are there already are not copied again.
    """
    from api.build import db_settings
    from api.cli import settings_of
    from db.backup import backup as make
    from db.session import Database
    from db.store import open_store

    places = db_settings(settings_of(data))
    db = Database(places.database_url)
    try:
        made = make(db, open_store(places.photos), target, progress=_bar())
    finally:
        db.dispose()
    typer.echo(f"{made.name}: {made.rows} baris/rows, {made.files} foto/photos ({made.new_files} baru/new), {made.size / 1e6:.1f} MB")
    typer.echo(f"audit {made.audit[0]}:{made.audit[1]}")
    for sha256 in made.missing:
        typer.echo(f"foto sudah tidak ada / photo is gone: {sha256}", err=True)


def restore(
    source: Annotated[str, typer.Argument(help="Folder atau s3://bucket/... / a folder or s3://bucket/...", show_default=False)],
    data: Data = None,
    name: Annotated[str, typer.Option("--name", help="Cadangan yang mana; bawaan yang terbaru / which one; the newest")] = "",
    check: Annotated[bool, typer.Option("--check", help="Hanya periksa semua berkas / only check every file")] = False,
) -> None:
    """Pulihkan cadangan ke tempat yang kosong, dan periksa. / Bring a backup back to an empty place, and check it."""
    from api.build import db_settings
    from api.cli import settings_of
    from db import backup as backups
    from db.session import Database
    from review.verify import verify_all

    if check:
        found = backups.check(source, name, progress=_bar())
        rows = sum(t["rows"] for t in found["tables"].values())
        typer.echo(f"{found['name']}: utuh / intact, {rows} baris/rows, {found['photos']['files']} foto/photos")
        return
    settings = settings_of(data)
    settings.data.mkdir(parents=True, exist_ok=True)
    places = db_settings(settings)
    done = backups.restore(source, places.database_url, places.photos, name, progress=_bar())
    db = Database(places.database_url)
    try:
        with db.reading() as session:
            clean = verify_all(session, anchor=done.audit if done.audit[0] else None).clean
        whole = clean and backups.intact(db, done)
    finally:
        db.dispose()
    typer.echo(f"{done.name}: {done.rows} baris/rows, {done.files} foto/photos, audit {done.audit[0]}:{done.audit[1]}")
    if not whole:
        typer.echo("catatan audit TIDAK UTUH / the audit log is NOT INTACT", err=True)
        raise typer.Exit(1)


def _bar() -> Progress:
    """A line on the terminal; nothing where there is none."""
    import sys

    if not sys.stderr.isatty():
        return lambda what, done, of: None

    def told(what: str, done: int, of: int) -> None:
        end = "\n" if done == of else ""
        sys.stderr.write(f"\r{what} {done}/{of} {end}")
        sys.stderr.flush()

    return told
