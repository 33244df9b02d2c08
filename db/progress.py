"""How the count goes on: what came when, what was read and waits for a person, and a mark that changes whenever any of it does.

Nothing here is a total: what counts is told by db.totals alone. Figures that wait for a person are kept apart from it in every type.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, select
from sqlalchemy.orm import Session

from db.queries import not_superseded
from db.tables import Contestant, Election, Interpretation, Photo, PublishedImport, QueueEntry, Region, SheetCommit
from db.types import QueueKind, Stage
from db.views import ElectionView
from tally.votes import For, votes_of


def mark(session: Session, election_id: str) -> str:
    """Changes whenever what an election's totals, names or waiting sheets show may have changed; short, fit for an ETag."""
    commits = session.execute(select(func.count(), func.max(SheetCommit.id)).where(SheetCommit.election_id == election_id)).one()
    waiting = session.execute(
        select(func.count(), func.sum(QueueEntry.interpretation_id), func.max(QueueEntry.since)).where(
            QueueEntry.election_id == election_id
        )
    ).one()
    photos = session.execute(select(func.count(), func.max(Photo.id)).where(Photo.election_id == election_id)).one()
    row = session.get(Election, election_id)
    names = session.execute(
        select(Contestant.area, Contestant.party, Contestant.number, Contestant.name)
        .where(Contestant.election_id == election_id)
        .order_by(Contestant.area, Contestant.party, Contestant.number)
    ).all()
    data = (
        (row.name, row.name_en, row.date, [(p.form, p.page, p.area, p.party) for p in row.pages]) if row else None,
        [(a.code, a.name, a.covers) for a in row.areas] if row else None,
        [(p.number, p.name) for p in row.parties] if row else None,
        [tuple(n) for n in names],
        session.scalar(select(func.max(Region.id))),
        session.scalar(select(func.max(PublishedImport.id))),
    )
    return hashlib.sha256(repr((tuple(commits), tuple(waiting), tuple(photos), data)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Arrived:
    """``at``: the end of ten minutes. How many photos and verified sheets (first versions) had come by then."""

    at: datetime
    received: int
    counted: int


def arrived(session: Session, election_id: str) -> list[Arrived]:
    """Both curves, oldest first; a row for each ten minutes in which something came."""
    photos = _by_ten_minutes(session, Photo.received_at, Photo.election_id == election_id)
    sheets = _by_ten_minutes(session, SheetCommit.at, and_(SheetCommit.election_id == election_id, SheetCommit.version == 1))
    found, received, counted = [], 0, 0
    for moment in sorted(photos.keys() | sheets.keys()):
        received += photos.get(moment, 0)
        counted += sheets.get(moment, 0)
        found.append(Arrived(moment, received, counted))
    return found


def _by_ten_minutes(session: Session, column: Any, where: ColumnElement[bool]) -> dict[datetime, int]:
    postgres = session.get_bind().dialect.name == "postgresql"
    text = func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24:MI") if postgres else cast(column, String)
    ten = func.substr(text, 1, 15)
    query = select(ten, func.count()).where(where).group_by(ten)
    return {datetime.fromisoformat(f"{t}9:59").replace(tzinfo=UTC): int(n) for t, n in session.execute(query)}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Sheets that the machine has read and nobody has verified. Never added to anything that counts.

    Attributes:
        photos: all photos that wait for a person, readable or not.
        sheets: those that would be a further sheet of a TPS: read, owed, and nothing counts for them yet.
        tps: how many TPS these are of.
        by_kecamatan: code -> photos that wait there.
        votes: (electoral district, party, number) -> (votes as the machine read them, sheets). A party's own votes have number 0.
        named: other numbers -> (sum, sheets), such as pengguna_total_jml.
    """

    photos: int = 0
    sheets: int = 0
    tps: int = 0
    by_kecamatan: Mapping[str, int] = field(default_factory=dict)
    votes: Mapping[tuple[str, int, int], tuple[int, int]] = field(default_factory=dict)
    named: Mapping[str, tuple[int, int]] = field(default_factory=dict)


SHOWN = ("pemilih_dpt_jml", "pengguna_total_jml", "suara_sah", "suara_tidak_sah")
"""Numbers beside the votes that are told of sheets that wait."""


def waiting(session: Session, view: ElectionView) -> Waiting:
    """Of one election. A sheet of which several photos wait is told by the one read last; sheets that somebody must enter blind are
    counted as photos, but what was read on them stays unseen, in sums too."""
    kecamatan: Counter[str] = Counter()
    latest: dict[tuple[int, str, int], tuple[int, str, bool]] = {}
    query = (
        select(
            QueueEntry.tps_id,
            QueueEntry.form,
            QueueEntry.page,
            QueueEntry.interpretation_id,
            QueueEntry.stage,
            QueueEntry.kind,
            Region.code,
        )
        .join(Region, Region.id == QueueEntry.tps_id)
        .where(QueueEntry.election_id == view.id)
        .order_by(QueueEntry.interpretation_id)
    )
    photos = 0
    for tps_id, form, page, word, stage, kind, code in session.execute(query):
        photos += 1
        kecamatan[code[:6]] += 1
        if form is not None and page is not None and kind in (QueueKind.CHECK, QueueKind.CONFLICT):
            latest[tps_id, form, page] = (word, code, Stage(stage).blind)
    for place in _standing(session, view.id, {t for t, _, _ in latest}):
        latest.pop(place, None)
    areas = {(p.form, p.page): p for p in view.owed}
    votes: dict[tuple[str, int, int], tuple[int, int]] = {}
    named: dict[str, tuple[int, int]] = {}
    tps, sheets = set(), 0
    for (tps_id, form, page), (word, code, blind) in latest.items():
        owed = areas.get((form, page))
        here = view.area_of(code)
        if owed is None or (owed.area and (here is None or owed.area != here.code)):
            continue
        tps.add(tps_id)
        sheets += 1
        for name, value in () if blind else _read(session, word):
            whose = votes_of(name, owed.party)
            if whose is not None and whose.what is not For.PARTY_SUM:
                _add(votes, (owed.area, whose.party, whose.number), value)
            elif name in SHOWN:
                _add(named, name, value)
    return Waiting(photos, sheets, len(tps), dict(kecamatan), votes, named)


def _add(to: dict[Any, tuple[int, int]], key: Any, value: int) -> None:
    so_far = to.get(key, (0, 0))
    to[key] = (so_far[0] + value, so_far[1] + 1)


def _standing(session: Session, election_id: str, tps: set[int]) -> set[tuple[int, str, int]]:
    """Sheets of these TPS for which something counts."""
    found: set[tuple[int, str, int]] = set()
    ids = sorted(tps)
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        query = select(SheetCommit.tps_id, SheetCommit.form, SheetCommit.page).where(
            SheetCommit.election_id == election_id, SheetCommit.tps_id.in_(some), SheetCommit.void.is_(False), not_superseded()
        )
        found.update((t, f, p) for t, f, p in session.execute(query))
    return found


_READ: dict[int, tuple[tuple[str, int], ...]] = {}
"""Interpretation -> what it read. Interpretations never change, so neither does this."""
_MOST_KEPT = 50_000


def _read(session: Session, word: int) -> tuple[tuple[str, int], ...]:
    """Name and value of every number that the machine could read in one interpretation."""
    known = _READ.get(word)
    if known is None:
        body = session.scalar(select(Interpretation.body).where(Interpretation.id == word)) or {}
        known = tuple((n["name"], n["value"]) for n in body.get("numbers", []) if n.get("value") is not None)
        if len(_READ) >= _MOST_KEPT:
            _READ.clear()
        _READ[word] = known
    return known
