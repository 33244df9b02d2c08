"""Outliers by median and MAD, which a few wild values do not move: the modified z-score of Iglewicz and Hoaglin ("How to Detect and
Handle Outliers", ASQC 1993; NIST/SEMATECH e-Handbook 1.3.5.17). Two changes for stations: a station's own sampling noise is a lower bound
of the scale (small stations scatter more), and the neighbours are taken without the station itself."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

NORMAL = 1.4826
"""MAD -> standard deviation of a normal distribution."""
ENOUGH = 10
"""Neighbours that are needed: the MAD of fewer is no scale."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """``middle``: their median; ``spread``: their MAD times NORMAL; ``n``: how many."""

    middle: float
    spread: float
    n: int

    def z(self, value: float, noise: float) -> float:
        """How far ``value`` is from the middle, in scales; ``noise``: its own sampling standard deviation. Signed."""
        return (value - self.middle) / max(self.spread, noise, 1e-9)


def median(ordered: Sequence[float]) -> float:
    """Of a sorted, not empty sequence."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def without(ordered: Sequence[float], value: float) -> list[float]:
    """A sorted sequence without one occurrence of ``value``, which must be in it."""
    at = bisect_left(ordered, value)
    return [*ordered[:at], *ordered[at + 1 :]]


def neighbours(ordered: Sequence[float]) -> Neighbours | None:
    """Median and MAD of a sorted sequence; None if there are fewer than ENOUGH."""
    if len(ordered) < ENOUGH:
        return None
    middle = median(ordered)
    return Neighbours(middle, NORMAL * median(sorted(abs(v - middle) for v in ordered)), len(ordered))


def share_noise(share: float, of: int) -> float:
    """Sampling standard deviation of a share of ``of`` people, with the share kept off 0 and 1 (Agresti and Coull's two of four)."""
    p = (share * of + 2) / (of + 4)
    return sqrt(p * (1 - p) / (of + 4))
