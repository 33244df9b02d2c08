"""Light on the scene: slope, shadows of hand and phone, glare, colour of the lamp."""

from __future__ import annotations

from collections.abc import Container

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.dial import Dial, Rng

Floats = NDArray[np.float32]
DARKEST = 0.16
"""Of full light: where a person still makes out a stroke."""


def field(size: tuple[int, int], rng: Rng, dial: Dial, happening: Container[str]) -> Floats:
    """(h, w, 3): brightness over the picture, 1 is full light; a colour cast is in it."""
    w, h = size[0] // 8 + 1, size[1] // 8 + 1
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    a = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(a) * (xs / w - 0.5) + np.sin(a) * (ys / h - 0.5)) * float(rng.normal(0, dial.of(0.08, 0.3, 0.5)))
    level = float(
        rng.uniform(
            *((dial.of(0.6, 0.42, 0.25), 0.62) if "low_light" in happening else (dial.of(0.8, 0.64, 0.5), dial.of(0.95, 0.86, 0.9)))
        )
    )
    light = level * (1 + slope)
    edge = np.hypot(xs / w - 0.5, ys / h - 0.5)
    light *= 1 - dial.strength(rng, 0.04, 0.16, 0.4) * edge**2 * 2
    if "shadow" in happening:
        for _ in range(1 + int(rng.random() < 0.3)):
            light *= 1 - dial.strength(rng, 0.0, 0.35, 0.6) * _shadow(w, h, rng)
    light = np.maximum(light, DARKEST)
    tint = np.ones(3, np.float32)
    if "cast" in happening:
        warm = float(rng.normal(0, dial.of(0.02, 0.06, 0.12)))
        tint = np.array([1 - warm, 1 - 0.15 * abs(warm), 1 + 0.7 * warm], np.float32) + rng.normal(0, 0.012, 3).astype(np.float32)
    out = np.asarray(light[..., None] * tint, np.float32)
    return np.asarray(cv2.resize(out, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _shadow(w: int, h: int, rng: Rng) -> Floats:
    """(h, w), 0..1: somebody's head and arm, or a phone held above."""
    mask = np.zeros((h, w), np.float32)
    if rng.random() < 0.45:  # phone: an upright slab with a hand below it
        cx, cy = rng.uniform(0.2, 0.8) * w, rng.uniform(0.3, 0.9) * h
        pw, ph = rng.uniform(0.1, 0.2) * h, rng.uniform(0.25, 0.4) * h
        box = cv2.boxPoints(((float(cx), float(cy)), (float(pw), float(ph)), float(rng.normal(0, 15))))
        cv2.fillPoly(mask, [np.round(box).astype(np.int32)], (1.0,))
        cv2.ellipse(mask, (round(cx), round(cy + 0.6 * ph)), (round(0.6 * pw), round(0.5 * ph)), 0, 0, 360, (1.0,), -1)
    else:
        t = np.linspace(0, 2 * np.pi, 9, endpoint=False)
        r = rng.uniform(0.2, 0.55, 9) * min(w, h)
        cx, cy = rng.uniform(0, w), rng.uniform(0.2 * h, 1.1 * h)
        cv2.fillPoly(mask, [np.round(np.stack([cx + r * np.cos(t), cy + r * np.sin(t)], 1)).astype(np.int32)], (1.0,))
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.8, 7))), np.float32)


def glare(frame: Floats, rng: Rng, dial: Dial) -> None:
    """A lamp or the flash mirrored by the paper; in place."""
    h, w = frame.shape[:2]
    y, x = np.mgrid[0 : h // 8 + 1, 0 : w // 8 + 1].astype(np.float32) * 8
    cx, cy, r = rng.uniform(0.1, 0.9) * w, rng.uniform(0.1, 0.9) * h, rng.uniform(0.05, 0.16) * w
    stretch = rng.uniform(0.5, 2.0)
    spot = np.exp(-(((x - cx) ** 2 * stretch + (y - cy) ** 2 / stretch) / (2 * r * r))) * dial.strength(rng, 30, 95, 190)
    frame += cv2.resize(np.asarray(spot, np.float32), (w, h), interpolation=cv2.INTER_LINEAR)[..., None]
