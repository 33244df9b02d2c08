"""Frozen values with pixels in them, passed between the stages of ``ocr``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from templates_c1.schema import Page, Template

if TYPE_CHECKING:
    from ocr.align.borders import RowFound
    from ocr.align.pyramid import Pyramid

Gray = NDArray[np.uint8]
"""(height, width) gray picture, 0 black."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A decoded photo, turned upright by its EXIF tag.

    Attributes:
        gray: (h, w) uint8 at full size of the file (or reduced by the decoder: see scale).
        scale: pixels of ``gray`` per pixel of the file (1, 1/2, 1/4).
        bgr: (h, w, 3), only where a stage asked for colour.
    """

    name: str
    sha256: str
    gray: Gray
    scale: float = 1.0
    bgr: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AlignedSheet:
    """A photo whose form and page are known.

    Attributes:
        to_photo: 3x3 homography, template units -> pixels of ``photo.gray``.
        quality: 0..1, share of the printed structure found where it must be after refinement.
        how: which way found it: "tag", "features", "markers".
        local: optional smooth correction on top of ``to_photo`` (folds, curl): (k, 4) rows x, y in template units and
            dx, dy in photo pixels.
        rows: the numbers' rows of boxes that the alignment has found already, in places that agree with each other;
            ``ocr.locate`` looks for the others.
        pyramid: the photo's sizes as far as the alignment made them.
    """

    photo: Photo
    template: Template
    page: Page
    to_photo: Floats
    quality: float
    how: str
    local: Floats | None = None
    rows: tuple[RowFound, ...] = ()
    pyramid: Pyramid | None = None

    def project(self, points: Floats) -> Floats:
        """Template points (n, 2) in template units -> (n, 2) pixels of ``photo.gray``: homography, then the local correction.

        The correction between its known places is their average weighted by a Gaussian of the distance (Nadaraya-Watson),
        with a width of a twelfth of the page, fading out where nothing is known nearby.
        """
        xy = np.asarray(points, np.float64).reshape(-1, 2)
        h = np.c_[xy, np.ones(len(xy))] @ self.to_photo.T
        out: Floats = h[:, :2] / h[:, 2:3]
        if self.local is not None and len(self.local):
            width = self.page.size.width / 12
            d2 = ((xy[:, None, :] - self.local[None, :, :2]) ** 2).sum(-1)
            w = np.exp(-d2 / (2 * width * width))
            out = out + (w @ self.local[:, 2:]) / (w.sum(1, keepdims=True) + 0.05)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class LocatedBox:
    """One number box, found by its own printed border.

    Attributes:
        crop: CROP x CROP uint8 (ocr.locate.CROP), the box's border line lying MARGIN px inside each edge, upright.
        corners: (4, 2) tl tr br bl of the border's centre line in pixels of ``photo.gray``.
        border: 0..1, how much of the printed border was found; 0 = not found, crop taken from where the template expects it.
    """

    number: str
    index: int
    crop: Gray
    corners: Floats
    border: float


@dataclass(frozen=True, slots=True, eq=False)
class BoxReading:
    """One reader's scores of one box over tally.glyphs.GLYPHS (14,), sum 1. All zero: the reader abstains."""

    reader: str
    number: str
    index: int
    scores: Floats


@dataclass(frozen=True, slots=True)
class SheetPixels:
    """What reading leaves behind for a debug folder or the review screen."""

    sheet: AlignedSheet
    boxes: tuple[LocatedBox, ...]
    readings: Mapping[str, tuple[BoxReading, ...]] = field(default_factory=dict)
    words: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    """Number -> value -> probability, by what is written in words."""
