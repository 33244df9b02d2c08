"""What the machine saw, as pictures for a person: ``c1 read --debug DIR``."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.locate import CROP
from ocr.types import AlignedSheet, LocatedBox, SheetPixels
from tally.glyphs import GLYPHS
from tally.interpretation import Interpretation

_GREEN, _ORANGE, _RED, _BLUE, _INK = (60, 160, 0), (0, 140, 255), (0, 0, 220), (200, 120, 0), (30, 30, 30)
Bgr = NDArray[np.uint8]


def save(folder: Path, name: str, pixels: SheetPixels, result: Interpretation) -> None:
    """Writes ``NAME_boxes.jpg`` (the photo with page outline and boxes) and ``NAME_crops.png`` (each number's crops, what every
    reader saw in them, the outcome). Makes ``folder`` if it is missing. Raises OSError if it cannot be written to."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, picture in ((f"{name}_boxes.jpg", overlay(pixels.sheet, pixels.boxes)), (f"{name}_crops.png", crops(pixels, result))):
        ok, data = cv2.imencode(Path(file).suffix, picture)
        if ok:
            (folder / file).write_bytes(data.tobytes())


def overlay(sheet: AlignedSheet, boxes: tuple[LocatedBox, ...]) -> Bgr:
    """The photo (h, w, 3) with the page's outline (blue) and every box: green where its border was found, orange where in part,
    red where it is only expected."""
    out = cv2.cvtColor(sheet.photo.gray, cv2.COLOR_GRAY2BGR)
    w, h = sheet.page.size.width, sheet.page.size.height
    thick = max(1, round(max(out.shape) / 900))
    outline = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64)
    _polygon(out, sheet.project(outline), _BLUE, thick)
    for box in boxes:
        _polygon(out, box.corners, _colour(box.border), thick)
    title = f"{sheet.template.form} p{sheet.page.number}  {sheet.how}  {sheet.quality:.2f}"
    cv2.putText(out, title, (8, 20 * thick + 8), cv2.FONT_HERSHEY_SIMPLEX, 0.6 * thick, _BLUE, thick, cv2.LINE_AA)
    return np.asarray(out, np.uint8)


def crops(pixels: SheetPixels, result: Interpretation) -> Bgr:
    """One row a number: its crops, then what each reader saw."""
    by_number: dict[str, list[LocatedBox]] = {}
    for box in pixels.boxes:
        by_number.setdefault(box.number, []).append(box)
    rows = [_text_row(f"{result.photo.rsplit('/', 1)[-1]}: {result.outcome.kind.value}")]
    for number, boxes in by_number.items():
        row = np.full((CROP + 4, 4 * CROP + 620, 3), 255, np.uint8)
        for i, box in enumerate(boxes):
            x = i * (CROP + 2) + 2
            row[2 : 2 + CROP, x : x + CROP] = box.crop[:, :, None]
            cv2.rectangle(row, (x - 1, 1), (x + CROP, 2 + CROP), _colour(box.border), 1)
        words = [f"{r}: {_said(pixels, r, number)}" for r in pixels.readings]
        for k, text in enumerate([number, "  ".join(words), "border " + " ".join(f"{b.border:.2f}" for b in boxes)]):
            cv2.putText(row, text, (4 * CROP + 16, 18 + 20 * k), cv2.FONT_HERSHEY_SIMPLEX, 0.45, _INK, 1, cv2.LINE_AA)
        rows.append(row)
    return np.asarray(np.vstack(rows), np.uint8)


def _said(pixels: SheetPixels, reader: str, number: str) -> str:
    """One glyph a box, '.' where the reader has no word or was not asked; '-' if it has none at all."""
    mine = {r.index: r.scores for r in pixels.readings[reader] if r.number == number and r.scores.any()}
    boxes = sum(b.number == number for b in pixels.boxes)
    return "".join(GLYPHS[int(mine[i].argmax())] if i in mine else "." for i in range(boxes)) if mine else "-"


def _text_row(text: str) -> Bgr:
    row = np.full((26, 4 * CROP + 620, 3), 255, np.uint8)
    cv2.putText(row, text, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
    return row


def _colour(border: float) -> tuple[int, int, int]:
    return _GREEN if border >= 0.75 else _ORANGE if border >= 0.4 else _RED


def _polygon(picture: Bgr | cv2.typing.MatLike, corners: NDArray[np.float64], colour: tuple[int, int, int], thick: int) -> None:
    points = np.round((corners + 0.5) * 8).astype(np.int32)
    cv2.polylines(picture, [points], True, colour, thick, cv2.LINE_AA, 3)
