from __future__ import annotations

import cv2
import numpy as np
import pytest

from ocr.marks import read_marks, scores_of
from ocr.types import AlignedSheet, Photo
from tally.glyphs import GLYPHS
from templates_c1.registry import template

FORM = "c-hasil-ppwp-2024"


def column(**filled: float) -> np.ndarray:
    fill = np.full(10, 0.05)
    for d, v in filled.items():
        fill[int(d[1:])] = v
    return fill


def says(scores: np.ndarray) -> set[str]:
    return {GLYPHS[i] for i in np.flatnonzero(scores > 0.3)}


@pytest.mark.parametrize(
    ("fill", "glyphs"),
    [
        (column(d7=0.9), {"7"}),
        (column(d0=0.9), {"0", "X"}),
        (column(), {"X", "_"}),
        (column(d1=0.9, d2=0.8), set()),
        (column(d1=0.9, d2=0.5), set()),
        (column(d4=0.5), set()),
    ],
)
def test_column(fill: np.ndarray, glyphs: set[str]) -> None:
    assert says(scores_of(fill)) == glyphs


def _page_with_filled(digits: dict[tuple[str, int], int], scale: float = 2.0) -> AlignedSheet:
    t = template(FORM)
    page = t.page(2)
    image = np.full((int(page.size.height * scale), int(page.size.width * scale)), 200, np.uint8)
    for n in page.numbers:
        for i, b in enumerate(n.bubbles):
            for d, (x, y) in enumerate(b.centres):
                c = (round(x * scale), round(y * scale))
                cv2.circle(image, c, round(b.radius * scale), 60, 1)
                if digits.get((n.name, i)) == d:
                    cv2.circle(image, c, round(b.radius * scale * 0.85), 40, -1)
    return AlignedSheet(Photo("p", "", image), t, page, np.diag([scale, scale, 1.0]), 1.0, "tag")


def test_page_two_of_2024_reads_its_bubbles() -> None:
    sheet = _page_with_filled({("suara_paslon_1", 0): 1, ("suara_paslon_1", 1): 0, ("suara_paslon_1", 2): 9})
    readings = {(r.number, r.index): r for r in read_marks(sheet)}
    assert len(readings) == 9
    assert says(readings["suara_paslon_1", 0].scores) == {"1"}
    assert says(readings["suara_paslon_1", 1].scores) == {"0", "X"}
    assert says(readings["suara_paslon_1", 2].scores) == {"9"}
    assert says(readings["suara_paslon_3", 1].scores) == {"X", "_"}


def test_a_form_without_bubbles_says_nothing() -> None:
    t = template("c1-ppwp-2019")
    sheet = AlignedSheet(Photo("p", "", np.full((100, 100), 200, np.uint8)), t, t.page(1), np.eye(3), 1.0, "features")
    assert read_marks(sheet) == []
