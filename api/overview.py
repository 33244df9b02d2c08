"""What the overview and the wall screen show of one election: figures ready to be drawn. Made anew only when something has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from db import clock
from db.progress import Arrived, Waiting, arrived, waiting
from db.progress import mark as mark_of
from db.queries import children, election
from db.totals import Coverage, NumberTotal, TotalsRow, totals
from db.types import Level
from db.views import ElectionView, RegionRef

T = TypeVar("T")
BELOW = {Level.NATION: Level.PROVINCE, Level.PROVINCE: Level.REGENCY, Level.REGENCY: Level.KECAMATAN}
"""What the overview lists of the topmost region."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One contestant or party. ``value`` is verified; ``waiting`` was read and nobody has verified it: never to be added to it.

    Attributes:
        key: party number, or the contestant's.
        figure: the name by which the figure is followed down to the crop ("" for a party, whose figure is a sum of several).
        sheets: verified sheets that carry it; 0: nothing is known.
    """

    key: int
    label: str
    label_en: str
    figure: str
    value: int
    sheets: int
    waiting: int
    waiting_sheets: int
    leads: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that is nobody's votes. ``value`` is None while no sheet with it is in."""

    name: str
    label: str
    label_en: str
    value: int | None
    sheets: int


@dataclass(frozen=True, slots=True)
class Overview:
    """``mark`` changes with anything in here; ``at``: when it was made."""

    mark: str
    at: datetime
    contest: ElectionView
    top: RegionRef
    row: TotalsRow
    kecamatan: tuple[TotalsRow, ...]
    standings: tuple[Standing, ...]
    whole: int
    facts: Mapping[str, Fact]
    turnout: tuple[int, int] | None
    waiting: Waiting
    waiting_whole: int
    arrived: tuple[Arrived, ...]

    @property
    def coverage(self) -> Coverage:
        return self.row.coverage

    @property
    def last(self) -> datetime | None:
        """When something last came."""
        return self.arrived[-1].at if self.arrived else None


class Kept:
    """The last few answers of a question whose answer changes only with its key. Safe between threads."""

    def __init__(self, most: int = 24) -> None:
        self._most = most
        self._kept: OrderedDict[object, object] = OrderedDict()
        self._turn = threading.Lock()

    def get(self, key: object, make: Callable[[], T]) -> T:
        with self._turn:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]  # type: ignore[return-value]
        made = make()
        with self._turn:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


def overview(session: Session, kept: Kept, election_id: str) -> Overview:
    """Of the regency. Raises UnknownElection."""
    mark = mark_of(session, election_id)
    where = str(session.get_bind().engine.url)
    return kept.get((where, election_id, mark), lambda: _make(session, election_id, mark))


def _make(session: Session, election_id: str, mark: str) -> Overview:
    contest = election(session, election_id)
    top = children(session, None)[0]
    found = totals(session, contest.id, top.level, within=top.code)
    row = found[0] if found else TotalsRow(top, (), Coverage())
    wait = waiting(session, contest)
    standings = standings_of(row, wait)
    facts = facts_of(row)
    return Overview(
        mark=mark,
        at=clock.now(),
        contest=contest,
        top=top,
        row=row,
        kecamatan=tuple(totals(session, contest.id, BELOW[top.level], within=top.code)),
        standings=standings,
        whole=sum(s.value for s in standings),
        facts=facts,
        turnout=turnout(facts),
        waiting=wait,
        waiting_whole=sum(s.waiting for s in standings),
        arrived=tuple(arrived(session, contest.id)),
    )


def standings_of(row: TotalsRow, wait: Waiting | None = None) -> tuple[Standing, ...]:
    """Parties where there are some, else contestants; in the order of their numbers. Who has most leads, unless nobody has any."""
    votes = wait.votes if wait else {}
    if row.parties:
        made = []
        for number, parts in sorted(row.by_party.items()):
            of_party = [v for (_, party, _), v in votes.items() if party == number]
            sheets = sum(p.sheets for p in parts)
            wait_sheets = max((n for _, n in of_party), default=0)
            value, read = sum(p.value for p in parts), sum(v for v, _ in of_party)
            made.append(Standing(number, parts[0].name, parts[0].name, "", value, sheets, read, wait_sheets))
    else:
        made = [
            Standing(n.votes.number, n.label, n.label_en, n.name, n.value, n.sheets, *votes.get((n.area, 0, n.votes.number), (0, 0)))
            for n in row.votes
            if n.votes is not None
        ]
    most = max((s.value for s in made), default=0)
    return tuple(replace(s, leads=s.value == most > 0) for s in made)


def leader(row: TotalsRow) -> tuple[Standing, int] | None:
    """Who has the most votes in a region, and all votes; None where nothing is in, or two have the same."""
    standings = standings_of(row)
    first = [s for s in standings if s.leads]
    return (first[0], sum(s.value for s in standings)) if len(first) == 1 else None


def facts_of(row: TotalsRow) -> dict[str, Fact]:
    """Name -> number of the form that is nobody's votes; that of several districts' forms added up."""
    found: dict[str, Fact] = {}
    for n in row.numbers:
        if n.votes is None:
            found[n.name] = _added(found.get(n.name), n)
    return found


def _added(so_far: Fact | None, n: NumberTotal) -> Fact:
    value = n.value if n.sheets else None
    if so_far is not None and so_far.value is not None:
        value = so_far.value + (value or 0)
    return Fact(n.name, n.label, n.label_en, value, n.sheets + (so_far.sheets if so_far else 0))


def turnout(facts: Mapping[str, Fact]) -> tuple[int, int] | None:
    """Voters who voted, of the registered ones; of sheets that carry both numbers, which stand on one page of every form that has them.

    Registered are those of the permanent list (DPT) where the form sums up no others: people who came with another list are in the first
    number only, as on the form, so a station can lie above 100 %.
    """
    voted = facts.get("pengguna_total_jml")
    registered = facts.get("pemilih_total_jml") or facts.get("pemilih_dpt_jml")
    if voted is None or registered is None or voted.value is None or not registered.value or voted.sheets != registered.sheets:
        return None
    return voted.value, registered.value


KEPT = Kept()
"""Of this process: as many viewers as there may be, a state of the count is worked out once."""
