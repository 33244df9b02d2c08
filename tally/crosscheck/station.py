"""Committed counts as the checks see them, and what a check finds. Values are plain integers; None is not legible, never zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from tally.votes import For, Votes, votes_of

Facts = Mapping[str, Any]
"""JSON without floats (the audit log takes none): shares are stored in ten-thousandths."""

whose_of = lru_cache(maxsize=8192)(votes_of)
"""tally.votes.votes_of, remembered: the same few hundred names come from every station."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One committed page. ``party``: whose page it is, where the names of its numbers do not say it."""

    form: str
    page: int
    values: Mapping[str, int | None]
    paper_error: bool = False
    party: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number stands: on which page of which election's form."""

    election: str
    form: str
    page: int
    number: str


@dataclass(frozen=True)
class Count:
    """All that counts for one TPS (``tps``: 13 digits) in one election, of the kind ``kind`` and held on ``day`` (ISO date).

    ``complete``: every page that the TPS owes is in.
    """

    tps: str
    election: str
    kind: str
    day: str
    sheets: tuple[Sheet, ...]
    complete: bool = True

    @cached_property
    def values(self) -> dict[str, int | None]:
        """The numbers of all pages; one that stands on several pages under the same name is none of the station's."""
        found: dict[str, int | None] = {}
        twice: set[str] = set()
        for sheet in self.sheets:
            twice |= found.keys() & sheet.values.keys()
            found.update(sheet.values)
        return {n: v for n, v in found.items() if n not in twice}

    @cached_property
    def votes(self) -> dict[Votes, int | None]:
        """Whose votes -> how many."""
        found: dict[Votes, int | None] = {}
        for sheet in self.sheets:
            for name, value in sheet.values.items():
                if (whose := whose_of(name, sheet.party)) is not None:
                    found[whose] = value
        return found

    @cached_property
    def shares(self) -> dict[Votes, int]:
        """Votes of those who stand against each other on one paper: pairs, candidates without party, parties (own and candidates' votes).

        Empty unless every page is in and every number legible: a share of something incomplete is none.
        """
        if not self.complete or any(v is None for v in self.votes.values()):
            return {}
        by: dict[Votes, int] = {}
        for whose, value in self.votes.items():
            if whose.what is For.PARTY_SUM:
                continue
            who = Votes(For.PARTY, whose.party, 0) if whose.party else whose
            by[who] = by.get(who, 0) + (value or 0)
        return by

    def known(self, *names: str) -> int | None:
        """The first of ``names`` that has a value."""
        for name in names:
            if (value := self.values.get(name)) is not None:
                return value
        return None

    def place(self, number: str) -> Place | None:
        """Where the number stands; None if no sheet with it is in."""
        for sheet in self.sheets:
            if number in sheet.values:
                return Place(self.election, sheet.form, sheet.page, number)
        return None

    def places(self, *numbers: str) -> tuple[Place, ...]:
        return tuple(p for n in dict.fromkeys(numbers) if (p := self.place(n)) is not None)


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One thing that looks wrong.

    Attributes:
        kind: id of tally.crosscheck.kinds.
        what: tells several of one kind at one station apart; "" where there can only be one.
        figures: the station's own numbers that look wrong. When they change, an explanation given for the old ones no longer stands.
        context: what they were held against (neighbours); may change without the anomaly being another one.
        places: where the numbers stand, for links to sheet and crop.
    """

    kind: str
    election: str
    tps: str
    what: str
    figures: Facts
    context: Facts
    places: tuple[Place, ...] = ()

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.election, self.tps, self.kind, self.what
