"""The cheap way by the printed structure: ORB features, some five times faster than SIFT and enough for most photos.

A page's quick features lie in ``features.npz`` beside the others, strongest first: those that came back most often when the blank
was photographed over and over by a simulated camera (``ocr.training.quick``). What this way finds is judged by the box borders like
any other; what it does not find, SIFT is asked for. Method: Rublee et al. 2011 (ORB).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.align.features import F32, Match, best_of, degrees, flatten, turns
from ocr.align.pyramid import Pyramid
from ocr.types import Gray
from templates_c1 import registry
from templates_c1.published import Features
from templates_c1.schema import Page, Template

LONG_SIDE = 720
"""Working size: that of the tag search too, so that one reduced picture serves both."""
COUNT = 900
SCALE, LEVELS, THRESHOLD = 1.25, 6, 12
"""Of the ORB pyramid and its corner detector (FAST)."""

_VOTERS, _VOTED = 200, 500
_RATIO = 0.86
_FARTHEST = 80
"""Bits of 256 in which two descriptors of one place may differ."""

Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Quick:
    """points (n, 2), angles (n,) in degrees, descriptors (n, 32), strongest first. Of a page: template units. Of a photo: photo pixels,
    and ``step``, photo pixels per pixel of the picture they come from."""

    points: F32
    angles: F32
    descriptors: Bits
    step: float = 1.0


def detect(flat: Gray, count: int) -> tuple[F32, F32, Bits]:
    """ORB features of a flattened picture, strongest first: points (n, 2), angles (n,) in degrees, descriptors (n, 32)."""
    orb = cv2.ORB.create(count, SCALE, LEVELS, fastThreshold=THRESHOLD)
    keys, bits = orb.detectAndCompute(flat, None)
    if bits is None or not len(keys):
        return np.zeros((0, 2), np.float32), np.zeros(0, np.float32), np.zeros((0, 32), np.uint8)
    order = np.argsort([-k.response for k in keys], kind="stable")
    found = np.array([(*k.pt, k.angle) for k in keys], np.float32)[order]
    return found[:, :2], found[:, 2], np.asarray(bits[order], np.uint8)


def of_page(template: Template, page: Page) -> Quick | None:
    """None if the form ships none for this page."""
    source = registry.features(template, page)
    return None if source is None else _read(source, page.number)


@lru_cache(maxsize=64)
def _read(source: Features, page: int) -> Quick | None:
    with source.open() as file, np.load(file, allow_pickle=False) as z:
        if f"p{page}_quick_points" not in z.files:
            return None
        return Quick(z[f"p{page}_quick_points"].astype(np.float32), degrees(z[f"p{page}_quick_angles"]), z[f"p{page}_quick_descriptors"])


def of_photo(pyramid: Pyramid) -> Quick:
    work, step = pyramid.fitted(LONG_SIDE)
    points, angles, bits = detect(flatten(work), COUNT)
    return Quick(((points + 0.5) * np.float32(step) - 0.5).astype(np.float32), angles, bits, step)


def matches(photo: Quick, page: Quick, apart: float) -> list[tuple[F32, F32]]:
    """Pairs (template points, photo points) that pass the ratio test, grouped by ``turns``; the rival must lie ``apart`` units away: a
    place may be held several times."""
    if len(page.points) < 4 or not len(photo.points):
        return []
    distance, near = cv2.batchDistance(photo.descriptors, page.descriptors, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=4)
    index = np.asarray(near, np.intp)
    first = index[:, 0]
    far = np.linalg.norm(page.points[index] - page.points[first][:, None], axis=2) > apart
    far[:, -1] = True
    rival = distance[np.arange(len(distance)), far.argmax(axis=1)]
    good = np.flatnonzero((distance[:, 0] < _RATIO * rival) & (distance[:, 0] < _FARTHEST))
    return [(page.points[first[good[k]]], photo.points[good[k]]) for k in turns(page.angles[first[good]], photo.angles[good])]


def votes(photo: Quick, template: Template, page: Page) -> int:
    """How many of the photo's strongest features have a clear partner on this page: ranks the pages, decides nothing."""
    known = of_page(template, page)
    if known is None:
        return 0
    groups = matches(_first(photo, _VOTERS), _first(known, _VOTED), page.size.width * 0.01)
    return max((len(src) for src, _ in groups), default=0)


def _first(f: Quick, count: int) -> Quick:
    return Quick(f.points[:count], f.angles[:count], f.descriptors[:count], f.step)


def register(photo: Quick, template: Template, page: Page) -> Match | None:
    """As ``ocr.align.features.register``."""
    known = of_page(template, page)
    if known is None:
        return None
    return best_of(template, page, matches(photo, known, page.size.width * 0.01), photo.step)
