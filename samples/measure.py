"""What a photo of a form is like as a picture, in numbers that can be held side by side for generated and real photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Gray = NDArray[np.uint8]
Points = NDArray[np.float64]
_SIDE = 96
"""Pixels of an upright box while its ink is measured; the border's centre line is its edge."""
_INSET = 12
_LUMINANCE = (16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55)
"""First two rows of the JPEG standard's table, row by row."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Attributes:
    long_side: of the picture, pixels.
    page_share: of the picture's area that the page covers, 0..1.
    tilt: of the page's upper edge against the picture's nearest axis, degrees.
    keystone: how much longer a side of the page seems than the one opposite, 0 = equal.
    box: side of a number box, pixels.
    paper: gray level of the paper at the boxes, 0..255.
    uneven: spread of that level over the page, a share of it.
    print_dark: how much darker than the paper the boxes' printed border is, 0..1.
    ink_dark: the same of the darkest handwriting in boxes that have any.
    stroke: width of handwriting, a share of the box.
    edge: blur of the printed border, pixels from paper to print at its steepest.
    noise: gray levels, standard deviation on bare paper.
    quality: of the JPEG as its tables tell, 0..100; NaN for other formats.
    """

    long_side: float
    page_share: float
    tilt: float
    keystone: float
    box: float
    paper: float
    uneven: float
    print_dark: float
    ink_dark: float
    stroke: float
    edge: float
    noise: float
    quality: float


NAMES = tuple(f.name for f in fields(Picture))


def measure(data: bytes, gray: Gray, page: Points, boxes: Sequence[Points]) -> Picture:
    """Measure one photo.

    Args:
        data: the file.
        gray: (h, w) upright picture in which the corners are given.
        page: (4, 2) tl, tr, br, bl of the page; may lie outside the picture.
        boxes: (4, 2) each, centre lines of the number boxes' borders; at least one.
    """
    h, w = gray.shape
    rim = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    covered, _ = cv2.intersectConvexConvex(cv2.convexHull(page.astype(np.float32)), rim)
    side = np.hypot(*(np.roll(page, -1, axis=0) - page).T)
    top = page[1] - page[0]
    angle = float(np.degrees(np.arctan2(top[1], top[0]))) % 90
    seen = [_box(gray, b) for b in boxes]
    paper = np.array([s.paper for s in seen])
    inked = [s for s in seen if s.ink > 0.15]
    return Picture(
        long_side=float(max(h, w)),
        page_share=float(covered) / (h * w),
        tilt=min(angle, 90 - angle),
        keystone=float(max(side[0] / side[2], side[2] / side[0], side[1] / side[3], side[3] / side[1])) - 1,
        box=float(np.median([np.sqrt(cv2.contourArea(b.astype(np.float32))) for b in boxes])),
        paper=float(np.median(paper)),
        uneven=float((np.percentile(paper, 95) - np.percentile(paper, 5)) / max(1.0, float(np.median(paper)))),
        print_dark=_median([s.border for s in seen]),
        ink_dark=_median([s.ink for s in inked]),
        stroke=_median([s.stroke for s in inked]),
        edge=_median([s.edge for s in seen]),
        noise=_median([s.noise for s in seen]),
        quality=jpeg_quality(data),
    )


def _median(values: Sequence[float]) -> float:
    known = [v for v in values if not np.isnan(v)]
    return float(np.median(known)) if known else float("nan")


@dataclass(frozen=True, slots=True)
class _Box:
    paper: float
    border: float
    ink: float
    stroke: float
    edge: float
    noise: float


def _box(gray: Gray, corners: Points) -> _Box:
    unit = np.array([[0, 0], [_SIDE, 0], [_SIDE, _SIDE], [0, _SIDE]], np.float32)
    up = cv2.getPerspectiveTransform(corners.astype(np.float32), unit)
    flat = cv2.warpPerspective(gray, up, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inner = flat[_INSET:-_INSET, _INSET:-_INSET]
    paper = float(np.percentile(inner, 85))
    rim = np.concatenate([flat[:3].ravel(), flat[-3:].ravel(), flat[:, :3].ravel(), flat[:, -3:].ravel()])
    border = 1 - float(np.percentile(rim, 25)) / max(1.0, paper)
    dark = float(np.percentile(inner, 2))
    ink = 1 - dark / max(1.0, paper)
    mask = (inner < (paper + dark) / 2).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    around = sum(cv2.arcLength(o, True) for o in outlines)
    stroke = 2 * float(mask.sum()) / around / _SIDE if around > 0 else float("nan")
    return _Box(paper, border, ink, stroke, _edge(gray, corners, paper * border), _noise(gray, corners, (paper + dark) / 2))


def _noise(gray: Gray, corners: Points, ink: float) -> float:
    """Standard deviation of noise on the bare paper of a box, by Immerkaer's mask (Computer Vision and Image Understanding 64, 1996)."""
    x0, y0 = np.ceil(corners.min(0) + 0.15 * np.ptp(corners, axis=0)).astype(int)
    x1, y1 = np.floor(corners.max(0) - 0.15 * np.ptp(corners, axis=0)).astype(int)
    patch = gray[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
    if min(patch.shape) < 8:
        return float("nan")
    answer = np.abs(cv2.filter2D(patch.astype(np.float32), -1, np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)))
    bare = cv2.dilate((patch < ink).astype(np.uint8), np.ones((7, 7), np.uint8)) == 0
    bare[[0, -1]] = bare[:, [0, -1]] = False
    return float(np.sqrt(np.pi / 2) / 6 * answer[bare].mean()) if bare.sum() > 20 else float("nan")


def _edge(gray: Gray, corners: Points, contrast: float) -> float:
    """Pixels that the border's print takes from paper to its full tone: contrast / steepest slope, across the left side."""
    (x0, y0), (x1, y1) = corners[0], corners[3]
    reach = 0.18 * float(np.hypot(*(corners[1] - corners[0])))
    across = (corners[1] - corners[0]) / max(1e-6, float(np.hypot(*(corners[1] - corners[0]))))
    t = np.linspace(0.25, 0.75, 9)[:, None]
    steps = np.arange(-reach, reach, 0.5)[None]
    xs = (x0 + (x1 - x0) * t + across[0] * steps).astype(np.float32)
    ys = (y0 + (y1 - y0) * t + across[1] * steps).astype(np.float32)
    rows = cv2.remap(gray, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    if rows.shape[1] < 3 or contrast <= 5:
        return float("nan")
    steepest = np.abs(rows[:, 2:] - rows[:, :-2]).max(axis=1)  # over one pixel
    return float(contrast / max(1.0, float(np.median(steepest))))


def jpeg_quality(data: bytes) -> float:
    """libjpeg's quality setting, from the first two rows of the luminance table; NaN if the file is no JPEG."""
    with Image.open(BytesIO(data)) as image:
        tables = getattr(image, "quantization", None)
        if image.format != "JPEG" or not tables:
            return float("nan")
        scale = 100 * sum(tables[0][: len(_LUMINANCE)]) / sum(_LUMINANCE)
    return float(np.clip((200 - scale) / 2 if scale <= 100 else 5000 / scale, 1, 100))
