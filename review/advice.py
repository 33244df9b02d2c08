"""Where on the paper the doubtful numbers stand, in words an operator can act on: "foto ulang bagian kanan"."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

UNCLEAR = {"low_confidence", "readers_disagree", "box_not_found", "sum_mismatch", "bound_broken", "poor_photo", "corrected"}
"""Reasons that a closer photo of the place may settle."""


def unclear_part(body: Mapping[str, Any]) -> str | None:
    """Where the numbers lie that the machine doubts.

    Args:
        body: an interpretation as tally.codec writes it.

    Returns:
        "left", "right", "top", "bottom", two of them ("top-left"), or "middle"; None if nothing is doubted or the doubts lie all over the
        page, so that naming a part would help nobody.
    """
    names = {n for r in body.get("reasons", ()) if r["code"] in UNCLEAR for n in r.get("numbers", ())}
    boxes, page = body.get("box_corners") or {}, body.get("page_corners")
    points = [p for n in names if n in boxes for p in itertools.chain.from_iterable(boxes[n])]
    if not points or not page:
        return None
    across = _share(points, page, 0, 3, 1, 2)
    down = _share(points, page, 0, 1, 3, 2)
    side = _third(across, "left", "right")
    height = _third(down, "top", "bottom")
    if side is None or height is None:
        return side or height or None
    return "-".join(w for w in (height, side) if w) or "middle"


def _share(points: Sequence[Sequence[float]], page: Sequence[Sequence[float]], a: int, b: int, c: int, d: int) -> tuple[float, float]:
    """Smallest and largest position of the points between the edge a-b (0) and the edge c-d (1) of the page; perspective is left out."""
    start = [(page[a][i] + page[b][i]) / 2 for i in (0, 1)]
    way = [(page[c][i] + page[d][i]) / 2 - start[i] for i in (0, 1)]
    length = way[0] ** 2 + way[1] ** 2 or 1.0
    at = [sum((p[i] - start[i]) * way[i] for i in (0, 1)) / length for p in points]
    return min(at), max(at)


def _third(span: tuple[float, float], low: str, high: str) -> str | None:
    """``low`` or ``high`` if all lies in that half, "" if all lies in the middle, None if it is spread."""
    if span[0] >= 0.3 and span[1] <= 0.7:
        return ""
    if span[1] <= 0.5:
        return low
    return high if span[0] >= 0.5 else None
