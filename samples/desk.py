"""What ``c1 form print`` adds to a desk form for one station: three lines of text and the QR code (templates_c1.desk_form)."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from reportlab.graphics.barcode.qr import QrCodeWidget

from samples.blank import draw as draw_blank
from samples.blank import written
from samples.places import Place
from templates_c1.desk_form import qr_text
from templates_c1.families.declarations import desk_forms
from templates_c1.families.layout import QR_AT, QR_SIDE, STATION_AT
from templates_c1.registry import template as template_of
from templates_c1.schema import PrintText

Gray = NDArray[np.uint8]


@lru_cache(maxsize=4)
def _blank(form: str, page: int, k: float) -> Gray:
    return draw_blank(template_of(form).page(page), k)


def printed(form: str, page: int, place: Place, k: float) -> Gray:
    """The page as the officers get it, gray; a desk form has the station on it. ``k``: pixels a template unit."""
    px = _blank(form, page, k).copy()
    if form in desk_forms():
        _station(px, form, page, place, k)
    return px


def _station(px: Gray, form: str, page: int, place: Place, k: float) -> None:
    x, y = STATION_AT
    lines = (
        (f"TPS {place.code[-3:]}   kode {place.code}", 2.6, True, 0.0),
        (f"Desa/Kelurahan {place.desa}", 2.1, False, 5.0),
        (f"Kecamatan {place.kecamatan}, {place.kabupaten}", 2.1, False, 9.5),
    )
    for words, cap, bold, down in lines:
        written(px, PrintText(kind="text", text=words, at=(x, y + down), size=cap, bold=bold), k)
    side = round(QR_SIDE * k)
    left, top = round(QR_AT[0] * k), round(QR_AT[1] * k)
    px[top : top + side, left : left + side] = cv2.resize(_qr(qr_text(form, page, place.code)), (side, side), interpolation=cv2.INTER_AREA)


def _qr(text: str) -> Gray:
    """The code as reportlab prints it, 8 px a module, with its quiet zone."""
    widget = QrCodeWidget(text, barLevel="M")
    widget.qr.make()
    n, quiet = widget.qr.getModuleCount(), int(widget.barBorder)
    modules = np.array([[255 * (not widget.qr.isDark(r, c)) for c in range(n)] for r in range(n)], np.uint8)
    return np.asarray(np.kron(np.pad(modules, quiet, constant_values=255), np.ones((8, 8), np.uint8)), np.uint8)
