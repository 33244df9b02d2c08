"""Where the page lies in the frame: format of the picture, distance, tilt, what is cut off."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.dial import Dial, Rng

Points = NDArray[np.float64]
Content = tuple[float, float, float, float]
"""Left, top, right, bottom of what must stay in the picture, in fractions of the page."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Attributes:
    size: width, height of the picture in pixels.
    corners: (4, 2) tl, tr, br, bl of the page in the picture.
    bow: radial distortion of the lens, a share at half the picture's diagonal.
    """

    size: tuple[int, int]
    corners: Points
    bow: float


def of(rng: Rng, dial: Dial, aspect: float, content: Content, box: float, happening: Container[str]) -> Pose:
    """A pose; the boxes stay in the picture, and large enough to be read by a person, whatever happens.

    Args:
        aspect: width / height of the page.
        box: height of the smallest box / height of the page.
    """
    size = _format(rng, dial, aspect, happening)
    w, h = size
    flat = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)
    if "scan_app" in happening:  # straightened, and cut along the edges as the app saw them
        slack = rng.normal(0.004, dial.of(0.003, 0.008, 0.016), (4, 2)) * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
        return Pose(size, _keep(np.array([w, h]) * (flat + slack), content, size), 0.0)
    tilt = dial.of(0.8, 5.0, 8.0) * (1.5 if "screen" in happening else 1.0)
    pitch, yaw, roll = np.deg2rad(rng.normal(0, [tilt, tilt, dial.of(0.5, 1.8, 5.0)]))
    page = np.array([[-aspect, -1, 0], [aspect, -1, 0], [aspect, 1, 0], [-aspect, 1, 0]]) / 2
    turned = page @ _turn(pitch, yaw, roll).T
    seen = turned[:, :2] / (1 + turned[:, 2:] / float(rng.uniform(0.8, 1.35)))
    lo, hi = seen.min(0), seen.max(0)
    if "screen" in happening:
        share = float(rng.uniform(0.6, 0.85))
    elif "cropped" in happening:
        share = float(rng.uniform(1.0, dial.of(1.02, 1.05, 1.1)))
    else:
        share = float(rng.uniform(dial.of(0.95, 0.82, 0.55), 0.995))
    whole = float(np.min(np.array([w, h]) / (hi - lo)))
    scale = max(share * whole, min(whole, dial.of(26, 22, 18) / box))
    corners = (seen - (lo + hi) / 2) * scale
    spare = (np.array([w, h]) - (hi - lo) * scale) / 2
    corners = corners + np.array([w, h]) / 2 + rng.uniform(-0.7, 0.7, 2) * spare
    return Pose(size, _keep(corners, content, size), float(rng.normal(0, dial.of(0.001, 0.004, 0.01))))


def _format(rng: Rng, dial: Dial, aspect: float, happening: Container[str]) -> tuple[int, int]:
    long_side = int(rng.choice([1280, 1333, 1600, 1600, 1600, 1777]))
    if rng.random() < dial.of(0.0, 0.0, 0.06):
        long_side = 3000
    if "scan_app" in happening or rng.random() < 0.15:  # cut to the page
        w, h = 1.0, 1 / (aspect * float(rng.uniform(1.0, 1.05)))
        k = long_side / max(w, h)
        return round(w * k), round(h * k)
    if "screen" in happening and rng.random() < 0.5:
        return long_side, round(long_side * 0.75)
    return round(long_side * float(rng.choice([0.75, 0.75, 0.5625]))), long_side


def _turn(pitch: float, yaw: float, roll: float) -> Points:
    cx, sx, cy, sy, cz, sz = np.cos(pitch), np.sin(pitch), np.cos(yaw), np.sin(yaw), np.cos(roll), np.sin(roll)
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(z @ y @ x, np.float64)


def inside(corners: Points, content: Content) -> Points:
    """(4, 2) where the content's corners lie in the picture."""
    x0, y0, x1, y1 = content
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    m = cv2.getPerspectiveTransform(unit, corners.astype(np.float32))
    quad = np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]], np.float32)
    return np.asarray(cv2.perspectiveTransform(quad, m)[0], np.float64)


def _keep(corners: Points, content: Content, size: tuple[int, int]) -> Points:
    """Move, and if need be shrink, the page until its content is in the picture."""
    room = np.array(size, np.float64)
    edge = 0.008 * room.max()
    for _ in range(6):
        quad = inside(corners, content)
        lo, hi = quad.min(0), quad.max(0)
        fit = float(np.min((room - 2 * edge) / (hi - lo)))
        if fit < 1:
            centre = (lo + hi) / 2
            corners = (corners - centre) * fit + centre
            continue
        move = np.clip(edge - lo, 0, None) - np.clip(hi - (room - edge), 0, None)
        if not move.any():
            break
        corners = corners + move
    return corners
