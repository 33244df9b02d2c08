"""The other pages of a station rank what a doubtful number may be; they never fill it in."""

from __future__ import annotations

from dataclasses import replace

from review.evidence import weigh
from review.sheet import sheet_view
from tally.interpretation import NeedsReview, NumberReading, ReasonCode
from templates_c1 import registry
from tests.world import FORM, World, validity, votes, word


def doubtful(name: str, *candidates: tuple[str, float]) -> NumberReading:
    boxes, p = candidates[0]
    return NumberReading(name, boxes, int(boxes.lstrip("X")), p, {}, candidates)


PAIRS = (
    doubtful("suara_paslon_1", ("X27", 0.999)),
    doubtful("suara_paslon_2", ("132", 0.6), ("182", 0.39)),
    doubtful("suara_paslon_3", ("X10", 0.999)),
)


def test_the_total_on_page_3_ranks_a_vote_of_page_2() -> None:
    told = {n.name: n for n in weigh(registry.template(FORM), PAIRS, validity(219, 4))}
    second = told["suara_paslon_2"]
    assert (second.boxes, second.value) == ("132", 132), "what was read stays"
    assert second.confidence < 0.05
    assert second.candidates[0][0] == "132"
    assert second.candidates[1][0] == "182"
    assert second.candidates[1][1] > 0.9
    agreed = {n.name: n for n in weigh(registry.template(FORM), PAIRS, validity(169, 4))}
    assert agreed["suara_paslon_2"].confidence > 0.97


def test_nothing_committed_changes_nothing() -> None:
    assert weigh(registry.template(FORM), PAIRS, {}) == PAIRS
    assert weigh(registry.template(FORM), PAIRS, {"suara_sah": None}) == PAIRS


def test_the_reviewer_sees_it_while_the_sheet_waits(world: World) -> None:
    settled = world.upload()
    world.read(settled, validity(219, 4), page=3)
    waits = world.upload()
    seen = word(waits, votes(27, 132, 10), doubt=(ReasonCode.LOW_CONFIDENCE,))
    assert isinstance(seen.outcome, NeedsReview)
    world.record(waits, replace(seen, outcome=replace(seen.outcome, numbers=PAIRS)))
    with world.db.reading() as session:
        fields = {f.name: f for f in sheet_view(session, waits.photo_id).fields}
    assert fields["suara_paslon_2"].value == 132
    assert [boxes for boxes, _ in fields["suara_paslon_2"].candidates] == ["132", "182"]
    assert fields["suara_paslon_2"].candidates[1][1] > 0.9
