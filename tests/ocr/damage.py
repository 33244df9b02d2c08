"""Drawn pages put before a camera whose position is known: where every box must come out is known to the pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.types import Photo
from samples.sheet import draw
from templates_c1.registry import page
from templates_c1.schema import Page

HEIGHT = 1500
"""Of the paper in the undamaged photo, px."""
DESK = 95
PAGES = [("c-hasil-kwk-2020", 2), *(("c-hasil-ppwp-2024", n) for n in (1, 2, 3)), ("c1-ppwp-2019", 1), ("c1-ppwp-2019", 2)]


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A photo and the true homography template units -> pixels. ``fold``: from this y on, px, the paper lies moved by (x, y) px."""

    form: str
    page: Page
    gray: NDArray[np.uint8]
    to_photo: NDArray[np.float64]
    fold: tuple[float, tuple[float, float]] | None = None

    @property
    def photo(self) -> Photo:
        return Photo(name="shot.jpg", sha256="0" * 64, gray=np.ascontiguousarray(self.gray))

    def moved(self, h: NDArray[np.float64], size: tuple[int, int]) -> Shot:
        """Seen through ``h`` (pixels -> pixels); size (width, height)."""
        out = cv2.warpPerspective(self.gray, h, size, flags=cv2.INTER_AREA, borderValue=(DESK,))
        return Shot(self.form, self.page, np.asarray(out, np.uint8), h @ self.to_photo)

    def changed(self, gray: NDArray[np.generic]) -> Shot:
        """Other pixels, same geometry."""
        return Shot(self.form, self.page, np.clip(gray, 0, 255).astype(np.uint8), self.to_photo)

    def true_corners(self, number: str, index: int) -> NDArray[np.float64]:
        box = self.page.number_named(number).boxes[index]
        corners = np.asarray(cv2.perspectiveTransform(np.array([box.corners], np.float64), self.to_photo)[0], np.float64)
        if self.fold is not None:
            corners[corners[:, 1] + self.fold[1][1] > self.fold[0]] += self.fold[1]
        return corners


@lru_cache(maxsize=8)
def flat(form: str, number: int, seed: int = 11) -> Shot:
    """The filled page lying flat, with a little desk around."""
    sheet = page(form, number)
    gray = cv2.cvtColor(draw(form, number, seed).image, cv2.COLOR_BGR2GRAY)
    s = HEIGHT / gray.shape[0]
    small = cv2.resize(gray, None, fx=s, fy=s, interpolation=cv2.INTER_AREA)
    k = small.shape[0] / sheet.size.height
    to_pixels = np.array([[k, 0, -0.5], [0, k, -0.5], [0, 0, 1]])
    rim = 40
    framed = cv2.copyMakeBorder(small, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=(DESK,))
    shift = np.array([[1, 0, rim], [0, 1, rim], [0, 0, 1]], np.float64)
    return Shot(form, sheet, np.asarray(framed, np.uint8), shift @ to_pixels)


def turned(shot: Shot, degrees: float) -> Shot:
    """Turned clockwise about the middle, nothing cut off."""
    h, w = shot.gray.shape
    m = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), -degrees, 1.0)
    c, s = abs(m[0, 0]), abs(m[0, 1])
    size = round(w * c + h * s), round(w * s + h * c)
    m[:, 2] += [(size[0] - w) / 2, (size[1] - h) / 2]
    return shot.moved(np.vstack([m, [0, 0, 1]]), size)


def tilted(shot: Shot, strength: float = 0.12) -> Shot:
    """Taken from below and from the left: the far edge shorter, the page leaning."""
    h, w = shot.gray.shape
    src = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    d = strength
    dst = np.array([[w * d, h * d * 0.8], [w * (1 - d * 0.5), h * d * 0.2], [w, h], [0, h * (1 - d * 0.4)]], np.float32)
    return shot.moved(np.asarray(cv2.getPerspectiveTransform(src, dst), np.float64), (w, h))


