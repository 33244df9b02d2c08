"""Many sheets out of few: new sums written with the real boxes that the readers had never seen.

A few hundred held-out sheets show no silent error, which proves no more than "below one in fifty or so". A virtual sheet takes
the values of a real one, or new ones that its rules allow, and draws for each glyph a real box of that glyph with what the
readers said of it. So the readers' mistakes come as often as on real boxes and as sure of themselves, and the question "how often
does a wrong sheet pass the sums and the thresholds" can be asked tens of thousands of times. (A bootstrap: Efron, "Bootstrap
methods: another look at the jackknife", Ann. Statist. 7, 1979.)

Made harder than life: all 2s of a virtual sheet come from one writer, wherever one of his was read wrong the next may be as well.
Independent misreadings hardly ever keep a sum; the same misreading in an addend and in the total does.

What it cannot show: kinds of writing and of damage that are not among the real boxes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ocr.training.heldout import SheetCase
from ocr.types import BoxReading, Floats
from tally.glyphs import boxes_of, value_of
from templates_c1 import rules
from templates_c1.schema import Page, SumRule

Word = Mapping[str, Floats]
"""Reader -> its scores of one box."""


@dataclass(frozen=True, slots=True)
class Bank:
    """Real boxes to draw from.

    Attributes:
        clean: writer -> glyph -> what the readers said of his boxes of that glyph, in numbers that nobody doubted.
        doubtful: glyph -> the same from numbers that a careful reader hesitates over.
        share: how many numbers are of that kind.
        words: what the number words said of each real number: probability of the true value, and of the likeliest other one. Which
            other value it is has nothing to do with what the digits look like: it is other ink.
    """

    clean: Mapping[str, Mapping[str, Sequence[Word]]]
    doubtful: Mapping[str, Sequence[Word]]
    share: float
    words: Sequence[tuple[float, float]] = ()


def bank_of(cases: Sequence[SheetCase]) -> Bank:
    """The boxes of ``cases`` by writer (their ``group``)."""
    clean: dict[str, dict[str, list[Word]]] = {}
    doubtful: dict[str, list[Word]] = {}
    told: list[tuple[float, float]] = []
    numbers = doubted = 0
    for c in cases:
        words: dict[tuple[str, int], dict[str, Floats]] = {}
        for reader, boxes in c.readings.items():
            for b in boxes if reader != "marks" else ():
                words.setdefault((b.number, b.index), {})[reader] = b.scores
        for name, written in c.written.items():
            numbers += 1
            doubted += name in c.doubtful
            if any(case.words for case in cases) and (truth := c.truth(name)) is not None:
                said = c.words.get(name, {})
                told.append((said.get(truth, 0.0), max((p for v, p in said.items() if v != truth), default=0.0)))
            for i, glyph in enumerate(written):
                if name in c.doubtful:
                    doubtful.setdefault(glyph, []).append(words[name, i])
                else:
                    clean.setdefault(c.group, {}).setdefault(glyph, []).append(words[name, i])
    return Bank(clean, doubtful, doubted / max(1, numbers), told)


def loose_bank(boxes: Sequence[tuple[str, str, Word]]) -> Bank:
    """A bank of loose boxes (writer, glyph, word), none of them doubted."""
    clean: dict[str, dict[str, list[Word]]] = {}
    for writer, glyph, word in boxes:
        clean.setdefault(writer, {}).setdefault(glyph, []).append(word)
    return Bank(clean, {}, 0.0)


def new_values(page: Page, rng: random.Random) -> dict[str, int] | None:
    """Values that keep every rule and custom: parts drawn, totals added up. None if this draw breaks a bound or does not fit its boxes."""
    sums = [r for r in page.rules if isinstance(r, SumRule)]
    totals = {r.total for r in sums}
    values = {n.name: _some(rng) for n in page.numbers if n.name not in totals}
    left = list(sums)
    while left:
        ready = [r for r in left if all(p in values for p in r.parts)]
        if not ready:
            return None
        for r in ready:
            values.setdefault(r.total, sum(values[p] for p in r.parts))
            left.remove(r)
    fits = all(len(str(values[n.name])) <= len(n.boxes) for n in page.numbers)
    fits &= all(values[r.number] == r.usual(values[r.base]) for r in rules.customs(page))
    return values if fits and all(f.holds for f in rules.check(page, values)) else None


def _some(rng: random.Random) -> int:
    """A count as they occur: votes of a pair, now and then next to nothing."""
    return rng.randint(0, 160) if rng.random() < 0.75 else rng.choice((0, 0, 1, 2, 3, 5, 8, 12))


def virtual_sheets(
    page: Page, values: Sequence[Mapping[str, str]], bank: Bank, count: int, seed: int
) -> Iterator[tuple[dict[str, tuple[BoxReading, ...]], dict[str, dict[int, float]], dict[str, int | None]]]:
    """``count`` times the readings of a sheet, what its number words say, and its true values.

    Args:
        values: true boxes of real sheets whose rules hold; half of the sheets take one of these, half new values where the page's
            rules let them be drawn.
    """
    rng = random.Random(seed)
    made = 0
    while made < count:
        new = new_values(page, rng) if rng.random() < 0.5 or not values else None
        written = {n.name: boxes_of(new[n.name], len(n.boxes)) for n in page.numbers} if new else rng.choice(values) if values else None
        sheet = _draw(page, written, bank, rng) if written else None
        if written and sheet is not None:
            made += 1
            truth = {n: value_of(b) for n, b in written.items()}
            yield sheet, _in_words(truth, bank, rng), truth


def _in_words(truth: Mapping[str, int | None], bank: Bank, rng: random.Random) -> dict[str, dict[int, float]]:
    out: dict[str, dict[int, float]] = {}
    for name, value in truth.items():
        right, wrong = rng.choice(bank.words) if bank.words else (0.0, 0.0)
        if value is not None and right + wrong > 0:
            out[name] = {rng.randrange(1000): wrong} | {value: right}
    return out


def _draw(page: Page, written: Mapping[str, str], bank: Bank, rng: random.Random) -> dict[str, tuple[BoxReading, ...]] | None:
    writers = list(bank.clean)
    home = bank.clean[rng.choice(writers)]
    hands: dict[str, Sequence[Word]] = {}
    out: dict[str, list[BoxReading]] = {}
    for n in page.numbers:
        doubted = rng.random() < bank.share
        for i, glyph in enumerate(written[n.name]):
            if doubted and glyph in bank.doubtful:
                word = rng.choice(bank.doubtful[glyph])
            else:
                if glyph not in hands:
                    others = [w for w in writers if glyph in bank.clean[w]]
                    if not others:
                        return None
                    hands[glyph] = home[glyph] if glyph in home else bank.clean[rng.choice(others)][glyph]
                word = rng.choice(hands[glyph])
            for reader, scores in word.items():
                out.setdefault(reader, []).append(BoxReading(reader, n.name, i, scores))
    return {reader: tuple(boxes) for reader, boxes in out.items()}
