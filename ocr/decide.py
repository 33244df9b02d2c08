"""Accept a sheet, or say every reason why a person must look. Strict: when in doubt, review.

A sheet passes only if each number is well-formed, clean, lies in boxes that were found, is likely by its readers alone and
confident with the rules, and has a witness beside the network: a sum that holds ties it to others, or its own bubbles say the
same. Where Tesseract reads something else (or nothing), more confidence is asked for. No rule of severity ``error`` may
be broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ocr.policy import Policy
from ocr.types import AlignedSheet, LocatedBox
from tally import texts
from tally.glyphs import EMPTY, JUNK, is_well_formed, value_of
from tally.interpretation import NOT_ASKED, Accepted, Finding, NeedsReview, NumberReading, Reason, ReasonCode, RuleKind, Severity
from templates_c1.registry import is_proven


def decide(
    sheet: AlignedSheet,
    boxes: Sequence[LocatedBox],
    numbers: Sequence[NumberReading],
    findings: Sequence[Finding],
    policy: Policy,
) -> Accepted | NeedsReview:
    """The decision on an aligned and read sheet, with every reason."""
    reasons = [
        *_form_reasons(sheet),
        *_location_reasons(sheet, boxes, policy),
        *_reading_reasons(numbers, findings, policy),
        *_rule_reasons(findings),
    ]
    form, page = sheet.template.form, sheet.page.number
    if reasons:
        return NeedsReview(form, page, tuple(numbers), tuple(findings), tuple(reasons))
    return Accepted(form, page, tuple(numbers), tuple(findings))


def _form_reasons(sheet: AlignedSheet) -> Iterable[Reason]:
    if not is_proven(sheet.template):
        yield _reason(ReasonCode.UNPROVEN_FORM, [])


def _location_reasons(sheet: AlignedSheet, boxes: Sequence[LocatedBox], policy: Policy) -> Iterable[Reason]:
    lost = sorted({b.number for b in boxes if b.border < policy.border})
    if lost:
        yield _reason(ReasonCode.BOX_NOT_FOUND, lost)
    if sheet.quality < policy.quality:
        yield _reason(ReasonCode.POOR_PHOTO, [])


def _reading_reasons(numbers: Sequence[NumberReading], findings: Sequence[Finding], policy: Policy) -> Iterable[Reason]:
    summed = {n for f in findings if f.holds and f.kind is RuleKind.SUM for n in f.numbers}
    # a sum that is broken or undecided is a reason of its own; its numbers need no second one
    told = {n for f in findings if f.kind is RuleKind.SUM and f.severity is Severity.ERROR and not f.holds for n in f.numbers}
    found: dict[ReasonCode, list[str]] = {}

    def note(code: ReasonCode, name: str) -> None:
        found.setdefault(code, []).append(name)

    for n in numbers:
        if JUNK in n.boxes or n.clean < policy.clean:
            note(ReasonCode.CORRECTED, n.name)
        elif not is_well_formed(n.boxes):
            note(ReasonCode.MALFORMED_NUMBER, n.name)
        if set(n.boxes) == {"_"}:
            note(ReasonCode.BLANK_NUMBER, n.name)
        if words_agree(n, policy) is False:
            note(ReasonCode.WORDS_DISAGREE, n.name)
        marked = _marks_agree(n)
        if marked is False:
            note(ReasonCode.MARKS_DISAGREE, n.name)
        alone = stands_alone(n, policy)
        second = (n.name in summed and n.confidence >= policy.confident_alone) or (
            marked is True and n.confidence >= policy.confident_marked_alone
        )
        if alone and not second:
            note(ReasonCode.READERS_DISAGREE, n.name)
        if n.name not in summed | told and not marked:
            note(ReasonCode.UNCHECKED_NUMBER, n.name)
        least = policy.confident_checked if n.name in summed else policy.confident_marked
        if n.confidence < least or n.reader_confidence < policy.readers_floor:
            note(ReasonCode.LOW_CONFIDENCE, n.name)
    for code, names in found.items():
        yield _reason(code, names)


def _rule_reasons(findings: Sequence[Finding]) -> Iterable[Reason]:
    for f in findings:
        if f.severity is Severity.ERROR and f.holds is False:
            is_bound = f.kind is RuleKind.AT_MOST
            code = ReasonCode.BOUND_BROKEN if is_bound else ReasonCode.SUM_MISMATCH
            detail = f"{f.actual} > {f.expected}" if is_bound else f"tertulis {f.actual}, hasil penjumlahan {f.expected}"
            yield _reason(code, f.numbers, detail)


def stands_alone(n: NumberReading, policy: Policy) -> bool:
    """True unless a second reader confirms the network: both it and Tesseract, or it and the number in words, say the fused value.

    About a box of whose emptiness the network is sure Tesseract is not asked: there the network speaks for both.
    """
    network, tesseract = n.readers.get("cnn"), n.readers.get("tesseract")
    if network is None:
        return True
    if words_agree(n, policy) and _value_if_complete(network.boxes) == n.value:
        return False
    if tesseract is None:
        return True
    second = "".join(a if b == NOT_ASKED else b for a, b in zip(network.boxes, tesseract.boxes, strict=True))
    return any(_value_if_complete(boxes) != n.value for boxes in (network.boxes, second))


def _value_if_complete(boxes: str) -> int | None:
    return None if JUNK in boxes or NOT_ASKED in boxes else value_of(boxes)


def words_agree(n: NumberReading, policy: Policy) -> bool | None:
    """Does the number in words say the same? None: it has no sure word on it."""
    words = n.readers.get("words")
    return None if words is None or words.confidence < policy.words_sure else value_of(words.boxes) == n.value


def _marks_agree(n: NumberReading) -> bool | None:
    """Do the bubbles say the number? None: they have no word on it (or the form has none).

    A column without a filled bubble fits an empty box; where a digit is written it is silence (some officers fill only
    part of the columns), which neither confirms nor contradicts.
    """
    says = n.readers.get("marks")
    if says is None or len(says.boxes) != len(n.boxes):
        return None
    certain = True
    for mark, written in zip(says.boxes, n.boxes, strict=True):
        if mark == JUNK or (mark in EMPTY and written not in EMPTY and written != "0"):
            certain = False
        elif mark in EMPTY or mark == "0":
            if written not in EMPTY and written != "0":
                return False
        elif mark != written:
            return False
    return True if certain else None


def _reason(code: ReasonCode, names: Iterable[str], detail: str = "") -> Reason:
    return Reason(code, tuple(names), texts.message(code, detail))
