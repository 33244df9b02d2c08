"""Locating boxes in a picture of one row, damaged in one way at a time: where each border comes out in pixels, or that it is said to be
missing. A box is 40 px wide."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ocr.align.borders import RowFound, find_row, find_rows
from ocr.align.pyramid import Pyramid, area, to_quads
from ocr.locate import MARGIN, crops_of
from ocr.types import Floats
from templates_c1.schema import Number
from tests.ocr.test_locate import ALONE, number, paper, with_boxes

Picture = NDArray[np.uint8]
SHIFT = (4.0, -3.0)
ROW = number()
TRUE: Floats = np.array([b.corners for b in ROW.boxes]) + SHIFT


def drawn() -> Picture:
    """The row with an 8, a 3 and a 1 written in it, not where the page says but beside it."""
    out = with_boxes(paper(), ROW, SHIFT)
    for text, b in zip("831", ROW.boxes, strict=True):
        cv2.putText(out, text, (round(b.x + 12), round(b.y + 29)), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 1.0, 50, 2, cv2.LINE_AA)
    return out


def as_picture(values: NDArray[np.generic]) -> Picture:
    return np.clip(values, 0, 255).astype(np.uint8)


def look(picture: Picture, h: Floats | None = None, reach: float = 0.35) -> RowFound:
    """``h``: what the alignment knows, template -> picture; without it that nothing moved."""

    def project(points: Floats) -> Floats:
        return points if h is None else np.asarray(cv2.perspectiveTransform(points[None], h)[0], np.float64)

    return find_row(Pyramid(picture), project, ALONE, ROW, reach)


def shaded(picture: Picture) -> Picture:
    light = np.where(np.arange(picture.shape[1]) < 185, 0.4, 1.0)
    return as_picture(picture * cv2.GaussianBlur(light[None], (0, 0), 2)[0])


def compressed(picture: Picture) -> Picture:
    for _ in range(2):
        picture = np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 20])[1], 0), np.uint8)
    return picture


def lined(picture: Picture) -> Picture:
    """A ruled line right above the boxes and one below, as of a table."""
    out = picture.copy()
    for y in (81, 135):
        cv2.line(out, (0, y), (420, y), 60, 2)
    return out


HARMLESS: dict[str, tuple[Callable[[Picture], Picture], float]] = {
    "as drawn": (lambda p: p, 0.8),
    "blurred": (lambda p: np.asarray(cv2.GaussianBlur(p, (0, 0), 2.0), np.uint8), 1.2),
    "grainy": (lambda p: as_picture(p + np.random.default_rng(2).normal(0, 18, p.shape)), 1.2),
    "half in shadow": (shaded, 1.2),
    "pale": (lambda p: as_picture(p * 0.25 + 140.0), 1.0),
    "compressed twice": (compressed, 1.5),
    "between ruled lines": (lined, 1.5),
    "negative light": (lambda p: as_picture(p * np.linspace(1.2, 0.5, p.shape[0])[:, None]), 1.0),
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_every_border_to_a_pixel(kind: str) -> None:
    change, within = HARMLESS[kind]
    row = look(change(drawn()))
    assert row.border.min() > 0.8
    assert np.abs(row.corners - TRUE).max() < within


@pytest.mark.parametrize("degrees", [-6, 6])
def test_paper_that_leans_more_than_the_alignment_knows(degrees: float) -> None:
    turn = np.vstack([cv2.getRotationMatrix2D((200.0, 110.0), degrees / 2, 1.0), [0, 0, 1]])
    picture = np.asarray(cv2.warpPerspective(drawn(), turn, (420, 240), borderValue=(200,)), np.uint8)
    true = cv2.perspectiveTransform(TRUE.reshape(1, -1, 2), turn).reshape(-1, 4, 2)
    row = look(picture)
    assert row.border.min() > 0.8
    assert np.abs(row.corners - true).max() < 1.5


def test_a_box_seen_aslant_is_cut_out_upright() -> None:
    src = np.array([[0, 0], [420, 0], [420, 240], [0, 240]], np.float32)
    dst = np.array([[60, 20], [380, 60], [400, 230], [20, 190]], np.float32)
    h = np.asarray(cv2.getPerspectiveTransform(src, dst), np.float64)
    picture = np.asarray(cv2.warpPerspective(drawn(), h, (420, 240), borderValue=(200,)), np.uint8)
    row = look(picture, h)
    assert row.border.min() > 0.8
    assert np.abs(row.corners - cv2.perspectiveTransform(TRUE.reshape(1, -1, 2), h).reshape(-1, 4, 2)).max() < 1.0
    for crop in crops_of(Pyramid(picture), row.corners):
        edge = 2 * MARGIN - 2
        for side in (crop, crop[:, ::-1], crop.T, crop[::-1].T):
            # further out lies the next box
            assert abs(side[edge:-edge, 5:edge].mean(axis=0).argmin() + 5 - (MARGIN - 0.5)) <= 1.5


def test_correction_fluid_over_a_border_leaves_the_box_where_its_neighbours_put_it() -> None:
    picture = drawn()
    x, y = TRUE[1, 1]
    cv2.rectangle(picture, (round(x) - 5, round(y) - 4), (round(x) - 1, round(y) + 44), 205, -1)
    cv2.rectangle(picture, (round(x) - 4, round(y) + 2), (round(x) + 2, round(y) + 38), 205, -1)
    row = look(picture)
    assert row.border[[0, 2]].min() > 0.8
    assert 0.4 < row.border[1] < 0.9  # one side of four is gone
    assert np.abs(row.corners - TRUE).max() < 1.5


def test_a_blot_over_a_box_moves_no_box() -> None:
    picture = drawn()
    cv2.circle(picture, (round(float(TRUE[2, 1, 0])) - 8, round(float(TRUE[2, 1, 1])) + 8), 24, 30, -1)
    row = look(picture)
    assert row.border[:2].min() > 0.8
    assert np.abs(row.corners - TRUE).max() < 2.0


def test_a_fold_between_two_boxes_is_followed_by_each() -> None:
    picture = drawn()
    folded = picture.copy()
    folded[:, 209:] = np.roll(picture, 3, axis=0)[:, 209:]
    row = look(folded)
    true = TRUE + np.array([[[0, 0]], [[0, 0]], [[0, 3]]])
    assert row.border.min() > 0.6
    assert np.abs(row.corners - true).max() < 2.0


@pytest.mark.parametrize("gray", [193, 199])
def test_a_border_lost_in_the_grain_is_not_found(gray: int) -> None:
    assert look(with_boxes(paper(), ROW, SHIFT, gray=gray)).border.max() < 0.4


def test_the_next_row_of_boxes_is_not_taken_for_one_that_was_painted_over() -> None:
    below = with_boxes(paper(), ROW, (0, 56))
    assert look(below).border.max() < 0.4


def test_a_row_whose_place_is_known_is_measured_there_as_it_is_found_by_searching() -> None:
    pyramid, wide = Pyramid(drawn()), Pyramid(with_boxes(paper(), ROW, (14, 0)))

    def known(p: Pyramid, moved: tuple[float, float]) -> RowFound:
        return find_rows(p, lambda q: q, ALONE, [ROW], 0.0, np.array([moved]), known=True)[0]

    row = known(pyramid, (2.0, -1.5))
    assert row.border.min() > 0.8
    assert np.abs(row.corners - TRUE).max() < 0.8
    assert np.abs(row.shift - np.subtract(SHIFT, (2.0, -1.5))).max() < 0.8
    assert known(wide, (0.0, 0.0)).border.min() < 0.9  # it lies elsewhere: not what was known


def test_rows_of_several_lengths_are_found_as_each_alone() -> None:
    short = ROW.model_copy(update={"boxes": tuple(b.model_copy(update={"y": 170.0}) for b in ROW.boxes[:2])})
    picture = with_boxes(drawn(), short)

    def each(*rows: Number) -> list[RowFound]:
        return find_rows(Pyramid(picture), lambda q: q, ALONE, rows, 0.3)

    together, alone = each(ROW, short), [*each(ROW), *each(short)]
    for a, b in zip(together, alone, strict=True):
        assert a.number is b.number
        assert np.allclose(a.corners, b.corners, atol=0.02)
        assert np.allclose(a.border, b.border, atol=0.01)


def test_homographies_in_closed_form_are_those_of_opencv() -> None:
    rng = np.random.default_rng(5)
    size = rng.uniform(20, 200, (30, 2))
    rectangles = np.stack([np.array([[0, 0], [w, 0], [w, h], [0, h]]) for w, h in size])
    quads = rectangles + rng.uniform(-6, 6, rectangles.shape) + rng.uniform(0, 500, (30, 1, 2))
    for h, r, q in zip(to_quads(quads, size), rectangles, quads, strict=True):
        assert np.abs(cv2.perspectiveTransform(r[None], h)[0] - q).max() < 1e-6
    assert np.allclose(area(quads), [cv2.contourArea(q.astype(np.float32)) for q in quads], rtol=1e-4)
