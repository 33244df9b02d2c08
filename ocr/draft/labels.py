"""Where the print that names a number stands: left of its row, and above its column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ocr.draft.boxes import Grid, Row
from ocr.draft.ruling import Cell, Ruling
from ocr.types import Gray

_LEAST_INK = 0.004
"""Share of a cell that its print covers, at least."""


@dataclass(frozen=True, slots=True)
class Places:
    """Cells to read for one number: left of it, nearest first, and above it, nearest first."""

    left: tuple[Cell, ...]
    above: tuple[Cell, ...]


def places(rows: Sequence[Row], cells: Sequence[Cell], grids: Sequence[Grid], r: Ruling) -> list[Places]:
    """For each row."""
    height, width = r.ink.shape
    tables = [c for c in cells if c.w < 0.93 * width and c.h < 0.5 * height]
    print_only = np.asarray(r.ink & ~r.lines, np.uint8)
    speaking = [c for c in tables if _speaks(c, print_only) and not any(_inside(row, c) for row in rows) and not _in_grid(c, rows, grids)]
    return [_of(row, rows, tables, speaking, print_only) for row in rows]


def _of(row: Row, rows: Sequence[Row], tables: Sequence[Cell], speaking: Sequence[Cell], print_only: Gray) -> Places:
    width = print_only.shape[1]
    y, box = row.middle[1], row.boxes[0]
    around = [c for c in tables if c.x0 <= row.x0 + 2 and row.x1 - 2 <= c.x1 and c.y0 <= row.y0 + 2 and row.y1 - 2 <= c.y1]
    holder = min(around, key=lambda c: c.w * c.h, default=None)
    left = [c for c in speaking if c.x1 <= row.x0 + 2 and c.y0 <= y <= c.y1 and 0.3 * box.h < c.h < 12 * box.h]
    left.sort(key=lambda c: -c.x1)
    x0, x1 = (row.x0, row.x1) if holder is None else (holder.x0, holder.x1)
    if holder is not None and (own := _label_part(holder, row, print_only)) is not None:
        left.insert(0, own)
    slack = 0.6 * box.w
    above = [c for c in speaking if c.y1 <= row.y0 and abs(c.x0 - x0) < slack and abs(c.x1 - x1) < slack]
    above.sort(key=lambda c: -c.y1)
    if not left:
        before = [o.x1 for o in rows if o.x1 < row.x0 and abs(o.middle[1] - y) < 0.5 * box.h]
        start = max([*before, row.x0 - 6 * box.w, 0.02 * width])
        strip = Cell(round(start + 4), round(row.y0), round(row.x0 - 0.12 * box.w), round(row.y1))
        left = [strip] if strip.w > 8 and strip.h > 8 else []
    return Places(tuple(left[:3]), tuple(above[:3]))


def _label_part(holder: Cell, row: Row, print_only: Gray) -> Cell | None:
    """The print at the left of the cell that holds the row too, up to the first wide gap (bubbles may follow); None if there is none."""
    box = row.boxes[0]
    inset = max(2, round(0.08 * box.h))
    x0, x1, y0, y1 = holder.x0 + inset, round(row.x0 - 0.4 * box.w), holder.y0 + inset, holder.y1 - inset
    if x1 - x0 < 2 * box.w or not 0 < y1 - y0 < 12 * box.h:
        return None
    inked = np.flatnonzero(print_only[y0:y1, x0:x1].any(axis=0))
    if len(inked) < 8:
        return None
    gaps = np.flatnonzero(np.diff(inked) > 0.9 * box.h)
    end = int(inked[gaps[0]]) if len(gaps) else int(inked[-1])
    part = Cell(x0, y0, min(x1, x0 + end + inset), y1)
    return part if part.w > box.w and _speaks(part, print_only) else None


def _speaks(c: Cell, print_only: Gray) -> bool:
    part = print_only[c.y0 + 1 : c.y1 - 1, c.x0 + 1 : c.x1 - 1]
    return bool(part.size) and float(part.mean()) / 255 > _LEAST_INK


def _inside(row: Row, c: Cell) -> bool:
    return c.x0 <= row.middle[0] <= c.x1 and c.y0 <= row.middle[1] <= c.y1


def _in_grid(c: Cell, rows: Sequence[Row], grids: Sequence[Grid]) -> bool:
    """In a tally grid, or between it and its number, where the totals of its rows stand."""
    x, y = c.middle
    for g in grids:
        if g.holds((x, y)):
            return True
        if g.y[0] <= y <= g.y[-1] and any(g.x[-1] <= x <= row.x0 and g.y[0] <= row.middle[1] <= g.y[-1] for row in rows):
            return True
    return False


def crop_of(cell: Cell, gray: Gray, r: Ruling) -> Gray:
    """The cell's print without the lines around and in it."""
    inset = 2
    window = np.s_[cell.y0 + inset : cell.y1 - inset, cell.x0 + inset : cell.x1 - inset]
    out = gray[window].copy()
    out[r.lines[window] > 0] = np.uint8(np.percentile(out, 90)) if out.size else 255
    return np.asarray(out, np.uint8)
