"""Lays a photographed page flat by its own printed lines, whatever form it is.

A form's lines run in two directions. Where the lines of each meet in the photo (their vanishing point) tells the perspective; what
carries both points to infinity, one along x and one along y, is the homography that is looked for. Method: Liebowitz and
Zisserman 1998 (metric rectification), the affine rest fixed by keeping the scale in the middle of the picture.
"""

from __future__ import annotations

import cv2
import numpy as np

from ocr.types import Floats, Gray

LONG_SIDE = 2400
"""Of the flat picture, px."""
_WORK = 1300
_SHORTEST = 0.035
"""Of the long side: shorter segments are letters and handwriting."""
_FAMILY = np.deg2rad(25)
"""A line belongs to a direction that it deviates from by less."""


def flattened(gray: Gray) -> tuple[Gray, Floats]:
    """The page with its lines along x and y, and 3x3 photo pixel -> flat pixel. Which side is up is not asked here."""
    h, w = gray.shape
    k = _WORK / max(h, w)
    work = cv2.resize(gray, None, fx=k, fy=k, interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_LINEAR)
    found = cv2.createLineSegmentDetector().detect(work)[0]
    norm = np.array([[2 / max(h, w), 0, -w / max(h, w)], [0, 2 / max(h, w), -h / max(h, w)], [0, 0, 1]])
    segments = np.zeros((0, 4)) if found is None else np.asarray(found, np.float64).reshape(-1, 4) / k
    flat = _rectifying(_normal(segments, norm)) @ norm
    corners = np.array([[[0, 0], [w, 0], [w, h], [0, h]]], np.float64)
    placed = cv2.perspectiveTransform(corners, flat)[0]
    low, high = np.clip(placed.min(0), -1.6, 1.6), np.clip(placed.max(0), -1.6, 1.6)
    scale = LONG_SIDE / float((high - low).max())
    to_flat = np.array([[scale, 0, -low[0] * scale], [0, scale, -low[1] * scale], [0, 0, 1]]) @ flat
    size = (int(np.ceil((high[0] - low[0]) * scale)), int(np.ceil((high[1] - low[1]) * scale)))
    out = cv2.warpPerspective(gray, to_flat, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8), np.asarray(to_flat, np.float64)


def _normal(segments: Floats, norm: Floats) -> Floats:
    ends = segments.reshape(-1, 2) * norm[0, 0] + norm[:2, 2]
    out = ends.reshape(-1, 4)
    length = np.hypot(out[:, 2] - out[:, 0], out[:, 3] - out[:, 1])
    kept: Floats = out[length > 2 * _SHORTEST]
    return kept


def _rectifying(segments: Floats) -> Floats:
    """3x3 over normalised coordinates; identity where there are too few lines to tell."""
    if len(segments) < 8:
        return np.eye(3)
    d = segments[:, 2:] - segments[:, :2]
    length = np.hypot(d[:, 0], d[:, 1])
    angle = np.arctan2(d[:, 1], d[:, 0])
    main = _main_direction(angle, length)
    points = []
    for turn in (0.0, np.pi / 2):
        off = np.angle(np.exp(2j * (angle - main - turn))) / 2
        mine = np.abs(off) < _FAMILY
        if mine.sum() < 4:
            return _affine_only(main)
        points.append(_vanishing(segments[mine], length[mine], main + turn))
    line = np.cross(points[0], points[1])
    if abs(line[2]) < 1e-9:
        return _affine_only(main)
    line = line / line[2]
    if np.abs(line[:2]).max() > 0.6:  # the horizon would run through the picture
        return _affine_only(main)
    perspective = np.array([[1, 0, 0], [0, 1, 0], line])
    axes = np.stack([(perspective @ p)[:2] for p in points], axis=1)
    axes = axes / np.linalg.norm(axes, axis=0)
    axes[:, 0] *= np.sign(axes[0, 0]) or 1
    axes[:, 1] *= np.sign(axes[1, 1]) or 1
    affine = np.eye(3)
    affine[:2, :2] = np.linalg.inv(axes)
    out: Floats = affine @ perspective
    return out


def _main_direction(angle: Floats, length: Floats) -> float:
    """Of the lines, in -45..45 degrees: the peak of their angles modulo 90 degrees."""
    folded = np.mod(np.rad2deg(angle) + 45, 90) - 45
    bins, _ = np.histogram(folded, bins=90, range=(-45, 45), weights=length)
    smooth = sum(np.roll(bins, s) for s in (-1, 0, 1))
    return float(np.deg2rad(np.argmax(smooth) - 44.5))


def _affine_only(main: float) -> Floats:
    c, s = np.cos(main), np.sin(main)
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def _vanishing(segments: Floats, length: Floats, direction: float) -> Floats:
    """(3,) homogeneous point in which the lines meet, robust against those of another direction."""
    a, b = segments[:, :2], segments[:, 2:]
    lines = np.cross(np.c_[a, np.ones(len(a))], np.c_[b, np.ones(len(b))])
    lines = lines / np.maximum(np.hypot(lines[:, 0], lines[:, 1]), 1e-12)[:, None]
    mid, d = (a + b) / 2, (b - a) / np.maximum(length, 1e-12)[:, None]
    point: Floats = np.array([np.cos(direction), np.sin(direction), 0.0])
    cut = np.deg2rad(12.0)
    for _ in range(10):
        to = point[:2] - mid * point[2]
        to = to / np.maximum(np.linalg.norm(to, axis=1), 1e-12)[:, None]
        off = np.abs(d[:, 0] * to[:, 1] - d[:, 1] * to[:, 0])
        weight = length * np.maximum(0, 1 - (off / cut) ** 2) ** 2
        if (weight > 0).sum() < 3:
            break
        _, _, vt = np.linalg.svd(lines * weight[:, None] ** 0.5)
        point = vt[-1]
        cut = max(cut * 0.7, np.deg2rad(1.0))
    return point
