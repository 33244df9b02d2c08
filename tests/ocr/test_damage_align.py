"""Drawn pages damaged as photos are: which page comes out, how far its boxes are off in pixels, or which refusal."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
import pytest

from ocr.align import align
from ocr.errors import AlignError
from ocr.locate import locate
from ocr.types import AlignedSheet, LocatedBox, Photo
from tally.interpretation import ReasonCode
from tests.ocr import damage
from tests.ocr.damage import Shot, flat
from tests.ocr.ordinary import PICTURES

KWK, PPWP, SCAN = ("c-hasil-kwk-2020", 2), ("c-hasil-ppwp-2024", 2), ("c1-ppwp-2019", 2)
FORMS = [KWK, PPWP, SCAN]
Form = tuple[str, int]


def put(shot: Shot, name: str, corner: int = 0) -> tuple[float, float]:
    """Where a number's first box (its ``corner``) lies in the photo, shares of it."""
    h, w = shot.gray.shape
    x, y = shot.true_corners(name, 0)[corner]
    return float(x) / w, float(y) / h


def marker_hidden(shot: Shot, which: int) -> Shot:
    h, w = shot.gray.shape
    at = cv2.perspectiveTransform(np.array([[shot.page.recognition.markers[which].at]], np.float64), shot.to_photo)[0, 0]
    return damage.covered(shot, (float(at[0]) / w, float(at[1]) / h), 0.03)


def worst(shot: Shot, boxes: tuple[LocatedBox, ...]) -> float:
    """Largest distance in px of a corner from its true place, over the boxes that are said to be found."""
    off = [float(np.hypot(*(b.corners - shot.true_corners(b.number, b.index)).T).max()) for b in boxes if b.border >= 0.5]
    return max(off, default=0.0)


def unfound(boxes: tuple[LocatedBox, ...]) -> set[tuple[str, int]]:
    return {(b.number, b.index) for b in boxes if b.border < 0.5}


@lru_cache(maxsize=4)
def aligned(form: Form, kind: str) -> tuple[Shot, AlignedSheet, tuple[LocatedBox, ...]]:
    shot = HARMLESS[kind](flat(*form))
    sheet = align(shot.photo)
    return shot, sheet, locate(sheet)


HARMLESS: dict[str, Callable[[Shot], Shot]] = {
    "turned by 90": lambda s: damage.turned(s, 90),
    "upside down": lambda s: damage.turned(s, 180),
    "leaning by 20": lambda s: damage.turned(s, 20),
    "leaning by -20": lambda s: damage.turned(s, -20),
    "folded": lambda s: damage.folded(s, 0.12),
    "blurred": lambda s: s.changed(cv2.GaussianBlur(s.gray, (0, 0), 2.0)),
    "pale": damage.pale,
    "compressed twice": damage.twice_compressed,
    "striped": damage.striped,
    "edges cut": lambda s: damage.cut(s, 0.03, 0.05, 0.03, 0.05),
    "far away": lambda s: damage.far(s, 0.5),
}
PX = {"blurred": 3.0, "pale": 3.0, "striped": 3.0, "compressed twice": 3.0}
"""How far boxes may be off; 2.5 px where nothing is said (a box is 33 to 50 px wide)."""


@pytest.mark.parametrize("kind", HARMLESS)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_page_and_every_box_to_a_few_pixels(form: Form, kind: str) -> None:
    shot, sheet, boxes = aligned(form, kind)
    assert (sheet.template.form, sheet.page.number) == form
    assert unfound(boxes) == set()
    assert worst(shot, boxes) < PX.get(kind, 2.5)


@pytest.mark.parametrize("which", range(4))
def test_each_marker_of_the_2024_form_may_be_hidden(which: int) -> None:
    shot = marker_hidden(flat(*PPWP), which)
    sheet = align(shot.photo)
    assert (sheet.template.form, sheet.page.number, sheet.how) == (*PPWP, "tag")
    boxes = locate(sheet)
    assert unfound(boxes) == set()
    assert worst(shot, boxes) < 2.5


@pytest.mark.parametrize("which", range(4))
def test_each_square_of_the_2019_form_may_be_hidden(which: int) -> None:
    shot = marker_hidden(flat(*SCAN), which)
    boxes = locate(align(shot.photo))
    assert unfound(boxes) == set()
    assert worst(shot, boxes) < 2.5


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_fold_through_a_number_takes_that_number_alone(form: Form) -> None:
    flat_shot = flat(*form)
    name = flat_shot.page.numbers[1].name
    top, bottom = put(flat_shot, name)[1], put(flat_shot, name, 3)[1]
    shot = damage.folded(flat_shot, (top + bottom) / 2, (7.0, 9.0))
    boxes = locate(align(shot.photo))
    others = tuple(b for b in boxes if b.number != name)
    assert unfound(others) == set()
    assert worst(shot, others) < 2.5
    # the creased number itself: half of each border may be off by the fold, never by a row
    assert worst(shot, boxes) < 14


def test_a_column_of_boxes_cut_off_is_a_poor_photo() -> None:
    whole = flat(*KWK)
    last = whole.page.numbers[0]
    edge = whole.true_corners(last.name, len(last.boxes) - 1)[:, 0].mean() / whole.gray.shape[1]
    with pytest.raises(AlignError) as e:
        align(damage.cut(whole, right=1 - float(edge)).photo)
    assert e.value.code is ReasonCode.POOR_PHOTO


@pytest.mark.parametrize("kind", PICTURES)
def test_an_ordinary_picture_is_refused(kind: str) -> None:
    with pytest.raises(AlignError) as e:
        align(Photo("x.jpg", "0" * 64, PICTURES[kind]()))
    assert e.value.code is ReasonCode.FORM_NOT_RECOGNISED


def test_a_tag_on_a_sheet_that_is_no_form_is_no_page() -> None:
    sheet = PICTURES["text_page"]()
    tag = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h10), 102, 100)
    sheet[20:140, 590:710] = 235
    sheet[30:130, 600:700] = tag
    with pytest.raises(AlignError) as e:
        align(Photo("x.jpg", "0" * 64, sheet))
    assert e.value.code in (ReasonCode.POOR_PHOTO, ReasonCode.FORM_NOT_RECOGNISED)
