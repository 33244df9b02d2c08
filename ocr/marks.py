"""The OMR bubbles under a number box (2024 page 2) as one more independent reader.

A bubble is filled if its inside is clearly darker than the paper around it. What a column says:

    one filled, the others clean -> that digit; for 0 also X (some officers fill 0 for a crossed box)
    none filled                  -> X or blank (others fill nothing for a crossed box)
    several filled, half filled  -> no word (abstains)
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.align.pyramid import to_quads
from ocr.types import AlignedSheet, BoxReading, Floats
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
    boxes = [(n.name, i) for n in sheet.page.numbers for i in range(len(n.bubbles))]
    return [BoxReading("marks", name, i, scores_of(fill)) for (name, i), fill in zip(boxes, fills_of(sheet), strict=True)]


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


def fills_of(sheet: AlignedSheet) -> Floats:
    """How dark each of the ten bubbles under each box is inside, (boxes, 10) 0..1: 0 = as the paper around it, 1 = as the page's ink.
    The boxes with bubbles, in template order."""
    columns = [b for n in sheet.page.numbers for b in n.bubbles]
    if not columns:
        return np.zeros((0, 10))
    samples = _samples(sheet, columns)
    paper = np.percentile(samples[:, _PAPER], 75, axis=1)
    fill = (paper - np.median(samples[:, _INSIDE], axis=1)) / np.maximum(40.0, paper * 0.75)
    return np.asarray(np.clip(fill, 0, 1).reshape(len(columns), 10), np.float64)


def _samples(sheet: AlignedSheet, columns: Sequence[Bubbles]) -> NDArray[np.uint8]:
    """(bubbles, _PATCH, _PATCH) a square of 4 radii around each bubble, upright."""
    square = np.array([[-2, -2], [2, -2], [2, 2], [-2, 2]], np.float64)
    corners = np.array([square * b.radius + centre for b in columns for centre in b.centres])
    quads = sheet.project(corners.reshape(-1, 2)).reshape(-1, 4, 2)
    to_photo = to_quads(quads, np.full((len(quads), 2), _PATCH - 1.0))
    v, u = np.mgrid[:_PATCH, :_PATCH].reshape(2, -1)
    at = np.stack([u, v, np.ones_like(u)]).astype(np.float64)
    x, y, w = (to_photo @ at).swapaxes(0, 1)
    mx, my = (x / w).astype(np.float32), (y / w).astype(np.float32)
    out = cv2.remap(sheet.photo.gray, mx, my, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8).reshape(-1, _PATCH, _PATCH)
