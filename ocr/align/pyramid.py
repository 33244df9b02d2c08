"""One photo at several sizes, and pictures warped out of it without aliasing."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.types import Floats, Gray


def to_quads(quads: Floats, size: Floats) -> Floats:
    """(n, 3, 3) homographies that lay rectangles with a corner at the origin and ``size`` (n, 2) on ``quads`` (n, 4, 2: tl tr br bl).

    In closed form (Heckbert, "Fundamentals of texture mapping and image warping", 1989, section 2.2.3), all at once.
    """
    a, b, c, d = quads.swapaxes(0, 1)
    e, f, g = b - c, d - c, a - b + c - d
    det = e[:, 0] * f[:, 1] - f[:, 0] * e[:, 1]
    out = np.ones((len(quads), 3, 3))
    out[:, 2, 0] = (g[:, 0] * f[:, 1] - f[:, 0] * g[:, 1]) / det
    out[:, 2, 1] = (e[:, 0] * g[:, 1] - g[:, 0] * e[:, 1]) / det
    out[:, :2, 0] = b - a + out[:, 2, 0:1] * b
    out[:, :2, 1] = d - a + out[:, 2, 1:2] * d
    out[:, :2, 2] = a
    out[:, :, 0] /= size[:, 0:1]
    out[:, :, 1] /= size[:, 1:2]
    return out


def area(quads: Floats) -> Floats:
    """(n,) of quadrilaterals (n, 4, 2), by their diagonals."""
    a, b = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
    return np.asarray(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2)


class Pyramid:
    """The photo at full size, half, quarter ..., made when asked for."""

    def __init__(self, gray: Gray) -> None:
        self._levels: list[Gray] = [gray]
        self._fitted: dict[float, Gray] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the photo."""
        h, w = self._levels[0].shape
        return w, h

    def level(self, ratio: float) -> tuple[Gray, float]:
        """The picture in which ``ratio`` full-size pixels per target pixel become at most about 1.5, and its reduction."""
        n = 0
        while ratio / 2**n > 1.5 and min(self._levels[0].shape) / 2 ** (n + 1) > 200:
            n += 1
        while len(self._levels) <= n:
            h, w = (n // 2 for n in self._levels[-1].shape)
            # an odd last row or column is left out: exactly half is what warp reckons with, and four times as quick
            half = cv2.resize(self._levels[-1][: 2 * h, : 2 * w], (w, h), interpolation=cv2.INTER_AREA)
            self._levels.append(np.asarray(half, np.uint8))
        return self._levels[n], float(2**n)

    def fitted(self, long_side: int) -> tuple[Gray, float]:
        """The photo with a long side of ``long_side`` px (never enlarged), and photo pixels per its pixel."""
        size = max(self._levels[0].shape)
        step = max(1.0, size / long_side)
        if step not in self._fitted:
            picture, _ = self.level(step / 1.4)
            h, w = (max(1, round(n / step)) for n in self._levels[0].shape)
            small = picture if picture.shape == (h, w) else cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA)
            self._fitted[step] = np.asarray(small, np.uint8)
        return self._fitted[step], step

    def warp(self, to_photo: Floats, size: tuple[int, int], ratio: float) -> Gray:
        """Target pixel -> photo pixel by ``to_photo`` (3x3); size (width, height); without aliasing."""
        picture, reduction = self.level(ratio)
        m = to_photo
        if reduction > 1:
            s = 1 / reduction
            o = (s - 1) / 2
            m = np.array([[s, 0, o], [0, s, o], [0, 0, 1]]) @ to_photo
        out = cv2.warpPerspective(picture, m, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(out, np.uint8)
