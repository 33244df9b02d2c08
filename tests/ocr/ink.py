"""What happens to single boxes of a page before and while it is photographed: pens, correction fluid, stains, glare, bubbles."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.ocr.damage import Shot

Line = list[tuple[float, float]]
"""A stroke in units of a box: (0, 0) its upper left corner, (1, 1) its lower right one."""

DIGITS: dict[str, list[Line]] = {
    "1": [[(0.5, 0.2), (0.5, 0.8)]],
    "2": [[(0.3, 0.35), (0.42, 0.2), (0.62, 0.25), (0.62, 0.42), (0.3, 0.8), (0.72, 0.8)]],
    "3": [[(0.3, 0.25), (0.6, 0.2), (0.62, 0.4), (0.42, 0.48), (0.66, 0.58), (0.6, 0.8), (0.3, 0.78)]],
    "4": [[(0.38, 0.2), (0.3, 0.55), (0.75, 0.55)], [(0.62, 0.35), (0.6, 0.85)]],
    "9": [[(0.65, 0.35), (0.5, 0.5), (0.34, 0.36), (0.5, 0.2), (0.65, 0.33), (0.58, 0.82)]],
}
CROSS: list[Line] = [[(0.15, 0.15), (0.85, 0.85)], [(0.85, 0.15), (0.15, 0.85)]]
STRUCK: list[Line] = [[(0.12, 0.42), (0.88, 0.36)], [(0.12, 0.62), (0.88, 0.56)]]
SCRIBBLE: list[Line] = [[(0.15, 0.3), (0.85, 0.25), (0.15, 0.45), (0.85, 0.42), (0.15, 0.6), (0.85, 0.58), (0.15, 0.75), (0.85, 0.72)]]


def moved(lines: list[Line], dx: float, dy: float, size: float = 1.0) -> list[Line]:
    """The same strokes beside, above or below the box."""
    return [[((x - 0.5) * size + 0.5 + dx, (y - 0.5) * size + 0.5 + dy) for x, y in line] for line in lines]


def written(shot: Shot, number: str, index: int, lines: list[Line]) -> Shot:
    """With a ballpoint's strokes in a box."""
    cover = np.zeros(shot.gray.shape, np.uint8)
    for line in lines:
        points = np.round(_on_photo(shot, number, index, line) * 8).astype(np.int32)
        cv2.polylines(cover, [points], False, 255, max(1, round(0.07 * _width(shot, number, index))), cv2.LINE_AA, 3)
    return _covered(shot, cover, 70, darker=True)


def whited_out(shot: Shot, number: str, index: int) -> Shot:
    """With correction fluid over the inside of a box."""
    cover = np.zeros(shot.gray.shape, np.uint8)
    inside = _on_photo(shot, number, index, [(0.1, 0.12), (0.9, 0.1), (0.92, 0.88), (0.12, 0.9)])
    cv2.fillPoly(cover, [np.round(inside).astype(np.int32)], 255, cv2.LINE_AA)
    return _covered(shot, cv2.GaussianBlur(cover, (0, 0), 1), min(255.0, float(np.percentile(shot.gray, 90)) + 6))


def stained(shot: Shot, number: str, index: int, radius: float) -> Shot:
    """With a drop of ink on a box; ``radius`` in box widths."""
    cover = np.zeros(shot.gray.shape, np.uint8)
    middle = _on_photo(shot, number, index, [(0.5, 0.5)])[0]
    width = _width(shot, number, index)
    cv2.circle(cover, (round(middle[0]), round(middle[1])), round(radius * width), 255, -1, cv2.LINE_AA)
    return _covered(shot, cv2.GaussianBlur(cover, (0, 0), 0.05 * width), 40)


def dazzled(shot: Shot, number: str, first: int, last: int, strength: float = 220, radius: float = 2.2) -> Shot:
    """With a lamp's reflection over boxes ``first``..``last`` of a number; ``radius`` in box widths."""
    ends = [_on_photo(shot, number, i, [(0.5, 0.5)])[0] for i in (first, last)]
    x, y = np.mean(ends, axis=0)
    size = radius * _width(shot, number, first)
    ys, xs = np.mgrid[: shot.gray.shape[0], : shot.gray.shape[1]]
    return shot.changed(shot.gray + strength * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * size * size)))


def bubble(shot: Shot, number: str, index: int, digit: int, *, fill: float, gray: int = 50) -> Shot:
    """With one bubble filled with ``gray`` up to the share ``fill`` of its radius; 0: cleaned."""
    bubbles = shot.page.number_named(number).bubbles[index]
    x, y = bubbles.centres[digit]
    (centre, edge) = cv2.perspectiveTransform(np.array([[(x, y), (x + bubbles.radius, y)]], np.float64), shot.to_photo)[0]
    radius = float(np.hypot(*(edge - centre)))
    out = shot.gray.copy()
    at = (round(centre[0] * 16), round(centre[1] * 16))
    cv2.circle(out, at, round(radius * 0.85 * 16), int(np.percentile(out, 90)), -1, cv2.LINE_AA, 4)
    if fill > 0:
        cv2.circle(out, at, round(radius * fill * 16), gray, -1, cv2.LINE_AA, 4)
    return shot.changed(out)


def _on_photo(shot: Shot, number: str, index: int, points: Line) -> NDArray[np.float64]:
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    to_photo = cv2.getPerspectiveTransform(square, shot.true_corners(number, index).astype(np.float32))
    return np.asarray(cv2.perspectiveTransform(np.array([points], np.float64), to_photo)[0], np.float64)


def _width(shot: Shot, number: str, index: int) -> float:
    corners = shot.true_corners(number, index)
    return float(np.hypot(*(corners[1] - corners[0])))


def _covered(shot: Shot, cover: NDArray[np.generic], gray: float, *, darker: bool = False) -> Shot:
    share = cover / 255.0
    ink = np.minimum(shot.gray, gray) if darker else gray
    return shot.changed(shot.gray * (1 - share) + ink * share)
