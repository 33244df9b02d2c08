"""The border of one box in a picture of little else, of no known page: crops cut by hand or by others."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.align.lines import Row, darkness, fit_lines, saturated
from ocr.types import Floats, Gray

_WORK = 44
"""Long side of the crop as it is looked at: its box is then about SIDE."""
_PAD = 12
_EDGE = 0.34
"""A border lies within this share of the crop's side from its edge."""
_FREE = np.diag([1e-3, 60.0, 60.0])


def loose_corners(gray: Gray) -> tuple[Floats, float]:
    """(4, 2) tl tr br bl of the box's border in pixels of ``gray``, and how much of it was found (0..1).

    Where no border is to be seen the whole crop is the box, and the share is 0.
    """
    h, w = gray.shape
    s = _WORK / max(h, w)
    small = cv2.resize(gray, (max(8, round(w * s)), max(8, round(h * s))), interpolation=cv2.INTER_AREA if s < 1 else cv2.INTER_LINEAR)
    paper = float(np.percentile(small, 70))
    patch = np.asarray(cv2.copyMakeBorder(small, _PAD, _PAD, _PAD, _PAD, cv2.BORDER_CONSTANT, value=(paper,)), np.uint8)
    dark = darkness(patch)
    soft = np.asarray(cv2.GaussianBlur(saturated(dark), (0, 0), 1.0), np.float32)
    sh, sw = small.shape
    x0, x1 = _pair(_profile(soft, 0, sh), sw)
    y0, y1 = _pair(_profile(soft, 1, sw), sh)
    fallback = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64) - 0.5
    if min(x1 - x0, y1 - y0) < 0.5 * min(sh, sw) or not 0.6 < (x1 - x0) / (y1 - y0) < 1.7:
        return fallback, 0.0
    row = Row.of_boxes(np.array([[0, 0, x1 - x0, y1 - y0]], np.float32), 1.0)
    fit = fit_lines([dark], [row], np.array([[x0, y0]], np.float64), _PAD, _FREE)[0]
    found = float(np.clip((fit.sides - 0.3) / 0.5, 0, 1).mean())
    if found < 0.35:
        return fallback, 0.0
    corners = fit.corners(row)[0]
    scale = np.array([w / sw, h / sh])
    out: Floats = (corners + 0.5) * scale - 0.5
    return out, found


def _profile(soft: NDArray[np.float32], axis: int, length: int) -> Floats:
    """Darkness of every column (axis 0) or row (axis 1) that lasts over most of the crop's middle."""
    middle = slice(_PAD + length // 6, _PAD + length - length // 6)
    lines = soft[middle] if axis == 0 else soft[:, middle].T
    ordered = np.sort(lines, axis=0)
    n = len(ordered)
    out: Floats = ordered[n // 4 : 3 * n // 4].mean(axis=0).astype(np.float64)
    return out[_PAD - 3 : -_PAD + 3]


def _pair(profile: Floats, size: int) -> tuple[float, float]:
    """The outermost clear lines near both ends, in crop pixels."""
    reach = 3 + max(3, round(_EDGE * size))
    return _outermost(profile[:reach]) - 3, size + 2 - _outermost(profile[::-1][:reach])


def _outermost(part: Floats) -> float:
    peak = (part >= np.r_[-1.0, part[:-1]]) & (part >= np.r_[part[1:], -1.0]) & (part >= 0.6 * part.max())
    return float(np.flatnonzero(peak)[0])
