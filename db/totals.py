"""Verified totals: committed counts only (``db.counting`` says which count), always with their coverage.

Of TPS they are summed from the rows, of regions above from the kept totals (``db.summaries``), which follow each commit.

Whose votes a number holds is told by its name and its page (tally.votes), so parties and candidates are grouped here, not on any form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db.counting import DIGITS, Only, PageKey, PageSum, PlaceSum, Sums, counting, from_rows, inside, owed_in
from db.errors import ServiceError
from db.queries import commit_views, election, region_row, tps_row
from db.summaries import is_kept, kept
from db.tables import Election, Region, SheetCommit
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


def totals(
    session: Session,
    election_id: str,
    level: Level,
    within: str | None = None,
    *,
    area: str | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> list[TotalsRow]:
    """One row for each region of ``level`` (inside ``within``), also where nothing is in yet, by code.

    ``area``: only what lies in this electoral district. Regions in which the election is not held at all are left out.
    ``after``, ``limit``: only so many, from behind the region with that code: the way to read a long list in pieces.

    Raises:
        UnknownElection, UnknownRegion, UnknownArea.
    """
    view = election(session, election_id)
    code = "" if within is None else region_row(session, within).code
    here = None if area is None else area_named(view, area)
    regions = _regions(session, view, level, code, here, after, limit)
    if not regions:
        return []
    some = list(regions) if after is not None or limit is not None or len(regions) <= FEW else None
    sums = _sums(session, view, level, code, area, some)
    parts: dict[str, dict[str, PlaceSum]] = {}
    for (place, part), said in sums.items():
        parts.setdefault(place, {})[part] = said
    lines = Lines(view)
    return [
        lines.row(RegionRef(c, level, name), c, here, parts.get(c, {})) for c, name in regions.items() if c in parts or (not view.areas)
    ]


FEW = 400
"""So many regions are asked for by their codes; more by the range that they lie in."""


def _regions(
    session: Session, view: ElectionView, level: Level, within: str, area: AreaView | None, after: str | None, limit: int | None
) -> dict[str, str]:
    """Code -> name. With a limit only regions in which somebody votes, so that a piece is never shorter than it says."""
    query = select(Region.code, Region.name).where(Region.level == level, inside(Region.code, within)).order_by(Region.code)
    if after is not None:
        query = query.where(Region.code > after)
    if view.areas and limit is not None:
        covers = [c for a in (view.areas if area is None else (area,)) for c in a.covers]
        query = query.where(or_(*(inside(Region.code, c) for c in covers), Region.code.in_([c[: DIGITS[level]] for c in covers])))
    return dict(session.execute(query if limit is None else query.limit(limit)).all())


def _sums(session: Session, view: ElectionView, level: Level, within: str, area: str | None, codes: list[str] | None) -> Sums:
    """The kept totals, or, of TPS and where none are kept, the rows."""
    if level is not Level.TPS and is_kept(session, view.id):
        return kept(session, view, level, within, area, codes)
    if codes is not None and level is Level.TPS:
        return from_rows(session, view, level, Only(area=area, ids=session.scalars(select(Region.id).where(Region.code.in_(codes))).all()))
    found = from_rows(session, view, level, Only(within, area))
    return found if codes is None else {key: found[key] for key in found if key[0] in set(codes)}


def totals_by_area(session: Session, election_id: str, within: str | None = None) -> list[TotalsRow]:
    """One row for each electoral district that has a TPS (inside ``within``). Raises UnknownElection, UnknownRegion."""
    view = election(session, election_id)
    here = None if within is None else region_row(session, within)
    top = RegionRef(here.code, here.level, here.name) if here is not None else RegionRef("", Level.REGENCY, "")
    by = _by_area(session, view, here)
    lines = Lines(view)
    return [lines.row(top, "", area, {area.code: by[area.code]}) for area in view.areas if area.code in by]


def _by_area(session: Session, view: ElectionView, here: Region | None) -> dict[str, PlaceSum]:
    """What counts in one region, or in all, by electoral district."""
    found: dict[str, PlaceSum] = {}
    tops = [here] if here is not None else session.scalars(select(Region).where(Region.parent_id.is_(None))).all()
    for top in tops:
        for (_, area), said in _sums(session, view, top.level, top.code, None, [top.code]).items():
            found.setdefault(area, PlaceSum()).add(said)
    return found


def coverage(session: Session, election_id: str, within: str | None = None) -> Coverage:
    """Of the region, or of everything. Raises UnknownElection, UnknownRegion."""
    view = election(session, election_id, contestants=False)
    return _coverage(view, _by_area(session, view, None if within is None else region_row(session, within)))


def sums_of_numbers(session: Session, election_id: str) -> dict[tuple[str, int, str], int]:
    """Form, page, number -> what counts of it in the whole election. Raises UnknownElection."""
    view = election(session, election_id, contestants=False)
    found: dict[tuple[str, int, str], int] = {}
    for place in _by_area(session, view, None).values():
        for (form, page), said in place.pages.items():
            for name, (value, *_) in said.numbers.items():
                found[form, page, name] = found.get((form, page, name), 0) + value
    return found


def _coverage(view: ElectionView, parts: Mapping[str, PlaceSum]) -> Coverage:
    """``parts``: by electoral district."""
    pages = [page for place in parts.values() for page in place.pages.values()]
    return Coverage(
        sheets_in=sum(p.sheets for p in pages),
        sheets_expected=sum(place.tps_all * owed_in(view, area) for area, place in parts.items()),
        tps_any=sum(place.tps_any for place in parts.values()),
        tps_complete=sum(place.tps_complete for place in parts.values()),
        tps_all=sum(place.tps_all for place in parts.values()),
        paper_errors=sum(p.errors for p in pages),
    )


def counted_elections(session: Session) -> set[str]:
    """Elections of which anything was ever committed."""
    some = select(SheetCommit.id).where(SheetCommit.election_id == Election.id).exists()
    return set(session.scalars(select(Election.id).where(some)))


def contributing_sheets(session: Session, election_id: str, tps_code: str) -> list[CommitView]:
    """The commits that count for one TPS, by form and page. Raises UnknownElection, UnknownTps."""
    view = election(session, election_id, contestants=False)
    place = tps_row(session, tps_code)
    c = counting(view, Only(ids=(place.id,)))
    rows = session.scalars(select(SheetCommit).join(c, c.c.id == SheetCommit.id).order_by(SheetCommit.form, SheetCommit.page))
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
class _Line:
    """A number that an owed page has, and what never changes about it."""

    key: PageKey
    name: str
    label: str
    label_en: str
    votes: Votes | None
    area: str
    current: bool
    """False: only an earlier version of the form had it."""


class Lines:
    """The numbers of an election, worked out once for all rows of a table: a table has thousands of them."""

    def __init__(self, view: ElectionView) -> None:
        self.view = view
        self._of: dict[frozenset[str], tuple[_Line, ...]] = {}

    def row(self, region: RegionRef, code: str, area: AreaView | None, parts: Mapping[str, PlaceSum]) -> TotalsRow:
        """A row of the totals: numbers of the pages that its TPS owe, coverage, parties. ``parts``: by electoral district."""
        pages: dict[PageKey, PageSum] = {}
        for place in parts.values():
            for key, said in place.pages.items():
                if key in pages:  # of the whole election, in several districts
                    whole = PageSum()
                    whole.add(pages[key])
                    whole.add(said)
                    pages[key] = whole
                else:
                    pages[key] = said
        numbers = tuple(self._numbers(self._lines(self._areas(code, area)), pages))
        return TotalsRow(region, numbers, _coverage(self.view, parts), _parties(self.view, numbers), area)

    def _areas(self, code: str, area: AreaView | None) -> frozenset[str]:
        """The districts that lie in this region, or in which it lies."""
        if area is not None:
            return frozenset((area.code,))
        areas = self.view.areas
        if (own := self.view.area_of(code)) is not None:
            return frozenset({a.code for a in areas if any(c.startswith(code) and c != code for c in a.covers)} | {own.code})
        return frozenset(a.code for a in areas if any(c.startswith(code) or code.startswith(c) for c in a.covers))

    def _lines(self, areas: frozenset[str]) -> tuple[_Line, ...]:
        if areas not in self._of:
            self._of[areas] = tuple(self._make(p for p in self.view.owed if p.area == "" or p.area in areas))
        return self._of[areas]

    def _make(self, owed: Iterable[OwedPage]) -> Iterator[_Line]:
        for p in owed:
            for number, current in numbers_ever(p.form, p.page):
                whose = votes_of(number.name, p.party)
                who = _name(self.view, p.area, whose)
                label, label_en = who or number.label.id, who or number.label.en
                yield _Line((p.form, p.page), number.name, label, label_en, whose, p.area, current)

    @staticmethod
    def _numbers(lines: Iterable[_Line], pages: Mapping[PageKey, PageSum]) -> Iterator[NumberTotal]:
        for n in lines:
            page = pages.get(n.key)
            value, sheets, known = (page.numbers.get(n.name) if page is not None else None) or (0, 0, 0)
            if n.current or sheets:  # else only an earlier version of the form had it, and nobody sent that
                yield NumberTotal(*n.key, n.name, n.label, n.label_en, value, sheets, sheets - known, n.votes, n.area)


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
