"""Choose the policy from measured error: reader weights, calibration, thresholds. Writes ocr/models/policy.json.

    python -m ocr.training.policy --data DIR --cnn cnn-heldout.npz --tesseract tesseract-heldout.npz [--out ...] [--report ...]

The two npz hold what each reader said of boxes of *groups it was not trained on* (arrays source, photo, number, index,
truth, scores). Nothing here was seen in training.

    weights       log-linear pool, grid search for the least negative log likelihood of the boxes' true glyphs
    temperature   of the numbers' log odds, grid search for the least negative log likelihood of right/wrong
    thresholds    the least confidence at which the upper 95 % bound of the measured share of wrong *numbers* stays below a
                  limit: 2 % where both readers agree, 1 % over all numbers for the one that stands alone. Arithmetic comes
                  on top: a wrong number passes only if another one is wrong by just as much. Never below the floors.

Sheets for which only the network has a held-out word count too, as if Tesseract had been silent.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ocr.decide import decide, stands_alone
from ocr.fuse import fuse, pool
from ocr.policy import FILE, Policy, default
from ocr.training.policy_report import markdown
from ocr.types import AlignedSheet, BoxReading, Floats, LocatedBox, Photo
from tally.glyphs import EMPTY, GLYPHS, value_of
from tally.interpretation import Accepted, NumberReading
from templates_c1 import registry, rules
from templates_c1.schema import Page, Template

GRID = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998)
"""Thresholds that are tried."""
AGREED, ALONE = (0.02, 0.9), (0.01, 0.95)
"""Limit of the upper bound of the share of wrong numbers, and floor of the threshold."""
MARKED = 0.97
"""Where only bubbles confirm a number there are too few real sheets to measure: set by hand, strict."""

Key = tuple[str, str, str, int]
"""source, photo, number, box index."""
Heldout = Mapping[Key, Floats]


def load_heldout(path: Path) -> tuple[dict[Key, Floats], dict[Key, str]]:
    """Scores and true glyphs of one reader's held-out boxes."""
    with np.load(path, allow_pickle=False) as z:
        keys = [(str(s), str(p), str(n), int(i)) for s, p, n, i in zip(z["source"], z["photo"], z["number"], z["index"], strict=True)]
        scores = z["scores"].astype(np.float64)
        truth = [str(t) for t in z["truth"]]
    return dict(zip(keys, scores, strict=True)), dict(zip(keys, truth, strict=True))


def pool_loss(cnn: Heldout, tess: Heldout, truth: Mapping[Key, str], weights: Mapping[str, float]) -> float:
    """Mean negative log likelihood of the true glyph; the kinds of emptiness count as one."""
    empty = [GLYPHS.index(e) for e in EMPTY]
    total = 0.0
    for key, glyph in truth.items():
        p = pool({"cnn": cnn[key], "tesseract": tess[key]}, weights)
        right = p[empty].sum() if glyph in EMPTY else p[GLYPHS.index(glyph)]
        total -= math.log(max(float(right), 1e-9))
    return total / max(1, len(truth))


@dataclass(frozen=True, slots=True)
class SheetCase:
    """One held-out sheet with its true values; ``unsure`` numbers are those a person cannot read."""

    source: str
    photo: str
    template: Template
    page: Page
    readings: Mapping[str, tuple[BoxReading, ...]]
    truth: Mapping[str, int | None]

    def numbers(self, policy: Policy) -> tuple[NumberReading, ...]:
        return fuse(self.page, self.readings, policy)

    def passes(self, numbers: tuple[NumberReading, ...], policy: Policy) -> bool:
        """Would the policy accept the sheet, its boxes well located?"""
        gray = np.zeros((1, 1), np.uint8)
        sheet = AlignedSheet(Photo(self.photo, "", gray), self.template, self.page, np.eye(3), 1.0, "heldout")
        boxes = [LocatedBox(n.name, i, gray, np.zeros((4, 2)), 1.0) for n in self.page.numbers for i in range(len(n.boxes))]
        findings = rules.check(self.page, {n.name: n.value for n in numbers})
        return isinstance(decide(sheet, boxes, numbers, findings, policy), Accepted)

    def wrong(self, numbers: Iterable[NumberReading]) -> list[str]:
        return [n.name for n in numbers if n.name in self.truth and (self.truth[n.name] is None or n.value != self.truth[n.name])]


def sheet_cases(data: Path, readers: Mapping[str, Heldout]) -> list[SheetCase]:
    """Every sheet under ``data`` for whose boxes the network has a held-out word, with the other readers' where they have one."""
    cases = []
    for file in sorted(data.glob("*/truth.json")):
        source = file.parent.name
        for photo, t in json.loads(file.read_text(encoding="utf-8"))["photos"].items():
            if t["form"] not in registry.all_templates():
                continue
            template = registry.template(t["form"])
            page = template.page(t["page"])
            keys = [(source, photo, n.name, i) for n in page.numbers for i in range(len(n.boxes))]
            told = {r: scores for r, scores in readers.items() if all(k in scores for k in keys)}
            if "cnn" in told:
                readings = {r: tuple(BoxReading(r, k[2], k[3], scores[k]) for k in keys) for r, scores in told.items()}
                truth = {n: None if "?" in b else value_of(b.replace(" ", "_")) for n, b in t["numbers"].items()}
                cases.append(SheetCase(source, photo, template, page, readings, truth))
    return cases


