"""Finds the printed borders of one number's row of boxes near where they are expected.

The row is rectified into a small patch (36 px a box) and turned into darkness against the local paper. A first search slides a
model of the whole row (lines dark, a band just inside each box light) over the patch, so that the boxes of a number hold each
other: one digit stroke cannot pass for a border. Then every half side is measured by itself to a fraction of a pixel, robust
against strokes that cross it, and the row's affine rest error is fitted to all of them. What is found is reported as found:
the share of each border that is really there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.types import Floats, Gray
from templates_c1.schema import Number

SIDE = 36
"""Width of a box in the patch, px."""
_PAD = 8
_DARK_CAP = 0.55
"""Darkness is cut here: a black bar beside a box weighs no more than its border."""

_PULL = 0.6
"""Score lost at one box width off the expected place: of two equal finds the nearer one is meant."""

F32 = NDArray[np.float32]
Project = Callable[[Floats], Floats]


class Pyramid:
    """The photo at full size, half, quarter ..., made when asked for."""

    def __init__(self, gray: Gray) -> None:
        self._levels: list[Gray] = [gray]

    def level(self, ratio: float) -> tuple[Gray, float]:
        """The picture in which ``ratio`` full-size pixels per target pixel become at most about 1.5, and its reduction."""
        n = 0
        while ratio / 2**n > 1.5 and min(self._levels[0].shape) / 2 ** (n + 1) > 200:
            n += 1
        while len(self._levels) <= n:
            last = self._levels[-1]
            half = cv2.resize(last, (last.shape[1] // 2, last.shape[0] // 2), interpolation=cv2.INTER_AREA)
            self._levels.append(np.asarray(half, np.uint8))
        return self._levels[n], float(2**n)

    def warp(self, to_photo: Floats, size: tuple[int, int], ratio: float) -> Gray:
        """Target pixel -> photo pixel by ``to_photo`` (3x3); size (width, height); without aliasing."""
        picture, reduction = self.level(ratio)
        s = 1 / reduction
        o = (s - 1) / 2
        m = np.array([[s, 0, o], [0, s, o], [0, 0, 1]]) @ to_photo
        out = cv2.warpPerspective(picture, m, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(out, np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class RowFound:
    """Attributes:
        corners: (k, 4, 2) tl tr br bl of each box's border in photo pixels.
        border: (k,) 0..1 share of the printed border that is there.
        shift: (2,) found minus expected place of the row's centre, photo pixels.
        contrast: how much darker the lines are than the inside beside them, share of the paper's brightness.
        side: length of a box side in photo pixels.
    """

    number: Number
    corners: Floats
    border: Floats
    shift: Floats
    contrast: float
    side: float


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A number's geometry in its patch without margin: pixels, origin at the row's top left corner."""

    per_unit: float
    boxes: F32
    """(k, 4) x0 y0 x1 y1."""
    width: float
    height: float
    sides: F32
    """(n, 6): x0 y0 x1 y1 of a half side, axis (0: vertical line, its error is in x), sign of the inside along the axis."""
    box_of_side: NDArray[np.int64]


@lru_cache(maxsize=512)
def _row(number: Number) -> _Row:
    w = float(np.mean([b.w for b in number.boxes]))
    s = SIDE / w
    x, y = number.boxes[0].x, min(b.y for b in number.boxes)
    boxes = np.array([[b.x - x, b.y - y, b.x + b.w - x, b.y + b.h - y] for b in number.boxes], np.float32) * np.float32(s)
    sides, owner = [], []
    for i, (x0, y0, x1, y1) in enumerate(boxes):
        ex, ey = (x1 - x0) * 0.1, (y1 - y0) * 0.1
        mx, my = (x0 + x1) / 2, (y0 + y1) / 2
        for xx, sign in ((x0, 1), (x1, -1)):
            sides += [(xx, y0 + ey, xx, my, 0, sign), (xx, my, xx, y1 - ey, 0, sign)]
        for yy, sign in ((y0, 1), (y1, -1)):
            sides += [(x0 + ex, yy, mx, yy, 1, sign), (mx, yy, x1 - ex, yy, 1, sign)]
        owner += [i] * 8
    return _Row(s, boxes, float(boxes[:, 2].max()), float(boxes[:, 3].max()), np.array(sides, np.float32), np.array(owner))


