"""Two rows of the paper that were exchanged: what stands for one contestant is the other's.

Among the neighbours the ratio of two contestants' votes is much alike. A station where it is far off, and where it fits once the two are
exchanged, was probably written (or read) in the wrong row. Rows that can be mistaken for each other stand on one page: all pairs of
contestants where there are few, else neighbours in the order of the paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from math import log, sqrt

from tally.crosscheck.neighbours import around, places_of
from tally.crosscheck.robust import neighbours
from tally.crosscheck.station import Anomaly, Count
from tally.votes import For, Votes

FAR, FITS = 5.0, 2.0
"""|z| of the ratio as written, and with the rows exchanged."""
LEAST = 10
"""Votes by which the two must differ: a swap of less hardly matters and cannot be told from chance."""
FEW = 6
"""Contestants up to whom every pair is looked at."""


def rows(votes: Iterable[Votes]) -> list[list[Votes]]:
    """The contestants page by page, in the order of the paper; a party's own row comes before its candidates'."""
    by: dict[int, list[Votes]] = {}
    for whose in votes:
        if whose.what is not For.PARTY_SUM:
            by.setdefault(whose.party, []).append(whose)
    return [sorted(of, key=lambda w: w.number) for _, of in sorted(by.items())]


def pairs(page: Sequence[Votes]) -> list[tuple[Votes, Votes]]:
    """Which rows of one page could be exchanged."""
    return list(combinations(page, 2)) if len(page) <= FEW and not page[0].party else list(pairwise(page))


def swapped_rows(counts: Sequence[Count]) -> Iterator[Anomaly]:
    """Pairs of rows of every station of ``counts`` (one election) that are probably exchanged."""
    papers = dict.fromkeys(tuple(c.votes) for c in counts)
    every = dict.fromkeys(p for votes in papers for page in rows(votes) for p in pairs(page))
    for first, second in every:
        yield from _swapped(counts, first, second)


def _swapped(counts: Sequence[Count], first: Votes, second: Votes) -> Iterator[Anomaly]:
    have = [(c, a, b) for c in counts if (a := c.votes.get(first)) is not None and (b := c.votes.get(second)) is not None]
    if not any(abs(a - b) >= LEAST for _, a, b in have):
        return
    ratio = {c.tps: log((a + 0.5) / (b + 0.5)) for c, a, b in have}
    others = around(ratio)
    for count, a, b in have:
        if abs(a - b) < LEAST or (near := others(count.tps)) is None or (of := neighbours(near[1])) is None:
            continue
        here, noise = ratio[count.tps], sqrt(1 / (a + 0.5) + 1 / (b + 0.5))
        if abs(of.z(here, noise)) > FAR and abs(of.z(-here, noise)) < FITS:
            figures = {"rows": [[w.what.value, w.party, w.number] for w in (first, second)], "votes": [a, b]}
            what = f"{first.party}.{first.number}-{second.number}"
            context = {"area": near[0], "neighbours": of.n}
            yield Anomaly("swapped_rows", count.election, count.tps, what, figures, context, places_of(count, [first, second]))
