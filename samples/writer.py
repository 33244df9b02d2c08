"""One writer's hand: how this person makes digits, crosses, tally strokes, words and a signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from samples.shapes import SMALL
from samples.skeletons import DIGITS, LETTERS, SEGMENT_VARIANTS, SEGMENTS, WEIGHTS, Glyph
from samples.strokes import Ink, Points, smooth
from templates_c1.schema import Rect

Rng = np.random.Generator


def _habit(rng: Rng, d: str) -> int:
    """Which skeleton of digit ``d`` somebody uses."""
    weights = np.array(WEIGHTS.get(d, (1.0,) * len(DIGITS[d])))
    return int(rng.choice(len(weights), p=weights / weights.sum()))


@dataclass(frozen=True, slots=True)
class Writer:
    """Habits that stay the same over one station's sheets.

    Attributes:
        variant: digit -> which of its skeletons this hand prefers.
        slant: shear, positive leans right. aspect: width / height of a digit. size: height of a digit / height of its box.
        pen: stroke width / height of a box of normal size. tremor: jitter of control points, in glyph heights.
        segments: follows the seven-segment guide where one is printed.
        cross: how an empty box is filled: "X" | "x" (small) | "0X" (X over 0) | "-" | "_" | "0" | "XX" (one X over several boxes).
        colour: BGR of the ink.
    """

    variant: dict[str, int]
    slant: float
    aspect: float
    size: float
    pen: float
    tremor: float
    pressure: float
    segments: bool
    cross: str
    off: tuple[float, float]
    colour: tuple[int, int, int]
    letter_width: float
    own: Mapping[str, Sequence[Glyph]] | None = None
    """Digit -> shapes of this hand alone, the usual one first (samples.hands); None: those of ``variant``."""
    soft: bool = False
    """Rounds the corners of a guide that it follows."""
    small: bool = False
    """Writes words in small letters."""
    boxed: bool = False
    """Tallies as a square with its diagonal, not as a fence."""

    @staticmethod
    def of(rng: Rng, difficulty: float, allow_blank: bool = True) -> Writer:
        """A random hand; ``difficulty`` 0..1 widens the range from tidy to careless."""
        d = difficulty
        kinds = ["X", "x", "0X", "0", "-", "_", "XX"]
        odds = np.array([0.58, 0.17, 0.02 + 0.06 * d, 0.08, 0.02 + 0.04 * d, 0.04 * d if allow_blank else 0.0, 0.03 * d])
        blues = [(150, 70, 35), (120, 50, 40), (165, 85, 60), (110, 40, 25)]
        blacks = [(45, 42, 40), (60, 55, 55), (30, 30, 32)]
        inks = blues + blacks
        return Writer(
            variant={k: _habit(rng, k) for k in DIGITS},
            slant=float(rng.normal(0.08, 0.06 + 0.1 * d)),
            aspect=float(np.clip(rng.normal(0.62, 0.06 + 0.08 * d), 0.4, 0.95)),
            size=float(np.clip(rng.normal(0.62, 0.05 + 0.08 * d), 0.38, 0.88)),
            pen=float(np.clip(rng.normal(0.046, 0.01 + 0.012 * d), 0.027, 0.1)),
            tremor=0.012 + 0.035 * d * float(rng.uniform(0.5, 1.2)),
            pressure=float(rng.uniform(0.08, 0.3)),
            segments=bool(rng.random() < 0.5),
            cross=str(rng.choice(kinds, p=odds / odds.sum())),
            off=(float(rng.normal(0, 0.02 + 0.05 * d)), float(rng.normal(0, 0.02 + 0.05 * d))),
            colour=inks[int(rng.integers(len(inks)))],
            letter_width=float(rng.uniform(0.5, 0.78)),
        )


def _place(points: Points, rng: Rng, w: Writer, x: float, y: float, gw: float, gh: float, jitter: float) -> Points:
    """Unit-square points into a gw x gh cell at x, y with this hand's slant and tremor."""
    p = points + rng.normal(0, jitter, points.shape)
    out = np.empty_like(p)
    out[:, 0] = x + p[:, 0] * gw + (0.5 - p[:, 1]) * w.slant * gh
    out[:, 1] = y + p[:, 1] * gh
    return out


