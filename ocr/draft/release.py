"""Is a drafted template fit to be published? Whether its pages are recognised, and as nothing else.

Each page's own picture is laid on a table and photographed by a simulated camera. It must be recognised as its page; and with the page
taken out of the known ones, as nothing at all: a form that is taken for another is the worst there is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ocr.align import align
from ocr.draft.references import shrunk
from ocr.errors import AlignError
from ocr.types import AlignedSheet, Gray, Photo
from templates_c1.published import Published, trying

_RIM = 0.06
"""Of the table around the page, share of its long side."""
_TURNS = (2.0, -4.0)
"""Degrees by which the page lies askew; it must be recognised each time."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line for the person, Indonesian and English. ``fatal``: the template must not be published."""

    page: int
    fatal: bool
    id: str
    en: str


def judge(candidate: Published, pictures: Mapping[int, Gray]) -> list[Verdict]:
    """What speaks against publishing ``candidate``; nothing if it is recognised and unmistakable.

    Args:
        pictures: page number -> the page, upright, from edge to edge.
    """
    out: list[Verdict] = []
    for page in candidate.template.pages:
        tagged = page.recognition.tag is not None
        if page.number not in pictures:
            if not tagged:
                id = f"halaman {page.number} tidak punya AprilTag dan tidak punya gambar, jadi tidak dapat dikenali"
                out.append(Verdict(page.number, True, id, f"page {page.number} has neither an AprilTag nor a picture to be recognised by"))
            continue
        photos = [photographed(pictures[page.number], turn) for turn in _TURNS]
        for photo in photos:
            seen = recognised(candidate, photo)
            if seen is None or (seen.template.form, seen.page.number) != (candidate.template.form, page.number):
                out.append(_not_itself(page.number, seen))
                break
        if (other := _taken_for(candidate, page.number, photos[:1])) is not None:
            out.append(_lookalike(page.number, other, candidate.template.form, tagged))
    return out


def _not_itself(number: int, seen: AlignedSheet | None) -> Verdict:
    if seen is None:
        id = f"halaman {number} tidak dikenali dari cetakannya. Pakai gambar yang lebih tajam, sebaiknya PDF kosong"
        return Verdict(number, True, id, f"page {number} is not recognised by its print. Use a sharper picture, best a blank PDF")
    other = f"{seen.template.form} {seen.page.number}"
    return Verdict(number, True, f"halaman {number} dikenali sebagai {other}", f"page {number} is recognised as {other}")


def _taken_for(candidate: Published, number: int, photos: Sequence[Photo]) -> AlignedSheet | None:
    """As what the page is recognised while it is unknown itself."""
    rest = tuple(p for p in candidate.template.pages if p.number != number)
    # trying it in place of all the form's versions: an earlier one does not speak for the page either
    without = candidate.template.model_copy(update={"pages": rest})
    for photo in photos:
        seen = recognised(replace(candidate, template=without), photo)
        if seen is not None:
            return seen
    return None


def _lookalike(number: int, seen: AlignedSheet, form: str, tagged: bool) -> Verdict:
    other, at = seen.template.form, seen.page.number
    if other == form:
        id, en = f"halaman {number} dan {at} tidak dapat dibedakan", f"pages {number} and {at} cannot be told apart"
    else:
        id, en = f"halaman {number} terlihat sama dengan {other} halaman {at}", f"page {number} looks the same as {other} page {at}"
    if tagged:
        id += ", bila AprilTag tidak terlihat pada foto"
        en += " where a photo does not show the AprilTag"
    return Verdict(number, not tagged, id, en)


def recognised(candidate: Published, photo: Photo) -> AlignedSheet | None:
    """As what a photo is recognised where ``candidate`` is a known form; None if as nothing."""
    with trying(candidate):
        try:
            return align(photo)
        except AlignError:
            return None


def photographed(gray: Gray, turn: float) -> Photo:
    """The page on a table, turned by ``turn`` degrees, a little out of focus."""
    page = shrunk(gray)
    h, w = page.shape
    rim = round(_RIM * max(h, w))
    size = (w + 2 * rim, h + 2 * rim)
    move = cv2.getRotationMatrix2D((w / 2, h / 2), turn, 0.97)
    move[:, 2] += rim
    laid = cv2.warpAffine(page, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(96,))
    shot = np.asarray(cv2.GaussianBlur(laid, (0, 0), 0.8), np.uint8)
    return Photo("", hashlib.sha256(shot.tobytes()).hexdigest(), shot)
