"""Pictures cut from stored photos for the review screen: the page laid straight, and each number's own crop."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ocr import photo as photo_file
from ocr.errors import PhotoError
from tally.interpretation import ReasonCode

Quad = Sequence[tuple[float, float]]
"""tl, tr, br, bl in photo pixels (full size, EXIF turned)."""
Bgr = NDArray[np.uint8]

KEEP = 3
"""Decoded photos kept for the next crop of the same sheet: the reviewer's page asks for a dozen at once (36 MB each at 12 MP)."""
CROP_HEIGHT = 120
"""Height of one box on a crop, pixels, without the padding."""
PAD = 0.35
"""Padding around a row of boxes, in box heights: corrections stand beside and above."""
PAGE_LONG_SIDE = 1800
GAP = 8
"""Between two crops of a crops picture, pixels: JPEG blocks must not bleed from one number into the next."""
MOST_RENDERED = 96 * 1024 * 1024
"""Bytes of finished pictures kept in memory: those of some two hundred sheets."""

_kept: OrderedDict[str, tuple[Bgr, float]] = OrderedDict()
_lock = Lock()
_finished: OrderedDict[str, bytes] = OrderedDict()
_finished_lock = Lock()


def rendered(key: str, make: Callable[[], bytes]) -> bytes:
    """The finished picture under ``key`` (what it shows and of which file and reading), made only if it is not kept any more."""
    with _finished_lock:
        if key in _finished:
            _finished.move_to_end(key)
            return _finished[key]
    body = make()
    with _finished_lock:
        _finished[key] = body
        _finished.move_to_end(key)
        size = sum(map(len, _finished.values()))
        while size > MOST_RENDERED and len(_finished) > 1:
            size -= len(_finished.popitem(last=False)[1])
    return body


def decoded(sha256: str, data: bytes) -> tuple[Bgr, float]:
    """(picture, its pixels per pixel of the file), from the small cache if it was asked for just now.

    Raises:
        ocr.errors.PhotoError: it cannot be decoded.
    """
    with _lock:  # also while decoding: the other requests of the same page want the same photo
        if sha256 not in _kept:
            photo = photo_file.decode(data, sha256, colour=True)
            assert photo.bgr is not None  # noqa: S101 (colour was asked for)
            _kept[sha256] = (photo.bgr, photo.scale)
            while len(_kept) > KEEP:
                _kept.popitem(last=False)
        _kept.move_to_end(sha256)
        return _kept[sha256]


def _quad(corners: Quad, scale: float) -> NDArray[np.float32]:
    return np.asarray(corners, dtype=np.float32).reshape(4, 2) * np.float32(scale)


def _warp(picture: Bgr, to_picture: NDArray[np.floating[Any] | np.integer[Any]], size: tuple[int, int]) -> Bgr:
    """``to_picture``: 3x3, output pixels -> picture pixels. Outside the photo is light gray."""
    return cv2.warpPerspective(
        picture,
        to_picture,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(235, 235, 235),
    ).astype(np.uint8, copy=False)


def _row(boxes: Sequence[Quad]) -> tuple[NDArray[np.float32], int]:
    """The corners of a number's whole row of boxes, and its width when its boxes are CROP_HEIGHT high. Free of the picture's scale."""
    first, last = _quad(boxes[0], 1.0), _quad(boxes[-1], 1.0)
    row = np.array([first[0], last[1], last[2], first[3]], dtype=np.float32)
    high = (np.linalg.norm(row[3] - row[0]) + np.linalg.norm(row[2] - row[1])) / 2
    wide = (np.linalg.norm(row[1] - row[0]) + np.linalg.norm(row[2] - row[3])) / 2
    return row, min(round(CROP_HEIGHT * float(wide) / max(float(high), 1.0)), CROP_HEIGHT * 3 * len(boxes))


def _cut(picture: Bgr, scale: float, boxes: Sequence[Quad]) -> Bgr:
    row, width = _row(boxes)
    pad = crop_pad()
    flat = np.array([[0, 0], [width, 0], [width, CROP_HEIGHT], [0, CROP_HEIGHT]], dtype=np.float32) + pad
    return _warp(picture, cv2.getPerspectiveTransform(flat, row * np.float32(scale)), (width + 2 * pad, CROP_HEIGHT + 2 * pad))


def crop_pad() -> int:
    """Paper around a row of boxes on its crop, pixels."""
    return int(CROP_HEIGHT * PAD)


