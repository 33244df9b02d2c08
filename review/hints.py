"""What may have been written instead, so that all rules hold: suggestions to look at, ranked by likelihood, never filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

from review.words import Labels
from tally.glyphs import boxes_of, value_of
from tally.inference import AtMost, Constraint, Sum
from tally.interpretation import NumberReading

MOST = 3
"""Suggestions shown."""
_FEW = 4
"""Candidates of a number that are tried in pairs."""
_SUSPECTS = 12
"""Numbers that are looked at, those of broken rules first: pairs of more would take longer than a screen may wait."""
_UNSEEN = 2e-3
"""Likelihood of a digit that no reader saw in its box (one in 500 boxes)."""
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Hint:
    """``changes``: number -> another value than was read, with which every rule holds. ``probability``: of all that make them hold."""

    changes: Mapping[str, int]
    probability: float
    text: str
    text_en: str


def hints(
    numbers: Sequence[NumberReading],
    widths: Mapping[str, int],
    rules: Sequence[Constraint],
    others: Mapping[str, int | None],
    labels: Labels,
) -> tuple[Hint, ...]:
    """The likeliest changes of one or two numbers after which all ``rules`` hold; empty if they hold as read.

    Args:
        numbers: with candidates as the rules weigh them (tally.inference, review.evidence).
        widths: number -> how many boxes it has.
        rules: of severity error, of the page and across pages.
        others: what stands for the station's other pages.
    """
    read = {n.name: n.value for n in numbers}
    known: dict[str, int] = {k: v for k, v in {**others, **read}.items() if v is not None}
    told = [r for r in rules if all(n in read or n in known for n in r.names) and any(n in read for n in r.names)]
    unread = {n for n, v in read.items() if v is None}
    failing = [r for r in told if unread & set(r.names) or not _holds(r, known)]
    first = {name for r in failing for name in r.names}
    near = {name for r in told if first & set(r.names) for name in r.names}
    suspects = sorted((n for n in numbers if n.name in near), key=lambda n: (n.name not in first, n.confidence))[:_SUSPECTS]
    if not first & {n.name for n in suspects}:
        return ()
    found: dict[tuple[tuple[str, int], ...], float] = {}
    believed = {n.name: _likelihoods(n) for n in suspects}
    mine = {n.name: max(believed[n.name].get(n.value, _LEAST), _LEAST) if n.value is not None else 1.0 for n in suspects}

    def try_out(change: Mapping[str, int]) -> None:
        new = {**known, **change}
        if all(name in new for r in told for name in r.names) and all(_holds(r, new) for r in told):
            likely = prod(_likely(believed[k], v, widths[k]) / mine[k] for k, v in change.items())
            found[tuple(sorted(change.items()))] = likely

    options = {n.name: _options(n, told, known, widths) for n in suspects}
    for name, values in options.items():
        if not unread - {name}:
            for v in values:
                try_out({name: v})
    if not found or len(unread) == 2:
        for a, b in combinations(suspects, 2):
            if unread - {a.name, b.name} or not first & {a.name, b.name}:
                continue
            for v in options[a.name][:_FEW]:
                around = {**known, a.name: v}
                for w in dict.fromkeys([*_implied(b.name, told, around, widths), *options[b.name][:_FEW]]):
                    try_out({a.name: v, b.name: w})
    whole = sum(found.values())
    best = sorted(found.items(), key=lambda f: (-f[1], f[0]))[:MOST]
    return tuple(_hint(dict(change), likely / whole, read, labels) for change, likely in best)


def _holds(rule: Constraint, values: Mapping[str, int]) -> bool:
    if isinstance(rule, Sum):
        return values[rule.total] == sum(values[p] for p in rule.parts)
    return values[rule.number] <= (rule.bound if isinstance(rule.bound, int) else values[rule.bound])


def _likelihoods(n: NumberReading) -> dict[int | None, float]:
    out: dict[int | None, float] = {}
    for boxes, p in n.candidates:
        v = value_of(boxes)
        out[v] = out.get(v, 0.0) + p
    return out


def _likely(believed: Mapping[int | None, float], value: int, width: int) -> float:
    """A candidate's own probability; else by how many boxes it is away from the nearest candidate."""
    if value in believed:
        return max(believed[value], _LEAST)
    boxes = boxes_of(value, width)
    near = [(p, boxes_of(v, width)) for v, p in believed.items() if v is not None and len(str(v)) <= width]
    return max((p * _UNSEEN ** sum(a != b for a, b in zip(boxes, other, strict=True)) for p, other in near), default=_LEAST) or _LEAST


def _options(n: NumberReading, rules: Iterable[Constraint], known: Mapping[str, int], widths: Mapping[str, int]) -> list[int]:
    """What ``n`` may be instead: what its rules imply with the others as read, and its candidates."""
    seen = [v for v in _likelihoods(n) if v is not None]
    return [v for v in dict.fromkeys([*_implied(n.name, rules, known, widths), *seen]) if v != n.value]


def _implied(name: str, rules: Iterable[Constraint], known: Mapping[str, int], widths: Mapping[str, int]) -> list[int]:
    """Values of ``name`` with which one of ``rules`` holds, all other numbers as ``known``."""
    out = []
    for r in rules:
        if isinstance(r, AtMost) or name not in r.names or any(o not in known for o in r.names if o != name) or r.names.count(name) > 1:
            continue
        v = sum(known[p] for p in r.parts) if name == r.total else known[r.total] - sum(known[p] for p in r.parts if p != name)
        if 0 <= v < 10 ** widths[name]:
            out.append(v)
    return out


def _hint(change: Mapping[str, int], probability: float, read: Mapping[str, int | None], labels: Labels) -> Hint:
    def said(lang: int) -> str:
        instead = ("bukan", "not")[lang]
        unread = ("tidak terbaca mesin", "not read")[lang]
        return "; ".join(
            f"{labels[k][lang]} {v} ({unread if read[k] is None else f'{instead} {read[k]}'})" for k, v in sorted(change.items())
        )

    return Hint(dict(change), probability, said(0), said(1))
