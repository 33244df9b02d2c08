"""What counts, summed from the raw rows. ``counting`` is the one query that says what counts; everything else groups it.

A sheet counts once: by the version that nobody supersedes, unless it is void, and only on pages that its TPS owes: those of the whole
election and those of the electoral district (dapil) in which the TPS lies.

``from_rows`` is slow on purpose of being plain: pages read the kept totals of ``db.summaries``, which are proven against this.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, literal, literal_column, null, select, true
from sqlalchemy.orm import Session

from db.queries import not_superseded
from db.tables import CommittedCount, ElectionPage, Region, SheetCommit
from db.types import Level
from db.views import ElectionView

DIGITS: Mapping[Level, int] = {
    Level.NATION: 0,
    Level.PROVINCE: 2,
    Level.REGENCY: 4,
    Level.KECAMATAN: 6,
    Level.DESA: 10,
    Level.TPS: 13,
}
"""So long is the code of a region of each level; it begins with the codes of the regions around it."""
PageKey = tuple[str, int]
"""Form, page."""


@dataclass(slots=True)
class PageSum:
    """One form page: how many sheets, how many of them with an error on the paper, name -> [sum, sheets with it, legible on]."""

    sheets: int = 0
    errors: int = 0
    numbers: dict[str, list[int]] = field(default_factory=dict)

    def add(self, other: PageSum) -> None:
        self.sheets += other.sheets
        self.errors += other.errors
        for name, said in other.numbers.items():
            mine = self.numbers.get(name)
            if mine is None:
                self.numbers[name] = list(said)
            else:
                mine[0] += said[0]
                mine[1] += said[1]
                mine[2] += said[2]


@dataclass(slots=True)
class PlaceSum:
    """A region, or the part of it that lies in one electoral district."""

    tps_all: int = 0
    tps_any: int = 0
    tps_complete: int = 0
    pages: dict[PageKey, PageSum] = field(default_factory=dict)

    def add(self, other: PlaceSum) -> None:
        self.tps_all += other.tps_all
        self.tps_any += other.tps_any
        self.tps_complete += other.tps_complete
        for key, page in other.pages.items():
            self.pages.setdefault(key, PageSum()).add(page)


Sums = dict[tuple[str, str], PlaceSum]
"""(Code of the region, of the electoral district or "") -> what counts there; no entry where nobody votes."""


def inside(column: Any, code: str) -> ColumnElement[bool]:
    """Condition: ``column``, a region's code, is ``code`` or lies in it. A range, so that an index serves in any collation."""
    if not code:
        return true()
    if code == "9" * len(code):
        return column >= code  # type: ignore[no-any-return]
    return and_(column >= code, column < f"{int(code) + 1:0{len(code)}}")


def area_code(view: ElectionView) -> ColumnElement[str | None]:
    """The electoral district in which a TPS (Region) votes, as SQL; NULL where the election is not held. "" without districts."""
    if not view.areas:
        return literal("")
    covers = sorted(((c, a.code) for a in view.areas for c in a.covers), key=lambda ca: -len(ca[0]))
    if covers[0][0] == "":
        return literal(covers[0][1])
    return case(*((inside(Region.code, c), code) for c, code in covers), else_=null())


@dataclass(frozen=True, slots=True)
class Only:
    """What is looked at: TPS in region ``within``, in electoral district ``area``, with these row ids."""

    within: str = ""
    area: str | None = None
    ids: Collection[int] | None = None


def stations(view: ElectionView, only: Only = Only()) -> Subquery:
    """The TPS that vote: id, code, area, owed (number of pages)."""
    here = area_code(view)
    query = select(Region.id, Region.code, here.label("area"), _owed(view, here).label("owed")).where(Region.level == Level.TPS)
    return _limited(query, Region.id, view, only).subquery("stations")


