"""An operator is told where to look, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from review.advice import unclear_part

PAGE = [[100, 50], [1100, 50], [1100, 2050], [100, 2050]]


def body(*at: tuple[float, float], code: str = "low_confidence") -> dict[str, Any]:
    """Numbers at shares of the page, all of them doubted."""
    boxes = {}
    for i, (x, y) in enumerate(at):
        px, py = 100 + 1000 * x, 50 + 2000 * y
        boxes[f"n{i}"] = [[[px, py], [px + 20, py], [px + 20, py + 30], [px, py + 30]]]
    return {"reasons": [{"code": code, "numbers": list(boxes)}], "box_corners": boxes, "page_corners": PAGE}


@pytest.mark.parametrize(
    ("at", "part"),
    [
        ([(0.8, 0.1), (0.9, 0.9)], "right"),
        ([(0.8, 0.1)], "top-right"),
        ([(0.1, 0.7), (0.8, 0.9)], "bottom"),
        ([(0.45, 0.45)], "middle"),
        ([(0.1, 0.1), (0.9, 0.9)], None),
    ],
)
def test_the_part_of_the_page_is_named(at: list[tuple[float, float]], part: str | None) -> None:
    assert unclear_part(body(*at)) == part


def test_a_page_that_was_photographed_upside_down_is_named_as_the_reader_holds_it() -> None:
    turned = body((0.8, 0.1))
    turned["page_corners"] = [[1100 + 100 - x, 2050 + 50 - y] for x, y in PAGE]
    turned["box_corners"] = {n: [[[1200 - x, 2100 - y] for x, y in b] for b in boxes] for n, boxes in turned["box_corners"].items()}
    assert unclear_part(turned) == "top-right"


@pytest.mark.parametrize("other", [{"reasons": []}, {"page_corners": None}, {"box_corners": {}}])
def test_nothing_is_said_without_ground(other: dict[str, Any]) -> None:
    assert unclear_part({**body((0.8, 0.1)), **other}) is None
    assert unclear_part(body((0.8, 0.1), code="stated_page_differs")) is None
