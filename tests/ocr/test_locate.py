"""Crops: where the border lies in them, how honest ``border`` is, and loose single-box pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.align.borders import find_row
from ocr.align.loose import loose_corners
from ocr.align.pyramid import Pyramid
from ocr.locate import CROP, MARGIN, crops_of, normalise_crop
from templates_c1.registry import page
from templates_c1.schema import Number, Page, Rect

SHEET: Page = page("c-hasil-kwk-2020", 2)


def paper(height: int = 240, width: int = 420) -> NDArray[np.uint8]:
    noise = np.random.default_rng(1).normal(0, 3, (height, width))
    return np.clip(200 + noise, 0, 255).astype(np.uint8)


def number(step: float = 44, side: float = 40) -> Number:
    boxes = tuple(Rect(x=120 + i * step, y=90, w=side, h=side) for i in range(3))
    return SHEET.numbers[0].model_copy(update={"boxes": boxes})


ALONE = SHEET.model_copy(update={"print": ()})
"""A page with nothing printed around its boxes."""


def with_boxes(picture: NDArray[np.uint8], n: Number, shift: tuple[float, float] = (0, 0), gray: int = 60) -> NDArray[np.uint8]:
    out = picture.copy()
    for b in n.boxes:
        a = round((b.x + shift[0]) * 8), round((b.y + shift[1]) * 8)
        c = round((b.x + b.w + shift[0]) * 8), round((b.y + b.h + shift[1]) * 8)
        cv2.rectangle(out, a, c, gray, 2, cv2.LINE_AA, 3)
    return out


@pytest.mark.parametrize("shift", [(0, 0), (6.5, -9.25), (-12, 4), (3, 12.5)])
def test_a_row_is_found_to_a_fraction_of_a_pixel(shift: tuple[float, float]) -> None:
    n = number()
    row = find_row(Pyramid(with_boxes(paper(), n, shift)), lambda p: p, ALONE, n, 0.35)
    assert row.border.min() > 0.95
    assert np.abs(row.shift - shift).max() < 0.4
    true = np.array([b.corners for b in n.boxes]) + shift
    assert np.abs(row.corners - true).max() < 0.6


def test_strokes_across_the_border_do_not_pull_it() -> None:
    n = number()
    picture = with_boxes(paper(), n, (3, -2), gray=110)
    cv2.line(picture, (118, 122), (165, 122), 20, 4)  # the foot of a 2, just above the bottom line
    cv2.line(picture, (170, 80), (200, 140), 20, 4)
    row = find_row(Pyramid(picture), lambda p: p, ALONE, n, 0.35)
    assert np.abs(row.shift - (3, -2)).max() < 1


def test_no_border_no_find() -> None:
    n = number()
    row = find_row(Pyramid(paper()), lambda p: p, ALONE, n, 0.35)
    assert row.border.max() < 0.35


def test_one_missing_box_is_said() -> None:
    n = number()
    picture = with_boxes(paper(), n)
    b = n.boxes[1]
    picture[int(b.y) - 3 : int(b.y + b.h) + 4, int(b.x) - 1 : int(b.x + b.w) + 1] = 200
    row = find_row(Pyramid(picture), lambda p: p, ALONE, n, 0.2)
    assert row.border[0] > 0.8
    assert row.border[2] > 0.8
    assert row.border[1] < 0.4


def test_a_box_cut_off_by_the_edge_is_not_there() -> None:
    n = number()
    right = n.boxes[2].x + n.boxes[2].w
    row = find_row(Pyramid(np.ascontiguousarray(with_boxes(paper(), n)[:, : int(right) - 12])), lambda p: p, ALONE, n, 0.1)
    assert row.border[:2].min() > 0.8
    assert row.border[2] == 0


def test_a_frame_near_the_boxes_is_not_taken_for_their_border() -> None:
    real = SHEET.numbers[0]
    shot = np.full((1200, 1600), 210, np.uint8)
    for item in SHEET.print:
        if item.kind == "line":
            cv2.line(shot, tuple(round(v) for v in item.a), tuple(round(v) for v in item.b), 70, 3)
    shot = with_boxes(shot, real, gray=130)
    off = np.array([0.0, -13.0])  # the alignment is off so that the boxes' top line is expected on the frame
    row = find_row(Pyramid(shot), lambda p: p + off, SHEET, real, 0.4)
    assert np.abs(row.shift + off).max() < 1.5


def test_the_crop_has_the_border_at_its_margin() -> None:
    picture = with_boxes(paper(), number())
    b = number().boxes[0]
    (crop,) = crops_of(Pyramid(picture), np.array([b.corners]))
    assert crop.shape == (CROP, CROP)
    columns = crop[20:44].mean(axis=0)
    assert abs(int(columns[:20].argmin()) - (MARGIN - 0.5)) <= 1
    assert abs(int(columns[44:].argmin()) + 44 - (CROP - MARGIN - 0.5)) <= 1


def test_a_large_box_is_reduced_without_aliasing() -> None:
    stripes = np.tile(np.array([[0, 255]], np.uint8), (800, 400))
    (crop,) = crops_of(Pyramid(stripes), np.array([[[100, 100], [500, 100], [500, 500], [100, 500]]], np.float64))
    assert crop.std() < 12


def loose(size: int, box: tuple[int, int, int, int], *, turn: float = 0) -> NDArray[np.uint8]:
    out = np.full((size, size), 205, np.uint8)
    cv2.rectangle(out, box[:2], box[2:], 80, max(1, size // 30))
    cv2.putText(out, "3", (size * 3 // 8, size * 5 // 8), cv2.FONT_HERSHEY_SIMPLEX, size / 70, 40, max(1, size // 25))
    m = cv2.getRotationMatrix2D((size / 2, size / 2), turn, 1)
    return np.asarray(cv2.warpAffine(out, m, (size, size), borderValue=(205,)), np.uint8)


@pytest.mark.parametrize("size", [40, 64, 180])
@pytest.mark.parametrize("turn", [0, 5, -5])
def test_the_border_of_a_loose_crop(size: int, turn: float) -> None:
    a, b = round(size * 0.12), round(size * 0.86)
    corners, share = loose_corners(loose(size, (a, a, b, b), turn=turn))
    assert share > 0.7
    m = cv2.getRotationMatrix2D((size / 2, size / 2), turn, 1)
    true = np.array([[a, a, 1], [b, a, 1], [b, b, 1], [a, b, 1]]) @ m.T
    assert np.abs(corners - true).max() < 0.06 * size


def test_a_loose_crop_without_a_border_is_the_box_itself() -> None:
    picture = np.full((50, 44), 200, np.uint8)
    cv2.line(picture, (12, 10), (30, 40), 50, 3)
    corners, share = loose_corners(picture)
    assert share == 0
    assert corners.tolist() == [[-0.5, -0.5], [43.5, -0.5], [43.5, 49.5], [-0.5, 49.5]]
    assert normalise_crop(picture).shape == (CROP, CROP)


@pytest.mark.parametrize("shape", [(9, 9), (300, 20), (20, 300)])
def test_odd_loose_crops_do_not_fail(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(2).integers(0, 255, shape).astype(np.uint8)
    assert normalise_crop(noise).shape == (CROP, CROP)
