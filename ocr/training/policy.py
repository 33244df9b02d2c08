"""Choose the policy from measured error: reader weights, calibration, thresholds. Writes ocr/models/policy.json and docs/policy.md.

    python -m ocr.training.policy --data DIR --cnn cnn-heldout.npz --tesseract tesseract-heldout.npz [--out ...] [--doc ...]

The two npz hold what each reader said of boxes of *groups it was not trained on* (arrays source, photo, number, index, truth,
scores). Nothing here was seen in training.

    weights        log-linear pool, grid search for the least negative log likelihood of the boxes' true glyphs
    temperature    of the values' probabilities, grid search for the least negative log likelihood of the true values
    words          weight of the number words, the same way
    empty          the least probability that the network must give to emptiness to settle a box by itself: none of the real held-out boxes
                   that it gives so much to is anything else, and the upper bound of their share is below EMPTY_LIMIT
    broken_rule    share of printed sums that the true values of real papers do not keep
    thresholds     a pair with which no real held-out sheet is accepted with a wrong number, the upper 95 % bound of the share of wrong
                   sheets among all accepted *virtual* ones (``ocr.training.virtual``) stays below LIMIT, and so does the measured
                   share in every kind of them: the strictest that costs no more than GIVE_UP of the sheets
    marked         the least confidence at which the upper bound of wrong single numbers is below MARKED_LIMIT, before their bubbles are
                   even looked at

Sheets for which only the network has a held-out word count too, as if Tesseract had been silent.
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ocr import policy as policies
from ocr.decide import stands_alone, words_agree
from ocr.fuse import fuse, pool
from ocr.policy import FILE, Policy, default
from ocr.training import policy_report, virtual
from ocr.training.heldout import Heldout, Key, SheetCase, load_heldout, load_words, sheet_cases
from ocr.training.judged import Judged, tally, upper_bound
from tally.glyphs import EMPTY, GLYPHS
from tally.interpretation import NumberReading, RuleKind
from templates_c1 import registry, rules
from templates_c1.schema import Page

LIMIT = 1e-3
"""Upper 95 % bound of wrong sheets among accepted ones that the thresholds must show."""
GIVE_UP = 0.03
"""Share of the sheets that could be accepted which is given up for stricter thresholds than the limit asks for."""
MARKED_LIMIT = 5e-3
"""The same for single numbers that only bubbles confirm: filled by hand and read by other means, they seldom repeat a misreading."""
EMPTY_LIMIT = 2e-3
"""The same for single boxes that the network calls empty; EMPTY_GRID: probabilities tried, above 1 for never."""
EMPTY_GRID = (0.999, 0.9995, 0.9998, 0.9999, 2.0)
GRID = (0.8, 0.85, 0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.997, 0.998, 0.999, 0.9995)
"""Thresholds that are tried."""
WRITER = 24
"""So many neighbouring loose boxes are taken for one writer's: they come from one form."""


def judge(numbers: Sequence[NumberReading], policy: Policy, eligible: bool, wrong: bool) -> Judged:
    """The deciding figures of one sheet's numbers."""
    split: tuple[list[float], list[float]] = ([], [])
    for n in numbers:
        split[stands_alone(n, policy)].append(n.confidence)
    return Judged(min(split[0], default=1.0), min(split[1], default=1.0), eligible, wrong)


def pool_loss(cnn: Heldout, tess: Heldout, truth: Mapping[Key, str], weights: Mapping[str, float]) -> float:
    """Mean negative log likelihood of the true glyph; the kinds of emptiness count as one."""
    empty = [GLYPHS.index(e) for e in EMPTY]
    total = 0.0
    for key, glyph in truth.items():
        p = pool({"cnn": cnn[key], "tesseract": tess[key]}, weights)
        right = p[empty].sum() if glyph in EMPTY else p[GLYPHS.index(glyph)]
        total -= math.log(max(float(right), 1e-9))
    return total / max(1, len(truth))


