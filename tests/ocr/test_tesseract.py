"""The Tesseract reader: what it reads, what it leaves alone, and how it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytesseract
import pytest

from ocr.errors import ReaderError
from ocr.readers import tesseract
from ocr.readers.tesseract import TesseractReader, load_calibration, parse
from ocr.types import LocatedBox
from tally.glyphs import BLANK, CROSS, DASH, GLYPHS

MODELS = Path(tesseract.__file__).parent.parent / "models"

STROKES: dict[str, list[list[tuple[int, int]]]] = {
    "0": [[(32, 16), (24, 22), (23, 42), (32, 49), (41, 42), (41, 22), (32, 16)]],
    "1": [[(33, 14), (32, 50)]],
    "2": [[(22, 22), (30, 15), (40, 19), (39, 29), (22, 49), (42, 48)]],
    "3": [[(22, 16), (40, 16), (40, 31), (26, 31)], [(40, 31), (40, 48), (22, 48)]],
    "4": [[(24, 15), (23, 33), (43, 33)], [(37, 18), (36, 50)]],
    "5": [[(42, 15), (24, 15), (23, 30), (36, 29), (42, 38), (36, 48), (22, 48)]],
    "6": [[(38, 14), (26, 26), (23, 40), (30, 50), (40, 44), (38, 34), (25, 36)]],
    "7": [[(22, 16), (42, 16), (30, 50)]],
    "8": [[(23, 15), (41, 15), (41, 49), (23, 49), (23, 15)], [(23, 32), (41, 32)]],
    "9": [[(41, 32), (23, 32), (23, 15), (41, 15), (41, 49), (24, 49)]],
    CROSS: [[(16, 16), (48, 49)], [(48, 15), (17, 48)]],
    DASH: [[(20, 33), (44, 32)]],
    BLANK: [],
}


def draw(glyph: str, seed: int = 0) -> LocatedBox:
    """A located box with ``glyph`` written by a ballpoint of constant width."""
    rng = np.random.default_rng(seed)
    canvas = np.full((256, 256), 205, np.uint8)
    cv2.rectangle(canvas, (32, 32), (224, 224), 90, 8)
    for line in STROKES[glyph]:
        cv2.polylines(canvas, [np.array(line, np.int32) * 4], False, 70, 11, cv2.LINE_AA)
    small = cv2.resize(canvas, (64, 64), interpolation=cv2.INTER_AREA).astype(float)
    crop = np.clip(small + rng.normal(0, 3, small.shape), 0, 255).astype(np.uint8)
    return LocatedBox("n", GLYPHS.index(glyph), crop, np.zeros((4, 2)), 1.0)


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """The command lines of all processes that pytesseract starts."""
    started: list[list[str]] = []
    original = pytesseract.pytesseract.subprocess.Popen

    def counting(arguments: list[str], **kwargs: object) -> object:
        started.append(list(arguments))
        return original(arguments, **kwargs)

    monkeypatch.setattr(pytesseract.pytesseract.subprocess, "Popen", counting)
    yield started


def test_reads_every_plain_glyph_in_one_process(processes: list[list[str]]) -> None:
    boxes = [draw(g) for g in STROKES]
    readings = TesseractReader().read(boxes)
    assert [(r.reader, r.number, r.index) for r in readings] == [("tesseract", b.number, b.index) for b in boxes]
    assert "".join(GLYPHS[int(r.scores.argmax())] for r in readings) == "".join(STROKES)
    for r in readings:
        assert r.scores.sum() == pytest.approx(1.0) and r.scores.max() > 0.8
    assert len(processes) == 1


def test_blank_boxes_are_blank_and_not_seven() -> None:
    for reading in TesseractReader().read([draw(BLANK, seed) for seed in range(10)]):
        assert GLYPHS[int(reading.scores.argmax())] == BLANK
        assert reading.scores[7] < 0.05


def test_no_boxes_need_no_process(processes: list[list[str]]) -> None:
    assert TesseractReader().read([]) == []
    assert processes == []


def test_abstains_where_tesseract_says_nothing_or_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
    rows = [(2, "91.5", "7"), (3, "80", "77"), (4, "85", "1"), (4, "85", "2"), (5, "-1", " "), (6, "90", "Q")]
    tsv = head + "".join(f"5\t{page}\t1\t1\t1\t1\t0\t0\t56\t56\t{conf}\t{text}\n" for page, conf, text in rows) + "5\tgarbage\n"
    monkeypatch.setattr(pytesseract, "run_and_get_output", lambda *_a, **_k: tsv)
    readings = TesseractReader().read([draw("7", k) for k in range(7)])
    assert [bool(r.scores.any()) for r in readings] == [False, True, False, False, False, False, False]
    assert int(readings[1].scores.argmax()) == 7


def test_letters_stand_for_dash_blank_and_junk() -> None:
    tsv = "".join(f"5\t{page}\t1\t1\t1\t1\t0\t0\t9\t9\t88\t{symbol}\n" for page, symbol in enumerate("DBJX", 1))
    assert parse(tsv, 4) == [("-", 88.0), ("_", 88.0), ("?", 88.0), ("X", 88.0)]


def test_more_confidence_is_never_worth_less() -> None:
    calibration = load_calibration(MODELS / "c1.calibration.json")
    worth = [calibration.scores("3", c)[3] for c in range(0, 101, 2)]
    assert worth == sorted(worth) and 0 < worth[0] < worth[-1] < 1
    for glyph in GLYPHS:
        assert calibration.scores(glyph, 50.0).sum() == pytest.approx(1.0)


def test_missing_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytesseract.pytesseract, "tesseract_cmd", "no-such-tesseract")
    with pytest.raises(ReaderError, match="not installed"):
        TesseractReader().read([draw("1")])


def test_corrupted_model(tmp_path: Path) -> None:
    (tmp_path / "c1.calibration.json").write_bytes((MODELS / "c1.calibration.json").read_bytes())
    model = tmp_path / "c1.traineddata"
    model.write_bytes(b"no model at all" * 100)
    with pytest.raises(ReaderError, match="failed"):
        TesseractReader(model).read([draw("1")])
    whole = (MODELS / "c1.traineddata").read_bytes()
    model.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(ReaderError):
        TesseractReader(model).read([draw("1")])


def test_missing_model_and_bad_calibration(tmp_path: Path) -> None:
    good = json.loads((MODELS / "c1.calibration.json").read_text())
    target = tmp_path / "c1.calibration.json"
    target.write_text(json.dumps(good))
    with pytest.raises(ReaderError, match="missing"):
        TesseractReader(tmp_path / "c1.traineddata").read([draw("1")])
    for bad in ("", "{}", json.dumps({**good, "confusion": [[1.0]]})):
        target.write_text(bad)
        with pytest.raises(ReaderError, match="calibration"):
            TesseractReader(tmp_path / "c1.traineddata")


def test_pictures_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cv2, "imwritemulti", lambda *_a: False)
    with pytest.raises(ReaderError, match="exchanged: the pictures cannot be written"):
        TesseractReader().read([draw("1")])
    monkeypatch.setattr(tesseract, "_fast_folder", lambda: str(tmp_path / "gone"))
    with pytest.raises(ReaderError, match="exchanged"):
        TesseractReader().read([draw("1")])


def test_a_hanging_process_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "tesseract"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(pytesseract.pytesseract, "tesseract_cmd", str(slow))
    with pytest.raises(ReaderError, match="longer than"):
        TesseractReader(timeout=0.3).read([draw("1")])
