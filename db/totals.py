"""Verified totals. ``counting`` is the one query that says what counts; everything else groups it.

A sheet counts once: by the version that nobody supersedes, unless it is void, and only on pages that its TPS owes: those of the whole
election and those of the electoral district (dapil) in which the TPS lies.

Whose votes a number holds is told by its name and its page (tally.votes), so parties and candidates are grouped here, not on any form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, func, literal, null, select
from sqlalchemy.orm import Session

from db.errors import ServiceError
from db.queries import commit_views, election, not_superseded, region_row, tps_row
from db.queries import within as lies_within
from db.tables import CommittedCount, ElectionPage, Region, SheetCommit
from db.types import Level
from db.views import AreaView, CommitView, ElectionView, OwedPage, RegionRef
from tally.votes import For, Votes, votes_of
from templates_c1.registry import numbers_ever


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much is in. ``tps_any``: TPS with at least one sheet; ``tps_complete``: with every expected page."""

    sheets_in: int = 0
    sheets_expected: int = 0
    tps_any: int = 0
    tps_complete: int = 0
    tps_all: int = 0
    paper_errors: int = 0

    @property
    def share(self) -> float:
        """Sheets in / expected, 0..1."""
        return self.sheets_in / self.sheets_expected if self.sheets_expected else 0.0


@dataclass(frozen=True, slots=True)
class NumberTotal:
    """Sum of one number of the form.

    Attributes:
        sheets: committed sheets that carry the number; 0 means nothing is known, not "zero votes".
        unknown: how many of them have no legible value for it.
        label, label_en: the contestant's or party's name where the number has one, else the form's words.
        votes: whose votes they are; None for a number that is nobody's (voters, ballots, valid votes).
        area: the electoral district whose page it stands on; "" where the page is the whole election's.
    """

    form: str
    page: int
    name: str
    label: str
    label_en: str
    value: int
    sheets: int
    unknown: int
    votes: Votes | None = None
    area: str = ""


@dataclass(frozen=True, slots=True)
class PartyTotal:
    """One party in one electoral district ("" where there is none).

    Attributes:
        own: votes for the party itself.
        candidates: in the order of their numbers.
        written: what the papers give as the sum of both, if they do.
    """

    area: str
    number: int
    name: str
    own: NumberTotal | None
    candidates: tuple[NumberTotal, ...]
    written: NumberTotal | None

    @property
    def value(self) -> int:
        """The party's votes: its own and its candidates', as they are written; never the paper's own sum, which may be wrong."""
        return (self.own.value if self.own else 0) + sum(c.value for c in self.candidates)

    @property
    def sheets(self) -> int:
        return max((n.sheets for n in (self.own, *self.candidates) if n is not None), default=0)

    @property
    def differs(self) -> bool:
        """Do the papers' own sums add up to something else? (A wrong sum on paper, or a number that was not legible.)"""
        return self.written is not None and self.sheets > 0 and self.written.value != self.value


@dataclass(frozen=True, slots=True)
class TotalsRow:
    """``area``: set where the row is one electoral district; ``region`` is then the region asked for."""

    region: RegionRef
    numbers: tuple[NumberTotal, ...]
    coverage: Coverage
    parties: tuple[PartyTotal, ...] = ()
    area: AreaView | None = None

    def value(self, name: str) -> int | None:
        """Sum of the number called ``name``; None if no sheet with it is in."""
        found = [n for n in self.numbers if n.name == name and n.sheets]
        return sum(n.value for n in found) if found else None

    @property
    def votes(self) -> tuple[NumberTotal, ...]:
        """The contestants' numbers: pairs, candidates."""
        return tuple(n for n in self.numbers if n.votes is not None and n.votes.what is For.CONTESTANT)

    @property
    def by_party(self) -> dict[int, tuple[PartyTotal, ...]]:
        """Party number -> its totals, one for each electoral district."""
        found: dict[int, tuple[PartyTotal, ...]] = {}
        for p in self.parties:
            found[p.number] = (*found.get(p.number, ()), p)
        return found


def area_code(view: ElectionView) -> ColumnElement[str | None]:
    """The electoral district in which a TPS (Region) votes, as SQL; NULL where the election is not held. "" without districts."""
    if not view.areas:
        return literal("")
    covers = sorted(((c, a.code) for a in view.areas for c in a.covers), key=lambda ca: -len(ca[0]))
    if covers[0][0] == "":
        return literal(covers[0][1])
    return case(*((Region.code.startswith(c), code) for c, code in covers), else_=null())


def counting(view: ElectionView) -> Subquery:
    """What counts in one election: commit id, tps_id, form, page, paper_error. One row a sheet."""
    query = (
        select(SheetCommit.id, SheetCommit.tps_id, SheetCommit.form, SheetCommit.page, SheetCommit.paper_error)
        .join(
            ElectionPage,
            (ElectionPage.election_id == SheetCommit.election_id)
            & (ElectionPage.form == SheetCommit.form)
            & (ElectionPage.page == SheetCommit.page),
        )
        .where(SheetCommit.election_id == view.id, SheetCommit.void.is_(False), not_superseded())
    )
    if view.areas:
        here = area_code(view)
        query = query.join(Region, Region.id == SheetCommit.tps_id).where(
            (ElectionPage.area == here) | ((ElectionPage.area == "") & here.is_not(None))
        )
    return query.subquery("counting")


