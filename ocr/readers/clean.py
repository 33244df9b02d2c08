"""Clean one located box for a reader that wants ink on white paper, nothing else.

A located crop is 64x64 with the printed border's centre line 8 px inside each edge (``ocr.locate``). Cleaning takes
the inside, evens out the paper, wipes what is left of the printed border, drops the dotted seven-segment guide of
the 2024 forms, and brings the writing to the middle and to one size. The very same function prepares the training
pictures, so training and reading cannot drift apart.
Pure functions, no state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Ink = NDArray[np.float32]

MARGIN = 8
"""Border's centre line lies this far inside the crop's edge (the same number as ocr.locate.MARGIN)."""
PAD = 4
"""White frame around the cleaned inside; the LSTM is trained with it."""
SIDE = 64 - 2 * MARGIN + 2 * PAD
"""A cleaned picture is SIDE x SIDE."""

_NOISE = 0.10
"""Ink fainter than this share of the paper's brightness is paper grain, not pen (blank boxes stay below it)."""
_EDGE = 5
"""Border remnants are looked for this deep inside each edge, px."""
_RING = 4
"""Ink that lies wholly within this many px of an edge is border, not writing."""
_SIZE = 38
"""The longer side of the writing after ``centre``, px of 48."""
_TURNS: tuple[Callable[[NDArray[Any]], NDArray[Any]], ...] = (
    lambda m: m,
    lambda m: m[:, ::-1].T,
    lambda m: m[::-1, ::-1],
    lambda m: m.T[:, ::-1],
)
"""Views in which each edge in turn is the top one (np.rot90 spends longer on its arguments than on turning)."""
_BROAD = np.ones((11, 11), np.uint8)
"""No pen stroke is as broad as this, px."""
_DOT_AREA = 14
"""A dot of the guide is at most this many px in a 48 px box."""

_AXIS = (np.arange(64) - 31.5) / 32
_SAMPLE = slice(MARGIN + 3, -MARGIN - 3, 2)
_RIDGE = 1e-6 * np.eye(3)
_DESIGN = np.stack([np.ones(21 * 21), np.tile(_AXIS[_SAMPLE], 21), np.repeat(_AXIS[_SAMPLE], 21)], axis=1)


def clean(crop: Gray) -> Gray:
    """(64, 64) located crop -> (SIDE, SIDE) uint8: dark ink on white (255), contrast stretched.

    A box without ink comes back all white or with faint specks; its grain is not stretched into strokes.
    """
    ink = strokes(flatten(crop))[MARGIN:-MARGIN, MARGIN:-MARGIN]
    ink, bounds = writing(wipe_border(ink))
    if bounds is not None:
        ink = centre(ink, bounds)
    strong = _quantile(ink, 0.985)
    top = max(strong, 2 * _NOISE)
    stretched = np.clip((ink - 0.18 * top) / (0.82 * top), 0.0, 1.0)
    out = np.full((SIDE, SIDE), 255, np.uint8)
    out[PAD:-PAD, PAD:-PAD] = (255.0 * (1.0 - stretched)).round()
    return out


