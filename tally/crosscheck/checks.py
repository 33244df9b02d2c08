"""All checks, by what they need: one station, the elections of one day at a station, the stations of a kecamatan in one election."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tally.crosscheck.ballots import received_reserve, voters_cap
from tally.crosscheck.days import across_elections
from tally.crosscheck.neighbours import extremes, unusual_shares
from tally.crosscheck.station import Anomaly, Count
from tally.crosscheck.sums import broken_rules, illegible
from tally.crosscheck.swaps import swapped_rows
from tally.interpretation import Finding


def of_station(count: Count, across: Iterable[Finding] = (), pages: Iterable[tuple[int, Finding]] = ()) -> Iterator[Anomaly]:
    """Group.STATION. ``across``, ``pages``: the form's rules, held against the station's numbers (sums.broken_rules)."""
    yield from broken_rules(count, across, pages)
    yield from illegible(count)
    yield from received_reserve(count)
    yield from voters_cap(count)


def of_day(counts: Sequence[Count]) -> Iterator[Anomaly]:
    """Group.DAY: the counts of one station in elections of one day."""
    yield from across_elections(counts)


def of_neighbours(counts: Sequence[Count]) -> Iterator[Anomaly]:
    """Group.NEIGHBOURS: the counts of one election in one kecamatan, each against those around it."""
    yield from unusual_shares(counts)
    yield from extremes(counts)
    yield from swapped_rows(counts)
