"""Number boxes among the cells of a page: runs of two to four equal boxes side by side, and the tally grids beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

from ocr.draft.ruling import Cell, Ruling, border_of
from ocr.types import Gray

NARROWEST, WIDEST = 0.011, 0.075
"""Width of a number box, share of the page's width."""
FLATTEST, TALLEST = 0.62, 2.3
"""Height over width."""
_APART = 0.5
"""Gap between the boxes of one number, share of their width, at most."""
_LATTICE = 8
"""Cells of a field of equal cells on a photo that must be seen."""
_COVERED = 0.72
"""Share of a row's borders that must be there where it is looked for a second time, and ..."""
_SIDE = 0.5
"""... of every single side."""
_BENT = 0.12
"""How far off one side of such a box may be, share of its size."""
_THIRD = 0.8
"""The same for a box that is taken to be there beside two others, and for a side that is moved."""


@dataclass(frozen=True, slots=True)
class Box:
    """Centre line of a printed border, pixels."""

    x0: float
    y0: float
    x1: float
    y1: float
    border: float

    @property
    def w(self) -> float:
        return self.x1 - self.x0

    @property
    def h(self) -> float:
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class Row:
    """The boxes of one number, from left to right."""

    boxes: tuple[Box, ...]

    @property
    def x0(self) -> float:
        return self.boxes[0].x0

    @property
    def x1(self) -> float:
        return self.boxes[-1].x1

    @property
    def y0(self) -> float:
        return min(b.y0 for b in self.boxes)

    @property
    def y1(self) -> float:
        return max(b.y1 for b in self.boxes)

    @property
    def middle(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def shared(self) -> bool:
        """Neighbours share one printed line."""
        return any(b.x0 - a.x1 < 0.04 * a.w for a, b in pairwise(self.boxes))


@dataclass(frozen=True, slots=True)
class Grid:
    """Edges of a tally grid's cells, pixels."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def holds(self, at: tuple[float, float], slack: float = 0.0) -> bool:
        return self.x[0] - slack <= at[0] <= self.x[-1] + slack and self.y[0] - slack <= at[1] <= self.y[-1] + slack


def number_rows(
    cells: Sequence[Cell], r: Ruling, grids: Sequence[Grid], *, faint: Gray | None = None, clear: Collection[Cell] = ()
) -> list[Row]:
    """Rows of number boxes, from top to bottom and left to right.

    ``faint``: of a photo, mask of lines that hardly show; boxes are then taken to be filled and some of their borders broken.
    ``clear``: those of the cells whose lines are no faint ones.
    """
    photographed = faint is not None
    width = r.ink.shape[1]
    likely = [c for c in cells if NARROWEST <= c.w / width <= WIDEST and FLATTEST <= c.h / c.w <= TALLEST]
    likely = [c for c in likely if not any(g.holds(c.middle) for g in grids) and not _row_total(c, grids)]
    if not photographed:
        likely = [c for c in likely if _empty(c, r)]
    runs = []
    for run in _runs(likely, r, 0.25 if photographed else 0.15):
        for part in [run] if len(run) <= 4 else _by_headers(run, cells):
            if 2 <= len(part) <= 4:
                runs.append(part)
    rows = [Row(_boxes(part, r)) for part in runs]
    if faint is not None:
        lines = np.asarray(r.lines | faint, np.uint8)
        sure = {row for row, part in zip(rows, runs, strict=True) if 2 * sum(c in clear for c in part) >= len(part)}
        rows = completed(_of_their_size([_third(row, rows, lines) for row in rows], sure), lines)
        rows = [row for row in rows if _on_page(row, r.ink.shape) and not any(g.holds(row.middle) for g in grids)]
    return sorted(rows, key=lambda row: (round(row.middle[1] / max(1.0, row.boxes[0].h)), row.x0))


def tally_grids(cells: Sequence[Cell], shape: tuple[int, ...]) -> list[Grid]:
    """Fields of at least three rows and five columns of equal cells without gaps (``cells`` of the long lines only)."""
    likely = [c for c in cells if 0.012 <= c.w / shape[1] <= 0.09 and 0.25 <= c.h / c.w <= 1.6]
    runs = [run for run in _chained(likely, 0.2, 0.25) if len(run) >= 5]
    runs.sort(key=lambda run: run[0].y0)
    out: list[Grid] = []
    used: set[int] = set()
    for i, run in enumerate(runs):
        if i in used:
            continue
        stack = [run]
        for j in range(i + 1, len(runs)):
            low, slack = stack[-1], 0.25 * stack[-1][0].w
            if j in used or not _same_columns(low, runs[j], slack):
                continue
            if 0 <= runs[j][0].y0 - low[0].y1 < 0.3 * low[0].h and abs(runs[j][0].h - low[0].h) < 0.25 * low[0].h:
                stack.append(runs[j])
                used.add(j)
        if len(stack) >= 3:
            columns = max(stack, key=len)
            xs = _edges([(c.x0, c.x1) for c in columns])
            out.append(Grid(xs, _edges([(int(np.median([c.y0 for c in s])), int(np.median([c.y1 for c in s]))) for s in stack])))
    return out


def lattices(cells: Sequence[Cell], shape: tuple[int, ...]) -> list[Grid]:
    """Fields of equal cells in both directions, also where strokes have spoilt some of the cells (photos of filled forms)."""
    likely = [c for c in cells if 0.012 <= c.w / shape[1] <= 0.09 and 0.25 <= c.h / c.w <= 2.2]
    parent = list(range(len(likely)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    for i, a in enumerate(likely):
        for j in range(i):
            b = likely[j]
            if abs(a.w - b.w) > 0.18 * a.w or abs(a.h - b.h) > 0.18 * a.h:
                continue
            (ax, ay), (bx, by) = a.middle, b.middle
            dx, dy = abs(ax - bx) / a.w, abs(ay - by) / a.h
            for k in (1, 2, 3):  # neighbours, also across spoilt cells
                if (0.94 * k < dx < 1.13 * k and dy < 0.2) or (0.94 * k < dy < 1.16 * k and dx < 0.2):
                    parent[root(i)] = root(j)
    groups: dict[int, list[Cell]] = {}
    for i, c in enumerate(likely):
        groups.setdefault(root(i), []).append(c)
    out = []
    for group in groups.values():
        if len(group) < _LATTICE:
            continue
        xs = _evenly(min(c.x0 for c in group), max(c.x1 for c in group), float(np.median([c.w for c in group])))
        ys = _evenly(min(c.y0 for c in group), max(c.y1 for c in group), float(np.median([c.h for c in group])))
        if len(xs) >= 6 and len(ys) >= 4:
            out.append(Grid(xs, ys))
    return out


def _evenly(low: float, high: float, size: float) -> tuple[float, ...]:
    count = max(1, round((high - low) / (1.06 * size)))
    return tuple(float(v) for v in np.linspace(low - 0.03 * size, high + 0.03 * size, count + 1))


def tables_apart(grids: Sequence[Grid], cells: Sequence[Cell]) -> list[Grid]:
    """Without the fields that the heads of their columns cut into numbers: boxes that touch each other on all sides."""
    out = []
    for g in grids:
        row = [Cell(round(a), round(g.y[0]), round(b), round(g.y[1])) for a, b in pairwise(g.x)]
        if not _by_headers(row, cells):
            out.append(g)
    return out


def _same_columns(a: Sequence[Cell], b: Sequence[Cell], slack: float) -> bool:
    return abs(a[0].x0 - b[0].x0) < slack and abs(a[-1].x1 - b[-1].x1) < slack


def _edges(spans: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    """Middles of the lines between neighbouring spans, and the outer ones."""
    inner = [(a[1] + b[0]) / 2 for a, b in pairwise(spans)]
    half = (spans[1][0] - spans[0][1]) / 2
    return (spans[0][0] - half, *inner, spans[-1][1] + half)


def _empty(c: Cell, r: Ruling) -> bool:
    """Nothing stands in it but, perhaps, a dotted guide."""
    dx, dy = max(2, c.w // 8), max(2, c.h // 8)
    return float(r.ink[c.y0 + dy : c.y1 - dy, c.x0 + dx : c.x1 - dx].mean()) / 255 < 0.12


def _chained(cells: Iterable[Cell], apart: float, slack: float, split: Ruling | None = None) -> list[list[Cell]]:
    """Cells side by side, of one height and width, into runs."""
    left = sorted(cells, key=lambda c: (c.x0, c.y0))
    runs: list[list[Cell]] = []
    for c in left:
        best = None
        for run in runs:
            p = run[-1]
            if abs(p.y0 - c.y0) > slack * p.h or abs(p.y1 - c.y1) > slack * p.h or abs(p.w - c.w) > slack * p.w:
                continue
            gap = c.x0 - p.x1
            if 0 < gap <= apart * p.w and (split is None or _lines_between(p, c, split) <= 2):
                best = run
        if best is None:
            runs.append([c])
        else:
            best.append(c)
    return runs


def _runs(cells: Sequence[Cell], r: Ruling, slack: float) -> list[list[Cell]]:
    return [run for run in _chained(cells, _APART, slack, r) if len(run) >= 2]


def _lines_between(a: Cell, b: Cell, r: Ruling) -> int:
    """Vertical lines between two neighbours: one if they share it, two if each has its own, three if a table's line lies between."""
    y0, y1 = max(a.y0, b.y0), min(a.y1, b.y1)
    counts = []
    for y in np.linspace(y0 + 0.2 * (y1 - y0), y1 - 0.2 * (y1 - y0), 5).astype(int):
        line = (r.down[y, a.x1 - 1 : b.x0 + 1] > 0).astype(np.int8)
        counts.append(int((np.diff(line) > 0).sum()))
    return int(np.median(counts))


def _by_headers(run: list[Cell], cells: Sequence[Cell]) -> list[list[Cell]]:
    """A long run of boxes cut where the heads of the columns above are cut; none if no heads of two to four boxes each are there."""
    slack, out, i = 0.3 * run[0].w, [], 0
    while i < len(run):
        heads = []
        for k in (4, 3, 2):
            if i + k <= len(run):
                first, last = run[i], run[i + k - 1]
                above = [c for c in cells if c.y1 <= first.y0 and abs(c.x0 - first.x0) < slack and abs(c.x1 - last.x1) < slack]
                if above:
                    heads.append((max(c.y1 for c in above), k))
        if not heads:
            return []
        k = max(heads)[1]
        out.append(run[i : i + k])
        i += k
    return out


def _row_total(c: Cell, grids: Sequence[Grid]) -> bool:
    """A cell that continues a row of a tally grid: the row's own total, no box of the form's numbers."""
    for g in grids:
        if 0 <= c.x0 + 0.2 * c.w - g.x[-1] < 4 * c.w or 0 <= g.x[0] - c.x1 + 0.2 * c.w < 4 * c.w:
            for top, bottom in pairwise(g.y):
                if abs(c.y0 - top) < 0.15 * c.h and abs(c.y1 - bottom) < 0.15 * c.h:
                    return True
    return False


def _boxes(run: Sequence[Cell], r: Ruling) -> tuple[Box, ...]:
    out = []
    for c in run:
        sides = border_of(c, r)
        width = float(np.median(sides))
        # a bar of gray beside the box is no border: its line is taken to be as wide as the others
        left, above, right, below = (s if s <= 2 * width + 1 else width for s in sides)
        out.append(Box(c.x0 - left / 2, c.y0 - above / 2, c.x1 + right / 2, c.y1 + below / 2, width))
    return tuple(out)


def _on_page(row: Row, shape: tuple[int, ...]) -> bool:
    return row.x0 >= 0 and row.y0 >= 0 and row.x1 <= shape[1] and row.y1 <= shape[0]


def _of_their_size(rows: Sequence[Row], sure: Collection[Row]) -> list[Row]:
    """On photos pieces of other print look like boxes. Kept are rows of clear lines, and of the others those that have their size;
    and pairs only where they have the size of a longer row."""
    longer = [row for row in rows if len(row.boxes) > 2]
    models = [row.boxes[0] for row in longer if row in sure] or [row.boxes[0] for row in longer]

    def fits(b: Box) -> bool:
        return not models or any(abs(b.w - k.w) < 0.15 * k.w and abs(b.h - k.h) < 0.15 * k.h for k in models)

    return [row for row in rows if (row in sure and len(row.boxes) > 2) or fits(row.boxes[0])]


def _third(row: Row, rows: Sequence[Row], lines: Gray) -> Row:
    """A pair with the box beside it whose inside is too full to be a cell, if its borders are there."""
    if len(row.boxes) != 2:
        return row
    a, b = row.boxes
    pitch = (b.x0 + b.x1 - a.x0 - a.x1) / 2
    for of, step in ((a, -pitch), (b, pitch)):
        new = Box(of.x0 + step, of.y0, of.x1 + step, of.y1, of.border)
        if min(_sides(new, lines)) > _THIRD and not any(_touch(Row((new,)), o) for o in rows):
            return Row((new, a, b) if step < 0 else (a, b, new))
    return row


def completed(rows: Sequence[Row], lines: Gray) -> list[Row]:
    """With the rows that stand in line with those found, but whose borders handwriting or a fold has broken.

    Each found row is a pattern that slides up and down its own column; where enough of its borders are there, a row is.
    """
    out: list[Row] = []
    patterns = sorted(rows, key=lambda row: -len(row.boxes))
    for pattern in patterns:
        for row in [pattern, *_alike(pattern, lines)]:
            if not any(_touch(row, other) for other in out):
                out.append(row)
    return out


def _touch(a: Row, b: Row) -> bool:
    slack = 0.2 * a.boxes[0].h
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 + slack < b.y1 and b.y0 + slack < a.y1


def _alike(row: Row, lines: Gray) -> list[Row]:
    box = row.boxes[0]
    reach, pad = round(0.7 * box.w), 4
    x0, x1 = max(0, round(row.x0) - reach), min(lines.shape[1], round(row.x1) + reach)
    strip = np.asarray(cv2.dilate(lines[:, x0:x1], np.ones((3, 3), np.uint8)) > 0, np.float32)
    shape = (round(row.y1 - row.y0) + 2 * pad, round(row.x1 - row.x0) + 2 * pad)
    if strip.shape[0] <= shape[0] or strip.shape[1] <= shape[1]:
        return []
    border, inside = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for b in row.boxes:
        p = (round(b.x0 - row.x0) + pad, round(b.y0 - row.y0) + pad)
        q = (round(b.x1 - row.x0) + pad, round(b.y1 - row.y0) + pad)
        cv2.rectangle(border, p, q, 1.0, 1)
        cv2.rectangle(inside, (p[0] + 7, p[1] + 7), (q[0] - 7, q[1] - 7), 1.0, 2)
    there = cv2.matchTemplate(strip, border, cv2.TM_CCORR) / border.sum()
    full = cv2.matchTemplate(strip, inside, cv2.TM_CCORR) / max(1.0, float(inside.sum()))
    score = np.asarray(there - 0.5 * np.maximum(full - 0.25, 0), np.float64)
    found: list[Row] = []
    while True:
        _, top, _, (x, y) = cv2.minMaxLoc(score)
        if top < _COVERED:
            return found
        dx, dy = x + pad + x0 - row.x0, y + pad - row.y0
        boxes = tuple(_settled(Box(b.x0 + dx, b.y0 + dy, b.x1 + dx, b.y1 + dy, b.border), lines) for b in row.boxes)
        sides = sorted(there for b in boxes for there in _sides(b, lines))
        # a row that is there but for one single side has been crossed there by a pen, or by the table's line beside it
        if sides[0] > _SIDE or (top > _THIRD and sides[1] > _THIRD):
            found.append(Row(boxes))
        score[max(0, y - shape[0]) : y + shape[0]] = -1


def _settled(b: Box, lines: Gray) -> Box:
    """The box with those sides moved onto the nearest line that miss theirs: a bent page bends its rows, each a little otherwise."""
    edges = {"y0": b.y0, "y1": b.y1, "x0": b.x0, "x1": b.x1}
    for (edge, at), there in zip(edges.items(), _sides(b, lines), strict=True):
        if there > _SIDE:
            continue
        far = round(_BENT * (b.h if edge in ("y0", "y1") else b.w))
        for step in sorted(range(-far, far + 1), key=abs):
            moved = replace(b, **{edge: at + step})
            if _sides(moved, lines)[list(edges).index(edge)] > _THIRD:
                # the line was within reach of the last pixel only: its middle lies beyond
                b = replace(b, **{edge: at + step + int(np.sign(step)) * 2})
                break
    return b


def _sides(b: Box, lines: Gray) -> list[float]:
    """Share of each side of a box that is there, within two pixels of its place."""
    x0, y0, x1, y1 = (round(v) for v in (b.x0, b.y0, b.x1, b.y1))
    reach, out = 3, []
    for y in (y0, y1):
        out.append(float((lines[max(0, y - reach) : y + reach + 1, max(0, x0) : x1].max(axis=0, initial=0) > 0).mean()))
    for x in (x0, x1):
        out.append(float((lines[max(0, y0) : y1, max(0, x - reach) : x + reach + 1].max(axis=1, initial=0) > 0).mean()))
    return out
