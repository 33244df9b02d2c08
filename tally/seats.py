"""Votes to seats: Sainte-Laguë, as Indonesian law has it (UU 7/2017, articles 414, 415 and 420)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

DPR_THRESHOLD = Fraction(4, 100)
"""Share of the national valid votes a party needs for seats in the DPR; the DPRD have none (article 414)."""


@dataclass(frozen=True, slots=True)
class Quotient:
    """One cell of the quotient table. ``seat`` is the seat it won, counted from 1, or None."""

    party: str
    divisor: int
    value: Fraction
    seat: int | None


@dataclass(frozen=True, slots=True)
class Allocation:
    """Seats by party, with the table that proves them.

    ``undecided`` seats could not be given because the ``tied`` parties stand exactly equal; the law then looks at how votes
    spread over the area, which a person must do.
    """

    seats: dict[str, int]
    table: tuple[tuple[Quotient, ...], ...]
    undecided: int
    tied: tuple[str, ...]
    excluded: tuple[str, ...]


def sainte_lague(votes: Mapping[str, int], seats: int, *, eligible: Collection[str] | None = None) -> Allocation:
    """Give ``seats`` to parties: each in turn to the highest of votes / 1, / 3, / 5 ...

    Args:
        votes: valid votes of each party, candidates' votes included.
        seats: how many the dapil elects.
        eligible: parties above the threshold; None means all.

    Returns:
        the allocation; each party's row of the table runs one divisor past its last seat. A party without a vote gets no seat, so
        ``undecided`` counts all seats if nobody has a vote.

    Raises:
        ValueError: negative votes or seats.
    """
    if seats < 0 or any(v < 0 for v in votes.values()):
        raise ValueError("votes and seats cannot be negative")
    running = [p for p in votes if (eligible is None or p in eligible)]
    won: dict[str, list[int]] = {p: [] for p in running}
    tied: tuple[str, ...] = ()
    given = 0
    while given < seats:
        best = max((_next(votes, won, p) for p in running), default=Fraction(0))
        first = [p for p in running if best > 0 and _next(votes, won, p) == best]
        if not first or len(first) > seats - given:
            tied = tuple(first)
            break
        for p in first:
            given += 1
            won[p].append(given)
    return Allocation(
        seats={p: len(won.get(p, ())) for p in votes},
        table=tuple(tuple(_row(p, votes[p], won[p])) for p in running),
        undecided=seats - given,
        tied=tied,
        excluded=tuple(p for p in votes if p not in won),
    )


def above_threshold(votes: Mapping[str, int], share: Fraction = DPR_THRESHOLD) -> frozenset[str]:
    """The parties with at least ``share`` of all valid votes. ``votes`` must be those of the whole country, not of one dapil."""
    total = sum(votes.values())
    return frozenset(p for p, v in votes.items() if total and Fraction(v, total) >= share)


def _next(votes: Mapping[str, int], won: Mapping[str, list[int]], party: str) -> Fraction:
    return Fraction(votes[party], 2 * len(won[party]) + 1)


def _row(party: str, votes: int, won: list[int]) -> list[Quotient]:
    return [Quotient(party, divisor := 2 * i + 1, Fraction(votes, divisor), won[i] if i < len(won) else None) for i in range(len(won) + 1)]
