"""From what the pages show to a template that the schema accepts."""

from __future__ import annotations

import json
from collections.abc import Sequence

import cv2
import numpy as np

from ocr.draft.boxes import Box
from ocr.draft.naming import Labelled, named, rules
from ocr.draft.page import Seen
from ocr.draft.pages import DraftError
from templates_c1.schema import Template

Raw = dict[str, object]


def template_of(seen: Sequence[Seen], form: str, election: str, title: str = "") -> tuple[Template, list[Labelled]]:
    """The drafted template of all pages that hold numbers, and its numbers in the order of the pages' rows.

    Raises:
        DraftError: no page holds a number.
    """
    seen = [s for s in seen if s.rows]
    if not seen:
        raise DraftError("tidak ditemukan kotak angka", "no number boxes were found")
    numbers = named([n for s in seen for n in s.labelled])
    by_page, across = rules(numbers)
    pages = []
    start = 0
    for s in seen:
        mine = numbers[start : start + len(s.rows)]
        start += len(s.rows)
        pages.append(_page(s, mine, by_page.get(mine[0].page, [])))
    name = title or form
    raw: Raw = {
        "form": form,
        "version": 1,
        "title": {"id": name, "en": name},
        "elections": [election],
        "pages": pages,
        "rules": across,
    }
    return Template.model_validate(json.loads(json.dumps(raw))), numbers


def _page(s: Seen, numbers: Sequence[Labelled], own_rules: list[dict[str, object]]) -> Raw:
    ux, uy = s.sheet.per_unit
    width, height = s.sheet.size
    at = numbers[0].page
    out_numbers = []
    for row, bubbles, n in zip(s.rows, s.bubbles, numbers, strict=True):
        number: Raw = {
            "name": n.name,
            "label": {"id": n.label, "en": n.label_en or n.label},
            "boxes": [_rect(b.x0 / ux, b.y0 / uy, b.x1 / ux, b.y1 / uy) for b in row.boxes],
            "shared_borders": row.shared,
        }
        border = float(np.median([b.border for b in row.boxes])) / ux
        if border > 0:
            number["border"] = _r(border)
        if bubbles:
            number["bubbles"] = [
                {"centres": [(_r(x / ux), _r(y / uy)) for x, y in c.centres], "radius": _r(c.radius / ux)} for c in bubbles
            ]
        if not s.sheet.photographed and _guide(s, row.boxes[0]):
            number["guide"] = True
        out_numbers.append(number)
    recognition: Raw = {
        "markers": [
            {"kind": m.kind, "at": (_r(m.at[0] / ux), _r(m.at[1] / uy)), "size": _r(m.size / ux), "diagonal": m.diagonal} for m in s.markers
        ]
    }
    if s.tag is not None:
        corners = [(_r((x + 0.5) / ux), _r((y + 0.5) / uy)) for x, y in s.tag.corners]
        recognition["tag"] = {"family": "36h10", "id": s.tag.id, "corners": corners, "turned": s.tag.turned}
    return {
        "number": at,
        "title": {"id": f"Halaman {at}", "en": f"Page {at}"},
        "size": {"width": _r(width), "height": _r(height), "unit": s.sheet.unit, "mm_per_unit": round(s.sheet.mm_per_unit, 5)},
        "recognition": recognition,
        "numbers": out_numbers,
        "rules": own_rules,
        "turus": _turus(s, numbers),
        "print": _lines(s),
    }


def _turus(s: Seen, numbers: Sequence[Labelled]) -> list[Raw]:
    """Each grid with the number beside it, the nearest in line with it; one beside which several stand, one below the other, is cut
    where each of them begins."""
    ux, uy = s.sheet.per_unit
    out: list[Raw] = []
    taken: set[str] = set()
    for g in s.grids:
        reach = max(b.h for row in s.rows for b in row.boxes)
        beside = [
            (row, n.name)
            for row, n in zip(s.rows, numbers, strict=True)
            if g.y[0] - reach <= row.middle[1] <= g.y[-1] and n.name not in taken and not g.x[0] < row.middle[0] < g.x[-1]
        ]
        if not beside:
            continue
        near = min(abs(row.x0 - g.x[-1]) for row, _ in beside)
        column = sorted((row.y0, name) for row, name in beside if abs(row.x0 - g.x[-1]) < near + 0.5 * reach)
        starts = [0, *(int(np.argmin([abs(y - (top - 0.3 * reach)) for y in g.y])) for top, _ in column[1:]), len(g.y) - 1]
        for (_, name), first, last in zip(column, starts, starts[1:], strict=False):
            if last > first:
                taken.add(name)
                edges = [_r(y / uy) for y in g.y[first : last + 1]]
                out.append({"number": name, "x_edges": [_r(x / ux) for x in g.x], "y_edges": edges})
    return out


def _guide(s: Seen, box: Box) -> bool:
    """A dotted seven-segment guide: many small dots inside."""
    dx, dy = 0.15 * box.w, 0.15 * box.h
    part = s.table.ink[round(box.y0 + dy) : round(box.y1 - dy), round(box.x0 + dx) : round(box.x1 - dx)]
    count, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(part))
    dots = sum(1 for i in range(1, count) if max(stats[i, cv2.CC_STAT_WIDTH], stats[i, cv2.CC_STAT_HEIGHT]) < 0.12 * box.w)
    return dots >= 12


def _lines(s: Seen) -> list[Raw]:
    """The lines of the page's tables, for drawing a blank and for telling whether a photo is laid straight."""
    ux, uy = s.sheet.per_unit
    out: list[Raw] = []
    for mask, along_x in ((s.table.across, True), (s.table.down, False)):
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        for i in range(1, count):
            x, y, w, h = (int(v) for v in stats[i, :4])
            long, thick = (w, h) if along_x else (h, w)
            if thick > 0.1 * long or (
                s.tag is not None and cv2.pointPolygonTest(s.tag.corners.astype(np.float32), (x + w / 2, y + h / 2), False) >= 0
            ):
                continue
            a, b = ((x, y + h / 2), (x + w, y + h / 2)) if along_x else ((x + w / 2, y), (x + w / 2, y + h))
            width = thick / (uy if along_x else ux)
            gray = int(np.median(s.sheet.gray[y : y + h, x : x + w]))
            item = {
                "kind": "line",
                "a": (_r(a[0] / ux), _r(a[1] / uy)),
                "b": (_r(b[0] / ux), _r(b[1] / uy)),
                "width": _r(width),
                "gray": min(gray, 220),
            }
            out.append(item)
    return out


def _rect(x0: float, y0: float, x1: float, y1: float) -> dict[str, float]:
    return {"x": _r(x0), "y": _r(y0), "w": _r(x1 - x0), "h": _r(y1 - y0)}


def _r(value: float) -> float:
    return round(float(value), 2)
