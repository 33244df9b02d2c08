"""The small convolutional networks as a reader: every box of a sheet in one batch, calibrated probabilities over the 14 glyphs.

The weights lie in ``ocr/models``; the side-car ``cnn.json`` names the files, the glyphs in the order of the outputs and the
temperatures by which the logits are divided, so that a score means how often such a box is right (fitted on boxes of stations that
the networks had not seen, see ``ocr/models/MODEL_CARD.md``). How the networks are trained: ``ocr/training``.

Most boxes are plain, and the networks named as ``members`` see them once. A box of which these are in doubt is looked at again: by
more networks (outputs averaged: Lakshminarayanan et al., "Simple and scalable predictive uncertainty estimation using deep
ensembles", 2017), one of which sees the writing from near, all of one size (``ocr.readers.clean.near_views``), and so with other eyes.
On the few doubtful boxes it helps, on the others it only costs.
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
from onnxruntime import InferenceSession

from ocr import policy as policies
from ocr.readers.clean import near_views, places
from ocr.readers.onnx import single_thread_session
from ocr.types import BoxReading, Floats, Gray, LocatedBox
from tally.glyphs import GLYPHS, JUNK

_JUNK = GLYPHS.index(JUNK)
"""The last of GLYPHS."""
SOFT = (0.0, 1.0, 2.0)
"""How much near views are softened, px: a scan's hard-edged strokes are better known when less sharp, a blurred photo's are not."""

MODEL = Path(__file__).parent.parent / "models" / "cnn.onnx"


class CnnReader:
    """Reads boxes with the networks that the side-car of ``path`` (same name and ``.json``) names; without names with ``path`` alone.

    One instance serves one thread's worth of work at a time: it runs on one thread so that several workers share a machine's cores fairly.

    Raises:
        FileNotFoundError: a model or the side-car is missing.
        ValueError: the side-car's glyphs are not this program's.
    """

    name = "cnn"

    def __init__(self, path: Path = MODEL) -> None:
        sidecar: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        again: dict[str, Any] = sidecar.get("second_look", {})
        names = [sidecar.get("members", [path.name]), again.get("members", []), again.get("near", [])]
        files = [[path.with_name(str(name)) for name in some] for some in names]
        self.files = tuple(dict.fromkeys(file for some in files for file in some))
        for file in self.files:
            if not file.is_file():
                raise FileNotFoundError(file)
        if sidecar["glyphs"] != GLYPHS:
            raise ValueError(f"{path.name} was trained for the glyphs {sidecar['glyphs']!r}, this program uses {GLYPHS!r}")
        self.temperature = float(sidecar["temperature"])
        self.temperatures: dict[str, float] = {str(k): float(v) for k, v in sidecar.get("temperatures", {}).items()}
        self.doubt = float(again.get("below", 0.0))
        """Best share of the uncalibrated outputs below which a box is looked at again."""
        self._size, self._cut = int(sidecar["size"]), int(sidecar["cut"])
        sessions = {file: single_thread_session(file) for file in self.files}
        self._first, self._again, self._near = ([sessions[file] for file in some] for some in files)

    def logits(self, crops: NDArray[np.uint8]) -> Floats:
        """(n, 64, 64) crops -> (n, 14) raw outputs, the first look's or, where that is in doubt, the second's; uncalibrated."""
        if len(crops) == 0:
            return np.zeros((0, len(GLYPHS)))
        out = self.first_look(crops)
        doubtful = np.flatnonzero(_softmax(out).max(axis=1) < self.doubt)
        if len(doubtful):
            out[doubtful] = self.second_look(crops[doubtful], out[doubtful])
        return out

    def first_look(self, crops: NDArray[np.uint8]) -> Floats:
        """(n, 64, 64) crops -> (n, 14) raw outputs, the mean over the networks that see every box."""
        return np.asarray(np.mean([_run(s, self._whole(crops)) for s in self._first], axis=0))

    def second_look(self, crops: NDArray[np.uint8], first: Floats) -> Floats:
        """(n, 64, 64) crops and what the first look said of them -> (n, 14) raw outputs.

        Those that see the whole box and those that see the writing from near, as it is and less and less sharp, have equal say in which
        glyph it is. Whether it is a clean one is for those that see the whole box; from near more may look wrong, never less.
        """
        first_ones = len(self._first)
        whole = (first_ones * first + sum(_run(s, self._whole(crops)) for s in self._again)) / (first_ones + len(self._again))
        if not self._near:
            return np.asarray(whole)
        where = places(crops)
        views = np.concatenate([near_views(_softened(crops, sigma), where) for sigma in SOFT])
        near = np.mean([_run(s, views) for s in self._near], axis=0).reshape(len(SOFT), len(crops), -1).mean(axis=0)
        junk = _softmax(whole)[:, _JUNK]
        junk = np.clip(np.sqrt(junk * np.maximum(junk, _softmax(near)[:, _JUNK])), 1e-6, 1 - 1e-6)
        out = (whole + near) / 2
        out[:, _JUNK] = _logsumexp(out[:, :_JUNK]) + np.log(junk / (1 - junk))
        return np.asarray(out)

    def _whole(self, crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
        inner = slice(self._cut, crops.shape[1] - self._cut)
        return np.stack([cv2.resize(crop[inner, inner], (self._size, self._size), interpolation=cv2.INTER_AREA) for crop in crops])

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


def _logsumexp(logits: Floats) -> Floats:
    top = logits.max(axis=1)
    return np.asarray(top + np.log(np.exp(logits - top[:, None]).sum(axis=1)))


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _softened(crops: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    return np.stack([np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma), np.uint8) for crop in crops]) if sigma else crops


def _run(session: InferenceSession, pictures: NDArray[np.uint8]) -> Floats:
    return np.asarray(session.run(["logits"], {"boxes": pictures[:, None].astype(np.float32)})[0], dtype=np.float64)


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
