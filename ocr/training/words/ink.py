"""Strips to learn from: real ones damaged, phrases set in handwriting fonts, phrases put together from words cut out of real strips."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr.readers.word_strips import GAP, HEIGHT, LETTER, WIDEST
from tally.words import LARGEST, LETTERS, phrase, phrases

Strip = NDArray[np.uint8]
Floats = NDArray[np.float32]


def spelled(text: str) -> list[int]:
    """CTC targets of a phrase: its letters, spaces left out."""
    return [1 + LETTERS.index(c) for c in text.upper() if c in LETTERS]


def some_phrase(rng: np.random.Generator) -> str:
    """The words of a random number; now and then a rarer wording, or words in no order at all, so that no grammar is learnt."""
    value = int(rng.integers(0, LARGEST + 1)) if rng.random() < 0.7 else int(rng.integers(0, 100))
    u = rng.random()
    if u < 0.75:
        return phrase(value)
    if u < 0.85:
        return str(rng.choice(phrases(value)))
    words = phrase(value).split() + phrase(int(rng.integers(0, LARGEST + 1))).split()
    return " ".join(rng.permutation(words)[: int(rng.integers(1, 5))])


def drawn(text: str, font: ImageFont.FreeTypeFont, rng: np.random.Generator) -> Strip:
    """``text`` in a handwriting font, as a strip."""
    way = rng.integers(0, 4)
    words = text.split()
    words = [w.upper() if way < 2 else w.title() if way == 2 else w.lower() for w in words]
    if rng.random() < 0.15:
        words = [str(rng.choice([w.upper(), w.title(), w.lower()])) for w in words]
    gap = " " * int(rng.choice([0, 1, 1, 2], p=[0.1, 0.5, 0.2, 0.2]))
    line = gap.join(words)
    if rng.random() < 0.3:
        line = "".join(c + ("\u200a" if rng.random() < 0.5 else "") for c in line)
    left, top, right, bottom = font.getbbox(line)
    picture = Image.new("L", (int(right - left) + 8, int(bottom - top) + 8), 0)
    ImageDraw.Draw(picture).text((4 - left, 4 - top), line, fill=255, font=font, stroke_width=int(rng.integers(0, 2)))
    ink = np.asarray(picture)
    rows = np.flatnonzero(ink.max(1) > 100)
    f = LETTER / max(4, rows[-1] - rows[0] + 1)
    m = np.array([[1 / f, 0, 0], [0, 1 / f, (rows[0] + rows[-1]) / 2 - HEIGHT / 2 / f]])
    w = max(12, min(WIDEST, round(ink.shape[1] * f)))
    soft = cv2.GaussianBlur(ink, (0, 0), 0.4 / f) if f < 0.8 else ink
    return np.asarray(cv2.warpAffine(soft, m, (w, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.uint8)


def fonts(folder: Path) -> list[ImageFont.FreeTypeFont]:
    """All latin regular fonts under ``folder`` (@fontsource packages)."""
    return [ImageFont.truetype(str(f), 40) for f in sorted(folder.glob("**/*-latin-400-normal.woff"))]


def joined(words: list[Strip], rng: np.random.Generator) -> Strip:
    """Words side by side, brought to like weight by nothing but chance: gaps of any width."""
    parts: list[Strip] = []
    for w in words:
        parts += [w, np.zeros((HEIGHT, int(rng.integers(2, GAP + 4))), np.uint8)]
    return np.hstack(parts[:-1])


def damaged(strip: Strip, rng: np.random.Generator) -> Strip:
    """One strip as another writer, pen, camera or cut would have made it."""
    out = _weathered(_rewritten(strip, rng), rng)
    margins = [np.zeros((len(out), int(rng.integers(0, 16))), np.float32) for _ in range(2)]
    return np.asarray(np.clip(255 * np.hstack([margins[0], out, margins[1]]), 0, 255), np.uint8)


def _rewritten(strip: Strip, rng: np.random.Generator) -> Floats:
    """Another hand and pen: wider, higher, slanted, rising, wavy, thicker or thinner; 0..1."""
    h, w = strip.shape
    fy, slant, rise = np.exp(rng.normal(0, 0.1)), rng.normal(0, 0.15), rng.normal(0, 2.5) / max(w, 120)
    wide = int(np.clip(w * np.exp(rng.normal(0, 0.13)), 12, WIDEST))
    # output -> source
    m = np.array([[w / wide, slant, -slant * h / 2], [rise, 1 / fy, h / 2 * (1 - 1 / fy) - rng.normal(0, 1.5) - rise * wide / 2]])
    out = np.asarray(cv2.warpAffine(strip, m, (wide, h), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.float32)
    out /= 255
    if rng.random() < 0.5:
        rough = rng.normal(0, 1.3, (3, max(2, wide // 24), 2)).astype(np.float32)
        wave = cv2.resize(rough, (wide, h), interpolation=cv2.INTER_CUBIC)
        x, y = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(h, dtype=np.float32))
        out = np.asarray(cv2.remap(out, x + wave[..., 0], y + wave[..., 1], cv2.INTER_LINEAR), np.float32)
    u = rng.random()
    if u < 0.25:
        out = np.asarray(cv2.dilate(out, np.ones((2, 2) if rng.random() < 0.6 else (3, 3), np.uint8)), np.float32)
    elif u < 0.4:
        out = np.asarray(cv2.erode(out, np.ones((2, 1) if rng.random() < 0.5 else (1, 2), np.uint8)), np.float32)
    return out


def _weathered(ink: Floats, rng: np.random.Generator) -> Floats:
    """Few pixels, blur, contrast, remnants of printed lines, lost ink, noise."""
    h, w = ink.shape
    out = ink
    if rng.random() < 0.4:
        f = rng.uniform(0.3, 0.8)
        small = cv2.resize(out, (max(6, int(w * f)), max(8, int(h * f))), interpolation=cv2.INTER_AREA)
        out = np.asarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)
    if rng.random() < 0.4:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), rng.uniform(0.4, 1.5)), np.float32)
    out = np.asarray(np.clip(out / max(0.25, float(np.quantile(out, 0.98))), 0, 1) ** float(np.exp(rng.normal(0, 0.3))), np.float32)
    low, high = rng.uniform(0, 0.25), rng.uniform(0.7, 1.1)
    out = np.asarray(np.clip((out - low) / (high - low), 0, 1) * rng.uniform(0.7, 1.0), np.float32)
    if rng.random() < 0.25:
        for _ in range(int(rng.integers(1, 4))):
            top = int(rng.choice([rng.integers(0, 4), rng.integers(h - 5, h)]))
            left = int(rng.integers(0, w))
            out[top : top + int(rng.integers(1, 3)), left : left + int(rng.integers(4, 80))] = rng.uniform(0.3, 1)
    if rng.random() < 0.1:
        left = int(rng.integers(0, w))
        out[:, left : left + int(rng.integers(1, 3))] = rng.uniform(0.3, 1)
    if rng.random() < 0.15:
        left, top = int(rng.integers(0, w)), int(rng.integers(0, h))
        out[top : top + int(rng.integers(2, 8)), left : left + int(rng.integers(4, 20))] = 0
    if rng.random() < 0.3:
        out = np.asarray(out + rng.normal(0, rng.uniform(0.02, 0.1), out.shape), np.float32)
    return out
