"""Good pages damaged in one way at a time, read from the JPEG to the decision.

What the camera and the paper's corners suffer must not change a number; what happens to a number must send the sheet to a person, for
the reason that applies. Whatever happens: a number that is not what was written is never accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import pytest

from ocr.pipeline import interpret
from samples.sheet import draw
from tally.glyphs import value_of
from tally.interpretation import Accepted, NeedsReview, Outcome, ReasonCode, Unreadable
from tests.ocr import damage, ink
from tests.ocr.damage import DESK, Shot, flat

SEED = 11
KWK, PPWP, SCAN = ("c-hasil-kwk-2020", 2), ("c-hasil-ppwp-2024", 2), ("c1-ppwp-2019", 2)
FORMS = [KWK, PPWP, SCAN]
HIT = "suara_paslon_2"
"""The number that is damaged; three boxes, the first of them crossed."""
SUMS = {KWK: ("suara_sah", "suara_paslon_1", HIT, "suara_paslon_3"), SCAN: ("suara_sah", "suara_paslon_1", HIT)}
DOUBT = {ReasonCode.LOW_CONFIDENCE, ReasonCode.READERS_DISAGREE}
"""How much a reader hesitates over the damaged number is its own affair: these two may be said of it besides, and of no other."""

WORDS = {ReasonCode.WORDS_DISAGREE: (HIT,)}
"""The words beside the boxes still say what was there before."""

Form = tuple[str, int]


@lru_cache(maxsize=8)
def truth(form: Form) -> dict[str, str]:
    return draw(*form, SEED).numbers


def page(form: Form) -> Shot:
    return flat(*form, SEED)


def read(shot: Shot, quality: int = 88) -> Outcome:
    """The outcome, after the law: what is accepted is what was written."""
    data = cv2.imencode(".jpg", shot.gray, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    outcome = interpret(data, "shot.jpg").outcome
    if isinstance(outcome, Accepted):
        assert values(outcome) == {name: value_of(boxes) for name, boxes in truth((shot.form, shot.page.number)).items()}
    return outcome


def values(outcome: Accepted | NeedsReview) -> dict[str, int | None]:
    return {n.name: n.value for n in outcome.numbers}


@dataclass(frozen=True, slots=True)
class Expected:
    """What is read in the boxes of HIT, and why a person must look: code -> the numbers it is said of."""

    boxes: str
    reasons: Mapping[ReasonCode, tuple[str, ...]]


def assert_review(shot: Shot, expected: Expected) -> None:
    """Exactly these reasons (and perhaps DOUBT about HIT); every other number as written."""
    outcome = read(shot)
    assert isinstance(outcome, NeedsReview)
    form = (shot.form, shot.page.number)
    told = {r.code: r.numbers for r in outcome.reasons}
    assert {code: names for code, names in told.items() if code not in DOUBT} == dict(expected.reasons)
    assert {name for code in DOUBT for name in told.get(code, ())} <= {HIT}
    said = {n.name: n.boxes for n in outcome.numbers}
    assert said.pop(HIT) == expected.boxes
    assert {name: value_of(boxes) for name, boxes in said.items()} == {n: value_of(b) for n, b in truth(form).items() if n != HIT}


# What the camera does, and what happens to the paper where no number stands


def folded(shot: Shot, at: float = 0.15) -> Shot:
    """A crease across the page: what lies along it is squeezed, one side is darker, the crease itself darkest."""
    h, w = shot.gray.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    off = y / h - at
    near = np.exp(-np.abs(off) / 0.05)
    from_y = (y + 0.006 * h * near).astype(np.float32)
    bent = cv2.remap(shot.gray, (x + 0.004 * w * near).astype(np.float32), from_y, cv2.INTER_LINEAR, borderValue=(DESK,))
    return shot.changed(bent * (1 - 0.25 * np.exp(-((off / 0.004) ** 2)) - 0.12 * np.sign(off) * near))


def forwarded(shot: Shot) -> Shot:
    """Sent on three times by a messenger that shrinks and compresses."""
    gray = shot.gray
    for quality, scale in ((45, 0.8), (35, 1.25), (40, 1.0)):
        gray = np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        gray = np.asarray(cv2.imdecode(cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE), np.uint8)
    return Shot(shot.form, shot.page, gray, shot.to_photo)


def torn(shot: Shot) -> Shot:
    """A corner of the paper is missing."""
    h, w = shot.gray.shape
    gray = shot.gray.copy()
    cv2.fillPoly(gray, [np.array([[w, h], [round(0.72 * w), h], [w, round(0.8 * h)]], np.int32)], DESK)
    return shot.changed(gray)


HARMLESS: dict[str, Callable[[Shot], Shot]] = {
    "turned by 90 degrees": lambda s: damage.turned(s, 90),
    "turned by 192 degrees": lambda s: damage.turned(s, 192),
    "tilted": damage.tilted,
    "folded": folded,
    "curled": damage.curled,
    "blurred": lambda s: s.changed(cv2.GaussianBlur(s.gray, (0, 0), 1.2)),
    "shaded": damage.shaded,
    "a corner torn off": torn,
    "a corner covered": lambda s: damage.covered(s, (0.0, 0.0), 0.2),
    "forwarded": forwarded,
    "a faint reflection": lambda s: ink.dazzled(s, HIT, 0, 2, 120, 1.5),
    "a spot of ink beside a digit": lambda s: ink.stained(s, HIT, 2, 0.04),
}


@pytest.mark.parametrize("kind", HARMLESS)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_what_spoils_no_number_changes_nothing(form: Form, kind: str) -> None:
    outcome = read(HARMLESS[kind](page(form)))
    assert outcome.reasons == ()
    assert isinstance(outcome, Accepted)
    assert (outcome.form, outcome.page) == form


# What happens to a number


def _sum_broken(form: Form) -> dict[ReasonCode, tuple[str, ...]]:
    """What contradicts a wrong value of HIT: the page's sum and its words, or on the 2024 form its bubbles."""
    if form in SUMS:
        return {ReasonCode.SUM_MISMATCH: SUMS[form], **WORDS}
    return {ReasonCode.MARKS_DISAGREE: (HIT,), ReasonCode.UNCHECKED_NUMBER: (HIT,)}


