"""Generated samples: filled forms and phone photos of them, with their true values. Deterministic by seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samples import camera
from samples.dial import Dial
from samples.dial import difficulty as degree
from samples.effects import befall
from samples.fill import fill
from samples.paper import wear
from samples.sheet import draw
from samples.shoot import shoot
from samples.tps import Sheet, rng_of
from templates_c1.registry import template as template_of
from templates_c1.schema import Page

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
    dial = Dial(degree(difficulty))
    rng = rng_of("photo", sheet.form, sheet.page, sheet.tps, sheet.seed, seed)
    happening = befall(rng, dial)
    filled = fill(sheet, dial, seed)
    page = template_of(sheet.form).page(sheet.page)
    wear(filled.image, happening, rng, dial, _signature_of(page, filled.image.shape[0]), f"TPS {sheet.tps[-3:]}")
    box = min(b.h for n in page.numbers for b in n.boxes) / page.size.height
    if sheet.form in SCANNED and rng.random() < 0.5:
        data, done = camera.scan(filled.image, int(rng.integers(2**31)), dial.at), ["scanner"]
    else:
        data, done = shoot(filled.image, _content(page, dial), box, happening, rng, dial), sorted(happening)
    truth: dict[str, Any] = {
        "form": sheet.form,
        "page": sheet.page,
        "tps": sheet.tps,
        "election": sheet.election,
        "numbers": filled.numbers,
        "doubtful": filled.doubtful,
        "corrected": filled.corrected,
        "group": f"{sheet.tps}-{sheet.seed}",
        "difficulty": dial.at,
        "effects": filled.effects + done,
        "generated": True,
    }
    if filled.marks:
        truth["marks"] = filled.marks
    if sheet.errors:
        truth["form_errors"] = list(sheet.errors)
    return data, truth


def _content(page: Page, dial: Dial) -> tuple[float, float, float, float]:
    """What must stay in the picture: boxes, bubbles and tag; of the corner markers only an easy sample keeps them all."""
    corners = [c for n in page.numbers for b in n.boxes for c in b.corners]
    corners += [c for n in page.numbers for column in n.bubbles for c in column.centres]
    if page.recognition.tag:
        corners += page.recognition.tag.corners
    if dial.at < 0.25:
        corners += [m.at for m in page.recognition.markers]
    x, y = np.array(corners).T / np.array([[page.size.width], [page.size.height]])
    return (
        max(0.0, float(x.min()) - 0.01),
        max(0.0, float(y.min()) - 0.01),
        min(1.0, float(x.max()) + 0.01),
        min(1.0, float(y.max()) + 0.01),
    )


def _signature_of(page: Page, height: int) -> tuple[float, float] | None:
    """Pixels where the chairman signs, and so stamps."""
    area = page.free_text.get("kpps_1")
    k = height / page.size.height
    return None if area is None else ((area.x + 0.7 * area.w) * k, (area.y + 0.4 * area.h) * k)