def fit_temperature(cases: Iterable[SheetCase], policy: Policy) -> float:
    """The power of the values' probabilities with the least negative log likelihood of "the value read is right", readers alone."""
    pairs = []
    for c in cases:
        for n in c.numbers(replace(policy, temperature=1.0)):
            if n.value is not None and n.name in c.written and c.truth(n.name) is not None and n.clean > 0:
                pairs.append((n.reader_confidence / n.clean, n.value == c.truth(n.name)))
    p = np.clip(np.array([x for x, _ in pairs]), 1e-6, 1 - 1e-6)
    right = np.array([r for _, r in pairs])
    odds = np.log(p / (1 - p))

    def loss(t: float) -> float:
        q = 1 / (1 + np.exp(-t * odds))  # for two candidates the same as the power; nearly so for more
        return float(-np.where(right, np.log(q), np.log1p(-q)).mean())

    return min((round(float(t), 3) for t in np.geomspace(0.3, 2.0, 60)), key=loss)


def fit_words(cases: Sequence[SheetCase], policy: Policy) -> float:
    """Weight of the number words with the least negative log likelihood of the true values, the readers of the boxes as they are."""

    def loss(weight: float) -> float:
        total = 0.0
        for c in cases:
            if c.words:
                for n in c.numbers(replace(policy, weights=MappingProxyType({**policy.weights, "words": weight}))):
                    right = n.value is not None and n.name in c.written and n.value == c.truth(n.name)
                    total -= math.log(max(n.reader_confidence if right else 1 - n.reader_confidence, 1e-6))
        return total

    return min((0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0), key=loss)


def choose_empty(cnn: Heldout, truth: Mapping[Key, str]) -> tuple[float, int]:
    """Policy.empty from real held-out boxes, and how many of them it settles."""
    empty = [GLYPHS.index(e) for e in EMPTY]
    real = [(float(cnn[k][empty].sum()), g in EMPTY) for k, g in truth.items() if k[0] != "generated"]
    for t in EMPTY_GRID:
        above = [right for p, right in real if p >= t]
        if all(above) and upper_bound(0, len(above)) <= EMPTY_LIMIT:
            return t, len(above)
    return EMPTY_GRID[-1], 0


def broken_rules(cases: Iterable[SheetCase]) -> tuple[int, int]:
    """Of the printed sums of real papers: how many the true values break, and how many there are."""
    broken = whole = 0
    for c in cases:
        for f in rules.check(c.page, {n: c.truth(n) for n in c.written}):
            if f.kind is RuleKind.SUM and f.holds is not None:
                whole += 1
                broken += not f.holds
    return broken, whole


