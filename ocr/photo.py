"""From the bytes of a file to an upright gray picture, or a clear refusal.

What a file is, is decided from its first bytes and its header, never from its name. ``inspect`` walks the container
(JPEG segments, PNG chunks, RIFF, HEIF boxes) without decoding a pixel, so that a decompression bomb or a cut-off upload
costs nothing. Decoding is OpenCV's (libjpeg-turbo with reduced-size IDCT for big photos); HEIC goes through pillow-heif.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from pillow_heif import register_heif_opener

from ocr.errors import PhotoError
from ocr.types import Gray, Photo
from tally.interpretation import ReasonCode

register_heif_opener()

MAX_PIXELS = 100_000_000
MIN_LONG_SIDE = 500
MIN_SHORT_SIDE = 200
MIN_CROP = 8
REDUCE_ABOVE = 3200
"""Long side from which a JPEG is decoded at half size: a 60x90 cm form that fills a 12 MP photo has 80 px a box."""

_FORMATS = {"JPEG", "PNG", "WEBP", "HEIF"}
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """Size in pixels as stored (before EXIF turning) and format: JPEG, PNG, WEBP, HEIF."""

    width: int
    height: int
    format: str
    orientation: int = 1
    """EXIF orientation 1..8; 1 where the decoder has already applied it (HEIF)."""


def _jpeg_complete(data: bytes) -> bool:
    """Walks the segments to the end-of-image marker; entropy-coded data is skipped by its stuffing rule (ITU T.81, B.1.1.5)."""
    pos = 2
    while True:
        found = _JPEG_MARKER.search(data, pos)
        if found is None:
            return False
        marker, pos = data[found.start() + 1], found.end()
        if marker == 0xD9:
            return True
        if marker in (0x01, 0xD8):
            continue
        if pos + 2 > len(data):
            return False
        pos += int.from_bytes(data[pos : pos + 2])


def _png_complete(data: bytes) -> bool:
    pos = 8
    while pos + 12 <= len(data):
        size, kind = int.from_bytes(data[pos : pos + 4]), data[pos + 4 : pos + 8]
        pos += 12 + size
        if kind == b"IEND":
            return pos <= len(data)
    return False


def _heif_complete(data: bytes) -> bool:
    pos = 0
    while pos + 8 <= len(data):
        size = int.from_bytes(data[pos : pos + 4])
        if size == 1:
            size = int.from_bytes(data[pos + 8 : pos + 16])
        if size == 0:
            return True
        if size < 8:
            return False
        pos += size
    return pos == len(data)


def _complete(data: bytes, kind: str) -> bool:
    if kind == "JPEG":
        return _jpeg_complete(data)
    if kind == "PNG":
        return _png_complete(data)
    if kind == "WEBP":
        return len(data) >= int.from_bytes(data[4:8], "little") + 8
    return _heif_complete(data)


def inspect(data: bytes, least: tuple[int, int] = (MIN_LONG_SIDE, MIN_SHORT_SIDE)) -> PhotoInfo:
    """What the file is and whether it can be taken, from header and container structure only (no pixel is decoded).

    ``least``: long and short side in pixels below which it is IMAGE_TOO_SMALL.

    Raises:
        PhotoError: EMPTY_FILE; NOT_AN_IMAGE (also SVG, GIF, PDF and what else is not JPEG, PNG, HEIC or WebP);
            BROKEN_IMAGE (damaged header or cut off); IMAGE_TOO_LARGE (> MAX_PIXELS); IMAGE_TOO_SMALL.
    """
    if not data:
        raise PhotoError(ReasonCode.EMPTY_FILE, "the file has 0 bytes")
    kind = _sniff(data)
    if kind is None:
        raise PhotoError(ReasonCode.NOT_AN_IMAGE, "not a JPEG, PNG, HEIC or WebP file")
    if kind == "PNG" and data[12:16] == b"IHDR" and len(data) >= 24:
        # before Pillow sees it: its own bomb check is an error of another kind
        _check_size(int.from_bytes(data[16:20]), int.from_bytes(data[20:24]), None)
    try:
        with Image.open(BytesIO(data), formats=sorted(_FORMATS)) as im:
            width, height = im.size
            orientation = 1 if kind == "HEIF" else int(im.getexif().get(0x0112, 1) or 1)
    except Image.DecompressionBombError as e:
        raise PhotoError(ReasonCode.IMAGE_TOO_LARGE, str(e)) from e
    except UnidentifiedImageError as e:
        raise PhotoError(ReasonCode.BROKEN_IMAGE, f"{kind} header cannot be read") from e
    except Exception as e:
        raise PhotoError(ReasonCode.BROKEN_IMAGE, f"{kind} header is damaged: {e}") from e
    _check_size(width, height, None)
    if not _complete(data, kind):
        raise PhotoError(ReasonCode.BROKEN_IMAGE, f"the {kind} file is cut off: its end is missing")
    _check_size(width, height, least)
    return PhotoInfo(width, height, kind, orientation if 1 <= orientation <= 8 else 1)


def _sniff(data: bytes) -> str | None:
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"):
        return "HEIF"
    return None


def _check_size(width: int, height: int, least: tuple[int, int] | None) -> None:
    if width * height > MAX_PIXELS:
        raise PhotoError(ReasonCode.IMAGE_TOO_LARGE, f"{width} x {height} px; at most {MAX_PIXELS // 1_000_000} million pixels are taken")
    if least is not None and (max(width, height) < least[0] or min(width, height) < least[1]):
        raise PhotoError(ReasonCode.IMAGE_TOO_SMALL, f"{width} x {height} px; the long side needs {least[0]} px or more")


def _turned(picture: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """EXIF orientation applied (Exif 2.3, tag 0x0112)."""
    if orientation in (5, 6, 7, 8):
        picture = picture.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return np.ascontiguousarray(picture)


def _by_pillow(data: bytes, colour: bool) -> NDArray[np.uint8]:
    """HEIC, and pictures with transparency: those go on white."""
    with Image.open(BytesIO(data), formats=sorted(_FORMATS)) as im:
        if im.mode in ("RGBA", "LA", "PA") or "transparency" in im.info:
            rgba = im.convert("RGBA")
            flat = Image.new("RGB", rgba.size, "white")
            flat.paste(rgba, mask=rgba.getchannel("A"))
        else:
            flat = im.convert("RGB")
    rgb = np.asarray(flat, dtype=np.uint8)
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR if colour else cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def _has_alpha(data: bytes, kind: str) -> bool:
    return (kind == "PNG" and (data[25:26] in (b"\x04", b"\x06") or b"tRNS" in data[:4096])) or (kind == "WEBP" and data[12:16] != b"VP8 ")


def decode(data: bytes, name: str, *, colour: bool = False, sha256: str | None = None) -> Photo:
    """The picture, gray (and BGR if ``colour``), upright by EXIF. JPEGs above REDUCE_ABOVE come at half size (``Photo.scale``).

    ``sha256``: of ``data``, where it is known already.

    Raises:
        PhotoError: as ``inspect``, and BROKEN_IMAGE where the decoder gives up.
    """
    info = inspect(data)
    half = info.format == "JPEG" and max(info.width, info.height) >= REDUCE_ABOVE
    picture = _pixels(data, info, colour, half)
    gray: Gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False) if colour else picture
    sha256 = sha256 or hashlib.sha256(data).hexdigest()
    return Photo(name=name, sha256=sha256, gray=gray, scale=0.5 if half else 1.0, bgr=picture if colour else None)


def decode_crop(data: bytes, name: str) -> Gray:
    """(h, w) gray picture of one loose number box, down to MIN_CROP pixels a side. Raises PhotoError as ``decode``."""
    del name
    info = inspect(data, (MIN_CROP, MIN_CROP))
    return _pixels(data, info, colour=False, half=False)


def _pixels(data: bytes, info: PhotoInfo, colour: bool, half: bool) -> NDArray[np.uint8]:
    """Upright pixels, gray (h, w) or BGR (h, w, 3)."""
    try:
        if info.format == "HEIF" or _has_alpha(data, info.format):
            picture: NDArray[np.uint8] | None = _by_pillow(data, colour)
        else:
            if colour:
                flag = cv2.IMREAD_REDUCED_COLOR_2 if half else cv2.IMREAD_COLOR
            else:
                flag = cv2.IMREAD_REDUCED_GRAYSCALE_2 if half else cv2.IMREAD_GRAYSCALE
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)  # type: ignore[assignment]
    except Exception as e:
        raise PhotoError(ReasonCode.BROKEN_IMAGE, f"the {info.format} file cannot be decoded: {e}") from e
    if picture is None or picture.size == 0:
        raise PhotoError(ReasonCode.BROKEN_IMAGE, f"the {info.format} file cannot be decoded")
    return _turned(picture, info.orientation)


def load(path: Path) -> Photo:
    """Reads and decodes a file. Raises OSError if it cannot be read at all, else as ``decode``."""
    return decode(path.read_bytes(), path.name)
