"""Registration on the printed structure: SIFT features of the blank page against those of the photo.

A page's features lie in ``templates_c1/<form>/features.npz`` (made by ``ocr.training.features``): points in template units
and 128-byte descriptors, taken only where nothing is ever written by hand. Method: Lowe 2004 (SIFT and its ratio test),
Barath et al. 2020 (MAGSAC++ for the homography).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.types import Floats, Gray
from templates_c1 import registry
from templates_c1.published import Features
from templates_c1.schema import Page, Template

FILE = registry.FEATURES
PAPER = 0.90
"""Share of the paper's brightness above which nothing is print: leaves out the grey watermark of the 2019 scans (0.93)."""

FLOOR = 0.35
_PALE = 0.6
"""If not even a fiftieth of the picture is darker than this, all print is pale."""
LEAST = 10
"""Features that must agree before a page is thought of at all."""

_VOTERS = 250
_BIN = 10
_SPREAD = 30
"""Degrees to each side by which perspective and descriptors may turn single features."""
_ROWS = 256
"""Descriptors that are compared with a page's at once: so many stay in the processor's cache."""
_APART = 40
"""Degrees to each side in which no second group is looked for."""

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PageFeatures:
    """points (n, 2) in template units, angles (n,) in degrees, descriptors (n, 128) as floats."""

    points: F32
    angles: F32
    descriptors: F32
    squares: F32
    """(n,) squared lengths of the descriptors."""


@dataclass(frozen=True, slots=True, eq=False)
class PhotoFeatures:
    """points (n, 2) in photo pixels, angles (n,) in degrees, descriptors (n, 128) as floats; ``step``: photo pixels per pixel of the
    picture they come from."""

    points: F32
    angles: F32
    descriptors: F32
    step: float


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """Attributes:
    to_photo: homography, template -> photo.
    inliers: how many places of the page agree with it (and with the bend).
    bend: (k, 4) what the homography leaves over where the paper is not flat: x, y in template units, dx, dy in photo pixels.
    anchors: (k, 4) places known for sure (tag corners, markers): x, y in template units, x, y in photo pixels.
    """

    template: Template
    page: Page
    to_photo: Floats
    inliers: int
    bend: Floats | None = None
    anchors: Floats | None = None


def page_features(template: Template, page: Page) -> PageFeatures | None:
    """None if the form ships no features for this page."""
    source = registry.features(template, page)
    return None if source is None else _read(source, page.number)


@lru_cache(maxsize=64)
def _read(source: Features, page: int) -> PageFeatures | None:
    with source.open() as file, np.load(file, allow_pickle=False) as z:
        if f"p{page}_points" not in z.files:
            return None
        descriptors = z[f"p{page}_descriptors"].astype(np.float32)
        angles = degrees(z[f"p{page}_angles"])
        return PageFeatures(z[f"p{page}_points"].astype(np.float32), angles, descriptors, (descriptors**2).sum(1))


def degrees(stored: NDArray[np.uint8]) -> F32:
    """Angles are stored as 256ths of a turn."""
    return (stored.astype(np.float32) * np.float32(360 / 256)).astype(np.float32)


