"""The straight printed lines of a page and the cells they enclose."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.types import Gray

SHORT, LONG = 0.0105, 0.032
"""Shortest line that counts, share of the page's long side: of a number box, and of a table."""
FAINTEST = 0.05
"""How much darker than the paper beside it a line on a photo is, at least."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """Masks (h, w), 0 or 255: all ink, horizontal lines, vertical lines, both."""

    ink: Gray
    across: Gray
    down: Gray
    lines: Gray


@dataclass(frozen=True, slots=True)
class Cell:
    """Inside of a ruled rectangle, pixels: the first white row and column and the first that is white no more."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def w(self) -> int:
        return self.x1 - self.x0

    @property
    def h(self) -> int:
        return self.y1 - self.y0

    @property
    def middle(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2


def ink_of(gray: Gray, photographed: bool) -> Gray:
    """What is darker than the paper around it, light gray print included."""
    if not photographed:
        return np.asarray((gray < 0.88 * np.percentile(gray, 90)) * np.uint8(255), np.uint8)
    side = max(gray.shape) // 48 | 1
    small = cv2.resize(gray, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.blur(cv2.dilate(small, np.ones((side // 4 | 1,) * 2, np.uint8)), (side // 4 | 1,) * 2)
    paper = cv2.resize(paper, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(gray, (0, 0), 0.8)
    return np.asarray((soft < 0.86 * paper.astype(np.float32)) * np.uint8(255), np.uint8)


def ruling(gray: Gray, ink: Gray, shortest: float, *, lenient: bool, faint: bool = False) -> Ruling:
    """``shortest``: share of the long side. ``lenient``: lines may lean a little and have small gaps; ``faint``: and hardly show."""
    n = max(9, round(shortest * max(gray.shape)))
    if faint:
        across = _faint(gray, n)
        down = np.ascontiguousarray(_faint(np.ascontiguousarray(gray.T), n).T)
    else:
        across = _long(ink, n, lenient)
        down = np.ascontiguousarray(_long(np.ascontiguousarray(ink.T), n, lenient).T)
    return Ruling(ink, across, down, np.asarray(across | down, np.uint8))


def _long(ink: Gray, n: int, lenient: bool) -> Gray:
    """Horizontal lines of at least n pixels."""
    bent = cv2.dilate(ink, np.ones((3, 1), np.uint8)) if lenient else ink
    line = cv2.morphologyEx(bent, cv2.MORPH_OPEN, np.ones((1, n), np.uint8))
    if lenient:
        line = cv2.morphologyEx(line, cv2.MORPH_CLOSE, np.ones((1, max(3, n // 3) | 1), np.uint8))
    return np.asarray(line, np.uint8)


def _faint(gray: Gray, n: int) -> Gray:
    """Horizontal lines of a photo: darker than what lies above and below, once noise is averaged along them."""
    thick = max(9, max(gray.shape) // 180) | 1
    soft = cv2.blur(gray, (9, 1)).astype(np.int16)
    paper = cv2.morphologyEx(soft, cv2.MORPH_CLOSE, np.ones((thick, 1), np.uint8))
    ridge = np.asarray((paper - soft > FAINTEST * paper) * np.uint8(255), np.uint8)
    return _long(ridge, n, True)


def cells_of(lines: Gray) -> list[Cell]:
    """Every ruled rectangle: a white area that fills the edge of its own bounding box. What stands in it does not matter."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(255 - lines, connectivity=4)
    out = []
    small = 0.004 * max(lines.shape)
    for i in range(1, count):
        x, y, w, h = (int(v) for v in stats[i, :4])
        if min(w, h) < small:
            continue
        part = labels[y : y + h, x : x + w] == i
        edge = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
        # the rows right inside the line may be frayed: one pixel further in will do as well
        inner = np.concatenate([part[1], part[-2], part[:, 1], part[:, -2]]) if min(w, h) > 4 else edge
        if max(edge.mean(), inner.mean()) > 0.82:
            out.append(Cell(x, y, x + w, y + h))
    return out


def merged(cells: list[Cell], others: list[Cell]) -> list[Cell]:
    """``cells``, and those of ``others`` that are not among them."""
    known: dict[tuple[int, int], list[Cell]] = {}
    step = 16
    for c in cells:
        known.setdefault((c.x0 // step, c.y0 // step), []).append(c)
    out = list(cells)
    for c in others:
        x, y = c.x0 // step, c.y0 // step
        near = [k for dx in (-1, 0, 1) for dy in (-1, 0, 1) for k in known.get((x + dx, y + dy), ())]
        if not any(max(abs(k.x0 - c.x0), abs(k.y0 - c.y0), abs(k.x1 - c.x1), abs(k.y1 - c.y1)) < step for k in near):
            out.append(c)
    return out


def border_of(cell: Cell, r: Ruling) -> tuple[float, float, float, float]:
    """Widths of the printed lines left, above, right and below of a cell, px."""
    most = max(3, min(cell.w, cell.h) // 3)
    rows = np.linspace(cell.y0 + cell.h * 0.15, cell.y1 - cell.h * 0.15, 7).astype(int)
    columns = np.linspace(cell.x0 + cell.w * 0.15, cell.x1 - cell.w * 0.15, 7).astype(int)
    left = [_run(r.lines[y, max(0, cell.x0 - most) : cell.x0][::-1]) for y in rows]
    right = [_run(r.lines[y, cell.x1 : cell.x1 + most]) for y in rows]
    above = [_run(r.lines[max(0, cell.y0 - most) : cell.y0, x][::-1]) for x in columns]
    below = [_run(r.lines[cell.y1 : cell.y1 + most, x]) for x in columns]
    return float(np.median(left)), float(np.median(above)), float(np.median(right)), float(np.median(below))


def _run(line: NDArray[np.uint8]) -> int:
    gaps = np.flatnonzero(line == 0)
    return int(gaps[0]) if len(gaps) else len(line)
