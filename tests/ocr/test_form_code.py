"""The printed code tells the TPS, however the photo was taken; what is no code of ours tells nothing."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from reportlab.graphics.barcode.qr import QrCodeWidget

import samples
from ocr import form_code_grid as grid
from ocr import photo as photos
from ocr.align import align
from ocr.form_code import place_of, read_code
from ocr.types import AlignedSheet
from tally.interpretation import PrintedPlace
from templates_c1.desk_form import Station, qr_text, write
from templates_c1.registry import template

STATION = Station("1607101002004", "SUKAJADI", "TALANG KELAPA", "BANYUASIN")
FORM = "desk-bupati-1607-2024"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.uint8]:
    out = tmp_path_factory.mktemp("print") / "form.pdf"
    form = template(FORM)
    write(out, [(STATION, form, [form.page(2)])], "a4")
    page = pypdfium2.PdfDocument(out)[0]
    return np.asarray(page.render(scale=2304 / page.get_height(), grayscale=True).to_numpy(), np.uint8).reshape(2304, -1)


def photographed(printed: NDArray[np.uint8], seed: int, difficulty: float) -> AlignedSheet:
    photo, _ = samples.make(FORM, 2, seed, difficulty=difficulty, printed=printed)
    return align(photos.decode(photo, "photo.jpg"))


@pytest.mark.parametrize(("seed", "difficulty"), [(1, 0.2), (2, 0.5), (4, 0.8)])
def test_code_is_read_from_a_photo(printed: NDArray[np.uint8], seed: int, difficulty: float) -> None:
    assert read_code(photographed(printed, seed, difficulty)) == PrintedPlace(FORM, 2, STATION.code)


@pytest.mark.parametrize("moved", [False, True])
def test_code_is_read_through_blur(printed: NDArray[np.uint8], moved: bool) -> None:
    sheet = photographed(printed, 1, 0.2)
    assert sheet.page.recognition.code is not None
    left, right = sheet.project(np.array(sheet.page.recognition.code.corners))[:2]
    module = float(np.linalg.norm(right - left)) / (29 + 2 * grid.QUIET)
    long = int(1.6 * module) | 1
    if moved:  # the hand moved by about one and a half modules, askew
        gray = cv2.filter2D(sheet.photo.gray, -1, np.eye(long, dtype=np.float32) / long)
    else:
        gray = np.asarray(cv2.GaussianBlur(sheet.photo.gray, (0, 0), 0.55 * module), np.uint8)
    assert read_code(replace(sheet, photo=replace(sheet.photo, gray=np.asarray(gray, np.uint8)))) == PrintedPlace(FORM, 2, STATION.code)


def test_noise_says_nothing(printed: NDArray[np.uint8]) -> None:
    sheet = photographed(printed, 1, 0.2)
    for seed in range(5):
        noise = np.random.default_rng(seed).integers(0, 256, sheet.photo.gray.shape, np.uint8)
        assert read_code(replace(sheet, photo=replace(sheet.photo, gray=noise))) is None


@pytest.mark.parametrize("letters", [20, 21, 38, 39, 61, 62, 90, 91, 122])
def test_modules_are_those_of_the_printed_code(letters: int) -> None:
    widget = QrCodeWidget("C" * letters, barLevel="M")
    widget.qr.make()
    assert grid.modules(letters) == widget.qr.getModuleCount()


@pytest.mark.parametrize("letters", [15, 50])
def test_redrawn_code_is_the_one_that_was_blurred(letters: int) -> None:
    widget = QrCodeWidget("A7" * (letters // 2), barLevel="M")
    widget.qr.make()
    n = widget.qr.getModuleCount()
    code = np.array([[255 * (not widget.qr.isDark(r, c)) for c in range(n)] for r in range(n)], np.uint8)

    def drawn(around: int) -> NDArray[np.uint8]:
        return np.asarray(np.kron(np.pad(code, around, constant_values=255), np.ones((grid.PIXELS, grid.PIXELS))), np.uint8)

    shifted = np.roll(drawn(grid.QUIET + grid.AROUND), (5, -6), (0, 1))
    blurred = np.asarray(cv2.GaussianBlur(shifted, (0, 0), 0.55 * grid.PIXELS), np.uint8)
    assert np.array_equal(grid.redrawn(blurred, n), drawn(grid.QUIET))


def test_covered_code_is_not_guessed(printed: NDArray[np.uint8]) -> None:
    sheet = photographed(printed, 1, 0.2)
    assert sheet.page.recognition.code is not None
    corners = sheet.project(np.array(sheet.page.recognition.code.corners)).round().astype(np.int32)
    gray = sheet.photo.gray.copy()
    cv2.fillConvexPoly(gray, corners[[0, 1, 2]], 200)  # a thumb over one half
    assert read_code(replace(sheet, photo=replace(sheet.photo, gray=gray))) is None


def test_only_where_the_template_prints_one(printed: NDArray[np.uint8]) -> None:
    sheet = photographed(printed, 1, 0.2)
    bare = sheet.page.model_copy(update={"recognition": sheet.page.recognition.model_copy(update={"code": None})})
    assert read_code(replace(sheet, page=bare)) is None


@pytest.mark.parametrize("text", ["", "https://kpu.go.id", "C1:DESK-X:2:16071", "C1:DESK-X:2:1607101002004 ", "C1:desk-x:2:1607101002004"])
def test_other_codes_are_none_of_ours(text: str) -> None:
    assert place_of(text) is None


def test_what_is_printed_is_what_is_understood() -> None:
    assert place_of(qr_text(FORM, 30, STATION.code)) == PrintedPlace(FORM, 30, STATION.code)
