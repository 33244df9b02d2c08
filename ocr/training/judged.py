"""What decides about a held-out sheet, counted: how many pass a pair of thresholds, how many of those are wrong, and what that bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Judged:
    """What decides about one sheet, real or virtual.

    Attributes:
        checked, alone: least confidence among its numbers that both readers agree on, and among the others; 1.0 if there are none.
        eligible: it would pass with thresholds of 0: well-formed, clean, no rule broken, no box lost.
        wrong: a number is not what is written.
    """

    checked: float
    alone: float
    eligible: bool
    wrong: bool

    def passes(self, checked: float, alone: float) -> bool:
        return self.eligible and self.checked >= checked and self.alone >= alone


def tally(sheets: Iterable[Judged], checked: float, alone: float) -> tuple[int, int]:
    """Sheets accepted, and wrong ones among them."""
    passed = [s for s in sheets if s.passes(checked, alone)]
    return len(passed), sum(s.wrong for s in passed)


def upper_bound(wrong: int, n: int, alpha: float = 0.05) -> float:
    """One-sided upper confidence limit of a share (Clopper and Pearson, 1934), by bisection. 1.0 if ``n`` is 0."""
    if n == 0 or wrong >= n:
        return 1.0
    low, high = wrong / n, 1.0
    for _ in range(50):
        p = (low + high) / 2
        terms = (
            math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log1p(-p)
            for i in range(wrong + 1)
        )
        if sum(map(math.exp, terms)) > alpha:
            low = p
        else:
            high = p
    return high
