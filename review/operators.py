"""The operators' report: who delivered what when, how often at the first try, and what is missing.

**First-time-right** of a person: of the pages that he delivered and that can be judged, the share whose first photo was usable
(review.deliveries). A page is one page of one form of one election at one TPS. A photo that was not usable and whose page nobody knows
is laid against the page that he sends next for the same TPS and election, together with others before that; if none follows, they are one
page of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from db.tables import Region, User
from db.types import Level, Role
from db.views import ElectionView, PageRef
from review.deliveries import Delivery, Who, deliveries

Page = tuple[str, str, int]
"""(election, form, page)"""


@dataclass(frozen=True, slots=True)
class Tries:
    """``right`` of ``judged`` pages were usable at the first try."""

    right: int = 0
    judged: int = 0

    def __add__(self, other: Tries) -> Tries:
        return Tries(self.right + other.right, self.judged + other.judged)

    @property
    def share(self) -> float | None:
        return self.right / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class StationRow:
    """One TPS. ``missing``: owed pages of which no usable photo came, in order; ``people``: names of those who delivered."""

    code: str
    number: str
    desa: str
    kecamatan: str
    kecamatan_code: str
    people: tuple[str, ...]
    photos: int
    pages_in: int
    pages_owed: int
    first: datetime | None
    last: datetime | None
    tries: Tries
    missing: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person. ``registered``: False for a name in an exported chat; ``missing``: pages still owed by the stations of his area, or,
    without an area, by those he delivered for."""

    name: str
    username: str
    registered: bool
    areas: tuple[str, ...]
    stations: int
    photos: int
    pages: int
    first: datetime | None
    last: datetime | None
    tries: Tries
    missing: int


@dataclass(frozen=True, slots=True)
class KecamatanRow:
    """One kecamatan, or what of it lies in the area asked about. ``complete``: stations of which nothing is missing."""

    code: str
    name: str
    stations: int
    begun: int
    complete: int
    photos: int
    pages_in: int
    pages_owed: int
    first: datetime | None
    last: datetime | None
    tries: Tries


@dataclass(frozen=True, slots=True)
class Report:
    elections: tuple[ElectionView, ...]
    people: tuple[PersonRow, ...]
    stations: tuple[StationRow, ...]
    kecamatan: tuple[KecamatanRow, ...]
    tries: Tries

    @property
    def pages_in(self) -> int:
        return sum(k.pages_in for k in self.kecamatan)

    @property
    def pages_owed(self) -> int:
        return sum(k.pages_owed for k in self.kecamatan)


def report(session: Session, elections: Sequence[ElectionView], codes: Sequence[str], only_user: int | None = None) -> Report:
    """What was delivered for stations within ``codes``. ``only_user``: his deliveries, and the stations that he delivered for, alone."""
    sent = deliveries(session, [e.id for e in elections], codes)
    names = _names(session, {d.who for d in sent})
    tries = first_tries(sent)
    by_station: dict[int, list[Delivery]] = defaultdict(list)
    for d in sent:
        by_station[d.tps_id].append(d)
    at_station: dict[int, Tries] = defaultdict(Tries)
    for (_, tps_id), t in tries.items():
        at_station[tps_id] += t
    owed = _Owed(elections)
    stations: dict[int, StationRow] = {}
    for tps_id, code, number, desa, kecamatan, kecamatan_code in _stations(session, codes):
        mine = by_station.get(tps_id, [])
        if only_user is not None and not any(d.who.user_id == only_user for d in mine):
            continue
        due = owed.of(code)
        have = {(d.election_id, d.form, d.page) for d in mine if d.usable}
        stations[tps_id] = StationRow(
            code=code,
            number=f"{number:03}",
            desa=desa,
            kecamatan=kecamatan,
            kecamatan_code=kecamatan_code,
            people=tuple(dict.fromkeys(names[d.who].name for d in mine)),
            photos=len(mine),
            pages_in=sum(p in have for p in due),
            pages_owed=len(due),
            first=mine[0].at if mine else None,
            last=mine[-1].at if mine else None,
            tries=at_station[tps_id],
            missing=tuple(p for p in due if p not in have),
        )
    people = _people(session, codes, sent, tries, stations, names, only_user)
    rows = tuple(stations.values())
    total = sum((t for (who, _), t in tries.items() if only_user in (None, who.user_id)), start=Tries())
    return Report(tuple(elections), people, rows, _kecamatan(rows), total)


def first_tries(sent: Iterable[Delivery]) -> dict[tuple[Who, int], Tries]:
    """(person, station) -> how many pages were right at the first try. ``sent`` in the order of time."""
    pages: dict[tuple[Who, int, str], dict[tuple[str, int], bool | None]] = defaultdict(dict)
    unknown: set[tuple[Who, int, str]] = set()
    for d in sent:
        key = (d.who, d.tps_id, d.election_id)
        if d.page is None:
            if d.usable is False:
                unknown.add(key)
            continue
        page = _page(pages[key], d.form or "", d.page)
        if pages[key].get(page) is None:
            pages[key][page] = d.usable
            if d.usable is not None and key in unknown:
                unknown.discard(key)
                pages[key][page] = False
    found: dict[tuple[Who, int], Tries] = defaultdict(Tries)
    for key in {*pages, *unknown}:
        judged = [v for v in pages.get(key, {}).values() if v is not None]
        found[key[:2]] += Tries(sum(judged), len(judged) + (key in unknown))
    return dict(found)


