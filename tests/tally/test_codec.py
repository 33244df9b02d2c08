from __future__ import annotations

import json

import pytest

from tally.codec import from_json, to_json
from tally.interpretation import (
    Accepted,
    Finding,
    Interpretation,
    NeedsReview,
    NumberReading,
    Outcome,
    PrintedPlace,
    ReaderSays,
    Reason,
    ReasonCode,
    RuleKind,
    Severity,
    Unreadable,
)
from tally.texts import TEXTS, message

NUMBER = NumberReading("suara_sah", "X27", 27, 0.9987, {"cnn": ReaderSays("X27", 0.99)}, (("X27", 0.99), ("X21", 0.01)), 0.998, 0.91)
FINDING = Finding("suara_sah = a + b", "sah", RuleKind.SUM, ("suara_sah", "a", "b"), Severity.ERROR, False, 26, 27)
REASON = Reason(ReasonCode.SUM_MISMATCH, ("suara_sah",), message(ReasonCode.SUM_MISMATCH))


@pytest.mark.parametrize(
    "outcome",
    [
        Accepted("f", 2, (NUMBER,), (FINDING,)),
        NeedsReview("f", 2, (NUMBER,), (FINDING,), (REASON,)),
        Unreadable((Reason(ReasonCode.NOT_AN_IMAGE, (), "x"),)),
    ],
)
def test_there_and_back(outcome: Outcome) -> None:
    i = Interpretation(
        "a.jpg",
        "00ff",
        outcome,
        {"cnn": "1"},
        {"total": 0.25},
        {"suara_sah": (((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)),)},
        ((0.0, 0.0), (1.0, 0.0), (1.0, 2.0), (0.0, 2.0)),
    )
    assert from_json(json.loads(json.dumps(to_json(i)))) == i


def test_json_has_the_shape_of_the_contract() -> None:
    j = to_json(Interpretation("a.jpg", "00ff", NeedsReview("f", 2, (NUMBER,), (FINDING,), (REASON,))))
    assert {"photo", "sha256", "form", "page", "decision", "reasons", "numbers", "findings", "seconds"} <= j.keys()
    assert j["decision"] == "review"
    assert j["reasons"] == [
        {"code": "sum_mismatch", "numbers": ["suara_sah"], "message": "Jumlah tidak cocok.", "message_en": "A sum does not add up."}
    ]
    assert j["numbers"][0] | {"candidates": 0} == {
        "name": "suara_sah",
        "boxes": "X27",
        "value": 27,
        "confidence": 0.9987,
        "readers": {"cnn": {"boxes": "X27", "confidence": 0.99}},
        "candidates": 0,
        "clean": 0.998,
        "reader_confidence": 0.91,
    }
    unreadable = to_json(Interpretation("b", "", Unreadable((REASON,))))
    assert (unreadable["form"], unreadable["page"], unreadable["numbers"], unreadable["decision"]) == (None, None, [], "unreadable")


def test_every_code_has_both_texts() -> None:
    assert set(TEXTS) == set(ReasonCode)
    for indonesian, english in TEXTS.values():
        assert indonesian.endswith(".")
        assert english.endswith(".")
        assert indonesian != english


def test_printed_place_there_and_back() -> None:
    i = Interpretation("a.jpg", "00ff", Accepted("f", 2, (NUMBER,), (FINDING,)), place=PrintedPlace("f", 2, "1607101002004"))
    raw = to_json(i)
    assert raw["place"] == {"tps": "1607101002004", "form": "f", "page": 2}
    assert from_json(json.loads(json.dumps(raw))) == i
    del raw["place"]  # as it was stored before forms carried a code
    assert from_json(raw).place is None
