"""Whole sets on disk: every page of an election at some polling stations, with their truth.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import samples
from samples import tps as stations_of
from samples.places import declaration
from templates_c1.registry import template


def add_truth(folder: Path, photos: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Add ``photos`` (file name -> truth) to the folder's truth.json; returns all that stands there now."""
    file = folder / "truth.json"
    truth: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"photos": {}}
    truth["photos"] |= photos
    file.write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return truth


def write_form(
    form: str,
    out: Path,
    *,
    page: int | None = None,
    count: int = 1,
    difficulty: str | float = "moderate",
    seed: int = 0,
    broken: bool = False,
) -> dict[str, dict[str, Any]]:
    """Photograph one form, or one page of it, as ``count`` stations fill it, a seed each; returns the truths by file name.

    Args:
        broken: every page carries one wrong sum.

    Raises:
        ValueError: unknown difficulty. KeyError: unknown form or page.
    """
    out.mkdir(parents=True, exist_ok=True)
    kind = template(form).elections[0]
    area = next((a.code for a in declaration(kind).areas if declaration(kind).form_of(a) == form), None)
    photos: dict[str, dict[str, Any]] = {}
    for each in range(seed, seed + count):
        code = stations_of.stations(kind, 1, each, area=area)[0]
        for sheet in stations_of.whole_tps(kind, code, each, form=form, pages=[page] if page else None, errors=float(broken)):
            data, truth = samples.photograph(sheet, difficulty, each)
            name = f"{form}_{each}_p{sheet.page}{'_broken' if broken else ''}.jpg"
            (out / name).write_bytes(data)
            photos[name] = truth
    add_truth(out, photos)
    return photos


def write(
    kind: str,
    out: Path,
    *,
    tps: int = 1,
    area: str | None = None,
    form: str | None = None,
    difficulty: str | float = "moderate",
    seed: int = 0,
    errors: float = 0.0,
) -> dict[str, dict[str, Any]]:
    """Photograph all pages of ``tps`` polling stations into ``out``; returns the truths by file name.

    Args:
        area: dapil (province, regency) to take the stations from.
        form: an official form instead of the desk form.
        errors: probability that a page carries one wrong sum.

    Raises:
        ValueError: unknown kind, area or difficulty, or too many stations. KeyError: unknown form.
    """
    out.mkdir(parents=True, exist_ok=True)
    photos: dict[str, dict[str, Any]] = {}
    for code in stations_of.stations(kind, tps, seed, area=area):
        for sheet in stations_of.whole_tps(kind, code, seed, form=form, errors=errors):
            data, truth = samples.photograph(sheet, difficulty, seed)
            name = f"{code}_{sheet.form}_p{sheet.page}.jpg"
            (out / name).write_bytes(data)
            photos[name] = truth
    add_truth(out, photos)
    return photos
