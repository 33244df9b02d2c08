"""What paper has been through before it is photographed: age, stains, stamps. In place, on the flat page."""

from __future__ import annotations

from collections.abc import Container

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.dial import Dial, Rng
from samples.fonts import text_mask

Bgr = NDArray[np.uint8]
Floats = NDArray[np.float32]


def wear(image: Bgr, happening: Container[str], rng: Rng, dial: Dial, stamp_at: tuple[float, float] | None, station: str) -> None:
    """Age the flat page ``image`` (h, w, 3).

    Args:
        happening: names of samples.effects.PAPER.
        stamp_at: (x, y) in pixels where a stamp belongs; hard samples have it anywhere.
        station: what the stamp says.
    """
    h, w = image.shape[:2]
    if "yellowed" in happening:
        s = dial.strength(rng, 0.0, 0.16, 0.3)
        for channel, share in enumerate((s, 0.35 * s, 0.08 * s)):
            image[..., channel] = cv2.LUT(image[..., channel], (np.arange(256) * (1 - share)).astype(np.uint8))
    if "stain" in happening:
        for _ in range(int(rng.integers(1, 4))):
            _stain(image, rng, dial)
    if "stamp" in happening:
        anywhere = stamp_at is None or rng.random() < dial.of(0, 0, 0.5)
        x, y = (rng.uniform(0.15, 0.85) * w, rng.uniform(0.2, 0.9) * h) if anywhere or stamp_at is None else stamp_at
        _stamp(image, rng, (float(x), float(y)), h * float(rng.uniform(0.025, 0.04)), station)


def _tint(image: Bgr, cover: Floats, left: int, top: int, colour: tuple[float, float, float]) -> None:
    """Multiply a patch towards ``colour`` (0..1 a channel) where ``cover`` (0..1) lies; what falls off the page is cut."""
    h, w = image.shape[:2]
    x0, y0, x1, y1 = max(0, left), max(0, top), min(w, left + cover.shape[1]), min(h, top + cover.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = cover[y0 - top : y1 - top, x0 - left : x1 - left, None]
    image[y0:y1, x0:x1] = (image[y0:y1, x0:x1] * (1 - part * (1 - np.array(colour, np.float32)))).astype(np.uint8)


def _blotch(rng: Rng, size: int) -> Floats:
    """(size, size), 0..1: an uneven round patch."""
    noise = cv2.resize(rng.normal(0, 1, (6, 6)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    ys, xs = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    return np.asarray(np.hypot(xs, ys) + 0.12 * noise, np.float32)


def _stain(image: Bgr, rng: Rng, dial: Dial) -> None:
    """A ring of coffee, a drop of water, a smudge of ink from a voter's finger."""
    size = round(image.shape[0] * float(rng.uniform(0.03, 0.09)))
    left, top = int(rng.integers(0, image.shape[1])) - size // 2, int(rng.integers(0, image.shape[0])) - size // 2
    r = _blotch(rng, size)
    s = dial.strength(rng, 0.1, 0.35, 0.6)
    kind = rng.random()
    if kind < 0.4:
        cover, colour = np.exp(-(((r - 0.75) / 0.06) ** 2)), (0.55, 0.7, 0.82)
    elif kind < 0.75:
        cover, colour = 0.5 / (1 + np.exp((r - 0.6) / 0.03)) + 0.5 * np.exp(-(((r - 0.62) / 0.03) ** 2)), (0.7, 0.82, 0.9)
    else:
        cover, colour = 1 / (1 + np.exp((r - 0.35) / 0.12)), (0.62, 0.35, 0.42)
    _tint(image, np.asarray(s * cover, np.float32), left, top, colour)


def _stamp(image: Bgr, rng: Rng, at: tuple[float, float], radius: float, station: str) -> None:
    """A round stamp, unevenly inked and turned."""
    r = round(radius)
    size = 2 * r + 9
    mask = np.zeros((size, size), np.uint8)
    c = size // 2
    cv2.circle(mask, (c, c), r, (255,), max(2, r // 14), cv2.LINE_AA)
    cv2.circle(mask, (c, c), round(r * 0.68), (255,), max(1, r // 25), cv2.LINE_AA)
    for words, dy, cap in (("KPPS", -0.28, 0.26), (station, 0.14, 0.2), ("* PEMILU *", 0.44, 0.12)):
        letters, base = text_mask(words, cap * r, None, bold=True)
        x, y = c - letters.shape[1] // 2, round(c + dy * r + cap * r * 0.5) - base
        inside = mask[max(0, y) : y + letters.shape[0], max(0, x) : x + letters.shape[1]]
        np.maximum(inside, letters[: inside.shape[0], : inside.shape[1]], out=inside)
    turned = cv2.warpAffine(mask, cv2.getRotationMatrix2D((c, c), float(rng.normal(0, 20)), 1.0), (size, size))
    uneven = np.clip(
        0.75 + 0.35 * cv2.resize(rng.normal(0, 1, (9, 9)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC), 0.1, 1
    )
    colour = ((0.75, 0.3, 0.45), (0.8, 0.45, 0.25), (0.3, 0.25, 0.8))[int(rng.integers(3))]
    cover = np.asarray(turned.astype(np.float32) / 255 * uneven * float(rng.uniform(0.45, 0.8)), np.float32)
    _tint(image, cover, round(at[0]) - c, round(at[1]) - c, colour)