def far(shot: Shot, size: float, seed: int = 3) -> Shot:
    """The page at ``size`` of its size, leaning a little, on a floor of tiles with things lying about."""
    h, w = shot.gray.shape
    rng = np.random.default_rng(seed)
    floor = np.where(np.add.outer(np.arange(h) // 90, np.arange(w) // 90) % 2, 150, 110).astype(np.uint8)
    for x, y, wide, high, gray in rng.integers((0, 0, 20, 20, 0), (w, h, 200, 200, 255), (40, 5)).tolist():
        cv2.rectangle(floor, (x, y), (x + wide, y + high), gray, 3)
    m = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), 4, size)
    small = Shot(shot.form, shot.page, np.asarray(cv2.GaussianBlur(shot.gray, (0, 0), 0.4 / size), np.uint8), shot.to_photo)
    seen = small.moved(np.vstack([m, [0, 0, 1]]), (w, h))
    there = cv2.warpAffine(np.full_like(shot.gray, 255), m, (w, h)) > 127
    return seen.changed(np.where(there, seen.gray, cv2.GaussianBlur(floor, (0, 0), 1)))


def shaded(shot: Shot, least: float = 0.35) -> Shot:
    """A hard shadow over one half and light that falls off to the corner."""
    h, w = shot.gray.shape
    y, x = np.mgrid[:h, :w]
    light = 1 - 0.35 * (x / w) * (y / h)
    light = np.where(x * 0.8 + y * 0.4 < 0.45 * w, light * least, light)
    return shot.changed(shot.gray * cv2.GaussianBlur(light, (0, 0), 12))


def covered(shot: Shot, corner: tuple[float, float], size: float) -> Shot:
    """Something dark lies on the photo; place and size as shares of it."""
    h, w = shot.gray.shape
    out = shot.gray.copy()
    cv2.circle(out, (round(corner[0] * w), round(corner[1] * h)), round(size * w), 40, -1)
    return shot.changed(out)


def curled(shot: Shot, depth: float = 0.012) -> Shot:
    """Paper that bulges sideways and up along its length, as hung on a wall: no homography fits. ``to_photo`` stays the flat one."""
    h, w = shot.gray.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    from_x = x + np.sin(np.pi * y / h) * depth * w
    from_y = y + np.sin(np.pi * x / w) * depth * h / 2
    out = cv2.remap(shot.gray, from_x, from_y.astype(np.float32), cv2.INTER_LINEAR, borderValue=(DESK,))
    return shot.changed(out)


def folded(shot: Shot, at: float = 0.5, by: tuple[float, float] = (8.0, 6.0)) -> Shot:
    """A fold across the photo at the share ``at`` of its height: what lies below is moved by ``by`` px, the crease is dark."""
    h, w = shot.gray.shape
    y0 = round(at * h)
    out = shot.gray.copy()
    below = cv2.warpAffine(shot.gray, np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float64), (w, h), borderValue=(DESK,))
    out[y0:] = below[y0:]
    out[y0 - 2 : y0 + 3] = (out[y0 - 2 : y0 + 3] * 0.6).astype(np.uint8)
    return Shot(shot.form, shot.page, out, shot.to_photo, fold=(float(y0), by))


def cut(shot: Shot, left: float = 0.0, top: float = 0.0, right: float = 0.0, bottom: float = 0.0) -> Shot:
    """Edges cut off, shares of the photo, as a scanning app does that takes something else for the page's edge."""
    h, w = shot.gray.shape
    x0, y0, x1, y1 = round(left * w), round(top * h), round((1 - right) * w), round((1 - bottom) * h)
    shift = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1]], np.float64)
    return Shot(shot.form, shot.page, np.ascontiguousarray(shot.gray[y0:y1, x0:x1]), shift @ shot.to_photo)


def twice_compressed(shot: Shot, quality: int = 25) -> Shot:
    """Sent on by two programs: compressed hard, reduced a little, compressed hard again."""
    once = _compressed(shot.gray, quality)
    h, w = round(once.shape[0] * 0.97), round(once.shape[1] * 0.97)
    small = np.asarray(cv2.resize(once, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
    kx, ky = w / once.shape[1], h / once.shape[0]
    scale = np.array([[kx, 0, kx / 2 - 0.5], [0, ky, ky / 2 - 0.5], [0, 0, 1]])
    return Shot(shot.form, shot.page, _compressed(small, quality), scale @ shot.to_photo)


def _compressed(gray: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    _, data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def striped(shot: Shot, strength: float = 22.0, period: float = 7.3) -> Shot:
    """Moire, as in a photo of a screen."""
    h, w = shot.gray.shape
    y, x = np.mgrid[:h, :w]
    return shot.changed(shot.gray + strength * np.sin(2 * np.pi * (0.8 * x + 0.6 * y) / period))


def pale(shot: Shot) -> Shot:
    """Print hardly darker than the paper."""
    return shot.changed(shot.gray * 0.3 + 115)
