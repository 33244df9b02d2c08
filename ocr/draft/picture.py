"""The draft drawn over its page, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.draft.naming import Labelled
from ocr.draft.page import Seen

_RED, _GREEN, _BLUE, _VIOLET, _ORANGE = (40, 40, 220), (60, 150, 0), (210, 110, 0), (180, 40, 150), (0, 130, 255)


def overlay(s: Seen, numbers: Sequence[Labelled]) -> NDArray[np.uint8]:
    """(h, w, 3) BGR: numbers red with their names, bubbles green, tally grids blue, markers and tag violet."""
    pale = np.asarray(128 + s.sheet.gray // 2, np.uint8)
    out = cv2.cvtColor(pale, cv2.COLOR_GRAY2BGR)
    thick = max(1, round(max(out.shape) / 1200))
    for g in s.grids:
        for x in g.x:
            cv2.line(out, _p(x, g.y[0]), _p(x, g.y[-1]), _BLUE, thick)
        for y in g.y:
            cv2.line(out, _p(g.x[0], y), _p(g.x[-1], y), _BLUE, thick)
    for row, bubbles, n in zip(s.rows, s.bubbles, numbers, strict=True):
        for b in row.boxes:
            cv2.rectangle(out, _p(b.x0, b.y0), _p(b.x1, b.y1), _RED, thick)
        for column in bubbles:
            for x, y in column.centres:
                cv2.circle(out, _p(x, y), round(column.radius), _GREEN, thick)
        cv2.putText(
            out, n.name, _p(row.x0, row.y0 - 3 * thick), cv2.FONT_HERSHEY_SIMPLEX, 0.3 * thick, _ORANGE, max(1, thick // 2), cv2.LINE_AA
        )
    for m in s.markers:
        r = m.size * (1 if m.kind == "saddle" else 0.5)
        cv2.rectangle(out, _p(m.at[0] - r, m.at[1] - r), _p(m.at[0] + r, m.at[1] + r), _VIOLET, thick)
    if s.tag is not None:
        cv2.polylines(out, [np.round(s.tag.corners).astype(np.int32)], True, _VIOLET, 2 * thick)
        x, y = s.tag.corners[0]
        cv2.putText(
            out, f"36h10 {s.tag.id}", _p(x, y - 3 * thick), cv2.FONT_HERSHEY_SIMPLEX, 0.35 * thick, _VIOLET, max(1, thick // 2), cv2.LINE_AA
        )
    return np.asarray(out, np.uint8)


def _p(x: float, y: float) -> tuple[int, int]:
    return round(float(x)), round(float(y))
