"""Pages of templates as PDF, to be printed and filled by hand: every page drawn from its template, with the station on it.

What is drawn is what the template says (boxes, guides, bubbles, tag, markers, lines, labels), so what is printed is what is read.
The page's drawing is stored once and used for every station; a station adds three lines of text and a QR code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from templates_c1.families.layout import QR_AT, QR_SIDE, STATION_AT
from templates_c1.schema import Marker, Number, Page, PrintDisc, PrintDots, PrintLine, PrintRect, PrintText, Tag, Template

Paper = Literal["a4", "a3"]

PAPERS: dict[Paper, tuple[float, float]] = {"a4": (210.0, 297.0), "a3": (297.0, 420.0)}
"""Millimetres."""
_POINT = 72 / 25.4
"""Points a millimetre."""
_CAP = 0.716
"""Height of a capital of Helvetica, in font sizes."""
GUIDE_X, GUIDE_Y, GUIDE_DOT, GUIDE_GRAY = 4.15, 6.65, 0.65, 200
"""The dotted seven-segment guide of the 2024 form, for a box 20 wide: half its width and height, a dot's side, its gray."""


@dataclass(frozen=True, slots=True)
class Station:
    """A polling station as it is printed. ``code``: KPU's 13 digits."""

    code: str
    desa: str
    kecamatan: str
    kabupaten: str

    @property
    def number(self) -> str:
        return self.code[-3:]


def qr_text(form: str, page: int, station: str) -> str:
    """What the QR code says: ``C1:<FORM>:<page>:<TPS code>``, in QR's alphanumeric set."""
    return f"C1:{form.upper()}:{page}:{station}"


def write(out: Path, sheets: Iterable[tuple[Station, Template, Sequence[Page]]], paper: Paper) -> int:
    """Write a PDF with every page of ``sheets`` in turn; returns how many pages it has.

    Raises:
        KeyError: unknown paper.
        OSError: the file cannot be written.
    """
    width, height = PAPERS[paper]
    canvas = Canvas(str(out), pagesize=(width * _POINT, height * _POINT), invariant=1)
    canvas.setCreator("c1 form print")
    stored: set[str] = set()
    count = 0
    for station, template, pages in sheets:
        for page in pages:
            if not count:
                canvas.setTitle(template.title.id)
            pen = _Pen(canvas, page, width, height)
            name = f"{template.form}-{template.version}-{page.number}"
            if name not in stored:
                canvas.beginForm(name, 0, 0, width * _POINT, height * _POINT)
                _draw(pen, page)
                canvas.endForm()
                stored.add(name)
            canvas.doForm(name)
            _station(pen, template, page, station)
            canvas.showPage()
            count += 1
    canvas.save()
    return count


class _Pen:
    """Draws in a page's own units, y down."""

    def __init__(self, canvas: Any, page: Page, width: float, height: float) -> None:
        self.canvas = canvas
        self.k = min(width / page.size.width, height / page.size.height) * _POINT
        self._top = height * _POINT

    def x(self, x: float) -> float:
        return x * self.k

    def y(self, y: float) -> float:
        return self._top - y * self.k

    def fill(self, x: float, y: float, w: float, h: float, gray: int = 0) -> None:
        self.canvas.setFillGray(gray / 255)
        self.canvas.rect(self.x(x), self.y(y + h), w * self.k, h * self.k, stroke=0, fill=1)

    def line(self, a: tuple[float, float], b: tuple[float, float], width: float, gray: int) -> None:
        self.canvas.setStrokeGray(gray / 255)
        self.canvas.setLineWidth(width * self.k)
        self.canvas.line(self.x(a[0]), self.y(a[1]), self.x(b[0]), self.y(b[1]))

    def ellipse(self, at: tuple[float, float], rx: float, ry: float, width: float | None, gray: int) -> None:
        self.canvas.setFillGray(gray / 255)
        self.canvas.setStrokeGray(gray / 255)
        self.canvas.setLineWidth((width or 0) * self.k)
        x0, x1, y0, y1 = self.x(at[0] - rx), self.x(at[0] + rx), self.y(at[1] + ry), self.y(at[1] - ry)
        self.canvas.ellipse(x0, y0, x1, y1, stroke=int(width is not None), fill=int(width is None))

    def text(self, item: PrintText) -> None:
        font = "Helvetica" + {(0, 0): "", (1, 0): "-Bold", (0, 1): "-Oblique", (1, 1): "-BoldOblique"}[int(item.bold), int(item.italic)]
        size = item.size * self.k / _CAP
        natural = float(stringWidth(item.text, font, size))
        c = self.canvas
        c.saveState()
        c.translate(self.x(item.at[0]), self.y(item.at[1]))
        c.rotate(-item.turned)
        if item.width is not None and natural > 0:
            c.scale(item.width * self.k / natural, 1)
        c.setFillGray(item.gray / 255)
        c.setFont(font, size)
        c.drawString(0, 0, item.text)
        c.restoreState()


