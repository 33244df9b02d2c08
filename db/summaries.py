"""Kept totals: what counts in every region above the TPS (PageTotal, PlaceTotal), changed in the transaction of each commit.

They are a working copy, never a source: ``faults`` holds every row of them against the counts, ``rebuild`` makes them anew, and an election
that is not ``summed`` is summed from the rows (``db.counting``). Why: docs/decisions/0012-kept-totals.md.

Who writes them holds the audit log's head (db.audit) until his transaction ends, so writers follow one another and each sees all commits
before his own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.orm import Session

from db.counting import DIGITS, Only, PageKey, PageSum, PlaceSum, Sums, counting, from_rows, inside, owed_in
from db.queries import election
from db.tables import AuditHead, Election, PageTotal, PlaceTotal, Region, SheetCommit
from db.types import Level
from db.views import ElectionView, PageRef

KEPT = tuple(level for level in Level if level is not Level.TPS)
_PAGE, _PLACE = cast(Table, PageTotal.__table__), cast(Table, PlaceTotal.__table__)


def is_kept(session: Session, election_id: str) -> bool:
    return bool(session.scalar(select(Election.summed).where(Election.id == election_id)))


def kept(session: Session, view: ElectionView, level: Level, within: str, area: str | None, codes: Iterable[str] | None = None) -> Sums:
    """As ``db.counting.from_rows``, from the kept rows. ``codes``: only of these regions. Only for levels above the TPS."""
    lies = [Region.level == level, inside(Region.code, within)]
    if codes is not None:
        lies.append(Region.code.in_(list(codes)))
    found: Sums = {}
    p = _PLACE.c
    places = select(Region.code, p.area, p.tps_all, p.tps_any, p.tps_complete).join_from(Region, _PLACE, p.region_id == Region.id)
    for code, part, tps_all, tps_any, complete in session.execute(_of(places, p, view, area).where(*lies)):
        found[code, part] = PlaceSum(tps_all, tps_any, complete)
    q = _PAGE.c
    pages = select(Region.code, q.area, q.form, q.page, q.sheets, q.paper_errors, q.numbers).join_from(
        Region, _PAGE, q.region_id == Region.id
    )
    for code, part, form, page, sheets, errors, numbers in session.execute(_of(pages, q, view, area).where(*lies)):
        found[code, part].pages[form, page] = PageSum(sheets, errors, numbers)
    return found


def _of(query: Any, columns: Any, view: ElectionView, area: str | None) -> Any:
    query = query.where(columns.election_id == view.id)
    return query if area is None else query.where(columns.area == area)


def lock(session: Session) -> None:
    """Until the transaction ends nobody else writes kept totals, or a count. PostgreSQL; SQLite has one writer in any case."""
    session.execute(select(AuditHead.seq).with_for_update())


def follow(session: Session, commit: SheetCommit, before: SheetCommit | None) -> None:
    """Bring the totals to what counts after ``commit``, which is flushed and took the place of ``before``. The caller holds the lock."""
    if not is_kept(session, commit.election_id):
        rebuild(session, commit.election_id)
        return
    view = election(session, commit.election_id, contestants=False)
    code = session.scalars(select(Region.code).where(Region.id == commit.tps_id)).one()
    if PageRef(commit.form, commit.page) not in view.owes(code):
        return  # a withdrawn sheet of a page that is not owed any more
    change = _page_of(commit)
    for name, said in (_page_of(before) if before is not None else PageSum()).numbers.items():
        change.numbers[name] = [a - b for a, b in zip(change.numbers.get(name, [0, 0, 0]), said, strict=True)]
    counts, counted = not commit.void, before is not None and not before.void
    change.sheets = counts - counted
    change.errors = (counts and commit.paper_error) - bool(counted and before is not None and before.paper_error)
    found = view.area_of(code)
    area = found.code if found else ""
    c = counting(view, Only(ids=(commit.tps_id,)))
    now = session.scalar(select(func.count()).select_from(c)) or 0
    then, owed = now - change.sheets, owed_in(view, area)
    around = session.scalars(select(Region.id).where(Region.code.in_([code[: DIGITS[level]] for level in KEPT]))).all()
    if any_ := (now > 0) - (then > 0):
        _add_to_places(session, view.id, around, area, "tps_any", any_)
    if complete := (now == owed) - (then == owed):
        _add_to_places(session, view.id, around, area, "tps_complete", complete)
    if change.sheets or change.errors or any(any(said) for said in change.numbers.values()):
        _add_to_pages(session, view.id, around, area, (commit.form, commit.page), change)


def _page_of(commit: SheetCommit) -> PageSum:
    """One sheet as a sum; nothing of a void one."""
    if commit.void:
        return PageSum()
    return PageSum(1, int(commit.paper_error), {n.name: [n.value or 0, 1, int(n.value is not None)] for n in commit.counts})


def _add_to_places(session: Session, election_id: str, regions: Iterable[int], area: str, column: str, by: int) -> None:
    t = _PLACE.c
    session.execute(
        update(_PLACE).where(t.election_id == election_id, t.region_id.in_(regions), t.area == area).values({column: t[column] + by})
    )


def _add_to_pages(session: Session, election_id: str, regions: Iterable[int], area: str, key: PageKey, change: PageSum) -> None:
    t = _PAGE.c
    where = (t.election_id == election_id, t.area == area, t.form == key[0], t.page == key[1])
    there = {
        r.region_id: PageSum(r.sheets, r.paper_errors, r.numbers)
        for r in session.execute(select(_PAGE).where(*where, t.region_id.in_(regions)))
    }
    for region in regions:
        page = there.get(region, PageSum())
        page.add(change)
        values = {"sheets": page.sheets, "paper_errors": page.errors, "numbers": _without_nothing(page.numbers)}
        if region in there:
            session.execute(update(_PAGE).where(*where, t.region_id == region).values(values))
        else:
            place = {"election_id": election_id, "region_id": region, "area": area, "form": key[0], "page": key[1]}
            session.execute(insert(_PAGE).values({**place, **values}))


def _without_nothing(numbers: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """Without numbers that no sheet carries any more."""
    return {name: said for name, said in sorted(numbers.items()) if said[1]}


def rebuild(session: Session, election_id: str) -> int:
    """Make an election's kept totals anew from the rows. Returns how many rows there are. Raises UnknownElection."""
    lock(session)
    view = election(session, election_id, contestants=False)
    for table in (_PAGE, _PLACE):
        session.execute(delete(table).where(table.c.election_id == election_id))
    count = 0
    for part in _rolled(session, view):
        ids = _ids(session, {code for code, _ in part})
        places: list[dict[str, Any]] = []
        pages: list[dict[str, Any]] = []
        for (code, area), place in part.items():
            where = {"election_id": election_id, "region_id": ids[code], "area": area}
            places.append({**where, "tps_all": place.tps_all, "tps_any": place.tps_any, "tps_complete": place.tps_complete})
            pages += (
                {
                    **where,
                    "form": form,
                    "page": number,
                    "sheets": page.sheets,
                    "paper_errors": page.errors,
                    "numbers": _without_nothing(page.numbers),
                }
                for (form, number), page in place.pages.items()
            )
        for table, rows in ((_PLACE, places), (_PAGE, pages)):
            if rows:
                session.execute(insert(table), rows)
        count += len(places) + len(pages)
    session.execute(update(Election).where(Election.id == election_id).values(summed=True))
    return count


