"""What Tesseract's word is worth, measured on boxes it has never seen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocr.readers.tesseract import Calibration
from ocr.types import Floats
from tally.glyphs import GLYPHS

_BIN = 60
"""Held-out readings a knot, at least; fewer would make its rate a matter of luck."""


def isotonic(values: Floats, weights: Floats) -> Floats:
    """The non-decreasing sequence nearest to ``values`` (pool adjacent violators; Barlow et al. 1972)."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, count = value, weight, 1
        while blocks and blocks[-1][0] >= mean:
            before, other, n = blocks.pop()
            mean = (before * other + mean * mass) / (other + mass)
            mass, count = mass + other, count + n
        blocks.append((mean, mass, count))
    return np.concatenate([np.full(n, mean) for mean, _mass, n in blocks])


def fit(truth: NDArray[np.uint8], read: NDArray[np.int64], confidence: Floats) -> Calibration:
    """Knots of about equally many readings, smoothed as (right + 1) / (n + 2), made monotone; and where wrong readings belonged.

    Args:
        truth: (n,) indices into GLYPHS.
        read: (n,) the same, -1 where the reader abstained.
        confidence: (n,) Tesseract's percent.
    """
    said = read >= 0
    truth, read, confidence = truth[said].astype(np.int64), read[said], confidence[said]
    if len(read) < _BIN:
        raise ValueError(f"{len(read)} readings are too few to calibrate on")
    order = np.argsort(confidence, kind="stable")
    # narrow bins among the doubtful, where the rate changes fast; broad ones among the sure, where errors are rare
    edges, at = [0], 0
    while at < len(order):
        left = len(order) - at
        at = len(order) if left < 2 * _BIN else at + max(_BIN, min(left // 2, at))
        edges.append(at)
    parts = [order[a:b] for a, b in pairwise(edges)]
    sizes = np.array([len(p) for p in parts], float)
    rates = np.array([((truth[p] == read[p]).sum() + 1.0) / (len(p) + 2.0) for p in parts])
    centres = np.array([float(np.median(confidence[p])) for p in parts])
    unique = np.concatenate([[True], np.diff(centres) > 1e-6])
    confusion = np.full((len(GLYPHS), len(GLYPHS)), 0.3)
    np.add.at(confusion, (read, truth), 1.0)
    np.fill_diagonal(confusion, 0.0)
    return Calibration(centres[unique], isotonic(rates, sizes)[unique], confusion / confusion.sum(axis=1, keepdims=True))


def expected_error(calibration: Calibration, truth: NDArray[np.uint8], read: NDArray[np.int64], confidence: Floats) -> float:
    """Expected calibration error over ten bins of equal count (Guo et al. 2017)."""
    said = read >= 0
    p = np.interp(confidence[said], calibration.confidence, calibration.probability)
    right = truth[said] == read[said]
    parts = np.array_split(np.argsort(p, kind="stable"), 10)
    return float(sum(abs(p[i].mean() - right[i].mean()) * len(i) for i in parts if len(i)) / max(1, len(p)))
