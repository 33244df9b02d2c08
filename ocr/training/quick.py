"""Which ORB features of a blank page are worth keeping: those that a camera sees again.

The blank is photographed many times by a simulated camera (turned, tilted, far and near, blurred, noisy, unevenly lit, compressed). Each
time the features found in the photo are matched with all features of the blank; one that was the nearest and at the right place
gains a point. The features with most points are kept, spread over the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.align.features import F32, flatten
from ocr.align.quick import COUNT, LONG_SIDE, Bits, detect
from ocr.types import Floats, Gray

HEIGHTS = (500, 620, 800, 1000)
VIEWS = 30
KEPT = 1000
_POOL = 1500
_CELLS = 12
"""The page's width in cells; each further feature of a cell counts less."""
_CLEAR = 70
"""Bits in which a feature seen again may differ."""


def view(gray: Gray, rng: np.random.Generator) -> tuple[Gray, Floats]:
    """A photo of the blank ``gray`` (h, w) and the homography blank pixel -> photo pixel."""
    h, w = gray.shape
    target = rng.uniform(0.62, 1.0) * 1.1 * LONG_SIDE
    s = target / h
    turn = np.deg2rad(rng.normal(0, 6) + 90 * rng.integers(0, 4))
    c, d = np.cos(turn) * s, np.sin(turn) * s
    outline = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64)
    seen = outline @ np.array([[c, d], [-d, c]])
    seen = seen - seen.min(axis=0) + 20 + rng.normal(0, 0.03 * target, (4, 2))
    size = np.ceil(seen.max(axis=0) + 20).astype(int)
    to_photo = np.asarray(cv2.getPerspectiveTransform(outline.astype(np.float32), seen.astype(np.float32)), np.float64)
    soft = cv2.GaussianBlur(gray, (0, 0), 0.45 / s) if s < 0.83 else gray
    desk = (float(rng.integers(60, 200)),)
    seen_by = cv2.warpPerspective(soft, to_photo, (int(size[0]), int(size[1])), borderValue=desk).astype(np.float32)
    shot = np.asarray(cv2.GaussianBlur(seen_by, (0, 0), rng.uniform(0.3, 1.1)), np.float64)
    y, x = np.mgrid[: shot.shape[0], : shot.shape[1]]
    light = 1 + rng.uniform(-0.35, 0.35) * (x / shot.shape[1] - 0.5) + rng.uniform(-0.35, 0.35) * (y / shot.shape[0] - 0.5)
    shot = (255 - (255 - shot) * rng.uniform(0.5, 1)) * light * rng.uniform(0.6, 0.95) + rng.normal(0, rng.uniform(1, 7), shot.shape)
    _, data = cv2.imencode(".jpg", np.clip(shot, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 90))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8), to_photo


def pool(gray: Gray, to_template: Floats, allowed: Callable[[Floats], NDArray[np.bool_]]) -> tuple[Floats, F32, Bits]:
    """The features of one blank at several sizes where they are ``allowed`` (template units (n, 2) -> (n,)): points (n, 2) in template
    units, angles (n,) in degrees, descriptors (n, 32)."""
    points, angles, bits = [], [], []
    for height in HEIGHTS:
        s = min(1.0, height / gray.shape[0])
        small = np.asarray(cv2.resize(gray, None, fx=s, fy=s, interpolation=cv2.INTER_AREA), np.uint8)
        found, turn, b = detect(flatten(small), 5000)
        scale = np.array([gray.shape[1] / small.shape[1], gray.shape[0] / small.shape[0]])
        units = cv2.perspectiveTransform(((found + 0.5) * scale - 0.5).astype(np.float64)[None], to_template)[0]
        keep = np.flatnonzero(allowed(units))[:_POOL]
        points.append(units[keep])
        angles.append(turn[keep])
        bits.append(b[keep])
    return np.concatenate(points), np.concatenate(angles), np.concatenate(bits)


def chosen(points: Floats, bits: Bits, blanks: Sequence[tuple[Gray, Floats]], width: float, seed: int = 7) -> NDArray[np.intp]:
    """Indices of the KEPT features of the pool worth most, best first.

    ``blanks``: pictures with their 3x3 homography to template units; ``width``: of the page, template units.
    """
    rng = np.random.default_rng(seed)
    score = np.zeros(len(points))
    for _ in range(VIEWS):
        for gray, to_template in blanks:
            shot, to_photo = view(gray, rng)
            at, _, seen = detect(flatten(shot), COUNT)
            if not len(at):
                continue
            true = cv2.perspectiveTransform(at[None].astype(np.float64), to_template @ np.linalg.inv(to_photo))[0]
            distance, index = cv2.batchDistance(seen, bits, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=1)
            near = np.linalg.norm(points[index[:, 0]] - true, axis=1) < 0.006 * width
            np.add.at(score, np.asarray(index[:, 0], np.intp), near & (distance[:, 0] < _CLEAR))
    cell = np.floor(points / width * _CELLS).astype(int) @ np.array([1000, 1])
    order = np.argsort(-score, kind="stable")
    before = np.zeros(len(points))
    count: dict[int, int] = {}
    for i in order:
        before[i] = count.get(int(cell[i]), 0)
        count[int(cell[i])] = int(before[i]) + 1
    return np.argsort(-score / (1 + before / _CELLS), kind="stable")[:KEPT]
