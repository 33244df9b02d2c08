"""Finds the printed borders of the numbers' rows of boxes near where they are expected.

Each row is rectified into a small patch and turned into darkness against the local paper (``ocr.align.lines``). A first search
slides a model of the whole row (lines dark, a band just inside each box light) over the patch, so that the boxes of a number hold
each other: one digit stroke cannot pass for a border. The likeliest places are then measured line by line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ocr.align.lines import F32, SIDE, Fit, Row, darkness, fit_lines, saturated, share
from ocr.align.pyramid import Pyramid as Pyramid
from ocr.align.pyramid import area, to_quads
from ocr.types import Floats
from templates_c1.schema import Number, Page

_PAD = 16
"""Surroundings of a row that take part in the search, px."""
_PULL = 0.5
"""Score lost at one box width off the expected place: of two equal finds the nearer one is meant."""
_CUT = 0.06
"""Share of its side by which a box may reach over the picture's edge."""
_FOUND = 0.93
"""Share of the sides from which on no second place is tried."""

Project = Callable[[Floats], Floats]


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


@dataclass(slots=True, eq=False)
class _Search:
    """One row's patch and what is found in it so far."""

    number: Number
    row: Row
    to_photo: Floats
    """3x3, patch pixel -> photo pixel."""
    per_patch: float
    """Photo pixels per patch pixel."""
    dark: F32
    peaks: list[tuple[Floats, float]]
    """Places to try (x, y offsets in patch px, to a pixel) with their scores, best first."""
    best: tuple[float, Fit] | None = None

    def judge(self, n: int, fit: Fit) -> None:
        """Keeps the fit at the ``n``-th peak if it is the best so far."""
        height = self.peaks[n][1] / self.peaks[0][1]
        worth = 2 * float(fit.sides.mean()) - 0.1 * float(np.hypot(*fit.affine[:, 0])) / SIDE + 0.4 * height
        if self.best is None or worth > self.best[0] + 0.03:
            self.best = worth, fit
        if fit.sides.mean() > _FOUND:
            del self.peaks[n + 1 :]


def find_row(pyramid: Pyramid, project: Project, page: Page, number: Number, reach: float) -> RowFound:
    """One row, as ``find_rows``."""
    return find_rows(pyramid, project, page, [number], reach)[0]


def find_rows(
    pyramid: Pyramid,
    project: Project,
    page: Page,
    numbers: Sequence[Number],
    reach: float,
    moved: Floats | None = None,
    *,
    known: bool = False,
) -> list[RowFound]:
    """Each number's row of boxes where the picture shows it.

    ``project``: template points (n, 2) -> photo pixels; ``reach``: how far off a row may be, in box widths; ``moved`` (numbers, 2):
    photo pixels by which each row is looked for beside its projection; ``known``: they lie there to a tenth of a box, so that the
    search is left out and each is measured at once.
    """
    if not numbers:
        return []
    margin = (int(np.ceil(reach * SIDE)) + _PAD + 1) // 2 * 2
    shape = [_row(page, n)[0] for n in numbers]
    quads = np.array([[[0, 0], [r.width, 0], [r.width, r.height], [0, r.height]] for r in shape], np.float64)
    scale = np.array([r.per_unit for r in shape])[:, None, None]
    origin = np.array([[[n.boxes[0].x, min(b.y for b in n.boxes)]] for n in numbers])
    expected = project((quads / scale + origin).reshape(-1, 2)).reshape(-1, 4, 2)
    if moved is not None:
        expected = expected + moved[:, None, :]
    px = np.sqrt(area(expected) / area(quads))
    to_photo = to_quads(expected, quads[:, 2])
    to_photo[:, :, 2] -= margin * (to_photo[:, :, 0] + to_photo[:, :, 1])
    searches = [_search(pyramid, page, *each, margin, known) for each in zip(numbers, to_photo, px.tolist(), strict=True)]
    found: dict[int, RowFound] = {}
    for k in sorted({len(n.boxes) for n in numbers}):
        alike = [i for i, n in enumerate(numbers) if len(n.boxes) == k]
        _measure([searches[i] for i in alike], margin)
        found |= dict(zip(alike, _found([searches[i] for i in alike], margin, pyramid.size), strict=True))
    return [found[i] for i in range(len(numbers))]


