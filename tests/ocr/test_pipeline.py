"""What the stages hand to each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ocr import pipeline, policy
from ocr.readers.tesseract import TesseractReader
from ocr.types import BoxReading, LocatedBox
from tally.glyphs import EMPTY

SAMPLE = Path(__file__).parents[2] / "samples" / "photos" / "c-hasil-kwk-2020_303_p2.jpg"


def test_tesseract_is_asked_about_every_box_but_surely_empty_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []
    original = TesseractReader.read

    def read(self: TesseractReader, boxes: list[LocatedBox]) -> list[BoxReading]:
        asked.extend((b.number, b.index) for b in boxes)
        return original(self, boxes)

    monkeypatch.setattr(TesseractReader, "read", read)
    with_rule = pipeline.interpret(SAMPLE.read_bytes(), "a.jpg").outcome
    left_out = {(n.name, i) for n in with_rule.numbers for i, c in enumerate(n.readers["tesseract"].boxes) if c == "."}
    written = {(n.name, i): c for n in with_rule.numbers for i, c in enumerate(n.boxes)}
    assert left_out and all(written[k] in EMPTY for k in left_out)
    assert set(asked) == set(written) - left_out
    asked.clear()
    never = replace(policy.default(), empty=2.0)
    monkeypatch.setattr(policy, "default", lambda: never)
    without = pipeline.interpret(SAMPLE.read_bytes(), "a.jpg").outcome
    assert set(asked) == set(written)
    assert [(n.name, n.boxes, n.value) for n in without.numbers] == [(n.name, n.boxes, n.value) for n in with_rule.numbers]
