"""Everything that one page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ocr.draft import marks, words
from ocr.draft.boxes import Grid, Row, lattices, number_rows, tables_apart, tally_grids
from ocr.draft.labels import crop_of, places
from ocr.draft.naming import Labelled, is_hint, ordinal_of
from ocr.draft.pages import Sheet, cropped, paper_extent, turned
from ocr.draft.ruling import LONG, SHORT, Cell, Ruling, cells_of, ink_of, merged, ruling

_READABLE = 4
"""Words that must be read on a page to tell which side is up."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """All in pixels of ``sheet.gray``; ``labelled`` and ``bubbles`` in the order of ``rows``."""

    sheet: Sheet
    rows: tuple[Row, ...]
    bubbles: tuple[tuple[marks.Column, ...], ...]
    grids: tuple[Grid, ...]
    markers: tuple[marks.Mark, ...]
    tag: marks.TagSeen | None
    labelled: tuple[Labelled, ...]
    table: Ruling


def look(sheet: Sheet, number: int, lang: str | None) -> Seen:
    """What the page ``number`` shows. ``lang``: Tesseract's for the labels, None for none."""
    if sheet.photographed:
        sheet = _page_of(sheet, lang)
    fine, coarse = _rulings(sheet)
    cells, grids, rows = _parts(sheet, fine, coarse)
    tag = marks.tag_of(sheet.gray)
    width = float(np.median([b.w for row in rows for b in row.boxes])) if rows else 0.0
    discs = marks.circles(fine.ink, width) if rows else np.zeros((0, 3))
    bubbles = tuple(marks.bubbles_of(row, rows, discs) for row in rows)
    labelled = _labelled(sheet, coarse if sheet.photographed else fine, number, rows, cells, grids, lang)
    return Seen(sheet, tuple(rows), bubbles, tuple(grids), marks.markers(sheet.gray, tag), tag, tuple(labelled), coarse)


def _rulings(sheet: Sheet) -> tuple[Ruling, Ruling]:
    """Of short lines (boxes) and of long ones (tables)."""
    ink = ink_of(sheet.gray, sheet.photographed)
    fine, coarse = (ruling(sheet.gray, ink, least, lenient=sheet.photographed) for least in (SHORT, LONG))
    return fine, coarse


def _parts(sheet: Sheet, fine: Ruling, coarse: Ruling) -> tuple[list[Cell], list[Grid], list[Row]]:
    cells = cells_of(fine.lines)
    shape = sheet.gray.shape
    if sheet.photographed:
        thin = ruling(sheet.gray, fine.ink, SHORT, lenient=True, faint=True)
        clear = frozenset(cells)
        cells = merged(cells, cells_of(thin.lines))
        grids = tables_apart(lattices(cells, shape), cells)
        return cells, grids, number_rows(cells, fine, grids, faint=thin.lines, clear=clear)
    grids = tables_apart(tally_grids(cells_of(coarse.lines), shape), cells)
    return cells, grids, number_rows(cells, fine, grids)


def _page_of(sheet: Sheet, lang: str | None) -> Sheet:
    """A photographed page turned upright and cut out of its background."""
    sheet = _upright(sheet, lang)
    h, w = sheet.gray.shape
    x0, y0, x1, y1 = paper_extent(sheet.gray)
    ys, xs = np.nonzero(_rulings(sheet)[1].lines)  # a shaded part of the paper is paper too: no printed line is cut off
    if not len(xs):
        return sheet
    rim = round(0.03 * max(h, w))
    x0, x1 = max(0, min(x0, int(xs.min()) - rim)), min(w, max(x1, int(xs.max()) + rim))
    y0, y1 = max(0, min(y0, int(ys.min()) - rim)), min(h, max(y1, int(ys.max()) + rim))
    return cropped(sheet, (x0, y0, x1, y1))


def _upright(sheet: Sheet, lang: str | None) -> Sheet:
    """Turned so that most of the print can be read; where that does not tell, forms have their numbers on the right."""
    if lang is not None:
        read = [words.legible(turned(sheet, quarters).gray, lang) for quarters in range(4)]
        if max(read) >= _READABLE:
            return turned(sheet, int(np.argmax(read)))
    for quarters in (0, 1):
        tried = turned(sheet, quarters)
        rows = _parts(tried, *_rulings(tried))[2]
        if rows:
            on_the_left = np.mean([row.middle[0] for row in rows]) < 0.5 * tried.gray.shape[1]
            return turned(tried, 2) if on_the_left else tried
    return sheet


def _labelled(
    sheet: Sheet, fine: Ruling, number: int, rows: Sequence[Row], cells: Sequence[Cell], grids: Sequence[Grid], lang: str | None
) -> list[Labelled]:
    if lang is None:
        return [Labelled(number, "", "", "", line, column) for line, column in _lines_and_columns(rows)]
    where = places(rows, cells, grids, fine)
    wanted = list(dict.fromkeys(cell for p in where for cell in (*p.left, *p.above)))
    said = dict(zip(wanted, words.read([crop_of(c, sheet.gray, fine) for c in wanted], lang), strict=True))
    out = []
    for (line, column), p in zip(_lines_and_columns(rows), where, strict=True):
        ordinal, label = "", ""
        for cell in p.left:  # the label, and what counts the row, perhaps in a narrow cell of its own beyond it
            own, rest = ordinal_of(said[cell])
            if is_hint(rest):
                continue
            if not label and sum(c.isalpha() for c in rest) >= 3:
                label, ordinal = said[cell] if not own else rest, own
            elif own and not rest and not ordinal:
                ordinal = own
        head = next((said[c] for c in p.above if sum(ch.isalpha() for ch in said[c]) >= 3), "")
        out.append(Labelled(number, label, ordinal, head, line, column))
    return out


def _lines_and_columns(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Which rows lie side by side, and which below each other."""
    lines: list[float] = []
    columns: list[float] = []
    out = []
    for row in rows:
        x, y = row.x0, row.middle[1]
        out.append((_place(lines, y, 0.5 * row.boxes[0].h), _place(columns, x, 0.7 * row.boxes[0].w)))
    return out


def _place(known: list[float], value: float, slack: float) -> int:
    for i, k in enumerate(known):
        if abs(k - value) < slack:
            return i
    known.append(value)
    return len(known) - 1