def counting(view: ElectionView, only: Only = Only()) -> Subquery:
    """What counts in one election: commit id, tps_id, form, page, paper_error, and of the TPS code and area. One row a sheet."""
    here = area_code(view)
    query = (
        select(
            SheetCommit.id,
            SheetCommit.tps_id,
            SheetCommit.form,
            SheetCommit.page,
            SheetCommit.paper_error,
            Region.code,
            here.label("area"),
        )
        .join(Region, Region.id == SheetCommit.tps_id)
        .join(
            ElectionPage,
            (ElectionPage.election_id == SheetCommit.election_id)
            & (ElectionPage.form == SheetCommit.form)
            & (ElectionPage.page == SheetCommit.page),
        )
        .where(SheetCommit.election_id == view.id, SheetCommit.void.is_(False), not_superseded())
    )
    if view.areas:
        query = query.where((ElectionPage.area == here) | ((ElectionPage.area == "") & here.is_not(None)))
    return _limited(query, SheetCommit.tps_id, view, only).subquery("counting")


def _limited(query: Any, tps_id: Any, view: ElectionView, only: Only) -> Select[Any]:
    query = query.where(inside(Region.code, only.within))
    if only.ids is not None:
        query = query.where(tps_id.in_(only.ids))
    if only.area is not None:
        query = query.where(area_code(view) == only.area)
    elif view.areas:
        query = query.where(area_code(view).is_not(None))
    return cast(Select[Any], query)


def from_rows(session: Session, view: ElectionView, level: Level, only: Only = Only()) -> Sums:
    """What counts in each region of ``level`` and each electoral district, summed from the rows. Without regions in which nobody votes."""
    found: Sums = {}
    t = stations(view, only)
    c = counting(view, only)
    per = (
        select(c.c.tps_id, func.count().label("sheets"), func.sum(case((c.c.paper_error, 1), else_=0)).label("errors"))
        .group_by(c.c.tps_id)
        .subquery("per_tps")
    )
    place = _cut(t.c.code, level)
    for code, area, tps_all, tps_any, complete in session.execute(
        select(
            place,
            t.c.area,
            func.count(),
            func.count(per.c.tps_id),
            func.sum(case((per.c.sheets == t.c.owed, 1), else_=0)),
        )
        .select_from(t)
        .outerjoin(per, per.c.tps_id == t.c.id)
        .group_by(place, t.c.area)
    ):
        found[code, area] = PlaceSum(int(tps_all), int(tps_any), int(complete or 0))
    place = _cut(c.c.code, level)
    key = (place, c.c.area, c.c.form, c.c.page)
    errors = func.sum(case((c.c.paper_error, 1), else_=0))
    for code, area, form, page, sheets, wrong in session.execute(select(*key, func.count(), errors).group_by(*key)):
        found[code, area].pages[form, page] = PageSum(int(sheets), int(wrong))
    n = CommittedCount
    sums = select(*key, n.name, func.sum(n.value), func.count(), func.count(n.value)).select_from(c)
    for code, area, form, page, name, value, sheets, known in session.execute(sums.join(n, n.commit_id == c.c.id).group_by(*key, n.name)):
        found[code, area].pages[form, page].numbers[name] = [int(value or 0), int(sheets), int(known)]
    return found


def _cut(code: Any, level: Level) -> ColumnElement[str]:
    """The code of the region of ``level`` around a TPS. Literal numbers: PostgreSQL must see that two such columns are the same."""
    return code if level is Level.TPS else func.substr(code, literal_column("1"), literal_column(str(DIGITS[level])))


def _owed(view: ElectionView, here: ColumnElement[str | None]) -> ColumnElement[int]:
    """How many pages a TPS owes, as SQL."""
    if not view.areas:
        return literal(owed_in(view, ""))
    return case(*((here == a.code, owed_in(view, a.code)) for a in view.areas), else_=0)


def owed_in(view: ElectionView, area: str) -> int:
    """How many pages a TPS of this electoral district owes ("": of an election without districts)."""
    return sum(1 for p in view.owed if p.area in ("", area))
