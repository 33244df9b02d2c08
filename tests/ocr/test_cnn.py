"""The network as a reader: on boxes drawn here, not on any it was trained on."""

from __future__ import annotations

import json
import math
import shutil
from itertools import pairwise
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


def junk() -> list[Gray]:
    """What a careful clerk would not call a digit: two digits over each other, struck digits, scribbles, letters."""
    over = [
        cv2.min(box(a), box(b, dx=d))
        for a, b, d in (("2", "6", 2), ("5", "9", -3), ("3", "4", 0), ("6", "2", 1), ("4", "5", 2), ("7", "8", 3))
    ]
    strikes: tuple[Line, ...] = (((10, 26), (54, 24)), ((10, 33), (54, 31)), ((10, 40), (54, 38)))
    struck = [box(d, lines=strikes) for d in "2345689"]
    points = [(round(32 + 16 * math.sin(5 * t)), round(32 + 17 * math.sin(4 * t + 1))) for t in np.linspace(0, 2 * math.pi, 60)]
    scribble = box(lines=tuple(pairwise(points)))
    letters = [box(c) for c in "AHKMNRW"]
    return [np.asarray(p, dtype=np.uint8) for p in (*over, *struck, scribble, *letters)]


def test_what_is_no_digit_is_never_confidently_one(reader: CnnReader) -> None:
    scores = reader.scores(np.stack(junk()))
    as_digit = scores[:, : len(DIGITS)].max(axis=1)
    assert as_digit.max() < 0.85, [
        f"{i}: {GLYPHS[s.argmax()]} {s.max():.3f}" for i, s in enumerate(scores) if s[: len(DIGITS)].max() >= 0.85
    ]
    assert np.mean(scores.argmax(axis=1) == GLYPHS.index(JUNK)) > 0.7


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


def test_several_networks_are_averaged(reader: CnnReader, tmp_path: Path) -> None:
    crops = np.stack([box(d) for d in DIGITS])
    for file in reader.files:
        shutil.copy(file, tmp_path)
    sidecar = json.loads(MODEL.with_suffix(".json").read_text())
    names = [f.name for f in reader.files]
    single = []
    for name in names:
        (tmp_path / "one.json").write_text(json.dumps(sidecar | {"members": [name]}))
        single.append(CnnReader(tmp_path / "one.onnx").logits(crops))
    np.testing.assert_allclose(reader.logits(crops), np.mean(single, axis=0), atol=1e-5)
    (tmp_path / "one.json").write_text(json.dumps(sidecar | {"members": [*names, "gone.onnx"]}))
    with pytest.raises(FileNotFoundError, match="gone"):
        CnnReader(tmp_path / "one.onnx")


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
