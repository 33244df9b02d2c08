"""The cheap way by the printed structure: ORB features, some five times faster than SIFT and enough for most photos.

A page's quick features lie in ``features.npz`` beside the others, strongest first: those that came back most often when the blank
was photographed over and over by a simulated camera (``ocr.training.quick``). What this way finds is judged by the box borders like
any other; what it does not find, SIFT is asked for. Method: Rublee et al. 2011 (ORB).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from ocr.align.features import F32, Match, best_of, degrees, flatten, turning_together, turns
from ocr.align.pyramid import Pyramid
from ocr.readers.onnx import single_thread_session
from ocr.types import Gray
from templates_c1 import registry
from templates_c1.published import Features
from templates_c1.schema import Page, Template

LONG_SIDE = 720
"""Working size: that of the tag search too, so that one reduced picture serves both."""
COUNT = 900
SCALE, LEVELS, THRESHOLD = 1.25, 6, 12
"""Of the ORB pyramid and its corner detector (FAST)."""

MODEL = Path(__file__).parent.parent / "models" / "hamming.onnx"
_BITS = 256
_VOTERS = 300
_APART = 0.01
"""Share of the page's width up to which two features hold the same place."""
_RATIO = 0.86
_FARTHEST = 80
"""Bits of 256 in which two descriptors of one place may differ."""

Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Quick:
    """Of a photo: points (n, 2) in photo pixels, angles (n,) in degrees, bits (n, 256) of the descriptors, 0 or 2, strongest first;
    ``step``: photo pixels per pixel of the picture they come from."""

    points: F32
    angles: F32
    bits: Bits
    step: float


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Of a page: points (n, 2) in template units, angles (n,) in degrees, strongest first. Descriptors as signs (256, n), -1 for a bit that
    is not set. ``beside`` (n, m): all that hold the same place as each does, itself among them (once or more)."""

    points: F32
    angles: F32
    signs: NDArray[np.int8]
    beside: NDArray[np.intp]

    @classmethod
    def of(cls, points: F32, angles: F32, descriptors: Bits, apart: float) -> Known:
        """``descriptors`` (n, 32); ``apart``: template units up to which two features hold the same place."""
        bits = np.unpackbits(descriptors, axis=1)
        near = np.hypot(points[:, None, 0] - points[None, :, 0], points[:, None, 1] - points[None, :, 1]) <= apart
        most = int(near.sum(axis=1).max(initial=1))
        beside = np.argsort(~near, axis=1, kind="stable")[:, :most]
        beside = np.where(np.take_along_axis(near, beside, axis=1), beside, np.arange(len(points))[:, None])
        signs = np.ascontiguousarray((2 * bits.astype(np.int8) - 1).T)
        return cls(points, angles, signs, beside)


def detect(flat: Gray, count: int) -> tuple[F32, F32, Bits]:
    """ORB features of a flattened picture, strongest first: points (n, 2), angles (n,) in degrees, descriptors (n, 32)."""
    orb = cv2.ORB.create(count, SCALE, LEVELS, fastThreshold=THRESHOLD)
    keys, bits = orb.detectAndCompute(flat, None)
    if bits is None or not len(keys):
        return np.zeros((0, 2), np.float32), np.zeros(0, np.float32), np.zeros((0, 32), np.uint8)
    order = np.argsort([-k.response for k in keys], kind="stable")
    found = np.array([(*k.pt, k.angle) for k in keys], np.float32)[order]
    return found[:, :2], found[:, 2], np.asarray(bits[order], np.uint8)


def of_page(template: Template, page: Page) -> Known | None:
    """None if the form ships none for this page."""
    kept = _KNOWN.get(id(page))
    if kept is not None and kept[0] is page:
        return kept[1]
    source = registry.features(template, page)
    known = None if source is None else _read(source, page.number, page.size.width * _APART)
    if known is not None:
        _KNOWN[id(page)] = page, known
    return known


_KNOWN: dict[int, tuple[Page, Known]] = {}
"""Of pages asked for before: asking the registry takes as long as comparing (a page's features never change)."""


@lru_cache(maxsize=64)
def _read(source: Features, page: int, apart: float) -> Known | None:
    with source.open() as file, np.load(file, allow_pickle=False) as z:
        if f"p{page}_quick_points" not in z.files:
            return None
        points, angles = z[f"p{page}_quick_points"].astype(np.float32), degrees(z[f"p{page}_quick_angles"])
        return Known.of(points, angles, z[f"p{page}_quick_descriptors"], apart)


def of_photo(pyramid: Pyramid, long_side: int = LONG_SIDE, count: int = COUNT) -> Quick:
    work, step = pyramid.fitted(long_side)
    points, angles, bits = detect(flatten(work), count)
    return Quick(((points + 0.5) * np.float32(step) - 0.5).astype(np.float32), angles, 2 * np.unpackbits(bits, axis=1), step)


@lru_cache(maxsize=1)
def _product() -> InferenceSession:
    """Whole numbers multiplied: of all that is at hand the quickest way to all distances (four times as quick as cv2.batchDistance)."""
    return single_thread_session(MODEL)


def matches(photo: Quick, page: Known) -> list[tuple[F32, F32]]:
    """Pairs (template points, photo points) that pass the ratio test, grouped by ``turns``."""
    found, close = _pairs(photo, page)
    return [(page.points[found[k]], photo.points[close[k]]) for k in turns(page.angles[found], photo.angles[close])]


def _pairs(photo: Quick, page: Known, first: int | None = None) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Features of the page and of the photo that pass the ratio test. The rival must lie elsewhere on the page: a place may be held
    several times. ``first``: of the photo's features only so many, the strongest."""
    if len(page.points) < 4 or not len(photo.points):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    # of descriptors made of -1 and 1: bits in which they agree less those in which they differ
    agree = _product().run(["product"], {"bits": photo.bits[:first], "signs": page.signs})[0]
    nearest = agree.argmax(axis=1)
    close = np.flatnonzero(agree[np.arange(len(agree)), nearest] > _BITS - 2 * _FARTHEST)
    agree, nearest = agree[close], nearest[close]
    least = (_BITS - agree[np.arange(len(agree)), nearest]) / 2
    agree[np.arange(len(agree))[:, None], page.beside[nearest]] = -_BITS
    rival = (_BITS - agree.max(axis=1)) / 2
    passed = least < _RATIO * rival
    return nearest[passed], close[passed]


def votes(photo: Quick, template: Template, page: Page) -> int:
    """How many of the photo's strongest features have a clear partner on this page: ranks the pages, decides nothing."""
    known = of_page(template, page)
    if known is None:
        return 0
    found, close = _pairs(photo, known, max(_VOTERS, len(photo.points) // 6))
    return int(turning_together(known.angles[found], photo.angles[close])[1].max())


def register(photo: Quick, template: Template, page: Page) -> Match | None:
    """As ``ocr.align.features.register``."""
    known = of_page(template, page)
    if known is None:
        return None
    return best_of(template, page, matches(photo, known), photo.step)
