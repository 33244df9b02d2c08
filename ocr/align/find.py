"""The ways to find a page, tried from cheap to dear, each judged by the box borders that are really there."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.align.borders import Pyramid, RowFound, find_row
from ocr.align.features import Match, PhotoFeatures, photo_features, register
from ocr.align.tag import by_tag
from ocr.errors import AlignError
from ocr.types import AlignedSheet, Floats, Photo
from tally.interpretation import ReasonCode
from templates_c1.registry import all_templates
from templates_c1.schema import Page, Template

GOOD = 0.75
"""Quality from which no other way is tried."""
ENOUGH = 0.45
"""Least quality that is taken at all."""

_TRIES = ((620, 1100, 0.82), (1000, 2500, 0.82), (1600, 5000, 0.86))
"""(working size, features, ratio) of the feature tries."""


def align(photo: Photo, only_form: str | None = None) -> AlignedSheet:
    """The best page of all templates, at any rotation.

    Raises:
        AlignError: FORM_NOT_RECOGNISED (no template's structure is there), POOR_PHOTO (the structure is there, the box borders
            cannot be made out), WRONG_FORM (``only_form`` was asked for, the photo shows another one).
    """
    pyramid = Pyramid(photo.gray)
    best: AlignedSheet | None = None
    seen = 0
    for match, how in _candidates(photo):
        sheet = judge(photo, pyramid, match, how)
        seen = max(seen, match.inliers)
        if best is None or sheet.quality > best.quality:
            best = sheet
        if best.quality >= GOOD:
            break
    if best is None:
        raise AlignError(ReasonCode.FORM_NOT_RECOGNISED, "no known form was found in the photo")
    if best.quality < ENOUGH:
        code = ReasonCode.POOR_PHOTO if seen >= 40 else ReasonCode.FORM_NOT_RECOGNISED
        raise AlignError(code, f"closest: {best.template.form} page {best.page.number}, {best.quality:.0%} of its boxes found")
    if only_form is not None and best.template.form != only_form:
        raise AlignError(ReasonCode.WRONG_FORM, f"the photo shows {best.template.form} page {best.page.number}, not {only_form}")
    return best


def _candidates(photo: Photo):  # type: ignore[no-untyped-def]
    tagged = by_tag(photo.gray)
    if tagged is not None:
        yield tagged, "tag"
    pages = [(t, p) for t in all_templates().values() for p in t.pages]
    for size, count, ratio in _TRIES:
        features = photo_features(photo.gray, size, count)
        matches = [m for t, p in pages if (m := register(features, t, p, ratio=ratio)) is not None]
        for m in sorted(matches, key=lambda m: -m.inliers)[:2]:
            yield m, "features"


def judge(photo: Photo, pyramid: Pyramid, match: Match, how: str) -> AlignedSheet:
    """The match refined by the box borders found, with its quality."""
    def project(p: Floats) -> Floats:
        out: Floats = cv2.perspectiveTransform(np.asarray(p, np.float64)[None], match.to_photo)[0]
        return out

    rows = [find_row(pyramid, project, n, 0.35) for n in match.page.numbers]
    local, quality = _consensus(match.page, rows)
    return AlignedSheet(photo, match.template, match.page, match.to_photo, quality, how, local)


def _consensus(page: Page, rows: list[RowFound]) -> tuple[Floats | None, float]:
    at = np.array([[n.boxes[0].x + (n.boxes[-1].x + n.boxes[-1].w - n.boxes[0].x) / 2, n.boxes[0].y + n.boxes[0].h / 2] for n in page.numbers])
    shift = np.array([r.shift for r in rows])
    side = float(np.median([r.side for r in rows]))
    strength = np.array([r.border.mean() for r in rows])
    good = strength > 0.5
    if good.sum() < max(2, len(rows) * 0.3):
        return None, float(strength.mean() * 0.5)
    middle = np.median(shift[good], axis=0)
    rest = np.hypot(*(shift - middle).T) / side
    keep = good & (rest < 0.3)
    quality = float((strength * (rest < 0.3)).mean())
    return (np.c_[at[keep], shift[keep]] if keep.any() else None), quality
