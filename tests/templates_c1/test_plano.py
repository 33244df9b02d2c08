"""C1.Plano-DPR of 2019: known by its print, twelve numbers tied by one sum of eleven."""

from __future__ import annotations

import samples
from ocr.pipeline import interpret
from tally.glyphs import value_of
from tally.interpretation import Accepted, NeedsReview, ReasonCode
from templates_c1.registry import page

FORM = "c1-plano-dpr-2019"


def test_numbers_and_sum() -> None:
    p = page(FORM, 2)
    names = ["suara_partai", *(f"suara_calon_{i}" for i in range(1, 11)), "suara_partai_dan_calon"]
    assert [n.name for n in p.numbers] == names
    assert [r.names for r in p.rules if r.kind == "sum"] == [(names[-1], *names[:-1])]
    assert all(len(n.boxes) == 3 and n.shared_borders for n in p.numbers)
    assert set(p.words) == set(names) and {g.number for g in p.turus} == set(names[:-1])


def test_a_photo_is_recognised_and_read() -> None:
    photo, truth = samples.make(FORM, 2, 3, difficulty=0.2)
    read = interpret(photo, "plano.jpg").outcome
    assert isinstance(read, Accepted) and (read.form, read.page) == (FORM, 2)
    assert {n.name: n.value for n in read.numbers} == {name: value_of(b) for name, b in truth["numbers"].items()}


def test_a_broken_sum_waits_for_a_person() -> None:
    photo, truth = samples.make(FORM, 2, 3, difficulty=0.2, break_sum=True)
    read = interpret(photo, "plano.jpg").outcome
    assert isinstance(read, NeedsReview) and ReasonCode.SUM_MISMATCH in {r.code for r in read.reasons}
    assert {n.name: n.value for n in read.numbers} == {name: value_of(b) for name, b in truth["numbers"].items()}
