"""Every number box by its own printed border, and its picture.

The alignment says where a box should be; paper folds and curls, so the border itself decides. A number's boxes are searched
together (``ocr.align.borders``). A row that was not found, or found off from where the rest of the page says, is searched again
close to the page's word, and if its border is not there that is said (``border`` near 0), never made up from the next row.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ocr.align.borders import RowFound, find_rows
from ocr.align.loose import loose_corners
from ocr.align.pyramid import Pyramid, area, to_quads
from ocr.types import AlignedSheet, Floats, Gray, LocatedBox

CROP = 64
"""Side of a crop in pixels."""
MARGIN = 8
"""The box's border line runs this far inside each edge of the crop."""
CLOSE = 0.1
"""How far a row is searched from where the alignment and its neighbours put it, in box widths."""
LOST = 0.3
"""Below it a row's place is the expected one: what was found is noise."""

_INSIDE = float(CROP - 2 * MARGIN)
"""Side of the box in its crop."""


def locate(sheet: AlignedSheet) -> tuple[LocatedBox, ...]:
    """All boxes of the page in template order (number by number, left to right)."""
    pyramid = sheet.pyramid or Pyramid(sheet.photo.gray)
    known = {id(r.number): r for r in sheet.rows}
    lost = [n for n in sheet.page.numbers if id(n) not in known]
    known |= {id(n): _said(sheet, row) for n, row in zip(lost, find_rows(pyramid, sheet.project, sheet.page, lost, CLOSE), strict=True)}
    rows = [known[id(number)] for number in sheet.page.numbers]
    corners = np.concatenate([r.corners for r in rows])
    places = [(r.number.name, i, float(border)) for r in rows for i, border in enumerate(r.border)]
    crops = crops_of(pyramid, corners)
    return tuple(LocatedBox(name, i, crop, at, border) for (name, i, border), crop, at in zip(places, crops, corners, strict=True))


def _said(sheet: AlignedSheet, row: RowFound) -> RowFound:
    """Where nothing was found, the row's expected place."""
    if row.border.mean() >= LOST:
        return row
    expected = sheet.project(np.array([c for b in row.number.boxes for c in b.corners]))
    return replace(row, corners=expected.reshape(-1, 4, 2))


def crops_of(pyramid: Pyramid, corners: Floats) -> list[Gray]:
    """(CROP, CROP) picture of each box: ``corners`` (n, 4, 2) of the borders, tl tr br bl, photo pixels."""
    to_photo = to_quads(corners, np.full((len(corners), 2), _INSIDE))
    to_photo[:, :, 2] -= (MARGIN - 0.5) * (to_photo[:, :, 0] + to_photo[:, :, 1])
    ratios = np.sqrt(area(corners)) / _INSIDE
    return [pyramid.warp(m, (CROP, CROP), float(ratio)) for m, ratio in zip(to_photo, ratios, strict=True)]


def crop_of(pyramid: Pyramid, corners: Floats) -> Gray:
    """As ``crops_of``, of one box: ``corners`` (4, 2)."""
    return crops_of(pyramid, corners[None])[0]


def normalise_crop(gray: Gray) -> Gray:
    """(CROP, CROP) of a loose picture (h, w) of one box, laid by the border found in it; without one the picture is the box."""
    corners, _ = loose_corners(gray)
    return crop_of(Pyramid(gray), corners)
