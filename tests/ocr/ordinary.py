"""Pictures that people send by mistake, drawn: none shows a form that is known here."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

_WORDS = [
    "desa", "suara", "warga", "hari", "pemilu", "ketua", "rapat", "kami", "untuk", "dengan", "harga", "beras",
    "jalan", "kantor", "sekolah", "malam", "hujan", "air",
]  # fmt: skip


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _paper(height: int = 1000, width: int = 720, gray: int = 228) -> Picture:
    out = _rng(height + width).normal(gray, 3, (height, width))
    return np.clip(out, 0, 255).astype(np.uint8)


def _text(picture: Picture, x: int, y: int, words: str, size: float = 0.5, thick: int = 1) -> None:
    cv2.putText(picture, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, 40, thick, cv2.LINE_AA)


def _lines(picture: Picture, x: int, y: int, width: int, count: int, step: int = 21, size: float = 0.45, seed: int = 1) -> None:
    rng = _rng(seed)
    for i in range(count):
        _text(picture, x, y + i * step, " ".join(rng.choice(_WORDS, 20))[: int(width / (20 * size))], size)


def _grid(picture: Picture, xs: list[int], ys: list[int], thick: int = 1) -> None:
    for x in xs:
        cv2.line(picture, (x, ys[0]), (x, ys[-1]), 50, thick)
    for y in ys:
        cv2.line(picture, (xs[0], y), (xs[-1], y), 50, thick)


def face() -> Picture:
    out = _paper(gray=120)
    cv2.ellipse(out, (360, 480), (210, 290), 0, 0, 360, 185, -1)
    for x in (280, 440):
        cv2.ellipse(out, (x, 420), (42, 22), 0, 0, 360, 240, -1)
        cv2.circle(out, (x, 420), 16, 30, -1)
    cv2.ellipse(out, (360, 620), (80, 30), 0, 0, 180, 70, 8)
    cv2.ellipse(out, (360, 260), (220, 120), 0, 180, 360, 35, -1)
    noise = cv2.GaussianBlur(_rng(1).normal(0, 60, out.shape), (0, 0), 5) * 2
    return np.clip(cv2.GaussianBlur(out, (0, 0), 3) + noise, 0, 255).astype(np.uint8)


def text_page() -> Picture:
    out = _paper()
    _text(out, 180, 80, "PENGUMUMAN RAPAT", 0.9, 2)
    _lines(out, 70, 140, 580, 38)
    return out


def table() -> Picture:
    out = _paper()
    xs, ys = list(range(60, 661, 120)), list(range(120, 941, 41))
    _grid(out, xs, ys, 2)
    rng = _rng(4)
    for y in ys[:-1]:
        for x in xs[:-1]:
            _text(out, x + 12, y + 28, str(rng.integers(0, 999)), 0.6)
    return out


def chequerboard() -> Picture:
    tiles = np.add.outer(np.arange(900) // 45, np.arange(720) // 45) % 2
    return (tiles * 190 + 30).astype(np.uint8)


def landscape() -> Picture:
    y, x = np.mgrid[:800, :1200]
    hills = 430 + 70 * np.sin(x / 170) + 40 * np.sin(x / 67 + 1)
    ground = 90 + 60 * np.sin(x / 31 + y / 17) * np.sin(y / 9) + _rng(6).normal(0, 12, x.shape)
    return np.clip(np.where(y < hills, 235 - y / 8, ground), 0, 255).astype(np.uint8)


def newspaper() -> Picture:
    out = _paper(1100, 820, 205)
    _text(out, 60, 90, "HARIAN BANYUASIN", 1.9, 4)
    cv2.line(out, (50, 115), (770, 115), 30, 3)
    for k, x in enumerate((50, 295, 540)):
        _text(out, x, 155, " ".join(_WORDS[k * 3 : k * 3 + 2]).upper(), 0.75, 2)
        _lines(out, x, 190, 225, 46, 19, 0.4, seed=k)
    out[420:620, 295:520] = cv2.GaussianBlur(_rng(8).integers(30, 220, (200, 225)).astype(np.uint8), (0, 0), 4)
    return out


def calendar() -> Picture:
    out = _paper(900, 1100)
    _text(out, 380, 90, "FEBRUARI 2024", 1.3, 3)
    xs, ys = list(range(60, 1041, 140)), list(range(140, 861, 120))
    _grid(out, xs, ys, 2)
    for day in range(29):
        k = day + 4
        _text(out, xs[k % 7] + 45, ys[k // 7] + 75, str(day + 1), 1.2, 3)
    return out


def receipt() -> Picture:
    out = np.full((1200, 560), 70, np.uint8)
    out[40:1160, 60:500] = _paper(1120, 440, 238)
    _text(out, 150, 110, "TOKO MAKMUR", 0.9, 2)
    rng = _rng(9)
    for i in range(26):
        _text(out, 85, 170 + i * 32, str(rng.choice(_WORDS)), 0.55)
        _text(out, 370, 170 + i * 32, f"{rng.integers(1, 99)}.{rng.integers(0, 9)}00", 0.55)
    cv2.line(out, (85, 1010), (475, 1010), 40, 1)
    _text(out, 85, 1060, "TOTAL  412.500", 0.8, 2)
    return out


def blank_sheet_with_a_black_frame() -> Picture:
    out = np.full((1100, 800), 25, np.uint8)
    out[60:1040, 60:740] = _paper(980, 680, 235)
    return out


def screenshot() -> Picture:
    out = np.full((1280, 720), 245, np.uint8)
    out[:90] = 60
    out[1180:] = 225
    rng = _rng(10)
    for i in range(8):
        y = 120 + i * 130
        left = 30 if i % 2 else 250
        cv2.rectangle(out, (left, y), (left + 430, y + 105), 215, -1)
        _lines(out, left + 15, y + 32, 400, 3, 28, 0.5, seed=i)
        _text(out, left + 340, y + 95, f"{rng.integers(10, 23)}:{rng.integers(10, 59)}", 0.45)
    return out


def qr_code() -> Picture:
    code = cv2.QRCodeEncoder.create().encode("https://example.org/tps/" + "16.07.01.2001.004" * 3)
    big = cv2.resize(code, (620, 620), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.copyMakeBorder(big, 120, 180, 80, 80, cv2.BORDER_CONSTANT, value=(245,)), np.uint8)


def spreadsheet() -> Picture:
    out = np.full((900, 1400), 250, np.uint8)
    out[:110] = 232
    xs, ys = [0, 46, *range(146, 1400, 96)], list(range(110, 900, 24))
    _grid(out, xs, ys)
    rng = _rng(11)
    for i, y in enumerate(ys[1:]):
        _text(out, 12, y - 6, str(i + 1), 0.4)
        for x in xs[1:-1]:
            _text(out, x + 40, y - 6, str(rng.integers(0, 9999)), 0.4)
    return out


def another_form() -> Picture:
    """Rows of three boxes beside text in a frame, registration squares in the corners: like a tally form, but none."""
    out = _paper(1300, 900)
    for x, y in ((30, 30), (840, 30), (30, 1240), (840, 1240)):
        cv2.rectangle(out, (x, y), (x + 28, y + 28), 20, -1)
    _text(out, 230, 110, "BERITA ACARA PENGHITUNGAN", 0.9, 2)
    cv2.rectangle(out, (60, 150), (840, 1200), 40, 2)
    for i in range(14):
        y = 180 + i * 72
        _lines(out, 80, y + 32, 480, 1, seed=i)
        for k in range(3):
            cv2.rectangle(out, (640 + k * 46, y), (680 + k * 46, y + 40), 60, 2)
        cv2.line(out, (60, y + 56), (840, y + 56), 60, 1)
    return out


def foreign_tag() -> Picture:
    """A sheet with an AprilTag of the right family whose number belongs to no page."""
    out = _paper(1200, 850)
    tag = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h10), 500, 110)
    out[60:170, 680:790] = tag
    _lines(out, 70, 240, 700, 40)
    return out


PICTURES: dict[str, Callable[[], Picture]] = {
    f.__name__: f
    for f in (
        face, text_page, table, chequerboard, landscape, newspaper, calendar, receipt, blank_sheet_with_a_black_frame, screenshot,
        qr_code, spreadsheet, another_form, foreign_tag,
    )
}  # fmt: skip
