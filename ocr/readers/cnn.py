"""The small convolutional network as a reader: every box of a sheet in one batch, calibrated probabilities over the 14 glyphs.

The weights lie in ``ocr/models``; the side-car ``cnn.json`` names the files (networks trained alike from different seeds,
whose outputs are averaged: Lakshminarayanan et al., "Simple and scalable predictive uncertainty estimation using deep
ensembles", 2017), the glyphs in the order of the outputs and the temperatures by which the logits are divided, so that a
score means how often such a box is right (fitted on boxes of stations that the network had not seen, see
``ocr/models/MODEL_CARD.md``). How the network is trained: ``ocr/training``.

A box of which the networks are in doubt is looked at again from a little beside and less sharp, and the outputs are averaged
(Krizhevsky et al. 2012 did so with ten views of every picture; on the doubtful 4 % of boxes it helps, on the others it only costs).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr import policy as policies
from ocr.readers.onnx import single_thread_session
from ocr.types import BoxReading, Floats, Gray, LocatedBox
from tally.glyphs import GLYPHS, JUNK

SECOND_LOOK = 0.8
"""Best share of the uncalibrated outputs below which a box is looked at again."""

MODEL = Path(__file__).parent.parent / "models" / "cnn.onnx"


class CnnReader:
    """Reads boxes with the networks that the side-car of ``path`` (same name and ``.json``) names; without names with ``path`` alone.

    One instance serves one thread's worth of work at a time: it runs on one thread so that several workers share a machine's cores fairly.

    Raises:
        FileNotFoundError: the model or its side-car is missing.
        ValueError: the side-car's glyphs are not this program's.
    """

    name = "cnn"

    def __init__(self, path: Path = MODEL) -> None:
        sidecar: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        self.files = tuple(path.with_name(str(name)) for name in sidecar.get("members", [path.name]))
        for file in self.files:
            if not file.is_file():
                raise FileNotFoundError(file)
        if sidecar["glyphs"] != GLYPHS:
            raise ValueError(f"{path.name} was trained for the glyphs {sidecar['glyphs']!r}, this program uses {GLYPHS!r}")
        self.temperature = float(sidecar["temperature"])
        self.temperatures: dict[str, float] = {str(k): float(v) for k, v in sidecar.get("temperatures", {}).items()}
        self._size, self._cut = int(sidecar["size"]), int(sidecar["cut"])
        self._sessions = [single_thread_session(f) for f in self.files]

    def logits(self, crops: NDArray[np.uint8]) -> Floats:
        """(n, 64, 64) crops -> (n, 14) raw outputs, the mean over the networks and, where they doubt, over views; before calibration."""
        if len(crops) == 0:
            return np.zeros((0, len(GLYPHS)))
        out = self.first_look(crops)
        doubtful = np.flatnonzero(_softmax(out).max(axis=1) < SECOND_LOOK)
        if len(doubtful):
            views = [view for k in doubtful for view in _views(crops[k])]
            again = self.first_look(np.stack(views)).reshape(len(doubtful), -1, len(GLYPHS))
            out[doubtful] = (out[doubtful] + again.sum(axis=1)) / (1 + again.shape[1])
        return out

    def first_look(self, crops: NDArray[np.uint8]) -> Floats:
        """(n, 64, 64) crops -> (n, 14) raw outputs, the mean over the networks."""
        inner = slice(self._cut, crops.shape[1] - self._cut)
        small = [cv2.resize(crop[inner, inner], (self._size, self._size), interpolation=cv2.INTER_AREA) for crop in crops]
        batch = {"boxes": np.stack(small)[:, None].astype(np.float32)}
        outputs = [session.run(["logits"], batch)[0] for session in self._sessions]
        return np.asarray(np.mean(outputs, axis=0), dtype=np.float64)

    def scores(self, crops: NDArray[np.uint8], source: str | None = None) -> Floats:
        """(n, 64, 64) uint8 crops -> (n, 14) calibrated probabilities over ``GLYPHS``, each row's sum 1.

        ``source`` picks the temperature fitted for that kind of picture (names in the side-car); without it the general one is used.
        """
        logits = self.logits(crops) / self.temperatures.get(source or "", self.temperature)
        return _softmax(logits) if len(logits) else logits

    def read(self, boxes: Sequence[LocatedBox], source: str | None = None) -> list[BoxReading]:
        """One reading for each box, in the same order."""
        if not boxes:
            return []
        scores = self.scores(np.stack([box.crop for box in boxes]), source)
        return [BoxReading(self.name, box.number, box.index, row) for box, row in zip(boxes, scores, strict=True)]


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _views(crop: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """The crop moved by 2 px to each side, and blurred. What wraps around lies in the margin that is cut away."""
    moved = [np.roll(crop, step, axis) for axis in (0, 1) for step in (2, -2)]
    return [*moved, np.asarray(cv2.GaussianBlur(crop, (0, 0), 1.0), np.uint8)]


@lru_cache(maxsize=1)
def default_reader() -> CnnReader:
    """The project's own network, loaded once a process."""
    return CnnReader()


def read_crop(gray: Gray) -> tuple[str, float]:
    """Glyph and confidence of one loose single-box crop of any size, the border in it or not.

    Junk ("?") is only said when sure, as for the boxes of a sheet (``ocr.fuse``); else the best glyph, with the doubt in its
    confidence.

    Raises:
        ValueError: the crop is not a gray picture or is smaller than 8 px.
    """
    from ocr.locate import normalise_crop

    if gray.ndim != 2 or min(gray.shape) < 8:
        raise ValueError(f"a box crop is a gray picture of at least 8 x 8 px, not {gray.shape}")
    scores = default_reader().scores(normalise_crop(gray)[None])[0]
    glyph = best_glyph(scores, policies.default().junk)
    return glyph, float(scores[GLYPHS.index(glyph)])


def best_glyph(scores: Floats, sure_junk: float) -> str:
    """What a box with ``scores`` (14,) is said to hold: junk from ``sure_junk`` on, else the likeliest glyph."""
    junk = GLYPHS.index(JUNK)
    return JUNK if scores[junk] >= sure_junk else GLYPHS[int(scores[:junk].argmax())]
