"""A contact sheet: small pictures of generated photos, row by row from easy to hard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import samples
from samples import tps
from samples.dial import NAMED

SHOWN: tuple[tuple[str, str | None, int], ...] = (
    ("bupati", "c-hasil-kwk-2020", 2),
    ("ppwp", "c-hasil-ppwp-2024", 1),
    ("ppwp", "c-hasil-ppwp-2024", 2),
    ("ppwp", "c1-ppwp-2019", 2),
    ("dpr", "c1-plano-dpr-2019", 2),
    ("dpd", None, 2),
    ("dprd_kab", None, 4),
    ("gubernur", None, 1),
)
"""(election, form or None for the desk form, page)."""


def write(out: Path, seed: int = 0, cell: tuple[int, int] = (240, 320), shown: Sequence[tuple[str, str | None, int]] = SHOWN) -> None:
    """Write a JPEG with a column for each of ``shown`` and a row for each named difficulty.

    Raises:
        OSError: the file cannot be written.
    """
    rows = []
    for r, name in enumerate(NAMED):
        row = []
        for c, (kind, form, page) in enumerate(shown):
            code = tps.stations(kind, 1, seed + 10 * r + c)[0]
            sheet = tps.whole_tps(kind, code, seed, form=form, pages=[page])[0]
            data, _ = samples.photograph(sheet, name, seed + 10 * r + c)
            row.append(_cell(np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8), cell))
        rows.append(np.hstack(row))
    ok, file = cv2.imencode(".jpg", np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 78])
    if not ok:
        raise OSError(f"{out}: no picture could be made")
    out.write_bytes(file.tobytes())


def _cell(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    w, h = size
    k = min((w - 6) / picture.shape[1], (h - 6) / picture.shape[0])
    small = cv2.resize(picture, None, fx=k, fy=k, interpolation=cv2.INTER_AREA)
    out = np.full((h, w, 3), 255, np.uint8)
    y, x = (h - small.shape[0]) // 2, (w - small.shape[1]) // 2
    out[y : y + small.shape[0], x : x + small.shape[1]] = small
    return out
