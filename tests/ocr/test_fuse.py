"""Fusion against brute force, and the grammar of the paper."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from types import MappingProxyType

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ocr.decide import stands_alone
from ocr.fuse import fuse, number_from, pool
from ocr.policy import Policy, as_json, default, from_json
from ocr.types import BoxReading, Floats
from tally.glyphs import GLYPHS, is_well_formed
from tally.interpretation import NumberReading
from templates_c1.schema import AtMostRule, Label, Number, Page, Recognition, Rect, Size, SumRule

POLICY = Policy(
    "t",
    MappingProxyType({"cnn": 1.0, "tesseract": 0.5, "marks": 0.5}),
    0.02,
    1.0,
    0.95,
    0.8,
    0.01,
    0.9,
    0.95,
    0.97,
    0.98,
    0.9,
    0.5,
    0.1,
    0.4,
    0.4,
    0.999,
)


def scores(**p: float) -> Floats:
    """scores(n7=0.9): 7 with 0.9, the rest spread evenly. Keys: n<digit>, X, dash, blank, junk."""
    names = {"X": "X", "dash": "-", "blank": "_", "junk": "?"}
    out = np.full(len(GLYPHS), (1 - sum(p.values())) / (len(GLYPHS) - len(p)))
    for k, v in p.items():
        out[GLYPHS.index(names.get(k, k[1:]))] = v
    return out


vectors = st.lists(st.floats(0.001, 1), min_size=14, max_size=14).map(lambda v: np.array(v) / sum(v))


@given(st.lists(vectors, min_size=1, max_size=3))
def test_number_agrees_with_brute_force_over_its_glyphs(boxes: list[Floats]) -> None:
    got = number_from(boxes, malformed=0.02)
    assert abs(sum(p for _, p in got) - 1) < 1e-9
    tops = [set(np.argsort(b)[::-1][:5]) for b in boxes]
    brute = {}
    for combo in product(range(14), repeat=len(boxes)):
        if all(g in t for g, t in zip(combo, tops, strict=True)):
            text = "".join(GLYPHS[g] for g in combo)
            brute[text] = float(np.prod([b[g] for b, g in zip(boxes, combo, strict=True)])) * (1 if is_well_formed(text) else 0.02)
    total = sum(brute.values())
    assert {t for t, _ in got} == set(brute)
    for text, p in got:
        assert abs(p - brute[text] / total) < 1e-9


@given(vectors, vectors)
def test_pool_is_a_distribution_and_agreement_strengthens(a: Floats, b: Floats) -> None:
    both = pool({"cnn": a, "tesseract": b}, POLICY.weights)
    assert abs(both.sum() - 1) < 1e-9
    if a.argmax() == b.argmax():
        assert both[a.argmax()] >= both.max() - 1e-9


def test_silence_has_no_say() -> None:
    a = scores(n7=0.9)
    assert np.allclose(pool({"cnn": a, "tesseract": np.zeros(14)}, POLICY.weights), pool({"cnn": a}, POLICY.weights))
    assert pool({"cnn": np.zeros(14)}, POLICY.weights).sum() == 0


def _page(width: int) -> Page:
    boxes = tuple(Rect(x=10 + 12 * i, y=10, w=10, h=10) for i in range(width))
    return Page(
        number=1,
        title=Label(id="h", en="p"),
        size=Size(width=100, height=100, unit="mm", mm_per_unit=1),
        recognition=Recognition(),
        numbers=(Number(name="n", label=Label(id="n", en="n"), boxes=boxes),),
    )


def _summed() -> Page:
    """Three numbers of two boxes each: sah = a + b, none above 90."""
    page = _page(2)
    numbers = tuple(Number(name=n, label=Label(id=n, en=n), boxes=page.numbers[0].boxes) for n in ("a", "b", "sah"))
    rules = (
        SumRule(kind="sum", id="sah", total="sah", parts=("a", "b"), severity="error"),
        AtMostRule(kind="at_most", id="cap", number="sah", bound=90, severity="error"),
    )
    return page.model_copy(update={"numbers": numbers, "rules": rules})


def _written(a: tuple[Floats, Floats], b: tuple[Floats, Floats], sah: tuple[Floats, Floats]) -> dict[str, list[BoxReading]]:
    return {"cnn": [BoxReading("cnn", n, i, s) for n, boxes in (("a", a), ("b", b), ("sah", sah)) for i, s in enumerate(boxes)]}


def _read(*boxes: Floats, reader: str = "cnn") -> list[BoxReading]:
    return [BoxReading(reader, "n", i, b) for i, b in enumerate(boxes)]


def test_different_emptiness_is_one_value() -> None:
    # X or 0 in front: neither writing is sure, the value is
    (n,) = fuse(_page(3), {"cnn": _read(scores(X=0.5, n0=0.49), scores(n2=0.99), scores(n7=0.99))}, POLICY)
    assert (n.boxes, n.value) == ("X27", 27)
    assert n.confidence > 0.95
    assert dict(n.candidates)["027"] < 0.6


def test_grammar_prefers_the_well_formed_but_does_not_force_it() -> None:
    doubtful = fuse(_page(2), {"cnn": _read(scores(n1=0.99), scores(X=0.5, n4=0.45))}, POLICY)[0]
    assert (doubtful.boxes, doubtful.value) == ("14", 14)
    sure = fuse(_page(2), {"cnn": _read(scores(n1=0.999), scores(X=0.999))}, POLICY)[0]
    assert (sure.boxes, sure.value) == ("1X", None)


def test_a_box_nobody_read_makes_the_number_valueless() -> None:
    (n,) = fuse(_page(2), {"cnn": _read(scores(n1=0.99))}, POLICY)
    assert (n.boxes, n.value, n.confidence) == ("??", None, 0.0)


def test_each_reader_is_reported_on_its_own() -> None:
    (n,) = fuse(
        _page(2),
        {
            "cnn": _read(scores(n1=0.9), scores(n4=0.8)),
            "tesseract": _read(scores(n7=0.9), np.zeros(14), reader="tesseract"),
            "marks": _read(np.zeros(14), np.zeros(14), reader="marks"),
        },
        POLICY,
    )
    assert n.readers["cnn"].boxes == "14"
    assert abs(n.readers["cnn"].confidence - 0.72) < 1e-9
    assert (n.readers["tesseract"].boxes, n.readers["tesseract"].confidence) == ("7?", 0.0)
    assert "marks" not in n.readers


def test_sure_junk_has_no_value() -> None:
    (n,) = fuse(_page(2), {"cnn": _read(scores(n1=0.99), scores(junk=0.99))}, POLICY)
    assert (n.boxes, n.value) == ("1?", None)
    assert n.clean < 0.05


def test_perhaps_junk_keeps_a_suggestion_and_loses_confidence() -> None:
    (n,) = fuse(_page(2), {"cnn": _read(scores(n1=0.99), scores(junk=0.6, n4=0.39))}, POLICY)
    assert (n.boxes, n.value) == ("14", 14)
    assert n.confidence < 0.41
    assert abs(n.clean - 0.4) < 0.01


@given(st.lists(vectors, min_size=2, max_size=2))
def test_confidence_never_exceeds_cleanness(boxes: list[Floats]) -> None:
    (n,) = fuse(_page(2), {"cnn": _read(*boxes)}, POLICY)
    assert 0 <= n.confidence <= n.clean + 1e-9


def test_shipped_policy_loads_and_asks_more_of_weaker_evidence() -> None:
    p = default()
    assert 0.5 < p.confident_checked <= p.confident_alone < 1
    assert 0.5 < p.confident_marked < 1
    assert 0 < p.broken_rule < 0.1
    assert p.readers_floor >= 0.5
    assert p.boxes_floor >= 0.1


def test_number_words_settle_what_the_digits_leave_open() -> None:
    boxes = {"cnn": _read(scores(n1=0.98), scores(n7=0.55, n1=0.43))}
    policy = replace(POLICY, weights=MappingProxyType({**POLICY.weights, "words": 0.8}))
    alone = fuse(_page(2), boxes, policy)[0]
    agreed = fuse(_page(2), boxes, policy, {"n": {17: 0.9, 11: 0.02}})[0]
    other = fuse(_page(2), boxes, policy, {"n": {11: 0.95, 17: 0.01}})[0]
    assert (alone.value, agreed.value, other.value) == (17, 17, 11)
    assert agreed.reader_confidence > 0.95 > alone.reader_confidence
    assert other.readers["words"].boxes == "11"
    assert "words" not in alone.readers


def test_number_words_never_speak_for_what_the_boxes_rule_out() -> None:
    boxes = {"cnn": _read(scores(n5=0.99), scores(X=0.9995, n9=0.0001))}
    policy = replace(POLICY, weights=MappingProxyType({**POLICY.weights, "words": 0.8}))
    (n,) = fuse(_page(2), boxes, policy, {"n": {59: 0.999}})
    assert (n.boxes, n.value) == ("5X", None), "a cross after a digit stays one"


def test_number_words_may_suggest_but_not_carry_what_the_boxes_hardly_allow() -> None:
    policy = replace(POLICY, weights=MappingProxyType({**POLICY.weights, "words": 1.0}), boxes_floor=0.1)
    told = {"n": {17: 0.99}}
    (carried,) = fuse(_page(2), {"cnn": _read(scores(n1=0.99), scores(n1=0.7, n7=0.28))}, policy, told)
    assert carried.value == 17
    assert carried.reader_confidence > 0.9
    (suggested,) = fuse(_page(2), {"cnn": _read(scores(n1=0.99), scores(n1=0.95, n7=0.04))}, policy, told)
    assert suggested.value == 17, "for the reviewer"
    assert suggested.reader_confidence < 0.1


def test_number_words_in_doubt_or_too_long_change_nothing() -> None:
    boxes = {"cnn": _read(scores(n1=0.98), scores(n7=0.9))}
    policy = replace(POLICY, weights=MappingProxyType({**POLICY.weights, "words": 0.8}))
    alone = fuse(_page(2), boxes, policy)[0]
    (doubt,) = fuse(_page(2), boxes, policy, {"n": {}})
    assert doubt == alone
    (long,) = fuse(_page(2), boxes, policy, {"n": {170: 0.4}})
    assert "words" not in long.readers
    assert long.value == alone.value


@given(vectors, vectors, st.dictionaries(st.integers(0, 99), st.floats(0.01, 0.3), max_size=3))
def test_number_words_keep_probabilities_probabilities(a: Floats, b: Floats, words: dict[int, float]) -> None:
    policy = replace(POLICY, weights=MappingProxyType({**POLICY.weights, "words": 0.8}))
    (n,) = fuse(_page(2), {"cnn": _read(a, b)}, policy, {"n": words})
    assert 0 <= n.confidence <= 1 + 1e-9
    assert 0 <= n.reader_confidence <= n.clean + 1e-9


def test_policy_survives_being_written_down() -> None:
    again = from_json(as_json(POLICY).encode())
    assert replace(again, version=POLICY.version) == POLICY


def test_a_holding_sum_lifts_confidence_and_a_broken_one_lowers_it_but_neither_changes_the_reading() -> None:
    sure = (scores(X=0.999), scores(n3=0.999))
    doubtful = (scores(n2=0.999), scores(n7=0.8, n1=0.19))
    held = {n.name: n for n in fuse(_summed(), _written(doubtful, sure, (scores(n3=0.999), scores(n0=0.999))), POLICY)}
    assert (held["a"].value, held["sah"].value) == (27, 30)
    assert held["a"].reader_confidence < 0.85
    assert held["a"].confidence > 0.99
    broken = {n.name: n for n in fuse(_summed(), _written(doubtful, sure, (scores(n2=0.999), scores(n4=0.999))), POLICY)}
    assert broken["a"].value == 27, "21 + 3 = 24 would hold, but 27 is what was read"
    assert broken["a"].boxes == broken["a"].candidates[0][0] == "27"
    assert broken["a"].confidence < 0.1
    assert broken["a"].candidates[1][0] == "21"
    assert broken["a"].candidates[1][1] > 0.9


def test_a_bound_weighs_against_the_same_misreading_in_two_places() -> None:
    nine = (scores(n9=0.9, n2=0.09), scores(n1=0.999))
    total = (scores(n9=0.9, n2=0.09), scores(n4=0.999))
    numbers = {n.name: n for n in fuse(_summed(), _written(nine, (scores(X=0.999), scores(n3=0.999)), total), POLICY)}
    assert numbers["sah"].value == 94
    assert numbers["sah"].confidence < 0.9
    assert numbers["sah"].candidates[1][0] == "24"


def test_a_surely_empty_box_is_settled_by_the_network_alone() -> None:
    page = _page(3)
    sure, unsure = scores(X=0.9993), scores(X=0.998)

    def read(first: Floats, tesseract: dict[int, Floats]) -> NumberReading:
        network = [BoxReading("cnn", "n", i, s) for i, s in enumerate((first, scores(n2=0.99), scores(n7=0.99)))]
        other = [BoxReading("tesseract", "n", i, s) for i, s in tesseract.items()]
        return fuse(page, {"cnn": network, "tesseract": other}, POLICY)[0]

    digits = {1: scores(n2=0.9), 2: scores(n7=0.9)}
    left_out = read(sure, digits)
    assert (left_out.boxes, left_out.value, left_out.readers["tesseract"].boxes) == ("X27", 27, ".27")
    assert not stands_alone(left_out, POLICY)
    # whatever Tesseract says of that box, if it was asked after all: the same
    contrary = read(sure, {0: scores(n7=0.99), **digits})
    assert (contrary.boxes, contrary.confidence, contrary.readers) == (left_out.boxes, left_out.confidence, left_out.readers)
    # less sure: Tesseract must have spoken
    assert read(unsure, digits).readers["tesseract"].boxes == "?27"
    assert stands_alone(read(unsure, digits), POLICY)
    # silence about a digit is silence
    assert stands_alone(read(sure, {1: digits[1], 2: np.zeros(14)}), POLICY)
    assert stands_alone(read(sure, {}), POLICY)


def test_a_number_of_surely_empty_boxes_needs_no_word_of_tesseract() -> None:
    network = [BoxReading("cnn", "n", i, scores(X=0.9995)) for i in range(3)]
    (number,) = fuse(_page(3), {"cnn": network}, POLICY)
    assert (number.boxes, number.value, number.readers["tesseract"].boxes) == ("XXX", 0, "...")
    assert number.confidence > 0.998
    assert not stands_alone(number, POLICY)
