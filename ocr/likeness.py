"""What a photo looks like, in a few bytes: to find the same picture again, however often it was shrunk and compressed on its way through
messengers, and the same paper in another photo.

picture: perceptual hash of the whole photo. The signs of the low frequencies of its cosine transform against their median (pHash: Zauner,
"Implementation and benchmarking of perceptual image hash functions", 2010), 16 x 16 of them, since forms of one kind look alike.

paper: the ink in the number boxes, where the registered page has them, each box cut out upright and shrunk to a few cells; signs of
random projections of these densities (SimHash: Charikar, "Similarity estimation techniques from rounding algorithms", 2002). Two photos
of one paper agree in nearly all bits; two papers with the same numbers do not, since no two hands write alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.types import Gray

SIDE, LOW = 64, 16
CELL, BOX = 8, 48
"""Cells along a box's side, pixels of the box cut out."""
BITS = 512
BLOCK = 64 * 64
Quad = Sequence[tuple[float, float]]


def picture(gray: Gray) -> str:
    """Hex of LOW x LOW bits. (h, w) uint8 in, upright."""
    small = cv2.resize(gray, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:LOW, :LOW].ravel()
    return _hex(low > np.median(low[1:]))


def paper(gray: Gray, boxes: Mapping[str, Sequence[Quad]], scale: float = 1.0) -> str | None:
    """Hex of BITS bits; None without boxes.

    Args:
        boxes: number name -> corners of each box (tl, tr, br, bl), as tally.interpretation.Interpretation has them.
        scale: pixels of ``gray`` per pixel of ``boxes`` (0.5 where the photo was decoded at half size).
    """
    cells = [_cells(gray, quad, scale) for name in sorted(boxes) for quad in boxes[name]]
    if not cells:
        return None
    ink = np.concatenate(cells)
    spread = float(ink.std())
    if spread == 0:
        return None
    return _hex(_directions(len(ink)) @ ((ink - ink.mean()) / spread) > 0)


def _cells(gray: Gray, quad: Quad, scale: float) -> NDArray[np.float32]:
    """Ink density of one box in CELL x CELL cells, without the printed border; 0 is paper."""
    target = np.array([(0, 0), (BOX, 0), (BOX, BOX), (0, BOX)], np.float32)
    cut = cv2.warpPerspective(gray, cv2.getPerspectiveTransform(np.array(quad, np.float32) * scale, target), (BOX, BOX), borderValue=255)
    inner = cut[5:-5, 5:-5].astype(np.float32)
    paper_tone = float(np.percentile(inner, 80))
    dark = np.clip((paper_tone - inner) / max(paper_tone, 1.0), 0.0, 1.0)
    dark[dark < 0.15] = 0.0  # paper's own grain
    soft = cv2.GaussianBlur(dark, (0, 0), 2.0)
    return np.asarray(cv2.resize(soft, (CELL, CELL), interpolation=cv2.INTER_AREA), np.float32).ravel()


@lru_cache(maxsize=16)
def _directions(length: int) -> NDArray[np.float32]:
    """(BITS, length) of standard normal numbers, the same on every machine and in every version (a generator that is fixed by its name)."""
    return np.random.Generator(np.random.PCG64(1607)).standard_normal((BITS, length)).astype(np.float32)


def _hex(bits: NDArray[np.bool_]) -> str:
    return np.packbits(bits).tobytes().hex()


def apart(a: str, b: str) -> float:
    """Share of bits in which two prints of one kind differ, 0..1. Raises ValueError for prints of different length."""
    if len(a) != len(b):
        raise ValueError("prints of different kinds")
    return (int(a, 16) ^ int(b, 16)).bit_count() / (4 * len(a))
