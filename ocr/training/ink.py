"""Ink and paper of one number box, taken apart and put together again.

All pictures here are 64 x 64 as :mod:`ocr.locate` cuts them: the printed border's centre line runs ``MARGIN`` px inside each edge.
``paper`` is the box with its writing wiped away; ``ink`` is how much darker than the paper the writing makes each pixel (float32,
0 = none), so ``paper - ink`` is a written box again, and the ink of one writer can stand on the paper of another.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = 64
MARGIN = 8
_OVER = 4
"""Strokes are drawn this many times larger and shrunk, for smooth edges."""

Image = NDArray[np.float32]

_KERNEL_BIG = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))
_KERNEL_3 = np.ones((3, 3), np.uint8)
_KERNEL_9 = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
_GRID = np.meshgrid(np.arange(SIZE, dtype=np.float32), np.arange(SIZE, dtype=np.float32))


@lru_cache(maxsize=8)
def _inside(inset: float) -> Image:
    """(64, 64) soft mask, 1 where the distance to the border's centre line, towards the inside, is more than ``inset`` px."""
    x = np.arange(SIZE, dtype=np.float32)
    depth = np.minimum(x - MARGIN, SIZE - 1 - MARGIN - x) - inset
    row = np.clip(depth + 0.5, 0, 1)
    return np.minimum.outer(row, row).astype(np.float32)


def separate(crop: NDArray[np.uint8], rng: np.random.Generator) -> tuple[Image, Image]:
    """``(paper, ink)`` of a written box; both (64, 64) float32.

    The background comes from a morphological closing wide enough to swallow pen strokes; wiped pixels get the noise of unwritten ones.
    Writing on and beyond the printed border stays on the paper: such remains of neighbours are part of real blank boxes too.
    """
    gray = crop.astype(np.float32)
    background = cv2.morphologyEx(cv2.medianBlur(crop, 3), cv2.MORPH_CLOSE, _KERNEL_BIG)
    background = cv2.GaussianBlur(background.astype(np.float32), (0, 0), 4)
    dark = np.maximum(background - gray, 0)
    inside = _inside(2.5)
    inner = dark[MARGIN + 4 : SIZE - MARGIN - 4, MARGIN + 4 : SIZE - MARGIN - 4]
    level = max(10.0, 0.3 * float(np.percentile(inner, 98)))
    written = cv2.dilate((dark > level).astype(np.uint8), _KERNEL_3, iterations=2).astype(np.float32)
    soft = cv2.GaussianBlur(written, (0, 0), 0.8) * inside
    ink = np.maximum(dark - 0.25 * level, 0) * soft
    residual = (gray - background)[(written == 0) & (inside > 0.9)]
    filling = background
    if residual.size > 20:
        middle = float(np.median(residual))
        spread = 1.48 * float(np.median(np.abs(residual - middle)))
        grain = cv2.GaussianBlur(rng.normal(0, 1, (SIZE, SIZE)).astype(np.float32), (0, 0), 0.9)  # a camera's noise is not white
        filling = background + middle + grain * (spread / float(grain.std()))
    paper = gray * (1 - soft) + filling * soft
    return paper, ink.astype(np.float32)


def put(paper: Image, ink: Image) -> Image:
    """Ink on paper."""
    return np.asarray(np.maximum(paper - ink, 0), dtype=np.float32)


def shift(picture: Image, dx: float, dy: float, scale: float = 1.0, turn: float = 0.0, fill: float = 0.0) -> Image:
    """``picture`` moved by (dx, dy) px, scaled and turned (degrees) about its centre."""
    matrix = cv2.getRotationMatrix2D((SIZE / 2 - 0.5, SIZE / 2 - 0.5), turn, scale)
    matrix[:, 2] += np.array((dx, dy))
    moved = cv2.warpAffine(picture, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=fill)
    return np.asarray(moved, dtype=np.float32)


def thin(layer: Image, width: float) -> Image:
    """Ink drawn again with a finer pen of about ``width`` px: of every stroke only what lies that near its middle line.

    The middle is where the distance to the stroke's edge (Borgefors, 1986) is greatest among its neighbours.
    """
    big = cv2.resize(layer, (2 * SIZE, 2 * SIZE), interpolation=cv2.INTER_CUBIC)
    mask = (big > 0.45 * float(big.max())).astype(np.uint8)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    middle = cv2.dilate(depth, _KERNEL_9)
    kept = np.clip(depth - (middle - width) + 0.5, 0, 1) * mask
    return np.asarray(cv2.resize(kept * float(layer.max()), (SIZE, SIZE), interpolation=cv2.INTER_AREA), dtype=np.float32)


def restyle(layer: Image, rng: np.random.Generator) -> Image:
    """The same digit as another hand might write it: slanted, narrower or broader, bent smoothly. The box about it stays as it is."""
    shear, aspect = random.gauss(0, 0.13), math.exp(random.gauss(0, 0.12))
    x, y = _GRID[0] - 31.5, _GRID[1] - 31.5
    map_x, map_y = aspect * x + shear * y + 31.5, y / aspect**0.5 + 31.5
    bend = cv2.resize(rng.normal(0, 1.3, (4, 4, 2)).astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.remap(layer, map_x + bend[..., 0], map_y + bend[..., 1], cv2.INTER_LINEAR), dtype=np.float32)