def fit_temperature(cases: Iterable[SheetCase], policy: Policy) -> float:
    """Temperature of the numbers' log odds with the least negative log likelihood of "the value is right"."""
    raw = replace(policy, temperature=1.0)
    pairs = [
        (n.confidence, n.value == c.truth[n.name])
        for c in cases
        for n in c.numbers(raw)
        if n.value is not None and c.truth.get(n.name) is not None
    ]
    p = np.clip(np.array([x for x, _ in pairs]), 1e-6, 1 - 1e-6)
    right = np.array([r for _, r in pairs])
    odds = np.log(p / (1 - p))

    def loss(t: float) -> float:
        q = 1 / (1 + np.exp(-t * odds))
        return float(-np.where(right, np.log(q), np.log1p(-q)).mean())

    return min((round(float(t), 3) for t in np.geomspace(0.3, 2.0, 60)), key=loss)


def upper_bound(wrong: int, n: int, alpha: float = 0.05) -> float:
    """One-sided upper confidence limit of a share (Clopper and Pearson, 1934), by bisection. 1.0 if ``n`` is 0."""
    if n == 0 or wrong >= n:
        return 1.0
    low, high = wrong / n, 1.0
    for _ in range(50):
        p = (low + high) / 2
        terms = (
            math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log1p(-p)
            for i in range(wrong + 1)
        )
        if sum(map(math.exp, terms)) > alpha:
            low = p
        else:
            high = p
    return high


@dataclass(frozen=True, slots=True)
class Judged:
    """One held-out number: its confidence, whether it is right, whether both readers of the ink agree on it."""

    confidence: float
    right: bool
    agreed: bool


def judged(cases: Iterable[SheetCase], policy: Policy) -> list[Judged]:
    """Every clean-looking number of the cases, doubtful ones included; one that a person cannot read is never right."""
    return [
        Judged(n.confidence, c.truth[n.name] is not None and n.value == c.truth[n.name], not stands_alone(n))
        for c in cases
        for n in c.numbers(policy)
        if n.name in c.truth and n.clean >= policy.clean
    ]


def choose_threshold(numbers: list[Judged], limit: float, floor: float) -> tuple[float, int, int, float]:
    """Least confidence from GRID at which the upper bound of the share of wrong numbers is below ``limit``.

    Returns:
        threshold (at least ``floor``; the last of GRID if none will do), numbers at or above it, wrong ones, their upper bound.
    """
    for t in GRID:
        above = [n for n in numbers if n.confidence >= t]
        wrong = sum(not n.right for n in above)
        if t >= floor and upper_bound(wrong, len(above)) <= limit:
            break
    return t, len(above), wrong, round(upper_bound(wrong, len(above)), 5)


def curve(cases: list[SheetCase], policy: Policy) -> list[dict[str, Any]]:
    """Accepted share against silent errors as the threshold moves."""
    read = [(c, c.numbers(policy)) for c in cases]
    rows = []
    for t in (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999):
        p = replace(policy, confident_checked=t, confident_alone=t, confident_marked=max(t, policy.confident_marked))
        passed = [(c, n) for c, n in read if c.passes(n, p)]
        rows.append({"threshold": t, "sheets": len(cases), "accepted": len(passed), "silent": sum(bool(c.wrong(n)) for c, n in passed)})
    return rows


def main() -> None:
    """Command line."""
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", type=Path, required=True)
    ap.add_argument("--cnn", type=Path, required=True)
    ap.add_argument("--tesseract", type=Path, required=True)
    ap.add_argument("--out", type=Path, default=FILE)
    ap.add_argument("--doc", type=Path, help="page that tells what was measured (docs/policy.md)")
    a = ap.parse_args()
    cnn, truth = load_heldout(a.cnn)
    tess, _ = load_heldout(a.tesseract)
    both = {k: g for k, g in truth.items() if k in tess and g in GLYPHS and g != "?"}
    grid = product((0.4, 0.6, 0.8, 1.0, 1.2), (0.0, 0.1, 0.2, 0.3, 0.4, 0.6))
    w_cnn, w_tess = min(grid, key=lambda w: pool_loss(cnn, tess, both, {"cnn": w[0], "tesseract": w[1]}))
    policy = replace(default(), weights=MappingProxyType({"cnn": w_cnn, "tesseract": w_tess, "marks": default().weights["marks"]}))
    cases = sheet_cases(a.data, {"cnn": cnn, "tesseract": tess})
    policy = replace(policy, temperature=fit_temperature(cases, policy))
    numbers = judged(cases, policy)
    agreed = choose_threshold([n for n in numbers if n.agreed], *AGREED)
    alone = choose_threshold(numbers, *ALONE)
    policy = replace(policy, confident_checked=agreed[0], confident_alone=alone[0], confident_marked=max(agreed[0], MARKED))
    out = {
        "weights": dict(policy.weights),
        "malformed": policy.malformed,
        "temperature": policy.temperature,
        "junk": policy.junk,
        "clean": policy.clean,
        "confident_checked": policy.confident_checked,
        "confident_alone": policy.confident_alone,
        "confident_marked": policy.confident_marked,
        "border": policy.border,
        "quality": policy.quality,
    }
    a.out.write_text(json.dumps(out, indent=2) + "\n", encoding="utf-8")
    names = ("threshold", "numbers", "wrong", "upper_bound")
    report = {
        "boxes": len(both),
        "sheets": len(cases),
        "agreed": dict(zip(names, agreed, strict=True)),
        "alone": dict(zip(names, alone, strict=True)),
        "curve": curve(cases, policy),
    }
    if a.doc:
        a.doc.write_text(markdown(out, report), encoding="utf-8")
    print(json.dumps(out | report, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
