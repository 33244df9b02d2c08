"""What the other pages of a polling station say about the doubtful numbers of this one.

The same count stands on several pages: the pairs' votes on page 2 and their sum on page 3, the ballots used on page 1 and all votes
on page 2. The machine decides page by page; while a sheet waits for a person, what has been committed for the other pages ranks the
likely contents of its numbers anew. Nothing is changed or filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ocr.policy import default
from tally.glyphs import value_of
from tally.inference import infer
from tally.interpretation import NumberReading
from templates_c1.rules import constraints_across
from templates_c1.schema import Template


def weigh(form: Template, numbers: Sequence[NumberReading], others: Mapping[str, int | None]) -> tuple[NumberReading, ...]:
    """``numbers`` of one page with confidence and candidates as they stand once the rules across pages have spoken.

    Args:
        numbers: as the machine read them, already weighed by the rules of their own page.
        others: committed values of the station's other pages; None for one that is not legible.
    """
    beliefs: dict[str, dict[int | None, float]] = {n: {v: 1.0} for n, v in others.items() if v is not None}
    told = [r for r in constraints_across(form) if any(name in beliefs for name in r.names)]
    if not told:
        return tuple(numbers)
    for n in numbers:
        belief: dict[int | None, float] = {}
        for text, p in n.candidates:
            belief[value_of(text)] = belief.get(value_of(text), 0.0) + p
        beliefs[n.name] = {**belief, None: belief.get(None, 0.0) + max(1 - sum(belief.values()), 1e-6)}
    posterior = infer(beliefs, told, default().broken_rule)
    return tuple(_reranked(n, beliefs[n.name], posterior[n.name]) for n in numbers)


def _reranked(n: NumberReading, before: Mapping[int | None, float], after: Mapping[int | None, float]) -> NumberReading:
    candidates = []
    for text, p in n.candidates:
        v = value_of(text)
        candidates.append((text, p * after[v] / before[v] if v is not None and v in after and before[v] > 0 else p))
    candidates.sort(key=lambda c: (c[0] != n.boxes, -c[1]))
    confidence = after.get(n.value, 0.0) if n.value is not None and n.candidates else n.confidence
    return replace(n, confidence=confidence, candidates=tuple(candidates))
