"""What became of an import: how far it is, and every picture's outcome."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.importing.jobs import Job, Jobs
from api.importing.run import SETTLED
from db.tables import ImportItem, ImportRun, UnplacedPhoto
from db.types import ItemState

COLUMNS = (
    "name",
    "state",
    "code",
    "message",
    "label",
    "tps",
    "election",
    "page",
    "why",
    "sent_by",
    "sent_at",
    "caption",
    "candidates",
    "receipt",
)


@dataclass(frozen=True, slots=True)
class RunView:
    """One import. ``total``: its pictures, None while that is not known; ``trouble``: why it rests, a code of errors, else ""."""

    id: int
    source: str
    started_at: datetime
    finished_at: datetime | None
    total: int | None
    counts: Mapping[str, int]
    trouble: str

    @property
    def done(self) -> int:
        return sum(self.counts.values())

    @property
    def running(self) -> bool:
        return self.finished_at is None

    @property
    def open(self) -> int:
        """Pictures that need somebody."""
        return sum(n for s, n in self.counts.items() if ItemState(s) not in SETTLED)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "source": self.source,
            "state": "running" if self.running else "done",
            "total": self.total,
            "done": self.done,
            "counts": dict(self.counts),
            "trouble": self.trouble or None,
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
        }


@dataclass(frozen=True, slots=True)
class Item:
    """One picture's outcome. ``unplaced_id``: where it waits for its place (review.unplaced), if it does."""

    name: str
    state: ItemState
    detail: Mapping[str, Any]
    unplaced_id: int | None = None

    @property
    def settled(self) -> bool:
        return self.state in SETTLED

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "state": self.state.value, **self.detail}


def runs_of(session: Session, jobs: Jobs, user_id: int, limit: int = 20) -> list[RunView]:
    """One user's imports, the newest first."""
    rows = list(session.scalars(select(ImportRun).where(ImportRun.user_id == user_id).order_by(ImportRun.id.desc()).limit(limit)))
    counts: dict[int, Counter[str]] = {r.id: Counter() for r in rows}
    grouped = select(ImportItem.run_id, ImportItem.state, func.count()).where(ImportItem.run_id.in_(counts))
    for run_id, state, n in session.execute(grouped.group_by(ImportItem.run_id, ImportItem.state)):
        counts[run_id][state.value] = n
    return [_view(r, jobs.of_run(r.id), counts[r.id]) for r in rows]


def run_of(session: Session, jobs: Jobs, user_id: int, run_id: int) -> RunView | None:
    """One import of this user; somebody else's does not exist for him."""
    row = session.get(ImportRun, run_id)
    if row is None or row.user_id != user_id:
        return None
    grouped = select(ImportItem.state, func.count()).where(ImportItem.run_id == run_id).group_by(ImportItem.state)
    return _view(row, jobs.of_run(run_id), Counter({s.value: n for s, n in session.execute(grouped)}))


def _view(row: ImportRun, job: Job | None, counts: Counter[str]) -> RunView:
    every = {s.value: counts[s.value] for s in ItemState}
    total = job.total if job is not None else None if row.finished_at is None else sum(counts.values())
    return RunView(row.id, row.source, row.started_at, row.finished_at, total, every, job.trouble if job else "")


def items_of(session: Session, run_id: int, *, open_only: bool = False, limit: int | None = None) -> list[Item]:
    """A run's pictures in the order in which they were worked on."""
    query = (
        select(ImportItem, UnplacedPhoto.id)
        .outerjoin(UnplacedPhoto, (UnplacedPhoto.sha256 == ImportItem.sha256) & UnplacedPhoto.closed.is_(False))
        .where(ImportItem.run_id == run_id)
        .order_by(ImportItem.at, ImportItem.name)
    )
    if open_only:
        query = query.where(ImportItem.state.not_in(SETTLED))
    if limit is not None:
        query = query.limit(limit)
    return [Item(i.name, i.state, i.detail, unplaced) for i, unplaced in session.execute(query)]


def as_csv(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """(source, item) as a table that a spreadsheet opens; a cell that looks like a formula is disarmed."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("source", *COLUMNS))
    writer.writerows((_cell(source), *(_cell(i.get(c)) for c in COLUMNS)) for source, i in rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
