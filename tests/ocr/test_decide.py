"""Every way a sheet can fail to pass, and the one way it passes."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from ocr.decide import decide
from ocr.policy import Policy
from ocr.types import AlignedSheet, LocatedBox, Photo
from tally.interpretation import Accepted, Finding, NeedsReview, NumberReading, ReaderSays, ReasonCode, RuleKind, Severity
from templates_c1.schema import Label, Number, Page, Recognition, Rect, Size, Template

POLICY = Policy("t", MappingProxyType({"cnn": 1.0}), 0.02, 1.0, 0.95, 0.8, 0.01, 0.9, 0.95, 0.97, 0.98, 0.9, 0.5, 0.1, 0.4, 0.5, 0.999)
L = Label(id="x", en="x")
PAGE = Page(
    number=2,
    title=L,
    size=Size(width=100, height=100, unit="mm", mm_per_unit=1),
    recognition=Recognition(),
    numbers=tuple(Number(name=n, label=L, boxes=(Rect(x=1, y=1, w=5, h=5), Rect(x=7, y=1, w=5, h=5))) for n in ("a", "b", "sah")),
)
TEMPLATE = Template(form="f", version=1, title=L, elections=("ppwp",), pages=(PAGE,))
GRAY = np.zeros((10, 10), np.uint8)
SHEET = AlignedSheet(Photo("p", "", GRAY), TEMPLATE, PAGE, np.eye(3), 0.9, "tag")
BOXES = [LocatedBox(n.name, i, np.zeros((64, 64), np.uint8), np.zeros((4, 2)), 0.9) for n in PAGE.numbers for i in (0, 1)]
SUM = Finding("sah = a + b", "sah", RuleKind.SUM, ("sah", "a", "b"), Severity.ERROR, True, 30, 30)


def number(name: str, boxes: str, value: int | None, confidence: float = 0.99, marks: str | None = None) -> NumberReading:
    readers = {"cnn": ReaderSays(boxes, confidence), "tesseract": ReaderSays(boxes, 0.9)}
    if marks:
        readers["marks"] = ReaderSays(marks, 0.99)
    return NumberReading(name, boxes, value, confidence, readers)


def alone(tesseract: str | None, confidence: float) -> NumberReading:
    """Read 10 by the network, something else or nothing by Tesseract."""
    readers = {"cnn": ReaderSays("10", 0.9)} | ({"tesseract": ReaderSays(tesseract, 0.5)} if tesseract else {})
    return replace(number("a", "10", 10, confidence), readers=readers)


GOOD = [number("a", "10", 10), number("b", "20", 20), number("sah", "30", 30)]


def codes(*args: object) -> set[ReasonCode]:
    d = decide(*args, POLICY)  # type: ignore[arg-type]
    assert isinstance(d, NeedsReview), "passed"
    return {r.code for r in d.reasons}


def test_clean_sheet_passes() -> None:
    d = decide(SHEET, BOXES, GOOD, [SUM], POLICY)
    assert isinstance(d, Accepted)
    assert (d.form, d.page, d.numbers, d.reasons) == ("f", 2, tuple(GOOD), ())


def test_broken_sum_is_said_with_both_figures() -> None:
    d = decide(SHEET, BOXES, GOOD, [replace(SUM, holds=False, expected=30, actual=31)], POLICY)
    assert isinstance(d, NeedsReview)
    (reason,) = [r for r in d.reasons if r.code is ReasonCode.SUM_MISMATCH]
    assert "31" in reason.message
    assert "30" in reason.message
    assert reason.numbers == ("sah", "a", "b")
    assert d.numbers == tuple(GOOD), "arithmetic never changes a reading"


def test_numbers_of_a_broken_sum_need_no_second_reason_but_a_broken_warning_is_no_witness() -> None:
    assert codes(SHEET, BOXES, GOOD, [replace(SUM, holds=False)]) == {ReasonCode.SUM_MISMATCH}
    weak = replace(SUM, holds=False, severity=Severity.WARNING)
    assert codes(SHEET, BOXES, GOOD, [weak]) == {ReasonCode.UNCHECKED_NUMBER}


def test_broken_warning_alone_does_not_stop_a_sheet() -> None:
    warning = Finding("a <= 5", "cap", RuleKind.AT_MOST, ("a",), Severity.WARNING, False, 5, 10)
    assert isinstance(decide(SHEET, BOXES, GOOD, [SUM, warning], POLICY), Accepted)


def test_broken_bound() -> None:
    cap = Finding("a <= 5", "cap", RuleKind.AT_MOST, ("a",), Severity.ERROR, False, 5, 10)
    assert codes(SHEET, BOXES, GOOD, [SUM, cap]) == {ReasonCode.BOUND_BROKEN}


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (number("a", "10", 10, 0.89), {ReasonCode.LOW_CONFIDENCE}),
        (replace(number("a", "10", 10, 0.999), reader_confidence=0.4), {ReasonCode.LOW_CONFIDENCE}),
        (alone("16", 0.94), {ReasonCode.READERS_DISAGREE}),
        (alone("1?", 0.94), {ReasonCode.READERS_DISAGREE}),
        (alone(None, 0.94), {ReasonCode.READERS_DISAGREE}),
        (number("a", "1?", None), {ReasonCode.CORRECTED}),
        (replace(number("a", "10", 10), clean=0.5), {ReasonCode.CORRECTED}),
        (number("a", "1X", None), {ReasonCode.MALFORMED_NUMBER}),
        (number("a", "__", 0), {ReasonCode.BLANK_NUMBER}),
        (number("a", "10", 10, marks="20"), {ReasonCode.MARKS_DISAGREE}),
    ],
)
def test_one_bad_number(bad: NumberReading, expected: set[ReasonCode]) -> None:
    assert expected <= codes(SHEET, BOXES, [bad, *GOOD[1:]], [SUM])


def worded(boxes: str, confidence: float, tesseract: str = "10") -> NumberReading:
    """Read 10 by the network; what Tesseract and the number words say is given."""
    n = number("a", "10", 10, 0.96)
    return replace(n, readers={**n.readers, "tesseract": ReaderSays(tesseract, 0.5), "words": ReaderSays(boxes, confidence)})


def test_number_words_contradict_only_when_sure() -> None:
    assert codes(SHEET, BOXES, [worded("16", 0.95), *GOOD[1:]], [SUM]) == {ReasonCode.WORDS_DISAGREE}
    assert isinstance(decide(SHEET, BOXES, [worded("16", 0.8), *GOOD[1:]], [SUM], POLICY), Accepted)


def test_what_only_second_thoughts_and_the_words_read_needs_the_confidence_of_one_reader() -> None:
    # the words say 10 and the sum holds; the network and Tesseract both think of something else in the boxes first
    carried = replace(worded("10", 0.99, tesseract="16"), confidence=0.9999)
    carried = replace(carried, readers={**carried.readers, "cnn": ReaderSays("1X", 0.6)})
    assert isinstance(decide(SHEET, BOXES, [carried, *GOOD[1:]], [SUM], POLICY), Accepted)
    doubted = replace(carried, confidence=POLICY.confident_alone - 0.001)
    assert ReasonCode.READERS_DISAGREE in codes(SHEET, BOXES, [doubted, *GOOD[1:]], [SUM])
    # ... and so much of it must come from the boxes (ocr.fuse says so with the readers' confidence)
    ruled_out = replace(carried, reader_confidence=0.04)
    assert codes(SHEET, BOXES, [ruled_out, *GOOD[1:]], [SUM]) == {ReasonCode.LOW_CONFIDENCE}


def test_number_words_may_stand_for_tesseract() -> None:
    doubted = replace(worded("16", 0.5, tesseract="16"), confidence=0.93)
    assert codes(SHEET, BOXES, [doubted, *GOOD[1:]], [SUM]) == {ReasonCode.READERS_DISAGREE}
    backed = replace(worded("10", 0.95, tesseract="16"), confidence=0.93)
    assert isinstance(decide(SHEET, BOXES, [backed, *GOOD[1:]], [SUM], POLICY), Accepted)
    other_network = replace(backed, readers={**backed.readers, "cnn": ReaderSays("16", 0.9)})
    assert ReasonCode.READERS_DISAGREE in codes(SHEET, BOXES, [other_network, *GOOD[1:]], [SUM])


def test_without_tesseract_a_sum_and_more_confidence_are_needed() -> None:
    for word in ("16", "1?", None):
        n = alone(word, 0.96)
        assert isinstance(decide(SHEET, BOXES, [n, *GOOD[1:]], [SUM], POLICY), Accepted)
        assert ReasonCode.READERS_DISAGREE in codes(SHEET, BOXES, [n, *GOOD[1:]], [])
        marked = [replace(m, readers={**m.readers, "marks": ReaderSays(m.boxes, 0.99)}) for m in (n, *GOOD[1:])]
        assert codes(SHEET, BOXES, marked, []) >= {ReasonCode.READERS_DISAGREE}, (
            "bubbles replace the second reader only with more confidence"
        )
        surer = [replace(marked[0], confidence=0.985), *marked[1:]]
        assert isinstance(decide(SHEET, BOXES, surer, [], POLICY), Accepted)
        unmarked = [replace(surer[0], readers={k: v for k, v in surer[0].readers.items() if k != "marks"}), *marked[1:]]
        assert ReasonCode.READERS_DISAGREE in codes(SHEET, BOXES, unmarked, [])


def test_number_without_a_sum_needs_its_bubbles_and_more_confidence() -> None:
    assert ReasonCode.UNCHECKED_NUMBER in codes(SHEET, BOXES, GOOD, [])
    marked = [number("a", "10", 10, marks="10"), number("b", "20", 20, marks="20"), number("sah", "30", 30, marks="30")]
    assert isinstance(decide(SHEET, BOXES, marked, [], POLICY), Accepted)
    assert codes(SHEET, BOXES, [number("a", "10", 10, 0.95, marks="10"), *marked[1:]], []) == {ReasonCode.LOW_CONFIDENCE}


@pytest.mark.parametrize(
    ("written", "marks", "passes"),
    [("X7", "X7", True), ("X7", "07", True), ("07", "X7", True), ("17", "X7", False), ("X7", "17", False), ("X7", "?7", False)],
)
def test_bubble_habits(written: str, marks: str, passes: bool) -> None:
    value = int(written.lstrip("X"))
    numbers = [number(n, written, value, marks=marks) for n in ("a", "b", "sah")]
    assert isinstance(decide(SHEET, BOXES, numbers, [], POLICY), Accepted) == passes


def test_a_box_not_found_and_a_poor_alignment_stop_the_sheet() -> None:
    lost = [replace(BOXES[0], border=0.0), *BOXES[1:]]
    assert codes(SHEET, lost, GOOD, [SUM]) == {ReasonCode.BOX_NOT_FOUND}
    assert codes(replace(SHEET, quality=0.3), BOXES, GOOD, [SUM]) == {ReasonCode.POOR_PHOTO}


def test_every_reason_is_listed_not_only_the_first() -> None:
    bad = [number("a", "1?", None), number("b", "20", 20, 0.5), GOOD[2]]
    broken = replace(SUM, holds=None, expected=None)
    assert codes(replace(SHEET, quality=0.1), BOXES, bad, [broken]) >= {
        ReasonCode.CORRECTED,
        ReasonCode.LOW_CONFIDENCE,
        ReasonCode.POOR_PHOTO,
    }
