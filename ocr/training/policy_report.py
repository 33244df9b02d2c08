"""docs/policy.md and its two pictures: what was measured on held-out sheets when the policy was chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from ocr.policy import Policy
from ocr.training.heldout import SheetCase
from ocr.training.judged import Judged, tally, upper_bound

STEPS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
"""One threshold for all numbers: the rows of the curve."""

_HEAD = """# The policy, and what it was chosen from

Written by `make policy DATA=FOLDER` (`ocr.training.policy`) together with `ocr/models/policy.json`; not by hand.
Every figure here is about boxes and sheets that the readers had **not** been trained on (three or six folds by station,
writer or block of files; see the [model card](../ocr/models/MODEL_CARD.md)). The photos are really aligned, their boxes really
located, their bubbles really read; all numbers are counted, the doubtful ones and those that no person can read as well.

"""

_TAIL = """
## How to read it

- A number is accepted only with a witness beside the network: a sum that holds, or its bubbles. Its confidence says how sure its
  value is given the readers *and* the rules of the page (joint inference over the candidates of all numbers, `tally.inference`);
  what was read is never changed by a rule, and the readers alone must find it likelier than not.
- **Real held-out sheets** are few: no silent error among them bounds the rate at about 3 / accepted (95 %), no better.
- **Virtual sheets** (`ocr.training.virtual`) are made of the real held-out boxes, as wrong and as sure of themselves as the readers
  were about them, all 2s of a sheet from one writer; the number words are right and wrong as often as the real ones. They are
  enough to see rates of one in a thousand, for the kinds of writing and damage that are among the real boxes. What is not among
  them, they cannot show.
- Only live data can prove the rest: blind samples of accepted sheets, and every correction beside the machine's reading.
"""


@dataclass(frozen=True, slots=True)
class Bin:
    """Numbers of like confidence: their mean confidence, the share that was right, how many."""

    confidence: float
    right: float
    count: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured. Judged sheets by set (real) and by kind (virtual); reliability by the probability it is about."""

    policy: Policy
    boxes: int
    rules: tuple[int, int]
    marked: tuple[int, int]
    real: Mapping[str, Sequence[Judged]]
    made: Mapping[str, Sequence[Judged]]
    reliability: Mapping[str, tuple[float, Sequence[Bin]]]


EDGES = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.998, 1.0)
"""Bins of the diagram; those with fewer than FEW numbers are not drawn."""
FEW = 5


def bins_of(confidence: Sequence[float], right: Sequence[bool]) -> tuple[float, list[Bin]]:
    """Expected calibration error over 12 bins of equal count (Naeini et al., "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI 2015), and the bins of the diagram."""
    p, ok = np.array(confidence), np.array(right, float)
    equal = [i for i in np.array_split(np.argsort(p), 12) if len(i)]
    error = sum(abs(float(p[i].mean() - ok[i].mean())) * len(i) for i in equal) / max(1, len(p))
    drawn = [np.flatnonzero((p >= low) & ((p < high) | (high == 1.0))) for low, high in pairwise(EDGES)]
    return error, [Bin(float(p[i].mean()), float(ok[i].mean()), len(i)) for i in drawn if len(i) >= FEW]


def reliability_of(cases: Iterable[SheetCase], policy: Policy) -> dict[str, tuple[float, list[Bin]]]:
    """Calibration of every held-out number with a value: by the readers alone, and given the rules."""
    alone, told, right = [], [], []
    for c in cases:
        for n in c.numbers(policy):
            if n.value is not None and n.name in c.written:
                alone.append(n.reader_confidence)
                told.append(n.confidence)
                right.append(n.value == c.truth(n.name))
    return {"readers alone": bins_of(alone, right), "readers and rules": bins_of(told, right)}


def write(doc: Path, report: Report) -> None:
    """The page, and ``policy-curve.svg`` and ``policy-reliability.svg`` beside it."""
    doc.write_text(markdown(report), encoding="utf-8")
    (doc.parent / "policy-curve.svg").write_text(curve_svg(report), encoding="utf-8")
    (doc.parent / "policy-reliability.svg").write_text(reliability_svg(report), encoding="utf-8")