@pytest.mark.parametrize("digit", ["2", "3"])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_another_digit_over_correction_fluid_is_read_and_contradicted(form: Form, digit: str) -> None:
    changed = ink.written(ink.whited_out(page(form), HIT, 2), HIT, 2, ink.DIGITS[digit])
    assert_review(changed, Expected(truth(form)[HIT][:2] + digit, _sum_broken(form)))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_same_digit_over_correction_fluid_is_as_good_as_any(form: Form) -> None:
    last = truth(form)[HIT][2]
    outcome = read(ink.written(ink.whited_out(page(form), HIT, 2), HIT, 2, ink.DIGITS[last]))
    assert outcome.reasons == ()


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_digit_turned_into_a_cross_is_read_so_and_contradicted(form: Form) -> None:
    changed = ink.written(ink.whited_out(page(form), HIT, 1), HIT, 1, ink.CROSS)
    assert_review(changed, Expected("XX" + truth(form)[HIT][2], _sum_broken(form)))


@pytest.mark.parametrize("form", [KWK, SCAN], ids=str)
def test_a_cross_after_a_digit_has_no_value(form: Form) -> None:
    changed = ink.written(ink.whited_out(page(form), HIT, 2), HIT, 2, ink.CROSS)
    assert_review(changed, Expected(truth(form)[HIT][:2] + "X", {ReasonCode.MALFORMED_NUMBER: (HIT,), **WORDS}))


@pytest.mark.parametrize(
    ("strokes", "where"), [(ink.STRUCK, (0.95, 0.0)), (ink.SCRIBBLE, (0.0, -0.85))], ids=["struck, beside", "scribbled, above"]
)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_digit_struck_out_and_written_anew_outside_its_box(form: Form, strokes: list[ink.Line], where: tuple[float, float]) -> None:
    struck = ink.written(page(form), HIT, 2, strokes)
    anew = ink.written(struck, HIT, 2, ink.moved(ink.DIGITS["4"], *where, 0.8))
    reasons = {ReasonCode.CORRECTED: (HIT,)} | (_sum_broken(form) if form == PPWP else WORDS)
    assert_review(anew, Expected(truth(form)[HIT][:2] + "?", reasons))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_drop_of_ink_on_a_digit(form: Form) -> None:
    outcome = read(ink.stained(page(form), HIT, 2, 0.3))
    told = {r.code: r.numbers for r in outcome.reasons}
    assert told[ReasonCode.CORRECTED] == (HIT,)
    assert set(told) <= {ReasonCode.CORRECTED, *_sum_broken(form), *DOUBT}


GLARE = {
    (KWK, (0, 2, 2.2)): Expected(
        "___", {ReasonCode.BOX_NOT_FOUND: (HIT,), ReasonCode.BLANK_NUMBER: (HIT,), ReasonCode.SUM_MISMATCH: SUMS[KWK], **WORDS}
    ),
    (KWK, (1, 1, 0.7)): Expected("X_9", {ReasonCode.BOX_NOT_FOUND: (HIT,), ReasonCode.SUM_MISMATCH: SUMS[KWK], **WORDS}),
    (PPWP, (1, 1, 0.7)): Expected(
        "X_1", {ReasonCode.BOX_NOT_FOUND: (HIT,), ReasonCode.MARKS_DISAGREE: (HIT,), ReasonCode.UNCHECKED_NUMBER: (HIT,)}
    ),
    (SCAN, (0, 2, 2.2)): Expected("___", {ReasonCode.BLANK_NUMBER: (HIT,), ReasonCode.SUM_MISMATCH: SUMS[SCAN], **WORDS}),
    (SCAN, (1, 1, 0.7)): Expected("X_9", {ReasonCode.SUM_MISMATCH: SUMS[SCAN], **WORDS}),
    (SCAN, (2, 2, 0.7)): Expected("X59", {}),  # what the glare left of the 9 and the words still tell it; not surely
}


