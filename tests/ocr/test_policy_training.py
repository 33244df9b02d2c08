"""The choice of thresholds: bounds against the textbook, and that measured errors move the threshold."""

from __future__ import annotations

import numpy as np
import pytest

from ocr.training.policy import GRID, Judged, choose_threshold, pool_loss, upper_bound
from tally.glyphs import GLYPHS


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


def test_threshold_rises_above_the_errors() -> None:
    good = [Judged(c, True, True) for c in np.linspace(0.5, 0.9999, 40_000)]
    bad = [Judged(0.96, False, True)] * 300
    clean, *_ = choose_threshold(good, limit=0.01, floor=0.9)
    moved, n, wrong, bound = choose_threshold(good + bad, limit=0.01, floor=0.9)
    assert clean == 0.9
    assert moved == 0.97
    assert (n, wrong) == (sum(g.confidence >= 0.97 for g in good), 0)
    assert bound <= 0.01


def test_threshold_is_the_strictest_where_data_cannot_show_the_limit() -> None:
    assert choose_threshold([Judged(0.99, True, True)] * 5, limit=0.01, floor=0.9)[0] == GRID[-1]


def test_pool_loss_counts_kinds_of_emptiness_as_one() -> None:
    scores = np.full(14, 1e-3)
    scores[GLYPHS.index("X")] = scores[GLYPHS.index("_")] = 0.494
    key = ("s", "p", "n", 0)
    loss = pool_loss({key: scores}, {key: np.zeros(14)}, {key: "-"}, {"cnn": 1.0, "tesseract": 0.3})
    assert loss < 0.02
