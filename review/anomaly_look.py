"""Looks through what counts and keeps what looks wrong, and what becomes of it.

Only committed counts are looked at (db.counting). What is looked at anew follows from the audit log: every count that was committed or
withdrawn since the last time names a station; that station, the day's other elections there, and its kecamatan in that election (the
neighbours) are checked again, nothing else. The log is written by one transaction at a time, so no count is ever overlooked.

An anomaly is open until a person explains it (review.anomalies), or until its figures are gone; when the figures change, it is open again.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import anomalies as stored
from db import audit, clock
from db.queries import elections
from db.session import Database
from db.tables import Anomaly, AnomalyState, AuditLog, Region, SheetCommit
from db.types import AnomalyEvent, AnomalyStanding
from db.views import ElectionView
from tally.crosscheck.checks import of_day, of_neighbours, of_station
from tally.crosscheck.days import LOOKED_AT
from tally.crosscheck.kinds import KINDS, Group
from tally.crosscheck.station import Anomaly as Found
from tally.crosscheck.station import Count
from tally.interpretation import Finding
from templates_c1.registry import template
from templates_c1.rules import check, check_across
from templates_c1.schema import Template

COUNTED = ("committed", "withdrawn")
"""Events of the audit log after which something else counts."""
BEHIND = 500
"""Rows of the log without a count after which the mark is moved all the same, so that no look starts far back."""

Progress = Callable[[int, int], None]
"""Called with (done, of) kecamatan."""


@dataclass(slots=True)
class Looked:
    """What one look through found. ``events``: how many anomalies were found, changed, reopened, gone."""

    areas: int = 0
    stations: int = 0
    events: Counter[AnomalyEvent] = field(default_factory=Counter)
    seconds: float = 0.0


Touched = dict[str, dict[str, set[str] | None]]
"""Kecamatan -> election -> TPS of which something else counts (None: every one)."""


def look_through(db: Database, *, whole: bool = False, progress: Progress | None = None) -> Looked:
    """Check what was committed or withdrawn since the last look, or everything (``whole``). Several may run at once."""
    start = time.monotonic()
    done = Looked()
    with db.reading() as session:
        seq, _ = audit.head(session)
        last = stored.mark(session, "")
        touched = _everything(session) if whole or last is None else _since(session, last, seq)
        views = {v.id: v for v in elections(session)}
    for i, (area, by_election) in enumerate(sorted(touched.items()), 1):
        _look_at(db, area, {e: t for e, t in by_election.items() if e in views}, views, seq, done)
        if progress is not None:
            progress(i, len(touched))
    if touched or last is None or seq - last > BEHIND:
        with db.writing() as session:
            stored.set_mark(session, "", seq)
    done.seconds = time.monotonic() - start
    return done


def _everything(session: Session) -> Touched:
    """Every kecamatan in which something was ever committed, or found."""
    touched: Touched = defaultdict(dict)
    for table in (SheetCommit, Anomaly):
        query = select(table.election_id, Region.kecamatan_id).join(Region, Region.id == table.tps_id).distinct()
        areas = select(query.subquery())
        for election_id, kecamatan_id in session.execute(areas):
            touched[_code(session, kecamatan_id)][election_id] = None
    return touched


def _code(session: Session, region_id: int) -> str:
    return session.get_one(Region, region_id).code


def _since(session: Session, last: int, seq: int) -> Touched:
    touched: Touched = defaultdict(dict)
    query = select(AuditLog.data).where(AuditLog.seq > last, AuditLog.seq <= seq, AuditLog.event.in_(COUNTED))
    for data in session.scalars(query):
        of = touched[data["tps"][:6]].setdefault(data["election"], set())
        if of is not None:
            of.add(data["tps"])
    return touched


def _look_at(
    db: Database, area: str, by_election: Mapping[str, set[str] | None], views: Mapping[str, ElectionView], seq: int, done: Looked
) -> None:
    """Check the touched stations of one kecamatan, and write down what is different from what stands."""
    with db.reading() as session:
        counts, partners = _load(session, area, by_election, views)
    found = {a.key: a for a in _checked(by_election, counts, partners, views)}
    days = {views[e].date for e in by_election}
    concerned = {v.id for v in views.values() if v.date in days}
    with db.writing() as session:
        before = stored.mark(session, area, lock=True)
        if before is not None and before > seq:
            return  # somebody has looked at something newer meanwhile
        changes = list(_write(session, found, area, concerned, _scope(by_election, views)))
        if changes:
            data = {"counts_until": seq, "changes": [[s.anomaly_id, s.number, s.event.value] for s in changes]}
            audit.append(session, "anomalies_seen", f"area:{area}", None, data)
        stored.set_mark(session, area, seq)
    done.areas += 1
    done.stations += sum(len(of) for of in counts.values())
    done.events.update(s.event for s in changes)


Counts = dict[str, dict[str, Count]]
"""Election -> TPS -> what counts."""


def _load(
    session: Session, area: str, by_election: Mapping[str, set[str] | None], views: Mapping[str, ElectionView]
) -> tuple[Counts, Counts]:
    """All that counts in the touched elections; and of the day's other elections what is compared, at the touched stations."""
    counts: Counts = {e: {c.tps: c for c in stored.counted(session, views[e], area)} for e in by_election}
    partners: Counts = {}
    for other in views.values():
        same_day = [e for e in by_election if views[e].date == other.date]
        if other.id in counts or not same_day:
            continue
        codes = {tps for e in same_day for tps in _stations(by_election[e], counts[e])}
        ids = list(session.scalars(select(Region.id).where(Region.code.in_(codes)))) if codes else []
        partners[other.id] = {c.tps: c for c in stored.counted(session, other, area, ids=ids, names=LOOKED_AT)} if ids else {}
    return counts, partners