def _lines(glyph: Glyph, rng: Rng, w: Writer, x: float, y: float, gw: float, gh: float, jitter: float) -> list[Points]:
    out = []
    for kind, pts in glyph:
        p = _place(np.array(pts, dtype=np.float64), rng, w, x, y, gw, gh, jitter)
        out.append(smooth(p) if kind == "c" else p)
    return out


def _unit(box: Rect) -> float:
    """Height of the square that a hand has in mind when it writes into ``box``: tall cells are not filled to the top."""
    return min(box.h, box.w * 1.05)


def digit(ink: Ink, w: Writer, rng: Rng, d: str, box: Rect, guide: bool = False) -> None:
    """Write digit ``d`` into ``box``; along the dotted guide where one is printed and this hand follows it."""
    unit = _unit(box)
    pen = w.pen * unit
    if guide and w.segments:
        lines = SEGMENTS[d]
        options = SEGMENT_VARIANTS.get(d, ())
        if options and w.variant[d] > 0:
            lines = options[w.variant[d] % len(options)]
        cx, cy, hw, hh = box.x + box.w / 2, box.y + box.h / 2, 0.2075 * box.w, 0.3325 * box.h
        for line in lines:
            p = np.array(line, dtype=np.float64) + rng.normal(0, 0.025 + w.tremor, (len(line), 2))
            at = np.stack([cx + (2 * p[:, 0] - 1) * hw, cy + (2 * p[:, 1] - 1) * hh], 1)
            ink.stroke(_rounded(at) if w.soft else at, pen, rng, w.pressure, 0.01 * box.h)
        return
    options2: Sequence[Glyph] = DIGITS[d] if w.own is None else w.own[d]
    # now and then a hand falls out of its habit
    if w.own is None:
        k = w.variant[d] if rng.random() < 0.92 else _habit(rng, d)
    else:
        k = 0 if rng.random() < 0.9 else int(rng.integers(len(options2)))
    gh = unit * w.size * float(rng.normal(1, 0.04 + w.tremor))
    gw = gh * w.aspect * float(rng.normal(1, 0.05)) * (0.8 if d == "1" else 1)
    gw = min(gw, box.w * 0.86)
    cx = box.x + box.w * (0.5 + w.off[0] + float(rng.normal(0, 0.03 + w.tremor)))
    cy = box.y + box.h * (0.5 + w.off[1] + float(rng.normal(0, 0.02 + w.tremor)))
    lines2 = _lines(options2[k % len(options2)], rng, w, cx - gw / 2, cy - gh / 2, gw, gh, w.tremor)
    ink.strokes(lines2, pen, rng, w.pressure, 0.006 * box.h)


def _rounded(p: Points, share: float = 0.3) -> Points:
    """The polyline with its corners cut off: a quick hand follows a guide like this."""
    out = [p[0]]
    for a, b, c in zip(p, p[1:], p[2:], strict=False):
        out += [b + (a - b) * share, b + (a + c - 2 * b) * share * 0.25, b + (c - b) * share]
    return np.array([*out, p[-1]])


def cross(ink: Ink, w: Writer, rng: Rng, box: Rect, how: str, size: float = 1.0) -> None:
    """An X over the whole ``box`` ("X"), a small one ("x"), or an X over a 0 ("0X")."""
    pen = w.pen * _unit(box)
    if how == "0X":
        digit(ink, w, rng, "0", box)
    s = {"X": 0.84, "x": 0.42, "0X": 0.7}[how] * float(rng.normal(1, 0.06)) * size
    hw, hh = box.w * s / 2, min(box.h, box.w * 1.2) * s / 2
    cx = box.x + box.w * (0.5 + float(rng.normal(0, 0.02 + w.tremor)))
    cy = box.y + box.h * (0.5 + float(rng.normal(0, 0.02 + w.tremor)))
    j = box.h * (0.015 + w.tremor)
    for sx in (-1, 1):
        a = np.array([cx + sx * hw, cy - hh]) + rng.normal(0, j, 2)
        b = np.array([cx - sx * hw, cy + hh]) + rng.normal(0, j, 2)
        bend = (a + b) / 2 + rng.normal(0, j, 2)
        ink.stroke(smooth(np.array([a, bend, b])), pen, rng, w.pressure)