def markdown(report: Report) -> str:
    """The page's text."""
    from ocr.training.policy import GIVE_UP, LIMIT, MARKED_LIMIT

    p = report.policy
    rows = [
        _HEAD,
        f"Boxes both readers had a held-out word on: {report.boxes}. ",
        "Pool: " + ", ".join(f"{k} {v:g}" for k, v in p.weights.items()) + f"; temperature {p.temperature:g}. ",
        f"Printed sums that the papers themselves break: {report.rules[0]} of {report.rules[1]} "
        f"(a broken rule is taken for {p.broken_rule:g}).\n\n",
        "| a number passes when | least confidence |\n|---|---|\n",
        f"| both readers agree, a sum holds | {p.confident_checked:g} |\n",
        f"| Tesseract disagrees or is silent, a sum holds | {p.confident_alone:g} |\n",
        f"| no sum, its bubbles and both readers agree | {p.confident_marked:g} |\n",
        f"| no sum, its bubbles agree, Tesseract disagrees or is silent | {p.confident_marked_alone:g} |\n\n",
        "The first two: no wrong real sheet is accepted, and of all accepted virtual ones at most "
        f"{LIMIT:g} are wrong (upper 95 % bound; the measured share also in each kind); of the pairs that keep this, the "
        f"strictest that costs no more than {100 * GIVE_UP:g} % of the sheets. The third: upper bound {MARKED_LIMIT:g} for single "
        f"numbers before their bubbles are looked at ({report.marked[1]} wrong of {report.marked[0]}).\n\n",
        "| sheets | how many | accepted | share | silently wrong | upper 95 % bound |\n|---|---|---|---|---|---|\n",
    ]
    for title, group in (("real", report.real), ("virtual", report.made)):
        for name, sheets in group.items():
            n, wrong = tally(sheets, p.confident_checked, p.confident_alone)
            bound = f"{100 * upper_bound(wrong, n):.3g} %" if n else "-"
            rows.append(f"| {title}: {name} | {len(sheets)} | {n} | {100 * n / max(1, len(sheets)):.0f} % | {wrong} | {bound} |\n")
    rows.append("\n## Accepted share against silent errors\n\n![Accepted share against silent errors](policy-curve.svg)\n\n")
    rows.append("| one confidence for all | real accepted | real silent | virtual accepted | virtual silent per 1,000 accepted |\n")
    rows.append("|---|---|---|---|---|\n")
    real = [s for group in report.real.values() for s in group]
    made = [s for group in report.made.values() for s in group]
    for t in STEPS:
        n, wrong = tally(real, t, t)
        m, silent = tally(made, t, t)
        share, rate = 100 * m / max(1, len(made)), 1000 * silent / max(1, m)
        rows.append(f"| {t:g} | {n} of {len(real)} | {wrong} | {share:.0f} % of {len(made)} | {rate:.2f} ({silent}) |\n")
    rows.append("\n## Does a probability mean what it says\n\n![Reliability diagram](policy-reliability.svg)\n\n")
    rows.append("| confidence | expected calibration error | numbers |\n|---|---|---|\n")
    rows += [f"| {name} | {ece:.4f} | {sum(b.count for b in bins)} |\n" for name, (ece, bins) in report.reliability.items()]
    rows.append(_TAIL)
    return "".join(rows)


_W, _H, _PAD = 560, 340, 56
_COLOURS = ("#1d5fa8", "#b3541e", "#2e7d4f", "#7a4fa0", "#8a6d00", "#666666")


