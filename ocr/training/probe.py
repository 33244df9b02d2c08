"""Junk that training never drew, to ask whether the network knows what is not a digit.

Another recipe than :mod:`ocr.training.bank` on purpose: letters of an outline font, Lissajous scribbles, digits over each other, digits
under hatching of another kind, two digits in one box, boxes cut half beside where they are.
"""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from ocr.training import augment, ink

_LETTERS = "ABEFHKMNPQRTUVWYaefhkmnrtuwy"


def _letters() -> ink.Image:
    picture = Pillow.new("L", (64, 64), 0)
    font = ImageFont.load_default(random.uniform(22, 40))
    text = random.choice(_LETTERS) if random.random() < 0.6 else "".join(random.choices(_LETTERS, k=2))
    ImageDraw.Draw(picture).text((32 + random.gauss(0, 2), 32 + random.gauss(0, 2)), text, fill=255, font=font, anchor="mm")
    return np.asarray(picture, dtype=np.float32) * (random.uniform(60, 150) / 255)


def _lissajous() -> ink.Image:
    a, b = random.choice(((3, 4), (5, 4), (5, 6), (7, 3), (4, 7)))
    phase = random.uniform(0, 3)
    t = np.linspace(0, 2 * np.pi, 90)
    w, h = random.uniform(10, 20), random.uniform(10, 20)
    points = [(float(x), float(y)) for x, y in zip(31.5 + w * np.sin(a * t + phase), 31.5 + h * np.sin(b * t), strict=True)]
    return ink.strokes([points], random.uniform(1.3, 3), random.uniform(60, 150), 0.3)


def probe(crops: NDArray[np.uint8], labels: NDArray[np.uint8], count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """``count`` pictures of junk ((count, 64, 64) uint8) made of real boxes, and what kind each is."""
    rng = np.random.default_rng(seed)
    random.seed(seed)
    digits = np.flatnonzero(labels < 10)
    pictures: list[NDArray[np.uint8]] = []
    kinds: list[str] = []
    while len(pictures) < count:
        paper, _ = ink.separate(crops[random.randrange(len(crops))], rng)
        first, second = random.choice(digits), random.choice(digits)
        a, b = ink.separate(crops[first], rng)[1], ink.separate(crops[second], rng)[1]
        kind = random.choice(("letters", "scribble", "overlay", "hatched", "pair", "displaced"))
        if kind == "letters":
            picture = ink.put(paper, _letters())
        elif kind == "scribble":
            picture = ink.put(paper, _lissajous())
        elif kind == "overlay":
            if labels[first] == labels[second] or ink.overlaps_too_well(a, b, 0.3):
                continue
            picture = ink.put(paper, np.maximum(a, b))
        elif kind == "hatched":
            lines: list[ink.Points] = [[(x, 14.0), (x + random.gauss(0, 3), 50.0)] for x in np.arange(14, 52, random.uniform(6, 9))]
            picture = ink.put(paper, np.maximum(a, ink.strokes(lines, random.uniform(1.3, 3), random.uniform(60, 150), 1)))
        elif kind == "pair":
            picture = ink.put(paper, np.maximum(ink.shift(a, -11, 0, 0.55), ink.shift(b, 11, 0, 0.55)))
        else:
            one, two = crops[first].astype(np.float32), crops[second].astype(np.float32)
            across = random.random() < 0.5
            picture = np.concatenate([one[:, 32:56], two[:, 8:48]], axis=1) if across else np.concatenate([one[32:56], two[8:48]])
        pictures.append(augment.damage(picture, rng, 0.5))
        kinds.append(kind)
    return np.stack(pictures), np.array(kinds)