def flatten(crop: Gray) -> Ink:
    """Share of light that ink takes away, 0 = paper, 1 = black; same shape as ``crop``.

    The paper's brightness is a tilted plane through the bright pixels: shadows within one box are smooth, and a plane, unlike
    a local maximum, does not swallow broad strokes.
    """
    smooth = cv2.GaussianBlur(crop, (3, 3), 0)[_SAMPLE, _SAMPLE].ravel().astype(np.float64)
    take = smooth >= np.sort(smooth)[smooth.size // 2]
    for _ in range(2):
        points = _DESIGN[take]
        weights = np.linalg.solve(points.T @ points + _RIDGE, points.T @ smooth[take])
        off = np.abs(smooth - _DESIGN @ weights)
        again = off < 2.0 * max(3.0, float(off[take].std()))
        if np.count_nonzero(again) < 60:
            break
        take = again
    paper = np.maximum(weights[0] + weights[1] * _AXIS[None, :] + weights[2] * _AXIS[:, None], 20.0).astype(np.float32)
    ink: Ink = np.clip(1.0 - crop / paper, 0.0, 1.0).astype(np.float32)
    return ink


def strokes(ink: Ink) -> Ink:
    """Only what is narrower than a pen stroke can be: a watermark's fields, a shadow's edge and a black margin go (white top-hat)."""
    broad = cv2.morphologyEx(ink, cv2.MORPH_OPEN, _BROAD, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(ink - broad, np.float32)


def _quantile(ink: Ink, q: float) -> float:
    """The q-quantile without interpolation (np.quantile takes ten times as long on such small pictures)."""
    return float(np.sort(ink, axis=None)[int(q * (ink.size - 1))])


def wipe_border(ink: Ink) -> Ink:
    """Wipe printed border lines that reach into the inside: rows or columns near an edge that are dark nearly all along.

    From an edge inwards everything up to the deepest such line goes, except where a stroke crosses it; corners always go.
    """
    out = ink.copy()
    level = max(_NOISE, 0.35 * _quantile(ink, 0.99))
    middle = np.zeros(ink.shape[1], bool)
    middle[_EDGE + 1 : -_EDGE - 1] = True
    dark = ink > level
    for turn in _TURNS:
        view, near = turn(out), turn(dark)[: _EDGE + 3]
        cover = np.count_nonzero(near[: _EDGE + 1, 2:-2], axis=1) / (near.shape[1] - 4)
        lines = np.flatnonzero(cover[:_EDGE] > 0.6)
        depth = int(lines[-1]) + 1 if lines.size else 1
        depth += int(bool(lines.size) and cover[depth] > 0.3)
        below = near[depth] | near[depth + 1]
        stroke = below.copy()
        stroke[1:] |= below[:-1]
        stroke[:-1] |= below[1:]
        view[:depth, ~(middle & stroke)] = 0.0
        if lines.size:
            view[: max(0, depth - 2)] = 0.0
    return out


def writing(ink: Ink) -> tuple[Ink, tuple[int, int, int, int] | None]:
    """Drop specks that hang on no stroke (the dotted guide, grain) and what lies along an edge (rests of the border).

    Returns:
        The remaining ink, and its bounding box x, y, width, height; None where nothing is left.
    """
    smooth = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.8), np.float32)  # joins strokes that noise has torn, weakens dots
    mask = (smooth > max(0.8 * _NOISE, 0.3 * _quantile(smooth, 0.985))).astype(np.uint8)
    count, labels, stats, _centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    inner = np.bincount(labels[_RING:-_RING, _RING:-_RING].ravel(), minlength=count)
    x, y, width, height, area = stats.T
    side = ink.shape[0]
    upright = (width <= 5) & (height > 12) & ((x < _RING) | (x + width > side - _RING))
    level = (height <= 5) & (width > 12) & ((y < _RING) | (y + height > side - _RING))
    keep = (area > _DOT_AREA) & (np.maximum(width, height) > 6) & (inner > 8) & ~upright & ~level
    keep[0] = False
    if not keep.any():
        return np.zeros_like(ink), None
    kept = keep[labels].astype(np.uint8)
    near = cv2.dilate(kept, np.ones((3, 3), np.uint8))
    left, top, wide, high = cv2.boundingRect(kept)
    return np.where(near > 0, ink, 0.0).astype(np.float32), (left, top, wide, high)


def centre(ink: Ink, bounds: tuple[int, int, int, int]) -> Ink:
    """Writing moved to the middle and brought to one size, within limits: a small network need not learn every place and size."""
    x, y, width, height = bounds
    scale = min(max(_SIZE / max(width, height), 0.8), 2.0)
    middle = (ink.shape[0] - 1) / 2
    dx = middle - scale * (x + (width - 1) / 2)
    dy = middle - scale * (y + (height - 1) / 2)
    matrix = np.array([[scale, 0.0, dx], [0.0, scale, dy]])
    return np.asarray(cv2.warpAffine(ink, matrix, ink.shape[::-1], flags=cv2.INTER_LINEAR), np.float32)
