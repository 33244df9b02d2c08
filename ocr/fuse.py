"""From the readers' scores of single boxes, and the rules of the page, to one calibrated probability per number.

Boxes: a log-linear pool of the readers (weights learnt on held-out boxes, ocr/models/policy.json); Heskes, "Selecting
weighting factors in logarithmic opinion pools", NIPS 1997. A reader that abstains has no say.
An empty box of which the network is surer than any held-out box that was not empty (``Policy.empty``) is settled by it alone:
Tesseract's word on it is not needed, and the network's weighs as it stands.
Numbers: the grammar of the paper (empties, then digits) over all boxes of the number, enumerated. The confidence of a
number is the probability of its *value*: X27, 027 and _27 are the same 27.
Words: the same number written out is one more opinion on its value, from other ink. It may carry a value that the readers of the boxes
think second best, not one that they hardly allow (``Policy.boxes_floor``).
Rules: what the page's sums and bounds say about the candidates of all numbers together (``tally.inference``). They raise or
lower a number's confidence and rank its other candidates; what is read stays what the readers say.
Junk: whether a box is clean is one question, what it most likely says another. A box that may be overwritten keeps its best
glyph as a suggestion for the reviewer, and its number loses that much confidence; one that surely is has no glyph.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from types import MappingProxyType

import numpy as np

from ocr.policy import Policy
from ocr.types import BoxReading, Floats
from tally.glyphs import EMPTY, GLYPHS, JUNK, boxes_of, is_well_formed, value_of
from tally.inference import Belief, infer
from tally.interpretation import NOT_ASKED, NumberReading, ReaderSays
from templates_c1 import rules
from templates_c1.schema import Page

_TOP = 5
"""Glyphs a box that are enumerated."""
_LEAST = 1e-4
"""Glyphs less likely than this, against the likeliest of the box, are not."""
_CANDIDATES = 5
_OPEN = 0.02
"""Number words choose among the values that the boxes leave open with so much probability; they never speak for another: a cross that
stands where the words have a digit is a cross."""
_VALUES = 1000
"""What can be written in words: 0 to 999."""
NO_WORDS: Mapping[str, Mapping[int, float]] = MappingProxyType({})
_JUNK = GLYPHS.index(JUNK)
_EMPTY = [GLYPHS.index(g) for g in EMPTY]


def pool(scores: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Log-linear pool of the readers' scores (14,) of one box. Readers that abstain (all zero) are left out.

    Returns:
        (14,) sum 1; all zero if every reader abstains.
    """
    total = np.zeros(len(GLYPHS))
    spoke = False
    for reader, s in scores.items():
        if s.sum() > 0:
            total += weights.get(reader, 0.0) * np.log(np.maximum(s, 1e-6))
            spoke = True
    if not spoke:
        return total
    e = np.exp(total - total.max())
    out: Floats = e / e.sum()
    return out


def is_settled(network: Floats, policy: Policy) -> bool:
    """Is the network so sure that a box is empty, by its scores (14,), that Tesseract need not be asked about it?"""
    return float(network[_EMPTY].sum()) >= policy.empty


def number_from(boxes: Sequence[Floats], malformed: float) -> list[tuple[str, float]]:
    """All likely contents of a number, best first, probabilities sum to 1.

    Args:
        boxes: fused scores (14,) of each box.
        malformed: how many times less likely a malformed content is than a well-formed one, a priori.
    """
    tops = [_likeliest(b) for b in boxes]
    found = []
    for combo in product(*tops):
        text = "".join([glyph for glyph, _ in combo])
        p = math.prod([p for _, p in combo])
        found.append((text, p if is_well_formed(text) else p * malformed))
    total = sum(p for _, p in found)
    if total <= 0:
        return []
    return sorted(((t, p / total) for t, p in found), key=lambda c: -c[1])


def _likeliest(scores: Floats) -> list[tuple[str, float]]:
    """Glyphs of one box worth enumerating, best first, with their scores."""
    values = scores.tolist()
    least = _LEAST * max(values)
    return [(GLYPHS[g], values[g]) for g in scores.argsort()[::-1][:_TOP].tolist() if values[g] >= least]


def fuse(
    page: Page, readings: Mapping[str, Sequence[BoxReading]], policy: Policy, words: Mapping[str, Mapping[int, float]] = NO_WORDS
) -> tuple[NumberReading, ...]:
    """One NumberReading for every number of ``page``, in template order.

    Args:
        readings: reader -> its word on each box.
        words: number -> value -> probability by the number written in words; what is missing to 1 may be any value.

    A box about which every reader is silent makes its number valueless with confidence 0.
    """
    by_box: dict[tuple[str, int], dict[str, Floats]] = {}
    for reader, boxes in readings.items():
        for b in boxes:
            by_box.setdefault((b.number, b.index), {})[reader] = b.scores
    read = [
        _fuse_number(n.name, [by_box.get((n.name, i), {}) for i in range(len(n.boxes))], words.get(n.name, {}), policy)
        for n in page.numbers
    ]
    told = infer({n.name: belief for n, belief in read}, [*rules.constraints(page), *rules.customs(page)], policy.broken_rule)
    return tuple(_judged(n, told[n.name]) for n, _ in read)