def _page(known: Iterable[tuple[str, int]], form: str, number: int) -> tuple[str, int]:
    """The page's key. Where nobody recognised the form, the number that the sender named tells the page well enough."""
    return next(((f, n) for f, n in known if n == number and (not form or f in ("", form))), (form, number))


class _Owed:
    """The pages that a station owes in all the elections, worked out once per electoral district."""

    def __init__(self, elections: Sequence[ElectionView]) -> None:
        self._elections = elections
        self._known: dict[tuple[str, str], tuple[PageRef, ...]] = {}

    def of(self, tps: str) -> list[Page]:
        found = []
        for e in self._elections:
            area = e.area_of(tps)
            key = (e.id, area.code if area else "")
            if key not in self._known:
                self._known[key] = e.owes(tps)
            found += [(e.id, p.form, p.page) for p in self._known[key]]
        return found


def _stations(session: Session, codes: Sequence[str]) -> list[tuple[int, str, int, str, str, str]]:
    desa, kecamatan = aliased(Region), aliased(Region)
    query = (
        select(Region.id, Region.code, Region.number, desa.name, kecamatan.name, kecamatan.code)
        .join(desa, desa.id == Region.desa_id)
        .join(kecamatan, kecamatan.id == Region.kecamatan_id)
        .where(Region.level == Level.TPS, or_(*(Region.code.startswith(c) for c in codes)))
        .order_by(Region.code)
    )
    return [(i, c, n or 0, d, k, kc) for i, c, n, d, k, kc in session.execute(query)]


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    username: str
    areas: tuple[str, ...] = ()


def _names(session: Session, people: Iterable[Who]) -> dict[Who, _Named]:
    known = {u.id: u for u in session.scalars(select(User).where(User.id.in_({w.user_id for w in people})))}
    return {w: _named(known[w.user_id]) if w.user_id is not None else _Named(w.name, "") for w in people}


def _named(user: User) -> _Named:
    return _Named(user.display_name, user.username, tuple(sorted(r.code for r in user.areas)))


def _people(
    session: Session,
    codes: Sequence[str],
    sent: Sequence[Delivery],
    tries: dict[tuple[Who, int], Tries],
    stations: dict[int, StationRow],
    names: dict[Who, _Named],
    only_user: int | None,
) -> tuple[PersonRow, ...]:
    """Those who delivered, and the active operators who work here and have not, by name."""
    mine: dict[Who, list[Delivery]] = defaultdict(list)
    for d in sent:
        mine[d.who].append(d)
    by_person: dict[Who, Tries] = defaultdict(Tries)
    for (who, _), t in tries.items():
        by_person[who] += t
    everybody = dict(names)
    for user in session.scalars(select(User).where(User.role == Role.OPERATOR, User.active)):
        named = _named(user)
        if any(a.startswith(c) or c.startswith(a) for a in named.areas for c in codes):
            everybody.setdefault(Who(user.id), named)
    found = []
    for who, named in everybody.items():
        if only_user not in (None, who.user_id):
            continue
        photos = mine[who]
        served = {d.tps_id for d in photos}
        due = [r for i, r in stations.items() if (any(r.code.startswith(a) for a in named.areas) if named.areas else i in served)]
        found.append(
            PersonRow(
                name=named.name,
                username=named.username,
                registered=who.user_id is not None,
                areas=named.areas,
                stations=len(served),
                photos=len(photos),
                pages=len({(d.tps_id, d.election_id, d.form, d.page) for d in photos if d.usable and d.page is not None}),
                first=photos[0].at if photos else None,
                last=photos[-1].at if photos else None,
                tries=by_person[who],
                missing=sum(len(r.missing) for r in due),
            )
        )
    return tuple(sorted(found, key=lambda p: (p.name.casefold(), p.username)))


def _kecamatan(stations: Iterable[StationRow]) -> tuple[KecamatanRow, ...]:
    groups: dict[str, list[StationRow]] = defaultdict(list)
    for r in stations:
        groups[r.kecamatan_code].append(r)
    return tuple(
        KecamatanRow(
            code=code,
            name=rows[0].kecamatan,
            stations=len(rows),
            begun=sum(r.photos > 0 for r in rows),
            complete=sum(not r.missing for r in rows if r.pages_owed),
            photos=sum(r.photos for r in rows),
            pages_in=sum(r.pages_in for r in rows),
            pages_owed=sum(r.pages_owed for r in rows),
            first=min((r.first for r in rows if r.first), default=None),
            last=max((r.last for r in rows if r.last), default=None),
            tries=sum((r.tries for r in rows), start=Tries()),
        )
        for code, rows in sorted(groups.items())
    )
