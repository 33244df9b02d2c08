"""Training lines: the network's composed boxes (``ocr.training.bank``), cleaned as they are at run time, a symbol a line."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.readers.clean import clean
from ocr.training import augment
from ocr.training.bank import Composer, Pool
from tally.glyphs import GLYPHS, JUNK

Gray = NDArray[np.uint8]
Arrays = Mapping[str, NDArray[Any]]

MOVE = 0.5
"""Strength of the geometric damage, half the network's: where a box is far from its place its border is cleaned away badly."""

MILD = 0.8
"""Share of boxes spared the camera's blur and loss of pixels: with every box spoilt so small a network learns too slowly."""
GENERATED = "generated"
"""A source of this name was drawn by ``samples``: it gets a smaller say."""
_INTRUDERS = 0.06
SHARES = {
    "real": 0.68,
    "transplant": 0.10,
    "foreign": 0.07,
    "blank": 0.04,
    "dash": 0.025,
    "cross": 0.025,
    "cross_over_zero": 0.01,
    "junk": 0.05,
}
"""Nearer to what the forms hold than the network's: this model is small, and junk is the network's to find."""


class LineComposer(Composer):
    """The network's composer with less displacement and, for most boxes, a better camera."""

    def draw(self) -> tuple[Gray, int]:
        names = [n for n in SHARES if n != "foreign" or len(self.pool.foreign)]
        kind = random.choices(names, [SHARES[n] for n in names])[0]
        picture, glyph = self._kinds[kind]()
        if glyph != JUNK and random.random() < _INTRUDERS:
            picture = self._intruders(picture)
        if random.random() < MILD:
            moved = augment.light(augment.pen(augment.geometry(picture, self.rng, MOVE)))
            noisy = moved + self.rng.normal(0, random.uniform(0, 4), moved.shape)
            return np.clip(noisy, 0, 255).astype(np.uint8), GLYPHS.index(glyph)
        return augment.damage(picture, self.rng, MOVE), GLYPHS.index(glyph)


def pool(data: Arrays, mine: NDArray[np.bool_], foreign: tuple[Gray, NDArray[np.uint8]]) -> Pool:
    """The ``mine`` boxes that no person doubted, each source and each glyph within it weighing the root of its count.

    So neither the many loose boxes of 2024 nor the many crosses of 2019 drown the rest.
    """
    take = mine & data["clean"]
    labels, sources = data["labels"][take], data["source"][take]
    names, source, boxes = np.unique(sources, return_inverse=True, return_counts=True)
    _keys, key, counts = np.unique(source * len(GLYPHS) + labels, return_inverse=True, return_counts=True)
    within = np.maximum(counts, 4.0)[key] ** -0.5
    total = np.bincount(source, within)
    share = boxes**0.5 * np.where(names == GENERATED, 0.3, 1.0)
    weights = within / total[source] * share[source]
    return Pool(data["crops"][take], labels, weights / weights.sum(), *foreign)


def stream(boxes: Pool, seed: int) -> Iterator[tuple[Gray, str]]:
    """Endless (cleaned picture, glyph)."""
    composer = LineComposer(boxes, seed)
    while True:
        picture, glyph = composer.draw()
        yield clean(picture), GLYPHS[glyph]