def _fuse_number(
    name: str, boxes: Sequence[Mapping[str, Floats]], words: Mapping[int, float], policy: Policy
) -> tuple[NumberReading, Belief]:
    """What the readers say of one number, and what they believe of each value it may have (None: anything else)."""
    settled = ["cnn" in b and is_settled(b["cnn"], policy) for b in boxes]
    names = {"tesseract", *(r for b in boxes for r in b)}
    readers = {r: _says([b.get(r) for b in boxes], [s and r == "tesseract" for s in settled]) for r in sorted(names)}
    said = {r: s for r, s in readers.items() if s is not None} | _said_in_words(words, len(boxes))
    pooled = [_settled(b, policy) if s else pool(b, policy.weights) for b, s in zip(boxes, settled, strict=True)]
    if any(p.sum() <= 0 for p in pooled):
        return NumberReading(name, JUNK * len(boxes), None, 0.0, said, reader_confidence=0.0), {None: 1.0}
    dirty = [float(p[_JUNK]) for p in pooled]
    clean = math.prod(1 - d for d in dirty)
    candidates = number_from([_without_junk(p) for p in pooled], policy.malformed)
    by_boxes = _tempered(_by_value(candidates), policy.temperature)
    worth = _told(by_boxes, words, policy.weights.get("words", 0.0))
    belief = {v: clean * p for v, p in worth.items()}
    belief[None] = belief.get(None, 0.0) + 1 - clean
    if max(dirty) >= policy.junk:
        written = "".join(JUNK if d >= policy.junk else GLYPHS[int(p[:_JUNK].argmax())] for p, d in zip(pooled, dirty, strict=True))
        return NumberReading(name, written, None, 0.0, said, tuple(candidates), clean, 0.0), belief
    # the value with the most probability, shown as its likeliest writing
    best = max(worth, key=lambda v: worth[v])
    written = next(text for text, _ in candidates if value_of(text) == best)
    # what the boxes hardly allow is a suggestion, however sure the words are of it
    by_readers = worth[best] if by_boxes[best] >= policy.boxes_floor else min(worth[best], by_boxes[best])
    return NumberReading(name, written, best, 0.0, said, tuple(candidates), clean, clean * by_readers), belief


def _judged(n: NumberReading, told: Mapping[int | None, float]) -> NumberReading:
    """The reading with its confidence and its candidates as they stand after the rules have spoken."""
    # a writing has its share of what its value is worth now; values too unlikely to be told apart share what "something else" is worth
    whole = _by_value(n.candidates)
    unlisted = sum(p for v, p in whole.items() if v not in told)
    ranked = []
    for text, p in n.candidates:
        v = value_of(text)
        if v is not None and v in told:
            ranked.append((text, told[v] * p / whole[v]))
        elif v is not None and unlisted > 0:
            ranked.append((text, told[None] * p / unlisted))
    ranked.sort(key=lambda c: (c[0] != n.boxes, -c[1]))
    return replace(n, confidence=told.get(n.value, 0.0) if n.value is not None else 0.0, candidates=tuple(ranked[:_CANDIDATES]))


def _by_value(writings: Sequence[tuple[str, float]]) -> dict[int | None, float]:
    """Probability of each value (None: malformed), summed over its writings, likeliest writing first."""
    worth: dict[int | None, float] = {}
    for text, p in writings:
        worth[value_of(text)] = worth.get(value_of(text), 0.0) + p
    return worth


def _tempered(worth: Mapping[int | None, float], temperature: float) -> dict[int | None, float]:
    """Probabilities to the power of ``temperature``: more or less sure, the order kept (Guo et al., "On calibration of modern
    neural networks", 2017)."""
    powers = {v: p**temperature for v, p in worth.items()}
    total = sum(powers.values())
    return {v: p / total for v, p in powers.items()}


def _told(worth: Mapping[int | None, float], words: Mapping[int, float], weight: float) -> dict[int | None, float]:
    """Probabilities of the values once the number in words has spoken: one more opinion in the logarithmic pool.

    It knows no boxes and takes every value for equally likely beforehand, so its word is a likelihood, spread evenly where it is in doubt.
    """
    if not words:
        return dict(worth)
    doubt = max(1 - sum(words.values()), 1e-3)
    powers = {v: p * ((_VALUES * words.get(v, 0.0) if v is not None and p >= _OPEN else 0.0) + doubt) ** weight for v, p in worth.items()}
    total = sum(powers.values())
    return {v: p / total for v, p in powers.items()}


def _said_in_words(words: Mapping[int, float], width: int) -> dict[str, ReaderSays]:
    """The number in words as one reader's word, written as it would stand in the boxes; none if it does not fit them."""
    best = max(words, key=lambda v: words[v], default=None)
    return {} if best is None or len(str(best)) > width else {"words": ReaderSays(boxes_of(best, width), words[best])}


def _settled(scores: Mapping[str, Floats], policy: Policy) -> Floats:
    """Pool of a box that the network settles: without Tesseract, and the network's probabilities as they are."""
    return pool({r: s for r, s in scores.items() if r != "tesseract"}, {**policy.weights, "cnn": 1.0})


def _without_junk(scores: Floats) -> Floats:
    out = scores.copy()
    out[_JUNK] = 0
    return np.asarray(out / out.sum(), np.float64)


def _says(boxes: Sequence[Floats | None], not_asked: Sequence[bool]) -> ReaderSays | None:
    """One reader's own word on a whole number: its best glyph a box ("?" where it abstains), the product of their scores."""
    text, confidence = "", 1.0
    for b, left_out in zip(boxes, not_asked, strict=True):
        if left_out:
            text += NOT_ASKED
        elif b is None or b.sum() <= 0:
            text, confidence = text + "?", 0.0
        else:
            text, confidence = text + GLYPHS[int(b.argmax())], confidence * float(b.max())
    spoke = any(left_out or (b is not None and b.sum() > 0) for b, left_out in zip(boxes, not_asked, strict=True))
    return ReaderSays(text, confidence) if spoke else None