def rebuild_all(session: Session) -> int:
    """Every election's. Returns how many rows there are."""
    return sum(rebuild(session, e) for e in session.scalars(select(Election.id).order_by(Election.id)).all())


def _rolled(session: Session, view: ElectionView) -> Iterator[Sums]:
    """What the rows say of every region above the TPS: regency by regency, which needs little memory, then what lies above."""
    above: Sums = {}
    for regency in session.scalars(select(Region.code).where(Region.level == Level.REGENCY).order_by(Region.code)).all():
        part = from_rows(session, view, Level.DESA, Only(regency))
        for (code, area), place in list(part.items()):
            for level in (Level.KECAMATAN, Level.REGENCY):
                part.setdefault((code[: DIGITS[level]], area), PlaceSum()).add(place)
            for level in (Level.PROVINCE, Level.NATION):
                above.setdefault((code[: DIGITS[level]], area), PlaceSum()).add(place)
        yield part
    known = _ids(session, {code for code, _ in above})
    yield {key: place for key, place in above.items() if key[0] in known}


def _ids(session: Session, codes: Iterable[str]) -> dict[str, int]:
    wanted = sorted(codes)
    found: dict[str, int] = {}
    for at in range(0, len(wanted), 500):
        found |= dict(session.execute(select(Region.code, Region.id).where(Region.code.in_(wanted[at : at + 500]))).all())
    return found


