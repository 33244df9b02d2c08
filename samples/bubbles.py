"""Bubbles under number boxes, filled as people fill them."""

from __future__ import annotations

import numpy as np

from samples.dial import Dial, Rng
from samples.hands import Hand
from samples.strokes import Ink, smooth
from templates_c1.schema import Number


def fill(ink: Ink, who: Hand, rng: Rng, dial: Dial, number: Number, boxes: str) -> str:
    """Fill the bubbles of ``boxes`` (what stands in the number's boxes); returns which were filled, a digit or "_" a box."""
    said = ""
    for column, glyph in zip(number.bubbles, boxes, strict=True):
        mark = glyph if glyph.isdigit() else "0" if who.bubble_empty else "_"
        said += mark
        if mark != "_":
            x, y = column.centres[int(mark)]
            off = column.radius * dial.of(0.05, 0.1, 0.2)
            _one(ink, who, rng, x + float(rng.normal(0, off)), y + float(rng.normal(0, off)), column.radius)
    return said


def _one(ink: Ink, who: Hand, rng: Rng, x: float, y: float, r: float) -> None:
    pen = max(who.writer.pen * 6.5 * r, 0.16 * r)
    if who.bubble == "full":
        ink.disc(x, y, r * float(rng.uniform(0.86, 1.12)))
    elif who.bubble == "small":
        ink.disc(x, y, r * float(rng.uniform(0.6, 0.8)))
    elif who.bubble == "scribble":
        n = int(rng.integers(9, 14))
        t = np.linspace(-0.85, 0.85, n)
        half = np.sqrt(1 - t**2)
        zigzag = np.stack([x + r * half * np.where(np.arange(n) % 2, 1, -1) * rng.uniform(0.8, 1.1, n), y + r * t], 1)
        ink.stroke(smooth(zigzag), max(pen, 0.24 * r), rng, 0.2)
    elif who.bubble == "faint":
        for dx in np.linspace(-0.6, 0.6, 4):
            ink.stroke(np.array([[x + r * (dx - 0.25), y + 0.7 * r], [x + r * (dx + 0.25), y - 0.7 * r]]), pen * 0.9, rng, 0.2)
    elif who.bubble == "tick":
        ink.stroke(np.array([[x - 0.8 * r, y], [x - 0.1 * r, y + 0.8 * r], [x + 1.3 * r, y - 1.2 * r]]), pen * 1.3, rng, 0.2)
    else:
        for s in (-1, 1):
            ink.stroke(np.array([[x - s * r, y - r], [x + s * r, y + r]]) + rng.normal(0, 0.1 * r, (2, 2)), pen * 1.3, rng, 0.2)
