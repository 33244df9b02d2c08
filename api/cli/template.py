"""``c1 template``: draft form templates from blank forms, and check them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Templat formulir. / Form templates.", no_args_is_help=True)

ELECTIONS = ("ppwp", "dpd", "dpr", "dprd_prov", "dprd_kab", "gubernur", "bupati")


@app.command("check")
def check(
    templates: Annotated[list[str], typer.Argument(help="template.json, foldernya, atau id formulir / file, its folder, or form id")],
) -> None:
    """Periksa templat formulir. / Check form templates.

    One line for each fault on stderr, Indonesian first. Exit status 1 if there is any, 0 if all are good.
    """
    from templates_c1.check import check_file
    from templates_c1.registry import load

    bad = False
    for name in templates:
        path = _path(name)
        faults = check_file(path)
        for fault in faults:
            typer.echo(f"{path}: {fault}", err=True)
        if faults:
            bad = True
            continue
        template = load(path / "template.json" if path.is_dir() else path)
        pages = ", ".join(str(p.number) for p in template.pages)
        typer.echo(f"{template.form} v{template.version}: OK, halaman / pages {pages}")
    if bad:
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

    from ocr.draft.build import template_of
    from ocr.draft.page import look
    from ocr.draft.pages import sheets
    from ocr.draft.picture import overlay
    from ocr.draft.words import language
    from templates_c1.check import check_file

    cv2.setNumThreads(1)
    lang = language()
    if lang is None:
        typer.echo("Tesseract tidak ada: label tidak dibaca / no Tesseract: labels are not read", err=True)
    seen = [look(sheet, page + i, lang) for i, sheet in enumerate(s for source in sources for s in sheets(source, size))]
    template, numbers = template_of(seen, form, election, title)
    out.mkdir(parents=True, exist_ok=True)
    file = out / "template.json"
    raw = template.model_dump(mode="json", exclude_defaults=True)
    file.write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    start = 0
    for i, s in enumerate(seen):
        mine = numbers[start : start + len(s.rows)]
        start += len(s.rows)
        ok, data = cv2.imencode(".png", overlay(s, mine))
        if ok:
            (out / f"page-{page + i}.png").write_bytes(data.tobytes())
        boxes, bubbles = sum(len(r.boxes) for r in s.rows), sum(len(c.centres) for b in s.bubbles for c in b)
        tag = "-" if s.tag is None else str(s.tag.id)
        typer.echo(
            f"halaman / page {page + i}: {len(s.rows)} angka / numbers, {boxes} kotak / boxes, {bubbles} bulatan / bubbles, "
            f"{len(s.grids)} turus, {len(s.markers)} penanda / markers, AprilTag {tag}"
        )
    typer.echo(f"{file}")
    for fault in check_file(file):
        typer.echo(f"perlu dibenahi / to be seen to: {fault}", err=True)


def _size(paper: str) -> tuple[float, float] | None:
    if not paper:
        return None
    m = re.fullmatch(r"(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)", paper.strip().lower())
    if m is None or min(float(m.group(1)), float(m.group(2))) <= 0:
        raise typer.BadParameter(f"bukan ukuran kertas / no paper size: {paper} (210x297)", param_hint="--paper")
    return float(m.group(1)), float(m.group(2))


def _path(name: str) -> Path:
    """A file or folder, or a shipped form by its id."""
    from templates_c1.registry import folder

    path = Path(name)
    shipped = folder(name) / "template.json"
    return shipped if not path.exists() and "/" not in name and shipped.is_file() else path
