"""``c1 form print``: desk forms of one station or of a whole kecamatan, as PDF."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from templates_c1.desk_form import Station

app = typer.Typer(help="Formulir meja / desk forms.", no_args_is_help=True)


@app.command("print")
def print_forms(
    election: Annotated[str, typer.Option("--election", help="ppwp, dpd, dpr, dprd_prov, dprd_kab, gubernur, bupati", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Berkas PDF / PDF file", show_default=False)],
    tps: Annotated[str | None, typer.Option("--tps", help="Kode TPS, 13 angka / TPS code, 13 digits", show_default=False)] = None,
    kecamatan: Annotated[
        str | None, typer.Option("--kecamatan", help="Semua TPS kecamatan ini (kode, 6 angka) / all its TPS (code, 6 digits)")
    ] = None,
    paper: Annotated[str, typer.Option("--paper", help="a4, a3")] = "a4",
) -> None:
    """Cetak formulir meja ke PDF. / Print desk forms to PDF."""
    from templates_c1.desk_form import PAPERS, write
    from templates_c1.families.declarations import declarations, desk_template

    papers = {name: name for name in PAPERS}
    if paper not in papers:
        raise typer.BadParameter(f"'{paper}': {', '.join(papers)}", param_hint="--paper")
    declared = sorted((d for d in declarations() if d.election == election), key=lambda d: d.year)
    if not declared:
        known = ", ".join(sorted({d.election for d in declarations()}))
        raise typer.BadParameter(f"'{election}': {known}", param_hint="--election")
    if (tps is None) == (kecamatan is None):
        raise typer.BadParameter("salah satu / one of: --tps, --kecamatan")
    wanted = tps or kecamatan or ""
    if not wanted.isdigit() or len(wanted) != (13 if tps else 6):
        hint = "13 angka / 13 digits" if tps else "6 angka / 6 digits"
        raise typer.BadParameter(f"'{wanted}': {hint}", param_hint="--tps" if tps else "--kecamatan")
    stations = [s for s in _stations(wanted[:10]) if s.code.startswith(wanted)]
    if not stations:
        raise typer.BadParameter(f"'{wanted}' tidak dikenal / is not known", param_hint="--tps" if tps else "--kecamatan")
    declaration = declared[-1]
    area = declaration.area_of(wanted)
    if area is None:
        raise typer.BadParameter(f"'{wanted}' di luar pemilihan ini / is outside this election")
    form = desk_template(declaration.form_of(area))
    count = write(out, ((s, form, form.pages) for s in stations), papers[paper])
    typer.echo(f"{out}: {form.form}, {len(stations)} TPS, {count} halaman / pages")


def _stations(inside: str) -> Iterator[Station]:
    """The stations of the shipped regions whose desa's code begins with ``inside`` (up to 10 digits)."""
    from db.seed import FIRST_SPECIAL
    from templates_c1.desk_form import Station

    names: dict[str, str] = {}
    for file in sorted(f.name for f in files("db.regions").iterdir() if f.name.endswith(".csv")):
        with (files("db.regions") / file).open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                code = row["code"]
                names[code] = row["name"]
                if len(code) != 10 or not code.startswith(inside):
                    continue
                ordinary, special = int(row["tps"]), int(row["special"] or 0)
                for number in [*range(1, ordinary + 1), *range(FIRST_SPECIAL, FIRST_SPECIAL + special)]:
                    yield Station(f"{code}{number:03}", row["name"], names[code[:6]], names[code[:4]])
