"""From the areas where numbers are written in words to strips of ink: one level line of letters of one size for each number.

The very same functions make the strips for training, so training and reading cannot drift apart. Pure functions, no state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.types import AlignedSheet, Floats, Gray
from templates_c1.schema import Page, Rect

Ink = NDArray[np.float32]

AREA = 48
"""The lowest of a page's word areas is cut this high, px; all others of the page at the same scale."""
HEIGHT = 32
LETTER = 22
"""A strip is HEIGHT px high; the writing in it LETTER px."""
WIDEST = 704
GAP = 18
"""Gaps between words are cut to at most this, px."""
_BELOW, _ROUND = 6, 2
"""The area is cut larger by so many px: below, where descenders go, and elsewhere."""
_EDGE = 10
"""The cell's printed lines lie at most this far inside the cut, px."""
_REACH = 8
"""Surroundings of a line of writing that its blur may need, px."""
_FAINT = 0.07
"""Share of light that ink must take away."""


def strips(sheet: AlignedSheet) -> dict[str, Gray]:
    """The line of ink for every number of the page that is written in words; numbers whose area is blank are left out."""
    page = sheet.page
    if not page.words:
        return {}
    scale = AREA / min(r.h for r in page.words.values())
    found = {}
    for name, rect in page.words.items():
        area = cut(sheet, rect, scale)
        s = strip(area, small_print(page, rect, scale), one_line=rect.w > 4 * rect.h)
        if s is not None:
            found[name] = s
    return found


