"""Write Tesseract's training documents (.lstmf) without running Tesseract over every picture.

``tesseract x.png x --psm 13 lstm.train`` does nothing but pack picture and text; packing them here is a thousand times
faster and guarantees that the picture trained on is the very picture read later, padding included.
Layout after tesseract 5.3 ``src/ccstruct/imagedata.cpp`` (ImageData::Serialize, DocumentData::SaveDocument), little endian:
count of pages, then per page: non-null byte, file name, page number, PNG bytes, language, text, boxes (4 x int16 each),
box texts, vertical-text byte; strings and vectors are preceded by their uint32 length.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]


def page(picture: Gray, text: str) -> bytes:
    """One training line: ``picture`` (h, w) uint8 and what is written on it."""
    done, png = cv2.imencode(".png", picture)
    if not done:
        raise ValueError("picture cannot be encoded as PNG")
    height, width = picture.shape
    data, label = png.tobytes(), text.encode()
    return b"".join(
        (
            struct.pack("<BIiI", 1, 0, 0, len(data)),
            data,
            struct.pack("<II", 0, len(label)),
            label,
            struct.pack("<Ihhhh", 1, 0, 0, width, height),
            struct.pack("<II", 1, len(label)),
            label,
            struct.pack("<b", 0),
        )
    )


def write(path: Path, lines: Sequence[tuple[Gray, str]]) -> None:
    """All ``lines`` (picture, text) into one document."""
    path.write_bytes(struct.pack("<I", len(lines)) + b"".join(page(picture, text) for picture, text in lines))
