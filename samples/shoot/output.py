"""From what the sensor saw to the file that arrives: scanning app, gray, overlay, messenger, JPEG, EXIF."""

from __future__ import annotations

from collections.abc import Container

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from samples.dial import Dial, Rng
from samples.fonts import text_mask

Bgr = NDArray[np.uint8]
_ORIENTATION = 0x0112
_UPRIGHT_AFTER = {0: 1, 1: 6, 2: 3, 3: 8}
"""Quarter turns to the left in the file -> EXIF's word for it."""


def develop(picture: Bgr, rng: Rng, dial: Dial, happening: Container[str], lowest: float) -> bytes:
    """JPEG bytes of ``picture`` (h, w, 3). ``lowest``: row, in fractions, below which nothing of value stands."""
    if "scan_app" in happening:
        picture = _flattened(picture, rng)
    elif "gray" in happening:
        picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
    if "overlay" in happening:
        picture = _overlaid(picture, rng, lowest)
    if "messenger" in happening:  # once by the phone, once more, smaller, by the messenger
        picture = _decode(_jpeg(picture, int(rng.integers(84, 96))))
        long_side = max(picture.shape[:2])
        k = min(1.0, 1600 / long_side) * float(rng.choice([1.0, 1.0, 0.9]))
        if k < 1:
            picture = np.asarray(cv2.resize(picture, None, fx=k, fy=k, interpolation=cv2.INTER_AREA), np.uint8)
        quality = int(rng.integers(round(dial.of(70, 56, 40)), 80))
    else:
        quality = int(rng.integers(78, 95))
    turns = int(rng.integers(1, 4)) if "sideways" in happening or "exif_turned" in happening else 0
    data = _jpeg(np.ascontiguousarray(np.rot90(picture, turns)), quality)
    return _with_exif(data, _UPRIGHT_AFTER[turns]) if turns and "exif_turned" in happening else data


def _flattened(picture: Bgr, rng: Rng) -> Bgr:
    """As a scanning app leaves it: gray, paper white everywhere, more contrast."""
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(gray, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    paper = cv2.GaussianBlur(cv2.dilate(small, np.ones((5, 5), np.uint8)), (0, 0), 9)
    level = cv2.resize(paper, (gray.shape[1], gray.shape[0]), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    share = float(rng.uniform(0.5, 1.0))  # apps differ in how far they go
    even = gray / np.maximum(level, 30) * float(rng.uniform(185, 235))
    out = np.clip((even - 128) * float(rng.uniform(1.0, 1.25)) + 128, 0, 255) * share + gray.astype(np.float32) * (1 - share)
    return np.repeat(np.clip(out, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _overlaid(picture: Bgr, rng: Rng, lowest: float) -> Bgr:
    """A mark of the app, fixed to the picture and not to the paper: date and place at the bottom, or pale words across everything."""
    h, w = picture.shape[:2]
    out = picture.astype(np.float32)
    if rng.random() < 0.5 and lowest < 0.95:
        for i, words in enumerate(
            (
                f"{int(rng.integers(14, 20))} Feb 2024 {int(rng.integers(10, 24))}:{int(rng.integers(10, 60))}",
                "Kab. Banyuasin, Sumatera Selatan",
            )
        ):
            mask, base = text_mask(words, 0.014 * h, None, bold=True)
            top = round(h * (0.955 + 0.025 * i)) - base
            area = out[top : top + mask.shape[0], round(0.03 * w) : round(0.03 * w) + mask.shape[1]]
            share = mask[: area.shape[0], : area.shape[1], None].astype(np.float32) / 255
            area += (np.array([245, 245, 245], np.float32) - area) * share
        return np.clip(out, 0, 255).astype(np.uint8)
    mask, _ = text_mask("SALINAN  PEMANTAU", 0.045 * h, None, bold=True)
    sheet = np.zeros((h, w), np.float32)
    for y in np.linspace(0.1, 0.8, 4):
        part = mask[:, : w - 1]
        sheet[round(y * h) : round(y * h) + part.shape[0], : part.shape[1]] = part[: h - round(y * h)]
    turned = cv2.warpAffine(sheet, cv2.getRotationMatrix2D((w / 2, h / 2), 30, 1.1), (w, h))
    out *= 1 - float(rng.uniform(0.04, 0.1)) * turned[..., None] / 255
    return np.clip(out, 0, 255).astype(np.uint8)


def _jpeg(image: Bgr, quality: int) -> bytes:
    ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise RuntimeError("OpenCV could not write a JPEG")
    return data.tobytes()


def _decode(data: bytes) -> Bgr:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _with_exif(data: bytes, orientation: int) -> bytes:
    """The same JPEG with an EXIF segment that says how to turn it."""
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    body = exif.tobytes()
    return data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]
