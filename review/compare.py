"""What counts, held against what others published: differences by TPS and number, and how far both sides reach.

Only committed counts are on our side. A comparison is worked out once and then follows: insert-only commits tell which TPS to look at
again, so that the page stays quick while the count goes on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.counting import Only, counting
from db.published import Named, figures_of, known_as, names_of
from db.queries import election
from db.tables import CommittedCount, Region, SheetCommit
from db.types import Level
from db.views import ElectionView
from tally.votes import votes_of

KINDS = ("votes", "validity", "voters", "ballots")
"""Of numbers: contestants' and parties' votes; valid and invalid; voters' data; ballots."""


def kind_of(name: str) -> str:
    if name in ("suara_sah", "suara_tidak_sah", "suara_total"):
        return "validity"
    if name.startswith("suara_"):
        return "votes"
    return "ballots" if name.startswith("ss_") else "voters"


@dataclass(frozen=True, slots=True)
class Place:
    """A TPS. ``desa``, ``kecamatan``: their names."""

    code: str
    number: int
    desa: str
    kecamatan: str

    @property
    def label(self) -> str:
        return f"TPS {self.number:03}, {self.desa}, {self.kecamatan}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One number of one TPS that both sides have, and have otherwise. ``ours`` is None where it is not legible on the paper."""

    place: Place
    name: str
    ours: int | None
    theirs: int

    @property
    def delta(self) -> int:
        """Theirs less ours."""
        return self.theirs - (self.ours or 0)


@dataclass(frozen=True, slots=True)
class Side:
    """How far both sides reach in one region, in TPS; and how they differ where both have something.

    Attributes:
        compared: numbers that both sides have.
        apart: sum of the differences without their signs.
        net: name of a contestant's votes -> theirs less ours, over the same TPS.
    """

    code: str
    name: str
    tps: int
    ours: int
    theirs: int
    both: int
    compared: int
    stations: int
    numbers: int
    apart: int
    net: Mapping[str, int]


@dataclass(slots=True)
class _Station:
    place: Place
    ours: bool
    theirs: bool
    compared: int = 0
    differences: tuple[Difference, ...] = ()


@dataclass(slots=True)
class Comparison:
    """One election against one import."""

    view: ElectionView
    import_id: int
    names: Mapping[str, Named]
    stations: dict[int, _Station] = field(default_factory=dict)
    theirs: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    commits: int = 0
    last: int = 0
    _kecamatan: dict[str, str] = field(default_factory=dict)

    def differences(self, *, kecamatan: str = "", kind: str = "", name: str = "", least: int = 1, order: str = "size") -> list[Difference]:
        """Filtered; ``order``: size (largest first), place, name."""
        found = [
            d
            for s in self.stations.values()
            for d in s.differences
            if d.place.code.startswith(kecamatan)
            and (not kind or kind_of(d.name) == kind)
            and (not name or d.name == name)
            and (abs(d.delta) >= least or d.ours is None)
        ]
        at = {n: i for i, n in enumerate(self.names)}
        keys = {
            "size": lambda d: (-abs(d.delta), d.place.code, at[d.name]),
            "place": lambda d: (d.place.code, at[d.name]),
            "name": lambda d: (at[d.name], -abs(d.delta), d.place.code),
        }
        return sorted(found, key=keys.get(order, keys["size"]))

    def sides(self) -> list[Side]:
        """One for each kecamatan, by code; the last one is of all."""
        groups: dict[str, list[_Station]] = {}
        for s in self.stations.values():
            groups.setdefault(s.place.code[:6], []).append(s)
        rows = [_side(code, self._kecamatan.get(code, code), groups[code]) for code in sorted(groups)]
        return [*rows, _side("", "", list(self.stations.values()))]


def _side(code: str, name: str, some: Sequence[_Station]) -> Side:
    differences = [d for s in some for d in s.differences]
    net: dict[str, int] = {}
    for d in differences:
        if kind_of(d.name) == "votes" and d.ours is not None:
            net[d.name] = net.get(d.name, 0) + d.delta
    return Side(
        code=code,
        name=name,
        tps=len(some),
        ours=sum(s.ours for s in some),
        theirs=sum(s.theirs for s in some),
        both=sum(s.ours and s.theirs for s in some),
        compared=sum(s.compared for s in some),
        stations=sum(bool(s.differences) for s in some),
        numbers=len(differences),
        apart=sum(abs(d.delta) for d in differences),
        net=net,
    )


