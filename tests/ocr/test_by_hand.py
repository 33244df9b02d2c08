"""A page shown by its four corners: the boxes lie where they truly are although the clicks are rough, and a wrong page is not believed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ocr.align.by_hand import align_by_corners
from ocr.errors import AlignError
from ocr.locate import locate
from ocr.types import Floats
from tests.ocr import damage
from tests.ocr.damage import PAGES, Shot, flat


def corners_of(shot: Shot, rough: float = 0.01, seed: int = 1) -> list[tuple[float, float]]:
    """Where somebody clicks: the page's true corners, each off by up to ``rough`` of the page's width."""
    w, h = shot.page.size.width, shot.page.size.height
    true = cv2.perspectiveTransform(np.array([[[0, 0], [w, 0], [w, h], [0, h]]], np.float64), shot.to_photo)[0]
    miss = np.random.default_rng(seed).uniform(-1, 1, (4, 2)) * rough * float(np.hypot(*(true[1] - true[0])))
    return [(float(x), float(y)) for x, y in true + miss]


def worst(shot: Shot, corners: list[tuple[float, float]], turns: int = 0) -> float:
    """Largest distance of a box's corner from its true place, in box widths."""
    sheet = align_by_corners(shot.photo, shot.form, shot.page.number, corners, turns)
    assert sheet.how == "corners" and (sheet.template.form, sheet.page.number) == (shot.form, shot.page.number)

    def off(number: str, index: int, found: Floats) -> float:
        true = shot.true_corners(number, index)
        return float(np.hypot(*(found - true).T).max() / np.hypot(*(true[1] - true[0])))

    return max(off(b.number, b.index, b.corners) for b in locate(sheet) if b.border > 0.5)


@pytest.mark.parametrize(("form", "number"), PAGES)
def test_rough_clicks_are_enough(form: str, number: int) -> None:
    shot = damage.tilted(flat(form, number))
    for seed in (1, 2):
        assert worst(shot, corners_of(shot, 0.012, seed)) < 0.1


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_is_found_with_the_corners_in_either_order(degrees: int) -> None:
    shot = damage.turned(flat("c1-ppwp-2019", 2), degrees)
    corners = corners_of(shot)
    assert worst(shot, corners) < 0.1
    as_the_picture_shows_them = corners[1:] + corners[:1]
    assert worst(shot, as_the_picture_shows_them) < 0.1
    assert worst(shot, as_the_picture_shows_them, turns=1) < 0.1


def test_a_page_that_is_not_there_is_not_believed() -> None:
    shot = flat("c-hasil-ppwp-2024", 2)
    corners = corners_of(shot)
    with pytest.raises(AlignError):
        align_by_corners(shot.photo, "c-hasil-ppwp-2024", 3, corners)
    with pytest.raises(AlignError):
        align_by_corners(shot.photo, "c1-ppwp-2019", 2, corners)
    blank = shot.changed(cv2.GaussianBlur(shot.gray, (0, 0), 40))
    with pytest.raises(AlignError):
        align_by_corners(blank.photo, shot.form, 2, corners)


def test_corners_that_make_no_page_are_refused() -> None:
    shot = flat("c-hasil-ppwp-2024", 2)
    with pytest.raises(AlignError):
        align_by_corners(shot.photo, shot.form, 2, [(5.0, 5.0)] * 4)
    with pytest.raises(KeyError):
        align_by_corners(shot.photo, "no-such-form", 2, corners_of(shot))