@lru_cache(maxsize=512)
def _model(number: Number) -> F32:
    """The row as a filter: +1 in all on the lines, -1 in all on a band just inside every box; _PAD px of nothing around."""
    row = _row(number)
    shape = (round(row.height) + 2 * _PAD, round(row.width) + 2 * _PAD)
    line, band = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    big = 8
    for x0, y0, x1, y1 in row.boxes:
        a = (round((float(x0) + _PAD) * big), round((float(y0) + _PAD) * big))
        b = (round((float(x1) + _PAD) * big), round((float(y1) + _PAD) * big))
        cv2.rectangle(line, a, b, 1.0, 2, cv2.LINE_AA, shift=3)
        for inset in (4, 5):
            p, q = (a[0] + inset * big, a[1] + inset * big), (b[0] - inset * big, b[1] - inset * big)
            cv2.rectangle(band, p, q, 1.0, 1, cv2.LINE_8, shift=3)
    band = band * (line < 0.1)
    out: F32 = (line / line.sum() - band / band.sum()).astype(np.float32)
    return out


def darkness(patch: Gray) -> F32:
    """0 paper .. 1 black, against the paper around, cut at _DARK_CAP."""
    f = patch.astype(np.float32)
    paper = cv2.blur(cv2.dilate(f, np.ones((11, 11), np.uint8)), (15, 15))
    out: F32 = np.clip(1 - f / np.maximum(paper, 16), 0, _DARK_CAP).astype(np.float32)
    return out


def _saturated(dark: F32) -> F32:
    """Thick ink counts little more than a thin printed line: else the foot of a 2 pulls the row down."""
    lifted = np.maximum(dark - 0.03, 0)
    out: F32 = lifted / (lifted + np.float32(0.08))
    return out


def find_row(pyramid: Pyramid, project: Project, number: Number, reach: float) -> RowFound:
    """``project``: template points (n, 2) -> photo pixels; ``reach``: how far off it may be, in box widths."""
    row = _row(number)
    margin = int(np.ceil(reach * SIDE)) + _PAD
    origin = np.array([number.boxes[0].x, min(b.y for b in number.boxes)])
    pw, ph = round(row.width) + 2 * margin, round(row.height) + 2 * margin
    quad = np.array([[0, 0], [row.width, 0], [row.width, row.height], [0, row.height]], np.float64)
    expected = project(quad / row.per_unit + origin).astype(np.float32)
    to_photo = np.asarray(cv2.getPerspectiveTransform((quad + margin).astype(np.float32), expected), np.float64)
    px = _scale_at(to_photo, margin + row.width / 2, margin + row.height / 2)
    dark = darkness(pyramid.warp(to_photo, (pw, ph), px))
    score = cv2.matchTemplate(cv2.GaussianBlur(_saturated(dark), (0, 0), 0.8), _model(number), cv2.TM_CCORR)
    yy, xx = np.mgrid[: score.shape[0], : score.shape[1]].astype(np.float32) + np.float32(_PAD - margin)
    score = score - _PULL * (xx * xx + yy * yy) / SIDE**2
    _, _, _, (cx, cy) = cv2.minMaxLoc(score)
    coarse = np.array([cx + _PAD - margin, cy + _PAD - margin], np.float64)
    affine, contrast = _fit(dark, row, coarse, margin)
    border = _evidence(dark, row, affine, margin, contrast)
    corners = np.stack([_quad(b) for b in row.boxes.astype(np.float64)])
    moved = corners + affine[:, 0] + (corners - np.array([row.width, row.height]) / 2) @ affine[:, 1:].T
    photo = cv2.perspectiveTransform((moved.reshape(1, -1, 2) + margin), to_photo).reshape(-1, 4, 2)
    centre = np.array([[[row.width / 2, row.height / 2]], [[row.width / 2 + affine[0, 0], row.height / 2 + affine[1, 0]]]]) + margin
    was, now = cv2.perspectiveTransform(centre, to_photo).reshape(2, 2)
    return RowFound(number, np.asarray(photo, np.float64), border, np.asarray(now - was, np.float64), contrast, px * SIDE)


def _quad(b: Floats) -> Floats:
    return np.array([[b[0], b[1]], [b[2], b[1]], [b[2], b[3]], [b[0], b[3]]])


def _scale_at(h: Floats, x: float, y: float) -> float:
    """Photo pixels per patch pixel at a place of the patch."""
    p = cv2.perspectiveTransform(np.array([[[x, y], [x + 1, y], [x, y + 1]]]), h)[0]
    return float(np.sqrt(abs((p[1, 0] - p[0, 0]) * (p[2, 1] - p[0, 1]) - (p[1, 1] - p[0, 1]) * (p[2, 0] - p[0, 0]))))


_OFFSETS = np.arange(-5, 6, dtype=np.float32)
_SAMPLES = 9


