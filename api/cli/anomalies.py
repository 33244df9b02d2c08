"""``c1 anomalies``: look through what is committed, and list what looks wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Kejanggalan pada angka yang disahkan. / Anomalies of committed counts.")

Data = Annotated[Path | None, typer.Option("--data", help="Folder data / data folder (C1_DATA, default var)", show_default=False)]


@app.command()
def run(
    data: Data = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Semua TPS, bukan hanya yang berubah / every TPS, not only what changed")
    ] = False,
) -> None:
    """Periksa angka yang disahkan sejak pemeriksaan terakhir. / Check what was committed since the last look."""
    from rich.console import Console
    from rich.progress import Progress

    from api.build import db_settings
    from api.cli import settings_of
    from db.session import Database
    from review.anomaly_look import look_through

    db = Database(db_settings(settings_of(data)).database_url)
    try:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("kecamatan", total=None)
            done = look_through(db, whole=everything, progress=lambda i, n: bar.update(task, completed=i, total=n))
    finally:
        db.dispose()
    events = ", ".join(f"{e.value} {n}" for e, n in sorted(done.events.items())) or "tidak ada yang baru / nothing new"
    typer.echo(f"{done.areas} kecamatan, {done.stations} TPS, {done.seconds:.1f} s: {events}")


@app.command("list")
def list_(
    data: Data = None,
    election: Annotated[str, typer.Option("--election", help="Pemilihan / election")] = "",
    code: Annotated[str, typer.Option("--code", help="Kode wilayah / region code")] = "",
    state: Annotated[str, typer.Option("--state", help="open, explained, gone, all")] = "open",
    as_json: Annotated[bool, typer.Option("--json", help="Satu objek JSON per baris / one JSON object per line")] = False,
) -> None:
    """Tampilkan kejanggalan, terberat dahulu. / List anomalies, the gravest first."""
    from api.build import db_settings
    from api.cli import settings_of
    from api.errors import ApiError
    from api.rest.anomalies import anomaly_json, sentence, wanted_of
    from db import anomalies as stored
    from db.queries import elections
    from db.session import Database

    db = Database(db_settings(settings_of(data)).database_url)
    try:
        with db.reading() as session:
            try:
                wanted = wanted_of(session, (), election, code, None, None, state)
            except ApiError as e:
                raise typer.BadParameter(e.message("en")) from e
            found = stored.listed(session, wanted, "severity", None)
            views = {v.id: v for v in elections(session)}
    finally:
        db.dispose()
    for a in found:
        if as_json:
            typer.echo(json.dumps(anomaly_json(a, views), ensure_ascii=False))
        else:
            typer.echo(f"{a.id}\t{a.severity}\t{a.tps.code}\t{a.election_id}\t{a.kind}\t{sentence(a, views)[0]}")
