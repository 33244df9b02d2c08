"""The machine checks people, hints at what may be written, and says in plain words what does not fit."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from db.tables import ReviewAction
from review.errors import ConfirmRequired
from review.hints import hints
from review.resolve import Confirm, Correct
from review.words import finding_text, labels_of, reason_text
from tally.glyphs import boxes_of
from tally.interpretation import NumberReading, ReasonCode
from templates_c1.registry import page, template
from templates_c1.rules import check, constraints, constraints_across
from tests.review.desk import Desk
from tests.world import FORM, validity, votes

PAGE = page(FORM, 3)
LABELS = labels_of(PAGE)


def reading(name: str, **candidates: float) -> NumberReading:
    """reading("suara_sah", v178=0.6, v173=0.3): the first is what is read."""
    values = [(int(k[1:]), p) for k, p in candidates.items()]
    return NumberReading(name, boxes_of(values[0][0], 3), values[0][0], values[0][1], {}, tuple((boxes_of(v, 3), p) for v, p in values))


def hinted(*numbers: NumberReading, others: dict[str, int | None] | None = None) -> list[dict[str, int]]:
    rules = [*constraints(PAGE), *constraints_across(template(FORM))]
    return [dict(h.changes) for h in hints(numbers, {n.name: 3 for n in numbers}, rules, others or {}, LABELS)]


def test_a_sure_reading_is_asked_about_once_and_then_believed(desk: Desk) -> None:
    receipt = desk.waiting(votes(27, 152, 3), page=2, doubt=(ReasonCode.POOR_PHOTO,), sure=True)
    view = desk.take(receipt)
    assert view.fields[1].sure
    with pytest.raises(ConfirmRequired) as e:
        desk.act(view, Correct(votes(27, 157, 3)))
    (asked,) = e.value.details["numbers"]
    assert (asked["name"], asked["typed"], asked["read"], asked["why"]) == ("suara_paslon_2", 157, 152, "reading")
    token = e.value.details["token"]
    with pytest.raises(ConfirmRequired):  # the token is for what was shown, not for anything else
        desk.act(view, Correct(votes(27, 158, 3), confirmed=token))
    desk.act(view, Correct(votes(27, 157, 3), confirmed=token))
    assert desk.counted() == [votes(27, 157, 3)]
    with desk.reading() as s:
        action = s.scalars(select(ReviewAction)).one()
    assert action.after["confirmed"] == [asked] and action.took_ms is not None


def test_a_doubtful_reading_is_not_asked_about(desk: Desk) -> None:
    receipt = desk.waiting()
    assert not any(f.sure for f in desk.take(receipt).fields)
    desk.enter(receipt, validity(178, 5), "reviewer")


def test_a_rule_that_held_before_is_asked_about(desk: Desk) -> None:
    receipt = desk.waiting(validity(178, 4), doubt=(ReasonCode.LOW_CONFIDENCE,))
    view = desk.take(receipt)
    with pytest.raises(ConfirmRequired) as e:
        desk.act(view, Correct(validity(179, 4, 182), paper_error=True))
    (asked,) = e.value.details["numbers"]
    assert (asked["name"], asked["why"], asked["rule_id"]) == ("suara_sah", "rule", "sah_tidak_sah")
    assert "182 tidak sama dengan 179 + 4" in asked["text"]
    done = desk.act(view, Correct(validity(179, 4, 182), paper_error=True, confirmed=e.value.details["token"]))
    assert done.commit is not None and done.commit.paper_error


def test_a_rule_that_was_broken_before_is_not_asked_about(desk: Desk) -> None:
    done = desk.act(desk.take(desk.waiting()), Confirm(paper_error=True, faults=("sum", "no_initials")))
    assert done.commit is not None and done.commit.paper_error


def test_a_fault_of_the_paper_marks_it_even_where_all_rules_hold(desk: Desk) -> None:
    done = desk.act(desk.take(desk.waiting()), Correct(validity(178, 5), paper_error=True, faults=("no_initials",)))
    assert done.commit is not None and done.commit.paper_error


def test_hints_are_ranked_by_likelihood() -> None:
    best = hinted(reading("suara_sah", v178=0.55, v173=0.4), reading("suara_tidak_sah", v4=0.9, v9=0.05), reading("suara_total", v177=0.99))
    assert best[0] == {"suara_sah": 173}
    assert best[1:] == [{"suara_total": 182}]  # -1 votes are none


def test_no_hint_where_the_rules_hold() -> None:
    assert hinted(reading("suara_sah", v178=0.6, v173=0.4), reading("suara_tidak_sah", v4=0.9), reading("suara_total", v182=0.99)) == []


def test_what_nobody_read_is_implied_by_the_sum() -> None:
    unread = NumberReading("suara_tidak_sah", "1X1", None, 0.0)
    assert hinted(reading("suara_sah", v178=0.9), unread, reading("suara_total", v182=0.9)) == [{"suara_tidak_sah": 4}]


def test_another_page_of_the_station_speaks_too() -> None:
    numbers = reading("suara_sah", v178=0.5, v173=0.45), reading("suara_tidak_sah", v4=0.9), reading("suara_total", v182=0.9, v177=0.09)
    assert hinted(*numbers) == []
    others: dict[str, int | None] = {"suara_paslon_1": 20, "suara_paslon_2": 150, "suara_paslon_3": 3}
    assert hinted(*numbers, others=others) == [{"suara_sah": 173, "suara_total": 177}, {"suara_sah": 173, "suara_tidak_sah": 9}]


def test_a_hint_is_never_what_does_not_fit_its_boxes() -> None:
    assert all(
        0 <= v < 1000
        for h in hinted(reading("suara_sah", v999=0.9), reading("suara_tidak_sah", v999=0.9), reading("suara_total", v5=0.9))
        for v in h.values()
    )


def test_rules_in_plain_words() -> None:
    values = validity(178, 4, 183)
    texts = [finding_text(f, values, LABELS) for f in check(PAGE, values)]
    assert texts[0] == (
        "Jumlah suara sah dan tidak sah: jumlah 183 tidak sama dengan 178 + 4 (= 182)",
        "Valid and invalid votes: total 183 does not equal 178 + 4 (= 182)",
    )
    unknown = values | {"suara_sah": None}
    assert "belum dapat dihitung tanpa Jumlah seluruh suara sah" in finding_text(check(PAGE, unknown)[0], unknown, LABELS)[0]


def test_reasons_name_their_rows(desk: Desk) -> None:
    view = desk.take(desk.waiting(doubt=(ReasonCode.LOW_CONFIDENCE,)))
    (why,) = view.reasons
    assert reason_text(why, view.findings, view.values, LABELS)[0].endswith(": Jumlah seluruh suara sah.")
    assert view.hints and all("bukan" in h.text for h in view.hints)
