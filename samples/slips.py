"""Slips of the pen and how people put them right: written over, struck out and written beside, whitened."""

from __future__ import annotations

import numpy as np

from samples import writer as hand
from samples.dial import Dial, Rng
from samples.hands import Hand
from samples.pens import Layers
from templates_c1.schema import Number, Rect

KINDS = ("overwritten", "struck", "fluid")


def slip(rng: Rng, dial: Dial) -> str | None:
    """Whether, and how, one number is put right by its writer."""
    odds = [dial.of(0, 0.014, 0.05), dial.of(0, 0.006, 0.025), dial.of(0, 0.008, 0.03)]
    i = int(np.searchsorted(np.cumsum(odds), rng.random()))
    return KINDS[i] if i < len(KINDS) else None


def wrong_digit(right: str, rng: Rng) -> str:
    return str(rng.choice([d for d in "0123456789" if d != right]))


def write_over(layers: Layers, who: Hand, rng: Rng, right: str, box: Rect, guide: bool) -> None:
    """A wrong digit, and the right one over it with more pressure."""
    ink = layers.ink(who.pen)
    hand.digit(ink, who.writer, rng, wrong_digit(right, rng), box, guide)
    hand.digit(ink, who.writer, rng, right, box, guide)
    if rng.random() < 0.6:
        hand.digit(ink, who.writer, rng, right, box, guide)


def whiten(layers: Layers, who: Hand, rng: Rng, right: str, box: Rect, guide: bool) -> None:
    """A wrong digit under a blot of correction fluid, and the right one on top."""
    hand.digit(layers.ink(who.pen), who.writer, rng, wrong_digit(right, rng), box, guide)
    white = layers.fluid()
    unit = min(box.w, box.h)
    for fx in (0.3, 0.5, 0.7):
        for fy in (0.22, 0.5, 0.78):
            x, y = box.x + box.w * (fx + rng.normal(0, 0.03)), box.y + box.h * (fy + rng.normal(0, 0.03))
            white.disc(float(x), float(y), float(unit * rng.uniform(0.2, 0.3)))
    hand.digit(layers.ink(who.pen), who.writer, rng, right, box, guide)


def strike_out(layers: Layers, who: Hand, rng: Rng, right: str, number: Number, at: int, room: Rect) -> None:
    """A wrong digit struck out, the right one small above (or below, at the page's edge) its box, and perhaps initials.

    ``room``: the page; nothing is written outside it.
    """
    box = number.boxes[at]
    ink, w = layers.ink(who.pen), who.writer
    hand.digit(ink, w, rng, wrong_digit(right, rng), box, number.guide)
    for _ in range(int(rng.integers(1, 4))):
        y0, y1 = box.y + box.h * rng.uniform(0.2, 0.8, 2)
        ink.stroke(np.array([[box.x + 0.08 * box.w, y0], [box.x + 0.92 * box.w, y1]]), w.pen * box.h, rng, w.pressure)
    h = 0.62 * box.h
    above = box.y - 1.02 * h
    y = above if above > room.y else box.y + box.h * 1.04
    hand.digit(ink, w, rng, right, Rect(x=box.x + 0.1 * box.w, y=y, w=0.8 * box.w, h=h))
    if rng.random() < 0.4:
        size = 0.6 * box.h
        x = min(number.boxes[-1].x + 1.15 * box.w, room.x + room.w - size)
        hand.signature(ink, w, rng, Rect(x=x, y=box.y + 0.2 * box.h, w=size, h=size), w.pen * box.h * 0.6)
