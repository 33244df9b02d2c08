"""Seats of a legislative election from verified votes: district by district, with the table that proves them (tally.seats)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.queries import election
from db.tables import Party
from db.totals import Coverage, totals_by_area
from db.views import AreaView, ElectionView
from tally.seats import Allocation, Quotient, sainte_lague


@dataclass(frozen=True, slots=True)
class DistrictSeats:
    """``votes``: by party number, as a string, its candidates' included. ``allocation`` None: how many seats it has is not known."""

    area: AreaView
    coverage: Coverage
    votes: dict[str, int]
    allocation: Allocation | None

    @property
    def rows(self) -> list[tuple[str, int, int, tuple[Quotient, ...], bool]]:
        """Party, votes, seats, quotients, is it out by the threshold; the strongest first."""
        if self.allocation is None:
            return []
        table = {row[0].party: row for row in self.allocation.table if row}
        out = set(self.allocation.excluded)
        found = [(p, v, self.allocation.seats[p], table.get(p, ()), p in out) for p, v in self.votes.items()]
        return sorted(found, key=lambda r: (-r[1], int(r[0])))

    @property
    def final(self) -> bool:
        """Every page of every TPS is in, and the district lies here as a whole: only then do the seats follow."""
        return self.area.whole and self.coverage.sheets_in == self.coverage.sheets_expected > 0


@dataclass(frozen=True, slots=True)
class Seats:
    """threshold: the parties above it; None where none is asked for. unknown: one is asked for, but nobody has said who passed."""

    election: ElectionView
    districts: tuple[DistrictSeats, ...]
    threshold: frozenset[str] | None
    unknown: bool

    @property
    def by_party(self) -> dict[str, int]:
        """Party -> seats in all districts that lie here as a whole."""
        found = dict.fromkeys((str(p) for p in self.election.parties), 0)
        for d in self.districts:
            for party, n in (d.allocation.seats if d.allocation and d.area.whole else {}).items():
                found[party] += n
        return found


def has_seats(view: ElectionView) -> bool:
    """Are seats given to parties there?"""
    return view.by_party and bool(view.areas)


def seats_of(session: Session, election_id: str) -> Seats:
    """From what counts at this moment. Raises UnknownElection."""
    view = election(session, election_id)
    passed = dict(session.execute(select(Party.number, Party.above_threshold).where(Party.election_id == election_id)).all())
    asked = view.kind == "dpr"
    unknown = asked and any(v is None for v in passed.values())
    eligible = frozenset(str(p) for p, yes in passed.items() if yes) if asked and not unknown else None
    districts = []
    for row in totals_by_area(session, election_id):
        if row.area is not None and row.parties:
            votes = {str(p.number): p.value for p in row.parties}
            given = None if row.area.seats is None else sainte_lague(votes, row.area.seats, eligible=eligible)
            districts.append(DistrictSeats(row.area, row.coverage, votes, given))
    return Seats(view, tuple(districts), eligible, unknown)
