"""Single number boxes as loose crops, in all printed styles: material for training readers and for tests."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from samples import writer as hand
from samples.blank import GUIDE_DOT, GUIDE_GRAY, GUIDE_X, GUIDE_Y
from samples.strokes import Ink
from samples.writer import Rng, Writer
from tally.glyphs import GLYPHS
from templates_c1.schema import Rect

Bgr = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Style:
    """How boxes of one form are printed, in units of the box's width."""

    height: float
    pitch: float
    border: float
    guide: bool
    gray: int


STYLES = {
    "2024-guide": Style(1.0, 1.175, 0.055, True, 25),
    "2024": Style(1.0, 1.28, 0.061, False, 25),
    "2019": Style(0.94, 1.0, 0.03, False, 30),
    "2019-tall": Style(1.77, 1.0, 0.03, False, 30),
    "kwk": Style(0.98, 1.08, 0.055, False, 70),
}

_K = 110.0
"""Pixels a box's width while drawing."""
_ODDS = np.array([1.0] * 10 + [1.0, 0.35, 0.35, 0.3])
"""Of tally.glyphs.GLYPHS: crosses, dashes, blanks and junk are rarer than digits."""


def crop(seed: int, style: str | None = None, glyph: str | None = None, difficulty: float | None = None) -> tuple[Bgr, str]:
    """One box with a little of its surroundings, as cut from a photo.

    Returns:
        (h, w, 3) uint8, h and w about 28-72, and the glyph (tally.glyphs) that stands in it.

    Raises:
        KeyError: unknown style. ValueError: unknown glyph.
    """
    rng = np.random.default_rng([0xB0C5, seed])
    d = float(rng.uniform(0, 1)) if difficulty is None else difficulty
    name = style or str(rng.choice(list(STYLES)))
    s = STYLES[name]
    what = glyph or str(rng.choice(list(GLYPHS), p=_ODDS / _ODDS.sum()))
    if what not in GLYPHS:
        raise ValueError(f"'{what}' is no glyph")
    w = Writer.of(rng, d)
    width, height = 3 * s.pitch + 1, s.height + 1.2
    ink = Ink(width, height, _K)
    print_ = np.full((round(height * _K), round(width * _K)), 255, np.uint8)
    boxes = [Rect(x=0.5 + i * s.pitch, y=0.6, w=1, h=s.height) for i in range(3)]
    for i, box in enumerate(boxes):
        _print_box(print_, box, s)
        _write(ink, w, rng, box, what if i == 1 else str(rng.choice(list("0123456789XX_"))), s, name)
    cover = ink.coverage()[: print_.shape[0], : print_.shape[1]].astype(np.float32) / 255 * float(rng.uniform(0.6, 0.97))
    out = np.empty((*print_.shape, 3), np.float32)
    toner = float(rng.uniform(20, 70))
    base = toner + print_.astype(np.float32) / 255 * (250 - toner)
    for c in range(3):
        out[..., c] = base * (1 - cover) + np.minimum(base, w.colour[c]) * cover
    return _shoot(out, boxes[1], rng, d), what


def _print_box(canvas: NDArray[np.uint8], box: Rect, s: Style) -> None:
    a, b = (round(box.x * _K), round(box.y * _K)), (round((box.x + box.w) * _K), round((box.y + box.h) * _K))
    cv2.rectangle(canvas, a, b, (s.gray,), max(1, round(s.border * _K)), cv2.LINE_AA)
    if s.guide:
        for i in range(9):
            for j in range(5):
                if j % 2 == 0 or i % 4 == 0:
                    x = (box.x + 0.5 + (j - 2) / 2 * GUIDE_X / 20) * _K
                    y = (box.y + 0.5 + (i - 4) / 4 * GUIDE_Y / 20) * _K
                    r = GUIDE_DOT / 40 * _K
                    cv2.rectangle(canvas, (round(x - r), round(y - r)), (round(x + r), round(y + r)), (GUIDE_GRAY,), -1)


def _write(ink: Ink, w: Writer, rng: Rng, box: Rect, what: str, s: Style, name: str) -> None:
    if what.isdigit():
        hand.digit(ink, w, rng, what, box, s.guide)
    elif what == "X":
        how = str(rng.choice(["X", "x", "0X"], p=[0.6, 0.25, 0.15]))
        hand.cross(ink, w, rng, box, how, 0.65 if name.startswith("2019") else 1.0)
    elif what == "-":
        hand.dash(ink, w, rng, box)
    elif what == "?":
        hand.overwritten(ink, w, rng, box)


def _shoot(flat: NDArray[np.float32], box: Rect, rng: Rng, d: float) -> Bgr:
    """Cut the box out with some margin, tilt, reduce, light, blur, compress."""
    out_w = int(rng.integers(30, 66))
    margin = rng.uniform(0.0, 0.16, 4)
    left, right = (box.x - margin[0]) * _K, (box.x + box.w + margin[1]) * _K
    top, bottom = (box.y - margin[2]) * _K, (box.y + box.h + margin[3]) * _K
    out_h = max(24, round(out_w * (bottom - top) / (right - left) * float(rng.normal(1, 0.05))))
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) + rng.normal(0, (0.01 + 0.03 * d) * _K, (4, 2))
    sub = 3
    target = np.array([[0, 0], [out_w, 0], [out_w, out_h], [0, out_h]], np.float32) * sub
    m = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    big = cv2.warpPerspective(flat, m, (out_w * sub, out_h * sub), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    small = cv2.resize(big, (out_w, out_h), interpolation=cv2.INTER_AREA)
    ys, xs = np.mgrid[0:out_h, 0:out_w].astype(np.float32)
    light = float(rng.uniform(0.45, 1.0)) * (1 + rng.normal(0, 0.12) * (xs / out_w - 0.5) + rng.normal(0, 0.12) * (ys / out_h - 0.5))
    small = small * light[..., None] * rng.normal(1, 0.06, 3)
    blur = abs(float(rng.normal(0.2, 0.3))) + 0.7 * d * float(rng.random()) ** 2
    if blur > 0.25:
        small = cv2.GaussianBlur(small, (0, 0), blur * out_w / 45)
    if rng.random() < 0.4:
        small = small + float(rng.uniform(0.3, 1.2)) * (small - cv2.GaussianBlur(small, (0, 0), 1.2))
    small = small + rng.normal(0, 1 + 4 * d * float(rng.random()), (out_h, out_w))[..., None]
    image = np.clip(small, 0, 255).astype(np.uint8)
    ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 92))])
    if not ok:
        raise RuntimeError("OpenCV could not write a JPEG")
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


def write(out: Path, count: int, seed: int) -> None:
    """``count`` crops and labels.csv (file, box) into ``out``; deterministic by ``seed``."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "labels.csv").open("w", newline="", encoding="utf-8") as f:
        rows = csv.writer(f, lineterminator="\n")
        rows.writerow(("file", "box"))
        for i in range(count):
            image, label = crop(seed * 1_000_003 + i)
            name = f"box_{seed}_{i:05d}.png"
            cv2.imwrite(str(out / name), image)
            rows.writerow((name, label))
