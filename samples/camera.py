"""Photographs a flat page: perspective, folds, curl, shadow, glare, blur, noise, and the JPEG that a messenger leaves."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Bgr = NDArray[np.uint8]
Floats = NDArray[np.float32]
Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Shot:
    """What one exposure is like; drawn by ``Shot.of``."""

    size: tuple[int, int]
    turn: int
    fill: float
    corners: NDArray[np.float64]
    folds: tuple[tuple[float, float, float], ...]
    curl: float
    blur: float
    motion: float
    noise: float
    quality: int

    @staticmethod
    def of(rng: Rng, difficulty: float, aspect: float) -> Shot:
        """``aspect``: height / width of the page. ``difficulty`` 0 flat and bright .. 1 as bad as real ones get."""
        d = difficulty
        long_side = 1280 if rng.random() < 0.25 else 1600
        ratio = 0.75 if rng.random() < 0.6 else 0.5625
        w, h = round(long_side * ratio), long_side
        if aspect > 1.25 and ratio > 0.6 and rng.random() < 0.4:  # cropped to the page by hand or a scanning app
            w = round(h / aspect * 1.06)
        if rng.random() < 0.06:
            w, h = 3000, 4000
        turn = int(rng.choice([0, 1, 2, 3], p=[1 - 0.3 * d, 0.14 * d, 0.04 * d, 0.12 * d]))
        fill = float(rng.uniform(0.97 - 0.22 * d, 0.99))
        folds = []
        for _ in range(int(rng.poisson(0.6 + 2.2 * d))):
            folds.append(
                (
                    float(rng.choice([0.0, 90.0])) + float(rng.normal(0, 1.0)),
                    float(rng.choice([0.25, 0.5, 0.5, 0.75])),
                    d * float(rng.uniform(0.2, 1)),
                )
            )
        return Shot(
            size=(w, h),
            turn=turn,
            fill=fill,
            corners=rng.normal(0, 0.004 + 0.028 * d, (4, 2)),
            folds=tuple(folds),
            curl=float(rng.normal(0, 0.002 + 0.006 * d)),
            blur=float(abs(rng.normal(0.25, 0.15)) + 0.9 * d * rng.random() ** 2),
            motion=float(4 * d * rng.random()) if rng.random() < 0.25 * d else 0.0,
            noise=float(1.0 + 5.5 * d * rng.random()),
            quality=int(rng.integers(62, 82) - round(18 * d * rng.random())),
        )


def photograph(image: Bgr, seed: int, difficulty: float) -> bytes:
    """A phone photo of the flat page ``image`` (h, w, 3) as JPEG bytes; the same arguments give the same bytes.

    Page coordinates are moved by folds and curl, then seen in perspective before a wall or table.
    """
    rng = np.random.default_rng([0xCA3E7A, seed])
    shot = Shot.of(rng, difficulty, image.shape[0] / image.shape[1])
    w, h = shot.size
    to_frame = _pose(shot, image.shape[1] / image.shape[0], rng, difficulty)
    scale = float(np.sqrt(abs(cv2.contourArea(to_frame.astype(np.float32)))) / np.sqrt(image.shape[0] * image.shape[1]))
    if scale < 0.8:  # reduce first: sampling a large page sparsely would leave broken lines
        small = min(1.0, scale * 1.25)
        image = np.asarray(cv2.resize(image, None, fx=small, fy=small, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    ph, pw = image.shape[:2]
    page = np.array([[0, 0], [pw, 0], [pw, ph], [0, ph]], dtype=np.float32)
    back = np.asarray(cv2.getPerspectiveTransform(to_frame.astype(np.float32), page), dtype=np.float64)
    map_x, map_y = _page_coordinates(back, w, h)
    dx, dy, shade = _folds(shot, map_x / pw, map_y / ph)
    map_x += (dx * pw).astype(np.float32)
    map_y += (dy * ph).astype(np.float32)
    seen = cv2.remap(image, map_x, map_y, cv2.INTER_CUBIC if scale > 0.6 else cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = ((map_x > -0.5) & (map_x < pw - 0.5) & (map_y > -0.5) & (map_y < ph - 0.5)).astype(np.float32)
    inside = cv2.GaussianBlur(inside, (0, 0), 0.7)[..., None]
    frame = seen.astype(np.float32) * shade[..., None] * inside + _background(w, h, rng) * (1 - inside)
    if difficulty > 0.15 and rng.random() < 0.5:
        _tape(frame, to_frame, rng)
    frame *= _light(w, h, rng, difficulty)[..., None]
    _glare(frame, rng, difficulty)
    frame = _lens(frame, shot, rng, difficulty)
    if shot.turn:
        frame = np.ascontiguousarray(np.rot90(frame, shot.turn))
    return _jpeg(np.clip(frame, 0, 255).astype(np.uint8), shot.quality)


def scan(image: Bgr, seed: int, difficulty: float) -> bytes:
    """An office scanner's nearly bitonal picture of the flat page, 150 dpi, with the commission's digital watermark laid over."""
    rng = np.random.default_rng([0x5CA4, seed])
    w, h = 1240, round(1240 * image.shape[0] / image.shape[1])
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    angle = float(rng.normal(0, 0.25 + 0.6 * difficulty))
    zoom = float(rng.normal(1, 0.004 + 0.01 * difficulty))
    centre = (gray.shape[1] / 2, gray.shape[0] / 2)
    m = np.array(cv2.getRotationMatrix2D(centre, angle, w / gray.shape[1] * zoom), dtype=np.float64)
    m[:, 2] = m[:, 2] + np.array([w - gray.shape[1], h - gray.shape[0]]) / 2 + rng.normal(0, 4 + 6 * difficulty, 2)
    small = cv2.GaussianBlur(gray, (0, 0), 0.8)
    page = np.asarray(cv2.warpAffine(small, m, (w, h), flags=cv2.INTER_AREA, borderValue=(255,)), dtype=np.float32)
    page = np.asarray(page + rng.normal(0, 6 + 10 * difficulty, page.shape), dtype=np.float32)
    cut = float(rng.uniform(150, 185) - 25 * difficulty)
    steep = float(rng.uniform(6, 14))
    black = np.minimum(255 / (1 + np.exp(-(page - cut) / steep)), _watermark(w, h))
    return _jpeg(np.repeat(np.clip(black, 0, 255).astype(np.uint8)[..., None], 3, axis=2), int(rng.integers(70, 90)))


def _pose(shot: Shot, aspect: float, rng: Rng, d: float) -> NDArray[np.float64]:
    """Corners tl, tr, br, bl of the page in the frame; ``aspect`` is width / height of the page."""
    w, h = shot.size
    ph = min(h, w / aspect) * shot.fill
    pw = ph * aspect
    half = np.array([[-pw, -ph], [pw, -ph], [pw, ph], [-pw, ph]]) / 2
    a = np.deg2rad(rng.normal(0, 0.6 + 2.6 * d))
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    spare = np.array([w - pw, h - ph]) / 2
    at = np.array([w, h]) / 2 + rng.uniform(-0.6, 0.6, 2) * spare
    tilt = rng.normal(0, 0.008 + 0.05 * d, 2)  # one side nearer than the other
    grow = 1 + (half[:, :1] / pw) * tilt[0] * 2 + (half[:, 1:] / ph) * tilt[1] * 2
    corners = (half * grow) @ turn.T + at + shot.corners * np.array([pw, ph])
    # the page stays in the frame: a form cut off by the edge is another kind of sample
    lo, hi = corners.min(0), corners.max(0)
    k = min(1.0, float(min((np.array([w, h]) * 0.995) / (hi - lo))))
    corners = (corners - (lo + hi) / 2) * k + (lo + hi) / 2
    lo, hi = corners.min(0), corners.max(0)
    return np.asarray(corners + np.clip(0, 2 - lo, None) - np.clip(hi - np.array([w, h]) + 2, 0, None), dtype=np.float64)


def _page_coordinates(back: NDArray[np.float64], w: int, h: int) -> tuple[Floats, Floats]:
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    z = back[2, 0] * xs + back[2, 1] * ys + back[2, 2]
    return (
        ((back[0, 0] * xs + back[0, 1] * ys + back[0, 2]) / z).astype(np.float32),
        ((back[1, 0] * xs + back[1, 1] * ys + back[1, 2]) / z).astype(np.float32),
    )


def _folds(shot: Shot, u: Floats, v: Floats) -> tuple[Floats, Floats, Floats]:
    """Displacement (fractions of the page) and shading by creases and curl."""
    dx = shot.curl * np.sin(np.pi * v) * 0.6
    dy = shot.curl * np.sin(np.pi * u * 1.3 + 0.4)
    shade = np.ones_like(u)
    for angle, at, depth in shot.folds:
        a = np.deg2rad(angle)
        s = np.cos(a) * (u - 0.5) + np.sin(a) * (v - 0.5) - (at - 0.5)
        bump = np.exp(-np.abs(s) / 0.05).astype(np.float32)
        dx = dx + 0.004 * depth * bump * np.cos(a)
        dy = dy + 0.004 * depth * bump * np.sin(a)
        shade *= 1 - 0.10 * depth * np.sign(s) * bump - 0.12 * depth * np.exp(-((s / 0.004) ** 2))
    return np.asarray(dx, dtype=np.float32), np.asarray(dy, dtype=np.float32), shade.astype(np.float32)


def _background(w: int, h: int, rng: Rng) -> Floats:
    """A wall, a board or a table."""
    walls = [(175, 200, 205), (190, 190, 185), (150, 175, 190), (120, 140, 150), (70, 90, 120), (200, 205, 200), (60, 60, 65)]
    base = np.array(walls[int(rng.integers(len(walls)))], np.float32) * float(rng.uniform(0.85, 1.05))
    coarse = rng.normal(0, 5, (h // 40 + 2, w // 40 + 2)).astype(np.float32)
    out = np.asarray(base[None, None] + cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC)[..., None], dtype=np.float32)
    if rng.random() < 0.3:  # grain of wood
        lines = np.cumsum(rng.normal(0, 1.2, w)).astype(np.float32)
        out += (lines - lines.mean())[None, :, None]
    return out


def _tape(frame: Floats, corners: NDArray[np.float64], rng: Rng) -> None:
    """Pieces of tape over the corners of the paper."""
    size = 0.035 * float(np.hypot(*(corners[2] - corners[0])))
    gray = float(rng.choice([35, 60, 200]))
    middle = corners.mean(0)
    for c in corners:
        at = c + (c - middle) / np.hypot(*(c - middle)) * size * 0.12
        a = rng.uniform(0, np.pi)
        d1, d2 = np.array([np.cos(a), np.sin(a)]) * size, np.array([-np.sin(a), np.cos(a)]) * size * 0.45
        quad = np.array([at + d1 + d2, at - d1 + d2, at - d1 - d2, at + d1 - d2])
        cv2.fillPoly(frame, [np.round(quad).astype(np.int32)], (gray, gray, gray), cv2.LINE_AA)


def _light(w: int, h: int, rng: Rng, d: float) -> Floats:
    """Brightness over the frame: a slope, and perhaps the shadow of a head or an arm."""
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    a = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(a) * (xs / w - 0.5) + np.sin(a) * (ys / h - 0.5)) * float(rng.normal(0, 0.06 + 0.28 * d))
    light = float(rng.uniform(0.86 - 0.22 * d, 0.98)) * (1 + slope)
    if rng.random() < 0.15 + 0.5 * d:
        n = 7
        t = np.linspace(0, 2 * np.pi, n, endpoint=False)
        r = rng.uniform(0.18, 0.5, n) * min(w, h)
        cx, cy = rng.uniform(0, w), rng.uniform(0.2 * h, h)
        poly = np.stack([cx + r * np.cos(t), cy + r * np.sin(t)], 1)
        mask = np.zeros((h // 8 + 1, w // 8 + 1), np.float32)
        cv2.fillPoly(mask, [np.round(poly / 8).astype(np.int32)], (1.0,))
        soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(2, 9))), dtype=np.float32)
        dark = np.asarray(cv2.resize(soft, (w, h), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
        light *= 1 - dark * float(rng.uniform(0.1, 0.2 + 0.3 * d))
    return np.asarray(light, dtype=np.float32)


def _glare(frame: Floats, rng: Rng, d: float) -> None:
    if rng.random() >= 0.3 * d:
        return
    h, w = frame.shape[:2]
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    cx, cy, r = rng.uniform(0.1, 0.9) * w, rng.uniform(0.1, 0.9) * h, rng.uniform(0.05, 0.14) * w
    spot = np.exp(-(((xs - cx) ** 2 + (ys - cy) ** 2) / (2 * r * r)))
    frame += (spot * float(rng.uniform(25, 110)))[..., None]


def _lens(frame: Floats, shot: Shot, rng: Rng, d: float) -> Floats:
    """Colour cast, contrast, blur, noise and a phone's sharpening."""
    if rng.random() < 0.12 + 0.1 * d:  # some phones and apps leave a gray picture
        frame = np.repeat(frame.mean(axis=2, keepdims=True), 3, axis=2)
    else:
        frame = frame * np.clip(rng.normal(1, 0.008 + 0.022 * d, 3), 0.85, 1.12).astype(np.float32)
    big = max(shot.size) / 1600
    if shot.blur > 0.2:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), shot.blur * big), dtype=np.float32)
    if shot.motion > 1:
        k = max(3, round(shot.motion * big))
        kernel = np.zeros((k, k), np.float32)
        a = rng.uniform(0, np.pi)
        c = (k - 1) / 2
        p = (round(c - c * np.cos(a)), round(c - c * np.sin(a)))
        q = (round(c + c * np.cos(a)), round(c + c * np.sin(a)))
        cv2.line(kernel, p, q, (1.0,), 1)
        frame = np.asarray(cv2.filter2D(frame, -1, kernel / kernel.sum()), dtype=np.float32)
    frame = frame + rng.normal(0, shot.noise, frame.shape[:2]).astype(np.float32)[..., None]
    if rng.random() < 0.5:
        soft = cv2.GaussianBlur(frame, (0, 0), 1.2 * big)
        frame = frame + float(rng.uniform(0.2, 0.8)) * (frame - soft)
    return np.asarray(frame, dtype=np.float32)


def _watermark(w: int, h: int) -> Bgr:
    """Gray emblems in rows, fixed to the file and not to the paper."""
    out = np.full((h, w), 255, np.uint8)
    step = w // 5
    for row, y in enumerate(range(-step // 4, h + step, round(step * 1.22))):
        for x in range(step // 3, w + step, step):
            cv2.ellipse(out, (x, y), (round(step * 0.42), round(step * 0.52)), 0, 0, 360, (232,), round(step * 0.13), cv2.LINE_AA)
            cv2.ellipse(out, (x, y + round(step * 0.06)), (round(step * 0.2), round(step * 0.22)), 0, 0, 360, (242,), -1, cv2.LINE_AA)
            word = "KOMISI" if row % 2 == 0 else "PEMILIHAN"
            cv2.putText(
                out, word, (x - round(step * 0.2), y - round(step * 0.48)), cv2.FONT_HERSHEY_DUPLEX, step / 420, (255,), 2, cv2.LINE_AA
            )
    return out


def _jpeg(image: Bgr, quality: int) -> bytes:
    ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise RuntimeError("OpenCV could not write a JPEG")
    return data.tobytes()
