"""What the training of the Tesseract model writes and concludes; the training itself takes half an hour."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from ocr.readers.clean import SIDE
from ocr.training import handwriting
from ocr.training.bank import Pool
from ocr.training.tesseract import calibrate, lines, lstmf, tools
from tally.glyphs import GLYPHS


def test_document_is_what_tesseract_itself_writes(tmp_path: Path) -> None:
    picture = np.full((56, 56), 255, np.uint8)
    cv2.line(picture, (28, 8), (28, 48), 0, 4)
    cv2.imwrite(str(tmp_path / "p.png"), picture)
    (tmp_path / "p.box").write_text("WordStr 0 0 56 56 0 #1\n\t 56 0 57 56 0\n")
    subprocess.run(["tesseract", "p.png", "p", "--psm", "13", "lstm.train"], cwd=tmp_path, check=True, capture_output=True)
    theirs = (tmp_path / "p.lstmf").read_bytes()
    lstmf.write(tmp_path / "ours.lstmf", [(picture, "1")])
    ours = (tmp_path / "ours.lstmf").read_bytes()

    def parts(data: bytes) -> tuple[bytes, np.ndarray, bytes]:
        (length,) = struct.unpack_from("<I", data, 13)
        return data[:13], cv2.imdecode(np.frombuffer(data[17 : 17 + length], np.uint8), cv2.IMREAD_GRAYSCALE), data[17 + length :]

    head, image, tail = parts(ours)
    their_head, their_image, their_tail = parts(theirs)
    assert head == their_head and tail == their_tail
    assert (image == picture).all() and (their_image == picture).all()


def test_starter_knows_all_symbols_and_a_failing_tool_is_told(tmp_path: Path) -> None:
    base = tools.starter("01XDBJ", tmp_path)
    assert base.stat().st_size > 100
    unicharset = (tmp_path / "starter" / "unicharset").read_text().splitlines()
    assert {line.split()[0] for line in unicharset[1:]} >= set("01XDBJ")
    with pytest.raises(tools.ToolError, match="status"):
        tools.pack(base, tmp_path / "no.checkpoint", tmp_path / "out", tmp_path / "log")
    with pytest.raises(tools.ToolError, match="not installed"):
        tools.run(["no-such-tool"], tmp_path / "log")


def test_isotonic_is_the_nearest_rising_sequence() -> None:
    out = calibrate.isotonic(np.array([0.2, 0.6, 0.4, 0.9]), np.array([1.0, 1.0, 3.0, 1.0]))
    assert out.tolist() == pytest.approx([0.2, 0.45, 0.45, 0.9])


def test_calibration_finds_the_true_rates() -> None:
    rng = np.random.default_rng(5)
    confidence = rng.uniform(20, 94, 20_000)
    chance = (confidence / 100) ** 2
    read = rng.integers(0, 10, len(confidence))
    truth = np.where(rng.random(len(confidence)) < chance, read, (read + 1) % 10).astype(np.uint8)
    read[:100] = -1
    found = calibrate.fit(truth, read, confidence)
    for c in (40.0, 60.0, 80.0, 90.0):
        assert found.scores("7", c)[7] == pytest.approx((c / 100) ** 2, abs=0.04)
    assert found.scores("7", 60.0)[8] == pytest.approx(1 - 0.36, abs=0.05)  # where the wrong ones belonged
    assert calibrate.expected_error(found, truth, read, confidence) < 0.01
    with pytest.raises(ValueError, match="too few"):
        calibrate.fit(truth[:150], read[:150], confidence[:150])


def test_lines_are_cleaned_pictures_of_the_pool_alone_and_repeat_by_seed() -> None:
    crops = np.full((6, 64, 64), 200, np.uint8)
    labels = np.array([1, 1, 7, 7, 10, 12], np.uint8)
    for crop, label in zip(crops, labels, strict=True):
        cv2.rectangle(crop, (8, 8), (56, 56), 60, 2)
        if label != 12:
            cv2.line(crop, (24, 16), (40 if label > 1 else 24, 48), 60, 3)
    data = {
        "crops": crops,
        "labels": labels,
        "source": np.array(["a", "a", "a", "b", "b", lines.GENERATED]),
        "clean": np.array([True, True, True, True, True, True]),
    }
    mine = np.array([True, True, True, True, True, False])
    pool = lines.pool(data, mine, handwriting.NONE)
    assert isinstance(pool, Pool) and len(pool.crops) == 5 and pool.weights.sum() == pytest.approx(1.0)
    first = [next(s) for s in [lines.stream(pool, 3)] for _ in range(40)]
    again = [next(s) for s in [lines.stream(pool, 3)] for _ in range(40)]
    assert [g for _, g in first] == [g for _, g in again]
    assert all((a == b).all() for (a, _), (b, _) in zip(first, again, strict=True))
    assert all(p.shape == (SIDE, SIDE) and g in GLYPHS for p, g in first)
    assert {"1", "7"} <= {g for _, g in first} and "3" not in {g for _, g in first}
