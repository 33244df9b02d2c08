"""The network as a reader: on boxes drawn here, not on any it was trained on."""

from __future__ import annotations

import json
import math
import shutil
from itertools import combinations, pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from ocr.locate import CROP, MARGIN
from ocr.readers.cnn import MODEL, CnnReader, read_crop
from ocr.types import Gray, LocatedBox
from tally.glyphs import BLANK, CROSS, DASH, DIGITS, GLYPHS, JUNK

Line = tuple[tuple[int, int], tuple[int, int]]


@pytest.fixture(scope="module")
def reader() -> CnnReader:
    return CnnReader()


def box(
    text: str = "", lines: tuple[Line, ...] = (), *, paper: int = 200, ink: int = 60, dx: int = 0, dy: int = 0, blur: float = 0.7
) -> Gray:
    """A printed box with ``text`` in a one-stroke font and pen ``lines`` in it, drawn four times larger and shrunk."""
    k = 4
    picture = np.full((CROP * k, CROP * k), paper, np.uint8)
    cv2.rectangle(picture, (MARGIN * k, MARGIN * k), ((CROP - MARGIN) * k, (CROP - MARGIN) * k), ink + 20, 2 * k, cv2.LINE_AA)
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 5.0, 2 * k)
    origin = (CROP * k // 2 - w // 2 + dx * k, CROP * k // 2 + h // 2 + dy * k)
    cv2.putText(picture, text, origin, cv2.FONT_HERSHEY_SIMPLEX, 5.0, ink, 9, cv2.LINE_AA)
    for (x0, y0), (x1, y1) in lines:
        cv2.line(picture, (x0 * k, y0 * k), (x1 * k, y1 * k), ink, 9, cv2.LINE_AA)
    small = cv2.resize(picture, (CROP, CROP), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), blur), dtype=np.uint8)


def best(reader: CnnReader, *crops: Gray) -> str:
    return "".join(GLYPHS[i] for i in reader.scores(np.stack(crops)).argmax(axis=1))


@pytest.mark.parametrize("digit", DIGITS)
def test_a_digit_is_read_wherever_it_stands_and_however_it_is_lit(reader: CnnReader, digit: str) -> None:
    variants = [
        box(digit),
        box(digit, dx=3, dy=-2),
        box(digit, dx=-3, dy=3),
        box(digit, paper=120, ink=40),
        box(digit, paper=250, ink=120),
        box(digit, blur=1.6),
        cv2.resize(cv2.resize(box(digit), (24, 24), interpolation=cv2.INTER_AREA), (CROP, CROP), interpolation=cv2.INTER_CUBIC),
    ]
    assert best(reader, *variants) == digit * len(variants)


def test_empty_boxes_are_no_digits(reader: CnnReader) -> None:
    cross: tuple[Line, ...] = (((18, 16), (46, 48)), ((46, 16), (18, 48)))
    wide: tuple[Line, ...] = (((8, 8), (56, 56)), ((56, 8), (8, 56)))
    dash: tuple[Line, ...] = (((20, 32), (44, 31)),)
    assert best(reader, box(), box(paper=240), box(paper=110, ink=50, blur=1.5)) == BLANK * 3
    assert best(reader, box(lines=cross), box(lines=wide), box("0", lines=wide)) == CROSS * 3
    assert best(reader, box(lines=dash)) == DASH


def scribble(a: int, b: int) -> Gray:
    points = [(round(32 + 16 * math.sin(a * t)), round(32 + 17 * math.sin(b * t + 1))) for t in np.linspace(0, 2 * math.pi, 60)]
    return box(lines=tuple(pairwise(points)))


def junk() -> dict[str, list[Gray]]:
    """What a careful clerk would not call a digit, by kind. Pairs of digits that cover each other (3 and 8, 1 and 7) are left out."""
    covering = ({"0", "8"}, {"0", "6"}, {"0", "9"}, {"1", "7"}, {"1", "4"}, {"3", "8"}, {"3", "9"}, {"5", "6"}, {"5", "8"}, {"6", "8"})
    pairs = [(a, b) for a, b in combinations(DIGITS, 2) if {a, b} not in (*covering, {"8", "9"}, {"5", "9"})]
    strikes: tuple[Line, ...] = (((10, 26), (54, 24)), ((10, 33), (54, 31)), ((10, 40), (54, 38)))
    slanted: tuple[Line, ...] = (((14, 50), (50, 16)), ((18, 54), (54, 20)))
    wide: tuple[Line, ...] = (((10, 10), (54, 54)), ((54, 10), (10, 54)))
    found = {
        "digit over digit": [cv2.min(box(a), box(b, dx=(k % 5) - 2)) for k, (a, b) in enumerate(pairs)],
        "struck": [box(d, lines=lines) for d in "2345689" for lines in (strikes, slanted)],
        "crossed": [box(d, lines=wide) for d in "2345689"],
        "scribble": [scribble(a, b) for a, b in ((5, 4), (3, 4), (7, 3), (4, 7), (5, 6))],
        "letter": [box(c) for c in "AHKMNRWUTYEF"],
    }
    return {kind: [np.asarray(p, dtype=np.uint8) for p in pictures] for kind, pictures in found.items()}