_GROUP: Mapping[Level, Any] = {
    Level.REGENCY: Region.regency_id,
    Level.KECAMATAN: Region.kecamatan_id,
    Level.DESA: Region.desa_id,
    Level.TPS: Region.id,
}


def totals(session: Session, election_id: str, level: Level, within: str | None = None, *, area: str | None = None) -> list[TotalsRow]:
    """One row for each region of ``level`` (inside ``within``), also where nothing is in yet, by code.

    ``area``: only what lies in this electoral district. Regions in which the election is not held at all are left out.

    Raises:
        UnknownElection, UnknownRegion, UnknownArea.
    """
    view = election(session, election_id)
    inside = None if within is None else region_row(session, within)
    only = _Only(view, inside, None if area is None else area_named(view, area))
    sums = _summed(session, only, _GROUP[level])
    covers = _coverages(session, only, _GROUP[level])
    regions = session.scalars(_regions(level, inside))
    return [
        TotalsRow(RegionRef(r.code, r.level, r.name), *_grouped(view, r.code, only.area, sums.get(r.id, {}), covers.get(r.id)), only.area)
        for r in regions
        if r.id in covers or (not view.areas)
    ]


def totals_by_area(session: Session, election_id: str, within: str | None = None) -> list[TotalsRow]:
    """One row for each electoral district that has a TPS (inside ``within``). Raises UnknownElection, UnknownRegion."""
    view = election(session, election_id)
    inside = None if within is None else region_row(session, within)
    only = _Only(view, inside, None)
    group = area_code(view)
    sums = _summed(session, only, group)
    covers = _coverages(session, only, group)
    top = RegionRef(inside.code, inside.level, inside.name) if inside is not None else RegionRef("", Level.REGENCY, "")
    return [
        TotalsRow(top, *_grouped(view, "", area, sums.get(area.code, {}), covers.get(area.code)), area)
        for area in view.areas
        if area.code in covers
    ]


def coverage(session: Session, election_id: str, within: str | None = None) -> Coverage:
    """Of the region, or of everything. Raises UnknownElection, UnknownRegion."""
    view = election(session, election_id, contestants=False)
    inside = None if within is None else region_row(session, within)
    parts = _coverages(session, _Only(view, inside, None), _GROUP[Level.REGENCY]).values()
    return Coverage(*(sum(getattr(c, f) for c in parts) for f in Coverage.__slots__))


def counted_elections(session: Session) -> set[str]:
    """Elections of which anything was ever committed."""
    return set(session.scalars(select(SheetCommit.election_id).distinct()))


def contributing_sheets(session: Session, election_id: str, tps_code: str) -> list[CommitView]:
    """The commits that count for one TPS, by form and page. Raises UnknownElection, UnknownTps."""
    view = election(session, election_id, contestants=False)
    place = tps_row(session, tps_code)
    c = counting(view)
    rows = session.scalars(
        select(SheetCommit).join(c, c.c.id == SheetCommit.id).where(c.c.tps_id == place.id).order_by(SheetCommit.form, SheetCommit.page)
    )
    return commit_views(session, rows)


class UnknownArea(ServiceError):
    code = "unknown_area"
    status = 422
    text = "Daerah pemilihan (dapil) ini tidak dikenal dalam pemilihan ini."
    text_en = "This election has no such electoral district (dapil)."


def area_named(view: ElectionView, code: str) -> AreaView:
    """Raises UnknownArea."""
    for a in view.areas:
        if a.code == code:
            return a
    raise UnknownArea({"election": view.id, "dapil": code})


@dataclass(frozen=True, slots=True)
class _Only:
    """What a query is limited to. Every query through ``limited`` has Region (a TPS) in it."""

    view: ElectionView
    inside: Region | None
    area: AreaView | None

    def limited(self, query: Select[Any]) -> Select[Any]:
        if self.inside is not None:
            query = query.where(lies_within(self.inside))
        if self.area is not None:
            query = query.where(area_code(self.view) == self.area.code)
        return query


Key = tuple[str, int, str]
"""Form, page, number."""
Sums = Mapping[Key, tuple[int, int, int]]
"""-> sum, sheets, sheets on which it is not legible."""


