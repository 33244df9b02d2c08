"""Bubbles, corner markers and the AprilTag of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ocr.align.tag import TAG_SIZES, detect_tags
from ocr.draft.boxes import Row
from ocr.types import Floats, Gray

DIGITS = 10
_SMALLEST, _LARGEST = 0.15, 0.95
"""Diameter of a bubble, in widths of the box above it."""
_LEAST = 8
"""Bubbles of a column that must be seen; the others are where the even spacing puts them."""


@dataclass(frozen=True, slots=True)
class Column:
    """Ten bubbles under one box, pixels, from 0 to 9."""

    centres: tuple[tuple[float, float], ...]
    radius: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A corner marker, pixels; as ``templates_c1.schema.Marker``."""

    kind: Literal["saddle", "square"]
    at: tuple[float, float]
    size: float
    diagonal: Literal["tl_br", "tr_bl"] = "tl_br"


@dataclass(frozen=True, slots=True, eq=False)
class TagSeen:
    """``corners`` (4, 2) tl tr br bl as printed, pixels; ``turned`` as in ``templates_c1.schema.Tag``."""

    id: int
    corners: Floats
    turned: Literal[0, 90, 180, 270]


def tag_of(gray: Gray) -> TagSeen | None:
    """The AprilTag (36h10) of an upright page, the largest if there are several."""
    best: TagSeen | None = None
    for side in (*TAG_SIZES, max(gray.shape)):
        k = min(1.0, side / max(gray.shape))
        work = np.asarray(cv2.resize(gray, None, fx=k, fy=k, interpolation=cv2.INTER_AREA), np.uint8)
        for tag, corners in detect_tags(gray, work):
            first = int(np.argmin(corners.sum(axis=1)))
            upright = np.roll(corners, -first, axis=0)
            quarters: tuple[Literal[0, 90, 180, 270], ...] = (0, 270, 180, 90)
            seen = TagSeen(tag, _to_its_edges(gray, upright), quarters[first])
            if best is None or _side(seen) > _side(best):
                best = seen
        if best is not None:
            return best
    return None


def _to_its_edges(gray: Gray, corners: Floats) -> Floats:
    """Corners of the tag's black square as the flat page shows it; the detector's are up to a few pixels off."""
    (x0, y0), (x1, y1) = corners.min(0), corners.max(0)
    side = (x1 - x0 + y1 - y0) / 2
    rim = 0.12 * side
    left, top = max(0, round(x0 - rim)), max(0, round(y0 - rim))
    part = gray[top : round(y1 + rim) + 1, left : round(x1 + rim) + 1]
    black = np.asarray((part < 0.5 * np.percentile(part, 95)) * np.uint8(255), np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(black)
    x, y, w, h, _ = (int(v) for v in stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())]) if len(stats) > 1 else (0, 0, 0, 0, 0)
    edges = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float64) + np.array([left - 0.5, top - 0.5])
    return edges if np.abs(edges - corners).max() < 0.08 * side else corners


def _side(tag: TagSeen) -> float:
    return float(np.ptp(tag.corners[:, 0]))