def number_crop(picture: Bgr, scale: float, boxes: Sequence[Quad]) -> bytes:
    """PNG of a whole number, its boxes laid straight in a row with some paper around."""
    return cv2.imencode(".png", _cut(picture, scale, boxes))[1].tobytes()


@dataclass(frozen=True, slots=True)
class CropsLayout:
    """Where each number's crop lies on the one picture that holds all crops of a sheet: x, y, width, height in its pixels."""

    width: int
    height: int
    at: Mapping[str, tuple[int, int, int, int]]


def crops_layout(fields: Mapping[str, Sequence[Quad]]) -> CropsLayout:
    """The crops stacked one below the other, in the order given. From the corners alone: no picture is opened."""
    high = CROP_HEIGHT + 2 * crop_pad()
    at = {name: (0, i * (high + GAP), _row(boxes)[1] + 2 * crop_pad(), high) for i, (name, boxes) in enumerate(fields.items())}
    return CropsLayout(max((w for _, _, w, _ in at.values()), default=0), len(at) * (high + GAP), at)


def crops_picture(picture: Bgr, scale: float, fields: Mapping[str, Sequence[Quad]]) -> bytes:
    """JPEG with the crops of all numbers (at least one), laid out as ``crops_layout`` says: one request instead of thirty."""
    layout = crops_layout(fields)
    sheet = np.full((layout.height, layout.width, 3), 235, np.uint8)
    for name, (x, y, w, h) in layout.at.items():
        sheet[y : y + h, x : x + w] = _cut(picture, scale, fields[name])
    return cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 86])[1].tobytes()


def page_size(corners: Quad) -> tuple[int, int]:
    """(width, height) of the straightened page picture: the page's proportions, long side PAGE_LONG_SIDE."""
    q = _quad(corners, 1.0)
    wide = (np.linalg.norm(q[1] - q[0]) + np.linalg.norm(q[2] - q[3])) / 2
    high = (np.linalg.norm(q[3] - q[0]) + np.linalg.norm(q[2] - q[1])) / 2
    k = PAGE_LONG_SIDE / max(float(wide), float(high), 1.0)
    return max(1, round(float(wide) * k)), max(1, round(float(high) * k))


def page_picture(picture: Bgr, scale: float, corners: Quad) -> bytes:
    """JPEG of the page laid straight."""
    width, height = page_size(corners)
    have = float(np.linalg.norm(_quad(corners, scale)[1] - _quad(corners, scale)[0]))
    if have > 1.5 * width:  # warping picks single pixels: shrink by area first, or thin strokes break up
        k = width / have
        picture = cv2.resize(picture, None, fx=k, fy=k, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        scale *= k
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    out = _warp(picture, cv2.getPerspectiveTransform(flat, _quad(corners, scale)), (width, height))
    return cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes()


def on_page(corners: Quad, boxes: Sequence[Quad]) -> tuple[float, float, float, float]:
    """Where a number lies on the straightened page: x, y, width, height of its bounding box, in page picture pixels."""
    width, height = page_size(corners)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    to_page = cv2.getPerspectiveTransform(_quad(corners, 1.0), flat)
    points = np.concatenate([_quad(b, 1.0) for b in boxes]).reshape(-1, 1, 2)
    there = cv2.perspectiveTransform(points, to_page).reshape(-1, 2)
    (x0, y0), (x1, y1) = there.min(axis=0), there.max(axis=0)
    return float(x0), float(y0), float(x1 - x0), float(y1 - y0)


def upright_jpeg(sha256: str, data: bytes, width: int) -> bytes:
    """JPEG of the whole photo, turned by EXIF, at most ``width`` pixels wide. Raises PhotoError if it cannot be decoded."""
    picture, _ = decoded(sha256, data)
    if picture.shape[1] > width:
        size = (width, max(1, round(picture.shape[0] * width / picture.shape[1])))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes()


def thumbnail(data: bytes, width: int) -> bytes:
    """Small JPEG of a photo, turned by EXIF, at most ``width`` pixels wide; quick, for it is decoded at reduced size.

    Raises:
        ocr.errors.PhotoError: it cannot be decoded.
    """
    photo_file.inspect(data)
    try:
        with Image.open(BytesIO(data)) as picture:
            picture.draft("RGB", (2 * width, 2 * width))
            small = ImageOps.exif_transpose(picture).convert("RGB")
    except OSError as e:
        raise PhotoError(ReasonCode.BROKEN_IMAGE, str(e)) from e
    small.thumbnail((width, 4 * width))
    out = BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()
