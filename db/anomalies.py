"""Committed counts as tally.crosscheck takes them, and the anomalies that were found: what stands, listed and counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from db import clock
from db.counting import Only, counting, inside
from db.queries import tps_refs, user_names
from db.tables import Anomaly, AnomalyMark, AnomalyState, CommittedCount, Region
from db.types import AnomalyEvent, AnomalyStanding
from db.views import ElectionView, TpsRef
from tally.crosscheck.kinds import KINDS, Severity
from tally.crosscheck.station import Count, Sheet

Key = tuple[str, str, str, str]
"""Election, TPS, kind, what: tally.crosscheck.station.Anomaly.key."""


def counted(
    session: Session, view: ElectionView, within: str, *, ids: Collection[int] | None = None, names: Collection[str] | None = None
) -> list[Count]:
    """What counts in one election for every TPS inside region ``within``: committed, not superseded, not void, on an owed page.

    Args:
        ids: only these TPS (row ids).
        names: only these numbers.
    """
    c = counting(view, Only(within=within, ids=ids))
    sheets = session.execute(select(c.c.id, c.c.code, c.c.form, c.c.page, c.c.paper_error, c.c.area)).all()
    numbers = select(CommittedCount.commit_id, CommittedCount.name, CommittedCount.value).join(c, c.c.id == CommittedCount.commit_id)
    if names is not None:
        numbers = numbers.where(CommittedCount.name.in_(names))
    values: dict[int, dict[str, int | None]] = {row[0]: {} for row in sheets}
    for commit, name, value in session.execute(numbers):
        values[commit][name] = value
    party = {(p.form, p.page): p.party for p in view.owed}
    owed: dict[str, set[tuple[str, int]]] = {}
    by: dict[str, list[Sheet]] = {}
    areas: dict[str, str] = {}
    for commit, code, form, page, paper_error, area in sheets:
        by.setdefault(code, []).append(Sheet(form, page, values[commit], paper_error, party.get((form, page))))
        areas[code] = area
    found = []
    for code, of in sorted(by.items()):
        area = areas[code]
        if area not in owed:
            owed[area] = {(p.form, p.page) for p in view.owed if p.area in ("", area)}
        of.sort(key=lambda s: (s.form, s.page))
        complete = {(s.form, s.page) for s in of} == owed[area]
        found.append(Count(code, view.id, view.kind, view.date.isoformat(), tuple(of), complete))
    return found


def holds() -> ColumnElement[bool]:
    """Condition on AnomalyState: it is the last one of its anomaly."""
    later = aliased(AnomalyState)
    return ~select(later.id).where(later.supersedes_id == AnomalyState.id).exists()


def standing(session: Session, within: str, elections: Collection[str]) -> dict[Key, tuple[Anomaly, AnomalyState]]:
    """Every anomaly of these elections inside ``within`` with the state that holds, gone ones too."""
    rows = session.execute(
        select(Anomaly, AnomalyState, Region.code)
        .join(AnomalyState, AnomalyState.anomaly_id == Anomaly.id)
        .join(Region, Region.id == Anomaly.tps_id)
        .where(inside(Region.code, within), Anomaly.election_id.in_(elections), holds())
    )
    return {(a.election_id, code, a.kind, a.what): (a, state) for a, state, code in rows}


def add_state(
    session: Session,
    anomaly: Anomaly,
    before: AnomalyState | None,
    event: AnomalyEvent,
    *,
    figures: Mapping[str, Any],
    context: Mapping[str, Any],
    places: Sequence[Sequence[Any]],
    user_id: int | None = None,
    note: str = "",
) -> AnomalyState:
    """The state after ``before``. Raises IntegrityError when somebody else wrote one first."""
    state = {AnomalyEvent.EXPLAINED: AnomalyStanding.EXPLAINED, AnomalyEvent.GONE: AnomalyStanding.GONE}.get(event, AnomalyStanding.OPEN)
    row = AnomalyState(
        anomaly_id=anomaly.id,
        number=before.number + 1 if before else 1,
        supersedes_id=before.id if before else None,
        at=clock.now(),
        user_id=user_id,
        event=event,
        state=state,
        severity=KINDS[anomaly.kind].severity.value,
        figures=dict(figures),
        context=dict(context),
        places=[list(p) for p in places],
        note=note,
    )
    session.add(row)
    return row


def mark(session: Session, area: str, *, lock: bool = False) -> int | None:
    """Up to which row of the audit log ``area`` was looked through; None: never."""
    query = select(AnomalyMark.seq).where(AnomalyMark.area == area)
    return session.scalar(query.with_for_update() if lock else query)


def set_mark(session: Session, area: str, seq: int) -> None:
    row = session.get(AnomalyMark, area)
    if row is None:
        session.add(AnomalyMark(area=area, seq=seq, at=clock.now()))
    elif row.seq <= seq:
        row.seq, row.at = seq, clock.now()
    session.flush()


@dataclass(frozen=True, slots=True)
class AnomalyView:
    """An anomaly as it stands. ``number``: of its state; ``by``: who explained or reopened it, None for the machine."""

    id: int
    number: int
    election_id: str
    tps: TpsRef
    kind: str
    what: str
    severity: str
    state: AnomalyStanding
    event: AnomalyEvent
    at: datetime
    first_at: datetime
    by: str | None
    note: str
    figures: Mapping[str, Any]
    context: Mapping[str, Any]
    places: tuple[tuple[str, str, int, str], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which anomalies. Empty: any. ``area``: code of a region; ``limits``: the asking user's areas (empty: everywhere)."""

    election: str = ""
    area: str = ""
    severity: str = ""
    kind: str = ""
    state: str = AnomalyStanding.OPEN.value
    limits: tuple[str, ...] = ()

    def conditions(self, *, but: str = "") -> list[ColumnElement[bool]]:
        """Conditions on Anomaly, AnomalyState and Region. ``but``: leave this field out (to count its choices)."""
        wanted: list[ColumnElement[bool]] = [holds()]
        if self.election and but != "election":
            wanted.append(Anomaly.election_id == self.election)
        if self.area and but != "area":
            wanted.append(inside(Region.code, self.area))
        if self.severity and but != "severity":
            wanted.append(AnomalyState.severity == self.severity)
        if self.kind and but != "kind":
            wanted.append(Anomaly.kind == self.kind)
        if self.state and but != "state":
            wanted.append(AnomalyState.state == self.state)
        if self.limits:
            wanted.append(or_(*(inside(Region.code, a) for a in self.limits)))
        return wanted


