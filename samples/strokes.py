"""Pen strokes on an ink layer: splines, wobble, pressure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""(n, 2) x, y."""
Gray = NDArray[np.uint8]


def smooth(points: Points, per_span: int = 10) -> Points:
    """Centripetal-like Catmull-Rom curve through ``points`` (n, 2), n >= 2; returns ((n - 1) * per_span + 1, 2)."""
    p = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, per_span, endpoint=False)[:, None]
    spans = []
    for i in range(1, len(p) - 2):
        a, b, c, d = p[i - 1], p[i], p[i + 1], p[i + 2]
        spans.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*spans, points[-1:]])


def dense(points: Points, step: float) -> Points:
    """Points along the polyline no further than ``step`` apart."""
    out = [points[:1]]
    for a, b in itertools.pairwise(points):
        n = max(1, int(np.ceil(np.hypot(*(b - a)) / step)))
        out.append(a + (b - a) * (np.arange(1, n + 1)[:, None] / n))
    return np.vstack(out)


class Ink:
    """Coverage of one page by ink, at ``k`` pixels per template unit, drawn at twice that."""

    def __init__(self, width: float, height: float, k: float) -> None:
        self.k = 2 * k
        self.size = (round(width * k), round(height * k))
        self.px: Gray = np.zeros((self.size[1] * 2, self.size[0] * 2), np.uint8)

    def stroke(self, points: Points, width: float, rng: np.random.Generator, pressure: float = 0.15, wobble: float = 0.0) -> None:
        """One pen stroke through ``points`` (template units), ``width`` template units wide.

        Args:
            pressure: how much the width changes along the stroke, 0..1.
            wobble: tremor of the hand in template units.
        """
        if len(points) < 2:
            return
        p = dense(points, max(0.8 / self.k, width * 0.8))
        if wobble > 0 and len(p) > 3:
            n = max(4, len(p) // 14)
            noise = rng.normal(0, wobble, (n, 2))
            at = np.linspace(0, n - 1, len(p))
            p = p + np.stack([np.interp(at, np.arange(n), noise[:, j]) for j in (0, 1)], axis=1)
        phase = rng.uniform(0, 6.28)
        q = np.round(p * self.k * 16).astype(np.int32)
        w = width * self.k * (1 + pressure * np.sin(phase + np.linspace(0, 4, len(p)) * rng.uniform(0.6, 1.4)))
        # a run of pieces of equal thickness is one polyline: joints stay clean
        thick = np.maximum(1, np.round(w)).astype(int)
        start = 0
        for i in range(1, len(p)):
            if i == len(p) - 1 or thick[i] != thick[start]:
                cv2.polylines(self.px, [q[start : i + 1]], False, (255,), int(thick[start]), cv2.LINE_AA, 4)
                start = i

    def strokes(self, lines: Sequence[Points], width: float, rng: np.random.Generator, pressure: float = 0.15, wobble: float = 0.0) -> None:
        for line in lines:
            self.stroke(line, width, rng, pressure, wobble)

    def disc(self, x: float, y: float, r: float) -> None:
        k = self.k * 16
        cv2.circle(self.px, (round(x * k), round(y * k)), max(1, round(r * k)), (255,), -1, cv2.LINE_AA, 4)

    def coverage(self) -> Gray:
        """(h, w) uint8 at page size, 255 full ink."""
        return np.asarray(cv2.resize(self.px, self.size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
