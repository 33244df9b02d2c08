"""A printed code too blurred for the QR reader: its modules, each judged after the blur is learnt from the code itself.

Where the code stands is known from the registration, how many modules it has from the length of what our forms print. A fifth of a
code is the same in every code (finder, timing and alignment patterns: ISO/IEC 18004, 6.3). They say first where the grid lies exactly,
then, by least squares, which weighting of a module's neighbourhood gives back black and white: an equaliser for this very photo, be it
out of focus, moved by the hand or sharpened by a scan app. The modules are then drawn anew, clean; what they say is for the QR
reader and its error correction to find.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.types import Gray

QUIET = 4
"""Modules of white on each side, part of the template's rectangle."""
AROUND = 2
"""Modules of paper taken along on each side of that: the registration may be off by a little."""
PIXELS = 8
"""Side of a module in the picture that is sampled and in the one that is drawn."""
_SEARCH = int(1.5 * PIXELS)
_REACH = 2
"""A module is judged from (2 * _REACH + 1)^2 points half a module apart."""
_RIDGE = 0.02
_CAPACITY_M = (20, 38, 61, 90, 122)
"""Letters (alphanumeric mode) that versions 1 to 5 hold at level M: ISO/IEC 18004, table 7."""

Floats = NDArray[np.float64]


def modules(letters: int) -> int | None:
    """Side in modules of the smallest level-M code for a text of so many letters; None beyond version 5."""
    return next((17 + 4 * v for v, holds in enumerate(_CAPACITY_M, 1) if letters <= holds), None)


def redrawn(cut: Gray, n: int) -> Gray:
    """The code drawn anew from a blurred picture of it.

    ``cut``: the code's place as the registration gives it, ``PIXELS`` a module, with ``QUIET + AROUND`` modules around. ``n``: modules
    a side. Returns a square of ``(n + 2 * QUIET) * PIXELS`` pixels in pure black and white.
    """
    flat = _on_grid(cut.astype(np.float32), n)
    light = cv2.blur(flat, (8 * PIXELS + 1, 8 * PIXELS + 1))
    half = PIXELS // 2
    points = cv2.blur(flat - light, (half, half))
    m = n + 2 * QUIET
    middle = (np.arange(m) + AROUND) * PIXELS + half
    steps = [k * half for k in range(-_REACH, _REACH + 1)]
    seen = [points[np.ix_(middle + dy, middle + dx)] for dy in steps for dx in steps]
    around = light[np.ix_(middle, middle)]
    seen += [around - around.mean(), np.full((m, m), 30.0, np.float32)]
    features = np.stack(seen, axis=-1).astype(np.float64)

    known = _fixed(n)
    taught = known >= 0
    for edge in (taught[:2], taught[-2:], taught[:, :2], taught[:, -2:]):
        edge[:] = False  # print may come close to the white: two modules of it are enough
    a, b = features[taught], known[taught] - 0.5
    normal = a.T @ a
    normal += _RIDGE * np.trace(normal) / len(normal) * np.eye(len(normal))
    white = features @ np.linalg.solve(normal, a.T @ b) > 0
    clean = np.where(known >= 0, known > 0, white)
    return np.asarray(np.kron(clean * 255, np.ones((PIXELS, PIXELS))), np.uint8)


@lru_cache(maxsize=8)
def _fixed(n: int) -> Floats:
    """(n + 2 * QUIET)^2: 1 where every code of this version is white, 0 where black, -1 where it depends on what it says."""
    field = np.full((n, n), -1.0)
    field[6, 8 : n - 8] = field[8 : n - 8, 6] = np.arange(8, n - 8) % 2
    finder = _rings(9)
    field[:8, :8], field[:8, n - 8 :], field[n - 8 :, :8] = finder[1:, 1:], finder[1:, :8], finder[:8, 1:]
    if n > 21:
        field[n - 9 : n - 4, n - 9 : n - 4] = _rings(5, outer=0)
    field[n - 8, 8] = 0
    return np.pad(field, QUIET, constant_values=1)


def _rings(side: int, outer: int = 1) -> Floats:
    """Squares in each other, white and black in turn from outside; a finder's middle is 3 x 3."""
    rings = np.full((side, side), float(outer))
    for i in range(1, (side + 1) // 2 if side < 9 else 4):
        rings[i : side - i, i : side - i] = (i + outer) % 2
    return rings


def _on_grid(cut: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """The picture moved so that its three finders and the alignment pattern lie where the grid has them."""
    corners = [(_blurred(_rings(9)), (x, y)) for x, y in ((3.5, 3.5), (n - 3.5, 3.5), (3.5, n - 3.5))]
    # version 1 has no alignment pattern: its fourth corner follows from the three
    fourth = [(_blurred(_rings(5, outer=0)), (n - 6.5, n - 6.5))] if n > 21 else []
    due, found = [], []
    for pattern, at in corners + fourth:
        x, y = ((c + QUIET + AROUND) * PIXELS for c in at)
        half = pattern.shape[0] // 2
        left, top = int(x - half) - _SEARCH, int(y - half) - _SEARCH
        window = cut[top : top + 2 * (half + _SEARCH), left : left + 2 * (half + _SEARCH)]
        dx, dy = cv2.minMaxLoc(cv2.matchTemplate(window, pattern, cv2.TM_CCOEFF_NORMED))[3]
        due.append((x, y))
        found.append((x + dx - _SEARCH, y + dy - _SEARCH))
    a, b = np.array(due, np.float32), np.array(found, np.float32)
    if len(due) == 3:
        a, b = np.vstack([a, a[1] + a[2] - a[0]]), np.vstack([b, b[1] + b[2] - b[0]])
    moved = cv2.warpPerspective(
        cut,
        cv2.getPerspectiveTransform(a, b),
        (cut.shape[1], cut.shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(moved, np.float32)


def _blurred(pattern: Floats) -> NDArray[np.float32]:
    large = np.kron(pattern, np.ones((PIXELS, PIXELS))).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(large, (0, 0), PIXELS / 2), np.float32)
