"""One photo at several sizes, and pictures warped out of it without aliasing."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.types import Floats, Gray


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
            last = self._levels[-1]
            half = cv2.resize(last, (last.shape[1] // 2, last.shape[0] // 2), interpolation=cv2.INTER_AREA)
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
        s = 1 / reduction
        o = (s - 1) / 2
        m = np.array([[s, 0, o], [0, s, o], [0, 0, 1]]) @ to_photo
        out = cv2.warpPerspective(picture, m, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(out, np.uint8)
