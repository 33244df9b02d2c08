"""Are these the numbers of this page, and do they agree with each other?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from review import commit
from review.errors import BadValues, RulesBroken
from review.reasons import NOT_COMPLETE, PAGES_DISAGREE, ReasonText, own
from tally.glyphs import value_of
from tally.interpretation import Accepted, Severity
from templates_c1.registry import page_as_read, template
from templates_c1.rules import check, check_across
from templates_c1.schema import Page


@dataclass(frozen=True, slots=True)
class Checked:
    """Values that may be committed. ``paper_error``: the paper itself breaks a rule or lacks a number."""

    values: Mapping[str, int | None]
    paper_error: bool


def check_typed(page: Page, values: Mapping[str, int | None], acknowledged: bool) -> Checked:
    """Check what a person typed for ``page``: every number, each within its boxes; None for one that is not legible.

    Raises:
        BadValues: a number missing, unknown, negative, or with more digits than boxes.
        RulesBroken: a rule is broken or a number not legible, and the person has not said that the paper is like that.
    """
    faults: dict[str, tuple[str, str]] = {}
    known = {n.name: n for n in page.numbers}
    for name in values.keys() - known.keys():
        faults[name] = ("Halaman ini tidak punya angka dengan nama ini.", "The page has no number of this name.")
    for name, number in known.items():
        width = len(number.boxes)
        if name not in values:
            faults[name] = ("Angka ini belum diisi.", "This number is missing.")
        elif (value := values[name]) is not None and not 0 <= value < 10**width:
            faults[name] = (f"Harus antara 0 dan {10**width - 1}.", f"Must be between 0 and {10**width - 1}.")
    if faults:
        raise BadValues(faults)
    broken = [f for f in check(page, values) if f.holds is False]
    not_legible = sorted(n for n, v in values.items() if v is None)
    if (broken or not_legible) and not acknowledged:
        raise RulesBroken(broken, not_legible)
    return Checked(dict(values), bool(not_legible) or any(f.severity is Severity.ERROR for f in broken))


def doubts_of_accepted(outcome: Accepted, versions: Mapping[str, str]) -> tuple[ReasonText, ...]:
    """A second look at what the machine accepted, from its numbers alone: nothing is committed that lacks a number or breaks a rule.

    ``ocr.decide`` has checked the same; this holds even when that has a fault. ``versions``: the interpretation's.
    """
    page = page_as_read(outcome.form, outcome.page, versions)
    values = {n.name: n.value for n in outcome.numbers}
    expected = {n.name: len(n.boxes) for n in page.numbers}
    wrong = sorted(expected.keys() ^ values.keys())
    wrong += sorted(
        n.name for n in outcome.numbers if n.value is None or n.value != value_of(n.boxes) or len(n.boxes) != expected.get(n.name)
    )
    wrong += sorted({n for f in check(page, values) if f.holds is False and f.severity is Severity.ERROR for n in f.numbers})
    return (own(NOT_COMPLETE, dict.fromkeys(wrong)),) if wrong else ()


def committed_elsewhere(session: Session, place: commit.Place) -> dict[str, int | None]:
    """What stands for the other pages of the TPS: number name -> value, None for one that is not legible."""
    others: dict[str, int | None] = {}
    for page in template(place.form).pages:
        stands = commit.current(session, replace(place, page=page.number)) if page.number != place.page else None
        if stands is not None and not stands.void:
            others |= commit.values_of(stands)
    return others


def doubts_across_pages(session: Session, place: commit.Place, values: Mapping[str, int | None]) -> tuple[ReasonText, ...]:
    """Does a sheet fit what already stands for the other pages of its TPS (votes on page 2 and their total on page 3, say)?

    Only rules of severity ``error`` that name a number of this sheet count. The pages are two writings of the same count, so
    a misreading that its own page cannot show is caught by the other.
    """
    others = committed_elsewhere(session, place)
    broken = [
        f
        for f in check_across(template(place.form), others | dict(values))
        if f.holds is False and f.severity is Severity.ERROR and any(n in values for n in f.numbers)
    ]
    names = dict.fromkeys(n for f in broken for n in f.numbers if n in values)
    detail = "; ".join(f"{f.rule}: {f.actual} / {f.expected}" for f in broken)
    return (own(PAGES_DISAGREE, names, detail),) if broken else ()
