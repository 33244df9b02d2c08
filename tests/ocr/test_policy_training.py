"""The choice of thresholds: bounds against the textbook, virtual sheets that keep their rules, errors that move a threshold."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import pytest

from ocr.policy import default
from ocr.training import policy_report, virtual
from ocr.training.heldout import Key
from ocr.training.policy import (
    GRID,
    Judged,
    choose_empty,
    choose_marked,
    choose_thresholds,
    judge,
    loose_boxes,
    pool_loss,
    tally,
    upper_bound,
)
from ocr.types import Floats
from tally.glyphs import GLYPHS, boxes_of, value_of
from tally.interpretation import NumberReading, ReaderSays
from templates_c1 import registry, rules


@pytest.mark.parametrize(
    ("wrong", "n", "bound"),
    # one-sided 95 %: 1 - 0.05 ** (1 / n) for none wrong; the others from tables of the beta distribution
    [(0, 100, 1 - 0.05 ** (1 / 100)), (0, 3000, 1 - 0.05 ** (1 / 3000)), (1, 20, 0.2161), (5, 50, 0.1988)],
)
def test_upper_bound(wrong: int, n: int, bound: float) -> None:
    assert upper_bound(wrong, n) == pytest.approx(bound, abs=2e-4)


def test_upper_bound_of_nothing_and_of_everything_wrong_is_one() -> None:
    assert upper_bound(0, 0) == 1.0
    assert upper_bound(5, 5) == 1.0


def sheets(count: int, checked: float, wrong: bool = False, alone: float = 1.0) -> list[Judged]:
    return [Judged(checked, alone, True, wrong)] * count


def test_thresholds_rise_above_the_errors_of_virtual_sheets() -> None:
    made = {"k": sheets(6000, 0.82) + sheets(6000, 0.9999)}
    assert choose_thresholds({}, made)[0] == GRID[0]
    assert choose_thresholds({}, {"k": sheets(100, 0.82) + sheets(12_000, 0.992)})[0] == 0.99, "stricter where it costs next to nothing"
    assert choose_thresholds({}, {"k": sheets(9000, 0.971) + sheets(200, 0.9999) + sheets(40, 0.962, wrong=True)})[0] == 0.97


def test_one_wrong_real_sheet_moves_the_thresholds_too() -> None:
    made = {"k": sheets(6000, 0.9999) + sheets(300, 0.986)}
    assert choose_thresholds({"r": sheets(1, 0.984, wrong=True)}, made)[0] == 0.985


def test_numbers_that_one_reader_reads_alone_have_a_threshold_of_their_own() -> None:
    made = {"k": sheets(9000, 0.82) + sheets(3000, 1.0, alone=0.996) + sheets(60, 1.0, True, alone=0.9905)}
    assert choose_thresholds({}, made) == (0.8, 0.995)


def test_one_kind_with_many_errors_is_not_hidden_by_the_others() -> None:
    made = {"good": sheets(50_000, 0.94), "bad": sheets(1000, 0.94) + sheets(5, 0.9, wrong=True)}
    assert choose_thresholds({}, made)[0] == 0.93


def test_thresholds_are_the_strictest_where_data_cannot_show_the_limit() -> None:
    assert choose_thresholds({}, {"k": sheets(5, 0.9999)}) == (GRID[-1], GRID[-1])


def test_marked_threshold() -> None:
    good = [(float(c), True) for c in np.linspace(0.5, 0.9999, 40_000)]
    t, n, wrong = choose_marked([*good, *[(0.962, False)] * 300])
    assert (t, wrong) == (0.97, 0)
    assert n == sum(c >= 0.97 for c, _ in good)


def test_judging_splits_numbers_by_whether_both_readers_agree() -> None:
    both = {"cnn": ReaderSays("10", 0.9), "tesseract": ReaderSays("10", 0.9)}
    numbers = [NumberReading("a", "10", 10, 0.97, both), NumberReading("b", "10", 10, 0.99, {"cnn": both["cnn"]})]
    judged = judge(numbers, default(), True, False)
    assert judged == Judged(0.97, 0.99, True, False)
    assert tally([judged], 0.97, 0.99) == (1, 0)
    assert tally([judged], 0.97, 0.995) == (0, 0)
    assert judge([], default(), True, False).passes(1.0, 1.0)


def word(glyph: str, p: float = 0.9) -> dict[str, Floats]:
    out = np.full(len(GLYPHS), (1 - p) / (len(GLYPHS) - 1))
    out[GLYPHS.index(glyph)] = p
    return {"cnn": out, "tesseract": out}


def bank() -> virtual.Bank:
    """Two writers; the second one's 2s look like 9s."""
    first = {g: [word(g)] for g in "0123456789X"}
    return virtual.Bank({"first": first, "second": {"2": [word("9")], "1": [word("1")]}}, {"7": [word("1", 0.5)]}, 0.1)


def test_virtual_sheets_keep_the_rules_and_one_hand_for_each_glyph() -> None:
    page = registry.template("c1-ppwp-2019").page(2)
    nines = 0
    for readings, words, truth in virtual.virtual_sheets(page, (), bank(), 300, seed=3):
        assert all(f.holds for f in rules.check(page, truth))
        assert words == {}
        seen: dict[str, set[str]] = {}
        written = "".join(boxes_of(truth[n.name] or 0, len(n.boxes)) for n in page.numbers)
        for glyph, box in zip(written, readings["cnn"], strict=True):
            seen.setdefault(glyph, set()).add(GLYPHS[int(box.scores.argmax())])
        assert seen.get("2", {"2"}) in ({"2"}, {"9"}), "a writer's 2s are all alike"
        nines += seen.get("2") == {"9"}
    assert nines > 30