def test_what_is_no_digit_is_never_confidently_one(reader: CnnReader) -> None:
    drawn = junk()
    scores = {kind: reader.scores(np.stack(pictures)) for kind, pictures in drawn.items()}
    digits = np.concatenate([s[:, : len(DIGITS)].max(axis=1) for s in scores.values()])
    told = {kind: (s[:, : len(DIGITS)].max(axis=1).round(2).tolist(), [GLYPHS[k] for k in s.argmax(axis=1)]) for kind, s in scores.items()}
    assert digits.max() < 0.99, told
    assert np.mean(digits >= 0.85) <= 0.06, told
    assert np.mean(np.concatenate([s.argmax(axis=1) for s in scores.values()]) == GLYPHS.index(JUNK)) > 0.75, told


def test_a_crossed_out_digit_is_not_taken_for_an_empty_box(reader: CnnReader) -> None:
    scores = reader.scores(np.stack(junk()["crossed"]))
    empty = scores[:, [GLYPHS.index(g) for g in (CROSS, DASH, BLANK)]].sum(axis=1)
    assert np.sum(empty < 0.5) >= 5, empty.round(2).tolist()


def test_a_box_cut_in_the_middle_between_two_is_junk(reader: CnnReader) -> None:
    crops = []
    for a, b in ("27", "41", "83", "55"):
        pair = np.concatenate([box(a)[:, : CROP - MARGIN], box(b)[:, MARGIN:]], axis=1)
        crops.append(pair[:, 24 : 24 + CROP])
    scores = reader.scores(np.stack(crops))
    assert scores[:, : len(DIGITS)].max() < 0.85


def test_a_batch_gives_what_single_boxes_give(reader: CnnReader) -> None:
    crops = np.stack([box(d) for d in DIGITS] + [box()])
    together = reader.scores(crops)
    alone = np.concatenate([reader.scores(crop[None]) for crop in crops])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-9)
    assert together.shape == (11, len(GLYPHS))


def test_no_boxes_no_readings(reader: CnnReader) -> None:
    assert reader.scores(np.zeros((0, CROP, CROP), np.uint8)).shape == (0, len(GLYPHS))
    assert reader.read(()) == []


def test_readings_keep_the_order_and_names_of_the_boxes(reader: CnnReader) -> None:
    corners = np.zeros((4, 2))
    boxes = [LocatedBox("suara_sah", i, box(c), corners, 1.0) for i, c in enumerate("402")]
    readings = reader.read(boxes)
    assert [(r.reader, r.number, r.index, GLYPHS[int(r.scores.argmax())]) for r in readings] == [
        ("cnn", "suara_sah", 0, "4"),
        ("cnn", "suara_sah", 1, "0"),
        ("cnn", "suara_sah", 2, "2"),
    ]


def test_a_doubtful_box_is_looked_at_again_and_a_sure_one_is_not(reader: CnnReader) -> None:
    crops = np.stack([box("7"), *junk()["digit over digit"], box("4")])
    first, final = reader.first_look(crops), reader.logits(crops)
    powers = np.exp(first - first.max(axis=1, keepdims=True))
    sure = (powers / powers.sum(axis=1, keepdims=True)).max(axis=1) >= reader.doubt
    assert sure[0] and sure[-1] and not sure.all()
    np.testing.assert_array_equal(first[sure], final[sure])
    assert (np.abs(first - final)[~sure].max(axis=1) > 1e-3).all()


