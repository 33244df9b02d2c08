"""Photographs a flat page the way people do: pose, paper that is not flat, surroundings, light, lens, and the file that arrives."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.dial import Dial, Rng
from samples.shoot import lens, light, output, pose, scene
from samples.shoot.surface import Surface

Bgr = NDArray[np.uint8]
Floats = NDArray[np.float32]


def shoot(image: Bgr, content: pose.Content, box: float, happening: frozenset[str], rng: Rng, dial: Dial) -> bytes:
    """JPEG bytes of a photo of the flat page ``image`` (h, w, 3).

    Args:
        content: part of the page that stays in the picture and uncovered.
        box: height of the page's smallest box / height of the page.
        happening: names of samples.effects.
    """
    shot = pose.of(rng, dial, image.shape[1] / image.shape[0], content, box, happening)
    w, h = shot.size
    area = cv2.contourArea(shot.corners.astype(np.float32))
    scale = float(np.sqrt(area / (image.shape[0] * image.shape[1])))
    if scale < 0.8:  # reduce first: sampling a large page sparsely would leave broken lines
        k = min(1.0, scale * 1.2)
        image = np.asarray(cv2.resize(image, None, fx=k, fy=k, interpolation=cv2.INTER_AREA), np.uint8)
    ph, pw = image.shape[:2]
    x, y = _page_coordinates(shot, pw, ph)
    dx, dy, shade = Surface.of(rng, dial, happening).seen_at(x / pw, y / ph)
    x += dx * pw
    y += dy * ph
    seen = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    on_page = ((x > -0.5) & (x < pw - 0.5) & (y > -0.5) & (y < ph - 0.5)).astype(np.float32)
    on_page = cv2.GaussianBlur(on_page, (0, 0), 0.7)[..., None]
    behind = scene.background(shot.size, rng, happening)
    if "neighbour" in happening:
        scene.neighbour(behind, shot.corners, rng)
    page = seen.astype(np.float32) * shade[..., None]
    if "screen" in happening:
        page *= lens.moire(x, y, (h, w), rng)
    frame = np.asarray(behind + (page - behind) * on_page, np.float32)
    scene.furnish(frame, shot.corners, _free_rim(shot, content), rng, happening)
    frame *= light.field(shot.size, rng, dial, happening)
    if "glare" in happening:
        light.glare(frame, rng, dial)
    frame = lens.expose(frame, rng, dial, happening)
    lowest = float(pose.inside(shot.corners, content)[:, 1].max()) / h
    return output.develop(np.clip(frame, 0, 255).astype(np.uint8), rng, dial, happening, lowest)


def _page_coordinates(shot: pose.Pose, pw: int, ph: int) -> tuple[Floats, Floats]:
    """For every pixel of the picture, the page's pixel it looks at."""
    w, h = shot.size
    page = np.array([[0, 0], [pw, 0], [pw, ph], [0, ph]], np.float32)
    m = np.asarray(cv2.getPerspectiveTransform(shot.corners.astype(np.float32), page), np.float32)
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    if shot.bow:
        r2 = ((xs - w / 2) ** 2 + (ys - h / 2) ** 2) * np.float32(4 / (w * w + h * h))
        bow = 1 + np.float32(shot.bow) * r2
        xs, ys = (xs - w / 2) * bow + w / 2, (ys - h / 2) * bow + h / 2
    z = m[2, 0] * xs + m[2, 1] * ys + m[2, 2]
    return np.asarray((m[0, 0] * xs + m[0, 1] * ys + m[0, 2]) / z, np.float32), np.asarray(
        (m[1, 0] * xs + m[1, 1] * ys + m[1, 2]) / z, np.float32
    )


def _free_rim(shot: pose.Pose, content: pose.Content) -> list[NDArray[np.float64]]:
    """Points of the page's rim, in the picture, with a hand's breadth between them and the content."""
    x0, y0, x1, y1 = content
    rims = [((0.0, t), x0) for t in (0.35, 0.5, 0.65, 0.8)] + [((1.0, t), 1 - x1) for t in (0.35, 0.5, 0.65)]
    rims += [((t, 1.0), 1 - y1) for t in (0.3, 0.5, 0.7)] + [((t, 0.0), y0) for t in (0.3, 0.5)]
    return [pose.inside(shot.corners, (*at, *at))[0] for at, room in rims if room > 0.07]
