"""Are the printed lines of a page where an alignment puts them? A second witness where ink is lost and box borders are few."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.align.lines import darkness
from ocr.align.pyramid import Pyramid
from ocr.types import AlignedSheet, Floats

_LONG_SIDE = 700
_SAMPLES = 24
_RIDGE = 0.05
"""How much darker than beside it a line must be, share of the paper's brightness."""
_SHORTEST = 0.05
"""Lines shorter than this share of the page's width say little."""


def lines_found(sheet: AlignedSheet, pyramid: Pyramid) -> float:
    """Share of the page's printed lines that are there, less what would be found 8 px beside them: 0 nothing, about 1 all."""
    page = sheet.page
    ends = np.array([[*i.a, *i.b] for i in page.print if i.kind == "line"], np.float64).reshape(-1, 4)
    length = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
    ends = ends[length > _SHORTEST * page.size.width]
    if len(ends) < 5:
        return 0.0
    picture, reduction = pyramid.level(max(1.0, max(sheet.photo.gray.shape) / _LONG_SIDE))
    dark = darkness(picture)
    t = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    along = ends[:, None, :2] * (1 - t)[None, :, None] + ends[:, None, 2:] * t[None, :, None]
    at = (sheet.project(along.reshape(-1, 2)) / reduction).reshape(len(ends), _SAMPLES, 2)
    direction = np.asarray(np.gradient(at, axis=1), np.float64)
    normal = np.stack([-direction[..., 1], direction[..., 0]], axis=-1)
    normal /= np.maximum(np.hypot(normal[..., 0], normal[..., 1]), 1e-6)[..., None]
    # faint print all over the page: its box borders say how faint
    faint = float(np.median([r.contrast for r in sheet.rows])) if sheet.rows else 1.0
    least = max(0.015, min(_RIDGE, 0.4 * faint))
    return max(0.0, _share(dark, at, normal, 0.0, least) - max(_share(dark, at, normal, o, least) for o in (-8.0, 8.0)))


def _share(dark: NDArray[np.float32], at: Floats, normal: Floats, beside: float, least: float) -> float:
    """Mean over lines of the share of samples with a ridge darker by ``least`` within 2 px of the line moved by ``beside`` px."""
    offsets = beside + np.array([-5, -2, -1, 0, 1, 2, 5], np.float64)
    places = at[:, :, None, :] + normal[:, :, None, :] * offsets[None, None, :, None]
    n = at.shape[0] * at.shape[1]
    mx, my = np.asarray(places[..., 0].reshape(n, -1), np.float32), np.asarray(places[..., 1].reshape(n, -1), np.float32)
    v = np.asarray(cv2.remap(dark, mx, my, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)).reshape(*at.shape[:2], -1)
    ridge = v[:, :, 1:6].max(axis=2) - np.maximum(v[:, :, 0], v[:, :, 6])
    h, w = dark.shape
    inside = (at[..., 0] > 0) & (at[..., 0] < w - 1) & (at[..., 1] > 0) & (at[..., 1] < h - 1)
    return float(((ridge > least) & inside).mean())


def in_picture(sheet: AlignedSheet) -> float:
    """Share of the page's boxes whose middle lies in the picture."""
    middles = np.array([[b.x + b.w / 2, b.y + b.h / 2] for n in sheet.page.numbers for b in n.boxes], np.float64)
    at = sheet.project(middles)
    h, w = sheet.photo.gray.shape
    return float(((at > 0).all(axis=1) & (at[:, 0] < w - 1) & (at[:, 1] < h - 1)).mean())