def faults(session: Session, election_id: str) -> list[str]:
    """Where the kept totals say something else than the counts: a line each, with table, place and figure. None while not in use."""
    if not is_kept(session, election_id):
        return []
    view = election(session, election_id, contestants=False)
    kept_places = {(r.region_id, r.area): r for r in session.execute(select(_PLACE).where(_PLACE.c.election_id == election_id))}
    q = _PAGE.c
    found: list[str] = []
    left = {
        (r.region_id, r.area, r.form, r.page)
        for r in session.execute(select(q.region_id, q.area, q.form, q.page).where(q.election_id == election_id))
    }
    names = dict(session.execute(select(Region.id, Region.code).where(Region.level != Level.TPS)).all())
    for part in _rolled(session, view):
        ids = _ids(session, {code for code, _ in part})
        pages = _pages_of(session, election_id, ids.values())
        for (code, area), place in part.items():
            row = kept_places.pop((ids[code], area), None)
            has = None if row is None else (row.tps_all, row.tps_any, row.tps_complete)
            if has != (want := (place.tps_all, place.tps_any, place.tps_complete)):
                found.append(f"place_total {election_id} {code} {area}: TPS {has}, the counts say {want}")
            for (form, number), page in place.pages.items():
                left.discard((ids[code], area, form, number))
                now = pages.get((ids[code], area, form, number))
                found += (f"page_total {election_id} {code} {area} {form} {number}: {text}" for text in _differences(now, page))
    found += (f"place_total {election_id} {names[r]} {a}: nobody votes there" for r, a in kept_places)
    for region, area, form, number in sorted(left):
        page = _pages_of(session, election_id, [region])[region, area, form, number]
        if page.sheets or page.errors or page.numbers:
            found.append(f"page_total {election_id} {names[region]} {area} {form} {number}: kept, but nothing counts there")
    return found


def _pages_of(session: Session, election_id: str, regions: Iterable[int]) -> dict[tuple[int, str, str, int], PageSum]:
    q, wanted = _PAGE.c, list(regions)
    return {
        (r.region_id, r.area, r.form, r.page): PageSum(r.sheets, r.paper_errors, r.numbers)
        for at in range(0, len(wanted), 500)
        for r in session.execute(select(_PAGE).where(q.election_id == election_id, q.region_id.in_(wanted[at : at + 500])))
    }


def _differences(has: PageSum | None, wants: PageSum) -> Iterator[str]:
    if has is None:
        yield "missing"
        return
    if (has.sheets, has.errors) != (wants.sheets, wants.errors):
        yield f"sheets {has.sheets}, with errors {has.errors}; the counts say {wants.sheets} and {wants.errors}"
    for name in sorted(has.numbers.keys() | wants.numbers.keys()):
        if (a := has.numbers.get(name)) != (b := wants.numbers.get(name)):
            yield f"{name} {a}, the counts say {b}"
