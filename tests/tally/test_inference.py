"""Joint inference against brute force over every combination, and what it must never do."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tally import inference
from tally.inference import CHANCE, ONE_OFF, UNUSUAL, AtMost, Belief, Reserve, Sum, Tie, infer

NAMES = "abcde"


def brute_force(beliefs: dict[str, Belief], rules: list[Tie], broken: float) -> dict[str, dict[int | None, float]]:
    """The definition itself: every assignment, worth the product of its beliefs, times ``broken`` for each broken rule."""
    states = {}
    for name, belief in beliefs.items():
        total = sum(belief.values())
        listed = {v: p / total for v, p in belief.items() if v is not None}
        states[name] = listed | {None: max(1 - sum(listed.values()), 1e-9)}
    out: dict[str, dict[int | None, float]] = {n: dict.fromkeys(s, 0.0) for n, s in states.items()}
    for values in product(*states.values()):
        v = dict(zip(states, values, strict=True))
        worth = 1.0
        for name, value in v.items():
            worth *= states[name][value]
        for r in rules:
            if isinstance(r, Sum):
                parts = [v[p] for p in r.parts]
                known = [p for p in parts if p is not None]
                if v[r.total] is None or len(known) < len(parts):
                    worth *= max(CHANCE, broken)
                elif v[r.total] != sum(known):
                    worth *= broken
            elif isinstance(r, Reserve):
                number, base = v[r.number], v[r.base]
                if number is None or base is None:
                    worth *= CHANCE
                else:
                    worth *= {0: 1.0, 1: ONE_OFF}.get(abs(number - base - math.ceil(base * r.share)), UNUSUAL)
            else:
                bound = r.bound if isinstance(r.bound, int) else v[r.bound]
                number = v[r.number]
                if number is not None and bound is not None and number > bound:
                    worth *= broken
        for name, value in v.items():
            out[name][value] += worth
    return {n: {v: p / sum(s.values()) for v, p in s.items()} for n, s in out.items()}


@st.composite
def puzzles(draw: st.DrawFn) -> tuple[dict[str, Belief], list[Tie]]:
    names = NAMES[: draw(st.integers(1, 5))]
    weight = st.floats(0.02, 1)
    beliefs: dict[str, Belief] = {n: draw(st.dictionaries(st.none() | st.integers(0, 6), weight, min_size=1, max_size=3)) for n in names}
    rules: list[Tie] = []
    for _ in range(draw(st.integers(0, 4)) if len(names) > 1 else 0):
        chosen = draw(st.permutations(names))[: draw(st.integers(2, min(4, len(names))))]
        kind = draw(st.integers(0, 4))
        if kind < 2:
            rules.append(Sum(chosen[0], tuple(chosen[1:])))
        elif kind == 2:
            rules.append(Reserve(chosen[0], chosen[1], draw(st.sampled_from((0.25, 0.5)))))
        else:
            rules.append(AtMost(chosen[0], draw(st.just(chosen[1]) | st.integers(0, 6))))
    return beliefs, rules


@settings(max_examples=150, deadline=None)
@given(puzzles(), st.sampled_from((0.003, 0.02, 1.0)))
def test_agrees_with_brute_force(puzzle: tuple[dict[str, Belief], list[Tie]], broken: float) -> None:
    beliefs, rules = puzzle
    got, want = infer(beliefs, rules, broken), brute_force(beliefs, rules, broken)
    for name, posterior in want.items():
        assert got[name].keys() == posterior.keys()
        assert abs(sum(got[name].values()) - 1) < 1e-9
        for value, p in posterior.items():
            assert got[name][value] == pytest.approx(p, abs=1e-9)


@given(puzzles())
def test_rules_that_cost_nothing_change_nothing(puzzle: tuple[dict[str, Belief], list[Tie]]) -> None:
    # broken = 1 makes bounds void; sums still ask something of "something else"
    beliefs, rules = puzzle
    bounds = [r for r in rules if isinstance(r, AtMost)]
    for name, posterior in infer(beliefs, bounds, 1.0).items():
        total = sum(beliefs[name].values())
        for value, p in beliefs[name].items():
            if value is not None:
                assert posterior[value] == pytest.approx(p / total, abs=1e-6)


def test_a_sum_that_holds_lifts_doubt_and_ranks_the_alternative() -> None:
    beliefs: dict[str, Belief] = {"a": {27: 0.7, 21: 0.3}, "b": {152: 0.9, 162: 0.1}, "sah": {179: 0.95, 173: 0.05}}
    got = infer(beliefs, [Sum("sah", ("a", "b"))], 0.01)
    assert got["a"][27] > 0.97
    # 21 + 152 = 173 holds as well: less likely, but the first of the other candidates
    assert list(got["a"])[:2] == [27, 21]


def test_a_sum_that_does_not_hold_points_at_the_weakest_number() -> None:
    beliefs: dict[str, Belief] = {"a": {27: 0.6, 26: 0.4}, "b": {152: 0.999}, "sah": {178: 0.999}}
    got = infer(beliefs, [Sum("sah", ("a", "b"))], 0.01)
    assert got["a"][26] > 0.95
    assert got["a"][27] < 0.05
    assert got["b"][152] > 0.97


def test_a_sure_paper_error_stays_what_it_is() -> None:
    # 48 + 54 is 102, the paper says 103: three readings beyond doubt outweigh one rule
    beliefs: dict[str, Belief] = {"l": {48: 0.99999}, "p": {54: 0.99999}, "jml": {103: 0.99999, 102: 1e-6}}
    got = infer(beliefs, [Sum("jml", ("l", "p"))], 0.01)
    assert got["jml"][103] > 0.98


def test_one_misreading_in_two_places_keeps_the_sum_but_not_the_bound() -> None:
    # a writer whose 2 looks like 9: 906 + 11 = 917 holds as well as 206 + 11 = 217
    nine: dict[str, Belief] = {"a": {906: 0.9, 206: 0.1}, "b": {11: 0.999}, "sah": {917: 0.9, 217: 0.1}}
    rules: list[Tie] = [Sum("sah", ("a", "b"))]
    assert infer(nine, rules, 0.01)["sah"][917] > 0.9
    assert infer(nine, [*rules, AtMost("sah", 400)], 0.01)["sah"][917] < 0.6


def test_the_usual_reserve_lifts_doubt_and_an_unusual_one_overrules_nobody() -> None:
    reserve = Reserve("diterima", "dpt", 0.02)
    assert [reserve.usual(n) for n in (0, 50, 51, 188, 250, 274)] == [0, 51, 53, 192, 255, 280]
    beliefs: dict[str, Belief] = {"dpt": {274: 0.999, 224: 0.001}, "diterima": {280: 0.85, 230: 0.15}}
    assert infer(beliefs, [reserve], 0.01)["diterima"][280] > 0.99
    sure: dict[str, Belief] = {"dpt": {274: 0.9999}, "diterima": {300: 0.9999, 280: 1e-5}}
    assert infer(sure, [reserve], 0.01)["diterima"][300] > 0.99


def test_a_number_no_rule_knows_keeps_its_belief() -> None:
    got = infer({"a": {1: 0.6, 2: 0.4}, "b": {7: 1.0}}, [Sum("c", ("a", "b"))], 0.01)
    assert got["a"][1] == pytest.approx(0.6, abs=1e-6)


def test_many_doubtful_numbers_still_come_to_an_end() -> None:
    names = [f"{row}{col}" for row in "abcd" for col in "xyz"]
    beliefs: dict[str, Belief] = {n: {i + 3 * j: 1 / 8 for i, j in product(range(4), range(2))} for n in names}
    rules: list[Tie] = [Sum(f"{r}z", (f"{r}x", f"{r}y")) for r in "abcd"]
    rules += [Sum(f"d{c}", (f"a{c}", f"b{c}", f"c{c}")) for c in "xyz"]
    rules += [AtMost(f"a{c}", f"b{c}") for c in "xyz"]
    for posterior in infer(beliefs, rules, 0.01).values():
        assert abs(sum(posterior.values()) - 1) < 1e-9


@pytest.mark.parametrize("broken", [0.0, -1.0, 1.5])
def test_broken_must_be_a_probability(broken: float) -> None:
    with pytest.raises(ValueError, match="broken"):
        infer({"a": {1: 1.0}}, [], broken)


def test_a_belief_without_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="no candidate"):
        infer({"a": {1: 0.0}}, [], 0.01)


@settings(max_examples=60, deadline=None)
@given(puzzles())
def test_partial_sums_say_the_same(puzzle: tuple[dict[str, Belief], list[Tie]]) -> None:
    beliefs, rules = puzzle
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "_LONG", 0)
        told = infer(beliefs, rules, 0.01)
    truth = brute_force(beliefs, rules, 0.01)
    for name, values in truth.items():
        for value, p in values.items():
            assert told[name][value] == pytest.approx(p, abs=1e-9)


def test_a_sum_of_21_numbers_in_doubt_is_done_in_no_time() -> None:
    """A DPD page: 21 candidates and their total, every one with the network's long tail of unlikely values."""
    parts = tuple(f"suara_calon_{i}" for i in range(1, 22))
    beliefs: dict[str, Belief] = {n: {i: 0.985, i + 10: 2e-3, i + 1: 2e-4, i + 4: 2e-4, i + 70: 2e-4} for i, n in enumerate(parts)}
    beliefs["suara_calon_5"] = {4: 0.6, 9: 0.399}  # the sum says 9
    beliefs["jumlah"] = {sum(range(21)) + 5: 0.99, sum(range(21)) + 45: 5e-3}
    told = infer(beliefs, [Sum("jumlah", parts), AtMost("jumlah", 400)], 0.01)
    assert next(iter(told["suara_calon_5"])) == 9
    assert told["suara_calon_5"][9] > 0.98
    assert all(next(iter(told[n])) == i for i, n in enumerate(parts) if n != "suara_calon_5")
