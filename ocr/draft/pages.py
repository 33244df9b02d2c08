"""Pages to draft from: a PDF's, rasterised, or one photo's, laid flat."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from ocr.draft.flatten import flattened
from ocr.errors import OcrError, PhotoError
from ocr.photo import load
from ocr.types import Floats, Gray
from tally.texts import message

LONG_SIDE = 3300
"""Of a rasterised PDF page, px: 3.7 px a millimetre on a 60 x 90 cm wall form, 11 on A4."""
_MM_PER_POINT = 25.4 / 72
A4 = (210.0, 297.0)


class DraftError(OcrError):
    """A source that no draft can be made from; ``message`` and ``message_en`` say why."""

    def __init__(self, message: str, message_en: str) -> None:
        super().__init__(message_en)
        self.message, self.message_en = message, message_en


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One flat, upright page.

    Attributes:
        gray: (h, w) uint8.
        unit: of the template to be, mm for a PDF, px for a photo.
        per_unit: (x, y) pixels of ``gray`` per unit.
        mm_per_unit: nominal.
        to_photo: 3x3, pixels of ``gray`` -> pixels of the photo; None for a PDF.
    """

    gray: Gray
    unit: Literal["mm", "px"]
    per_unit: tuple[float, float]
    mm_per_unit: float
    source: str
    to_photo: Floats | None = None

    @property
    def photographed(self) -> bool:
        return self.to_photo is not None

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in units."""
        return self.gray.shape[1] / self.per_unit[0], self.gray.shape[0] / self.per_unit[1]


def sheets(path: Path, paper: tuple[float, float] | None = None) -> list[Sheet]:
    """The pages of a PDF, or the one of a photo.

    ``paper``: the form's own width and height in mm. Where a PDF shows the form reduced, as a picture inside its page (annexes of
    regulations do), that picture is taken to be the sheet of this size. For a photo it gives the scale (A4 otherwise).

    Raises:
        DraftError: what is neither a PDF nor a photo, or cannot be opened. OSError: what cannot be read.
    """
    with path.open("rb") as f:
        is_pdf = b"%PDF-" in f.read(1024)
    return _of_pdf(path, paper) if is_pdf else [_of_photo(path, paper or A4)]


def _of_pdf(path: Path, paper: tuple[float, float] | None) -> list[Sheet]:
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as e:
        raise DraftError(f"{path.name}: PDF tidak dapat dibuka ({e})", f"{path.name}: the PDF cannot be opened ({e})") from e
    out = []
    try:
        for i in range(len(document)):
            page = document[i]
            width, height = page.get_size()
            scale = LONG_SIDE / max(width, height)
            gray = np.ascontiguousarray(page.render(scale=scale, grayscale=True).to_numpy().squeeze())
            size = (width * _MM_PER_POINT, height * _MM_PER_POINT)
            if paper is not None:
                size = paper
                pictures = [o.get_bounds() for o in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE])]
                if pictures:
                    left, bottom, right, top = max(pictures, key=lambda b: (b[2] - b[0]) * (b[3] - b[1]))
                    x0, x1 = (round(min(max(v, 0), width) * scale) for v in (left, right))
                    y0, y1 = (round(min(max(height - v, 0), height) * scale) for v in (top, bottom))
                    if (x1 - x0) * (y1 - y0) > 0.25 * gray.size:
                        gray = np.ascontiguousarray(gray[y0:y1, x0:x1])
            per_unit = (gray.shape[1] / size[0], gray.shape[0] / size[1])
            out.append(Sheet(np.asarray(gray, np.uint8), "mm", per_unit, 1.0, f"{path.name}, {i + 1}"))
    finally:
        document.close()
    return out


def _of_photo(path: Path, paper: tuple[float, float]) -> Sheet:
    try:
        photo = load(path)
    except PhotoError as e:
        raise DraftError(f"{path.name}: {message(e.code)}", f"{path.name}: {message(e.code, lang='en')}") from e
    flat, to_flat = flattened(photo.gray)
    return Sheet(flat, "px", (1.0, 1.0), paper[0] / flat.shape[1], path.name, np.asarray(np.linalg.inv(to_flat), np.float64))


def turned(sheet: Sheet, quarters: int) -> Sheet:
    """The sheet turned clockwise by quarter turns."""
    if quarters % 4 == 0:
        return sheet
    h, w = sheet.gray.shape
    back = {1: [[0, 1, 0], [-1, 0, h], [0, 0, 1]], 2: [[-1, 0, w], [0, -1, h], [0, 0, 1]], 3: [[0, -1, w], [1, 0, 0], [0, 0, 1]]}
    to_photo = None if sheet.to_photo is None else sheet.to_photo @ np.array(back[quarters % 4], np.float64)
    gray = np.ascontiguousarray(np.rot90(sheet.gray, -quarters))
    per_unit = sheet.per_unit if quarters % 2 == 0 else sheet.per_unit[::-1]
    scale = sheet.mm_per_unit if quarters % 2 == 0 or sheet.unit == "mm" else sheet.mm_per_unit * w / h
    return Sheet(gray, sheet.unit, per_unit, scale, sheet.source, to_photo)


def cropped(sheet: Sheet, box: tuple[int, int, int, int]) -> Sheet:
    """The part x0, y0, x1, y1 (pixels) of a photographed sheet as a sheet of its own."""
    x0, y0, x1, y1 = box
    gray = np.ascontiguousarray(sheet.gray[y0:y1, x0:x1])
    move = np.array([[1, 0, x0], [0, 1, y0], [0, 0, 1]], np.float64)
    to_photo = None if sheet.to_photo is None else sheet.to_photo @ move
    scale = sheet.mm_per_unit * sheet.gray.shape[1] / gray.shape[1]
    return Sheet(gray, sheet.unit, sheet.per_unit, scale, sheet.source, to_photo)


def paper_extent(gray: Gray) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the largest bright area: the paper before a darker background; all of the picture if there is none."""
    h, w = gray.shape
    k = 400 / max(h, w)
    small = cv2.medianBlur(np.asarray(cv2.resize(gray, None, fx=k, fy=k, interpolation=cv2.INTER_AREA), np.uint8), 7)
    _, bright = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    bright = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(bright)
    if count < 2:
        return 0, 0, w, h
    x, y, bw, bh, area = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())]
    if area < 0.25 * small.size:
        return 0, 0, w, h
    return round(x / k), round(y / k), min(w, round((x + bw) / k)), min(h, round((y + bh) / k))
