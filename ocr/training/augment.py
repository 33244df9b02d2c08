"""What cameras, paper and locating do to a box: geometric and photometric damage.

Every function takes and returns a (64, 64) float32 gray picture unless said otherwise. Ranges follow what was measured on real
photos: a network stands a sideways shift of 15 % of the box and 10 degrees of rotation, and photos give 14 to 60 px a box.
"""

from __future__ import annotations

import math
import random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.training import ink
from ocr.training.ink import SIZE, Image

NET_SIZE = 36
"""Side of the network's input."""
CUT = 4
"""So many pixels are cut from each edge of a 64 x 64 crop before it is shrunk: the border and a little of its surroundings stay."""

_GRID_X, _GRID_Y = np.meshgrid(np.arange(SIZE, dtype=np.float32), np.arange(SIZE, dtype=np.float32))
_DIAGONAL = (_GRID_X - 31.5) / 32, (_GRID_Y - 31.5) / 32


def _f32(picture: Any) -> Image:
    return np.asarray(picture, dtype=np.float32)


def geometry(picture: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """Shift, turn, shear, perspective and a smooth elastic warp in one resampling."""
    shift_px = 2.0 * strength if random.random() < 0.8 else 4.5 * strength
    angle = math.radians(float(np.clip(random.gauss(0, 3.5), -10, 10)) * strength)
    zoom = 1 + random.gauss(0, 0.05) * strength
    aspect = 1 + random.gauss(0, 0.05) * strength
    shear = random.gauss(0, 0.06) * strength
    cos, sin = math.cos(angle) * zoom, math.sin(angle) * zoom
    x, y = _GRID_X - 31.5, _GRID_Y - 31.5
    dx, dy = (float(np.clip(random.gauss(0, shift_px), -7.2, 7.2)) for _ in range(2))
    map_x = (cos * aspect * x + (shear - sin) * y) + (31.5 + dx)
    map_y = (sin * x + cos / aspect * y) + (31.5 + dy)
    if random.random() < 0.6:
        corners = rng.normal(0, 1.1 * strength, (2, 2, 2)).astype(np.float32)
        map_x += cv2.resize(corners[0], (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
        map_y += cv2.resize(corners[1], (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    if random.random() < 0.6:
        bend = rng.normal(0, 0.8 * strength, (2, 5, 5)).astype(np.float32)
        map_x += cv2.resize(bend[0], (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        map_y += cv2.resize(bend[1], (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.remap(picture, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)


def pen(picture: Image) -> Image:
    """Thicker or thinner lines, by mixing with the local minimum or maximum."""
    chance = random.random()
    if chance > 0.4:
        return picture
    kernel = np.ones((2, 2) if random.random() < 0.6 else (3, 3), np.uint8)
    other = cv2.erode(picture, kernel) if chance < 0.25 else cv2.dilate(picture, kernel)
    part = random.uniform(0.3, 1.0) if chance < 0.25 else random.uniform(0.2, 0.6)
    return np.asarray(picture * (1 - part) + other * part, dtype=np.float32)


def light(picture: Image) -> Image:
    """Gradient, shadow edge, contrast, gamma."""
    out = picture
    gx, gy = _DIAGONAL
    if random.random() < 0.5:
        slope = random.gauss(0, 0.12)
        turn = random.uniform(0, 2 * math.pi)
        out = _f32(out * (1 + slope * (math.cos(turn) * gx + math.sin(turn) * gy)))
    if random.random() < 0.08:  # the edge of a shadow
        turn = random.uniform(0, 2 * math.pi)
        edge = (math.cos(turn) * gx + math.sin(turn) * gy + random.uniform(-0.6, 0.6)) * random.uniform(3, 20)
        out = _f32(out * (1 - random.uniform(0.1, 0.5) / (1 + np.exp(-edge))))
    if random.random() < 0.12:  # a scanning app flattens the paper to white
        white, black = float(np.percentile(out, random.uniform(50, 80))), float(np.percentile(out, random.uniform(0.5, 4)))
        out = np.clip((out - black) / max(15.0, white - black), 0, 1) * 255
    elif random.random() < 0.6:
        middle = float(out.mean())
        out = (out - middle) * math.exp(random.gauss(-0.15, 0.35)) + middle + random.gauss(0, 20)
    if random.random() < 0.5:
        out = 255 * np.power(np.clip(out, 0, 255) / 255, math.exp(random.gauss(0, 0.3)))
    return np.clip(out, 0, 255).astype(np.float32)


def overlay(picture: Image, rng: np.random.Generator) -> Image:
    """The digitally added watermark of the 2019 scans (pale soft shapes) or the moire of a photographed screen."""
    chance = random.random()
    if chance < 0.08:
        mask = ink.patches(rng, random.randint(3, 9), random.uniform(0.45, 0.65), random.uniform(0.4, 1.2))
        tone, alpha = random.uniform(90, 235), random.uniform(0.08, 0.35)
        return _f32(picture * (1 - alpha * mask) + tone * alpha * mask)
    if chance < 0.13:
        gx, gy = _DIAGONAL
        wave = np.zeros_like(picture)
        for _ in range(random.randint(1, 2)):
            turn, cycles = random.uniform(0, math.pi), random.uniform(6, 60)
            wave = wave + np.sin(cycles * (math.cos(turn) * gx + math.sin(turn) * gy) + random.uniform(0, 6))
        return np.clip(picture + random.uniform(3, 16) * wave, 0, 255).astype(np.float32)
    return picture


def _jpeg(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    top, left = random.randint(0, 7), random.randint(0, 7)
    padded: Any = cv2.copyMakeBorder(small, top, 8, left, 8, cv2.BORDER_REPLICATE)
    for _ in range(2 if random.random() < 0.4 else 1):
        _, data = cv2.imencode(".jpg", padded, [cv2.IMWRITE_JPEG_QUALITY, random.randint(25, 92)])
        padded = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return np.asarray(padded[top : top + small.shape[0], left : left + small.shape[1]], dtype=np.uint8)


def _scanned(picture: Image) -> Image:
    """What a scanner set to text makes of it: nearly black on nearly white. Where the limit falls low, thin strokes break."""
    paper, dark = float(np.median(picture)), float(picture.min())
    limit = dark + (paper - dark) * random.uniform(0.3, 0.85)
    soft = max(1.0, (paper - dark) * random.uniform(0.02, 0.12))
    share = 1 / (1 + np.exp(np.clip((limit - picture) / soft, -30, 30)))
    low, high = random.uniform(0, 60), max(paper, random.uniform(200, 255))
    return _f32(low + (high - low) * share)


def camera(picture: Image, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blur, motion, fewer pixels, noise, JPEG once or twice; back at 64 x 64 uint8."""
    out = picture
    if random.random() < 0.45:
        out = _f32(cv2.GaussianBlur(out, (0, 0), random.uniform(0.4, 1.9)))
    if random.random() < 0.1:
        length = random.randint(3, 7)
        kernel = np.zeros((length, length), np.float32)
        angle = random.uniform(0, math.pi)
        centre, dx, dy = (length - 1) / 2, length / 2 * math.cos(angle), length / 2 * math.sin(angle)
        cv2.line(kernel, (round(centre - dx), round(centre - dy)), (round(centre + dx), round(centre + dy)), 1.0, 1)
        out = _f32(cv2.filter2D(out, -1, kernel / max(1.0, float(kernel.sum()))))
    size = SIZE
    if random.random() < 0.6:
        box = 13 * math.exp(random.random() ** 0.7 * math.log(48 / 13))  # px per box side
        size = max(17, round(SIZE * box / 48))
        out = _f32(cv2.resize(out, (size, size), interpolation=cv2.INTER_AREA if random.random() < 0.7 else cv2.INTER_LINEAR))
    if random.random() < 0.12:
        out = _scanned(out)
    if random.random() < 0.6:
        out = out + rng.normal(0, abs(random.gauss(0, 6)), out.shape).astype(np.float32)
    small = np.clip(out, 0, 255).astype(np.uint8)
    if random.random() < 0.55:
        small = _jpeg(small)
    if size != SIZE:
        way = cv2.INTER_LINEAR if random.random() < 0.6 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(small, (SIZE, SIZE), interpolation=way), dtype=np.uint8)
    return small


def damage(picture: Image, rng: np.random.Generator, strength: float = 1.0) -> NDArray[np.uint8]:
    """All of it, in the order in which it happens to paper: moved, written, lit, photographed. Returns (64, 64) uint8."""
    return camera(overlay(light(pen(geometry(picture, rng, strength))), rng), rng)


def shrink(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(64, 64) crop -> (NET_SIZE, NET_SIZE) input of the network, as ``ocr.readers.cnn`` does it."""
    inner = crop[CUT : SIZE - CUT, CUT : SIZE - CUT]
    return np.asarray(cv2.resize(inner, (NET_SIZE, NET_SIZE), interpolation=cv2.INTER_AREA), dtype=np.uint8)