def test_networks_of_one_look_are_averaged(reader: CnnReader, tmp_path: Path) -> None:
    crops = np.stack([box(d) for d in DIGITS])
    for file in reader.files:
        shutil.copy(file, tmp_path)
    sidecar = json.loads(MODEL.with_suffix(".json").read_text())
    names = [*sidecar["members"], *sidecar["second_look"]["members"]]
    side = tmp_path / "one.json"
    single = []
    for name in names:
        side.write_text(json.dumps(sidecar | {"members": [name], "second_look": {}}))
        single.append(CnnReader(tmp_path / "one.onnx").logits(crops))
    side.write_text(json.dumps(sidecar | {"members": names, "second_look": {}}))
    np.testing.assert_allclose(CnnReader(tmp_path / "one.onnx").logits(crops), np.mean(single, axis=0), atol=1e-5)
    side.write_text(json.dumps(sidecar | {"second_look": {"below": 2.0, "members": sidecar["second_look"]["members"]}}))
    np.testing.assert_allclose(CnnReader(tmp_path / "one.onnx").logits(crops), np.mean(single, axis=0), atol=1e-5)


@pytest.mark.parametrize("look", [{"members": ["gone.onnx"]}, {"near": ["gone.onnx"]}])
def test_a_network_that_is_named_must_be_there(reader: CnnReader, tmp_path: Path, look: dict[str, list[str]]) -> None:
    for file in reader.files:
        shutil.copy(file, tmp_path)
    sidecar = json.loads(MODEL.with_suffix(".json").read_text())
    (tmp_path / "one.json").write_text(json.dumps(sidecar | {"second_look": look}))
    with pytest.raises(FileNotFoundError, match="gone"):
        CnnReader(tmp_path / "one.onnx")


def test_the_near_view_makes_nothing_look_cleaner(reader: CnnReader, tmp_path: Path) -> None:
    crops = np.stack([*junk()["digit over digit"], *junk()["letter"]])
    for file in reader.files:
        shutil.copy(file, tmp_path)
    sidecar = json.loads(MODEL.with_suffix(".json").read_text())
    (tmp_path / "one.json").write_text(json.dumps(sidecar | {"second_look": {"members": sidecar["second_look"]["members"]}}))
    without = CnnReader(tmp_path / "one.onnx")
    shares = []
    for r in (reader, without):
        powers = np.exp(r.second_look(crops, r.first_look(crops)))
        shares.append(powers[:, GLYPHS.index(JUNK)] / powers.sum(axis=1))
    assert (shares[0] >= shares[1] - 1e-5).all()
    assert (shares[0] > shares[1] + 0.01).any()


def test_small_writing_in_a_corner_is_seen_from_near(reader: CnnReader) -> None:
    small = []
    for digit in DIGITS:
        crop = box()
        patch = cv2.resize(box(digit)[14:50, 18:46], (14, 18), interpolation=cv2.INTER_AREA)
        crop[14:32, 34:48] = np.minimum(crop[14:32, 34:48], patch)
        small.append(crop)
    near = reader.second_look(np.stack(small), reader.first_look(np.stack(small)))[:, : len(DIGITS)].argmax(axis=1)
    assert np.mean(near == np.arange(len(DIGITS))) >= 0.8, near.tolist()


def test_temperature_softens_and_never_changes_the_glyph(reader: CnnReader, tmp_path: Path) -> None:
    for file in reader.files:
        shutil.copy(file, tmp_path)
    sidecar = json.loads(MODEL.with_suffix(".json").read_text())
    sidecar |= {"temperature": reader.temperature * 4, "temperatures": {"a-form": reader.temperature}}
    (tmp_path / "cnn.json").write_text(json.dumps(sidecar))
    soft = CnnReader(tmp_path / "cnn.onnx")
    crops = np.stack([box(d) for d in DIGITS])
    assert (soft.scores(crops).argmax(axis=1) == reader.scores(crops).argmax(axis=1)).all()
    assert soft.scores(crops).max(axis=1).mean() < reader.scores(crops).max(axis=1).mean()
    np.testing.assert_allclose(soft.scores(crops, "a-form"), reader.scores(crops))


def test_a_model_for_other_glyphs_or_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        CnnReader(tmp_path / "cnn.onnx")
    shutil.copy(MODEL, tmp_path / "cnn.onnx")
    (tmp_path / "cnn.json").write_text(json.dumps({"glyphs": "0123456789X", "temperature": 1.0}))
    with pytest.raises(ValueError, match="glyphs"):
        CnnReader(tmp_path / "cnn.onnx")


def test_the_models_are_small(reader: CnnReader) -> None:
    assert all(file.stat().st_size < 1_000_000 for file in reader.files)


@pytest.mark.parametrize("size", [28, 45, 90])
def test_a_loose_crop_of_any_size_is_read(size: int) -> None:
    for digit in "2478":
        crop = cv2.resize(box(digit), (size, size), interpolation=cv2.INTER_AREA)
        glyph, confidence = read_crop(np.asarray(crop, dtype=np.uint8))
        assert glyph == digit
        assert 0.3 < confidence <= 1


