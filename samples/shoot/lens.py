"""Lens and sensor: blur of focus and of movement, noise, a phone's sharpening, moire of a screen."""

from __future__ import annotations

from collections.abc import Container

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.dial import Dial, Rng

Floats = NDArray[np.float32]


def expose(frame: Floats, rng: Rng, dial: Dial, happening: Container[str]) -> Floats:
    """What the phone records of the scene ``frame`` (h, w, 3)."""
    big = max(frame.shape[:2]) / 1600
    veil = float(rng.uniform(0.0, dial.of(0.06, 0.26, 0.35)))  # stray light in a cheap, greasy lens
    frame = np.asarray(frame + (0.9 * float(np.percentile(frame[::16, ::16], 75)) - frame) * veil, np.float32)
    sigma = abs(float(rng.normal(0.32, dial.of(0.1, 0.18, 0.25))))
    if "defocus" in happening:
        sigma += dial.strength(rng, 0.3, 1.1, 2.0)
    if sigma > 0.25:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma * big), np.float32)
    if "partly_blurred" in happening:
        frame = _partly(frame, rng, dial.of(0.6, 1.6, 2.6) * big)
    if "motion" in happening:
        frame = _moved(frame, rng, (1.5 + dial.strength(rng, 0.5, 2.0, 5.0)) * big)
    frame = frame + _noise(frame, rng, dial, happening)
    if "low_light" in happening:  # phones smooth such noise away, and fine strokes with it
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), 0.5 * big), np.float32)
    if "sharpened" in happening:
        soft = cv2.GaussianBlur(frame, (0, 0), 1.2 * big)
        frame = frame + float(rng.uniform(0.2, 0.9)) * (frame - soft)
    return np.asarray(frame, np.float32)


def _partly(frame: Floats, rng: Rng, sigma: float) -> Floats:
    """Out of focus towards one corner."""
    h, w = frame.shape[:2]
    a = rng.uniform(0, 2 * np.pi)
    ys, xs = np.mgrid[0 : 1 : (h // 8 + 1) * 1j, 0 : 1 : (w // 8 + 1) * 1j]
    far = np.clip((np.cos(a) * (xs - 0.5) + np.sin(a) * (ys - 0.5)) * 2.2 + 0.1, 0, 1).astype(np.float32)
    share = cv2.resize(far, (w, h), interpolation=cv2.INTER_LINEAR)[..., None]
    return np.asarray(frame + (cv2.GaussianBlur(frame, (0, 0), sigma) - frame) * share, np.float32)


def _moved(frame: Floats, rng: Rng, length: float) -> Floats:
    """The phone moved by ``length`` pixels while the shutter was open."""
    k = 2 * int(np.ceil(length)) + 1
    fine = np.zeros((k * 8, k * 8), np.float32)
    c, a = k * 4, rng.uniform(0, np.pi)
    d = np.array([np.cos(a), np.sin(a)]) * length * 4
    cv2.line(fine, (round(c - d[0]), round(c - d[1])), (round(c + d[0]), round(c + d[1])), (1.0,), 8)
    kernel = cv2.resize(fine, (k, k), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.filter2D(frame, -1, kernel / kernel.sum()), np.float32)


def _noise(frame: Floats, rng: Rng, dial: Dial, happening: Container[str]) -> Floats:
    """Gray noise, and coarser coloured noise; more of both in poor light."""
    h, w = frame.shape[:2]
    sigma = float(rng.uniform(0.7, dial.of(1.5, 3.2, 5.0)))
    if "low_light" in happening:
        sigma += dial.strength(rng, 1.0, 5.0, 9.0)
    gray = rng.standard_normal((h, w), np.float32)[..., None] * np.float32(sigma)
    coarse = rng.standard_normal((h // 3 + 1, w // 3 + 1, 3), np.float32) * np.float32(0.7 * sigma)
    return np.asarray(gray + cv2.resize(coarse, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)


def moire(page_x: Floats, page_y: Floats, shape: tuple[int, int], rng: Rng) -> Floats:
    """(h, w, 3): brightness of a monitor's pixels as the sensor's raster samples them: slow coloured bands.

    Args:
        page_x, page_y: where each pixel of the picture looks on the shown page, in pixels of the page.
        shape: (h, w) of the picture.
    """
    h, w = shape
    step = float(np.median(np.abs(np.diff(page_x[h // 2]))))  # page pixels a pixel of the picture
    per = float(rng.uniform(0.86, 1.16)) / max(step, 1e-3)  # screen pixels a page pixel: nearly one a pixel of the picture
    depth = float(rng.uniform(0.03, 0.09))
    out = np.empty((h, w, 3), np.float32)
    rows = np.cos(2 * np.pi * page_y * per).astype(np.float32)
    for c in range(3):  # the three stripes of a pixel stand beside each other
        out[..., c] = 1 + depth * (np.cos(2 * np.pi * (page_x * per + c / 3)) + 0.6 * rows)
    return out
