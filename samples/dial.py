"""One dial for how hard a sample is: 0 easy, 0.5 moderate (like the photos people send), 1 hard (as bad as a person can still read)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Rng = np.random.Generator

NAMED = {"easy": 0.0, "moderate": 0.5, "hard": 1.0}


def difficulty(dial: str | float) -> float:
    """The number behind a name, or the number itself ("0.3" too).

    Raises:
        ValueError: no such name, or outside 0..1.
    """
    try:
        value = NAMED[dial] if dial in NAMED else float(dial)
    except ValueError:
        raise ValueError(f"difficulty '{dial}': {', '.join(NAMED)} or a number from 0 to 1") from None
    if not 0 <= value <= 1:
        raise ValueError(f"difficulty {value:g} is not between 0 and 1")
    return value


@dataclass(frozen=True, slots=True)
class Dial:
    """Reads (easy, moderate, hard) triples at one difficulty: straight lines between the three."""

    at: float

    def of(self, easy: float, moderate: float, hard: float) -> float:
        return float(np.interp(self.at, (0.0, 0.5, 1.0), (easy, moderate, hard)))

    def happens(self, rng: Rng, easy: float, moderate: float, hard: float) -> bool:
        """True with the probability of the triple; always takes one draw."""
        return bool(rng.random() < self.of(easy, moderate, hard))

    def strength(self, rng: Rng, easy: float, moderate: float, hard: float) -> float:
        """A draw between a quarter of the triple's value and all of it."""
        return float(rng.uniform(0.25, 1.0)) * self.of(easy, moderate, hard)
