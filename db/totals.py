"""Verified totals. ``counting`` is the one query that says what counts; everything else groups it.

A sheet counts once: by the version that nobody supersedes, unless it is void, and only on pages the election expects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Subquery, case, func, select
from sqlalchemy.orm import Session

from db.queries import commit_views, election, not_superseded, region_row, tps_row
from db.queries import within as lies_within
from db.tables import CommittedCount, ElectionPage, Region, SheetCommit
from db.types import Level
from db.views import CommitView, ElectionView, RegionRef
from templates_c1.registry import page as template_page


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
        label, label_en: the contestant's name where the number has one, else the form's words.
    """

    form: str
    page: int
    name: str
    label: str
    label_en: str
    value: int
    sheets: int
    unknown: int


@dataclass(frozen=True, slots=True)
class TotalsRow:
    region: RegionRef
    numbers: tuple[NumberTotal, ...]
    coverage: Coverage

    def value(self, name: str) -> int | None:
        """Sum of the number called ``name``; None if no sheet with it is in."""
        found = [n for n in self.numbers if n.name == name and n.sheets]
        return sum(n.value for n in found) if found else None

    @property
    def votes(self) -> tuple[NumberTotal, ...]:
        """The contestants' numbers."""
        return tuple(n for n in self.numbers if n.name.startswith(("suara_paslon_", "suara_calon_", "suara_partai")))


def counting(election_id: str) -> Subquery:
    """What counts in one election: commit id, tps_id, form, page, paper_error. One row a sheet."""
    return (
        select(SheetCommit.id, SheetCommit.tps_id, SheetCommit.form, SheetCommit.page, SheetCommit.paper_error)
        .join(
            ElectionPage,
            (ElectionPage.election_id == SheetCommit.election_id)
            & (ElectionPage.form == SheetCommit.form)
            & (ElectionPage.page == SheetCommit.page),
        )
        .where(SheetCommit.election_id == election_id, SheetCommit.void.is_(False), not_superseded())
        .subquery("counting")
    )


_GROUP: Mapping[Level, Any] = {
    Level.REGENCY: Region.regency_id,
    Level.KECAMATAN: Region.kecamatan_id,
    Level.DESA: Region.desa_id,
    Level.TPS: Region.id,
}


def totals(session: Session, election_id: str, level: Level, within: str | None = None) -> list[TotalsRow]:
    """One row for each region of ``level`` (inside ``within``), also where nothing is in yet, by code.

    Raises:
        UnknownElection, UnknownRegion.
    """
    view = election(session, election_id)
    inside = None if within is None else region_row(session, within)
    sums: dict[int, dict[tuple[str, int, str], tuple[int, int, int]]] = {}
    for group, form, page, name, value, sheets, known in session.execute(_limited(_sums(election_id, level), inside)):
        sums.setdefault(group, {})[(form, page, name)] = (int(value or 0), int(sheets), int(sheets) - int(known))
    covers = _coverages(session, view, level, inside)
    regions = {r.id: r for r in session.scalars(_regions(level, inside))}
    return [
        TotalsRow(RegionRef(r.code, r.level, r.name), _numbers(view, sums.get(r.id, {})), covers.get(r.id, Coverage()))
        for r in regions.values()
    ]


def coverage(session: Session, election_id: str, within: str | None = None) -> Coverage:
    """Of the region, or of everything. Raises UnknownElection, UnknownRegion."""
    view = election(session, election_id)
    inside = None if within is None else region_row(session, within)
    parts = _coverages(session, view, Level.REGENCY, inside).values()
    return Coverage(*(sum(getattr(c, f) for c in parts) for f in Coverage.__slots__))


def contributing_sheets(session: Session, election_id: str, tps_code: str) -> list[CommitView]:
    """The commits that count for one TPS, by form and page. Raises UnknownElection, UnknownTps."""
    election(session, election_id)
    place = tps_row(session, tps_code)
    c = counting(election_id)
    rows = session.scalars(
        select(SheetCommit).join(c, c.c.id == SheetCommit.id).where(c.c.tps_id == place.id).order_by(SheetCommit.form, SheetCommit.page)
    )
    return commit_views(session, rows)


def _sums(election_id: str, level: Level) -> Select[Any]:
    c = counting(election_id)
    group = _GROUP[level]
    return (
        select(
            group,
            c.c.form,
            c.c.page,
            CommittedCount.name,
            func.sum(CommittedCount.value),
            func.count(),
            func.count(CommittedCount.value),
        )
        .select_from(c)
        .join(CommittedCount, CommittedCount.commit_id == c.c.id)
        .join(Region, Region.id == c.c.tps_id)
        .group_by(group, c.c.form, c.c.page, CommittedCount.name)
    )


def _coverages(session: Session, view: ElectionView, level: Level, inside: Region | None) -> dict[int, Coverage]:
    c = counting(view.id)
    per_tps = select(c.c.tps_id, func.count().label("sheets"), func.sum(case((c.c.paper_error, 1), else_=0)).label("errors")).group_by(
        c.c.tps_id
    )
    t = per_tps.subquery("per_tps")
    group = _GROUP[level]
    pages = len(view.pages)
    query = (
        select(
            group,
            func.count(),
            func.coalesce(func.sum(t.c.sheets), 0),
            func.count(t.c.tps_id),
            func.coalesce(func.sum(case((t.c.sheets == pages, 1), else_=0)), 0),
            func.coalesce(func.sum(t.c.errors), 0),
        )
        .select_from(Region)
        .outerjoin(t, t.c.tps_id == Region.id)
        .where(Region.level == Level.TPS)
        .group_by(group)
    )
    return {
        g: Coverage(
            sheets_in=int(sheets),
            sheets_expected=int(all_tps) * pages,
            tps_any=int(some),
            tps_complete=int(complete),
            tps_all=int(all_tps),
            paper_errors=int(errors),
        )
        for g, all_tps, sheets, some, complete, errors in session.execute(_limited(query, inside))
    }


def _limited(query: Select[Any], inside: Region | None) -> Select[Any]:
    return query if inside is None else query.where(lies_within(inside))


def _regions(level: Level, inside: Region | None) -> Select[Region]:
    query = select(Region).where(Region.level == level).order_by(Region.code)
    return query if inside is None else query.where(Region.code.startswith(inside.code, autoescape=True))


def _numbers(view: ElectionView, sums: Mapping[tuple[str, int, str], tuple[int, int, int]]) -> tuple[NumberTotal, ...]:
    found = []
    for ref in view.pages:
        for number in template_page(ref.form, ref.page).numbers:
            value, sheets, unknown = sums.get((ref.form, ref.page, number.name), (0, 0, 0))
            who = view.contestants.get(number.name)
            found.append(
                NumberTotal(ref.form, ref.page, number.name, who or number.label.id, who or number.label.en, value, sheets, unknown)
            )
    return tuple(found)
