"""``c1 evidence``: everything that proves one TPS, into one signed file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli import export as exporting

app = typer.Typer(no_args_is_help=True, help="Bundel bukti sebuah TPS. / The evidence of one TPS.")


@app.command()
def make(
    election: Annotated[str, typer.Argument(help="Id pemilihan / an election's id")],
    tps: Annotated[str, typer.Argument(help="Kode TPS, 13 angka / the TPS' code")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Berkas hasil / the file to write", show_default=False)] = None,
    data: exporting.Data = None,
) -> None:
    """Kumpulkan foto, halaman, potongan, bacaan, dan riwayat. / Collect photos, pages, crops, readings and history."""
    from api.build import open_services
    from api.cli import settings_of
    from api.rest.exports import key_of, pictures_of
    from review.evidence_bundle import bundle, gather

    held = open_services(settings_of(data))
    try:
        with held.db.reading() as session:
            found = gather(session, election, tps)
        body = bundle(found, pictures_of(held), key_of(held))
    finally:
        held.db.dispose()
    file = out or Path(f"bukti_{election}_{tps}.zip")
    file.write_bytes(body)
    typer.echo(f"{file}: {len(body)} bytes, {len(found.photos)} foto/photos")


app.command("verify")(exporting.verify)
