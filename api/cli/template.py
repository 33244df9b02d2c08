"""``c1 template``: draft form templates from blank forms, check them, try them on photos, publish them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from templates_c1.check import Fault
    from templates_c1.schema import Template

app = typer.Typer(help="Templat formulir. / Form templates.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option("--data", help="Folder data / data folder (C1_DATA, default var)", show_default=False)]

ELECTIONS = ("ppwp", "dpd", "dpr", "dprd_prov", "dprd_kab", "gubernur", "bupati")


@app.command("check")
def check(
    templates: Annotated[list[str], typer.Argument(help="template.json, foldernya, atau id formulir / file, its folder, or form id")],
) -> None:
    """Periksa templat formulir. / Check form templates.

    One line for each fault on stderr, Indonesian first. Exit status 1 if there is any, 0 if all are good.
    """
    from templates_c1.check import check_file, check_form, check_together
    from templates_c1.registry import load, template

    found: list[tuple[str, list[Fault], Template | None]] = []
    for name in templates:
        path = Path(name)
        if path.exists() or "/" in name:
            faults = check_file(path)
            good = None if faults else load(path / "template.json" if path.is_dir() else path)
            found.append((str(path), faults, good))
            continue
        try:
            found.append((name, check_form(name), template(name)))
        except KeyError:
            found.append((name, check_file(path), None))
    between = check_together([(name, t.model_dump(mode="json", exclude_defaults=True)) for name, _, t in found if t is not None])
    for name, faults, known in found:
        mine = [*faults, *(f for n, f in between if n == name)]
        for fault in mine:
            typer.echo(f"{name}: {fault}", err=True)
        if known is not None and not mine:
            pages = ", ".join(str(p.number) for p in known.pages)
            typer.echo(f"{known.form} v{known.version}: OK, halaman / pages {pages}")
    if between or any(faults for _, faults, _ in found):
        raise typer.Exit(1)


@app.command("draft")
def draft(
    sources: Annotated[list[Path], typer.Argument(help="PDF kosong, atau foto tiap halaman / blank PDF, or a photo of each page")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder hasil / folder to write to")],
    form: Annotated[str, typer.Option("--form", help="Id formulir baru / id of the new form, a-z 0-9 -")] = "",
    election: Annotated[str, typer.Option("--election", help=", ".join(ELECTIONS))] = "ppwp",
    title: Annotated[str, typer.Option("--title", help="Judul formulir / title of the form")] = "",
    page: Annotated[int, typer.Option("--page", min=1, help="Nomor halaman pertama / number of the first page")] = 1,
    paper: Annotated[
        str, typer.Option("--paper", help="Ukuran kertas asli LEBARxTINGGI mm, mis. 210x297 / the form's own paper, WIDTHxHEIGHT in mm")
    ] = "",
) -> None:
    """Rancang templat dari formulir kosong. / Draft a template from a blank form.

    Writes template.json and, for each page, a picture with everything that was found drawn over it. What it proposes a person
    corrects and confirms.
    """
    form = form or re.sub(r"[^a-z0-9]+", "-", out.name.lower()).strip("-")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", form):
        raise typer.BadParameter(f"bukan id formulir / no form id: {form}", param_hint="--form")
    if election not in ELECTIONS:
        raise typer.BadParameter(f"pemilihan tidak dikenal / unknown election: {election}", param_hint="--election")
    size = _size(paper)

    import cv2

    from ocr.draft.picture import overlay
    from ocr.draft.words import language
    from ocr.draft.work import draft, encoded
    from templates_c1.check import check_file

    cv2.setNumThreads(1)
    if language() is None:
        typer.echo("Tesseract tidak ada: label tidak dibaca / no Tesseract: labels are not read", err=True)
    done = draft(sources, form, election, title, page, size)
    out.mkdir(parents=True, exist_ok=True)
    file = out / "template.json"
    file.write_text(json.dumps(done.body, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    start = 0
    for s in done.seen:
        mine, at = done.numbers[start : start + len(s.rows)], s.labelled[0].page
        start += len(s.rows)
        data, media_type = encoded(s.sheet.gray, s.sheet.photographed)
        (out / f"page-{at}.{'png' if media_type == 'image/png' else 'jpg'}").write_bytes(data)
        (out / f"page-{at}-found.png").write_bytes(encoded(overlay(s, mine), False)[0])
        boxes, bubbles = sum(len(r.boxes) for r in s.rows), sum(len(c.centres) for b in s.bubbles for c in b)
        tag = "-" if s.tag is None else str(s.tag.id)
        typer.echo(
            f"halaman / page {at}: {len(s.rows)} angka / numbers, {boxes} kotak / boxes, {bubbles} bulatan / bubbles, "
            f"{len(s.grids)} turus, {len(s.markers)} penanda / markers, AprilTag {tag}"
        )
    typer.echo(f"{file}")
    for fault in check_file(file):
        typer.echo(f"perlu dibenahi / to be seen to: {fault}", err=True)


@app.command("try")
def try_(
    folder: Annotated[Path, typer.Argument(help="Folder templat / the template's folder")],
    photos: Annotated[list[Path], typer.Argument(help="Foto formulir terisi / photos of filled forms")],
    truth: Annotated[Path | None, typer.Option("--truth", help='{"foto.jpg": {"suara_sah": 178, ...}}')] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Simpan hasilnya / keep the result with the installation's templates")] = False,
    data: Data = None,
) -> None:
    """Coba templat pada foto. / Try a template on photos, against what is written on them.

    Exit status 1 if a number was misread without a doubt, 2 for bad usage.
    """
    from api.cli.forms_store import try_photos

    if try_photos(folder, photos, truth, data if keep else None, keep=keep):
        raise typer.Exit(1)


@app.command("publish")
def publish(
    folder: Annotated[Path, typer.Argument(help="Folder templat / the template's folder")],
    reason: Annotated[str, typer.Option("--reason", help="Alasan / why; goes into the audit log")],
    user: Annotated[str, typer.Option("--as", help="Nama pengguna admin / an admin's user name")],
    election: Annotated[str, typer.Option("--election", help="Tambahkan ke pemilihan / add its pages to this election")] = "",
    data: Data = None,
) -> None:
    """Terbitkan templat. / Publish a template: every process reads with it from the next photo on."""
    from api.cli.forms_store import publish_folder

    typer.echo(publish_folder(folder, reason, user, election, data))


@app.command("list")
def list_(data: Data = None) -> None:
    """Daftar formulir yang dikenal. / The forms that are known: shipped, and published in this installation."""
    from api.cli.forms_store import known_forms

    for line in known_forms(data):
        typer.echo(line)


def _size(paper: str) -> tuple[float, float] | None:
    if not paper:
        return None
    m = re.fullmatch(r"(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)", paper.strip().lower())
    if m is None or min(float(m.group(1)), float(m.group(2))) <= 0:
        raise typer.BadParameter(f"bukan ukuran kertas / no paper size: {paper} (210x297)", param_hint="--paper")
    return float(m.group(1)), float(m.group(2))
