"""Paper that is not flat: folds, curl, crumples. Where its points seem to lie, and how light falls on it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.dial import Dial, Rng

Floats = NDArray[np.float32]
GRID = 192


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """On a (GRID, GRID) raster over the page: displacement (fractions of the page) and brightness (1 = flat).

    ``creases``: (nx, ny, c, depth): lines nx * u + ny * v = c along which the paper is broken.
    """

    dx: Floats
    dy: Floats
    shade: Floats
    creases: tuple[tuple[float, float, float, float], ...]

    @staticmethod
    def of(rng: Rng, dial: Dial, happening: Container[str]) -> Surface:
        v, u = np.mgrid[0 : 1 : GRID * 1j, 0 : 1 : GRID * 1j]
        height = np.zeros((GRID, GRID))
        creases: list[tuple[float, float, float, float]] = []
        if "curl" in happening:
            a = rng.uniform(0, 2 * np.pi)
            s = np.cos(a) * (u - 0.5) + np.sin(a) * (v - 0.5)
            height += dial.strength(rng, 0.004, 0.012, 0.03) * np.sin(2.2 * s + rng.uniform(0, 2)) * rng.choice([-1, 1])
        if "fold" in happening:
            for _ in range(int(rng.integers(1, 2 + round(dial.of(1, 2, 4))))):
                depth = dial.strength(rng, 0.01, 0.03, 0.06) * float(rng.choice([-1, 1]))
                a = float(rng.choice([0.0, np.pi / 2])) + float(rng.normal(0, 0.012))
                nx, ny = float(np.cos(a)), float(np.sin(a))
                c = float(rng.choice([0.25, 1 / 3, 0.5, 0.5, 2 / 3, 0.75])) + float(rng.normal(0, 0.015))
                away = np.abs(nx * u + ny * v - c)
                height -= depth * (0.05 * away + 0.05 * (1 - np.exp(-away / 0.05)))
                creases.append((nx, ny, c, abs(depth)))
        if "crumple" in happening:
            height += dial.strength(rng, 0.0, 0.007, 0.014) * _crumpled(rng, u, v)
        gy, gx = np.gradient(height, 1 / (GRID - 1))
        sun = rng.uniform(0, 2 * np.pi)
        shade = 1 + 1.1 * (gx * np.cos(sun) + gy * np.sin(sun))
        lean = rng.normal(0, 0.25, 2)
        return Surface(
            dx=np.asarray(height * (lean[0] + 0.5 * (u - 0.5)), np.float32),
            dy=np.asarray(height * (lean[1] + 0.5 * (v - 0.5)), np.float32),
            shade=np.clip(shade, 0.72, 1.16).astype(np.float32),
            creases=tuple(creases),
        )

    def seen_at(self, u: Floats, v: Floats) -> tuple[Floats, Floats, Floats]:
        """Displacement and brightness at page fractions ``u``, ``v`` (h, w)."""
        x, y = u * (GRID - 1), v * (GRID - 1)
        dx, dy, shade = (
            np.asarray(cv2.remap(f, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
            for f in (self.dx, self.dy, self.shade)
        )
        for nx, ny, c, depth in self.creases:
            s = nx * u + ny * v - c
            line = np.abs(s) < 0.006
            shade[line] *= 1 - 3.5 * depth * np.exp(-((s[line] / 0.0016) ** 2))
        return dx, dy, shade


def _crumpled(rng: Rng, u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Facets between short straight creases, about -1..1."""
    out = np.zeros((GRID, GRID))
    for _ in range(34):
        a, (cu, cv) = rng.uniform(0, np.pi), rng.uniform(-0.05, 1.05, 2)
        across = np.cos(a) * (u - cu) + np.sin(a) * (v - cv)
        along = -np.sin(a) * (u - cu) + np.cos(a) * (v - cv)
        reach = rng.uniform(0.08, 0.3)
        out += rng.normal(0, 1) * np.maximum(0, 1 - np.abs(across) / (0.6 * reach)) * np.exp(-((along / reach) ** 2))
    return out / 2
