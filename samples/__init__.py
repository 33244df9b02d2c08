"""Generated samples: filled forms and phone photos of them, with their true values. Deterministic by seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samples import camera
from samples.dial import difficulty as degree
from samples.sheet import draw
from samples.tps import Sheet

SCANNED = frozenset({"c1-ppwp-2019"})
"""Forms that are mostly met as scans."""


def make(
    form: str,
    page: int,
    seed: int,
    *,
    difficulty: float = 0.3,
    break_sum: bool = False,
    values: Mapping[str, int] | None = None,
    printed: NDArray[np.uint8] | None = None,
) -> tuple[bytes, dict[str, Any]]:
    """One photo and its truth.

    Pages of the same ``form`` and ``seed`` are one station. Every second seed of a form that is mostly met as a scan is one.
    ``printed``: see samples.sheet.draw.

    Returns:
        JPEG bytes, and {"form", "page", "numbers": {name: boxes}, "doubtful": [], "marks": {..}, "break_sum": bool}.

    Raises:
        KeyError, ValueError: see samples.sheet.draw.
    """
    sample = draw(form, page, seed, break_sum=break_sum, difficulty=difficulty, values=values, printed=printed)
    shoot = camera.scan if form in SCANNED and seed % 2 else camera.photograph
    data = shoot(sample.image, seed * 10 + page, difficulty)
    truth: dict[str, Any] = {
        "form": form,
        "page": page,
        "numbers": sample.numbers,
        "doubtful": list(sample.doubtful),
        "group": f"{form}-{seed}",
    }
    if sample.marks:
        truth["marks"] = sample.marks
    if break_sum:
        truth["note"] = "one sum is wrong on purpose"
    return data, truth


def photograph(sheet: Sheet, difficulty: str | float = "moderate", seed: int = 0) -> tuple[bytes, dict[str, Any]]:
    """Fill one page of a polling station by hand and photograph it; the same arguments give the same bytes.

    Args:
        difficulty: "easy", "moderate", "hard" or 0..1 (docs/samples.md).
        seed: of paper and photo; the handwriting is the station's.

    Returns:
        JPEG bytes, and {"form", "page", "tps", "election", "numbers": {name: boxes}, "doubtful": [..], "group", ...}.

    Raises:
        ValueError: no such difficulty.
    """
    d = degree(difficulty)
    data, truth = make(sheet.form, sheet.page, seed, difficulty=d, values=sheet.values)
    return data, truth | {"tps": sheet.tps, "election": sheet.election, "group": sheet.tps, "form_errors": list(sheet.errors)}
