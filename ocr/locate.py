"""Every number box by its own printed border, and its picture.

The alignment says where a box should be; paper folds and curls, so the border itself decides. A number's boxes are searched
together (``ocr.align.borders``). A row that was not found, or found off from where the rest of the page says, is searched again
close to the page's word, and if its border is not there that is said (``border`` near 0), never made up from the next row.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ocr.align.borders import RowFound, find_rows
from ocr.align.loose import loose_corners
from ocr.align.pyramid import Pyramid
from ocr.types import AlignedSheet, Floats, Gray, LocatedBox

CROP = 64
"""Side of a crop in pixels."""
MARGIN = 8
"""The box's border line runs this far inside each edge of the crop."""
CLOSE = 0.1
"""How far a row is searched from where the alignment and its neighbours put it, in box widths."""
LOST = 0.3
"""Below it a row's place is the expected one: what was found is noise."""

_TARGET = np.array([[MARGIN, MARGIN], [CROP - MARGIN, MARGIN], [CROP - MARGIN, CROP - MARGIN], [MARGIN, CROP - MARGIN]], np.float32) - 0.5


def locate(sheet: AlignedSheet) -> tuple[LocatedBox, ...]:
    """All boxes of the page in template order (number by number, left to right)."""
    pyramid = Pyramid(sheet.photo.gray)
    known = {id(r.number): r for r in sheet.rows}
    lost = [n for n in sheet.page.numbers if id(n) not in known]
    known |= {id(n): _said(sheet, row) for n, row in zip(lost, find_rows(pyramid, sheet.project, sheet.page, lost, CLOSE), strict=True)}
    return tuple(
        LocatedBox(number.name, i, crop_of(pyramid, corners), corners, float(border))
        for number in sheet.page.numbers
        for i, (corners, border) in enumerate(zip(known[id(number)].corners, known[id(number)].border, strict=True))
    )


def _said(sheet: AlignedSheet, row: RowFound) -> RowFound:
    """Where nothing was found, the row's expected place."""
    if row.border.mean() >= LOST:
        return row
    expected = sheet.project(np.array([c for b in row.number.boxes for c in b.corners]))
    return replace(row, corners=expected.reshape(-1, 4, 2))


def crop_of(pyramid: Pyramid, corners: Floats) -> Gray:
    """(CROP, CROP) picture of one box: ``corners`` (4, 2) of its border, tl tr br bl, photo pixels."""
    m = np.asarray(cv2.getPerspectiveTransform(_TARGET, corners.astype(np.float32)), np.float64)
    side = float(np.sqrt(abs(cv2.contourArea(corners.astype(np.float32))))) / (CROP - 2 * MARGIN)
    return pyramid.warp(m, (CROP, CROP), side)


def normalise_crop(gray: Gray) -> Gray:
    """(CROP, CROP) of a loose picture (h, w) of one box, laid by the border found in it; without one the picture is the box."""
    corners, _ = loose_corners(gray)
    return crop_of(Pyramid(gray), corners)