def circles(ink: Gray, box_width: float) -> Floats:
    """(n, 3) x, y, radius of every round outline or disc of a bubble's size."""
    contours, _ = cv2.findContours(ink, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    out = []
    low, high = _SMALLEST * box_width, _LARGEST * box_width
    for c in contours:
        if len(c) < 2.2 * low:
            continue
        x, y, w, h = cv2.boundingRect(c)
        if not (low <= w <= high and low <= h <= high and 0.82 <= w / h <= 1.22):
            continue
        if 0.9 <= cv2.contourArea(c) / (np.pi / 4 * (w - 1) * (h - 1)) <= 1.08:
            out.append((x + w / 2, y + h / 2, (w + h) / 4))
    # the outline's inner edge, seen from within, is a contour of its own: the outer one is kept
    out.sort(key=lambda c: -c[2])
    kept: list[tuple[float, float, float]] = []
    for item in out:
        if all(abs(item[0] - k[0]) > k[2] or abs(item[1] - k[1]) > k[2] for k in kept):
            kept.append(item)
    return np.array(kept, np.float64).reshape(-1, 3)


def bubbles_of(row: Row, rows: Sequence[Row], found: Floats) -> tuple[Column, ...]:
    """Ten bubbles under each box of a number, or none."""
    below = [o.y0 for o in rows if o.y0 > row.y1 and o.x0 < row.x1 and row.x0 < o.x1]
    end = min(below, default=float("inf"))
    out = []
    for box in row.boxes:
        x = (box.x0 + box.x1) / 2
        mine = found[(np.abs(found[:, 0] - x) < 0.3 * box.w) & (found[:, 1] > box.y1) & (found[:, 1] < end)]
        column = _column(mine[np.argsort(mine[:, 1])])
        if column is None:
            return ()
        out.append(column)
    return tuple(out)


def _column(mine: Floats) -> Column | None:
    if len(mine) < _LEAST:
        return None
    size = float(np.median(mine[:DIGITS, 2]))
    mine = mine[np.abs(mine[:, 2] - size) < 0.2 * size][:DIGITS]
    if len(mine) < _LEAST:
        return None
    pitch = float(np.median(np.diff(mine[:, 1])))
    steps = np.round((mine[:, 1] - mine[0, 1]) / pitch)
    if len(set(steps.tolist())) < len(mine) or np.abs(mine[:, 1] - mine[0, 1] - steps * pitch).max() > 0.25 * pitch:
        return None
    if steps[-1] != DIGITS - 1:
        return None  # which end is missing cannot be told
    a = np.c_[np.ones(len(mine)), steps]
    fit, *_ = np.linalg.lstsq(a, mine[:, :2], rcond=None)
    all_steps = np.arange(DIGITS)
    places = np.c_[np.ones(DIGITS), all_steps] @ fit
    for s, m in zip(steps.astype(int), mine, strict=True):
        places[s] = m[:2]
    return Column(tuple((float(x), float(y)) for x, y in places), float(np.median(mine[:, 2])))


def markers(gray: Gray, tag: TagSeen | None) -> tuple[Mark, ...]:
    """Saddles (two black squares that meet), and black squares where three or more of a size stand far apart."""
    squares = _squares(gray, tag)
    marks: list[Mark] = []
    used: set[int] = set()
    for i, (x, y, s) in enumerate(squares):
        for j in range(i + 1, len(squares)):
            u, v, t = squares[j]
            if i in used or j in used or abs(t - s) > 0.2 * s:
                continue
            if all(0.8 * s < abs(d) < 1.2 * s for d in (u - x, v - y)):
                diagonal: Literal["tl_br", "tr_bl"] = "tl_br" if (u - x) * (v - y) > 0 else "tr_bl"
                marks.append(Mark("saddle", ((x + u) / 2, (y + v) / 2), (s + t) / 2, diagonal))
                used |= {i, j}
    alone = [q for i, q in enumerate(squares) if i not in used]
    for _, _, size in alone:
        alike = [q for q in alone if abs(q[2] - size) < 0.12 * size]
        xs, ys = [q[0] for q in alike], [q[1] for q in alike]
        if len(alike) >= 3 and max(xs) - min(xs) > 0.4 * gray.shape[1] and max(ys) - min(ys) > 0.4 * gray.shape[0]:
            return (*marks, *(Mark("square", (q[0], q[1]), q[2]) for q in alike))
    return tuple(marks)


def _squares(gray: Gray, tag: TagSeen | None) -> list[tuple[float, float, float]]:
    """x, y, side of solid black squares, those of the tag left out."""
    black = np.asarray((gray < 0.45 * np.percentile(gray, 90)) * np.uint8(255), np.uint8)
    width = gray.shape[1]
    cut = max(1, round(0.0012 * width))
    core = cv2.erode(black, np.ones((2 * cut + 1,) * 2, np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=4)
    out = []
    for i in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[i])
        side = (w + h) / 2 + 2 * cut
        if not 0.006 * width <= side <= 0.04 * width or not 0.75 <= w / h <= 1.33 or area < 0.88 * w * h:
            continue
        at = (x + w / 2, y + h / 2)
        if tag is not None and cv2.pointPolygonTest(tag.corners.astype(np.float32), at, True) > -side:
            continue
        ring = black[max(0, y - 4 * cut) : y + h + 4 * cut, max(0, x - 4 * cut) : x + w + 4 * cut]
        if ring.mean() / 255 < 0.92:  # else a part of something larger
            out.append((*at, side))
    return out
