"""Digits as hands write them, drawn by program with every measure at random: the length and slope of a 1's flag, how far a loop closes.

``ocr.training.shapes`` holds fixed figures that are jittered; here the figure itself varies, most of all where two digits come near each
other: a flagged 1 and a 7, a 2 like a Z or with a loop and a 7 or 9, a flat-topped 3 and a 5, an open 9 and a 4, a 6 with a short stem
and a 0, a slashed 0, an 8 with a tiny head. A figure that people themselves would doubt is not drawn: the limits stand where each digit
is drawn.

A digit is a list of strokes, each a list of (x, y) in heights of the digit: y from 0 (top) to 1 (bottom), x from about 0 to the right.
A point written twice makes a corner. Other figures than those of ``samples``, so that a drawn sample still tests a network trained on
these.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np

from ocr.training import ink
from ocr.training.ink import Image, Points
from ocr.training.shapes import smooth

_u = random.uniform


def _chance(p: float) -> bool:
    return random.random() < p


def _corner(point: tuple[float, float], sharp: float = 0.75) -> Points:
    """``point`` as a corner, or now and then rounded off."""
    return [point, point] if _chance(sharp) else [point]


def _arc(x: float, y: float, rx: float, ry: float, start: float, end: float, n: int = 7) -> Points:
    """Points of an ellipse about (x, y), angles in turns, 0 at the right and 0.25 at the bottom."""
    return [(x + rx * math.cos(2 * math.pi * t), y + ry * math.sin(2 * math.pi * t)) for t in np.linspace(start, end, n)]


def zero() -> list[Points]:
    """A ring: closed, not quite closed, with its ends crossing or running over the top; sometimes with a slash."""
    rx, start = _u(0.17, 0.42), -0.25 + random.gauss(0.02, 0.07)
    way = 1 if _chance(0.15) else -1
    ring = _arc(0.4, 0.5, rx, 0.5, start, start + way * _u(0.93, 1.06), 11)
    if _chance(0.25):  # begun above, or left with a flourish to the right
        end = (0.4 + _u(-0.1, 0.35), _u(-0.15, 0.06))
        ring = [end, *ring] if _chance(0.5) else [*ring, end]
    strokes = [ring]
    if _chance(0.22):
        over, lean = _u(0.5, 1.35), _u(0.6, 1.1)
        strokes.append(
            [(0.4 - rx * over * lean, 0.5 + 0.5 * over * _u(0.6, 0.9)), (0.4 + rx * over * lean, 0.5 - 0.5 * over * _u(0.6, 0.9))]
        )
    return strokes


def one() -> list[Points]:
    """A stem, mostly with a flag: short, or long and steep (a 7's bar is level); a foot only sometimes."""
    foot = (0.3 + random.gauss(0, 0.06), 1.0)
    kind = random.random()
    if kind < 0.12:
        return [[(0.3, 0), foot]]
    reach = _u(0.08, 0.42)
    fall = reach * math.tan(math.radians(_u(32, 68)))  # a long flag falls well below the top
    flag = (0.3 - reach, min(0.5, fall))
    if kind < 0.55:
        stem: list[Points] = [[flag, *_corner((0.3, 0), 0.85), foot]]
    elif kind < 0.85:  # the flag bends over into the stem like a cane
        low = (0.3 - reach, min(0.4, max(0.13, fall * 0.8)))
        top = [(0.3 - reach * _u(0.4, 0.7), _u(0.02, 0.1)), (0.3 - reach * _u(0.0, 0.15), _u(-0.02, 0.03))]
        stem = [[low, *top, (0.31, _u(0.12, 0.3)), foot]]
    else:
        stem = [
            [flag, *_corner((0.3, 0)), foot],
            [(0.3 - _u(0.1, 0.3), 1 + random.gauss(0, 0.03)), (0.3 + _u(0.1, 0.35), 1 + random.gauss(0, 0.03))],
        ]
    return stem


def two() -> list[Points]:
    """Round, like a Z, or with a loop at its foot; its top a hook, a curl or a ring; its base long, short, wavy or underlined."""
    w = _u(0.4, 0.75)
    kind = random.random()
    if kind < 0.25:  # like a Z
        top: Points = [
            (_u(-0.05, 0.12), _u(0, 0.14)),
            *([(w * 0.4, _u(-0.04, 0.1))] if _chance(0.4) else []),
            *_corner((w, _u(-0.02, 0.06)), 0.7),
        ]
    elif kind < 0.8:
        top = [
            (_u(-0.02, 0.15), _u(0.16, 0.42)),
            (_u(0.02, 0.2), _u(0.05, 0.16)),
            (w * 0.55, 0),
            (w * _u(0.9, 1.05), _u(0.1, 0.24)),
            (w * _u(0.75, 0.95), _u(0.35, 0.5)),
        ]
    else:  # the top begins within itself, nearly a ring
        x, y, r = w * 0.5, _u(0.16, 0.24), _u(0.1, 0.24)
        top = [*_arc(x, y, r, y, _u(0.2, 0.45), _u(1.0, 1.1), 7), (w * 0.75, 0.5)]
    base = _u(0.02, 0.16), 1 - _u(0, 0.06)
    end = (_u(0.45, 1.15) * max(w, 0.5), 1 + random.gauss(0, 0.06))
    kind = random.random()
    if kind < 0.5:
        foot: Points = [*_corner(base, 0.9), *([(end[0] * 0.5, 1 + random.gauss(0, 0.07))] if _chance(0.4) else []), end]
    elif kind < 0.9:  # a loop: down to the left, round and over itself to the right
        r, rise = _u(0.05, 0.17), _u(0.08, 0.28)
        foot = [
            (base[0] + r, 0.98),
            (base[0] - r * 0.3, 0.97),
            (base[0], 1 - rise),
            (base[0] + 2 * r, 1 - rise * _u(0.7, 1.1)),
            ((end[0] + r) * 0.6, 1 - _u(0, 0.12)),
            end,
        ]
    else:  # the base is a stroke of its own
        y = 1 + _u(-0.02, 0.1)
        return [[*top, base], [(base[0] - _u(-0.05, 0.15), y), (end[0], y + random.gauss(0, 0.04))]]
    return [[*top, *foot]]


def three() -> list[Points]:
    """Two bows, a flat top with a slanting neck, or narrow like a brace; the lower bow may end early."""
    w, waist = _u(0.28, 0.62), _u(0.34, 0.52)
    neck = (w * _u(0.25, 0.7), waist)
    if _chance(0.5):  # flat top: the neck begins at the bar's right end
        top: Points = [
            (_u(-0.1, 0.1), _u(0, 0.1)),
            *([(w * 0.4, _u(-0.04, 0.08))] if _chance(0.35) else []),
            *_corner((w * _u(0.8, 1.15), _u(-0.03, 0.05)), 0.8),
        ]
        if _chance(0.25):
            top = [(top[0][0] - 0.01, top[0][1] + _u(0.06, 0.16)), *top]
    else:
        top = [(_u(-0.05, 0.15), _u(0.08, 0.25)), (w * 0.45, 0), (w * _u(0.8, 1), _u(0.1, 0.2))]
    turn = _corner(neck, 0.6) if _chance(0.75) else [(neck[0] + 0.03, neck[1] - 0.03), (neck[0] - 0.1, neck[1]), (neck[0], neck[1] + 0.04)]
    r = w * _u(0.85, 1.3)
    low: Points = [(r, _u(0.6, 0.78)), (r * _u(0.5, 0.85), _u(0.94, 1.0))]
    end = random.random()
    if end < 0.8:
        low += [(_u(-0.15, 0.3) * w / 0.5, _u(0.86, 1.03))]
    return [[*top, *turn, *low]]


def four() -> list[Points]:
    """Open or closed, its head cornered; the bar crosses the stem or meets it."""
    w = _u(0.4, 0.75)
    level = _u(0.5, 0.75)
    kind = random.random()
    if kind < 0.4:  # open: an L, then the stem
        left: Points = [
            (_u(0.05, 0.4) * w, 0),
            *_corner((_u(-0.05, 0.08), level), 0.85),
            (w * _u(1.0, 1.35), level + random.gauss(0, 0.05)),
        ]
        x = w * _u(0.6, 0.95)
        return [left, [(x + _u(-0.04, 0.12), _u(-0.05, 0.35)), (x + _u(-0.1, 0.04), 1)]]
    if kind < 0.75:  # closed: from the top down to the left, across, and down from the top again
        x = w * _u(0.7, 0.95)
        bar: Points = [(x, 0), *_corner((0, level), 0.9), (w * _u(0.95, 1.4), level + random.gauss(0, 0.05))]
        return [bar, [(x + _u(-0.02, 0.05), _u(-0.03, 0.1)), (x + random.gauss(-0.03, 0.06), 1)]]
    if kind < 0.9:  # in one stroke like a flash
        return [
            [
                (_u(0, 0.3) * w, 0),
                *_corner((0, level * 0.85), 0.8),
                (w * 0.5, level * _u(0.8, 0.95)),
                *_corner((w, _u(0.0, 0.3)), 0.9),
                (w * _u(0.75, 1), 1),
            ]
        ]
    bowl: Points = [
        (0.02, 0),
        (0.03, level * 0.6),
        (w * 0.35, level * 0.85),
        (w * 0.8, level * 0.7),
        *_corner((w, 0), 0.9),
        (w * _u(0.9, 1.0), 1),
    ]
    return [bowl]


def five() -> list[Points]:
    """The bar of one piece with the rest, its own stroke, or apart; the neck short or long; the bow open below."""
    w, neck = _u(0.35, 0.65), _u(0.28, 0.5)
    x = _u(0.02, 0.15)
    r = w * _u(0.8, 1.15)
    bow: Points = [(x + r * 0.5, neck - _u(-0.04, 0.08)), (x + r, _u(0.58, 0.72)), (x + r * _u(0.55, 0.8), _u(0.93, 1.0))]
    if _chance(0.92):
        bow += [(_u(-0.2, 0.15), _u(0.85, 1.03))]
    knee = _corner((x - _u(0, 0.06), neck), 0.7)
    kind = random.random()
    tilt = random.gauss(-0.02, 0.05)
    if kind < 0.4:
        return [[(x + w * _u(0.7, 1.25), tilt), *_corner((x, 0), 0.7), *knee, *bow]]
    if kind < 0.6:  # like an S
        return [[(x + w * _u(0.7, 1.0), _u(0, 0.12)), (x + w * 0.4, 0), (x + 0.01, neck * 0.6), (x + w * 0.35, neck + 0.06), *bow[1:]]]
    apart = _u(-0.06, 0.16)
    start = x + _u(-0.12, 0.16)
    bar: Points = [(start, tilt), (start + w * _u(0.5, 1.3), tilt + random.gauss(-0.02, 0.05))]
    return [[(x + _u(0, 0.05), max(0.0, apart)), *knee, *bow], bar]


def six() -> list[Points]:
    """A stem and a ring; the stem may be short, but stands out; the ring may not quite close."""
    head = _u(0.28, 0.6)
    rx = _u(0.17, 0.36)
    middle = (1 + head) / 2
    start = (0.2 + rx * _u(0.4, 2.1), _u(0, 0.05))
    ry = (1 - head) / 2
    ring = _arc(0.05 + rx, middle, rx, ry, 0.5, -0.5 - _u(-0.16, 0.12), 9)
    bend: Points = [(0.05 + rx * _u(0.35, 0.8), head * 0.55)] if _chance(0.7) else []
    return [[start, *bend, *ring]]


def seven() -> list[Points]:
    """A level bar and a stem; with a stroke through it more often than not, and then the bar may be small or fall like a flag."""
    barred = _chance(0.55)
    w = _u(0.25, 0.75) if barred else _u(0.42, 0.8)
    y = _u(-0.05, 0.12) if not barred else _u(-0.05, 0.3) * (0.5 + w)
    right = (w, 0.0)
    left: Points = [(0, min(y, 0.3 * w) if not barred else y)]
    if _chance(0.3):  # a tick at the bar's left end
        left = [(_u(-0.05, 0.05), left[0][1] + _u(0.06, 0.22)), *_corner(left[0], 0.7)]
    if _chance(0.25):
        left += [(w * 0.5, left[-1][1] * 0.5 + random.gauss(0.02, 0.04))]
    foot = (w * _u(0.05, 0.85), 1.0)
    bend: Points = [((w + foot[0]) / 2 + random.gauss(0, 0.04), 0.5)] if _chance(0.45) else []
    strokes: list[Points] = [[*left, *_corner(right, 0.85), *bend, foot]]
    if barred:
        t = _u(0.36, 0.66)
        x, half, lean = w + (foot[0] - w) * t, _u(0.12, 0.33), random.gauss(-0.02, 0.06)
        strokes.append([(x - half, t - lean), (x + half, t + lean)])
    return strokes


def eight() -> list[Points]:
    """Two rings in one stroke or two; the upper one may be tiny or open."""
    w, waist = _u(0.16, 0.34), _u(0.25, 0.52)
    upper = max(0.08, w * (_u(0.45, 1.0) if waist > 0.33 else _u(0.35, 0.75)))
    if _chance(0.3):
        gap = _u(-0.04, 0.04)
        start = _u(0, 1)
        return [
            _arc(0.4, waist / 2, upper, waist / 2, start, start + 1, 9),
            _arc(0.4 + random.gauss(0, 0.03), (1 + waist) / 2 + gap, w, (1 - waist) / 2, -0.25, -0.25 + _u(0.95, 1.05), 9),
        ]
    begin: Points = [(0.4 + upper * _u(0.5, 1.3), _u(-0.04, 0.14)), (0.4 + upper * 0.2, 0)]
    down: Points = [(0.4 - upper, waist * 0.5), (0.4 + random.gauss(0, 0.02), waist)]
    ring: Points = [
        (0.4 + w, (1 + waist) / 2),
        (0.4 + random.gauss(0, 0.03), 1),
        (0.4 - w, (1 + waist) / 2),
        (0.4 + random.gauss(0, 0.02), waist),
    ]
    close: Points = [(0.4 + upper * _u(0.7, 1.1), waist * _u(0.35, 0.6)), (0.4 + upper * _u(0.4, 1.2), _u(-0.1, 0.12))]
    if _chance(0.2):  # the other way round, from the middle
        return [
            [
                (0.4, waist),
                (0.4 - upper, waist * 0.5),
                (0.4, 0),
                (0.4 + upper, waist * 0.5),
                (0.4, waist),
                ring[2],
                ring[1],
                ring[0],
                (0.4 + 0.02, waist),
            ]
        ]
    return [[*begin, *down, *ring, *close]]


def nine() -> list[Points]:
    """A ring and a tail: straight, bent or hooked; the ring round, now and then open above."""
    w, low = _u(0.17, 0.36), _u(0.32, 0.6)
    x = 0.1 + w
    start = -0.14 + random.gauss(0, 0.03)
    ring = _arc(x, low / 2, w, low / 2, start, start - _u(0.78, 0.98), 9)
    top = (x + w * _u(0.9, 1.12), _u(-0.03, 0.14))
    tail: Points = [*_corner(top, 0.8)] if _chance(0.8) else []
    kind = random.random()
    if kind < 0.45:
        tail += [(x + w * _u(0.4, 1.1), 1)]
    elif kind < 0.75:
        tail += [(x + w * _u(0.8, 1.1), 0.55), (x + w * _u(-0.4, 0.5), 1)]
    else:
        tail += [(x + w * _u(0.8, 1.1), _u(0.6, 0.8)), (x + w * _u(-0.2, 0.5), 1), (x - w * _u(0.6, 1.2), _u(0.82, 1.0))]
    return [[*ring, *tail]]


DIGITS: tuple[Callable[[], list[Points]], ...] = (zero, one, two, three, four, five, six, seven, eight, nine)
SHARES = (8, 14, 14, 12, 8, 11, 8, 13, 8, 11)
"""How often each digit is drawn: those that are taken for others more often."""


def digit(rng: np.random.Generator, width: float, dark: float) -> tuple[Image, str]:
    """Ink of one digit ((64, 64) float32; ``width`` of the pen in px, ``dark`` in gray levels), and which it is."""
    which = random.choices(range(10), SHARES)[0]
    lines = DIGITS[which]()
    height = _u(20, 42) if _chance(0.65) else _u(12, 20)
    across = height * math.exp(random.gauss(0, 0.12))
    slant, turn = random.gauss(0.12, 0.17), random.gauss(0, 0.06)
    loose = _u(0.005, 0.035)
    xs = [x for line in lines for x, _ in line]
    middle = (min(xs) + max(xs)) / 2
    x0, y0 = 31.5 + random.gauss(0, 3), 31.5 + random.gauss(0, 3)
    drawn: list[Points] = []
    for line in lines:
        points = np.array(line, float)
        moved = points + rng.normal(0, loose, points.shape)
        corner = np.flatnonzero((points[1:] == points[:-1]).all(axis=1))
        moved[corner + 1] = moved[corner]
        x, y = smooth(moved).T
        x, y = (x - middle) * across - (y - 0.5) * height * slant, (y - 0.5) * height
        drawn.append([(float(a), float(b)) for a, b in zip(x0 + x - turn * y, y0 + y + turn * x, strict=True)])
    return ink.strokes(drawn, min(width, height / 6), dark, 0.05), str(which)
