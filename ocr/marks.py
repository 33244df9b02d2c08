"""The OMR bubbles under a number box (2024 page 2) as one more independent reader.

A bubble is filled if its inside is clearly darker than the paper around it. What a column says:

    one filled, the others clean -> that digit; for 0 also X (some officers fill 0 for a crossed box)
    none filled                  -> X or blank (others fill nothing for a crossed box)
    several filled, half filled  -> no word (abstains)
"""

from __future__ import annotations

import cv2
import numpy as np

from ocr.types import AlignedSheet, BoxReading, Floats, Gray
from tally.glyphs import BLANK, CROSS, GLYPHS
from templates_c1.schema import Bubbles

FILLED = 0.6
"""Darkness share above which a bubble counts as filled, and ..."""
CLEAN = 0.42
"""... below which it counts as empty. In between a column has no word. On the real page-2 photos at hand (four, 36 columns) filled
bubbles measure >= 0.91, empty ones <= 0.32 (most <= 0.15): the two limits cut that gap in thirds."""

_PATCH = 24
"""Side of the square sampled around a bubble, in samples; it spans 4 radii."""
_FROM_CENTRE = np.hypot(*(np.mgrid[:_PATCH, :_PATCH] - (_PATCH - 1) / 2)) / (_PATCH / 4)
_INSIDE, _PAPER = _FROM_CENTRE < 0.65, _FROM_CENTRE > 1.25
"""Samples well within the circle, and those well outside it."""


def read_marks(sheet: AlignedSheet) -> list[BoxReading]:
    """One reading for every box that has bubbles, in template order. Empty if the page has none."""
    out = []
    for number in sheet.page.numbers:
        for i, bubbles in enumerate(number.bubbles):
            fill = fill_of(sheet, bubbles)
            out.append(BoxReading("marks", number.name, i, scores_of(fill)))
    return out


def scores_of(fill: Floats) -> Floats:
    """Scores (14,) of one column from its ten darkness shares (10,). All zero: no word."""
    scores = np.zeros(len(GLYPHS))
    filled = np.flatnonzero(fill > FILLED)
    if len(filled) > 1 or ((fill > CLEAN) & (fill <= FILLED)).any():
        return scores
    floor = 0.002
    scores[:] = floor / len(GLYPHS)
    if len(filled) == 0:
        scores[GLYPHS.index(CROSS)] = scores[GLYPHS.index(BLANK)] = (1 - floor) / 2
    elif filled[0] == 0:
        scores[GLYPHS.index("0")] = scores[GLYPHS.index(CROSS)] = (1 - floor) / 2
    else:
        scores[GLYPHS.index(str(filled[0]))] = 1 - floor
    out: Floats = scores / scores.sum()
    return out


def fill_of(sheet: AlignedSheet, bubbles: Bubbles) -> Floats:
    """How dark each of the ten bubbles is inside, (10,) 0..1: 0 = as the paper around it, 1 = as the page's ink."""
    fill = np.zeros(10)
    for d, centre in enumerate(bubbles.centres):
        patch = _sample(sheet, centre, bubbles.radius)
        paper = np.percentile(patch[_PAPER], 75)
        fill[d] = np.clip((paper - np.median(patch[_INSIDE])) / max(40.0, paper * 0.75), 0, 1)
    return fill


def _sample(sheet: AlignedSheet, centre: tuple[float, float], radius: float) -> Gray:
    c = np.asarray(centre)
    square = np.array([[-2, -2], [2, -2], [2, 2], [-2, 2]], np.float64) * radius + c
    corners = sheet.project(square).astype(np.float32)
    side = np.float32(_PATCH - 1)
    target = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32)
    to_patch = cv2.getPerspectiveTransform(corners, target)
    patch = cv2.warpPerspective(sheet.photo.gray, to_patch, (_PATCH, _PATCH), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(patch, np.uint8)