def cut(sheet: AlignedSheet, rect: Rect, scale: float) -> Gray:
    """The area upright, ``scale`` px a unit of the template, a little larger than ``rect``."""
    x0, y0, x1, y1 = _larger(rect, scale)
    w, h = round((x1 - x0) * scale), round((y1 - y0) * scale)
    nx, ny = max(2, w // 40), max(2, h // 24)
    x, y = np.meshgrid(np.linspace(x0, x1, nx), np.linspace(y0, y1, ny))
    at = sheet.project(np.c_[x.ravel(), y.ravel()]).reshape(ny, nx, 2).astype(np.float32)
    lo, hi = np.floor(at.min((0, 1))).astype(int) - 2, np.ceil(at.max((0, 1))).astype(int) + 3
    lo = np.clip(lo, 0, np.array(sheet.photo.gray.shape[::-1]) - 2)
    hi = np.maximum(hi, lo + 2)
    part = sheet.photo.gray[lo[1] : hi[1], lo[0] : hi[0]]
    shrink = float(np.hypot(*(at[0, -1] - at[0, 0]))) / w
    if shrink > 1.6:
        f = 1 / shrink
        part = np.asarray(cv2.resize(part, None, fx=f, fy=f, interpolation=cv2.INTER_AREA), np.uint8)
        at = (at - lo.astype(np.float32)) * np.float32(f)
    else:
        at = at - lo.astype(np.float32)
    down, along = _between(ny, h), _between(nx, w)
    u, v = (down @ at[..., k] @ along.T for k in (0, 1))
    return np.asarray(cv2.remap(part, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _between(nodes: int, points: int) -> Ink:
    """(points, nodes) weights of linear interpolation from evenly spaced nodes, the ends included."""
    at = np.linspace(0, nodes - 1, points)[:, None]
    return np.asarray(np.maximum(0, 1 - np.abs(at - np.arange(nodes)[None])), np.float32)


def _larger(rect: Rect, scale: float) -> tuple[float, float, float, float]:
    r, b = _ROUND / scale, _BELOW / scale
    return rect.x - r, rect.y - r, rect.x + rect.w + r, rect.y + rect.h + b


Box = tuple[float, float, float, float]
"""Left, top, right, bottom in px of the cut."""


def small_print(page: Page, rect: Rect, scale: float) -> list[Box]:
    """Where small print and legends lie in the cut of an area."""
    x0, y0, x1, y1 = _larger(rect, scale)
    found: list[Box] = []
    for p in page.print:
        if p.kind == "text" and p.width and not p.turned and y0 < p.at[1] < y1 + p.size:
            m = 0.5 * p.size
            a, b, c, d = p.at[0] - m, p.at[1] - p.size - m, p.at[0] + p.width + m, p.at[1] + 0.4 * p.size + m
        elif p.kind == "disc" and y0 < p.at[1] < y1:
            m = 0.4 * max(p.rx, p.ry)
            a, b, c, d = p.at[0] - p.rx - m, p.at[1] - p.ry - m, p.at[0] + p.rx + m, p.at[1] + p.ry + m
        elif p.kind == "line" and y0 < p.a[1] < y1:
            m = 2 * p.width
            a, c = min(p.a[0], p.b[0]) - m, max(p.a[0], p.b[0]) + m
            b, d = min(p.a[1], p.b[1]) - m, max(p.a[1], p.b[1]) + m
        else:
            continue
        if c > x0 and a < x1 and d > y0 and b < y1 and c - a < 0.9 * rect.w and d - b < 0.9 * rect.h:
            found.append(((a - x0) * scale, (b - y0) * scale, (c - x0) * scale, (d - y0) * scale))
    return _merged(found)


def _merged(boxes: list[Box], gap: float = 4) -> list[Box]:
    """Boxes closer than ``gap`` made one, until none are: in a photo their print runs together."""
    out: list[Box] = []
    for box in boxes:
        a, b, c, d = box
        apart = []
        for o in out:
            if o[0] - gap < c and a < o[2] + gap and o[1] - gap < d and b < o[3] + gap:
                a, b, c, d = min(a, o[0]), min(b, o[1]), max(c, o[2]), max(d, o[3])
            else:
                apart.append(o)
        out = [*apart, (a, b, c, d)]
    return out if len(out) == len(boxes) else _merged(out, gap)


def ink_of(area: Gray) -> Ink:
    """Share of light that ink takes away; broad dark areas count as paper."""
    paper = cv2.morphologyEx(cv2.GaussianBlur(area, (3, 3), 0), cv2.MORPH_CLOSE, np.ones((45, 45), np.uint8))
    paper = np.maximum(cv2.blur(paper, (25, 25)), 20).astype(np.float32)
    return np.asarray(np.clip(1.0 - area / paper, 0, 1), np.float32)


def strip(area: Gray, hints: Sequence[Box], one_line: bool) -> Gray | None:
    """(HEIGHT, w) uint8, ink 255 on 0: the lines of writing in ``area`` one after the other; None if there is none."""
    ink = ink_of(area)
    rough = (ink > max(_FAINT, 0.3 * _quantiles(ink, 0.995)[0])).astype(np.uint8)
    ink[_printed(rough) > 0] = 0
    top = max(_quantiles(ink, 0.995)[0], 1.6 * _FAINT)
    dark = (ink > max(_FAINT, 0.35 * top)).astype(np.uint8)
    _, *found = cv2.connectedComponentsWithStats(dark, connectivity=8)
    labels, stats, centres = np.asarray(found[0], np.int32), np.asarray(found[1], np.int32), np.asarray(found[2], np.float64)
    h, w = area.shape
    keep = _written(stats, hints, h, w)
    if stats[keep, 4].sum() < 60 or ((stats[keep, 3] >= 8).sum() < 2 and stats[keep, 2].max(initial=0) < 24):
        return None
    shear = _shear(dark * keep[labels])
    members = np.flatnonzero(keep)
    lines = [members] if one_line else _lines(members, stats, centres, shear, h)
    lines = [_band(line, stats, shear) for line in lines]
    made = [m for m in (_level(ink, labels, stats, line, shear, top) for line in lines) if m is not None]
    if not made:
        return None
    gap = np.zeros((HEIGHT, GAP), np.uint8)
    parts = [gap[:, : GAP // 2]]
    for m in made:
        parts += [m, gap]
    out = np.hstack([*parts[:-1], gap[:, : GAP // 2]])
    if out.shape[1] > WIDEST:
        out = np.asarray(cv2.resize(out, (WIDEST, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    return out


def _written(stats: NDArray[np.int32], hints: Sequence[Box], h: int, w: int) -> NDArray[np.bool_]:
    """Which components are writing: no specks, no small print, no remnants of lines along the edges."""
    x, y, cw, ch, n = stats.T
    keep = (n >= 6) & (np.maximum(cw, ch) >= 4)
    keep[0] = False
    for a, b, c, d in hints:
        keep &= ~((x >= a) & (y >= b) & (x + cw <= c) & (y + ch <= d))
    keep &= ~((y <= 1) & (ch < 10)) & ~((y + ch >= h - 1) & (ch < 10)) & ~(((x <= 1) | (x + cw >= w - 1)) & (cw < 6))
    return np.asarray(keep & ~((ch <= 0.25 * cw) & ((y + ch <= _EDGE + _ROUND) | (y >= h - _EDGE - _BELOW))), np.bool_)


def _printed(rough: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mask of the cell's own lines: long runs along the edges of the cut, and scanner streaks from top to bottom."""
    h, w = rough.shape
    level = cv2.morphologyEx(cv2.dilate(rough, np.ones((3, 1), np.uint8)), cv2.MORPH_OPEN, np.ones((1, 60), np.uint8))
    level[_EDGE : h - _EDGE - _BELOW] = 0
    upright = cv2.morphologyEx(cv2.dilate(rough, np.ones((1, 3), np.uint8)), cv2.MORPH_OPEN, np.ones((46, 1), np.uint8))
    if h > 2 * AREA:
        upright[:, _EDGE : w - _EDGE] = 0
    return np.asarray(cv2.dilate(np.maximum(level, upright), np.ones((3, 3), np.uint8)), np.uint8)


def _shear(dark: NDArray[np.uint8]) -> float:
    """Slope of the lines, px down for each px right: the one with the sharpest row profile (Postl 1986)."""
    y, x = np.nonzero(dark)
    if len(x) > 4000:
        x, y = x[:: len(x) // 4000 + 1], y[:: len(y) // 4000 + 1]
    span = max(1.0, float(x.max() - x.min()))
    slopes = np.linspace(-16, 16, 17) / max(span, 80.0)
    rows = np.maximum((y - slopes[:, None] * (x - x.mean())).round().astype(np.intp) + 20, 0)
    most = int(rows.max(initial=0)) + 1
    count = np.bincount((rows + most * np.arange(len(slopes))[:, None]).ravel(), minlength=most * len(slopes)).reshape(-1, most)
    sharp = (count.astype(np.float64) ** 2).sum(axis=1) * (1 - 0.15 * np.abs(slopes))
    return float(slopes[int(sharp.argmax())])


def _quantiles(values: NDArray[Any], *shares: float) -> list[float]:
    """As np.quantile, at a third of its cost."""
    flat = values.ravel()
    at = [share * (flat.size - 1) for share in shares]
    low = [int(a) for a in at]
    order = np.partition(flat, sorted({k for n in low for k in (n, min(n + 1, flat.size - 1))}))
    return [float(order[n] + (a - n) * (order[min(n + 1, flat.size - 1)] - order[n])) for a, n in zip(at, low, strict=True)]


def _lines(members: NDArray[np.int64], stats: NDArray[np.int32], centres: Floats, shear: float, height: int) -> list[NDArray[np.int64]]:
    """Components grouped into lines of writing, top to bottom, by the valleys of their row profile."""
    y = _fallen(centres[members], shear)
    tall = stats[members, 3].astype(np.float64)
    profile = np.zeros(height + 80)
    for at, t, wide in zip(y, tall, stats[members, 2], strict=True):
        profile[max(0, int(at - 0.25 * t + 40)) : int(at + 0.25 * t + 41)] += wide
    profile = np.convolve(profile, np.ones(3) / 3, "same")
    edges = np.flatnonzero(np.diff(np.r_[False, profile > 0.15 * profile.max(), False].astype(int)))
    runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    usual = float(np.median([b - a for a, b in runs]))
    solid = [(a, b) for a, b in runs if b - a >= 0.45 * usual] or runs
    off = np.abs(y[:, None] - np.array([(a + b) / 2 - 40 for a, b in solid])[None])
    near, which = off.min(1) < 1.5 * _usual_height(stats[members]), off.argmin(1)
    lines = []
    for k in range(len(solid)):
        mine = (which == k) & near
        if mine.any():
            lines += _halves(members[mine], y[mine], stats)
    return lines


def _halves(line: NDArray[np.int64], y: Floats, stats: NDArray[np.int32]) -> list[NDArray[np.int64]]:
    """Two lines of writing so close that no valley parted them: cut at the largest gap between the heights of their letters."""
    usual = _usual_height(stats[line])
    tall = np.sort(y[stats[line, 3] >= 0.5 * usual])
    if len(tall) < 4 or tall[-1] - tall[0] < 0.8 * usual:
        return [line]
    gaps = np.diff(tall)
    k = int(gaps.argmax())
    if gaps[k] < 0.35 * usual or min(k + 1, len(tall) - k - 1) < 2:
        return [line]
    middle = (tall[k] + tall[k + 1]) / 2
    return [line[y < middle], line[y >= middle]]


def _fallen(centres: Floats, shear: float) -> Floats:
    """Heights of the components' middles with the lines' slope taken out."""
    return np.asarray(centres[:, 1] - shear * (centres[:, 0] - centres[:, 0].mean()), np.float64)


def _usual_height(stats: NDArray[np.int32]) -> float:
    """Of the component in which the middle pixel of ink lies when they are ordered by height."""
    order = np.argsort(stats[:, 3])
    share = np.cumsum(stats[order, 4])
    return float(stats[order, 3][int(np.searchsorted(share, share[-1] / 2))])


def _band(line: NDArray[np.int64], stats: NDArray[np.int32], shear: float) -> NDArray[np.int64]:
    """Of one line's components those that lie where the tall ones are: no remnants of print above or below."""
    height = stats[line, 3]
    middle = stats[line, 0] + stats[line, 2] / 2
    top = stats[line, 1] - shear * (middle - middle.mean())
    tall = height >= 0.5 * _usual_height(stats[line])
    low, high = _quantiles(top[tall], 0.1)[0], _quantiles((top + height)[tall], 0.9)[0]
    inside = np.minimum(top + height, high) - np.maximum(top, low) > 0.3 * height
    return np.asarray(line[inside], np.int64)


def _level(ink: Ink, labels: NDArray[np.int32], stats: NDArray[np.int32], line: NDArray[np.int64], shear: float, top: float) -> Gray | None:
    """One line of writing, level, its letters LETTER px high, long gaps shortened."""
    if stats[line, 4].sum() < 20:
        return None
    x0, y0 = stats[line, :2].min(axis=0)
    x1, y1 = (stats[line, :2] + stats[line, 2:4]).max(axis=0)
    # only the line's surroundings, as far as the blur below reaches
    left, above = max(0, int(x0) - _REACH), max(0, int(y0) - _REACH)
    part = (slice(above, int(y1) + _REACH), slice(left, int(x1) + _REACH))
    wanted = np.zeros(len(stats), np.uint8)
    wanted[line] = 1
    mask = wanted[labels[part]]
    y, x = np.nonzero(mask)
    x, y, x0, x1 = x + left, y + above, int(x0), int(x1)
    soft = ink[part] * cv2.dilate(mask, np.ones((3, 3), np.uint8))
    at = y - shear * (x - (x0 + x1) / 2)
    low, high = _quantiles(at, 0.03, 0.97)
    f = float(np.clip(LETTER / max(4.0, high - low), 0.3, 3.0))
    w = max(8, round((x1 - x0) * f))
    # output (u, v) -> source: x = x0 + u / f, y = middle + (v - HEIGHT / 2) / f + shear * (x - centre)
    m = np.array([[1 / f, 0, x0 - left], [shear / f, 1 / f, (low + high) / 2 - above - HEIGHT / 2 / f - shear * (x1 - x0) / 2]])
    if f < 0.7:
        soft = np.asarray(cv2.GaussianBlur(soft, (0, 0), 0.4 / f), np.float32)
    out = cv2.warpAffine(soft, m, (w, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    out = np.clip((out - 0.15 * top) / (0.7 * top), 0, 1)
    empty = out.max(0) < 0.15
    column = np.arange(w)
    since = column - np.maximum.accumulate(np.where(empty, 0, column))
    return np.asarray((255 * out[:, since <= GAP]).round(), np.uint8)