def overlaps_too_well(a: Image, b: Image, share: float = 0.16) -> bool:
    """True if one of two inks is nearly covered by the other: a 1 over a 4 is still a 4, so it makes no junk."""
    mask_a, mask_b = a > 0.3 * a.max(initial=1), b > 0.3 * b.max(initial=1)
    near_a = cv2.dilate(mask_a.astype(np.uint8), _KERNEL_3, iterations=2) > 0
    near_b = cv2.dilate(mask_b.astype(np.uint8), _KERNEL_3, iterations=2) > 0
    alone_a = (mask_a & ~near_b).sum() / max(1, mask_a.sum())
    alone_b = (mask_b & ~near_a).sum() / max(1, mask_b.sum())
    return bool(min(alone_a, alone_b) < share)


def patches(rng: np.random.Generator, cells: int, threshold: float, soft: float) -> Image:
    """(64, 64) mask of irregular patches, 0..1: ``cells`` random values a side, those above ``threshold`` within."""
    field = cv2.resize(rng.random((cells, cells)).astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.GaussianBlur((field > threshold).astype(np.float32), (0, 0), soft), dtype=np.float32)


# Strokes drawn by the program -----------------------------------------------------------------------------------------------------

Points = list[tuple[float, float]]


def _bent(points: Points, wobble: float) -> NDArray[np.int32]:
    """A polyline through ``points`` with a hand's tremble, in the larger canvas and cv2's 1/16 px units."""
    dense: list[tuple[float, float]] = []
    for (x0, y0), (x1, y1) in pairwise(points):
        bend = random.gauss(0, wobble)
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        nx, ny = (y0 - y1) / length, (x1 - x0) / length
        for k in range(7):
            t = k / 6
            b = bend * math.sin(math.pi * t) + random.gauss(0, wobble * 0.12)
            dense.append((x0 + (x1 - x0) * t + nx * b, y0 + (y1 - y0) * t + ny * b))
    return np.round((np.array(dense) + 0.5) * _OVER * 16).astype(np.int32)


def strokes(lines: list[Points], width: float, dark: float, wobble: float = 1.0) -> Image:
    """Ink of pen strokes: each line a list of (x, y) in crop pixels; ``width`` of the pen in px, ``dark`` gray levels of ink."""
    canvas = np.zeros((SIZE * _OVER, SIZE * _OVER), np.uint8)
    thick = max(1, round(width * _OVER))
    for line in lines:
        cv2.polylines(canvas, [_bent(line, wobble)], False, 255, thick, cv2.LINE_AA, 4)
    small = cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) * (dark / 255)


def letter(text: str, font: int, height: float, width: float, dark: float, x: float, y: float) -> Image:
    """Ink of ``text`` in one of OpenCV's Hershey stroke fonts, ``height`` px tall, its centre at (x, y)."""
    canvas = np.zeros((SIZE * _OVER, SIZE * _OVER), np.uint8)
    (w0, h0), _ = cv2.getTextSize(text, font, 1.0, 1)
    scale = height * _OVER / max(1, h0)
    origin = (round(x * _OVER - w0 * scale / 2), round(y * _OVER + h0 * scale / 2))
    cv2.putText(canvas, text, origin, font, scale, 255, max(1, round(width * _OVER)), cv2.LINE_AA)
    small = cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) * (dark / 255)


def cross_lines(spread: float) -> list[Points]:
    """The two strokes of an X; ``spread`` 1 reaches about the box's corners, more goes over the border."""
    cx, cy = 31.5 + random.gauss(0, 2.5), 31.5 + random.gauss(0, 2.5)
    w, h = 22 * spread * random.uniform(0.65, 1.1), 22 * spread * random.uniform(0.75, 1.15)

    def jitter(sign_x: float, sign_y: float) -> tuple[float, float]:
        return cx + sign_x * w + random.gauss(0, 2.5), cy + sign_y * h + random.gauss(0, 2.5)

    a, b, c, d = jitter(-1, -1), jitter(1, 1), jitter(1, -1), jitter(-1, 1)
    if random.random() < 0.15:  # written without lifting the pen
        return [[a, b, c, d]] if random.random() < 0.5 else [[a, b, (b[0] + random.uniform(0, 4), (b[1] + c[1]) / 2), c, d]]
    return [[a, b], [c, d]]


