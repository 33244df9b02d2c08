"""A drafted form gets its own reference features, is recognised by them and as nothing else, and test photos prove its reading."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from ocr.draft import references as refs
from ocr.draft.release import judge
from ocr.draft.trial import NumberVerdict, PhotoVerdict, read_with, score
from ocr.draft.work import decoded, draft, encoded
from ocr.types import Gray
from samples.blank import draw
from tally.interpretation import Accepted, Interpretation, NeedsReview, NumberReading, Reason, ReasonCode, Unreadable
from templates_c1 import registry
from templates_c1.published import Features, Published
from templates_c1.schema import Recognition, Template
from tests import papers


def candidate(template: Template, pictures: dict[int, Gray]) -> Published:
    data = refs.references(template, pictures)
    return Published(template, True, Features(f"test-{template.form}", lambda: data))


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Published, Gray]:
    """The unknown form, drafted from its blank PDF, named by a person, with features."""
    said: list[tuple[str, int, int]] = []
    done = draft([papers.blank_pdf(tmp_path_factory.mktemp("pdf") / "b.pdf")], "c-uji", "bupati", report=lambda *a: said.append(a))
    assert said[0] == ("open", 0, 1) and said[-1] == ("page", 1, 1)
    body = papers.named(done.body)
    return candidate(Template.model_validate(body), {1: done.picture(1)}), done.picture(1)


def test_a_new_form_is_recognised_by_its_print_and_as_nothing_else(drafted: tuple[Published, Gray]) -> None:
    assert judge(drafted[0], {1: drafted[1]}) == []


def test_photos_of_it_are_read_with_it_alone(drafted: tuple[Published, Gray]) -> None:
    data, values = papers.photo(1)
    reading = read_with(drafted[0], data, "foto.jpg")
    verdict, scored = score(reading, values)
    assert not isinstance(reading.outcome, Unreadable)
    assert {s.name for s in scored} == set(values)
    assert verdict in (PhotoVerdict.RIGHT, PhotoVerdict.DOUBTED)
    assert ReasonCode.UNPROVEN_FORM not in {r.code for r in reading.outcome.reasons}  # a trial shows the decision without it
    assert "c-uji" not in registry.all_templates()


def test_a_form_that_looks_like_a_known_one_is_refused() -> None:
    known = registry.template("c-hasil-kwk-2020")
    twin = known.model_copy(update={"form": "c-kembar"})
    gray = draw(known.pages[0], 1800 / known.pages[0].size.height)
    verdicts = judge(candidate(twin, {2: gray}), {2: gray})
    assert [(v.page, v.fatal) for v in verdicts if "c-hasil-kwk-2020" in v.en] == [(2, True)] or any(
        v.fatal and "recognised as c-hasil-kwk-2020" in v.en for v in verdicts
    )


def test_two_pages_of_one_print_cannot_be_told_apart(drafted: tuple[Published, Gray]) -> None:
    page = drafted[0].template.pages[0]
    numbers = tuple(n.model_copy(update={"name": f"{n.name}_lagi"}) for n in page.numbers)
    second = page.model_copy(update={"number": 2, "numbers": numbers, "rules": ()})
    form = drafted[0].template.model_copy(update={"pages": (page, second)})
    pictures = {1: drafted[1], 2: drafted[1]}
    verdicts = judge(candidate(form, pictures), pictures)
    assert {v.page for v in verdicts if v.fatal} == {1, 2}
    assert any("told apart" in v.en for v in verdicts)


def test_a_page_with_neither_tag_nor_picture_is_refused(drafted: tuple[Published, Gray]) -> None:
    assert [(v.page, v.fatal) for v in judge(drafted[0], {})] == [(1, True)]


def test_a_page_whose_print_says_nothing_is_refused(drafted: tuple[Published, Gray]) -> None:
    empty = np.full_like(drafted[1], 255)
    for number in drafted[0].template.pages[0].numbers:  # boxes alone: too little to know a page by
        for b in number.boxes:
            k = drafted[1].shape[1] / 210
            cv2.rectangle(empty, (round(b.x * k), round(b.y * k)), (round((b.x + b.w) * k), round((b.y + b.h) * k)), 0, 3)
    bare = drafted[0].template.model_copy(
        update={"pages": (drafted[0].template.pages[0].model_copy(update={"recognition": Recognition(), "print": ()}),)}
    )
    assert any(v.fatal for v in judge(candidate(bare, {1: empty}), {1: empty}))


def test_features_are_made_anew_only_when_the_places_change() -> None:
    body: dict[str, Any] = papers.paper().model_dump(mode="json", exclude_defaults=True)
    key = refs.key_of(body, {1: "a"})
    body["pages"][0]["numbers"][0]["label"]["id"] = "Lain"
    body["pages"][0]["rules"] = []
    assert refs.key_of(body, {1: "a"}) == key
    assert refs.key_of(body, {1: "b"}) != key
    body["pages"][0]["numbers"][0]["boxes"][0]["x"] += 1
    assert refs.key_of(body, {1: "a"}) != key


def test_pictures_come_back_from_their_files() -> None:
    gray = np.random.default_rng(1).integers(0, 255, (60, 40), np.uint8)
    assert (decoded(encoded(gray, False)[0]) == gray).all()
    assert encoded(gray, True)[1] == "image/jpeg"
    with pytest.raises(ValueError, match="no picture"):
        decoded(b"nothing")


def _reading(outcome: Accepted | NeedsReview | Unreadable) -> Interpretation:
    return Interpretation("f.jpg", "0" * 64, outcome)


def _numbers(**values: int | None) -> tuple[NumberReading, ...]:
    return tuple(NumberReading(n, "000", v, 0.9) for n, v in values.items())


@pytest.mark.parametrize(
    ("reasons", "read", "photo", "number"),
    [
        ((), 12, PhotoVerdict.RIGHT, NumberVerdict.RIGHT),
        ((), 13, PhotoVerdict.WRONG, NumberVerdict.WRONG),
        ((), None, PhotoVerdict.WRONG, NumberVerdict.WRONG),
        (("a",), 13, PhotoVerdict.DOUBTED, NumberVerdict.DOUBTED),
        (("a",), 12, PhotoVerdict.RIGHT, NumberVerdict.RIGHT),
        (("b",), 13, PhotoVerdict.WRONG, NumberVerdict.WRONG),  # the doubt is about another number
    ],
)
def test_a_misreading_counts_as_wrong_unless_it_was_doubted(
    reasons: tuple[str, ...], read: int | None, photo: PhotoVerdict, number: NumberVerdict
) -> None:
    numbers = _numbers(a=read, b=5)
    doubt = tuple(Reason(ReasonCode.LOW_CONFIDENCE, (n,), "") for n in reasons)
    outcome = NeedsReview("f", 1, numbers, (), doubt) if doubt else Accepted("f", 1, numbers, ())
    verdict, scored = score(_reading(outcome), {"a": 12, "b": 5})
    assert (verdict, scored[0].verdict) == (photo, number)


def test_a_doubt_about_the_whole_sheet_doubts_every_number() -> None:
    outcome = NeedsReview("f", 1, _numbers(a=1), (), (Reason(ReasonCode.POOR_PHOTO, (), ""),))
    assert score(_reading(outcome), {"a": 2})[0] is PhotoVerdict.DOUBTED
    assert score(_reading(Unreadable((Reason(ReasonCode.FORM_NOT_RECOGNISED, (), ""),))), {"a": 2}) == (PhotoVerdict.UNREADABLE, [])
