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
NEAR_SIZE = 32
"""Side of a near view."""
_NEAR = 0.66
"""Share of a near view's side that the longer side of the writing takes, within limits."""
_NEAREST, _FARTHEST = 26.0, 56.0
"""Least and largest side of what a near view shows, px of the crop."""

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
    lambda m: m[:, :, ::-1].transpose(0, 2, 1),
    lambda m: m[:, ::-1, ::-1],
    lambda m: m.transpose(0, 2, 1)[:, :, ::-1],
)
"""Views of pictures (n, h, w) in which each edge in turn is the top one."""
_BROAD = np.ones((11, 11), np.uint8)
"""No pen stroke is as broad as this, px."""
_DOT_AREA = 14
"""A dot of the guide is at most this many px in a 48 px box."""

_AXIS = (np.arange(64) - 31.5) / 32
_SAMPLE = slice(MARGIN + 3, -MARGIN - 3, 2)
_DESIGN = np.stack([np.ones(21 * 21), np.tile(_AXIS[_SAMPLE], 21), np.repeat(_AXIS[_SAMPLE], 21)], axis=1)
_PRODUCTS = (_DESIGN[:, :, None] * _DESIGN[:, None, :]).reshape(-1, 9)
_RIDGE = 1e-6 * np.eye(3)


def clean(crop: Gray) -> Gray:
    """(64, 64) located crop -> (SIDE, SIDE) uint8; see ``clean_all``."""
    return np.asarray(clean_all(crop[None])[0], np.uint8)


def clean_all(crops: Gray) -> Gray:
    """(n, 64, 64) located crops -> (n, SIDE, SIDE) uint8: dark ink on white (255), contrast stretched.

    A box without ink comes back all white or with faint specks; its grain is not stretched into strokes. What is done to all boxes in
    one step is no quicker for one box, but for fifty: a step costs as much as its pixels.
    """
    out = np.full((len(crops), SIDE, SIDE), 255, np.uint8)
    if not len(crops):
        return out
    inside = np.stack([strokes(ink)[MARGIN:-MARGIN, MARGIN:-MARGIN] for ink in flatten(crops)])
    inside = np.stack([written if bounds is None else centre(written, bounds) for written, bounds in map(writing, wipe_borders(inside))])
    top = np.maximum(_quantiles(inside, 0.985), 2 * _NOISE)[:, None, None]
    stretched = np.clip((inside - (0.18 * top).astype(np.float32)) / (0.82 * top).astype(np.float32), 0.0, 1.0)
    out[:, PAD:-PAD, PAD:-PAD] = (255.0 * (1.0 - stretched)).round()
    return out


def places(crops: Gray) -> NDArray[np.float64]:
    """Where the writing is in (n, 64, 64) located crops: (n, 3), side, x and y (px) of the square about it that a near view shows.

    Where there is no writing it is the whole box.
    """
    out = np.tile((_FARTHEST, 31.5, 31.5), (len(crops), 1))
    if len(crops):
        inside = np.stack([strokes(ink)[MARGIN:-MARGIN, MARGIN:-MARGIN] for ink in flatten(crops)])
        for k, (_written, bounds) in enumerate(map(writing, wipe_borders(inside))):
            if bounds is not None:
                x, y, width, height = bounds
                side = min(max(max(width, height) / _NEAR, _NEAREST), _FARTHEST)
                out[k] = side, MARGIN + x + (width - 1) / 2, MARGIN + y + (height - 1) / 2
    return out