def spanning_cross_lines() -> list[Points]:
    """What one box sees of an X written over two to five boxes of a row, or over several rows: two strokes, one, or a V.

    Only parts that cross the box, so that nothing looks like a 1 standing free in it.
    """
    while True:
        boxes, rows = random.choice((2, 2, 3, 3, 4, 5)), random.choice((1, 1, 1, 1, 2, 3))
        here, row, pitch = random.randrange(boxes), random.randrange(rows), random.uniform(47, 66)
        left, right = 10.0 - here * pitch + random.gauss(0, 4), 54.0 + (boxes - 1 - here) * pitch + random.gauss(0, 4)
        top, bottom = 10.0 - row * pitch + random.gauss(0, 4), 54.0 + (rows - 1 - row) * pitch + random.gauss(0, 4)
        lines: list[Points] = [
            [(left, top), (right, bottom + random.gauss(0, 4))],
            [(left + random.gauss(0, 3), bottom), (right, top + random.gauss(0, 4))],
        ]
        seen = [sum(10 < x < 54 and 10 < y < 54 for x, y in _along(line)) for line in lines]
        if max(seen) >= 26:
            return lines


def _along(line: Points) -> list[tuple[float, float]]:
    """Points of a straight line, about 1 px apart."""
    (x0, y0), (x1, y1) = line[0], line[-1]
    n = max(2, round(math.hypot(x1 - x0, y1 - y0)))
    return [(x0 + (x1 - x0) * k / n, y0 + (y1 - y0) * k / n) for k in range(n + 1)]


def dotted_guide(size: float, dark: float) -> Image:
    """The dotted seven-segment figure that the 2024 form prints into its boxes, ``size`` of what the form has, up to 1.1."""
    w, h = 12 * size, 20 * size
    gap = random.uniform(2.2, 3.6)
    cx, cy = 31.5 + random.gauss(0, 1), 31.5 + random.gauss(0, 1)
    dots = [(cx + x, cy + y) for y in (-h, 0.0, h) for x in np.arange(-w, w + 0.1, gap)]
    dots += [(cx + x, cy + y) for x in (-w, w) for y in np.arange(-h, h + 0.1, gap)]
    return strokes([[d, (d[0] + 0.1, d[1])] for d in dots], random.uniform(0.7, 1.5), dark, 0.1)


def dash_lines() -> list[Points]:
    """A dash in the box, or a line through all boxes of a row."""
    y = 31.5 + random.gauss(0, 4)
    slope = random.gauss(0, 0.09)
    if random.random() < 0.3:
        x0, x1 = -4.0, 68.0
    else:
        half = random.uniform(5, 21)
        cx = 31.5 + random.gauss(0, 3)
        x0, x1 = cx - half, cx + half
    lines = [[(x0, y + (x0 - 32) * slope), (x1, y + (x1 - 32) * slope)]]
    if random.random() < 0.12:
        gap = random.uniform(5, 11)
        lines = [[(x, y + gap * s) for x, y in lines[0]] for s in (-0.5, 0.5)]
    return lines


def blot_lines() -> list[Points]:
    """A digit's worth of paper blackened: a narrow zigzag or loops drawn close together."""
    w, h = random.uniform(3, 9), random.uniform(9, 17)
    cx, cy = 31.5 + random.gauss(0, 3), 31.5 + random.gauss(0, 3)
    count = random.randint(7, 16)
    if random.random() < 0.5:
        return [
            [
                (cx + w * (1 if k % 2 else -1) * random.uniform(0.6, 1), cy + h * (2 * k / (count - 1) - 1) + random.gauss(0, 1))
                for k in range(count)
            ]
        ]
    turns = random.uniform(2, 4)
    return [
        [
            (cx + w * math.cos(t * turns * 2 * math.pi), cy + h * (2 * t - 1) * 0.7 + 0.4 * h * math.sin(t * turns * 2 * math.pi))
            for t in np.linspace(0, 1, 40)
        ]
    ]


def scribble_lines() -> list[Points]:
    """Zigzags, loops and hatching that nobody would call a glyph."""
    kind = random.random()
    cx, cy = 31.5 + random.gauss(0, 3), 31.5 + random.gauss(0, 3)
    half = random.uniform(9, 22)
    count = random.randint(6, 14)
    if kind < 0.35:  # zigzag
        angle = random.uniform(0, math.pi)
        ux, uy, vx, vy = math.cos(angle), math.sin(angle), -math.sin(angle), math.cos(angle)
        along = [half * (2 * k / (count - 1) - 1) for k in range(count)]
        side = [half * random.uniform(0.5, 1.0) * (1 if k % 2 else -1) for k in range(count)]
        return [[(cx + ux * a + vx * s, cy + uy * a + vy * s) for a, s in zip(along, side, strict=True)]]
    if kind < 0.6:  # loops running along
        points = []
        for k in range(36):
            t = k / 35
            points.append(
                (
                    cx + half * (2 * t - 1) + half * 0.5 * math.cos(t * 2 * math.pi * count * 0.5),
                    cy + half * 0.7 * math.sin(t * 2 * math.pi * count * 0.5),
                )
            )
        return [points]
    if kind < 0.8:  # random walk
        return [[(cx + random.uniform(-half, half), cy + random.uniform(-half, half)) for _ in range(count)]]
    return [  # hatching
        [(cx - half + random.gauss(0, 2), cy + o), (cx + half + random.gauss(0, 2), cy + o + random.gauss(0, 5))]
        for o in np.linspace(-half, half, random.randint(4, 8))
    ]
