"""``c1 compare``: published figures (KPU) in, differences with what counts out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Bandingkan dengan angka KPU. / Compare with KPU's published figures.")

Data = Annotated[Path | None, typer.Option("--data", help="Folder data / data folder (C1_DATA, default var)", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Sebagai JSON / as JSON")]


@app.command("import")
def import_(
    paths: Annotated[
        list[Path], typer.Argument(help="JSON Sirekap, CSV, zip, atau folder / Sirekap JSON, CSV, zip or folder", show_default=False)
    ],
    election: Annotated[str, typer.Option("--election", help="Pemilihan / election", show_default=False)],
    by: Annotated[str, typer.Option("--by", help="Nama pengguna yang mengimpor / user name of whoever imports", show_default=False)],
    source: Annotated[str, typer.Option("--source", help="Sumber / source")] = "KPU Sirekap",
    candidates: Annotated[
        Path | None, typer.Option("--candidates", help="Daftar id calon (JSON) / list of contestants' ids", show_default=False)
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Impor angka yang diterbitkan; semua atau tidak sama sekali. / Import published figures, all or none of them.

    Berkas yang sama dua kali dikenali. Status keluar 1 bila ada kesalahan, dengan baris dan kolomnya. / The same file twice is recognised.
    Exit status 1 if anything is wrong, with row and column.
    """
    from api.build import open_services
    from api.cli import settings_of
    from api.importing.run import importer_of
    from api.rest.compare import IMPORTERS, import_files, import_json
    from review.published import BadPublished

    files = [(str(f.relative_to(p.parent)) if p.is_dir() else f.name, f.read_bytes()) for p in paths for f in _files(p)]
    if not files:
        raise typer.BadParameter("tidak ada berkas .json, .csv, atau .zip / no .json, .csv or .zip files")
    ids = candidates.read_bytes() if candidates else None
    held = open_services(settings_of(data))
    try:
        user = importer_of(held, by)
        if user is None or user.role not in IMPORTERS:
            raise typer.BadParameter(f"bukan pengawas atau admin / no supervisor or admin: {by}", param_hint="--by")
        made, new = import_files(held, user.id, election, files, source, ids)
    except BadPublished as e:
        for where, text, text_en in e.faults[:50]:
            typer.echo(f"{where}: {text} / {text_en}", err=True)
        if len(e.faults) > 50:
            typer.echo(f"… {len(e.faults)}", err=True)
        typer.echo(f"c1: {e.message} / {e.message_en}", err=True)
        raise typer.Exit(1) from None
    finally:
        held.db.dispose()
    if as_json:
        typer.echo(json.dumps(import_json(made) | {"new": new}, ensure_ascii=False))
        return
    state = "diimpor / imported" if new else "sudah ada / was here"
    typer.echo(f"{made.source} v{made.version} {state}: {made.stations} TPS, {made.figures} angka/figures, sha256 {made.sha256[:12]}")


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(f for f in path.rglob("*") if f.is_file() and f.suffix.lower() in (".json", ".csv", ".zip"))


@app.command()
def show(
    election: Annotated[str, typer.Option("--election", help="Pemilihan / election", show_default=False)],
    kecamatan: Annotated[str, typer.Option("--kecamatan", help="Kode kecamatan / kecamatan code")] = "",
    least: Annotated[int, typer.Option("--least", help="Selisih terkecil / smallest difference")] = 1,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Tampilkan selisih dengan impor terbaru. / Show the differences with the newest import."""
    from api.build import db_settings
    from api.cli import settings_of
    from api.rest.compare import difference_json, side_json
    from db.published import imports
    from db.session import Database
    from review.compare import compare

    db = Database(db_settings(settings_of(data)).database_url)
    try:
        with db.reading() as session:
            found = imports(session, election)
            if not found:
                raise typer.BadParameter("belum ada impor / nothing imported yet", param_hint="--election")
            made = compare(session, election, found[0].id)
            rows = made.differences(kecamatan=kecamatan, least=least)
            whole = made.sides()[-1]
    finally:
        db.dispose()
    if as_json:
        typer.echo(json.dumps({"coverage": side_json(whole), "rows": [difference_json(d, made) for d in rows]}, ensure_ascii=False))
        return
    for d in rows:
        typer.echo(f"{d.place.code}  {d.place.label}  {d.name}: kami/ours {d.ours}, terbit/published {d.theirs}, {d.delta:+}")
    typer.echo(f"{whole.both} TPS dibandingkan / compared; {whole.stations} TPS, {whole.numbers} angka berbeda / numbers differ")
