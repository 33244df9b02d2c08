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

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.types import Floats, Gray
from templates_c1.schema import Number, Page

SIDE = 36
"""Width of a box in the patch, px."""
_PAD = 16
"""Surroundings of a row that take part in the search, px."""
_DARK_CAP = 0.55
"""Darkness is cut here: a black bar beside a box weighs no more than its border."""

_PULL = 0.5
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
class Row:
    """A number's geometry in its patch without margin: pixels, origin at the row's top left corner."""

    per_unit: float
    boxes: F32
    """(k, 4) x0 y0 x1 y1."""
    width: float
    height: float
    sides: F32
    """(n, 6): x0 y0 x1 y1 of a half side, axis (0: vertical line, its error is in x), sign of the inside along the axis."""

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
        return cls(per_unit, boxes, float(boxes[:, 2].max()), float(boxes[:, 3].max()), np.array(sides, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Attributes:
    affine: (2, 3) rest error about the row's centre: x' = x + affine[0] . (1, rx, ry), y' alike.
    nudge: (k, 2) what each box is off on top of it: paper that bends within the row.
    contrast: of the lines against the inside beside them.
    """

    affine: Floats
    nudge: Floats
    contrast: float

    def corners(self, row: Row) -> Floats:
        """(k, 4, 2) tl tr br bl of the boxes in the patch without its margin."""
        plain = np.stack([_quad(b) for b in row.boxes.astype(np.float64)])
        turned = (plain - np.array([row.width, row.height]) / 2) @ self.affine[:, 1:].T
        out: Floats = plain + self.affine[:, 0] + turned + self.nudge[:, None, :]
        return out


_ROWS: dict[int, tuple[Number, Row, F32, F32]] = {}


def _row(page: Page, number: Number) -> tuple[Row, F32, F32]:
    """Geometry and search model of a number, made once (templates are frozen and live as long as the process)."""
    kept = _ROWS.get(id(number))
    if kept is None or kept[0] is not number:
        row = _geometry(number)
        full = _model(row, number, page)
        half = cv2.resize(full, (full.shape[1] // 2, full.shape[0] // 2), interpolation=cv2.INTER_AREA)
        kept = _ROWS[id(number)] = (number, row, full, np.asarray(half * 4, np.float32))
    return kept[1], kept[2], kept[3]


def _geometry(number: Number) -> Row:
    w = float(np.mean([b.w for b in number.boxes]))
    s = SIDE / w
    x, y = number.boxes[0].x, min(b.y for b in number.boxes)
    boxes = np.array([[b.x - x, b.y - y, b.x + b.w - x, b.y + b.h - y] for b in number.boxes], np.float32) * np.float32(s)
    return Row.of_boxes(boxes, s)


def _model(row: Row, number: Number, page: Page) -> F32:
    """The row as a filter, _PAD pixels of surroundings included.

    +1 in all on the border lines, -1 in all on a band just inside every box; the lines printed around (table frames) count half
    as much against the white beside them: they tell the border of a box from the frame that runs along it.
    """
    shape = (round(row.height) + 2 * _PAD, round(row.width) + 2 * _PAD)
    line, band, frame = (np.zeros(shape, np.float32) for _ in range(3))
    for x0, y0, x1, y1 in row.boxes:
        a, b = _fixed(x0, y0), _fixed(x1, y1)
        cv2.rectangle(line, a, b, 1.0, 2, cv2.LINE_AA, shift=3)
        for inset in (4, 5):
            p, q = (a[0] + inset * 8, a[1] + inset * 8), (b[0] - inset * 8, b[1] - inset * 8)
            cv2.rectangle(band, p, q, 1.0, 1, cv2.LINE_8, shift=3)
    x, y, s = number.boxes[0].x, min(b.y for b in number.boxes), row.per_unit
    for item in page.print:
        if item.kind == "line":
            ends = [((px - x) * s, (py - y) * s) for px, py in (item.a, item.b)]
            cv2.line(frame, _fixed(*ends[0]), _fixed(*ends[1]), 1.0, 2, cv2.LINE_AA, shift=3)
    inner = (slice(_PAD - 3, shape[0] - _PAD + 3), slice(_PAD - 3, shape[1] - _PAD + 3))
    frame[inner] = 0
    beside = cv2.dilate(frame, np.ones((9, 9), np.uint8)) * (cv2.dilate(frame, np.ones((5, 5), np.uint8)) < 0.05)
    beside[inner] = 0
    band = band * (line < 0.1)
    out = line / line.sum() - band / band.sum()
    if frame.sum() > SIDE and beside.sum() > SIDE:
        out = out + 0.5 * (frame / frame.sum() - beside / beside.sum())
    return np.asarray(out, np.float32)


def _fixed(x: float, y: float) -> tuple[int, int]:
    """A place of the row in the model, in eighths of a pixel (OpenCV's shift=3)."""
    big = 10_000 * 8
    return max(-big, min(big, round((float(x) + _PAD) * 8))), max(-big, min(big, round((float(y) + _PAD) * 8)))


def darkness(patch: Gray) -> F32:
    """0 paper .. 1 black, against the paper around, cut at _DARK_CAP."""
    f = patch.astype(np.float32)
    paper = cv2.blur(cv2.dilate(f, np.ones((11, 11), np.uint8)), (15, 15))
    out: F32 = np.clip(1 - f / np.maximum(paper, 16), 0, _DARK_CAP).astype(np.float32)
    return out


def saturated(dark: F32) -> F32:
    """Thick ink counts little more than a thin printed line: else the foot of a 2 pulls the row down."""
    lifted = np.maximum(dark - 0.03, 0)
    out: F32 = lifted / (lifted + np.float32(0.08))
    return out


def find_row(pyramid: Pyramid, project: Project, page: Page, number: Number, reach: float) -> RowFound:
    """``project``: template points (n, 2) -> photo pixels; ``reach``: how far off it may be, in box widths."""
    row, model, small_model = _row(page, number)
    margin = (int(np.ceil(reach * SIDE)) + _PAD + 1) // 2 * 2
    origin = np.array([number.boxes[0].x, min(b.y for b in number.boxes)])
    pw, ph = (round(row.width) + 2 * margin) // 2 * 2, (round(row.height) + 2 * margin) // 2 * 2
    quad = np.array([[0, 0], [row.width, 0], [row.width, row.height], [0, row.height]], np.float64)
    expected = project(quad / row.per_unit + origin).astype(np.float32)
    to_photo = np.asarray(cv2.getPerspectiveTransform((quad + margin).astype(np.float32), expected), np.float64)
    px = _scale_at(to_photo, margin + row.width / 2, margin + row.height / 2)
    dark = darkness(pyramid.warp(to_photo, (pw, ph), px))
    lines = saturated(dark)
    half = cv2.resize(lines, (pw // 2, ph // 2), interpolation=cv2.INTER_AREA)
    score = cv2.matchTemplate(half, small_model, cv2.TM_CCORR)
    yy, xx = np.mgrid[: score.shape[0], : score.shape[1]].astype(np.float64) * 2 + (_PAD - margin)
    score = score - _PULL * (xx * xx + yy * yy) / SIDE**2
    best: tuple[float, Fit, Floats] | None = None
    peaks = _peaks(np.asarray(score, np.float64), margin)
    for coarse, height in peaks:
        fit = fit_lines(dark, row, _sharpened(lines, model, coarse, margin), margin)
        sides = sides_found(dark, row, fit, margin)
        worth = 2 * float(sides.mean()) - 0.1 * float(np.hypot(*fit.affine[:, 0])) / SIDE + 0.4 * height / peaks[0][1]
        if best is None or worth > best[0] + 0.03:
            best = worth, fit, sides
        if sides.mean() > 0.93:
            break
    assert best is not None  # noqa: S101 -- a picture has a brightest place
    _, fit, sides = best
    border, affine = _share(sides), fit.affine
    photo = cv2.perspectiveTransform(fit.corners(row).reshape(1, -1, 2) + margin, to_photo).reshape(-1, 4, 2)
    centre = np.array([[[row.width / 2, row.height / 2]], [[row.width / 2 + affine[0, 0], row.height / 2 + affine[1, 0]]]]) + margin
    was, now = cv2.perspectiveTransform(centre, to_photo).reshape(2, 2)
    return RowFound(number, np.asarray(photo, np.float64), border, np.asarray(now - was, np.float64), fit.contrast, px * SIDE)


def _peaks(score: Floats, margin: int) -> list[tuple[Floats, float]]:
    """Places of the row (x, y offsets in patch px) and their scores, best first: up to three near the best in score and apart."""
    left = score.copy()
    out: list[tuple[Floats, float]] = []
    for _ in range(3):
        _, top, _, (cx, cy) = cv2.minMaxLoc(left)
        if out and top < 0.55 * out[0][1]:
            break
        out.append((np.array([2 * cx + _PAD - margin, 2 * cy + _PAD - margin], np.float64), max(float(top), 1e-6)))
        left[max(0, cy - 3) : cy + 4, max(0, cx - 3) : cx + 4] = -1
    return out


def _sharpened(lines: F32, model: F32, coarse: Floats, margin: int) -> Floats:
    """The place to a pixel: at half size two lines that run close together (neighbouring boxes, a box and its frame) are one."""
    x, y = round(float(coarse[0])) + margin - _PAD, round(float(coarse[1])) + margin - _PAD
    x0, y0 = max(0, x - 3), max(0, y - 3)
    part = lines[y0 : y + 4 + model.shape[0], x0 : x + 4 + model.shape[1]]
    if part.shape[0] < model.shape[0] or part.shape[1] < model.shape[1]:
        return coarse
    _, _, _, (cx, cy) = cv2.minMaxLoc(cv2.matchTemplate(part, model, cv2.TM_CCORR))
    return np.array([x0 + cx + _PAD - margin, y0 + cy + _PAD - margin], np.float64)


def _quad(b: Floats) -> Floats:
    return np.array([[b[0], b[1]], [b[2], b[1]], [b[2], b[3]], [b[0], b[3]]])


def _scale_at(h: Floats, x: float, y: float) -> float:
    """Photo pixels per patch pixel at a place of the patch."""
    p = cv2.perspectiveTransform(np.array([[[x, y], [x + 1, y], [x, y + 1]]]), h)[0]
    return float(np.sqrt(abs((p[1, 0] - p[0, 0]) * (p[2, 1] - p[0, 1]) - (p[1, 1] - p[0, 1]) * (p[2, 0] - p[0, 0]))))


_PRIOR = np.diag([1e-3, 1500.0, 1500.0])
_OFFSETS = np.arange(-5, 6, dtype=np.float32)
_SAMPLES = 9


def _profiles(dark: F32, row: Row, affine: Floats, nudge: Floats, margin: int, offsets: F32) -> F32:
    """(sides, samples, offsets) darkness along every half side and beside it; positive offsets lie inside the box."""
    t = (np.arange(_SAMPLES, dtype=np.float32) + 0.5) / _SAMPLES
    s = row.sides
    x = s[:, 0:1] + (s[:, 2:3] - s[:, 0:1]) * t
    y = s[:, 1:2] + (s[:, 3:4] - s[:, 1:2]) * t
    rx, ry = x - row.width / 2, y - row.height / 2
    a = affine.astype(np.float32)
    own = np.repeat(nudge, 8, axis=0).astype(np.float32) + margin
    x = x + a[0, 0] + a[0, 1] * rx + a[0, 2] * ry + own[:, 0:1]
    y = y + a[1, 0] + a[1, 1] * rx + a[1, 2] * ry + own[:, 1:2]
    step = s[:, 5][:, None, None] * offsets[None, None, :]
    vertical = (s[:, 4] == 0)[:, None, None]
    mx = x[:, :, None] + np.where(vertical, step, 0)
    my = y[:, :, None] + np.where(vertical, 0, step)
    n = len(s) * _SAMPLES
    mx, my = mx.reshape(n, -1).astype(np.float32), my.reshape(n, -1).astype(np.float32)
    out = cv2.remap(dark, mx, my, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.float32).reshape(len(s), _SAMPLES, len(offsets))


def fit_lines(dark: F32, row: Row, coarse: Floats, margin: int, prior: Floats | None = None) -> Fit:
    """Every half side measured by itself around ``coarse`` (x, y), and the row laid through them."""
    nudge = np.zeros((len(row.boxes), 2))
    affine = np.zeros((2, 3))
    affine[:, 0] = coarse
    soft = np.asarray(cv2.GaussianBlur(saturated(dark), (0, 0), 0.7), np.float32)
    s = row.sides
    mid = (s[:, 0:2] + s[:, 2:4]).astype(np.float64) / 2 - np.array([row.width, row.height]) / 2
    a = np.c_[np.ones(len(s)), mid].reshape(-1, 2, 4, 3).transpose(1, 0, 2, 3).reshape(2, -1, 3)
    for reach in (4, 3):
        prof = _profiles(soft, row, affine, nudge, margin, _OFFSETS)
        line = np.sort(prof, axis=1)[:, _SAMPLES // 3 : 2 * _SAMPLES // 3].mean(axis=1)
        inside = np.median(line[:, 8:], axis=1, keepdims=True)
        rise = line - np.minimum(inside, line.min(axis=1, keepdims=True) + 0.2)
        # of two lines the nearer one, unless it is much weaker
        window = np.where(np.abs(_OFFSETS) <= reach, 1 - (_OFFSETS / 8) ** 2, 0)
        r = rise * window[None, :]
        k = r.argmax(axis=1)
        top = r[np.arange(len(r)), k]
        lo, hi = r[np.arange(len(r)), np.maximum(k - 1, 0)], r[np.arange(len(r)), np.minimum(k + 1, len(_OFFSETS) - 1)]
        curve = lo - 2 * top + hi
        sub = np.where(curve < -1e-6, 0.5 * (lo - hi) / np.where(curve < -1e-6, curve, -1), 0)
        shift = (_OFFSETS[k] + np.clip(sub, -0.5, 0.5)) * s[:, 5]
        weight = np.clip(top / max(float(np.median(top)), 0.05), 0, 1.5)
        change = _robust(a, shift.reshape(-1, 2, 2, 2), weight.reshape(-1, 2, 2, 2), _PRIOR if prior is None else prior)
        affine = affine + change
    rest = shift.reshape(-1, 2, 2, 2) - (a @ change[:, :, None]).reshape(2, -1, 2, 2).transpose(1, 0, 2, 3)
    nudge = _nudge(rest, weight.reshape(-1, 2, 2, 2))
    prof = _profiles(dark, row, affine, nudge, margin, np.array([-1, 0, 1, 5, 6], np.float32))
    contrast = float(np.median(np.median(prof[:, :, :3].max(axis=2), axis=1) - np.median(prof[:, :, 3:].min(axis=2), axis=1)))
    return Fit(affine, nudge, contrast)


def _nudge(rest: Floats, weight: F32) -> Floats:
    """(k, 2) from rest errors (boxes, axis, side, half): only where both opposite sides of a box are there and say the same."""
    w = weight + 1e-6
    side = (rest * w).sum(axis=3) / w.sum(axis=3)
    agree = (np.abs(side[:, :, 0] - side[:, :, 1]) < 1.2) & (weight.min(axis=3).min(axis=2) > 0.4)
    both = side.mean(axis=2)
    out: Floats = np.where(agree & (np.abs(both) > 0.4), 0.9 * both, 0.0)
    return out


def _robust(a: Floats, shift: F32, weight: F32, prior: Floats) -> Floats:
    """(2, 3) weighted least squares of shift = p . (1, x, y) for vertical and horizontal sides, slopes held near 0, Huber weights.

    ``a`` (2, n, 3) places; ``shift`` and ``weight`` (boxes, axis, side, half) as _geometry orders them.
    """
    y = shift.transpose(1, 0, 2, 3).reshape(2, -1).astype(np.float64)
    w = weight.transpose(1, 0, 2, 3).reshape(2, -1).astype(np.float64) + 1e-9
    order = np.argsort(y, axis=1)
    run = np.cumsum(np.take_along_axis(w, order, axis=1), axis=1)
    middle = np.take_along_axis(order, (run < run[:, -1:] / 2).sum(axis=1, keepdims=True), axis=1)
    p: Floats = np.zeros((2, 3))
    p[:, 0] = np.take_along_axis(y, middle, axis=1)[:, 0]
    for cut in (6, 3):
        rest = np.abs(y - (a @ p[:, :, None])[:, :, 0])
        h = w * np.minimum(1, 0.7 / np.maximum(rest, 1e-6)) * (rest < cut)
        wa = (h[:, :, None] * a).transpose(0, 2, 1)
        p = np.asarray(np.linalg.solve(wa @ a + prior, wa @ y[:, :, None])[:, :, 0], np.float64)
    return p


def sides_found(dark: F32, row: Row, fit: Fit, margin: int) -> Floats:
    """(k, 4) share of each box's sides that is there: darker than the paper inside, within a pixel of the fitted line.

    What is far darker than the lines is ink: it may hide the border or be mistaken for it, and counts half.
    """
    prof = _profiles(dark, row, fit.affine, fit.nudge, margin, np.array([-1, 0, 1, 4, 5, 6, 7], np.float32))
    rise = prof[:, :, :3].max(axis=2) - np.percentile(prof[:, :, 3:], 20)
    there = (rise > max(0.05, 0.4 * fit.contrast)) * np.where(rise > max(0.1, 2.2 * fit.contrast), 0.5, 1.0)
    out: Floats = there.reshape(len(row.boxes), 4, 2 * _SAMPLES).mean(axis=2)
    return out


def _share(sides: Floats) -> Floats:
    """(k, 4) coverage of sides -> (k,) 0..1 of each box: digits and noise cover a third of a line anywhere, that is nothing."""
    out: Floats = np.clip((sides - 0.4) / 0.45, 0, 1).mean(axis=1)
    return out
