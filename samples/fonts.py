"""Printed letters: a humanist sans like the one on the forms, scaled to the measured cap height and width."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_STYLES = {(False, False): "Regular", (True, False): "Bold", (False, True): "Italic", (True, True): "BoldItalic"}
_DEJAVU = {"Regular": "DejaVuSans", "Bold": "DejaVuSans-Bold", "Italic": "DejaVuSans-Oblique", "BoldItalic": "DejaVuSans-BoldOblique"}
_FOLDERS = (Path("/usr/share/fonts/truetype"), Path("/usr/share/fonts"), Path("/Library/Fonts"))


@lru_cache(maxsize=8)
def font_file(bold: bool, italic: bool) -> str | None:
    """Open Sans (Debian's fonts-open-sans), else DejaVu Sans (fonts-dejavu-core), else None: Pillow's own font is used."""
    style = _STYLES[bold, italic]
    for folder in _FOLDERS:
        for file in (folder / "open-sans" / f"OpenSans-{style}.ttf", folder / "dejavu" / f"{_DEJAVU[style]}.ttf"):
            if file.is_file():
                return str(file)
    return None


@lru_cache(maxsize=256)
def _font(size: int, bold: bool, italic: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    file = font_file(bold, italic)
    return ImageFont.truetype(file, size) if file else ImageFont.load_default(size)


def text_mask(text: str, cap: float, width: float | None, bold: bool = False, italic: bool = False) -> tuple[NDArray[np.uint8], int]:
    """Coverage (0..255) of a printed text and the row of its base line.

    Args:
        cap: height of a capital letter in pixels.
        width: length of the text in pixels; None leaves the font's own.
    """
    # Open Sans capitals are 0.714 of the font size, DejaVu's 0.729
    font = _font(max(4, round(cap / 0.716)), bold, italic)
    left, top, right, bottom = font.getbbox(text, anchor="ls") if isinstance(font, ImageFont.FreeTypeFont) else font.getbbox(text)
    w, h = max(1, round(right - left)), max(1, round(bottom - top))
    image = Image.new("L", (w, h), 0)
    draw = ImageDraw.Draw(image)
    if isinstance(font, ImageFont.FreeTypeFont):
        draw.text((-left, -top), text, fill=255, font=font, anchor="ls")
    else:
        draw.text((-left, -top), text, fill=255, font=font)
    if width is not None and abs(width - w) > 0.5:
        image = image.resize((max(1, round(width)), h), Image.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.uint8), round(-top)