def _summed(session: Session, only: _Only, group: Any) -> dict[Any, dict[Key, tuple[int, int, int]]]:
    c = counting(only.view)
    query = (
        select(
            group, c.c.form, c.c.page, CommittedCount.name, func.sum(CommittedCount.value), func.count(), func.count(CommittedCount.value)
        )
        .select_from(c)
        .join(CommittedCount, CommittedCount.commit_id == c.c.id)
        .join(Region, Region.id == c.c.tps_id)
        .group_by(group, c.c.form, c.c.page, CommittedCount.name)
    )
    found: dict[Any, dict[Key, tuple[int, int, int]]] = {}
    for g, form, page, name, value, sheets, known in session.execute(only.limited(query)):
        found.setdefault(g, {})[form, page, name] = (int(value or 0), int(sheets), int(sheets) - int(known))
    return found


def _coverages(session: Session, only: _Only, group: Any) -> dict[Any, Coverage]:
    view = only.view
    c = counting(view)
    t = (
        select(c.c.tps_id, func.count().label("sheets"), func.sum(case((c.c.paper_error, 1), else_=0)).label("errors"))
        .group_by(c.c.tps_id)
        .subquery("per_tps")
    )
    here = area_code(view)
    owed = _owed(view, here)
    query = (
        select(
            group,
            func.count(),
            func.coalesce(func.sum(t.c.sheets), 0),
            func.sum(owed),
            func.count(t.c.tps_id),
            func.coalesce(func.sum(case((t.c.sheets == owed, 1), else_=0)), 0),
            func.coalesce(func.sum(t.c.errors), 0),
        )
        .select_from(Region)
        .outerjoin(t, t.c.tps_id == Region.id)
        .where(Region.level == Level.TPS)
        .group_by(group)
    )
    if view.areas:
        query = query.where(here.is_not(None))
    return {
        g: Coverage(
            sheets_in=int(sheets),
            sheets_expected=int(expected),
            tps_any=int(some),
            tps_complete=int(complete),
            tps_all=int(all_tps),
            paper_errors=int(errors),
        )
        for g, all_tps, sheets, expected, some, complete, errors in session.execute(only.limited(query))
    }


def _owed(view: ElectionView, here: ColumnElement[str | None]) -> ColumnElement[int]:
    """How many pages a TPS owes, as SQL."""
    common = sum(1 for p in view.owed if p.area == "")
    if not view.areas:
        return literal(common)
    return case(*((here == a.code, common + sum(1 for p in view.owed if p.area == a.code)) for a in view.areas), else_=0)


def _regions(level: Level, inside: Region | None) -> Select[Region]:
    query = select(Region).where(Region.level == level).order_by(Region.code)
    return query if inside is None else query.where(Region.code.startswith(inside.code, autoescape=True))


def _grouped(
    view: ElectionView, code: str, area: AreaView | None, sums: Sums, covers: Coverage | None
) -> tuple[tuple[NumberTotal, ...], Coverage, tuple[PartyTotal, ...]]:
    """What a row of the totals holds: numbers of the pages that its TPS owe, coverage, parties."""
    if area is not None:
        codes = {area.code}
    else:  # the areas that lie in this region, or in which it lies
        codes = {a.code for a in view.areas if any(c.startswith(code) or code.startswith(c) for c in a.covers)}
        if (own := view.area_of(code)) is not None:
            codes = {a.code for a in view.areas if any(c.startswith(code) and c != code for c in a.covers)} | {own.code}
    numbers = tuple(_numbers(view, [p for p in view.owed if p.area == "" or p.area in codes], sums))
    return numbers, covers or Coverage(), _parties(view, numbers)


def _numbers(view: ElectionView, owed: Iterable[OwedPage], sums: Sums) -> Iterator[NumberTotal]:
    for p in owed:
        for number, current in numbers_ever(p.form, p.page):
            value, sheets, unknown = sums.get((p.form, p.page, number.name), (0, 0, 0))
            if not (current or sheets):
                continue  # only an earlier version of the form had it, and nobody sent that
            whose = votes_of(number.name, p.party)
            who = _name(view, p.area, whose)
            yield NumberTotal(
                p.form, p.page, number.name, who or number.label.id, who or number.label.en, value, sheets, unknown, whose, p.area
            )


def _name(view: ElectionView, area: str, whose: Votes | None) -> str:
    if whose is None or whose.what is For.PARTY_SUM:
        return ""
    return view.parties.get(whose.party, "") if whose.what is For.PARTY else view.label_of(area, whose.party, whose.number)


def _parties(view: ElectionView, numbers: Iterable[NumberTotal]) -> tuple[PartyTotal, ...]:
    of: dict[tuple[int, str], list[NumberTotal]] = {}
    for n in numbers:
        if n.votes is not None and n.votes.party:
            of.setdefault((n.votes.party, n.area), []).append(n)
    found = []
    for (party, area), mine in sorted(of.items()):
        by = {(n.votes.what, n.votes.number): n for n in mine if n.votes is not None}
        found.append(
            PartyTotal(
                area=area,
                number=party,
                name=view.parties.get(party, ""),
                own=by.get((For.PARTY, 0)),
                candidates=tuple(n for (what, _), n in sorted(by.items(), key=lambda kv: kv[0][1]) if what is For.CONTESTANT),
                written=by.get((For.PARTY_SUM, 0)),
            )
        )
    return tuple(found)