_RANK = case({s.value: s.rank for s in Severity}, value=AnomalyState.severity, else_=9)
ORDERS: Mapping[str, tuple[Any, ...]] = {
    "severity": (_RANK, AnomalyState.at.desc(), Anomaly.id.desc()),
    "newest": (AnomalyState.at.desc(), Anomaly.id.desc()),
    "oldest": (Anomaly.first_at, Anomaly.id),
    "place": (Region.code, _RANK, Anomaly.id),
    "kind": (Anomaly.kind, Region.code, Anomaly.id),
}
"""Name -> in which order anomalies are listed."""


def _joined(*columns: Any) -> Select[Any]:
    query: Select[Any] = select(*columns).select_from(Anomaly)
    return query.join(AnomalyState, AnomalyState.anomaly_id == Anomaly.id).join(Region, Region.id == Anomaly.tps_id)


def listed(session: Session, wanted: Wanted, order: str = "severity", limit: int | None = 50, offset: int = 0) -> list[AnomalyView]:
    """The anomalies wanted, in one of ORDERS."""
    query = _joined(Anomaly, AnomalyState).where(*wanted.conditions()).order_by(*ORDERS[order]).limit(limit).offset(offset)
    return views(session, [(a, s) for a, s in session.execute(query)])


def views(session: Session, rows: Sequence[tuple[Anomaly, AnomalyState]]) -> list[AnomalyView]:
    """Rows as values, in the order given."""
    tps = tps_refs(session, (a.tps_id for a, _ in rows))
    names = user_names(session, (s.user_id for _, s in rows))
    return [
        AnomalyView(
            id=a.id,
            number=s.number,
            election_id=a.election_id,
            tps=tps[a.tps_id],
            kind=a.kind,
            what=a.what,
            severity=s.severity,
            state=s.state,
            event=s.event,
            at=s.at,
            first_at=a.first_at,
            by=names.get(s.user_id) if s.user_id is not None else None,
            note=s.note,
            figures=s.figures,
            context=s.context,
            places=tuple((p[0], p[1], p[2], p[3]) for p in s.places),
        )
        for a, s in rows
    ]


def how_many(session: Session, wanted: Wanted) -> int:
    return int(session.scalar(_joined(func.count()).where(*wanted.conditions())) or 0)


@dataclass(frozen=True, slots=True)
class Choices:
    """How many anomalies each choice of a filter would give, the other filters as they are."""

    by: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def of(self, which: str, value: str) -> int:
        return self.by.get(which, {}).get(value, 0)


def choices(session: Session, wanted: Wanted) -> Choices:
    columns: dict[str, Any] = {
        "election": Anomaly.election_id,
        "area": func.substr(Region.code, 1, 6),
        "severity": AnomalyState.severity,
        "kind": Anomaly.kind,
        "state": AnomalyState.state,
    }
    found: dict[str, dict[str, int]] = {}
    for which, column in columns.items():
        query = _joined(column.label("choice"), func.count()).where(*wanted.conditions(but=which)).group_by("choice")
        found[which] = {str(getattr(value, "value", value)): int(n) for value, n in session.execute(query)}
    return Choices(found)


def open_by_severity(session: Session, limits: Iterable[str] = (), election: str = "") -> dict[str, int]:
    """Open anomalies by severity, of an election or of all, in the asking user's areas."""
    wanted = Wanted(election=election, limits=tuple(limits))
    query = _joined(AnomalyState.severity, func.count()).where(*wanted.conditions()).group_by(AnomalyState.severity)
    return {str(severity): int(n) for severity, n in session.execute(query)}


def history(session: Session, anomaly_id: int) -> list[tuple[AnomalyState, str | None]]:
    """Every state of an anomaly, the newest first, with the user's name (None: the machine)."""
    rows = list(session.scalars(select(AnomalyState).where(AnomalyState.anomaly_id == anomaly_id).order_by(AnomalyState.number.desc())))
    names = user_names(session, (r.user_id for r in rows))
    return [(r, names.get(r.user_id) if r.user_id is not None else None) for r in rows]
