"""Cut every labelled box out of a folder of real data.

    python -m ocr.training.crops DATA --out CROPS.npz [--jobs 2]

``DATA`` holds folders with photos and a ``truth.json`` (``{"photos": {FILE: {"form", "page", "numbers": {NAME: BOXES},
"doubtful": [NAME]}}}``) and folders of loose single-box crops with a ``labels.csv`` (file, box). Photos that are not recognised are
left out and counted.

Arrays written, a row for each box: ``crops`` (n, 64, 64) uint8; ``labels`` indices into ``tally.glyphs.GLYPHS``; ``source`` (folder),
``photo``, ``number``, ``index``; ``group`` (same paper, station or stretch of file numbers); ``fold`` 0..5 by group (so it serves training
in 2, 3 or 6 parts); ``border``, how well the box was found; ``clean``: no person doubted the number, and the border was
found; ``junk``: a person looked at this very box and saw an overwritten or struck glyph (``junk_boxes.csv``, or the CSV given).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ocr import locate as locating
from ocr.align import align
from ocr.align.borders import Pyramid, find_row
from ocr.errors import AlignError, PhotoError
from ocr.photo import load
from ocr.training.bank import DATES
from ocr.types import AlignedSheet, Gray
from tally.glyphs import GLYPHS, JUNK
from templates_c1.registry import all_templates
from templates_c1.schema import Rect

log = logging.getLogger(__name__)

FOLDS = 6
"""Divisible by 2 and 3."""
LEAST_BORDER = 0.45
"""Boxes whose border was found less well may show another place: never trained on."""


Key = tuple[str, str, int]
"""Photo, number, index of a box."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One box with its true glyph."""

    crop: Gray
    glyph: str
    source: str
    photo: str
    number: str
    index: int
    group: str
    border: float
    clean: bool
    junk: bool = False


def dates() -> dict[str, Any]:
    """For forms with boxes for a date: their page, the boxes in template units and the usual content; and the photos with another one."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("date_boxes.json").read_text(encoding="utf-8"))
    return found


def of_date(sheet: AlignedSheet, path: Path, group: str, known: dict[str, Any]) -> list[Labelled]:
    """The date's boxes of one sheet; none if its form or page has none. "?" stands for an overwritten digit: junk."""
    form = known["forms"].get(sheet.template.form)
    if form is None or form["page"] != sheet.page.number:
        return []
    pyramid, model = Pyramid(sheet.photo.gray), sheet.page.numbers[0]
    out = []
    for name, number in form["numbers"].items():
        boxes = tuple(Rect(x=x, y=y, w=w, h=h) for x, y, w, h in number["boxes"])
        row = find_row(pyramid, sheet.project, sheet.page, model.model_copy(update={"name": name, "boxes": boxes}), locating.CLOSE)
        written = known["unusual"].get(path.name, {}).get(name, number["usual"])
        for i, glyph in enumerate(written):
            crop, border = locating.crop_of(pyramid, row.corners[i]), float(row.border[i])
            clean = glyph != JUNK and border >= LEAST_BORDER
            out.append(Labelled(crop, glyph, DATES, path.name, name, i, group, border, clean, glyph == JUNK))
    return out


def of_photo(path: Path, truth: dict[str, Any], junk: frozenset[Key] = frozenset()) -> list[Labelled] | None:
    """All boxes of one photo, those in ``junk`` marked so; None if it was not recognised as the form and page it shows."""
    try:
        sheet = align(load(path), truth["form"])
    except (AlignError, PhotoError) as e:
        log.warning("%s: %s", path.name, e)
        return None
    if sheet.page.number != truth["page"]:
        log.warning("%s: taken for page %s", path.name, sheet.page.number)
        return None
    doubted = {*truth.get("doubtful", []), *truth.get("corrected", [])}
    group = str(truth.get("group") or truth.get("tps") or path.name)
    out = []
    for box in locating.locate(sheet):
        written = truth["numbers"].get(box.number)
        if written is None or box.index >= len(written):
            continue
        glyph = written[box.index]
        clean = box.number not in doubted and JUNK not in written and box.border >= LEAST_BORDER
        struck = (path.name, box.number, box.index) in junk
        out.append(Labelled(box.crop, glyph, path.parent.name, path.name, box.number, box.index, group, box.border, clean, struck))
    return out + of_date(sheet, path, group, dates())


