"""``c1 totals``: do the kept totals say what the counts say? And making them anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from db.session import Database

app = typer.Typer(no_args_is_help=True, help="Jumlah yang disimpan: periksa, hitung ulang. / Kept totals: check them, make them anew.")
Data = Annotated[Path | None, typer.Option("--data", help="Folder data / data folder (C1_DATA, default var)", show_default=False)]


@app.command()
def verify(data: Data = None) -> None:
    """Bandingkan setiap jumlah yang disimpan dengan hitungannya. / Hold every kept total against the counts.

    Status keluar 1 bila ada yang berbeda; tabel, wilayah, dan angkanya disebut. / Exit status 1 if one differs; it is named.
    """
    from sqlalchemy import select

    from db.summaries import faults
    from db.tables import Election

    with _database(data) as db, db.reading() as session:
        elections = session.scalars(select(Election.id).order_by(Election.id)).all()
        found = [line for e in elections for line in faults(session, e)]
    for line in found:
        typer.echo(line)
    typer.echo(f"{'sama / equal' if not found else f'{len(found)} BERBEDA / DIFFER'}: {len(elections)} pemilihan/elections")
    raise typer.Exit(1 if found else 0)


@app.command()
def rebuild(data: Data = None) -> None:
    """Hitung ulang semua jumlah yang disimpan dari hitungan. / Make all kept totals anew from the counts."""
    from db.summaries import rebuild_all

    with _database(data) as db, db.writing() as session:
        rows = rebuild_all(session)
    typer.echo(f"{rows} baris/rows")


@contextmanager
def _database(data: Path | None) -> Iterator[Database]:
    from api.build import db_settings
    from api.cli import settings_of
    from db.migrate import upgrade
    from db.session import Database

    url = db_settings(settings_of(data)).database_url
    upgrade(url)
    db = Database(url)
    try:
        yield db
    finally:
        db.dispose()
