"""Pens and how their ink lies on paper; layers of ink and correction fluid over the print."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.dial import Dial, Rng
from samples.strokes import Ink

Bgr = NDArray[np.uint8]
_TILE = 512


@dataclass(frozen=True, slots=True)
class Pen:
    """Attributes:
    kind: "ballpoint" | "gel" | "marker" | "pencil" | "dying".
    colour: BGR.
    strength: share of light that full ink takes away, 0..1.
    width: of the stroke, 1 for a ballpoint.
    grain: how much the paper's grain shows through, 0..1.
    gaps: share of the stroke where the ball does not turn, 0..1.
    least: ink that is left there, 0..1.
    """

    kind: str
    colour: tuple[int, int, int]
    strength: float
    width: float
    grain: float
    gaps: float
    least: float

    @staticmethod
    def of(rng: Rng, dial: Dial) -> Pen:
        odds = np.array([0.5, 0.24, dial.of(0.24, 0.2, 0.16), dial.of(0.0, 0.025, 0.08), dial.of(0.0, 0.03, 0.1)])
        kind = str(rng.choice(["ballpoint", "gel", "marker", "pencil", "dying"], p=odds / odds.sum()))
        strength, width, grain, gaps, least = {
            "ballpoint": (rng.uniform(0.78, 0.94), rng.uniform(0.85, 1.1), 0.18, 0.02, 0.65),
            "gel": (rng.uniform(0.85, 0.97), rng.uniform(0.9, 1.25), 0.06, 0.0, 1.0),
            "marker": (rng.uniform(0.85, 0.98), rng.uniform(1.3, 1.9), 0.05, 0.0, 1.0),
            "pencil": (rng.uniform(0.42, 0.62), rng.uniform(0.9, 1.3), 0.4, 0.0, 1.0),
            "dying": (rng.uniform(0.5, 0.75), rng.uniform(0.8, 1.0), 0.3, 0.1, dial.of(0.6, 0.5, 0.3)),
        }[kind]
        shades = {"blue": [(150, 70, 35), (120, 50, 40), (165, 85, 60), (110, 40, 25)], "black": [(45, 42, 40), (60, 55, 55), (30, 30, 32)]}
        name = str(rng.choice(["blue", "black", "red"], p=[0.45, 0.52, 0.03]))
        tint = {"red": [(50, 40, 190)], **shades}[name]
        colour = (85, 85, 85) if kind == "pencil" else tint[int(rng.integers(len(tint)))]
        return Pen(kind, colour, float(strength), float(width), grain, gaps, least)


@lru_cache(maxsize=1)
def _grain() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two tileable fields, 0..1: the grain of paper, and slow waves along which a dying pen fails."""
    rng = np.random.default_rng(0x9EA1)

    def field(sigma: float) -> NDArray[np.float32]:
        noise = np.tile(rng.random((_TILE, _TILE)).astype(np.float32), (3, 3))
        soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), np.float32)[_TILE : 2 * _TILE, _TILE : 2 * _TILE]
        ranks = np.argsort(np.argsort(soft.ravel())).astype(np.float32) / soft.size
        return np.asarray(ranks.reshape(soft.shape), np.float32)

    return field(0.9), field(7.0)


class Layers:
    """What lies on the paper, first to last: ink of several pens, correction fluid.

    ``ink(pen)`` is the layer to draw on; after ``fluid`` a pen gets a new layer above it.
    """

    def __init__(self, width: float, height: float, k: float) -> None:
        self._shape = (width, height, k)
        self._stack: list[tuple[Ink, Pen | None]] = []
        self._open: dict[Pen, Ink] = {}

    def ink(self, pen: Pen) -> Ink:
        if pen not in self._open:
            self._open[pen] = Ink(*self._shape)
            self._stack.append((self._open[pen], pen))
        return self._open[pen]

    def fluid(self) -> Ink:
        """A layer of white that hides what is below; what is written from now on lies above it."""
        layer = Ink(*self._shape)
        self._stack.append((layer, None))
        self._open = {}
        return layer

    def onto(self, printed: NDArray[np.uint8], rng: Rng) -> Bgr:
        """(h, w) gray print to (h, w, 3) BGR with everything on it. Ink does not cover quite evenly: a printed line shows through."""
        out = np.repeat(printed[..., None], 3, axis=2)
        for layer, pen in self._stack:
            cover = layer.coverage()[: out.shape[0], : out.shape[1]]
            wet = np.nonzero(cover)
            if not len(wet[0]):
                continue
            share = cover[wet].astype(np.float32) / 255
            under = out[wet].astype(np.float32)
            if pen is None:
                white = np.array([243, 246, 247], np.float32)
                out[wet] = (under + (white - under) * (0.97 * share[:, None])).astype(np.uint8)
                continue
            share *= pen.strength * _evenness(wet, pen, rng)
            dark = np.minimum(under, np.array(pen.colour, np.float32))
            out[wet] = (under + (dark - under) * share[:, None]).astype(np.uint8)
        return out


def _evenness(at: tuple[NDArray[np.intp], ...], pen: Pen, rng: Rng) -> NDArray[np.float32]:
    fine, slow = _grain()
    dy, dx = (int(v) for v in rng.integers(0, _TILE, 2))
    y, x = (at[0] + dy) % _TILE, (at[1] + dx) % _TILE
    even = 1 - pen.grain * fine[y, x]
    if pen.gaps > 0:
        even *= np.clip((slow[y, x] - pen.gaps) / 0.08 + pen.least, pen.least, 1)
    return np.asarray(even, np.float32)
