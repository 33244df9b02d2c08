"""Test photos: read with a template that is not published yet, or on probation, and held against what a person types from the paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from ocr.pipeline import interpret
from tally.interpretation import Interpretation, Unreadable
from templates_c1.published import Published, trying


class NumberVerdict(StrEnum):
    RIGHT = "right"
    DOUBTED = "doubted"
    """Misread, and doubted: a reviewer would have seen it."""
    WRONG = "wrong"
    """Misread without a doubt."""


class PhotoVerdict(StrEnum):
    """As ``db.types.TrialState`` names them."""

    RIGHT = "right"
    DOUBTED = "doubted"
    WRONG = "wrong"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Scored:
    """One number: what was typed, what was read. ``doubtful``: a reason names it, or doubts the whole sheet."""

    name: str
    typed: int | None
    read: int | None
    boxes: str
    confidence: float
    doubtful: bool
    verdict: NumberVerdict

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict.value, "confidence": round(self.confidence, 6)}


def read_with(candidate: Published, data: bytes, name: str) -> Interpretation:
    """Read a photo as if ``candidate`` were published and proven. Raises ReaderError as ``ocr.pipeline.interpret``."""
    with trying(replace(candidate, proven=True)):
        return interpret(data, name, candidate.template.form)


def score(reading: Interpretation, typed: Mapping[str, int | None]) -> tuple[PhotoVerdict, list[Scored]]:
    """Compare a reading with what a person typed (None: not legible, or left blank); only numbers that were typed count."""
    outcome = reading.outcome
    if isinstance(outcome, Unreadable):
        return PhotoVerdict.UNREADABLE, []
    whole = any(not r.numbers for r in outcome.reasons)
    doubted = {n for r in outcome.reasons for n in r.numbers}
    scored = []
    for n in outcome.numbers:
        if n.name not in typed:
            continue
        doubtful = whole or n.name in doubted
        same = n.value == typed[n.name]
        verdict = NumberVerdict.RIGHT if same else NumberVerdict.DOUBTED if doubtful else NumberVerdict.WRONG
        scored.append(Scored(n.name, typed[n.name], n.value, n.boxes, n.confidence, doubtful, verdict))
    verdicts = {s.verdict for s in scored}
    if NumberVerdict.WRONG in verdicts:
        return PhotoVerdict.WRONG, scored
    return (PhotoVerdict.DOUBTED if NumberVerdict.DOUBTED in verdicts else PhotoVerdict.RIGHT), scored