_MADE: OrderedDict[tuple[str, int], Comparison] = OrderedDict()
_TURN = threading.RLock()
_MOST = 6


def compare(session: Session, election_id: str, import_id: int) -> Comparison:
    """Of one import with what counts now. Raises UnknownElection."""
    key = (str(session.get_bind().engine.url), import_id)
    with _TURN:
        made = _MADE.get(key)
        commits, last = _commits(session, election_id)
        view = election(session, election_id)
        if made is None or made.view != view or not _follow(session, made, commits, last):
            made = _build(session, view, import_id, commits, last)
            _MADE[key] = made
        _MADE.move_to_end(key)
        while len(_MADE) > _MOST:
            _MADE.popitem(last=False)
        return made


def _commits(session: Session, election_id: str) -> tuple[int, int]:
    count, last = session.execute(select(func.count(), func.max(SheetCommit.id)).where(SheetCommit.election_id == election_id)).one()
    return int(count), int(last or 0)


def _follow(session: Session, made: Comparison, commits: int, last: int) -> bool:
    """Look again at the TPS of the commits since; False where their number does not add up (a transaction that ended late)."""
    if (commits, last) == (made.commits, made.last):
        return True
    new = session.scalars(
        select(SheetCommit.tps_id).where(SheetCommit.election_id == made.view.id, SheetCommit.id > made.last, SheetCommit.id <= last)
    ).all()
    if made.commits + len(new) != commits:
        return False
    touched = set(new)
    ours = _ours(session, made.view, touched)
    for tps in touched & made.stations.keys():
        made.stations[tps] = _station(made.stations[tps].place, ours.get(tps, {}), made.theirs.get(tps, {}))
    made.commits, made.last = commits, last
    return True


def _build(session: Session, view: ElectionView, import_id: int, commits: int, last: int) -> Comparison:
    made = Comparison(view, import_id, names_of(view), theirs=figures_of(session, import_id), commits=commits, last=last)
    ours = _ours(session, view, None)
    desa = Region.__table__.alias("desa")
    kecamatan = Region.__table__.alias("kecamatan")
    query = (
        select(Region.id, Region.code, Region.number, desa.c.name, kecamatan.c.name)
        .join(desa, desa.c.id == Region.desa_id)
        .join(kecamatan, kecamatan.c.id == Region.kecamatan_id)
        .where(Region.level == Level.TPS)
        .order_by(Region.code)
    )
    everywhere = not view.areas
    for tps, code, number, village, district in session.execute(query):
        if everywhere or view.area_of(code) is not None:
            made.stations[tps] = _station(Place(code, number or 0, village, district), ours.get(tps, {}), made.theirs.get(tps, {}))
            made._kecamatan[code[:6]] = district
    return made


def _station(place: Place, ours: Mapping[str, int | None], theirs: Mapping[str, int]) -> _Station:
    both = ours.keys() & theirs.keys()
    apart = tuple(Difference(place, n, ours[n], theirs[n]) for n in theirs if n in both and ours[n] != theirs[n])
    return _Station(place, bool(ours), bool(theirs), len(both), apart)


def _ours(session: Session, view: ElectionView, tps: Collection[int] | None) -> dict[int, dict[str, int | None]]:
    """TPS -> name (known_as) -> what counts."""
    c = counting(view, Only() if tps is None else Only(ids=tuple(sorted(tps))))
    query = select(c.c.tps_id, c.c.form, c.c.page, CommittedCount.name, CommittedCount.value).join(
        CommittedCount, CommittedCount.commit_id == c.c.id
    )
    parties = {(p.form, p.page): p.party for p in view.owed}
    known: dict[tuple[str, int, str], str] = {}
    found: dict[int, dict[str, int | None]] = {}
    for place, form, page, name, value in session.execute(query):
        key = (form, page, name)
        if key not in known:
            known[key] = known_as(name, votes_of(name, parties.get((form, page))))
        found.setdefault(place, {})[known[key]] = value
    return found


def contests(names: Iterable[str], most: int = 8) -> list[str]:
    """The contestants' votes, where there are few enough to have a column each."""
    found = [n for n in names if kind_of(n) == "votes"]
    return found if len(found) <= most else []
