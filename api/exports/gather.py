"""Everything that counts in one election, read in one transaction: what all exports are made of.

An export's time is that of the last row of the audit log, not of the download: the same state gives the same file, byte by byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db import clock
from db.audit import ChainEnd, chain_end
from db.queries import election
from db.totals import NumberTotal, TotalsRow, totals, totals_by_area
from db.types import Level
from db.views import ElectionView

LEVELS = (Level.REGENCY, Level.KECAMATAN, Level.DESA, Level.TPS)
DAPIL = "dapil"
Column = tuple[str, int, str]
"""Form, page, number."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """``levels``: rows by level, by code; ``areas``: a row for each electoral district; ``columns``: the numbers, in the papers' order."""

    contest: ElectionView
    end: ChainEnd
    at: datetime
    levels: Mapping[Level, Sequence[TotalsRow]]
    areas: Sequence[TotalsRow]
    columns: Mapping[Column, NumberTotal]

    @property
    def unverified(self) -> int:
        """TPS of which at least one page does not count yet."""
        return sum(r.coverage.tps_all - r.coverage.tps_complete for r in self.levels[Level.REGENCY])

    def rows(self, level: str) -> Sequence[TotalsRow]:
        """``level``: a Level's word or "dapil"."""
        return self.areas if level == DAPIL else self.levels[Level(level)]


def gather(session: Session, election_id: str) -> Gathered:
    """Raises UnknownElection."""
    contest = election(session, election_id)
    levels = {level: totals(session, contest.id, level) for level in LEVELS}
    areas = totals_by_area(session, contest.id) if contest.areas else []
    columns: dict[Column, NumberTotal] = {}
    for row in levels[Level.TPS]:
        for n in row.numbers:
            columns.setdefault((n.form, n.page, n.name), n)
    end = chain_end(session)
    return Gathered(contest, end, end.at or clock.now(), levels, areas, columns)


def values(row: TotalsRow) -> dict[Column, int | None]:
    """None: no sheet with the number is in yet, which is not zero."""
    return {(n.form, n.page, n.name): n.value if n.sheets else None for n in row.numbers}