def dash(ink: Ink, w: Writer, rng: Rng, box: Rect) -> None:
    """A short level stroke."""
    y = box.y + box.h * (0.5 + float(rng.normal(0, 0.04)))
    half = box.w * float(rng.uniform(0.15, 0.32))
    cx = box.x + box.w / 2
    tilt = box.h * float(rng.normal(0, 0.03))
    ink.stroke(np.array([[cx - half, y + tilt], [cx + half, y - tilt]]), w.pen * _unit(box), rng, w.pressure)


def overwritten(ink: Ink, w: Writer, rng: Rng, box: Rect) -> None:
    """No clean glyph: two digits over each other, or a scribble."""
    if rng.random() < 0.6:
        a, b = rng.choice(list("0123456789"), 2, replace=False)
        digit(ink, w, rng, str(a), box)
        digit(ink, w, rng, str(b), box)
        if rng.random() < 0.5:
            digit(ink, w, rng, str(b), box)
        return
    n = int(rng.integers(6, 14))
    x = box.x + box.w * (0.5 + 0.32 * np.where(np.arange(n) % 2, 1, -1) * rng.uniform(0.5, 1, n))
    y = box.y + box.h * (np.linspace(0.2, 0.8, n) + rng.normal(0, 0.07, n))
    ink.stroke(smooth(np.stack([x, y], 1)), w.pen * _unit(box), rng, w.pressure)


def text(ink: Ink, w: Writer, rng: Rng, words: str, x: float, base: float, cap: float, room: float, pen: float) -> float:
    """Write ``words`` in capitals (and digits) from ``x`` on the line ``base``, at most ``room`` wide. Returns where it ends."""
    wide = cap * w.letter_width
    advance = wide * 1.28
    total = sum(advance * (0.75 if c == " " else 0.55 if c in "I1.'" else 1) for c in words)
    squeeze = min(1.0, room / total) if total > 0 else 1.0
    rise = float(rng.normal(0, 0.015))
    at = x
    for c in words.title() if w.small else words.upper():
        step = advance * squeeze * (0.75 if c == " " else 0.55 if c in "I1.'il" else 1)
        glyph: Glyph | None = LETTERS.get(c) or SMALL.get(c)
        if c in DIGITS:
            glyph = DIGITS[c][w.variant[c]] if w.own is None else w.own[c][0]
        if glyph is not None:
            h = cap * float(rng.normal(1, 0.05))
            y = base - h + (at - x) * rise + float(rng.normal(0, 0.03)) * cap
            gw = wide * squeeze * (0.6 if c == "1" else 1)
            ink.strokes(_lines(glyph, rng, w, at, y, gw, h, 0.02 + w.tremor * 0.8), pen, rng, w.pressure)
        at += step * float(rng.normal(1, 0.03))
    return at


def signature(ink: Ink, w: Writer, rng: Rng, area: Rect, pen: float) -> None:
    """A scrawl in ``area``: loops that drift to the right, and perhaps a stroke under them."""
    n = int(rng.integers(7, 14))
    t = np.linspace(0, 1, n)
    x = area.x + area.w * (0.12 + 0.72 * t + rng.normal(0, 0.07, n))
    y = area.y + area.h * (0.5 + 0.38 * np.where(np.arange(n) % 2, 1, -1) * rng.uniform(0.25, 1, n) * (1.15 - 0.6 * t))
    ink.stroke(smooth(np.stack([x, y], 1), 14), pen, rng, w.pressure)
    if rng.random() < 0.5:
        p = np.array(
            [
                [area.x + area.w * 0.8, area.y + area.h * 0.6],
                [area.x + area.w * 0.2, area.y + area.h * 0.75],
                [area.x + area.w, area.y + area.h * 0.55],
            ]
        )
        ink.stroke(smooth(p + rng.normal(0, 0.05 * area.h, p.shape)), pen, rng, w.pressure)


