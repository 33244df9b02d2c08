"""The station's QR code that our own forms carry: which TPS, form and page, printed (``templates_c1.desk_form.qr_text``).

The page is registered already, so the code is warped out of the photo from where the template says it stands, curl and tilt taken out:
so a small or tilted code is read, and no page without one is searched. What the QR reader does not find as it is or in black and white,
it is given with the blur taken out, module by module (``ocr.form_code_grid``). QR codes carry their own error correction (level M: 15 %);
what cannot be read with certainty is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import cv2
import numpy as np

from ocr import form_code_grid as grid
from ocr.types import AlignedSheet, Gray
from tally.interpretation import PrintedPlace

MARGIN = 0.12
"""Of the code's side, taken along on each side: the registration may be off by a little."""
SIZE = 300
"""Side of the warped picture in pixels. A code of version 3 has 29 modules and 4 of white on each side."""
_NODES = 9
"""The page is bent between so many points a side."""
_SAYS = re.compile(r"C1:([A-Z0-9-]{1,60}):(\d{1,3}):(\d{13})")


def read_code(sheet: AlignedSheet) -> PrintedPlace | None:
    """The printed place; None if the template has no code or it cannot be read (covered, blurred, cut off)."""
    if sheet.page.recognition.code is None:
        return None
    detector = cv2.QRCodeDetector()
    for picture in _pictures(sheet):
        try:
            text, _, _ = detector.detectAndDecode(picture)
        except cv2.error:  # some damaged codes upset the decoder: they are not read
            continue
        if said := place_of(text):
            return said
    return None


def place_of(text: str) -> PrintedPlace | None:
    """What a code of ours says; None for any other text."""
    found = _SAYS.fullmatch(text)
    return PrintedPlace(found[1].lower(), int(found[2]), found[3]) if found else None


def _pictures(sheet: AlignedSheet) -> Iterator[Gray]:
    """The code's place cut out, as it is, in black and white, and drawn anew without its blur; each made only when asked for."""
    cut = _warped(sheet, MARGIN, SIZE)
    yield cut
    _, hard = cv2.threshold(cv2.GaussianBlur(cut, (0, 0), SIZE / 300), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    yield np.asarray(hard, np.uint8)
    if n := grid.modules(len(f"C1:{sheet.template.form}:{sheet.page.number}:") + 13):
        across = n + 2 * grid.QUIET
        yield grid.redrawn(_warped(sheet, grid.AROUND / across, (across + 2 * grid.AROUND) * grid.PIXELS), n)


def _warped(sheet: AlignedSheet, margin: float, size: int) -> Gray:
    """The template's place of the code as a square of ``size`` pixels, with ``margin`` of its side around."""
    area = sheet.page.recognition.code
    assert area is not None  # noqa: S101 -- read_code has looked
    x = np.linspace(area.x - margin * area.w, area.x + (1 + margin) * area.w, _NODES)
    y = np.linspace(area.y - margin * area.h, area.y + (1 + margin) * area.h, _NODES)
    nodes = sheet.project(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)).reshape(_NODES, _NODES, 2).astype(np.float32)
    # nodes lie on the corners of a grid: sample it at pixel centres
    at = ((np.arange(size, dtype=np.float32) + 0.5) * (_NODES - 1) / size).astype(np.float32)
    gx, gy = np.meshgrid(at, at)
    where = cv2.remap(nodes, gx, gy, cv2.INTER_LINEAR)
    cut = cv2.remap(sheet.photo.gray, where[..., 0], where[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)
