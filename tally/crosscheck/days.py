"""The elections of one day at one station: the same list of voters, and nearly the same people who came."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median_low

from tally.crosscheck.station import Anomaly, Count

LOOKED_AT = ("pemilih_dpt_jml", "pengguna_dpt_jml")
"""The numbers that are compared."""
LEAST = 3
"""Voters by which turnout may differ in any case: some leave without all ballots, some are ticked off wrongly."""
SHARE = 50
"""... or one in so many of those who came."""


def across_elections(counts: Sequence[Count]) -> Iterator[Anomaly]:
    """Counts of one station on one day that differ from those of the day's other elections.

    Each is held against the median of all (with two of them, the second against the first), so one odd election is one anomaly.
    """
    order = sorted(counts, key=lambda c: c.election)
    yield from _differing("registered_day", order, LOOKED_AT[0], allowed=lambda _: 0)
    yield from _differing("turnout_day", order, LOOKED_AT[1], allowed=lambda middle: max(LEAST, middle // SHARE))


def _differing(kind: str, counts: Sequence[Count], name: str, allowed: Callable[[int], int]) -> Iterator[Anomaly]:
    have = [(c, v) for c in counts if (v := c.values.get(name)) is not None]
    if len(have) < 2:
        return
    middle = median_low(v for _, v in have) if len(have) > 2 else have[0][1]
    for count, value in have:
        if abs(value - middle) > allowed(middle):
            figures = {"number": name, "value": value, "middle": middle, "elections": [[c.kind, v] for c, v in have]}
            places = tuple(p for c, _ in have for p in c.places(name))
            yield Anomaly(kind, count.election, count.tps, "", figures, {"allowed": allowed(middle)}, places)