def flatten(gray: Gray) -> Gray:
    """Evens out shade and removes what is lighter than print: paper becomes 255, FLOOR of the paper's brightness 0, or what is darkest
    where even that is pale."""
    k = max(15, round(max(gray.shape) / 60) | 1)
    small = cv2.resize(gray, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    ks = max(3, k // 4 | 1)
    paper = cv2.GaussianBlur(cv2.dilate(small, np.ones((ks, ks), np.uint8)), (0, 0), ks)
    paper = cv2.resize(paper, (gray.shape[1], gray.shape[0]), interpolation=cv2.INTER_LINEAR)
    ratio = gray.astype(np.float32) / np.maximum(paper.astype(np.float32), 8)
    darkest = float(np.partition(ratio[::4, ::4].ravel(), ratio[::4, ::4].size // 50)[ratio[::4, ::4].size // 50])
    floor = min(darkest, PAPER - 0.1) if darkest > _PALE else FLOOR
    out: Gray = (np.clip((ratio - floor) / (PAPER - floor), 0, 1) * 255).astype(np.uint8)
    return out


def detect(gray: Gray, count: int, *, layers: int = 3, contrast: float = 0.02) -> tuple[F32, F32, F32, F32]:
    """SIFT of a picture, strongest first: points (n, 2), angles (n,) in degrees, descriptors (n, 128) float32, sizes (n,)."""
    sift = cv2.SIFT.create(nfeatures=count, contrastThreshold=contrast, edgeThreshold=12, nOctaveLayers=layers)
    keys, desc = sift.detectAndCompute(gray, None)
    if desc is None or not len(keys):
        return np.zeros((0, 2), np.float32), np.zeros(0, np.float32), np.zeros((0, 128), np.float32), np.zeros(0, np.float32)
    order = np.argsort([-k.response for k in keys], kind="stable")
    found = np.array([(*k.pt, k.angle, k.size) for k in keys], np.float32)[order]
    return found[:, :2], found[:, 2], desc[order].astype(np.float32), found[:, 3]


def photo_features(gray: Gray, long_side: int, count: int, layers: int = 3) -> PhotoFeatures:
    """Features of a photo at a working size of ``long_side`` pixels (never enlarged)."""
    step = max(1.0, max(gray.shape) / long_side)
    work = gray if step == 1.0 else cv2.resize(gray, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    pts, angles, desc, _ = detect(flatten(np.asarray(work, np.uint8)), count, layers=layers)
    sx, sy = gray.shape[1] / work.shape[1], gray.shape[0] / work.shape[0]
    scaled = ((pts + 0.5) * np.array([sx, sy], np.float32) - 0.5).astype(np.float32)
    return PhotoFeatures(scaled, angles, desc, step)


def turning_together(page: F32, photo: F32) -> tuple[F32, NDArray[np.int64]]:
    """The turn between each pair of angles (n,), degrees, and for each _BIN degrees how many pairs turn so, _SPREAD more or less."""
    turn = (photo - page) % 360
    count, reach = 360 // _BIN, _SPREAD // _BIN
    bins = np.bincount((turn // _BIN).astype(np.intp) % count, minlength=count)
    return turn, np.convolve(np.concatenate([bins[-reach:], bins, bins[:reach]]), np.ones(2 * reach + 1, np.int64), "valid")


def turns(page: F32, photo: F32, most: int = 3) -> list[NDArray[np.intp]]:
    """A page turns as a whole: pairs of angles (n,), degrees, grouped by the turn between them. Indices of the pairs in the ``most``
    fullest groups, fullest first; the first is the likeliest, yet print is full of right angles, and chance likes them too."""
    turn, around = turning_together(page, photo)
    out: list[NDArray[np.intp]] = []
    for _ in range(most):
        top = int(np.argmax(around))
        if around[top] <= 0:
            break
        out.append(np.flatnonzero(np.abs((turn - (top + 0.5) * _BIN + 180) % 360 - 180) <= _SPREAD))
        around[[(top + k) % len(around) for k in range(-_APART // _BIN, _APART // _BIN + 1)]] = 0
    return out


def _ratio_matches(photo: PhotoFeatures, page: PageFeatures, apart: float, ratio: float) -> list[tuple[F32, F32]]:
    """Pairs (template points, photo points). The rival of the ratio test must lie elsewhere on the page (``apart`` units):
    one place may be held several times, once for each source of the features. Grouped by ``turns``."""
    parts = [_nearest(photo.descriptors[i : i + _ROWS], page, apart) for i in range(0, len(photo.descriptors), _ROWS)]
    first, nearest, rival = (np.concatenate(p) for p in zip(*parts, strict=True))
    square = (photo.descriptors**2).sum(1)
    good = np.flatnonzero(nearest + square < ratio * ratio * (rival + square))
    return [(page.points[first[good[k]]], photo.points[good[k]]) for k in turns(page.angles[first[good]], photo.angles[good])]


def _nearest(descriptors: F32, page: PageFeatures, apart: float) -> tuple[NDArray[np.intp], F32, F32]:
    """For each descriptor (n, 128) the nearest on the page, and how far it and the rival are, squared, less the descriptor's own square."""
    d2 = descriptors @ page.descriptors.T
    d2 *= -2
    d2 += page.squares
    rows = np.arange(len(d2))
    first = d2.argmin(axis=1)
    nearest = d2[rows, first]
    rival = np.full(len(d2), np.inf, np.float32)
    last = first
    for _ in range(3):
        d2[rows, last] = np.inf
        last = d2.argmin(axis=1)
        gap = page.points[last] - page.points[first]
        far = np.hypot(gap[:, 0], gap[:, 1]) > apart
        rival = np.where(np.isinf(rival) & far, d2[rows, last], rival)
    return first, nearest, np.where(np.isinf(rival), d2[rows, last], rival)


def votes(photo: PhotoFeatures, template: Template, page: Page) -> int:
    """How many of the photo's strongest features have a clear partner on this page: ranks the pages, decides nothing."""
    page_f = page_features(template, page)
    if page_f is None or not len(photo.points):
        return 0
    few = PhotoFeatures(photo.points[:_VOTERS], photo.angles[:_VOTERS], photo.descriptors[:_VOTERS], photo.step)
    return max((len(src) for src, _ in _ratio_matches(few, page_f, page.size.width * 0.01, 0.8)), default=0)


def register(photo: PhotoFeatures, template: Template, page: Page, *, ratio: float = 0.82, least: int = LEAST) -> Match | None:
    """Homography of one page, None if fewer than ``least`` features agree or the page would be folded over itself."""
    page_f = page_features(template, page)
    if page_f is None or len(photo.points) < least:
        return None
    return best_of(template, page, _ratio_matches(photo, page_f, page.size.width * 0.01, ratio), photo.step, least)


def best_of(template: Template, page: Page, groups: list[tuple[F32, F32]], step: float, least: int = LEAST) -> Match | None:
    """The match that most pairs of one group (``turns``) agree on; a group is asked only while no other has agreed clearly."""
    best: Match | None = None
    for src, dst in groups:
        if best is not None and 2 * best.inliers > len(src):
            break
        match = _match_of(template, page, src, dst, step, least)
        if match is not None and (best is None or match.inliers > best.inliers):
            best = match
    return best


def _match_of(template: Template, page: Page, src: F32, dst: F32, step: float, least: int) -> Match | None:
    """What matched pairs (n, 2) template units, (n, 2) photo pixels agree on; ``step``: photo pixels that count as one."""
    if len(src) < least:
        return None
    fit, _ = cv2.findHomography(src, dst, cv2.USAC_MAGSAC, 3.0 * step, maxIters=4000, confidence=0.999)
    if fit is None:
        return None
    h = np.asarray(fit, np.float64)
    if not plausible(h, page):
        return None
    bend, inside = _bend(h, page, src, dst, step)
    # several photo features may agree with one place of the page and the other way round: count places
    places = len({(round(float(x), 1), round(float(y), 1)) for x, y in src[inside]})
    return Match(template, page, h, places, bend) if places >= least else None


def _bend(h: Floats, page: Page, src: F32, dst: F32, step: float) -> tuple[Floats, NDArray[np.bool_]]:
    """A cubic surface through what the homography leaves over, and which matches agree with both.

    Robust least squares (Tukey weights, the scale drawn in from 12 to 3 working pixels): curled paper leaves whole regions off by
    half a box, which RANSAC's threshold throws away. Sampled on a grid, the form AlignedSheet.local has.
    """
    size = np.array([page.size.width, page.size.height])
    rest = dst - cv2.perspectiveTransform(src[None].astype(np.float64), h)[0]
    basis = _basis(src / size)
    prior = np.diag([0.1, 0.5, 0.5, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0])
    p = np.zeros((10, 2))
    for cut in (12.0, 8.0, 5.0, 4.0, 4.0):
        e = np.hypot(*(rest - basis @ p).T) / (cut * step)
        w = np.where(e < 1, (1 - e * e) ** 2, 0)
        p = np.linalg.solve(basis.T @ (w[:, None] * basis) + prior, basis.T @ (w[:, None] * rest))
    inside = np.hypot(*(rest - basis @ p).T) < 3.0 * step
    u, v = np.meshgrid(np.linspace(-0.15, 1.15, 13), np.linspace(-0.1, 1.1, 17))
    grid = np.c_[u.ravel(), v.ravel()]
    return np.c_[grid * size, _basis(grid) @ p], inside


def _basis(uv: Floats) -> Floats:
    """Terms of a cubic surface at places (n, 2) in 0..1."""
    u, v = (np.asarray(uv, np.float64) * 2 - 1).T
    out: Floats = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v, u * u * u, u * u * v, u * v * v, v * v * v], axis=1)
    return out


def plausible(h: Floats, page: Page) -> bool:
    """The page's outline under ``h`` is convex, not mirrored and not absurdly narrow."""
    w, t = page.size.width, page.size.height
    q = np.array([[0, 0, 1], [w, 0, 1], [w, t, 1], [0, t, 1]], np.float64) @ np.asarray(h, np.float64).T
    if (q[:, 2] * q[0, 2] <= 0).any():
        return False
    p = q[:, :2] / q[:, 2:]
    e = np.roll(p, -1, axis=0) - p
    turn = e[:, 0] * np.roll(e[:, 1], -1) - e[:, 1] * np.roll(e[:, 0], -1)
    side = np.hypot(e[:, 0], e[:, 1])
    if (turn <= 0).any() or side.min() < 100:
        return False
    aspect = (side[1] + side[3]) / (side[0] + side[2]) / (t / w)
    return bool(0.45 < aspect < 2.2 and side[0] / side[2] < 2.5 and side[2] / side[0] < 2.5)
