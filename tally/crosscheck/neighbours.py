"""A station against the others around it: invalid votes, turnout, and contestants with nothing or with everything.

Around it is its desa if enough stations of it are counted, else its kecamatan; with fewer than robust.ENOUGH there, nothing is said. What
is unlike the neighbours is not wrong by that: these checks only say where a look pays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tally.crosscheck.robust import ENOUGH, Neighbours, neighbours, share_noise, without
from tally.crosscheck.station import Anomaly, Count, Place, whose_of
from tally.votes import For, Votes

LIMIT = 4.0
"""|z| from which on a share is unusual. Iglewicz and Hoaglin take 3.5; of 2,564 stations and five elections that names too many."""
LEAST_INVALID, LEAST_TURNOUT = 0.04, 0.10
"""Differences in shares below which nobody needs to look."""
FEWEST = 20
"""Votes, or registered voters, below which a share says nothing."""
SURE_ZERO = 8.0
"""Votes that the neighbours' 10th percentile would give to a contestant who has none: P(0) is below e^-8 = 0.0003."""

LEVELS = (10, 6)
"""Digits of the code of a desa and of a kecamatan."""
TENTHOUSAND = 10_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A share at one station: ``part`` of ``of``."""

    count: Count
    part: int
    of: int

    @property
    def share(self) -> float:
        return self.part / self.of


def around(values: Mapping[str, float]) -> Callable[[str], tuple[str, list[float]] | None]:
    """Gives, for a station, the smallest area in which enough others have a value, and their values, sorted.

    Args:
        values: TPS code -> value.
    """
    by: dict[str, list[float]] = defaultdict(list)
    for tps, value in values.items():
        for n in LEVELS:
            by[tps[:n]].append(value)
    for found in by.values():
        found.sort()

    def others(tps: str) -> tuple[str, list[float]] | None:
        for n in LEVELS:
            area = by[tps[:n]]
            if len(area) > ENOUGH:
                return tps[:n], without(area, values[tps])
        return None

    return others


def unusual_shares(counts: Sequence[Count]) -> Iterator[Anomaly]:
    """Invalid votes and turnout of every station of ``counts`` (one election) against its neighbours."""
    yield from _unusual("invalid_share", [s for c in counts if (s := _invalid(c))], LEAST_INVALID, ("suara_tidak_sah", "suara_total"))
    yield from _unusual("turnout", [s for c in counts if (s := _turnout(c))], LEAST_TURNOUT, ("pengguna_dpt_jml", "pemilih_dpt_jml"))


def _invalid(count: Count) -> Seen | None:
    part, of = count.known("suara_tidak_sah"), count.known("suara_total")
    return Seen(count, part, of) if part is not None and of is not None and of >= FEWEST else None


def _turnout(count: Count) -> Seen | None:
    part, of = count.known("pengguna_dpt_jml"), count.known("pemilih_dpt_jml")
    return Seen(count, part, of) if part is not None and of is not None and of >= FEWEST else None


def _unusual(kind: str, seen: Sequence[Seen], least: float, names: tuple[str, ...]) -> Iterator[Anomaly]:
    others = around({s.count.tps: s.share for s in seen})
    for s in seen:
        if (near := others(s.count.tps)) is None or (of := neighbours(near[1])) is None:
            continue
        if abs(s.share - of.middle) >= least and abs(of.z(s.share, share_noise(of.middle, s.of))) > LIMIT:
            yield Anomaly(
                kind, s.count.election, s.count.tps, "", {"part": s.part, "of": s.of}, _context(near[0], of), s.count.places(*names)
            )


def _context(area: str, of: Neighbours) -> dict[str, int | str]:
    return {"area": area, "neighbours": of.n, "middle": round(of.middle * TENTHOUSAND), "spread": round(of.spread * TENTHOUSAND)}


def extremes(counts: Sequence[Count]) -> Iterator[Anomaly]:
    """Contestants with all votes, and contestants without any where they are strong all around."""
    found: dict[Votes, list[Seen]] = defaultdict(list)
    for count in counts:
        valid = sum(count.shares.values())
        for whose, votes in count.shares.items():
            if valid < FEWEST:
                continue
            if votes == valid and len(count.shares) > 1:
                figures = {"whose": _whose(whose), "valid": valid}
                yield Anomaly("one_takes_all", count.election, count.tps, "", figures, {}, places_of(count, [whose]))
            found[whose].append(Seen(count, votes, valid))
    for whose, seen in found.items():
        yield from _zeros(whose, seen)


def _zeros(whose: Votes, seen: Sequence[Seen]) -> Iterator[Anomaly]:
    if all(s.part for s in seen):
        return
    others = around({s.count.tps: s.share for s in seen})
    for s in seen:
        if s.part or (near := others(s.count.tps)) is None:
            continue
        tenth = near[1][len(near[1]) // 10]
        if tenth * s.of >= SURE_ZERO:
            context = {"area": near[0], "neighbours": len(near[1]), "tenth": round(tenth * TENTHOUSAND)}
            figures = {"whose": _whose(whose), "valid": s.of}
            yield Anomaly("zero_votes", s.count.election, s.count.tps, _key(whose), figures, context, places_of(s.count, [whose]))


def _whose(whose: Votes) -> list[int | str]:
    return [whose.what.value, whose.party, whose.number]


def _key(whose: Votes) -> str:
    return f"{whose.party}.{whose.number}"


def places_of(count: Count, whose: Iterable[Votes]) -> tuple[Place, ...]:
    """Where the votes of these stand; of a party, on its page: its total if the page has one, else its own votes."""
    places = []
    for wanted in whose:
        best: dict[For, Place] = {}
        for sheet in count.sheets:
            for name in sheet.values:
                is_of = whose_of(name, sheet.party)
                if is_of is not None and (
                    is_of == wanted or (wanted.what is For.PARTY and is_of.party == wanted.party and is_of.number == 0)
                ):
                    best.setdefault(is_of.what, Place(count.election, sheet.form, sheet.page, name))
        if best:
            places.append(best.get(For.PARTY_SUM) or best.get(wanted.what) or next(iter(best.values())))
    return tuple(places)
