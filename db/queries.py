"""Looking up elections, regions and what stands for a sheet."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session, aliased, joinedload

from db.errors import ServiceError
from db.tables import Contestant, Election, ElectionArea, ElectionPage, Party, Region, SheetCommit, User
from db.types import Level
from db.views import AreaView, CommitView, ElectionView, OwedPage, RegionRef, TpsRef


class UnknownElection(ServiceError):
    code = "unknown_election"
    status = 422
    text = "Pemilihan ini tidak dikenal."
    text_en = "There is no such election."


class UnknownTps(ServiceError):
    code = "unknown_tps"
    status = 422
    text = "TPS ini tidak dikenal. Periksa kode atau pilih dari daftar."
    text_en = "There is no such TPS. Check the code or choose from the list."


class UnknownRegion(ServiceError):
    code = "unknown_region"
    status = 422
    text = "Kode wilayah tidak dikenal."
    text_en = "The region code is not known."


def election_view(row: Election, contestants: bool = True) -> ElectionView:
    return ElectionView(
        id=row.id,
        kind=row.kind,
        name=row.name,
        name_en=row.name_en,
        date=row.date,
        owed=tuple(OwedPage(p.form, p.page, p.area, p.party) for p in row.pages),
        areas=tuple(AreaView(a.code, a.name, tuple(a.covers), a.seats, a.whole) for a in row.areas),
        parties={p.number: p.name for p in row.parties},
        contestants={(c.area, c.party, c.number): c.name for c in row.contestants} if contestants else None,
    )


def elections(session: Session) -> list[ElectionView]:
    """All elections, the newest first; without the contestants' names."""
    return [election_view(e, contestants=False) for e in session.scalars(select(Election).order_by(Election.date.desc(), Election.id))]


def election(session: Session, election_id: str, *, contestants: bool = True) -> ElectionView:
    """As the database has it at this moment, whatever the session has read before. Raises UnknownElection."""
    e, p, a = Election, ElectionPage, ElectionArea
    row = session.execute(select(e.id, e.kind, e.name, e.name_en, e.date).where(e.id == election_id)).one_or_none()
    if row is None:
        raise UnknownElection({"election": election_id})
    pages = select(p.form, p.page, p.area, p.party).where(p.election_id == election_id).order_by(p.form, p.page)
    areas = select(a.code, a.name, a.covers, a.seats, a.whole).where(a.election_id == election_id).order_by(a.code)
    parties = select(Party.number, Party.name).where(Party.election_id == election_id).order_by(Party.number)
    c = Contestant
    people = select(c.area, c.party, c.number, c.name).where(c.election_id == election_id).order_by(c.area, c.party, c.number)
    return ElectionView(
        *row,
        owed=tuple(OwedPage(*r) for r in session.execute(pages)),
        areas=tuple(AreaView(code, name, tuple(covers), seats, whole) for code, name, covers, seats, whole in session.execute(areas)),
        parties={r.number: r.name for r in session.execute(parties)},
        contestants={(r.area, r.party, r.number): r.name for r in session.execute(people)} if contestants else None,
    )


def _tps_rows() -> Select[Region]:
    return select(Region).where(Region.level == Level.TPS).options(joinedload(Region.desa), joinedload(Region.kecamatan))


def tps_ref(row: Region) -> TpsRef:
    """``row`` must be a TPS."""
    if row.desa is None or row.kecamatan is None or row.number is None:
        raise ValueError(f"region {row.code} is no TPS")
    return TpsRef(row.code, f"{row.number:03}", row.desa.name, row.desa.code, row.kecamatan.name, row.kecamatan.code)


def tps_row(session: Session, code: str) -> Region:
    """Raises UnknownTps."""
    row = session.scalar(_tps_rows().where(Region.code == code))
    if row is None:
        raise UnknownTps({"tps": code})
    return row


def tps(session: Session, code: str) -> TpsRef:
    """Raises UnknownTps."""
    return tps_ref(tps_row(session, code))


def tps_refs(session: Session, ids: Iterable[int]) -> dict[int, TpsRef]:
    """Several TPS at once, by row id."""
    wanted = set(ids)
    return {r.id: tps_ref(r) for r in session.scalars(_tps_rows().where(Region.id.in_(wanted)))} if wanted else {}


def find_tps(session: Session, text: str, limit: int = 20) -> list[TpsRef]:
    """For the search field. Every word must fit: a part of a name, a TPS number (up to three digits) or the beginning of a code."""
    words = text.lower().split()
    if not words:
        return []
    rows = session.scalars(_tps_rows().where(and_(*map(_fits, words))).order_by(Region.code).limit(limit))
    return [tps_ref(r) for r in rows]


def _fits(word: str) -> ColumnElement[bool]:
    if word.isascii() and word.isdigit():
        return Region.number == int(word) if len(word) <= 3 else Region.code.startswith(word)
    return Region.search.contains(word, autoescape=True)


def region_row(session: Session, code: str) -> Region:
    """Raises UnknownRegion."""
    row = session.scalar(select(Region).where(Region.code == code))
    if row is None:
        raise UnknownRegion({"region": code})
    return row


def region(session: Session, code: str) -> RegionRef:
    """Raises UnknownRegion."""
    row = region_row(session, code)
    return RegionRef(row.code, row.level, row.name)


def children(session: Session, code: str | None) -> list[RegionRef]:
    """One level down, by code; None gives the top. Raises UnknownRegion."""
    parent = None if code is None else region_row(session, code).id
    where = Region.parent_id.is_(None) if parent is None else Region.parent_id == parent
    return [RegionRef(r.code, r.level, r.name) for r in session.scalars(select(Region).where(where).order_by(Region.code))]


def within(row: Region) -> ColumnElement[bool]:
    """Condition on Region (as a TPS): it lies in ``row`` or is it."""
    column = {Level.REGENCY: Region.regency_id, Level.KECAMATAN: Region.kecamatan_id, Level.DESA: Region.desa_id, Level.TPS: Region.id}
    if row.level not in column:  # above the regency: codes nest
        return Region.code.startswith(row.code, autoescape=True)
    return column[row.level] == row.id


def not_superseded() -> ColumnElement[bool]:
    """Condition on SheetCommit: no later version follows it."""
    later = aliased(SheetCommit)
    return ~select(later.id).where(later.supersedes_id == SheetCommit.id).exists()


def standing(session: Session, election_id: str, tps_id: int, form: str, page: int) -> SheetCommit | None:
    """The last version of one sheet, void or not; None if nothing was ever committed."""
    return session.scalar(
        select(SheetCommit).where(
            SheetCommit.election_id == election_id,
            SheetCommit.tps_id == tps_id,
            SheetCommit.form == form,
            SheetCommit.page == page,
            not_superseded(),
        )
    )


def commit_views(session: Session, rows: Iterable[SheetCommit]) -> list[CommitView]:
    """Rows as values, in the order given."""
    found = list(rows)
    places = tps_refs(session, (c.tps_id for c in found))
    names = user_names(session, (c.user_id for c in found))
    return [
        CommitView(
            id=c.id,
            election_id=c.election_id,
            tps=places[c.tps_id],
            form=c.form,
            page=c.page,
            photo_id=c.photo_id,
            source=c.source,
            by=names.get(c.user_id) if c.user_id is not None else None,
            at=c.at,
            version=c.version,
            supersedes=c.supersedes_id,
            void=c.void,
            paper_error=c.paper_error,
            note=c.note,
            values={n.name: n.value for n in c.counts},
        )
        for c in found
    ]


def user_names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """User names by id."""
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    return dict(session.execute(select(User.id, User.username).where(User.id.in_(wanted))).all())
