"""Draws the blank printed page of a template."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.fonts import text_mask
from templates_c1.schema import Marker, Number, Page, Point, PrintDisc, PrintDots, PrintLine, PrintRect, PrintText, Tag

Gray = NDArray[np.uint8]

PAPER = 255
GUIDE_GRAY = 200
"""The dotted seven-segment guide of 2024, relative to a box 20 mm wide: 3 x 9 dots, 5 in the rows of segments A, G and D."""
GUIDE_X, GUIDE_Y, GUIDE_DOT = 4.15, 6.65, 0.65


class _Canvas:
    """Pixels at ``k`` per template unit; every drawing method takes template units."""

    def __init__(self, px: Gray, k: float) -> None:
        self.k = k
        self.px = px

    def fill(self, x0: float, y0: float, x1: float, y1: float, gray: int) -> None:
        k, (h, w) = self.k, self.px.shape
        a, c = (max(0, round(min(x0, x1) * k)), min(w, max(round(min(x0, x1) * k) + 1, round(max(x0, x1) * k))))
        b, d = (max(0, round(min(y0, y1) * k)), min(h, max(round(min(y0, y1) * k) + 1, round(max(y0, y1) * k))))
        self.px[b:d, a:c] = gray

    def line(self, a: Point, b: Point, width: float, gray: int) -> None:
        h = width / 2
        if a[1] == b[1]:
            self.fill(a[0], a[1] - h, b[0], a[1] + h, gray)
        elif a[0] == b[0]:
            self.fill(a[0] - h, a[1], a[0] + h, b[1], gray)
        else:
            d = np.array(b) - np.array(a)
            n = np.array([-d[1], d[0]]) / np.hypot(*d) * h
            corners = np.array([a + n, b + n, b - n, a - n]) * self.k
            cv2.fillPoly(self.px, [np.round(corners * 16).astype(np.int32)], (gray,), cv2.LINE_AA, 4)

    def ellipse(self, at: Point, rx: float, ry: float, width: float | None, gray: int) -> None:
        k = self.k * 16
        thick = -1 if width is None else max(1, round(width * self.k))
        axes = (max(1, round(rx * k)), max(1, round(ry * k)))
        cv2.ellipse(self.px, (round(at[0] * k), round(at[1] * k)), axes, 0, 0, 360, (gray,), thick, cv2.LINE_AA, 4)

    def text(self, item: PrintText) -> None:
        k = self.k
        mask, base = text_mask(item.text, item.size * k, None if item.width is None else item.width * k, item.bold, item.italic)
        h, w = mask.shape
        turns = item.turned // 90
        mask = np.rot90(mask, -turns).copy()
        x, y = item.at[0] * k, item.at[1] * k
        left, top = ((x, y - base), (x - (h - base), y), (x - w, y - (h - base)), (x - base, y - w))[turns]
        self.paste(mask, round(left), round(top), item.gray)

    def paste(self, mask: Gray, left: int, top: int, gray: int) -> None:
        h, w = self.px.shape
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(w, left + mask.shape[1]), min(h, top + mask.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        m = mask[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.uint16)
        old = self.px[y0:y1, x0:x1].astype(np.uint16)
        self.px[y0:y1, x0:x1] = ((old * (255 - m) + gray * m) // 255).astype(np.uint8)


def written(px: Gray, item: PrintText, k: float) -> None:
    """Print a line of text onto a drawn page of ``k`` pixels a unit, in place."""
    _Canvas(px, k).text(item)


def _number(c: _Canvas, n: Number) -> None:
    for box in n.boxes:
        width = n.border if n.border is not None else box.w * 0.045
        h = width / 2
        (x0, y0), _, (x1, y1), _ = box.corners
        for a, b in (((x0 - h, y0), (x1 + h, y0)), ((x0 - h, y1), (x1 + h, y1)), ((x0, y0), (x0, y1)), ((x1, y0), (x1, y1))):
            c.line(a, b, width, n.gray)
        if n.guide:
            _guide(c, (x0 + x1) / 2, (y0 + y1) / 2, box.w / 20)
    for column in n.bubbles:
        for digit, (x, y) in enumerate(column.centres):
            r = column.radius
            c.ellipse((x, y), r, r, r * 0.075, 0)
            c.text(PrintText(kind="text", text=str(digit), at=(x - r * 0.27, y + r * 0.37), size=r * 0.75, width=r * 0.54, gray=20))


def _guide(c: _Canvas, cx: float, cy: float, scale: float) -> None:
    d = GUIDE_DOT * scale / 2
    for i in range(9):
        for j in range(5):
            if j % 2 == 0 or i % 4 == 0:
                x, y = cx + (j - 2) / 2 * GUIDE_X * scale, cy + (i - 4) / 4 * GUIDE_Y * scale
                c.fill(x - d, y - d, x + d, y + d, GUIDE_GRAY)


def _tag(c: _Canvas, tag: Tag) -> None:
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h10)
    modules = np.rot90(cv2.aruco.generateImageMarker(dictionary, tag.id, 8), -(tag.turned // 90))
    (x0, y0), _, (x1, y1), _ = tag.corners
    sx, sy = (x1 - x0) / 8, (y1 - y0) / 8
    c.fill(x0, y0, x1, y1, 0)
    for i, j in zip(*np.nonzero(modules), strict=True):
        c.fill(x0 + j * sx, y0 + i * sy, x0 + (j + 1) * sx, y0 + (i + 1) * sy, PAPER)


def _marker(c: _Canvas, m: Marker) -> None:
    x, y, s = *m.at, m.size
    if m.kind == "square":
        c.fill(x - s / 2, y - s / 2, x + s / 2, y + s / 2, 0)
    elif m.diagonal == "tl_br":
        c.fill(x - s, y - s, x, y, 0)
        c.fill(x, y, x + s, y + s, 0)
    else:
        c.fill(x, y - s, x + s, y, 0)
        c.fill(x - s, y, x, y + s, 0)


def draw(page: Page, px_per_unit: float) -> Gray:
    """The printed page without any handwriting, black on white.

    Returns:
        (height * px_per_unit, width * px_per_unit) uint8; drawn at twice the size and reduced, so that lines keep sub-pixel places.
    """
    k = px_per_unit * 2
    c = _Canvas(np.full((round(page.size.height * k), round(page.size.width * k)), PAPER, np.uint8), k)
    for item in page.print:
        if isinstance(item, PrintLine):
            c.line(item.a, item.b, item.width, item.gray)
        elif isinstance(item, PrintRect):
            r = item.rect
            c.fill(r.x, r.y, r.x + r.w, r.y + r.h, item.gray)
        elif isinstance(item, PrintDisc):
            c.ellipse(item.at, item.rx, item.ry, item.width, item.gray)
        elif isinstance(item, PrintDots):
            for t in np.linspace(0, 1, item.count):
                x, y = item.a[0] + t * (item.b[0] - item.a[0]), item.a[1] + t * (item.b[1] - item.a[1])
                c.ellipse((x, y), item.size / 2, item.size / 2, None, item.gray)
        else:
            c.text(item)
    for n in page.numbers:
        _number(c, n)
    if page.recognition.tag:
        _tag(c, page.recognition.tag)
    for m in page.recognition.markers:
        _marker(c, m)
    size = (round(page.size.width * px_per_unit), round(page.size.height * px_per_unit))
    return np.asarray(cv2.resize(c.px, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