def _of_photo(arguments: tuple[Path, dict[str, Any], frozenset[Key]]) -> list[Labelled] | None:
    cv2.setNumThreads(1)
    return of_photo(*arguments)


def loose(folder: Path) -> Iterator[Labelled]:
    """The crops of a folder with ``labels.csv``. Neighbouring file numbers come from one form: the group is a stretch of them."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            gray = cv2.imread(str(folder / row["file"]), cv2.IMREAD_GRAYSCALE)
            if gray is None:
                raise FileNotFoundError(folder / row["file"])
            digits = re.findall(r"\d+", Path(row["file"]).stem)
            group = f"{folder.name}-{int(digits[-1]):05d}"
            crop = locating.normalise_crop(np.asarray(gray, dtype=np.uint8))
            yield Labelled(crop, row["box"], folder.name, row["file"], row["file"], 0, group, 1.0, True)


def folds_of(boxes: list[Labelled]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """(n,) fold of each box: groups of photos dealt out by their name alone, loose crops by contiguous stretches.

    A date's boxes go with the other boxes of their sheet.
    """
    out = np.zeros(len(boxes), np.int64)
    given: dict[str, int] = {}
    for source in sorted({b.source for b in boxes}, key=lambda name: (name == DATES, name)):
        mine = [i for i, b in enumerate(boxes) if b.source == source]
        groups = sorted({boxes[i].group for i in mine})
        if groups[0].startswith(source + "-"):
            fold = {g: k * FOLDS // len(groups) for k, g in enumerate(groups)}
            # stretches 0 1 2 3 4 5 become folds 0 1 2 0 1 2 of three: keep a third of all in one piece
            fold = {g: (f // 2) + 3 * (f % 2) for g, f in fold.items()}
        else:
            groups.sort(key=lambda g: hashlib.sha256(g.encode()).digest())
            fold = {g: k % FOLDS for k, g in enumerate(groups)}
        fold |= {g: given[g] for g in groups if source == DATES and g in given}
        given |= fold
        for i in mine:
            out[i] = fold[boxes[i].group]
    return out


def _is_source(folder: Path) -> bool:
    return (folder / "truth.json").exists() or (folder / "labels.csv").exists()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+", help="folders of folders, or folders with truth.json or labels.csv")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--junk", type=Path, default=Path(__file__).with_name("junk_boxes.csv"), help="boxes (photo, number, index) with no clean glyph"
    )
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    boxes: list[Labelled] = []
    known = set(all_templates())
    with options.junk.open(newline="", encoding="utf-8") as lines:
        junk = frozenset((row["photo"], row["number"], int(row["index"])) for row in csv.DictReader(lines))
    folders = [f for d in options.data for f in ([d] if _is_source(d) else sorted(filter(_is_source, d.iterdir())))]
    with ProcessPoolExecutor(options.jobs) as pool:
        for folder in folders:
            if (folder / "labels.csv").exists():
                boxes += loose(folder)
            else:
                truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["photos"]
                photos = [(folder / name, entry, junk) for name, entry in sorted(truth.items()) if entry["form"] in known]
                found = list(pool.map(_of_photo, photos, chunksize=4))
                boxes += [b for some in found if some for b in some]
                log.info("%s: %d of %d photos recognised", folder.name, sum(f is not None for f in found), len(found))
    np.savez_compressed(
        options.out,
        crops=np.stack([b.crop for b in boxes]) if boxes else np.zeros((0, locating.CROP, locating.CROP), np.uint8),
        labels=np.array([GLYPHS.index(b.glyph) for b in boxes], np.uint8),
        source=np.array([b.source for b in boxes]),
        photo=np.array([b.photo for b in boxes]),
        number=np.array([b.number for b in boxes]),
        index=np.array([b.index for b in boxes]),
        group=np.array([b.group for b in boxes]),
        border=np.array([b.border for b in boxes]),
        clean=np.array([b.clean for b in boxes]),
        junk=np.array([b.junk for b in boxes]),
        fold=folds_of(boxes),
    )
    log.info("%d boxes in %s", len(boxes), options.out)


if __name__ == "__main__":
    main()
