"""``c1 audit``: is the record of what counts untouched?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from review.verify import Progress

app = typer.Typer(no_args_is_help=True, help="Catatan perubahan: periksa keutuhannya. / The audit log: check that it is whole.")


@app.callback()
def group() -> None:
    """Keeps ``verify`` a command of its own, so that others can join it."""


Data = Annotated[Path | None, typer.Option("--data", help="Folder data / data folder (C1_DATA, default var)", show_default=False)]
Anchor = Annotated[
    str | None,
    typer.Option("--anchor", metavar="ROW:HASH", help="Baris yang pernah dicetak, mis. 4211:9f3c… / a row printed earlier"),
]


@app.command()
def verify(data: Data = None, anchor: Anchor = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Periksa rantai catatan dan semua hitungan terhadapnya. / Check the chain, and every count against it.

    Status keluar 1 bila ada yang berubah, dan barisnya disebut. / Exit status 1 if anything was changed; the row is named.
    """
    from api.build import db_settings
    from api.cli import settings_of
    from db.session import Database
    from review.verify import verify_all

    kept = _anchor(anchor)
    db = Database(db_settings(settings_of(data)).database_url)
    try:
        with db.reading() as session:
            found = verify_all(session, anchor=kept, progress=None if as_json else _progress())
    finally:
        db.dispose()
    if as_json:
        typer.echo(json.dumps(found.to_json()))
    else:
        for f in found.to_json()["faults"]:
            typer.echo(f"{f['table']} {f['row']}: {f['why']}")
        state = "utuh / intact" if found.clean else "TIDAK UTUH / NOT INTACT"
        figures = f"{found.rows} baris/rows, {found.commits} lembar/sheets, {found.sealed} baris bersegel/rows under seal"
        typer.echo(f"{state}: {figures}, {found.rows}:{found.hash}")
    if not found.clean:
        raise typer.Exit(1)


def _progress() -> Progress | None:
    """A line on the terminal that tells how far it is; None where nobody watches."""
    if not sys.stderr.isatty():
        return None

    def tell(what: str, done: int, of: int) -> None:
        typer.echo(f"\r{what} {done}/{of}\x1b[K", err=True, nl=False)
        if done >= of:
            typer.echo("\r\x1b[K", err=True, nl=False)

    return tell


def _anchor(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    row, colon, value = text.partition(":")
    if not colon or not row.isdecimal() or len(value) < 8 or set(value) - set("0123456789abcdef"):
        raise typer.BadParameter("ROW:HASH, e.g. 4211:9f3c07aa", param_hint="--anchor")
    return int(row), value