def _chart(
    title: str, across: str, up: str, ticks_x: Sequence[tuple[float, str]], ticks_y: Sequence[tuple[float, str]], inside: Sequence[str]
) -> str:
    """A chart's frame with ``inside`` drawn in it; ticks are (0..1, text)."""
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_W} {_H}" role="img" font-family="sans-serif" font-size="12">',
        f"<title>{title}</title>",
        f'<rect width="{_W}" height="{_H}" fill="#ffffff"/>',
    ]
    for x, text in ticks_x:
        px, _ = _at(x, 0)
        out.append(f'<line x1="{px:.1f}" y1="{_PAD / 2}" x2="{px:.1f}" y2="{_H - _PAD}" stroke="#e4e4e4"/>')
        out.append(f'<text x="{px:.1f}" y="{_H - _PAD + 16}" text-anchor="middle" fill="#333">{text}</text>')
    for y, text in ticks_y:
        _, py = _at(0, y)
        out.append(f'<line x1="{_PAD}" y1="{py:.1f}" x2="{_W - 20}" y2="{py:.1f}" stroke="#e4e4e4"/>')
        out.append(f'<text x="{_PAD - 6}" y="{py + 4:.1f}" text-anchor="end" fill="#333">{text}</text>')
    out.append(f'<text x="{(_W + _PAD) / 2}" y="{_H - 14}" text-anchor="middle" fill="#111">{across}</text>')
    out.append(f'<text x="{_PAD}" y="16" fill="#111">{up}</text>')
    return "\n".join([*out, *inside, "</svg>"]) + "\n"


def _at(x: float, y: float) -> tuple[float, float]:
    """Chart coordinates 0..1 to picture coordinates."""
    return _PAD + x * (_W - 20 - _PAD), _H - _PAD - y * (_H - 1.5 * _PAD)


def _line(points: Sequence[tuple[float, float]], colour: str, label: str, row: int) -> list[str]:
    at = [_at(x, y) for x, y in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    out = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at]
    out.append(f'<text x="{_PAD + 12}" y="{_PAD / 2 + 16 + 16 * row}" fill="{colour}">{label}</text>')
    return out


def curve_svg(report: Report) -> str:
    """Accepted share (across) against wrong sheets per 1,000 accepted (up), a line for each kind of virtual sheet."""
    lines: list[tuple[str, list[tuple[float, float]]]] = []
    for name, sheets in report.made.items():
        points = []
        for t in STEPS:
            n, wrong = tally(sheets, t, t)
            if n:
                points.append((n / len(sheets), 1000 * wrong / n))
        lines.append((name, points))
    top = max([1.0, *(y for _, points in lines for _, y in points)]) * 1.05
    inside = []
    for i, (name, points) in enumerate(lines):
        inside += _line([(x, y / top) for x, y in points], _COLOURS[i % len(_COLOURS)], name, i)
    x, y = _at(0, 1 / top)
    inside.append(f'<line x1="{x}" y1="{y:.1f}" x2="{_W - 20}" y2="{y:.1f}" stroke="#b00020" stroke-dasharray="5 4"/>')
    ticks_x = [(i / 5, f"{20 * i} %") for i in range(6)]
    ticks_y = [(i / 4, f"{top * i / 4:.1f}") for i in range(5)]
    return _chart(
        "Accepted share against silent errors, by least confidence",
        "accepted share of virtual sheets",
        "silently wrong sheets per 1,000 accepted (dashed: 1)",
        ticks_x,
        ticks_y,
        inside,
    )


def reliability_svg(report: Report) -> str:
    """Mean confidence (across) against the share that was right (up), in bins of equal count."""
    inside = [
        f'<line x1="{_at(0, 0)[0]}" y1="{_at(0, 0)[1]}" x2="{_at(1, 1)[0]}" y2="{_at(1, 1)[1]}" stroke="#999" stroke-dasharray="5 4"/>'
    ]
    for i, (name, (ece, bins)) in enumerate(report.reliability.items()):
        inside += _line([(b.confidence, b.right) for b in bins], _COLOURS[i], f"{name} (expected calibration error {ece:.4f})", i)
    ticks = [(i / 5, f"{i / 5:g}") for i in range(6)]
    return _chart("Reliability of the numbers' confidence on held-out sheets", "confidence", "share right", ticks, ticks, inside)