def test_virtual_sheets_use_real_values_and_are_reproducible() -> None:
    page = registry.template("c1-ppwp-2019").page(2)
    values = [{"suara_paslon_1": "X27", "suara_paslon_2": "132", "suara_sah": "159", "suara_tidak_sah": "XX2", "suara_total": "161"}]
    made = [t for *_, t in virtual.virtual_sheets(page, values, bank(), 100, seed=1)]
    assert made == [t for *_, t in virtual.virtual_sheets(page, values, bank(), 100, seed=1)]
    real = {n: value_of(b) for n, b in values[0].items()}
    assert 20 < sum(t == real for t in made) < 80


def test_number_words_are_drawn_as_often_right_as_they_were() -> None:
    page = registry.template("c1-ppwp-2019").page(2)
    told = replace(bank(), words=[(0.9, 0.05), (0.1, 0.8), (0.0, 0.0)])
    right = wrong = silent = 0
    for _, words, truth in virtual.virtual_sheets(page, (), told, 200, seed=2):
        for name, value in truth.items():
            said = words.get(name, {})
            assert value is not None
            silent += not said
            right += said.get(value) == 0.9
            wrong += said.get(value) == 0.1
    assert min(right, wrong, silent) > 250
    assert right + wrong + silent == 1000


def test_new_values_fit_their_boxes_and_bounds() -> None:
    page = registry.template("c-hasil-kwk-2020").page(2)
    drawn = [v for v in (virtual.new_values(page, random.Random(i)) for i in range(200)) if v]
    assert len(drawn) > 150
    assert all(v["suara_sah"] == v["suara_paslon_1"] + v["suara_paslon_2"] + v["suara_paslon_3"] <= 800 for v in drawn)


def test_loose_boxes_take_neighbours_for_one_writer_and_leave_sheets_alone() -> None:
    keys = [("boxes", f"b{i:04d}.png", f"b{i:04d}.png", 0) for i in range(48)]
    sheet = ("set", "photo.jpg", "suara_sah", 0)
    truth = dict.fromkeys(keys, "3") | {sheet: "4"}
    scores = dict.fromkeys(truth, word("3")["cnn"])
    found = loose_boxes(scores, scores, truth)
    assert {w: len(g["3"]) for w, g in found.clean.items()} == {"boxes-0": 24, "boxes-1": 24}


def test_pool_loss_counts_kinds_of_emptiness_as_one() -> None:
    scores = np.full(14, 1e-3)
    scores[GLYPHS.index("X")] = scores[GLYPHS.index("_")] = 0.494
    key = ("s", "p", "n", 0)
    loss = pool_loss({key: scores}, {key: np.zeros(14)}, {key: "-"}, {"cnn": 1.0, "tesseract": 0.3})
    assert loss < 0.02


def test_calibration_error_is_zero_for_honest_and_large_for_boastful_confidence() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0, 1, 60_000)
    honest, _ = policy_report.bins_of(p.tolist(), (rng.uniform(0, 1, p.size) < p).tolist())
    boastful, bins = policy_report.bins_of([0.99] * 1000, [True, False] * 500)
    assert honest < 0.01
    assert boastful == pytest.approx(0.49)
    assert [(round(b.confidence, 2), b.right, b.count) for b in bins] == [(0.99, 0.5, 1000)]


def test_report_says_what_was_counted() -> None:
    real = {"set p2": [*sheets(3, 0.9999), Judged(0.5, 1.0, True, True)]}
    made = {"form p2": sheets(5000, 0.9999) + sheets(2, 0.9999, wrong=True)}
    reliability = {"readers and rules": (0.004, [policy_report.Bin(0.9, 0.92, 50), policy_report.Bin(0.99, 1.0, 50)])}
    report = policy_report.Report(default(), 13_000, (2, 626), (5000, 3), real, made, reliability)
    page = policy_report.markdown(report)
    assert "| real: set p2 | 4 | 3 | 75 % | 0 |" in page
    assert "| virtual: form p2 | 5002 | 5002 | 100 % | 2 | 0.126 % |" in page
    assert "2 of 626" in page
    assert "| readers and rules | 0.0040 | 100 |" in page
    for picture in (policy_report.curve_svg(report), policy_report.reliability_svg(report)):
        assert picture.startswith("<svg")
        assert "NaN" not in picture
        assert "nan" not in picture


def test_grid_is_increasing() -> None:
    assert all(a < b for a, b in pairwise(GRID))
    assert isinstance(default().weights, MappingProxyType)


def test_emptiness_is_settled_only_above_every_box_that_was_not_empty() -> None:
    def heldout(pairs: list[tuple[float, str]], source: str = "scans") -> tuple[dict[Key, Floats], dict[Key, str]]:
        keyed = {(source, "p", "n", i): pair for i, pair in enumerate(pairs)}
        return {k: word("X", p)["cnn"] for k, (p, _) in keyed.items()}, {k: g for k, (_, g) in keyed.items()}

    good = [(0.99999, "X"), (0.99999, "-"), (0.9993, "_")] * 1000
    assert choose_empty(*heldout(good)) == (0.999, 3000)
    assert choose_empty(*heldout([*good, (0.9992, "7")])) == (0.9995, 2000)
    assert choose_empty(*heldout([*good, (0.99999, "?")])) == (2.0, 0)
    assert choose_empty(*heldout(good[:900])) == (2.0, 0), "too few to show the limit"
    assert choose_empty(*heldout(good, "generated")) == (2.0, 0), "drawn boxes show nothing"