@pytest.mark.parametrize(("form", "boxes"), GLARE, ids=str)
def test_glare_that_drowns_digits(form: Form, boxes: tuple[int, int, float]) -> None:
    """Drowned digits look like empty boxes; a number with a drowned first digit even like a smaller one."""
    first, last, radius = boxes
    assert_review(ink.dazzled(page(form), HIT, first, last, radius=radius), GLARE[form, boxes])


# What happens to the bubbles under a number (2024, page 2)


def _filled(index: int) -> int:
    return int(truth(PPWP)[HIT][index])


def test_a_second_bubble_in_a_column_takes_its_word_away() -> None:
    assert_review(ink.bubble(page(PPWP), HIT, 1, 8, fill=0.9), Expected(truth(PPWP)[HIT], {ReasonCode.UNCHECKED_NUMBER: (HIT,)}))


def test_a_faintly_filled_bubble_says_nothing() -> None:
    faint = ink.bubble(page(PPWP), HIT, 1, _filled(1), fill=0.9, gray=150)
    assert_review(faint, Expected(truth(PPWP)[HIT], {ReasonCode.UNCHECKED_NUMBER: (HIT,)}))


def test_a_column_left_empty_under_a_digit_confirms_nothing() -> None:
    empty = ink.bubble(page(PPWP), HIT, 2, _filled(2), fill=0)
    assert_review(empty, Expected(truth(PPWP)[HIT], {ReasonCode.UNCHECKED_NUMBER: (HIT,)}))


def test_another_bubble_than_the_digit_contradicts_it() -> None:
    other = ink.bubble(ink.bubble(page(PPWP), HIT, 1, _filled(1), fill=0), HIT, 1, 7, fill=0.9)
    assert_review(other, Expected(truth(PPWP)[HIT], {ReasonCode.MARKS_DISAGREE: (HIT,), ReasonCode.UNCHECKED_NUMBER: (HIT,)}))


@pytest.mark.parametrize("fill", [0.0, 0.9], ids=["no bubble", "bubble 0"])
def test_both_habits_for_a_crossed_box_are_understood(fill: float) -> None:
    outcome = read(ink.bubble(page(PPWP), HIT, 0, 0, fill=fill))
    assert outcome.reasons == ()


def test_a_crease_through_bubbles_silences_them() -> None:
    outcome = read(folded(page(PPWP), 0.3))
    assert [(r.code, r.numbers) for r in outcome.reasons] == [(ReasonCode.UNCHECKED_NUMBER, ("suara_paslon_1",))]
    assert isinstance(outcome, NeedsReview)
    assert values(outcome) == {name: value_of(boxes) for name, boxes in truth(PPWP).items()}


# What leaves too little of a page


def test_a_page_too_blurred_is_refused() -> None:
    shot = page(KWK)
    outcome = read(shot.changed(cv2.GaussianBlur(shot.gray, (0, 0), 5)))
    assert isinstance(outcome, Unreadable)
    assert [r.code for r in outcome.reasons] == [ReasonCode.FORM_NOT_RECOGNISED]


@pytest.mark.parametrize("form", [PPWP, SCAN], ids=str)
def test_blur_at_the_edge_of_the_legible_is_no_reason_to_guess(form: Form) -> None:
    shot = page(form)
    outcome = read(shot.changed(cv2.GaussianBlur(shot.gray, (0, 0), 3.2)))
    assert not isinstance(outcome, Accepted)


def test_a_number_outside_the_photo_is_said_to_be_missing() -> None:
    shot = page(KWK)
    top = min(shot.true_corners("suara_sah", i)[:, 1].min() for i in range(3))
    outcome = read(Shot(shot.form, shot.page, shot.gray[: round(top) - 10], shot.to_photo))
    assert isinstance(outcome, NeedsReview)
    told = {r.code: r.numbers for r in outcome.reasons if r.code not in DOUBT}
    gone = ("suara_sah",)
    assert told == {ReasonCode.BOX_NOT_FOUND: gone, ReasonCode.BLANK_NUMBER: gone, ReasonCode.SUM_MISMATCH: SUMS[KWK]}
    assert {n.name: n.boxes for n in outcome.numbers} == truth(KWK) | {"suara_sah": "___"}