def _search(pyramid: Pyramid, page: Page, number: Number, to_photo: Floats, px: float, margin: int, known: bool) -> _Search:
    """``to_photo``: patch pixel -> photo pixel; ``px``: photo pixels per patch pixel."""
    row, model, small_model = _row(page, number)
    pw, ph = (round(row.width) + 2 * margin) // 2 * 2, (round(row.height) + 2 * margin) // 2 * 2
    dark = darkness(pyramid.warp(to_photo, (pw, ph), px))
    if known:
        return _Search(number, row, to_photo, px, dark, [(np.zeros(2), 1.0)])
    lines = saturated(dark)
    half = cv2.resize(lines, (pw // 2, ph // 2), interpolation=cv2.INTER_AREA)
    score = np.asarray(cv2.matchTemplate(half, small_model, cv2.TM_CCORR), np.float64)
    y = (np.arange(score.shape[0]) * 2.0 + (_PAD - margin))[:, None]
    x = (np.arange(score.shape[1]) * 2.0 + (_PAD - margin))[None, :]
    score -= _PULL * (x * x + y * y) / SIDE**2
    peaks = [(_sharpened(lines, model, at, margin), height) for at, height in _peaks(score, margin)]
    return _Search(number, row, to_photo, px, dark, peaks)


def _measure(searches: list[_Search], margin: int) -> None:
    """Tries the peaks in turn, of all rows together, until each row has a place where nearly all of it is there."""
    for n in range(max((len(s.peaks) for s in searches), default=0)):
        left = [s for s in searches if len(s.peaks) > n]
        if not left:
            return
        fits = fit_lines([s.dark for s in left], [s.row for s in left], np.array([s.peaks[n][0] for s in left]), margin)
        for s, fit in zip(left, fits, strict=True):
            s.judge(n, fit)


def _found(searches: Sequence[_Search], margin: int, size: tuple[int, int]) -> list[RowFound]:
    """Rows with equally many boxes. ``size``: width and height of the photo; of a box that it cuts off, no border is there."""
    fits = [s.best[1] for s in searches if s.best is not None]
    affine = np.stack([f.affine for f in fits])
    centre = np.array([[s.row.width, s.row.height] for s in searches])[:, None] / 2
    plain = np.stack([s.row.corners for s in searches]).reshape(len(fits), -1, 2)
    nudge = np.repeat(np.stack([f.nudge for f in fits]), 4, axis=1)
    corners = plain + affine[:, None, :, 0] + (plain - centre) @ affine[:, :, 1:].swapaxes(1, 2) + nudge
    # the row's corners, its middle where it was expected, and where it was found
    places = np.concatenate([corners, centre, centre + affine[:, None, :, 0]], axis=1) + margin
    lifted = np.concatenate([places, np.ones((*places.shape[:2], 1))], axis=2) @ np.stack([s.to_photo for s in searches]).swapaxes(1, 2)
    photo = lifted[..., :2] / lifted[..., 2:]
    boxes, shift = photo[:, :-2].reshape(len(fits), -1, 4, 2), photo[:, -1] - photo[:, -2]
    over = np.maximum(-boxes, boxes - (np.array(size) - 1)).max(axis=(2, 3))
    side = np.array([s.per_patch for s in searches]) * SIDE
    border = np.where(over > _CUT * side[:, None], 0.0, share(np.concatenate([f.sides for f in fits])).reshape(len(fits), -1))
    return [RowFound(s.number, boxes[i], border[i], shift[i], fits[i].contrast, float(side[i])) for i, s in enumerate(searches)]


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
