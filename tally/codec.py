"""Interpretation <-> JSON. The shape is a contract (design.md section 6): others score and store us through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tally.interpretation import (
    Accepted,
    DecisionKind,
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
from tally.texts import message


def to_json(i: Interpretation) -> dict[str, Any]:
    """Plain dict for ``json.dumps``. ``form`` and ``page`` are null and ``numbers`` empty where nothing was recognised;
    ``place`` is what the form's printed code says, null where there is none or it could not be read."""
    o = i.outcome
    read = None if isinstance(o, Unreadable) else o
    return {
        "photo": i.photo,
        "sha256": i.sha256,
        "form": read.form if read else None,
        "page": read.page if read else None,
        "decision": o.kind.value,
        "reasons": [_reason_to_json(r) for r in o.reasons],
        "numbers": [_number_to_json(n) for n in (read.numbers if read else ())],
        "findings": [_finding_to_json(f) for f in (read.findings if read else ())],
        "seconds": {k: round(v, 4) for k, v in i.seconds.items()},
        "versions": dict(i.versions),
        "box_corners": {k: [[[round(x, 1), round(y, 1)] for x, y in box] for box in v] for k, v in i.boxes.items()},
        "page_corners": [[round(x, 1), round(y, 1)] for x, y in i.page_corners],
        "place": {"tps": i.place.tps, "form": i.place.form, "page": i.place.page} if i.place else None,
    }


def from_json(raw: Mapping[str, Any]) -> Interpretation:
    """Inverse of ``to_json``. Raises KeyError or ValueError on JSON of another shape."""
    return Interpretation(
        photo=raw["photo"],
        sha256=raw["sha256"],
        outcome=_outcome(raw),
        versions=dict(raw["versions"]),
        seconds=dict(raw["seconds"]),
        boxes={k: tuple(tuple((float(x), float(y)) for x, y in box) for box in v) for k, v in raw["box_corners"].items()},
        page_corners=tuple((float(x), float(y)) for x, y in raw["page_corners"]),
        # what was stored before forms carried a code does not say
        place=PrintedPlace(p["form"], p["page"], p["tps"]) if (p := raw.get("place")) else None,
    )


def _outcome(raw: Mapping[str, Any]) -> Outcome:
    reasons = tuple(Reason(ReasonCode(r["code"]), tuple(r["numbers"]), r["message"]) for r in raw["reasons"])
    kind = DecisionKind(raw["decision"])
    if kind is DecisionKind.UNREADABLE:
        return Unreadable(reasons)
    numbers = tuple(_number_from_json(n) for n in raw["numbers"])
    findings = tuple(_finding_from_json(f) for f in raw["findings"])
    if kind is DecisionKind.ACCEPT:
        return Accepted(raw["form"], raw["page"], numbers, findings)
    return NeedsReview(raw["form"], raw["page"], numbers, findings, reasons)


def _reason_to_json(r: Reason) -> dict[str, Any]:
    return {"code": r.code.value, "numbers": list(r.numbers), "message": r.message, "message_en": message(r.code, lang="en")}


def _number_to_json(n: NumberReading) -> dict[str, Any]:
    return {
        "name": n.name,
        "boxes": n.boxes,
        "value": n.value,
        "confidence": round(n.confidence, 6),
        "readers": {k: {"boxes": r.boxes, "confidence": round(r.confidence, 6)} for k, r in n.readers.items()},
        "candidates": [{"boxes": b, "confidence": round(p, 6)} for b, p in n.candidates],
        "clean": round(n.clean, 6),
        "reader_confidence": round(n.reader_confidence, 6),
    }


def _number_from_json(raw: Mapping[str, Any]) -> NumberReading:
    return NumberReading(
        name=raw["name"],
        boxes=raw["boxes"],
        value=raw["value"],
        confidence=raw["confidence"],
        readers={k: ReaderSays(r["boxes"], r["confidence"]) for k, r in raw["readers"].items()},
        candidates=tuple((c["boxes"], c["confidence"]) for c in raw["candidates"]),
        clean=raw["clean"],
        # the first interpretations ever stored knew one confidence only, that of the readers
        reader_confidence=raw.get("reader_confidence", raw["confidence"]),
    )


def _finding_to_json(f: Finding) -> dict[str, Any]:
    return {
        "rule": f.rule,
        "id": f.rule_id,
        "kind": f.kind.value,
        "numbers": list(f.numbers),
        "severity": f.severity.value,
        "holds": f.holds,
        "expected": f.expected,
        "actual": f.actual,
    }


def _finding_from_json(raw: Mapping[str, Any]) -> Finding:
    return Finding(
        rule=raw["rule"],
        rule_id=raw["id"],
        kind=RuleKind(raw["kind"]),
        numbers=tuple(raw["numbers"]),
        severity=Severity(raw["severity"]),
        holds=raw["holds"],
        expected=raw["expected"],
        actual=raw["actual"],
    )