def _stations(touched: set[str] | None, counted: Mapping[str, Count]) -> Iterable[str]:
    return counted if touched is None else touched


def _checked(
    by_election: Mapping[str, set[str] | None], counts: Counts, partners: Counts, views: Mapping[str, ElectionView]
) -> Iterator[Found]:
    forms: dict[str, Template | None] = {}
    for election_id, touched in by_election.items():
        here = counts[election_id]
        for tps in here if touched is None else touched & here.keys():
            across, pages = rule_findings(here[tps], forms)
            yield from of_station(here[tps], across, pages)
        yield from of_neighbours(list(here.values()))
    together: dict[tuple[str, str], list[Count]] = defaultdict(list)
    for of_election in (*counts.values(), *partners.values()):
        for count in of_election.values():
            together[count.tps, count.day].append(count)
    touched_on = _by_day(by_election, views)
    for (tps, day), same_day in together.items():
        if any(t is None or tps in t for t in touched_on[day]):
            yield from of_day(same_day)


def _by_day(by_election: Mapping[str, set[str] | None], views: Mapping[str, ElectionView]) -> dict[str, list[set[str] | None]]:
    """Day -> the stations touched in each of its elections (None: every one)."""
    found: dict[str, list[set[str] | None]] = defaultdict(list)
    for election_id, touched in by_election.items():
        found[views[election_id].date.isoformat()].append(touched)
    return found


def rule_findings(count: Count, forms: dict[str, Template | None] | None = None) -> tuple[list[Finding], list[tuple[int, Finding]]]:
    """The rules of a station's forms held against its numbers: across pages, and of each page (with the sheet's index).

    ``forms``: templates found so far, to be looked up once.
    """
    known = {} if forms is None else forms
    for sheet in count.sheets:
        if sheet.form not in known:
            try:
                known[sheet.form] = template(sheet.form)
            except KeyError:
                known[sheet.form] = None
    across = [
        f for form in dict.fromkeys(s.form for s in count.sheets) if (t := known[form]) is not None for f in check_across(t, count.values)
    ]
    pages = []
    for i, sheet in enumerate(count.sheets):
        form = known[sheet.form]
        page = next((p for p in form.pages if p.number == sheet.page), None) if form is not None else None
        if page is not None:
            pages += [(i, f) for f in check(page, sheet.values)]
    return across, pages


Scope = Callable[[Anomaly, str], bool]
"""Was this anomaly of this TPS looked at again? (Then it is gone unless it was found.)"""


def _scope(by_election: Mapping[str, set[str] | None], views: Mapping[str, ElectionView]) -> Scope:
    touched_on = _by_day(by_election, views)

    def within(row: Anomaly, tps: str) -> bool:
        kind = KINDS.get(row.kind)
        if kind is None or kind.group is Group.DAY:
            return any(t is None or tps in t for t in touched_on[views[row.election_id].date.isoformat()])
        if row.election_id not in by_election:
            return False
        touched = by_election[row.election_id]
        return kind.group is Group.NEIGHBOURS or touched is None or tps in touched

    return within


def _write(
    session: Session, found: Mapping[stored.Key, Found], area: str, concerned: Iterable[str], looked_at: Scope
) -> Iterator[AnomalyState]:
    """Write the states that follow from what was found; what stands and was found with the same figures stays as it is."""
    stand = stored.standing(session, area, list(concerned))
    ids = {}
    if new := {key[1] for key in found.keys() - stand.keys()}:
        ids = dict(session.execute(select(Region.code, Region.id).where(Region.code.in_(new))).all())
    for key, anomaly in sorted(found.items()):
        facts: dict[str, Any] = {
            "figures": anomaly.figures,
            "context": anomaly.context,
            "places": [[p.election, p.form, p.page, p.number] for p in anomaly.places],
        }
        if key not in stand:
            row = Anomaly(election_id=key[0], tps_id=ids[key[1]], kind=key[2], what=key[3], first_at=clock.now())
            session.add(row)
            session.flush()
            yield stored.add_state(session, row, None, AnomalyEvent.FOUND, **facts)
            continue
        row, state = stand[key]
        same = dict(anomaly.figures) == state.figures
        if state.state is AnomalyStanding.GONE or (state.state is AnomalyStanding.EXPLAINED and not same):
            yield stored.add_state(session, row, state, AnomalyEvent.REOPENED, **facts)
        elif not same:
            yield stored.add_state(session, row, state, AnomalyEvent.CHANGED, **facts)
    for key, (row, state) in sorted(stand.items()):
        if key not in found and state.state is not AnomalyStanding.GONE and looked_at(row, key[1]):
            yield stored.add_state(
                session, row, state, AnomalyEvent.GONE, figures=state.figures, context=state.context, places=state.places
            )
    session.flush()