def near_views(crops: Gray, where: NDArray[np.float64]) -> Gray:
    """(n, 64, 64) located crops -> (n, NEAR_SIZE, NEAR_SIZE): what is at ``where`` (``places``), as it is, paper and all."""
    out = np.empty((len(crops), NEAR_SIZE, NEAR_SIZE), np.uint8)
    for k, (crop, (side, x, y)) in enumerate(zip(crops, where, strict=True)):
        scale = side / NEAR_SIZE
        matrix = np.array([[scale, 0.0, x - scale * (NEAR_SIZE - 1) / 2], [0.0, scale, y - scale * (NEAR_SIZE - 1) / 2]])
        soft = cv2.GaussianBlur(crop, (0, 0), 0.4 * scale) if scale > 1.2 else crop
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        out[k] = cv2.warpAffine(soft, matrix, (NEAR_SIZE, NEAR_SIZE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return out


def flatten(crops: Gray) -> Ink:
    """Share of light that ink takes away, 0 = paper, 1 = black; (n, 64, 64), as ``crops``.

    The paper's brightness is a tilted plane through the bright pixels: shadows within one box are smooth, and a plane, unlike
    a local maximum, does not swallow broad strokes.
    """
    stacked = np.ascontiguousarray(crops).reshape(-1, crops.shape[2])  # one tall picture: what is sampled lies far from the seams
    smooth = cv2.GaussianBlur(stacked, (3, 3), 0).reshape(crops.shape)[:, _SAMPLE, _SAMPLE].reshape(len(crops), -1).astype(np.float64)
    take = smooth >= np.sort(smooth, axis=1)[:, smooth.shape[1] // 2, None]
    weights = _planes(smooth, take)
    off = np.abs(smooth - weights @ _DESIGN.T)
    count = take.sum(axis=1)
    mean = (off * take).sum(axis=1) / count
    spread = np.sqrt((take * (off - mean[:, None]) ** 2).sum(axis=1) / count)
    again = off < 2.0 * np.maximum(3.0, spread)[:, None]
    enough = again.sum(axis=1) >= 60
    weights[enough] = _planes(smooth[enough], again[enough])
    level, across, down = weights.T[:, :, None, None]
    paper = np.maximum(level + across * _AXIS[None, :] + down * _AXIS[:, None], 20.0).astype(np.float32)
    ink: Ink = np.clip(1.0 - crops / paper, 0.0, 1.0).astype(np.float32)
    return ink


def _planes(smooth: NDArray[np.float64], take: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Least squares planes (n, 3) through the samples (n, 441) that are taken: level, slope across, slope down."""
    normal = (take @ _PRODUCTS).reshape(-1, 3, 3) + _RIDGE
    return np.asarray(np.linalg.solve(normal, ((take * smooth) @ _DESIGN)[:, :, None])[:, :, 0])


def strokes(ink: Ink) -> Ink:
    """Only what is narrower than a pen stroke can be: a watermark's fields, a shadow's edge and a black margin go (white top-hat)."""
    broad = cv2.morphologyEx(ink, cv2.MORPH_OPEN, _BROAD, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(ink - broad, np.float32)


def _quantiles(inks: Ink, q: float) -> NDArray[np.float64]:
    """The q-quantile of each picture (n, h, w), without interpolation (np.quantile takes ten times as long on such small pictures)."""
    flat = inks.reshape(len(inks), -1)
    return np.sort(flat, axis=1)[:, int(q * (flat.shape[1] - 1))].astype(np.float64)


def wipe_borders(inks: Ink) -> Ink:
    """Wipe printed border lines that reach into the insides (n, h, w): rows or columns near an edge that are dark nearly all along.

    From an edge inwards everything up to the deepest such line goes, except where a stroke crosses it; corners always go.
    """
    out = inks.copy()
    dark = inks > np.maximum(_NOISE, 0.35 * _quantiles(inks, 0.99)).astype(np.float32)[:, None, None]
    middle = np.zeros(inks.shape[2], bool)
    middle[_EDGE + 1 : -_EDGE - 1] = True
    each, rows = np.arange(len(inks)), np.arange(_EDGE + 2)[None, :, None]
    for turn in _TURNS:
        near = turn(dark)[:, : _EDGE + 3]
        cover = near[:, : _EDGE + 1, 2:-2].mean(axis=2)
        lines = cover[:, :_EDGE] > 0.6
        lined = lines.any(axis=1)
        depth = np.where(lined, _EDGE - lines[:, ::-1].argmax(axis=1), 1)
        depth += lined & (cover[each, depth] > 0.3)
        below = near[each, depth] | near[each, depth + 1]
        stroke = below.copy()
        stroke[:, 1:] |= below[:, :-1]
        stroke[:, :-1] |= below[:, 1:]
        gone = (rows < depth[:, None, None]) & ~(middle & stroke)[:, None, :]
        gone |= rows < np.where(lined, depth - 2, 0)[:, None, None]
        turn(out)[:, : _EDGE + 2][gone] = 0.0
    return out


def writing(ink: Ink) -> tuple[Ink, tuple[int, int, int, int] | None]:
    """Drop specks that hang on no stroke (the dotted guide, grain) and what lies along an edge (rests of the border).

    Returns:
        The remaining ink, and its bounding box x, y, width, height; None where nothing is left.
    """
    smooth = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.8), np.float32)  # joins strokes that noise has torn, weakens dots
    mask = (smooth > max(0.8 * _NOISE, 0.3 * float(_quantiles(smooth[None], 0.985)[0]))).astype(np.uint8)
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
