"""The torch-free parts of the network's training: ink and paper, damage, folds, calibration."""

from __future__ import annotations

import random

import cv2
import numpy as np
import pytest

from ocr.training import augment, calibrate, ink
from ocr.training.bank import KINDS, Composer, Pool, make_bank
from ocr.training.crops import FOLDS, Labelled, folds_of
from ocr.training.evaluate_boxes import evaluate
from ocr.training.probe import probe
from ocr.types import Gray
from tally.glyphs import GLYPHS


def written(text: str, paper: int = 190) -> Gray:
    picture = np.full((64, 64), paper, np.uint8)
    cv2.rectangle(picture, (8, 8), (55, 55), 90, 2)
    cv2.putText(picture, text, (21, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 70, 2, cv2.LINE_AA)
    noisy = picture + np.random.default_rng(1).normal(0, 2, picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def pool() -> Pool:
    text = "0123456789X"
    crops = np.stack([written(c, 150 + 8 * i) for i, c in enumerate(text)])
    labels = np.array([GLYPHS.index(c) for c in text], np.uint8)
    foreign = np.stack([cv2.resize(255 - written(c)[14:50, 14:50], (28, 28)) for c in "37"])
    return Pool(crops, labels, np.ones(len(text)), foreign, np.array([3, 7], np.uint8))


def test_wiping_takes_the_digit_and_leaves_the_border() -> None:
    crop = written("8")
    paper, layer = ink.separate(crop, np.random.default_rng(0))
    assert layer[14:50, 14:50].max() > 80
    assert paper[14:50, 14:50].min() > 165
    assert np.abs(paper[:, 8:10] - crop[:, 8:10]).max() < 1
    np.testing.assert_allclose(ink.put(paper, layer)[20:44, 20:44].mean(), crop[20:44, 20:44].mean(), atol=8)


def test_a_stroke_over_another_digit_makes_junk_only_where_both_are_seen() -> None:
    inks = {c: ink.separate(written(c), np.random.default_rng(0))[1] for c in "24"}
    assert ink.overlaps_too_well(inks["2"], inks["2"])
    assert not ink.overlaps_too_well(inks["2"], inks["4"])


def test_an_x_over_several_boxes_crosses_the_one_that_is_cut_out() -> None:
    random.seed(3)
    for _ in range(40):
        seen = ink.strokes(ink.spanning_cross_lines(), 2, 100)
        assert (seen[11:53, 11:53] > 40).sum() > 20


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_picture_can_be_drawn(kind: str) -> None:
    composer = Composer(pool(), seed=5)
    for _ in range(30):
        picture, glyph = composer._kinds[kind]()
        assert glyph in GLYPHS
        assert picture.shape == (64, 64)
        assert np.isfinite(picture).all()
        damaged = augment.damage(picture, composer.rng)
        assert damaged.shape == (64, 64)
        assert damaged.dtype == np.uint8


def test_a_bank_is_the_same_for_the_same_seed() -> None:
    first, labels = make_bank(pool(), 40, seed=9)
    again, _ = make_bank(pool(), 40, seed=9)
    other, _ = make_bank(pool(), 40, seed=10)
    assert (first == again).all()
    assert not (first == other).all()
    assert first.shape == (40, augment.NET_SIZE, augment.NET_SIZE)
    assert len(set(labels.tolist())) > 5


def test_probes_are_junk_of_every_kind() -> None:
    p = pool()
    pictures, kinds = probe(p.crops, p.labels, 240, 1)
    assert pictures.shape == (240, 64, 64)
    assert len(set(kinds.tolist())) == 6


def test_a_group_never_lies_in_two_folds() -> None:
    crop = written("1")
    boxes = [Labelled(crop, "1", "photos", f"{g}{i}.jpg", "n", 0, f"station{g}", 1.0, True) for g in range(20) for i in range(3)]
    boxes += [Labelled(crop, "1", "loose", f"{i}.jpg", "n", 0, f"loose-{i:05d}", 1.0, True) for i in range(60)]
    fold = folds_of(boxes)
    for group in {b.group for b in boxes}:
        assert len({int(fold[i]) for i, b in enumerate(boxes) if b.group == group}) == 1
    assert set(fold.tolist()) == set(range(FOLDS))
    thirds = fold[60:] % 3
    assert (np.diff(thirds) >= 0).all(), "loose crops: each third is one stretch of neighbouring files"


def test_temperature_finds_how_overconfident_scores_are() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 2, (6000, 14))
    true = np.array([rng.choice(14, p=p) for p in calibrate.softmax(logits)])
    assert calibrate.fit_temperature(logits * 3, true) == pytest.approx(3, rel=0.1)
    assert calibrate.calibration_error(calibrate.softmax(logits * 3), true) > 0.1
    assert calibrate.calibration_error(calibrate.softmax(logits), true) < 0.03


def test_figures_count_wrong_values_not_wrong_spellings_of_empty() -> None:
    labels = np.array([GLYPHS.index(c) for c in "X_27"])
    data = {
        "labels": labels,
        "source": np.array(["s"] * 4),
        "photo": np.array(["a", "a", "b", "b"]),
        "number": np.array(["n"] * 4),
        "clean": np.ones(4, bool),
    }
    scores = np.full((4, len(GLYPHS)), 1e-4)
    for row, glyph in enumerate("-X21"):
        scores[row, GLYPHS.index(glyph)] = 1 - 13e-4
    row = evaluate(data, scores)["s"]
    assert (row["wrong_glyph"], row["wrong_value"], row["numbers"], row["number_accuracy"]) == (3, 1, 2, 0.5)
    assert row["confusions"] == {"7 read as 1": 1}
    assert row["thresholds"]["0.99"] == {"boxes": 4, "wrong": 1}