def _draw(pen: _Pen, page: Page) -> None:
    for item in page.print:
        if isinstance(item, PrintLine):
            pen.line(item.a, item.b, item.width, item.gray)
        elif isinstance(item, PrintRect):
            pen.fill(item.rect.x, item.rect.y, item.rect.w, item.rect.h, item.gray)
        elif isinstance(item, PrintDisc):
            pen.ellipse(item.at, item.rx, item.ry, item.width, item.gray)
        elif isinstance(item, PrintDots):
            for x, y in np.linspace(item.a, item.b, item.count).tolist():
                pen.ellipse((x, y), item.size / 2, item.size / 2, None, item.gray)
        else:
            pen.text(item)
    for number in page.numbers:
        _number(pen, number)
    if page.recognition.tag is not None:
        _tag(pen, page.recognition.tag)
    for marker in page.recognition.markers:
        _marker(pen, marker)


def _number(pen: _Pen, number: Number) -> None:
    for box in number.boxes:
        width = number.border if number.border is not None else box.w * 0.045
        (x0, y0), _, (x1, y1), _ = box.corners
        h = width / 2
        for a, b in (((x0 - h, y0), (x1 + h, y0)), ((x0 - h, y1), (x1 + h, y1)), ((x0, y0), (x0, y1)), ((x1, y0), (x1, y1))):
            pen.line(a, b, width, number.gray)
        if number.guide:
            _guide(pen, (x0 + x1) / 2, (y0 + y1) / 2, box.w / 20)
    for column in number.bubbles:
        r = column.radius
        for digit, (x, y) in enumerate(column.centres):
            pen.ellipse((x, y), r, r, r * 0.075, 0)
            pen.text(PrintText(kind="text", text=str(digit), at=(x - r * 0.27, y + r * 0.37), size=r * 0.75, width=r * 0.54, gray=20))


def _guide(pen: _Pen, cx: float, cy: float, scale: float) -> None:
    """3 x 9 dots, 5 in the rows of segments A, G and D."""
    d = GUIDE_DOT * scale
    for i in range(9):
        for j in range(5):
            if j % 2 == 0 or i % 4 == 0:
                pen.fill(cx + (j - 2) / 2 * GUIDE_X * scale - d / 2, cy + (i - 4) / 4 * GUIDE_Y * scale - d / 2, d, d, GUIDE_GRAY)


def _tag(pen: _Pen, tag: Tag) -> None:
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h10)
    modules = np.rot90(cv2.aruco.generateImageMarker(dictionary, tag.id, 8), -(tag.turned // 90))
    (x0, y0), _, (x1, y1), _ = tag.corners
    sx, sy = (x1 - x0) / 8, (y1 - y0) / 8
    pen.fill(x0, y0, x1 - x0, y1 - y0)
    for i, row in enumerate(modules):
        for j in np.flatnonzero(row).tolist():
            pen.fill(x0 + j * sx, y0 + i * sy, sx, sy, 255)


def _marker(pen: _Pen, marker: Marker) -> None:
    (x, y), s = marker.at, marker.size
    if marker.kind == "square":
        pen.fill(x - s / 2, y - s / 2, s, s)
    elif marker.diagonal == "tl_br":
        pen.fill(x - s, y - s, s, s)
        pen.fill(x, y, s, s)
    else:
        pen.fill(x, y - s, s, s)
        pen.fill(x - s, y, s, s)


def _station(pen: _Pen, template: Template, page: Page, station: Station) -> None:
    x, y = STATION_AT
    lines = (
        (f"TPS {station.number}   kode {station.code}", 2.6, True, 0.0),
        (f"Desa/Kelurahan {station.desa}", 2.1, False, 5.0),
        (f"Kecamatan {station.kecamatan}, {station.kabupaten}", 2.1, False, 9.5),
    )
    for words, cap, bold, down in lines:
        pen.text(PrintText(kind="text", text=words, at=(x, y + down), size=cap, bold=bold))
    side = QR_SIDE * pen.k
    code = Drawing(side, side)
    code.add(QrCodeWidget(qr_text(template.form, page.number, station.code), barWidth=side, barHeight=side, barLevel="M"))
    renderPDF.draw(code, pen.canvas, pen.x(QR_AT[0]), pen.y(QR_AT[1] + QR_SIDE))
