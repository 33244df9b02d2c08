"""A good page, damaged in one way at a time: form and page must come out, and every box where it truly is, or a clear refusal."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from ocr.align import align
from ocr.align.tag import detect_tags
from ocr.errors import AlignError
from ocr.locate import locate
from ocr.types import AlignedSheet, LocatedBox, Photo
from tally.interpretation import ReasonCode
from tests.ocr import damage
from tests.ocr.damage import PAGES, Shot, flat


def off_by(shot: Shot, box: LocatedBox) -> float:
    """Largest distance of a corner from its true place, in box widths."""
    true = shot.true_corners(box.number, box.index)
    width = float(np.hypot(*(true[1] - true[0])))
    return float(np.hypot(*(box.corners - true).T).max()) / width


def recognised(shot: Shot) -> AlignedSheet:
    sheet = align(shot.photo)
    assert (sheet.template.form, sheet.page.number) == (shot.form, shot.page.number)
    return sheet


def assert_boxes(shot: Shot, *, within: float = 0.1, found: float = 0.95) -> None:
    """All boxes of the page in order, nearly all with their border, each at its true place; what was not found says so."""
    boxes = locate(recognised(shot))
    assert [(b.number, b.index) for b in boxes] == [(n.name, i) for n in shot.page.numbers for i in range(len(n.boxes))]
    assert all(b.crop.shape == (64, 64) and b.crop.dtype == np.uint8 for b in boxes)
    believed = [b for b in boxes if b.border > 0.5]
    assert len(believed) >= found * len(boxes)
    wrong = {(b.number, b.index): round(off_by(shot, b), 3) for b in believed if off_by(shot, b) > within}
    assert wrong == {}


@pytest.mark.parametrize(("form", "number"), PAGES)
def test_a_flat_page_is_recognised_and_every_box_found(form: str, number: int) -> None:
    assert_boxes(flat(form, number), within=0.06, found=1.0)


TURNS: list[tuple[str, int, float]] = [
    ("c-hasil-kwk-2020", 2, 90), ("c-hasil-kwk-2020", 2, 180), ("c-hasil-kwk-2020", 2, 7),
    ("c-hasil-ppwp-2024", 2, 270), ("c-hasil-ppwp-2024", 1, 180), ("c-hasil-ppwp-2024", 3, -7),
    ("c1-ppwp-2019", 1, 180), ("c1-ppwp-2019", 2, 90), ("c1-ppwp-2019", 1, 7),
]  # fmt: skip


@pytest.mark.parametrize(("form", "number", "degrees"), TURNS)
def test_any_rotation(form: str, number: int, degrees: float) -> None:
    assert_boxes(damage.turned(flat(form, number), degrees))


DAMAGES: dict[str, Callable[[Shot], Shot]] = {
    "tilted": damage.tilted,
    "blurred": lambda s: s.changed(cv2.GaussianBlur(s.gray, (0, 0), 1.6)),
    "shaded": damage.shaded,
    "corner cut off": lambda s: damage.covered(s, (1.0, 1.0), 0.25),
    "low contrast": lambda s: s.changed(s.gray * 0.35 + 90),
    "noisy": lambda s: s.changed(s.gray + np.random.default_rng(5).normal(0, 14, s.gray.shape)),
}


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize(("form", "number"), [("c-hasil-kwk-2020", 2), ("c-hasil-ppwp-2024", 2), ("c1-ppwp-2019", 2)])
def test_damaged_pages_are_read_at_the_right_place(form: str, number: int, kind: str) -> None:
    assert_boxes(DAMAGES[kind](flat(form, number)), within=0.12)


@pytest.mark.parametrize(("form", "number"), [("c-hasil-kwk-2020", 2), ("c1-ppwp-2019", 1)])
def test_a_small_page_in_a_large_frame(form: str, number: int) -> None:
    shot = flat(form, number)
    h, w = shot.gray.shape
    assert_boxes(shot.moved(np.array([[0.62, 0.05, w * 0.2], [-0.04, 0.62, h * 0.22], [0, 0, 1]]), (w, h)), within=0.12)


def test_curled_paper_every_box_by_its_own_border() -> None:
    shot = damage.curled(flat("c-hasil-kwk-2020", 2))
    boxes = locate(recognised(shot))
    assert min(b.border for b in boxes) > 0.75
    # the curl moves boxes by up to half their width; the crop must follow: its border lies where the contract says
    for box in boxes:
        rim = np.r_[box.crop[6:11, 14:50].min(axis=0), box.crop[53:58, 14:50].min(axis=0)]
        inside = np.median(box.crop[14:50, 14:50])
        assert np.median(rim) < inside - 15


def test_covered_markers_and_tag_leave_the_printed_structure() -> None:
    shot = flat("c-hasil-ppwp-2024", 2)
    tag = cv2.perspectiveTransform(np.array([[[510.0, 123.0]]]), shot.to_photo)[0, 0]
    h, w = shot.gray.shape
    hidden = damage.covered(shot, (tag[0] / w, tag[1] / h), 0.045)
    assert detect_tags(hidden.gray, hidden.gray) == []
    sheet = recognised(hidden)
    assert sheet.how == "features"
    assert_boxes(hidden)


def test_one_covered_marker_does_not_matter() -> None:
    shot = flat("c-hasil-ppwp-2024", 2)
    marker = cv2.perspectiveTransform(np.array([[[47.25, 875.05]]]), shot.to_photo)[0, 0]
    h, w = shot.gray.shape
    hidden = damage.covered(shot, (marker[0] / w, marker[1] / h), 0.03)
    assert recognised(hidden).how == "tag"
    assert_boxes(hidden)


def test_a_covered_number_is_said_not_taken_from_its_neighbour() -> None:
    shot = flat("c-hasil-kwk-2020", 2)
    corners = np.concatenate([shot.true_corners("suara_paslon_2", i) for i in range(3)])
    (x0, y0), (x1, y1) = corners.min(axis=0) - 14, corners.max(axis=0) + 14
    gray = shot.gray.copy()
    gray[round(y0) : round(y1), round(x0) : round(x1)] = int(np.median(gray))
    hidden = shot.changed(gray)
    boxes = [b for b in locate(recognised(hidden)) if b.number == "suara_paslon_2"]
    assert [b.border < 0.3 for b in boxes] == [True] * 3
    assert max(off_by(hidden, b) for b in boxes) < 0.35
    assert all(b.border > 0.7 for b in locate(recognised(hidden)) if b.number != "suara_paslon_2")


def test_pages_of_one_form_are_not_mixed_up_when_their_heads_are_gone() -> None:
    for number in (1, 2):
        shot = flat("c1-ppwp-2019", number)
        gray = shot.gray.copy()
        gray[: round(0.17 * len(gray))] = damage.DESK
        assert recognised(shot.changed(gray)).page.number == number


def _refusal(gray: np.ndarray, only_form: str | None = None) -> AlignError:
    with pytest.raises(AlignError) as e:
        align(Photo("x.jpg", "0" * 64, np.ascontiguousarray(gray.astype(np.uint8))), only_form)
    return e.value


def test_ordinary_pictures_are_refused() -> None:
    rng = np.random.default_rng(3)
    plain = np.full((900, 700), 180)
    noise = cv2.GaussianBlur(rng.integers(0, 255, (900, 700)).astype(np.float32), (0, 0), 2)
    tiles = ((np.add.outer(np.arange(900) // 40, np.arange(700) // 40) % 2) * 160 + 50).astype(np.float32)
    table = np.full((1000, 800), 235, np.float32)
    table[::36] = 40
    table[:, ::30] = 40
    for picture in (plain, noise * 3 - 250, tiles, table):
        assert _refusal(np.clip(picture, 0, 255)).code is ReasonCode.FORM_NOT_RECOGNISED


def test_another_form_than_asked_for_is_refused_by_name() -> None:
    error = _refusal(flat("c-hasil-ppwp-2024", 2).gray, "c-hasil-kwk-2020")
    assert error.code is ReasonCode.WRONG_FORM
    assert "c-hasil-ppwp-2024" in error.detail


def test_a_strip_of_a_page_is_refused() -> None:
    gray = flat("c-hasil-kwk-2020", 2).gray
    assert _refusal(gray[: len(gray) // 5]).code is ReasonCode.FORM_NOT_RECOGNISED


def test_the_local_correction_reproduces_what_was_found() -> None:
    sheet = recognised(damage.curled(flat("c1-ppwp-2019", 2), 0.006))
    for row in sheet.rows:
        expected = sheet.project(np.array([c for b in row.number.boxes for c in b.corners])).reshape(-1, 4, 2)
        assert float(np.hypot(*(expected - row.corners).mean(axis=(0, 1)))) < 0.2 * row.side
