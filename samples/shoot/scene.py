"""What else is in the picture: wall, table, banner, tiles, screen; tape, hands, a second sheet."""

from __future__ import annotations

from collections.abc import Container

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.dial import Rng
from samples.fonts import text_mask

Floats = NDArray[np.float32]
Points = NDArray[np.float64]
_WALLS = ((175, 200, 205), (190, 190, 185), (150, 175, 190), (160, 200, 215), (200, 205, 200))


def background(size: tuple[int, int], rng: Rng, happening: Container[str]) -> Floats:
    """(h, w, 3): what the page lies or hangs on."""
    w, h = size[0] // 2 + 1, size[1] // 2 + 1
    if "screen" in happening:
        out = _screen(w, h, rng)
    else:
        kind = str(rng.choice(["wall", "wood", "cloth", "banner", "tiles"], p=[0.45, 0.2, 0.12, 0.11, 0.12]))
        out = {"wall": _wall, "wood": _wood, "cloth": _cloth, "banner": _banner, "tiles": _tiles}[kind](w, h, rng)
    return np.asarray(cv2.resize(out, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _plain(w: int, h: int, colour: tuple[int, int, int], rng: Rng, rough: float) -> Floats:
    coarse = rng.normal(0, rough, (h // 24 + 2, w // 24 + 2)).astype(np.float32)
    base = np.array(colour, np.float32) * float(rng.uniform(0.8, 1.05))
    return np.asarray(base + cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC)[..., None], np.float32)


def _wall(w: int, h: int, rng: Rng) -> Floats:
    return _plain(w, h, _WALLS[int(rng.integers(len(_WALLS)))], rng, 4)


def _wood(w: int, h: int, rng: Rng) -> Floats:
    out = _plain(w, h, ((70, 120, 175), (60, 90, 130), (110, 160, 200))[int(rng.integers(3))], rng, 5)
    grain = np.cumsum(rng.normal(0, 1.6, w)).astype(np.float32)
    out += np.clip(grain - cv2.GaussianBlur(grain[None], (0, 0), 25)[0], -22, 22)[None, :, None]
    for x in range(int(rng.integers(0, w // 3)), w, max(60, w // 4)):
        out[:, x : x + 2] *= 0.55
    return out


def _cloth(w: int, h: int, rng: Rng) -> Floats:
    colour = ((60, 60, 65), (45, 70, 30), (120, 60, 40), (60, 40, 130))[int(rng.integers(4))]
    out = _plain(w, h, colour, rng, 3)
    return np.asarray(out + rng.normal(0, 7, (h, w)).astype(np.float32)[..., None], np.float32)


def _banner(w: int, h: int, rng: Rng) -> Floats:
    """A tarpaulin with large print."""
    out = _plain(w, h, ((225, 225, 225), (40, 40, 180), (180, 80, 30))[int(rng.integers(3))], rng, 3)
    ink = (30.0, 30.0, 30.0) if out.mean() > 150 else (235.0, 235.0, 235.0)
    y = int(rng.integers(20, 120))
    while y < h:
        cap = int(rng.integers(max(20, h // 14), max(21, h // 7)))
        mask, _ = text_mask(str(rng.choice(["TEMPAT PEMUNGUTAN SUARA", "PEMILU SERENTAK", "SELAMAT DATANG DI TPS"])), cap, None, bold=True)
        x = -int(rng.integers(0, max(1, mask.shape[1] // 2)))
        part = mask[: max(0, h - y), -x : -x + w]
        share = part.astype(np.float32)[..., None] / 255
        area = out[y : y + part.shape[0], : part.shape[1]]
        area += (np.array(ink, np.float32) - area) * share
        y += round(cap * 1.9)
    return out


def _tiles(w: int, h: int, rng: Rng) -> Floats:
    out = _plain(w, h, ((120, 140, 160), (200, 205, 210), (70, 80, 110))[int(rng.integers(3))], rng, 3)
    step = int(rng.integers(max(60, w // 5), max(61, w // 2)))
    shift = int(rng.integers(0, step))
    for at in range(shift, max(w, h), step):
        out[:, at : at + 3] *= 0.72
        out[at : at + 3] *= 0.72
    return out


def _screen(w: int, h: int, rng: Rng) -> Floats:
    """A dark program window around the page, with a bar on top."""
    out = _plain(w, h, ((40, 38, 36), (60, 60, 60), (225, 222, 218))[int(rng.integers(3))], rng, 1.5)
    bar = int(rng.uniform(0.03, 0.08) * h)
    out[:bar] = np.array((200, 205, 210) if rng.random() < 0.5 else (70, 65, 60), np.float32)
    for x in range(8, w - 60, 90):
        cv2.line(out, (x, bar // 2), (x + int(rng.integers(20, 60)), bar // 2), (130.0, 130.0, 130.0), max(2, bar // 6))
    return out


def furnish(frame: Floats, corners: Points, free: list[Points], rng: Rng, happening: Container[str]) -> None:
    """Tape on the corners, fingers at an edge; in place. ``free``: points of the page's rim beside which nothing of value lies."""
    if "tape" in happening:
        _tape(frame, corners, rng)
    if "hand" in happening and free:
        _fingers(frame, corners.mean(0), free[int(rng.integers(len(free)))], float(np.hypot(*(corners[3] - corners[0]))), rng)


def neighbour(frame: Floats, corners: Points, rng: Rng) -> None:
    """A second sheet that peeps out from below or beside; drawn before the page."""
    away = (corners.max(0) - corners.min(0)) * rng.uniform(0.02, 0.9, 2) * rng.choice([-1, 1], 2) * np.array([1.0, 0.25])
    quad = np.round(corners + away + rng.normal(0, 6, (4, 2))).astype(np.int32)
    tone = float(rng.uniform(185, 235))
    cv2.fillPoly(frame, [quad], (tone, tone, tone), cv2.LINE_AA)
    for t in np.linspace(0.1, 0.9, 9):
        a = quad[0] + (quad[3] - quad[0]) * t
        b = quad[1] + (quad[2] - quad[1]) * t
        cv2.line(
            frame, tuple(np.round(a).astype(int).tolist()), tuple(np.round(b).astype(int).tolist()), (90.0, 90.0, 90.0), 2, cv2.LINE_AA
        )


def _tape(frame: Floats, corners: Points, rng: Rng) -> None:
    size = 0.03 * float(np.hypot(*(corners[2] - corners[0])))
    gray = float(rng.choice([35, 60, 190]))
    middle = corners.mean(0)
    for c in corners:
        out = (c - middle) / np.hypot(*(c - middle))
        at = c + out * size * 0.35
        a = np.arctan2(out[1], out[0]) + np.pi / 2 + rng.normal(0, 0.35)
        along, across = np.array([np.cos(a), np.sin(a)]) * size, np.array([-np.sin(a), np.cos(a)]) * size * 0.42
        quad = np.array([at + along + across, at - along + across, at - along - across, at + along - across])
        cv2.fillPoly(frame, [np.round(quad).astype(np.int32)], (gray, gray * 0.99, gray * 0.97), cv2.LINE_AA)


def _fingers(frame: Floats, middle: Points, at: Points, page: float, rng: Rng) -> None:
    """Two to four fingertips that hold the paper at its rim."""
    inwards = (middle - at) / np.hypot(*(middle - at))
    along = np.array([-inwards[1], inwards[0]])
    skin = np.array(((95, 130, 180), (70, 100, 150), (120, 155, 205))[int(rng.integers(3))], np.float64)
    thick = page * float(rng.uniform(0.016, 0.022))
    for i in range(int(rng.integers(2, 5))):
        tip = at + along * thick * 1.9 * (i - 1.5) + inwards * thick * float(rng.uniform(0.2, 1.0))
        back = tip - inwards * page * 0.25
        for shrink, light in ((1.0, 0.78), (0.72, 0.95), (0.4, 1.05)):
            tone = tuple((skin * light).tolist())
            ends = [tuple(np.round(p).astype(int).tolist()) for p in (back, tip)]
            cv2.line(frame, ends[0], ends[1], tone, max(1, round(2 * thick * shrink * 0.8)), cv2.LINE_AA)
            cv2.circle(frame, ends[1], max(1, round(thick * shrink * 0.8)), tone, -1, cv2.LINE_AA)
