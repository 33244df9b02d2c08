"""Rows of boxes that stand in line with a found one, on a page that is bent or written over."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.draft.boxes import Box, Row, completed

SIDE, STEP = 50, 54
FIRST = Row(tuple(Box(100.0 + STEP * i, 100.0, 100.0 + STEP * i + SIDE, 150.0, 2.0) for i in range(3)))


def lines(second: list[list[tuple[tuple[int, int], tuple[int, int]]]]) -> NDArray[np.uint8]:
    """The row above whole, and 300 px lower one of the given sides."""
    out = np.zeros((700, 400), np.uint8)
    for b in FIRST.boxes:
        cv2.rectangle(out, (round(b.x0), round(b.y0)), (round(b.x1), round(b.y1)), 255, 2)
    for side in [s for box in second for s in box]:
        cv2.line(out, *side, 255, 2)
    return out


def sides(x: int, y: int, bottom: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Above, below, left, right."""
    x1 = x + SIDE
    return [((x, y), (x1, y)), ((x, bottom), (x1, bottom)), ((x, y), (x, bottom)), ((x1, y), (x1, bottom))]


def below(bottom: int = 450) -> list[list[tuple[tuple[int, int], tuple[int, int]]]]:
    return [sides(100, 400, 450), sides(100 + STEP, 400, 450), sides(100 + 2 * STEP, 400, bottom)]


def test_a_row_that_the_page_bends_is_found_where_its_lines_are() -> None:
    rows = completed([FIRST], lines(below(bottom=456)))
    assert len(rows) == 2
    assert rows[1].boxes[2].y1 == pytest.approx(456, abs=3)
    assert rows[1].boxes[0].y1 == pytest.approx(450, abs=3)


@pytest.mark.parametrize("side", [0, 1])
def test_a_row_with_one_side_gone_is_found(side: int) -> None:
    seen = below()
    del seen[1][side]
    rows = completed([FIRST], lines(seen))
    assert [round(row.y0, -1) for row in rows] == [100, 400]


def test_a_row_with_more_sides_gone_is_none() -> None:
    seen = below()
    del seen[0][0], seen[1][0]
    assert completed([FIRST], lines(seen)) == [FIRST]