def _profiles(dark: F32, row: _Row, affine: Floats, margin: int, offsets: F32) -> F32:
    """(sides, samples, offsets) darkness along every half side and beside it; positive offsets lie inside the box."""
    t = (np.arange(_SAMPLES, dtype=np.float32) + 0.5) / _SAMPLES
    s = row.sides
    x = s[:, 0:1] + (s[:, 2:3] - s[:, 0:1]) * t
    y = s[:, 1:2] + (s[:, 3:4] - s[:, 1:2]) * t
    rx, ry = x - row.width / 2, y - row.height / 2
    a = affine.astype(np.float32)
    x, y = x + a[0, 0] + a[0, 1] * rx + a[0, 2] * ry + margin, y + a[1, 0] + a[1, 1] * rx + a[1, 2] * ry + margin
    step = s[:, 5][:, None, None] * offsets[None, None, :]
    vertical = (s[:, 4] == 0)[:, None, None]
    mx = x[:, :, None] + np.where(vertical, step, 0)
    my = y[:, :, None] + np.where(vertical, 0, step)
    n = len(s) * _SAMPLES
    mx, my = mx.reshape(n, -1).astype(np.float32), my.reshape(n, -1).astype(np.float32)
    out = cv2.remap(dark, mx, my, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.float32).reshape(len(s), _SAMPLES, len(offsets))


def _fit(dark: F32, row: _Row, coarse: Floats, margin: int) -> tuple[Floats, float]:
    """(2, 3) affine rest error about the row's centre: x' = x + a[0] . (1, rx, ry), y' alike; and the lines' contrast."""
    affine = np.zeros((2, 3))
    affine[:, 0] = coarse
    contrast = 0.0
    soft = np.asarray(cv2.GaussianBlur(dark, (0, 0), 0.7), np.float32)
    s = row.sides
    mid = (s[:, 0:2] + s[:, 2:4]).astype(np.float64) / 2 - np.array([row.width, row.height]) / 2
    for reach in (4, 2):
        prof = _profiles(soft, row, affine, margin, _OFFSETS)
        line = np.sort(prof, axis=1)[:, _SAMPLES // 3 : 2 * _SAMPLES // 3].mean(axis=1)
        inside = np.median(line[:, 8:], axis=1, keepdims=True)
        rise = line - np.minimum(inside, line.min(axis=1, keepdims=True) + 0.1)
        window = np.abs(_OFFSETS) <= reach
        r = np.where(window[None, :], rise, 0)
        k = r.argmax(axis=1)
        top = r[np.arange(len(r)), k]
        lo, hi = r[np.arange(len(r)), np.maximum(k - 1, 0)], r[np.arange(len(r)), np.minimum(k + 1, len(_OFFSETS) - 1)]
        curve = lo - 2 * top + hi
        sub = np.where(curve < -1e-6, 0.5 * (lo - hi) / np.where(curve < -1e-6, curve, -1), 0)
        shift = (_OFFSETS[k] + np.clip(sub, -0.5, 0.5)) * s[:, 5]
        contrast = float(np.median(top))
        weight = np.clip(top / max(contrast, 0.02), 0, 1.5)
        affine = affine + np.stack([_robust(mid[m], shift[m], weight[m]) for m in (s[:, 4] == 0, s[:, 4] == 1)])
    return affine, contrast


def _robust(at: Floats, shift: F32, weight: F32) -> Floats:
    """Weighted least squares of shift = p . (1, x, y), slopes held near 0, Huber weights (three rounds)."""
    a = np.c_[np.ones(len(at)), at]
    w = weight.astype(np.float64)
    prior = np.diag([1e-3, 1500.0, 1500.0])
    p = np.zeros(3)
    order = np.argsort(shift)
    p[0] = shift[order][np.searchsorted(np.cumsum(w[order]), w.sum() / 2).clip(0, len(shift) - 1)] if w.sum() > 0 else 0.0
    for _ in range(3):
        rest = np.abs(shift - a @ p)
        h = w * np.minimum(1, 0.7 / np.maximum(rest, 1e-6)) * (rest < 3)
        p = np.linalg.solve(a.T @ (h[:, None] * a) + prior, a.T @ (h * shift))
    return p


def _evidence(dark: F32, row: _Row, affine: Floats, margin: int, contrast: float) -> Floats:
    """(k,) share of each box's border that is there: darker than the inside beside it, within a pixel of the fitted line."""
    prof = _profiles(dark, row, affine, margin, np.array([-1, 0, 1, 4, 5, 6, 7], np.float32))
    inside = np.percentile(prof[:, :, 3:].reshape(len(prof), -1), 25, axis=1)
    rise = prof[:, :, :3].max(axis=2) - inside[:, None]
    there = rise > max(0.05, 0.4 * contrast)
    side = there.reshape(-1, 2 * _SAMPLES).mean(axis=1)
    share = np.clip((side - 0.35) / 0.5, 0, 1)
    out: Floats = share.reshape(len(row.boxes), 4).mean(axis=1).astype(np.float64)
    return out
