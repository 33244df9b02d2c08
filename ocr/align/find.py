"""The ways to find a page, tried from cheap to dear, each judged by the box borders that are really there."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from ocr.align.borders import Pyramid, RowFound, find_row
from ocr.align.features import Match, photo_features, register, votes
from ocr.align.tag import TAG_SIZES, by_tag
from ocr.errors import AlignError
from ocr.types import AlignedSheet, Floats, Photo
from tally.interpretation import ReasonCode
from templates_c1.registry import all_templates
from templates_c1.schema import Page

GOOD = 0.75
"""Quality (share of the boxes' borders found in one consistent place) from which no other way is tried."""
SURE = 40
"""Features in agreement from which a page is out of question, so that faint borders (quality >= ENOUGH) will do."""
ENOUGH = 0.45
"""Least quality that is taken, and only where at least HINTED features agree or the tag was read."""
HINTED = 22

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
    support = seen = 0
    for match, how in _candidates(photo):
        sheet = judge(photo, pyramid, match, how)
        agree = SURE if how == "tag" else match.inliers
        seen = max(seen, agree)
        if best is None or sheet.quality > best.quality:
            best, support = sheet, agree
        if best.quality >= GOOD or (best.quality >= ENOUGH and support >= SURE and how != "tag"):
            break
    if best is None:
        raise AlignError(ReasonCode.FORM_NOT_RECOGNISED, "no known form was found in the photo")
    if best.quality < (ENOUGH if support >= HINTED else GOOD):
        code = ReasonCode.POOR_PHOTO if seen >= SURE else ReasonCode.FORM_NOT_RECOGNISED
        raise AlignError(code, f"closest: {best.template.form} page {best.page.number}, {best.quality:.0%} of its boxes found")
    if only_form is not None and best.template.form != only_form:
        raise AlignError(ReasonCode.WRONG_FORM, f"the photo shows {best.template.form} page {best.page.number}, not {only_form}")
    return best


def _candidates(photo: Photo) -> Iterator[tuple[Match, str]]:
    """Matches from the cheapest way to the dearest; the caller stops when one is good."""
    pages = [(t, p) for t in all_templates().values() for p in t.pages]
    tagged = by_tag(photo.gray, TAG_SIZES[:1])
    if tagged is not None:
        yield tagged, "tag"
    for i, (size, count, ratio) in enumerate(_TRIES):
        if i and max(photo.gray.shape) <= _TRIES[i - 1][0]:
            break
        if i and tagged is None and (tagged := by_tag(photo.gray, TAG_SIZES[1:])) is not None:
            yield tagged, "tag"
        features = photo_features(photo.gray, size, count)
        if tagged is not None:
            pages = [(tagged.template, tagged.page)]
        ranked = sorted(pages, key=lambda tp: votes(features, *tp), reverse=True)[:2]
        for template, page in ranked:
            match = register(features, template, page, ratio=ratio)
            if match is not None:
                yield match, "features"


def judge(photo: Photo, pyramid: Pyramid, match: Match, how: str) -> AlignedSheet:
    """The match refined by the box borders found, with its quality."""

    def project(p: Floats) -> Floats:
        out: Floats = cv2.perspectiveTransform(np.asarray(p, np.float64)[None], match.to_photo)[0]
        return out

    rows = [find_row(pyramid, project, n, 0.35) for n in match.page.numbers]
    local, quality = _consensus(match.page, rows)
    return AlignedSheet(photo, match.template, match.page, match.to_photo, quality, how, local)


def _consensus(page: Page, rows: list[RowFound]) -> tuple[Floats | None, float]:
    at = np.array([[(n.boxes[0].x + n.boxes[-1].x + n.boxes[-1].w) / 2, n.boxes[0].y + n.boxes[0].h / 2] for n in page.numbers])
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
