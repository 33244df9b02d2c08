"""A person who fills forms: a hand (shapes of digits of his own, slant, size, proportions), habits, and a pen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from samples.dial import Dial, Rng
from samples.pens import Pen
from samples.shapes import all_shapes
from samples.skeletons import DIGITS, Glyph
from samples.writer import Writer

Warp = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Hand:
    """Habits of one person.

    Attributes:
        writer: how the pen is led.
        pen: what is written with.
        empty: what goes into leading empty boxes: "X" | "0X" (X over 0) | "0" | "-" | "_" (nothing) | "XX" (one X over them all).
        cross: size of an X in boxes; above 1 it runs over the borders.
        bubble: "full" | "scribble" | "small" | "faint" | "tick" | "cross": how bubbles are filled.
        bubble_empty: fills bubble 0 under an X too.
        steady: probability that a habit is kept at any one number.
        rest: how unused tally cells are struck (samples.writer.turus).
    """

    writer: Writer
    pen: Pen
    empty: str
    cross: float
    bubble: str
    bubble_empty: bool
    steady: float
    rest: str

    @staticmethod
    def of(rng: Rng, dial: Dial, *, pen: Pen | None = None) -> Hand:
        """A random person; the dial widens the range from tidy to careless."""
        writer = _writer(rng, dial)
        held = pen or Pen.of(rng, dial)
        empties = {
            "X": 0.72,
            "0": dial.of(0.1, 0.14, 0.12),
            "0X": dial.of(0.0, 0.03, 0.08),
            "-": dial.of(0.03, 0.04, 0.07),
            "_": dial.of(0.0, 0.02, 0.05),
            "XX": dial.of(0.0, 0.015, 0.06),
        }
        bubbles = {
            "full": dial.of(1.0, 0.7, 0.35),
            "scribble": dial.of(0.0, 0.15, 0.25),
            "small": dial.of(0.0, 0.1, 0.12),
            "faint": dial.of(0.0, 0.05, 0.1),
            "tick": dial.of(0.0, 0.0, 0.08),
            "cross": dial.of(0.0, 0.0, 0.1),
        }
        return Hand(
            writer=replace(writer, pen=float(np.clip(writer.pen * held.width, 0.024, 0.12))),
            pen=held,
            empty=_pick(rng, empties),
            cross=float(np.clip(rng.normal(0.9, dial.of(0.05, 0.16, 0.22)), 0.4, dial.of(1.0, 1.15, 1.35))),
            bubble=_pick(rng, bubbles),
            bubble_empty=bool(rng.random() < 0.5),
            steady=dial.of(1.0, 0.97, 0.9),
            rest=str(rng.choice(["z", "x", "cells", "none"], p=[0.4, 0.25, 0.2, 0.15])),
        )


def _pick(rng: Rng, odds: dict[str, float]) -> str:
    p = np.array(list(odds.values()))
    return str(rng.choice(list(odds), p=p / p.sum()))


def _writer(rng: Rng, dial: Dial) -> Writer:
    tremor = dial.of(0.01, 0.018, 0.04) * float(rng.uniform(0.6, 1.3))
    return Writer(
        variant=dict.fromkeys(DIGITS, 0),
        slant=float(np.clip(rng.normal(0.07, dial.of(0.05, 0.13, 0.2)), -0.35, 0.5)),
        aspect=float(np.clip(rng.normal(0.62, dial.of(0.05, 0.1, 0.15)), 0.38, 1.0)),
        size=float(np.clip(rng.normal(0.64, dial.of(0.05, 0.1, 0.16)), dial.of(0.5, 0.4, 0.33), dial.of(0.8, 0.95, 1.15))),
        pen=float(np.clip(rng.normal(0.039, dial.of(0.005, 0.009, 0.015)), 0.024, 0.1)),
        tremor=tremor,
        pressure=float(rng.uniform(0.08, 0.3)),
        segments=bool(rng.random() < 0.55),
        cross="X",
        off=(float(rng.normal(0, dial.of(0.02, 0.045, 0.09))), float(rng.normal(0, dial.of(0.02, 0.045, 0.09)))),
        colour=(0, 0, 0),
        letter_width=float(rng.uniform(0.48, 0.82)),
        own={d: _own(rng, dial, d) for d in DIGITS},
        soft=bool(rng.random() < 0.4),
        small=bool(rng.random() < 0.25),
        boxed=bool(rng.random() < 0.1),
    )


def _own(rng: Rng, dial: Dial, digit: str) -> tuple[Glyph, ...]:
    """Two shapes of a digit as this person makes it, the usual one first."""
    known = all_shapes(digit)
    odds = np.array([p for p, _ in known])
    which = rng.choice(len(known), size=2, replace=False, p=odds / odds.sum())
    warp = _proportions(rng, dial)
    return tuple(_bent(known[int(i)][1], rng, dial.of(0.012, 0.026, 0.045), warp) for i in which)


def _proportions(rng: Rng, dial: Dial) -> Warp:
    """Where a hand puts the middle of a digit, and how much wider its foot is than its head."""
    middle = float(np.exp(rng.normal(0, dial.of(0.04, 0.11, 0.18))))
    foot = float(rng.normal(0, dial.of(0.05, 0.12, 0.2)))

    def warp(x: float, y: float) -> tuple[float, float]:
        down = min(max(y, 0.0), 1.4) ** middle if y > 0 else y
        return 0.5 + (x - 0.5) * (1 + foot * (down - 0.5)), down

    return warp


def _bent(glyph: Glyph, rng: Rng, jitter: float, warp: Warp) -> Glyph:
    strokes = []
    for kind, points in glyph:
        moved = []
        for x, y in points:
            dx, dy = rng.normal(0, jitter, 2)
            u, v = warp(x, y)
            moved.append((u + float(dx), v + float(dy)))
        strokes.append((kind, tuple(moved)))
    return tuple(strokes)
