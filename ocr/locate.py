"""Every number box by its own printed border, and its picture.

The alignment says where a box should be; paper folds and curls, so the border itself decides. A number's boxes are searched
together (``ocr.align.borders``); a row that lies off from what its neighbours say is searched again close to their word, and if
its border is not there it is said (``border`` 0), never taken from the next row.
"""

from __future__ import annotations

import cv2
import numpy as np

from ocr.align.borders import Pyramid, RowFound, find_row
from ocr.types import AlignedSheet, Floats, Gray, LocatedBox

CROP = 64
"""Side of a crop in pixels."""
MARGIN = 8
"""The box's border line runs this far inside each edge of the crop."""
REACH = 0.22
"""How far a row may lie from where the alignment puts it, in box widths."""
CLOSE = 0.1

_TARGET = np.array([[MARGIN, MARGIN], [CROP - MARGIN, MARGIN], [CROP - MARGIN, CROP - MARGIN], [MARGIN, CROP - MARGIN]], np.float32) - 0.5


def locate(sheet: AlignedSheet) -> tuple[LocatedBox, ...]:
    """All boxes of the page in template order (number by number, left to right)."""
    pyramid = Pyramid(sheet.photo.gray)
    rows = [find_row(pyramid, sheet.project, sheet.page, n, REACH) for n in sheet.page.numbers]
    rows = _agreeing(sheet, pyramid, rows)
    found = []
    for row in rows:
        for i, corners in enumerate(row.corners):
            found.append(LocatedBox(row.number.name, i, crop_of(pyramid, corners), corners, float(row.border[i])))
    return tuple(found)


def _agreeing(sheet: AlignedSheet, pyramid: Pyramid, rows: list[RowFound]) -> list[RowFound]:
    """Rows that are weak or off against the others' consensus are searched again close to it."""
    if len(rows) < 2:
        return rows
    at = np.array([[r.number.boxes[0].x, r.number.boxes[0].y] for r in rows]) / sheet.page.size.width
    shift = np.array([r.shift for r in rows])
    side = np.array([r.side for r in rows])
    strength = np.array([r.border.mean() for r in rows])
    out = []
    for i, row in enumerate(rows):
        weight = np.exp(-((at - at[i]) ** 2).sum(1) / (2 * 0.15**2)) * np.clip(strength - 0.4, 0, 1) ** 2
        weight[i] = 0
        word = (weight[:, None] * shift).sum(0) / (weight.sum() + 0.02)
        off = float(np.hypot(*(row.shift - word))) / side[i]
        if (off < 0.12 and strength[i] > 0.4) or (weight.sum() < 0.02 and strength[i] > 0.6):
            out.append(row)
            continue
        again = find_row(pyramid, lambda p, w=word: sheet.project(p) + w, sheet.page, row.number, CLOSE)  # type: ignore[misc]
        out.append(again if again.border.mean() > strength[i] - 0.1 or off >= 0.12 else row)
    return out


def crop_of(pyramid: Pyramid, corners: Floats) -> Gray:
    """(CROP, CROP) picture of one box: ``corners`` (4, 2) of its border, tl tr br bl, photo pixels."""
    m = np.asarray(cv2.getPerspectiveTransform(_TARGET, corners.astype(np.float32)), np.float64)
    side = float(np.sqrt(abs(cv2.contourArea(corners.astype(np.float32))))) / (CROP - 2 * MARGIN)
    return pyramid.warp(m, (CROP, CROP), side)