@pytest.mark.parametrize("shape", [(4, 40), (40, 40, 3)])
def test_what_is_no_crop_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="crop"):
        read_crop(np.zeros(shape, np.uint8))


def hand_drawn(*lines: list[tuple[float, float]], slant: float = 0.0, dx: int = 0, width: int = 9, blur: float = 0.7) -> Gray:
    """A box with pen strokes in it: points in the digit's own square, 0..1 across and down, 24 px wide and 34 px high."""
    k = 4
    picture = np.full((CROP * k, CROP * k), 205, np.uint8)
    cv2.rectangle(picture, (MARGIN * k, MARGIN * k), ((CROP - MARGIN) * k, (CROP - MARGIN) * k), 70, 2 * k, cv2.LINE_AA)
    for line in lines:
        points = [((20 + 24 * x + slant * 34 * (0.5 - y) + dx) * k, (15 + 34 * y) * k) for x, y in line]
        cv2.polylines(picture, [np.round(points).astype(np.int32)], False, 55, width, cv2.LINE_AA)
    small = cv2.resize(picture, (CROP, CROP), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), blur), dtype=np.uint8)


RING = [(0.5 + 0.38 * math.cos(t), 0.5 + 0.5 * math.sin(t)) for t in np.linspace(-1.6, 4.7, 30)]
OFTEN_MISREAD: dict[str, tuple[str, list[list[tuple[float, float]]]]] = {
    "1 with a short flag": ("1", [[(0.35, 0.2), (0.55, 0.0), (0.55, 1.0)]]),
    "1 with a long flag": ("1", [[(0.15, 0.38), (0.55, 0.0), (0.5, 1.0)]]),
    "1 bent like a cane": ("1", [[(0.2, 0.3), (0.3, 0.12), (0.45, 0.02), (0.56, 0.1), (0.58, 0.3), (0.52, 1.0)]]),
    "7 without a stroke": ("7", [[(0.1, 0.03), (0.9, 0.0), (0.45, 1.0)]]),
    "7 with a stroke": ("7", [[(0.1, 0.03), (0.9, 0.0), (0.45, 1.0)], [(0.3, 0.52), (0.9, 0.48)]]),
    "7 with a stroke and a falling bar": ("7", [[(0.2, 0.3), (0.75, 0.0), (0.45, 1.0)], [(0.25, 0.55), (0.95, 0.5)]]),
    "2 like a Z": ("2", [[(0.1, 0.05), (0.85, 0.0), (0.1, 1.0), (0.95, 0.97)]]),
    "0 with a slash": ("0", [RING, [(0.2, 0.9), (0.8, 0.1)]]),
    "3 with a flat top": ("3", [[(0.1, 0.03), (0.85, 0.0), (0.45, 0.38), (0.8, 0.5), (0.85, 0.75), (0.6, 0.97), (0.1, 0.95)]]),
    "5 with its bar apart": (
        "5",
        [[(0.25, 0.08), (0.2, 0.42), (0.65, 0.42), (0.88, 0.68), (0.6, 0.98), (0.1, 0.92)], [(0.35, 0.0), (1.0, -0.05)]],
    ),
    "4 closed": ("4", [[(0.7, 0.0), (0.05, 0.62), (1.0, 0.62)], [(0.7, 0.0), (0.68, 1.0)]]),
    "4 open": ("4", [[(0.25, 0.0), (0.1, 0.58), (0.95, 0.56)], [(0.72, 0.2), (0.66, 1.0)]]),
    "9 with a straight tail": ("9", [[(0.8, 0.12), (0.45, 0.0), (0.15, 0.22), (0.4, 0.45), (0.75, 0.3), (0.82, 0.05), (0.78, 1.0)]]),
}


@pytest.mark.parametrize("shape", sorted(OFTEN_MISREAD))
def test_a_shape_that_is_easily_taken_for_another_digit_is_read(reader: CnnReader, shape: str) -> None:
    """At least 8 of 9 ways of drawing it, and no other digit said with confidence."""
    glyph, lines = OFTEN_MISREAD[shape]
    crops = [hand_drawn(*lines, slant=s, width=w, dx=round(10 * s), blur=0.6 + w / 20) for s in (-0.08, 0.12, 0.3) for w in (6, 9, 13)]
    scores = reader.scores(np.stack(crops))
    told = [f"{GLYPHS[int(s.argmax())]} {s.max():.2f}" for s in scores]
    assert np.sum(scores.argmax(axis=1) == GLYPHS.index(glyph)) >= 8, told
    others = np.delete(scores[:, : len(DIGITS)], int(glyph), axis=1)
    assert others.max() < 0.97, told
