"""Cleaning a located box: writing stays, border, guide, shadow and grain go."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ocr.readers.clean import NEAR_SIZE, PAD, SIDE, clean, clean_all, near_views, places


def box(shift: int = 0, border: int = 3) -> np.ndarray:
    canvas = np.full((64, 64), 200, np.uint8)
    cv2.rectangle(canvas, (8 + shift, 8 + shift), (56 + shift, 56 + shift), 60, border)
    return canvas


def darkness(cleaned: np.ndarray) -> float:
    return float((255 - cleaned.astype(float)).sum() / 255)


def test_shape_and_white_frame() -> None:
    crop = box()
    cv2.line(crop, (32, 14), (32, 50), 60, 3)
    out = clean(crop)
    assert out.shape == (SIDE, SIDE) and out.dtype == np.uint8
    out[PAD:-PAD, PAD:-PAD] = 255
    assert (out == 255).all()


@pytest.mark.parametrize("shift", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("border", [1, 3, 4])
def test_border_goes_wherever_it_was_found(shift: int, border: int) -> None:
    assert darkness(clean(box(shift, border))) < 3


def test_grain_is_not_stretched_into_strokes() -> None:
    for seed in range(5):
        grain = np.random.default_rng(seed).normal(0, 4, (64, 64))
        assert darkness(clean(np.clip(box() + grain, 0, 255).astype(np.uint8))) < 3


def test_dotted_guide_goes_and_a_faint_stroke_stays() -> None:
    crop = box()
    crop[16:50:4, 22] = crop[16:50:4, 42] = 130
    crop[[16, 32, 48], 22:43:4] = 130
    assert darkness(clean(crop)) < 3
    cv2.line(crop, (42, 16), (42, 48), 150, 2)
    out = clean(crop)
    column = out[PAD + 10 : PAD + 38, SIDE // 2 - 3 : SIDE // 2 + 3].min(axis=1)
    assert (column < 128).mean() > 0.9
    assert darkness(out[:, : SIDE // 2 - 6]) < 3


def test_writing_comes_to_the_middle_and_to_one_size() -> None:
    outs = []
    for x, y, size in ((14, 14, 34), (26, 18, 22), (18, 26, 24)):
        crop = box()
        cv2.polylines(crop, [np.array([(x, y), (x + size // 2, y), (x, y + size)], np.int32)], False, 70, 3)
        outs.append(255 - clean(crop).astype(float))
    for out in outs:
        ys, xs = np.nonzero(out > 128)
        assert abs((ys.min() + ys.max()) / 2 - (SIDE - 1) / 2) < 2 and abs((xs.min() + xs.max()) / 2 - (SIDE - 1) / 2) < 2
        assert 34 <= ys.max() - ys.min() <= 42


def test_shadow_does_not_become_ink() -> None:
    crop = box().astype(float)
    cv2.line(crop, (24, 16), (40, 48), 80, 3)
    lit = clean(crop.astype(np.uint8))
    shaded = clean((crop * np.linspace(0.5, 1.0, 64)[None, :]).astype(np.uint8))
    assert np.abs(lit.astype(float) - shaded.astype(float)).mean() < 6


def test_a_cross_to_the_corners_survives_the_border() -> None:
    crop = box()
    cv2.line(crop, (6, 6), (58, 58), 70, 3)
    cv2.line(crop, (58, 6), (6, 58), 70, 3)
    out = clean(crop)
    assert out[SIDE // 2, SIDE // 2] < 80
    for y, x in ((14, 14), (14, 41), (41, 14), (41, 41)):
        assert out[y - 2 : y + 3, x - 2 : x + 3].min() < 80


@pytest.mark.parametrize("level", [40, 128, 255])
def test_flat_crops_are_blank(level: int) -> None:
    assert darkness(clean(np.full((64, 64), level, np.uint8))) == 0


def test_boxes_cleaned_together_come_out_as_each_alone() -> None:
    crops = [box(shift, border) for shift in (-2, 0, 1) for border in (1, 4)] + [np.full((64, 64), level, np.uint8) for level in (0, 255)]
    for i, crop in enumerate(crops):
        cv2.line(crop, (20 + i, 18), (40, 46), 60, 3)
    crops.append((box() * np.linspace(0.4, 1.0, 64)[None, :]).astype(np.uint8))
    assert np.array_equal(clean_all(np.stack(crops)), np.stack([clean(c) for c in crops]))
    assert clean_all(np.zeros((0, 64, 64), np.uint8)).shape == (0, SIDE, SIDE)


@pytest.mark.parametrize(("x", "y", "size"), [(14, 14, 34), (36, 15, 14), (24, 31, 16)])
def test_the_near_view_shows_the_writing_large_and_in_the_middle(x: int, y: int, size: int) -> None:
    crop = box()
    cv2.polylines(crop, [np.array([(x, y), (x + size // 2, y), (x, y + size)], np.int32)], False, 70, 2)
    near = near_views(crop[None], places(crop[None]))[0]
    assert near.shape == (NEAR_SIZE, NEAR_SIZE)
    dark = np.argwhere(near < 135)
    inner = dark[((dark >= 3) & (dark < NEAR_SIZE - 3)).all(axis=1)]  # what is left of the border may show at the edge
    assert np.ptp(inner[:, 0]) >= 0.55 * NEAR_SIZE, "as large as the view allows"
    middle = (inner.max(axis=0) + inner.min(axis=0)) / 2
    assert np.abs(middle - (NEAR_SIZE - 1) / 2).max() <= 2
    assert 190 <= np.median(near) <= 210, "the paper is left as it is"


def test_the_near_view_of_an_empty_box_is_the_box() -> None:
    crops = np.stack([box(), np.full((64, 64), 170, np.uint8)])
    near = near_views(crops, places(crops))
    assert (near[0] < 120).mean() > 0.08, "the border is seen"
    assert (near[1] == 170).all()
    nothing = np.zeros((0, 64, 64), np.uint8)
    assert near_views(nothing, places(nothing)).shape == (0, NEAR_SIZE, NEAR_SIZE)