def _square(ink: Ink, w: Writer, rng: Rng, area: Rect, count: int, pen: float) -> None:
    """1 to 5 strokes as the sides of a square and its diagonal."""
    tl, tr, br, bl = (np.array(c) for c in area.corners)
    for a, b in ((bl, tl), (tl, tr), (tr, br), (br, bl), (bl, tr))[:count]:
        ink.stroke(np.array([a, b]) + rng.normal(0, 0.05 * area.h, (2, 2)), pen, rng, w.pressure)


def turus(ink: Ink, w: Writer, rng: Rng, x_edges: Sequence[float], y_edges: Sequence[float], count: int, rest: str) -> None:
    """``count`` tally strokes in fives, row by row; ``rest`` says how unused cells are struck: "z" | "x" | "cells" | "none"."""
    cols, rows = len(x_edges) - 1, len(y_edges) - 1
    cw, ch = x_edges[1] - x_edges[0], y_edges[1] - y_edges[0]
    pen = w.pen * min(cw, ch) * 1.1
    for i in range((count + 4) // 5):
        row, col = divmod(i, cols)
        if row >= rows:
            break
        x0, y0 = x_edges[col], y_edges[row]
        k = min(5, count - 5 * i)
        if w.boxed:
            _square(ink, w, rng, Rect(x=x0 + 0.2 * cw, y=y0 + 0.2 * ch, w=0.6 * cw, h=0.6 * ch), k, pen)
            continue
        for s in range(min(k, 4)):
            x = x0 + cw * (0.2 + 0.17 * s + float(rng.normal(0, 0.015)))
            y = y0 + ch * (0.18 + float(rng.normal(0, 0.03)))
            lean = w.slant * ch * 0.4
            ink.stroke(np.array([[x + lean, y], [x - lean, y0 + ch * 0.82]]), pen, rng, w.pressure)
        if k == 5:
            p = np.array([[x0 + cw * 0.12, y0 + ch * 0.3], [x0 + cw * 0.86, y0 + ch * 0.75]])
            ink.stroke(p + rng.normal(0, 0.03 * ch, p.shape), pen, rng, w.pressure)
    used = (count + 4) // 5
    row, col = divmod(used, cols)
    right, bottom = x_edges[-1] - 0.15 * cw, y_edges[-1] - 0.35 * ch
    left = x_edges[0] + 0.3 * cw
    j = 0.12 * ch
    if row >= rows:
        return
    if rest == "cells":
        for c in range(col, cols):
            a, b, y0, y1 = x_edges[c], x_edges[c + 1], y_edges[row], y_edges[row + 1]
            for ends in ([[a, y0], [b, y1]], [[b, y0], [a, y1]]):
                ink.stroke(np.array(ends) + rng.normal(0, j / 2, (2, 2)), pen, rng, w.pressure)
        row += 1
        rest = "x"
    if rest == "x" and row < rows - 1:
        y0 = y_edges[row]
        for ends in ([[x_edges[0], y0], [x_edges[-1], y_edges[-1]]], [[x_edges[-1], y0], [x_edges[0], y_edges[-1]]]):
            q = np.array([ends[0], np.mean(ends, axis=0), ends[1]]) + rng.normal(0, j, (3, 2))
            ink.stroke(smooth(q, 24), pen, rng, w.pressure, 0.02 * ch)
    elif rest == "z":
        y0 = y_edges[row] + 0.45 * ch
        start = x_edges[col] + 0.2 * cw
        q = np.array([[start, y0], [right, y0], [left, bottom], [right, bottom]]) + rng.normal(0, j, (4, 2))
        ink.stroke(q if row < rows - 1 else q[:2], pen, rng, w.pressure, 0.02 * ch)