def real_sheets(cases: Iterable[SheetCase], policy: Policy) -> dict[str, list[Judged]]:
    """Every recognised held-out sheet as the policy's other rules see it, by set and page."""
    open_policy = replace(policy, confident_checked=0.0, confident_alone=0.0, confident_marked=0.0)
    out: dict[str, list[Judged]] = {}
    for c in cases:
        numbers = c.numbers(policy)
        passes = c.sheet is not None and not c.decision(numbers, open_policy).reasons
        out.setdefault(f"{c.source} p{c.page.number}", []).append(judge(numbers, policy, passes, bool(c.wrong(numbers))))
    return out


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of virtual sheet: a page, real values for it, and whose boxes write them."""

    title: str
    page: Page
    values: tuple[Mapping[str, str], ...]
    bank: virtual.Bank
    count: int


def kinds(cases: Sequence[SheetCase], loose: virtual.Bank, count: int) -> list[Kind]:
    """Kinds whose pages have sums and for which there are real boxes. Pages with many numbers get fewer sheets: each has more chances."""
    found: dict[tuple[str, int], list[SheetCase]] = {}
    for c in cases:
        if any(f.kind is RuleKind.SUM for f in rules.check(c.page, {})):
            found.setdefault((c.form, c.page.number), []).append(c)
    out = []
    for (form, number), mine in sorted(found.items()):
        page = mine[0].page
        values = tuple(c.written for c in mine if all(f.holds is not False for f in rules.check(page, {n: c.truth(n) for n in c.written})))
        values = tuple(v for v in values if all("?" not in b for b in v.values()))
        bank = virtual.bank_of(mine) if len(mine) > 5 else loose
        out.append(Kind(f"{form} p{number}", page, values, bank, count if len(page.numbers) < 10 else count // 2))
    return out


def _virtual(arguments: tuple[Kind, str, int]) -> list[Judged]:
    kind, text, seed = arguments
    policy, out = policies.from_json(text.encode()), []
    for readings, words, truth in virtual.virtual_sheets(kind.page, kind.values, kind.bank, kind.count, seed):
        numbers = fuse(kind.page, readings, policy, words)
        findings = rules.check(kind.page, {n.name: n.value for n in numbers})
        holds = all(f.holds for f in findings if f.severity.value == "error")
        clean = all(n.value is not None and n.clean >= policy.clean and n.reader_confidence >= policy.readers_floor for n in numbers)
        clean &= all(words_agree(n, policy) is not False for n in numbers)
        out.append(judge(numbers, policy, holds and clean, any(n.value != truth[n.name] for n in numbers)))
    return out


def virtual_judged(all_kinds: Sequence[Kind], policy: Policy, jobs: int) -> dict[str, list[Judged]]:
    """Virtual sheets of every kind, judged; in ``jobs`` processes."""
    text = policies.as_json(policy)
    parts = [(replace(k, count=k.count // 4), text, 100 * i + j) for i, k in enumerate(all_kinds) for j in range(4)]
    out: dict[str, list[Judged]] = {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool_:
        for (kind, _, _), judged in zip(parts, pool_.map(_virtual, parts), strict=True):
            out.setdefault(kind.title, []).extend(judged)
    return out


def choose_thresholds(real: Mapping[str, list[Judged]], made: Mapping[str, list[Judged]], limit: float = LIMIT) -> tuple[float, float]:
    """``confident_checked`` and ``confident_alone`` (never below it): of the pairs that keep the limits the strictest that gives up no
    more than GIVE_UP of the virtual sheets that the loosest of them accepts; the strictest of GRID where none keeps them."""
    kept: list[tuple[int, float, float]] = []
    for checked, alone in product(GRID, GRID):
        if alone < checked or any(tally(s, checked, alone)[1] for s in real.values()):
            continue
        counts = [tally(s, checked, alone) for s in made.values()]
        n, wrong = (sum(c) for c in zip(*counts, strict=True))
        if upper_bound(wrong, n) <= limit and all(w <= limit * m for m, w in counts):
            kept.append((n, checked, alone))
    enough = (1 - GIVE_UP) * max((n for n, *_ in kept), default=0)
    return max(((checked, alone) for n, checked, alone in kept if n >= enough), default=(GRID[-1], GRID[-1]))


def choose_marked(numbers: Sequence[tuple[float, bool]], limit: float = MARKED_LIMIT) -> tuple[float, int, int]:
    """Least confidence in GRID at which the bound holds for single numbers (confidence, right); with how many, and wrong ones."""
    for t in GRID:
        above = [right for c, right in numbers if c >= t]
        wrong = sum(not r for r in above)
        if upper_bound(wrong, len(above)) <= limit:
            break
    return t, len(above), wrong


def single_numbers(page: Page, bank: virtual.Bank, policy: Policy, count: int) -> tuple[list[tuple[float, bool]], list[tuple[float, bool]]]:
    """Confidence and truth of virtual numbers of ``page`` (three boxes each, one writer): those that both readers agree on, and those
    that only one reads."""
    alone = page.model_copy(update={"rules": ()})
    out: tuple[list[tuple[float, bool]], list[tuple[float, bool]]] = ([], [])
    for readings, _, truth in virtual.virtual_sheets(alone, (), bank, count, 9):
        for n in fuse(alone, readings, policy):
            out[stands_alone(n, policy)].append((n.confidence, n.value == truth[n.name]))
    return out


def loose_boxes(cnn: Heldout, tess: Heldout, truth: Mapping[Key, str]) -> virtual.Bank:
    """Bank of the boxes that belong to no sheet: neighbouring file numbers are one writer."""
    boxes = []
    for key, glyph in truth.items():
        source, photo, number, _ = key
        digits = re.findall(r"\d+", photo)
        if photo == number and digits and key in tess and glyph in GLYPHS and glyph != "?":
            boxes.append((f"{source}-{int(digits[-1]) // WRITER}", glyph, {"cnn": cnn[key], "tesseract": tess[key]}))
    return virtual.loose_bank(boxes)


def main() -> None:
    """Command line."""
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", type=Path, required=True)
    ap.add_argument("--cnn", type=Path, required=True)
    ap.add_argument("--tesseract", type=Path, required=True)
    ap.add_argument("--words", type=Path, help="what the reader of number words said of phrases it was not trained on")
    ap.add_argument("--out", type=Path, default=FILE)
    ap.add_argument("--doc", type=Path, help="page that tells what was measured (docs/policy.md); its pictures lie beside it")
    ap.add_argument("--sheets", type=int, default=20_000, help="virtual sheets of each kind")
    ap.add_argument("--jobs", type=int, default=2)
    a = ap.parse_args()
    cnn, truth = load_heldout(a.cnn)
    tess, _ = load_heldout(a.tesseract)
    both = {k: g for k, g in truth.items() if k in tess and g in GLYPHS and g != "?"}
    grid = product((0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2), (0.1, 0.2, 0.3, 0.4, 0.6))
    w_cnn, w_tess = min(grid, key=lambda w: pool_loss(cnn, tess, both, {"cnn": w[0], "tesseract": w[1]}))
    policy = replace(default(), weights=MappingProxyType({**default().weights, "cnn": w_cnn, "tesseract": w_tess}))
    cases = list(sheet_cases(a.data, {"cnn": cnn, "tesseract": tess}, load_words(a.words), a.jobs))
    broken, whole = broken_rules(cases)
    policy = replace(policy, empty=choose_empty(cnn, truth)[0])
    digits_only = [replace(c, words={}) for c in cases]
    policy = replace(policy, temperature=fit_temperature(digits_only, policy), broken_rule=round((broken + 1) / (whole + 2), 4))
    if a.words:
        policy = replace(policy, weights=MappingProxyType({**policy.weights, "words": fit_words(cases, policy)}))
    loose = loose_boxes(cnn, tess, truth)
    real = real_sheets(cases, policy)
    made = virtual_judged(kinds(cases, loose, a.sheets), policy, a.jobs)
    checked, alone = choose_thresholds(real, made)
    marked_page = next(p for t in registry.all_templates().values() for p in t.pages if any(n.bubbles for n in p.numbers))
    agreed, one_reader = single_numbers(marked_page, loose, policy, a.sheets)
    marked, n_marked, wrong_marked = choose_marked(agreed)
    marked_alone = max(marked, choose_marked(one_reader)[0])
    policy = replace(policy, confident_checked=checked, confident_alone=alone, confident_marked=marked, confident_marked_alone=marked_alone)
    a.out.write_text(policies.as_json(policy), encoding="utf-8")
    if a.doc:
        report = policy_report.Report(
            policy,
            len(both),
            (broken, whole),
            (n_marked, wrong_marked),
            real,
            made,
            policy_report.reliability_of(cases, policy),
        )
        policy_report.write(a.doc, report)
    shown: dict[str, Any] = json.loads(policies.as_json(policy))
    shown["real"] = {k: (len(s), *tally(s, checked, alone)) for k, s in real.items()}
    shown["virtual"] = {k: (len(s), *tally(s, checked, alone)) for k, s in made.items()}
    print(json.dumps(shown, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
