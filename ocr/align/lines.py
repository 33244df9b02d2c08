"""The printed lines of rows of boxes, measured to a fraction of a pixel.

A row of boxes lies in a patch (SIDE px a box) that shows darkness against the local paper. Every half side is measured by itself,
robust against strokes that cross it, and the row's affine rest error is fitted to all of them. What is found is reported as found:
the share of each side that is really there. Rows with equally many boxes are measured together: one call for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.types import Floats, Gray

SIDE = 36
"""Width of a box in the patch, px."""
_DARK_CAP = 0.55
"""Darkness is cut here: a black bar beside a box weighs no more than its border."""

_AROUND = np.ones((11, 11), np.uint8)

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A number's geometry in its patch without margin: pixels, origin at the row's top left corner."""

    per_unit: float
    boxes: F32
    """(k, 4) x0 y0 x1 y1."""
    width: float
    height: float
    sides: F32
    """(8k, 6): x0 y0 x1 y1 of a half side, axis (0: vertical line, its error is in x), sign of the inside along the axis."""
    corners: Floats
    """(k, 4, 2) tl tr br bl of the boxes."""

    @classmethod
    def of_boxes(cls, boxes: F32, per_unit: float) -> Row:
        """``boxes`` (k, 4) x0 y0 x1 y1 in patch pixels. Eight half sides a box: left, right, top, bottom, each in two."""
        sides = []
        for x0, y0, x1, y1 in boxes:
            ex, ey = (x1 - x0) * 0.1, (y1 - y0) * 0.1
            mx, my = (x0 + x1) / 2, (y0 + y1) / 2
            for xx, sign in ((x0, 1), (x1, -1)):
                sides += [(xx, y0 + ey, xx, my, 0, sign), (xx, my, xx, y1 - ey, 0, sign)]
            for yy, sign in ((y0, 1), (y1, -1)):
                sides += [(x0 + ex, yy, mx, yy, 1, sign), (mx, yy, x1 - ex, yy, 1, sign)]
        x0, y0, x1, y1 = boxes.astype(np.float64).T
        corners = np.stack([np.stack([x0, x1, x1, x0], 1), np.stack([y0, y0, y1, y1], 1)], axis=2)
        return cls(per_unit, boxes, float(boxes[:, 2].max()), float(boxes[:, 3].max()), np.array(sides, np.float32), corners)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Attributes:
    affine: (2, 3) rest error about the row's centre: x' = x + affine[0] . (1, rx, ry), y' alike.
    nudge: (k, 2) what each box is off on top of it: paper that bends within the row.
    contrast: of the lines against the inside beside them.
    sides: (k, 4) share of each box's sides that is there: left, right, top, bottom.
    """

    affine: Floats
    nudge: Floats
    contrast: float
    sides: Floats

    def corners(self, row: Row) -> Floats:
        """(k, 4, 2) tl tr br bl of the boxes in the patch without its margin."""
        turned = (row.corners - np.array([row.width, row.height]) / 2) @ self.affine[:, 1:].T
        out: Floats = row.corners + self.affine[:, 0] + turned + self.nudge[:, None, :]
        return out


def darkness(patch: Gray) -> F32:
    """0 paper .. 1 black, against the paper around, cut at _DARK_CAP."""
    paper = np.maximum(cv2.blur(cv2.dilate(patch, _AROUND), (15, 15)), 16)
    light = np.asarray(cv2.divide(patch, paper, dtype=cv2.CV_32F), np.float32)
    out: F32 = np.minimum(np.maximum(1 - light, 0), np.float32(_DARK_CAP))
    return out


def saturated(dark: F32) -> F32:
    """Thick ink counts little more than a thin printed line: else the foot of a 2 pulls the row down."""
    lifted = np.maximum(dark - 0.03, 0)
    out: F32 = lifted / (lifted + np.float32(0.08))
    return out


def share(sides: Floats) -> Floats:
    """(k, 4) coverage of sides -> (k,) 0..1 of each box: digits and noise cover a third of a line anywhere, that is nothing."""
    out: Floats = np.clip((sides - 0.4) / 0.45, 0, 1).mean(axis=1)
    return out


_PRIOR = np.diag([1e-3, 1500.0, 1500.0])
_OFFSETS = np.arange(-5, 6, dtype=np.float32)
_SAMPLES = 9
"""Along a half side; ``middle_third`` is made for nine."""


_EXCHANGES = (
    *((0, 3), (1, 7), (2, 5), (4, 8), (0, 7), (2, 4), (3, 8), (5, 6), (0, 2), (1, 3), (4, 5), (7, 8), (1, 4)),
    *((3, 6), (5, 7), (0, 1), (2, 4), (3, 5), (6, 8), (2, 3), (4, 5), (6, 7), (1, 2), (3, 4), (5, 6)),
)
"""Sorts nine values (Floyd, in Knuth, "The Art of Computer Programming" vol. 3, section 5.3.4)."""


def middle_third(nine: F32) -> F32:
    """(9, ...) -> mean of the fourth to the sixth largest; of whole pictures at once five times as quick as sorting each nine."""
    v = list(nine)
    for i, j in _EXCHANGES:
        v[i], v[j] = np.minimum(v[i], v[j]), np.maximum(v[i], v[j])
    out: F32 = (v[3] + v[4] + v[5]) / np.float32(3)
    return out


class _Stack:
    """Patches one below the other in one picture, so that one call samples them all."""

    def __init__(self, picture: F32, top: F32, height: F32) -> None:
        self.picture, self.top, self.last = picture, top, top + height - 1

    @classmethod
    def of(cls, patches: Sequence[F32]) -> _Stack:
        height, width = [len(p) for p in patches], max(p.shape[1] for p in patches)
        wide = [p if p.shape[1] == width else np.pad(p, ((0, 0), (0, width - p.shape[1])), "edge") for p in patches]
        return cls(np.concatenate(wide), np.r_[0, np.cumsum(height)[:-1]].astype(np.float32), np.array(height, np.float32))

    def softened(self) -> _Stack:
        """Ink and print alike dark, and a little blurred (also across the seams, where no line is looked for)."""
        soft = cv2.GaussianBlur(saturated(self.picture), (0, 0), 0.7)
        return _Stack(np.asarray(soft, np.float32), self.top, self.last - self.top + 1)

    def at(self, x: F32, y: F32) -> F32:
        """Values at places (n, rows, m) of each row's own patch; beyond its edge the edge's."""
        top, last = self.top[:, None], self.last[:, None]
        y = np.minimum(np.maximum(y + top, top), last)
        flat = (-1, x.shape[-1])
        out = cv2.remap(self.picture, x.reshape(flat), y.reshape(flat), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(out, np.float32).reshape(x.shape)


class _Rows:
    """Geometry of several rows with equally many boxes."""

    def __init__(self, rows: Sequence[Row], margin: int) -> None:
        s = np.stack([r.sides for r in rows])
        t = (np.arange(_SAMPLES, dtype=np.float32) + 0.5) / _SAMPLES
        centre = np.array([[r.width, r.height] for r in rows], np.float32) / 2
        # (samples, rows, sides)
        self.x = s[:, :, 0] + (s[:, :, 2] - s[:, :, 0]) * t[:, None, None]
        self.y = s[:, :, 1] + (s[:, :, 3] - s[:, :, 1]) * t[:, None, None]
        self.rx, self.ry = self.x - centre[:, 0:1], self.y - centre[:, 1:2]
        self.sign = s[:, :, 5]
        self.vertical = s[0, :, 4] == 0
        self.margin = margin
        n = s.shape[1]
        mid = (s[:, :, 0:2] + s[:, :, 2:4]).astype(np.float64) / 2 - centre[:, None, :]
        ones = np.concatenate([np.ones((len(rows), n, 1)), mid], axis=2)
        # vertical half sides, then horizontal ones: (rows, 2, 4k, 3)
        self.places = ones.reshape(len(rows), -1, 2, 4, 3).transpose(0, 2, 1, 3, 4).reshape(len(rows), 2, -1, 3)

    def profiles(self, stack: _Stack, affine: Floats, nudge: Floats, offsets: F32) -> F32:
        """(samples, rows, sides, offsets) darkness along every half side and beside it; positive offsets lie inside the box."""
        a = affine.astype(np.float32)[..., None]
        own = np.repeat(nudge, 8, axis=1).astype(np.float32) + np.float32(self.margin)
        x = self.x + (a[:, 0, 0] + own[:, :, 0]) + a[:, 0, 1] * self.rx + a[:, 0, 2] * self.ry
        y = self.y + (a[:, 1, 0] + own[:, :, 1]) + a[:, 1, 1] * self.rx + a[:, 1, 2] * self.ry
        step = self.sign[:, :, None] * offsets
        mx = np.asarray(x[..., None] + np.where(self.vertical[:, None], step, np.float32(0)), np.float32)
        my = np.asarray(y[..., None] + np.where(self.vertical[:, None], np.float32(0), step), np.float32)
        shape = (len(mx), len(self.sign), -1)
        return stack.at(mx.reshape(shape), my.reshape(shape)).reshape(mx.shape)


def fit_lines(darks: Sequence[F32], rows: Sequence[Row], coarse: Floats, margin: int, prior: Floats | None = None) -> list[Fit]:
    """Every half side measured by itself around ``coarse`` (n, 2: x, y of each row), and each row laid through its own.

    ``darks``: the rows' patches (``darkness``), each ``margin`` px larger than its row on all sides. All rows have equally many boxes.
    """
    if not rows:
        return []
    geometry = _Rows(rows, margin)
    plain = _Stack.of(darks)
    soft = plain.softened()
    count, boxes = len(rows), len(rows[0].boxes)
    halves = (count, boxes, 2, 2, 2)
    nudge = np.zeros((count, boxes, 2))
    affine = np.zeros((count, 2, 3))
    affine[:, :, 0] = coarse
    for reach in (4, 3):
        line = middle_third(geometry.profiles(soft, affine, nudge, _OFFSETS))
        a, b, c = line[:, :, 8:9], line[:, :, 9:10], line[:, :, 10:11]
        inside = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
        rise = line - np.minimum(inside, line.min(axis=2, keepdims=True) + 0.2)
        # of two lines the nearer one, unless it is much weaker
        r = rise * np.where(np.abs(_OFFSETS) <= reach, 1 - (_OFFSETS / 8) ** 2, 0)
        k = r.argmax(axis=2)
        flat, at = r.ravel(), np.arange(k.size).reshape(k.shape) * len(_OFFSETS)
        top, lo, hi = flat[at + k], flat[at + np.maximum(k - 1, 0)], flat[at + np.minimum(k + 1, len(_OFFSETS) - 1)]
        curve = lo - 2 * top + hi
        sub = np.where(curve < -1e-6, 0.5 * (lo - hi) / np.where(curve < -1e-6, curve, -1), 0)
        shift = (_OFFSETS[k] + np.clip(sub, -0.5, 0.5)) * geometry.sign
        weight = np.clip(top / np.maximum(np.median(top, axis=1, keepdims=True), 0.05), 0, 1.5)
        change = _robust(geometry.places, shift.reshape(halves), weight.reshape(halves), _PRIOR if prior is None else prior)
        affine = affine + change
    said = (geometry.places @ change[..., None]).reshape(count, 2, boxes, 2, 2).transpose(0, 2, 1, 3, 4)
    nudge = _nudge(shift.reshape(halves) - said, weight.reshape(halves))
    prof = geometry.profiles(plain, affine, nudge, np.array([-1, 0, 1, 4, 5, 6, 7], np.float32))
    ridge = np.maximum(np.maximum(prof[..., 0], prof[..., 1]), prof[..., 2])
    contrast = np.median(np.median(ridge, axis=0) - np.median(np.minimum(prof[..., 4], prof[..., 5]), axis=0), axis=1)
    sides = _sides(ridge.transpose(1, 2, 0), prof[..., 3:].transpose(1, 2, 0, 3), contrast)
    return [Fit(affine[i], nudge[i], float(contrast[i]), sides[i]) for i in range(count)]


def _sides(ridge: F32, inside: F32, contrast: Floats) -> Floats:
    """(rows, k, 4) share of each box's sides that is there: darker than the paper inside, within a pixel of the fitted line.

    What is far darker than the lines is ink: it may hide the border or be mistaken for it, and counts half.
    """
    light = inside.reshape(len(inside), -1)
    rise = ridge - np.partition(light, light.shape[1] // 5, axis=1)[:, light.shape[1] // 5, None, None]
    c = contrast[:, None, None]
    there = (rise > np.maximum(0.05, 0.4 * c)) * np.where(rise > np.maximum(0.1, 2.2 * c), 0.5, 1.0)
    out: Floats = there.reshape(len(rise), -1, 4, 2 * _SAMPLES).mean(axis=3)
    return out


def _nudge(rest: Floats, weight: F32) -> Floats:
    """(rows, k, 2) from rest errors (rows, boxes, axis, side, half): only where both opposite sides of a box say the same."""
    w = weight + 1e-6
    side = (rest * w).sum(axis=4) / w.sum(axis=4)
    agree = (np.abs(side[..., 0] - side[..., 1]) < 1.2) & (weight.min(axis=4).min(axis=3) > 0.4)
    both = side.mean(axis=3)
    out: Floats = np.where(agree & (np.abs(both) > 0.4), 0.9 * both, 0.0)
    return out


def _robust(a: Floats, shift: F32, weight: F32, prior: Floats) -> Floats:
    """(rows, 2, 3) weighted least squares of shift = p . (1, x, y) for vertical and horizontal sides, slopes held near 0, Huber weights.

    ``a`` (rows, 2, n, 3) places; ``shift`` and ``weight`` (rows, boxes, axis, side, half) as Row.of_boxes orders them.
    """
    count = len(shift)
    y = shift.transpose(0, 2, 1, 3, 4).reshape(count, 2, -1).astype(np.float64)
    w = weight.transpose(0, 2, 1, 3, 4).reshape(count, 2, -1).astype(np.float64) + 1e-9
    order = np.argsort(y, axis=2)
    run = np.cumsum(np.take_along_axis(w, order, axis=2), axis=2)
    middle = np.take_along_axis(order, (run < run[..., -1:] / 2).sum(axis=2, keepdims=True), axis=2)
    p: Floats = np.zeros((count, 2, 3))
    p[..., 0] = np.take_along_axis(y, middle, axis=2)[..., 0]
    for cut in (6, 3):
        rest = np.abs(y - (a @ p[..., None])[..., 0])
        h = w * np.minimum(1, 0.7 / np.maximum(rest, 1e-6)) * (rest < cut)
        wa = (h[..., None] * a).swapaxes(2, 3)
        p = np.asarray(np.linalg.solve(wa @ a + prior, wa @ y[..., None])[..., 0], np.float64)
    return p
