"""Where a person shows the page: form, page and its four corners are given, but not believed until the boxes' borders are found there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ocr.align.borders import find_rows
from ocr.align.features import Match
from ocr.align.find import GOOD, IN_PICTURE, LEAST, LINES, judge
from ocr.align.pyramid import Pyramid
from ocr.align.structure import in_picture, lines_found
from ocr.errors import AlignError
from ocr.types import AlignedSheet, Floats, Photo
from tally.interpretation import ReasonCode
from templates_c1 import registry
from templates_c1.schema import Page, Template

REACHES = (0.8, 1.6)
"""How far off the rows of boxes may be where four clicks put them, in box widths: a finger on a tablet misses by as much."""
_ENOUGH = 0.9
_FEWEST = 3
"""Rows from which a homography is fitted anew."""


@dataclass(frozen=True, slots=True)
class ShownPage:
    """What a person showed. ``corners``: as ``align_by_corners``, but as shares of the upright picture's width and height."""

    form: str
    page: int
    corners: tuple[tuple[float, float], ...]
    turns: int = 0

    @property
    def version(self) -> str:
        """Another name for other corners."""
        said = [self.form, self.page, [[round(x, 4), round(y, 4)] for x, y in self.corners], self.turns % 4]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]

    def aligned(self, photo: Photo) -> AlignedSheet:
        """Raises as ``align_by_corners``."""
        height, width = photo.gray.shape
        return align_by_corners(photo, self.form, self.page, [(x * width, y * height) for x, y in self.corners], self.turns)


def align_by_corners(photo: Photo, form: str, page: int, corners: Sequence[tuple[float, float]], turns: int = 0) -> AlignedSheet:
    """The page laid by its corners, then by its own print.

    Args:
        corners: four (x, y) in pixels of ``photo.gray`` around the page, clockwise as the picture shows them, from the top left; they may
            lie outside the picture where the page is cut off.
        turns: quarter turns clockwise after which the picture shows the page upright; 0: the first corner is the page's own top left.
            If the borders are not found this way, the other three are tried.

    Raises:
        KeyError: no such form or page.
        AlignError: FORM_NOT_RECOGNISED: the boxes' borders are not there; POOR_PHOTO: too little of the page is in the picture.
    """
    template, layout = registry.template(form), registry.page(form, page)
    quad = np.roll(np.asarray(corners, np.float64).reshape(4, 2), turns, axis=0)
    pyramid = Pyramid(photo.gray)
    best: AlignedSheet | None = None
    for turn in range(4):
        sheet = _laid(photo, pyramid, template, layout, np.roll(quad, turn, axis=0))
        if sheet is not None and (best is None or sheet.quality > best.quality):
            best = sheet
        if best is not None and best.quality >= GOOD:
            break
    if best is None:
        raise AlignError(ReasonCode.FORM_NOT_RECOGNISED, "the four corners make no page")
    if in_picture(best) < IN_PICTURE:
        raise AlignError(ReasonCode.POOR_PHOTO, f"{in_picture(best):.0%} of the boxes are in the picture")
    if best.quality < GOOD and not (best.quality >= LEAST and lines_found(best, pyramid) >= LINES):
        raise AlignError(ReasonCode.FORM_NOT_RECOGNISED, f"{best.quality:.0%} of the boxes found")
    return best


def _laid(photo: Photo, pyramid: Pyramid, template: Template, page: Page, quad: Floats) -> AlignedSheet | None:
    """The best that comes of these corners; None where they span nothing."""
    w, h = page.size.width, page.size.height
    if cv2.contourArea(quad.astype(np.float32)) < 1000:
        return None
    flat = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    match = Match(template, page, np.asarray(cv2.getPerspectiveTransform(flat, quad.astype(np.float32)), np.float64), 0)
    best = judge(photo, pyramid, match, "corners")
    for reach in REACHES:
        if best.quality >= _ENOUGH:
            break
        again = _refitted(pyramid, match, reach)
        if again is not None:
            sheet = judge(photo, pyramid, again, "corners")
            best = max(best, sheet, key=lambda s: s.quality)
    return best


def _refitted(pyramid: Pyramid, match: Match, reach: float) -> Match | None:
    """The homography through the rows of boxes that are found within ``reach`` of where the corners put them."""
    start = AlignedSheet(_NO_PHOTO, match.template, match.page, match.to_photo, 0.0, "corners")
    rows = [r for r in find_rows(pyramid, start.project, match.page, match.page.numbers, reach) if r.border.mean() > LEAST]
    if len(rows) < _FEWEST:
        return None
    on_page = np.concatenate([np.array([c for b in r.number.boxes for c in b.corners]) for r in rows])
    found = np.concatenate([r.corners.reshape(-1, 2) for r in rows])
    side = float(np.median([r.side for r in rows]))
    # the corners that were shown hold the page's ends where few rows speak
    w, h = match.page.size.width, match.page.size.height
    ends = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64)
    src, dst = np.r_[on_page, ends], np.r_[found, start.project(ends)]
    fitted, agree = cv2.findHomography(src, dst, cv2.RANSAC, 0.3 * side)
    if fitted is None or agree is None or int(agree.sum()) < 4 * _FEWEST:
        return None
    return Match(match.template, match.page, np.asarray(fitted, np.float64), 0)


_NO_PHOTO = Photo("", "", np.zeros((1, 1), np.uint8))
