"""Crops and page pictures: laid out from corners alone, cut where they are said to lie, made once."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from api import pictures

HIGH = 200


def board() -> np.ndarray:
    """A white photo with three rows of two boxes, each filled with a colour of its own."""
    photo = np.full((900, 700, 3), 255, np.uint8)
    for i in range(3):
        photo[100 + 250 * i : 100 + 250 * i + HIGH, 100:500] = (60 * i + 40, 0, 200 - 60 * i)
    return photo


def row(i: int) -> list[list[tuple[float, float]]]:
    """Its boxes' corners."""
    y = 100.0 + 250 * i
    return [[(x, y), (x + 200, y), (x + 200, y + HIGH), (x, y + HIGH)] for x in (100.0, 300.0)]


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_all_crops_lie_on_one_picture_where_the_layout_says(scale: float) -> None:
    fields = {f"angka_{i}": row(i) for i in range(3)}
    layout = pictures.crops_layout(fields)
    shown = board() if scale == 1 else cv2.resize(board(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    made = cv2.imdecode(np.frombuffer(pictures.crops_picture(shown, scale, fields), np.uint8), cv2.IMREAD_COLOR)
    assert made.shape[:2] == (layout.height, layout.width)
    for i, (x, y, w, h) in enumerate(layout.at.values()):
        crop, pad = made[y : y + h, x : x + w], pictures.crop_pad()
        assert (w, h) == (2 * pictures.CROP_HEIGHT + 2 * pad, pictures.CROP_HEIGHT + 2 * pad)
        inside = crop[pad + 8 : -pad - 8, pad + 8 : -pad - 8].reshape(-1, 3).astype(int)
        assert np.abs(inside - np.array([60 * i + 40, 0, 200 - 60 * i])).max() < 40  # JPEG
        assert crop[4, 4].min() > 200  # paper around


def test_a_sheet_without_located_numbers_has_an_empty_layout() -> None:
    assert pictures.crops_layout({}) == pictures.CropsLayout(0, 0, {})


def test_a_finished_picture_is_made_once_and_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(name: str) -> bytes:
        made.append(name)
        return bytes(40)

    monkeypatch.setattr(pictures, "MOST_RENDERED", 100)
    monkeypatch.setattr(pictures, "_finished", type(pictures._finished)())
    for name in ("a", "b", "a", "c", "a", "b"):
        pictures.rendered(name, lambda name=name: make(name))  # type: ignore[misc]
    assert made == ["a", "b", "c", "b"]
