"""The bench: which limits a timing breaks, and that a run measures what it says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from scripts import bench

SAMPLE = Path(__file__).parents[2] / "samples" / "photos" / "c-hasil-kwk-2020_303_p2.jpg"
GOOD = bench.Timing("a", 1.5, "accept", {"decode": 5.0}, 5.0, 3.0, 150.0, 250.0, 300.0, 50.0)


@pytest.mark.parametrize(
    ("timing", "words"),
    [
        (GOOD, []),
        (replace(GOOD, whole=251), ["251 ms, more than 250"]),
        (replace(GOOD, megapixels=2.1, whole=400), []),
        (replace(GOOD, megapixels=12.0, decode=40, without_tesseract=120, whole=401), ["401 ms, more than 400"]),
        (replace(GOOD, megapixels=12.0, decode=40, without_tesseract=124), ["3.1 decodings, more than 3"]),
        (replace(GOOD, megapixels=3.0, decode=1, without_tesseract=124), []),
        (replace(GOOD, peak_mib=351), ["401 MiB at the peak, more than 400"]),
    ],
)
def test_limits(timing: bench.Timing, words: list[str]) -> None:
    told = list(timing.broken())
    assert len(told) == len(words)
    for line, word in zip(told, words, strict=True):
        assert line.startswith("a: ") and line.endswith(word)


def test_photos_come_in_the_size_asked_for() -> None:
    data = bench.photo_of("c-hasil-kwk-2020", 2, 0.8)
    height, width = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE).shape
    assert height * width == pytest.approx(0.8e6, rel=0.01)


def test_each_form_is_measured_by_its_fullest_page() -> None:
    assert {"c-hasil-ppwp-2024:1", "c1-ppwp-2019:1", "c-hasil-kwk-2020:2"} <= set(bench.fullest_pages())


def test_a_run_says_what_it_took_and_fails_where_a_limit_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "MEMORY", 1.0)
    assert bench.main([str(SAMPLE), "--repeat", "1", "--many", "0", "--check"]) == 1
    said = capsys.readouterr().out
    stages = re.findall(r"(\w+) ([\d.]+) ms", said.partition(f"{SAMPLE.name}: ")[2].splitlines()[0])
    assert [name for name, _ in stages] == ["decode", "align", "locate", "code", "read", "tesseract", "words", "conclude"]
    assert all(float(ms) > 0 for name, ms in stages if name in ("align", "tesseract"))
    assert "MiB at the peak, more than 1" in said


def test_many_photos_are_all_read() -> None:
    got = bench.read_many([SAMPLE.read_bytes(), b"no photo"], 4, 1)
    assert (got.photos, got.processes) == (4, 1) and 0 < got.seconds < 60
    assert 50 < got.early_mib < 400 and 50 < got.late_mib < 400
