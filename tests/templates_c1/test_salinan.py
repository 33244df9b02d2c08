"""The A4 copy of the 2024 presidential form: the wall form's numbers and rules on two pages without a tag, on probation."""

from __future__ import annotations

import pytest

import samples
from ocr.pipeline import interpret
from tally.glyphs import value_of
from tally.interpretation import Accepted, NeedsReview, ReasonCode
from templates_c1 import registry
from templates_c1.schema import Template

FORM, WALL = "c-hasil-salinan-ppwp-2024", "c-hasil-ppwp-2024"


def _rules(t: Template) -> set[str]:
    return {r.model_dump_json() for r in (*t.rules, *(r for p in t.pages for r in p.rules))}


def test_it_holds_what_the_wall_form_holds() -> None:
    copy, wall = registry.template(FORM), registry.template(WALL)
    said = [{n.name: n.label for p in t.pages for n in p.numbers} for t in (copy, wall)]
    assert said[0] == said[1] and _rules(copy) == _rules(wall)
    assert [len(p.numbers) for p in copy.pages] == [22, 6]
    assert all(len(n.boxes) == 3 and n.shared_borders for p in copy.pages for n in p.numbers)


@pytest.mark.parametrize("page", [1, 2])
def test_a_photo_is_recognised_and_read_and_waits_for_a_person(page: int) -> None:
    photo, truth = samples.make(FORM, page, 4, difficulty=0.2)
    read = interpret(photo, "salinan.jpg").outcome
    assert isinstance(read, NeedsReview) and (read.form, read.page) == (FORM, page)
    assert {n.name: n.value for n in read.numbers} == {name: value_of(b) for name, b in truth["numbers"].items()}
    assert {r.code for r in read.reasons} == {ReasonCode.UNPROVEN_FORM}


def test_a_broken_sum_is_told() -> None:
    photo, _ = samples.make(FORM, 2, 3, difficulty=0.2, break_sum=True)
    read = interpret(photo, "salinan.jpg").outcome
    assert isinstance(read, NeedsReview) and ReasonCode.SUM_MISMATCH in {r.code for r in read.reasons}


@pytest.mark.parametrize("page", [1, 2, 3])
def test_the_wall_form_is_not_taken_for_its_copy(page: int) -> None:
    photo, _ = samples.make(WALL, page, 3, difficulty=0.2)
    read = interpret(photo, "dinding.jpg").outcome
    assert isinstance(read, Accepted | NeedsReview) and (read.form, read.page) == (WALL, page)
