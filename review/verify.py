"""Does everything that counts still say what it said when it was written? The audit chain, and every row under seal against it.

The chain proves its own rows. Each commit's row in it repeats the commit with all its values, and every row holds digests of what its
transaction wrote (db.seals). So whoever changes, adds, removes or swaps rows must also forge the chain, and that shows in every later
hash, in particular in one that was printed or stored elsewhere. The kept totals follow from the counts and are summed anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import String, func, select, type_coerce
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from db import seals
from db.audit import ROWS, AuditFault, head, sealed, verify
from db.errors import ServiceError
from db.summaries import faults as sum_faults
from db.tables import AuditLog, CommittedCount, Election, Photo, Region, SheetCommit

EVENTS = ("committed", "withdrawn")
_BATCH = 1000
_UNREADABLE = (ValueError, TypeError, LookupError, StatementError)
Progress = Callable[[str, int, int], None]
"""Called now and then with what is being looked at (a table), how many of its rows are done, and of how many."""


class Why(StrEnum):
    CHANGED = "changed"
    GONE = "gone"
    NEVER_WRITTEN = "never_written"
    SUM_DIFFERS = "sum_differs"


TEXT: Mapping[Why, tuple[str, str]] = {
    Why.CHANGED: ("tidak lagi seperti yang tercatat dalam jejak audit", "is not what the audit log says of it"),
    Why.GONE: ("tercatat dalam jejak audit, tetapi sudah tidak ada", "is in the audit log, but gone"),
    Why.NEVER_WRITTEN: ("tidak pernah tercatat dalam jejak audit", "was never written to the audit log"),
    Why.SUM_DIFFERS: ("jumlah yang disimpan tidak sama dengan hitungannya", "the kept sum is not what the counts add up to"),
}


@dataclass(frozen=True, slots=True)
class RowFault:
    """One row that does not say what the chain says of it. ``row``: its primary key, parts joined by "/"."""

    table: str
    row: str
    why: Why
    detail: str = ""

    def text(self, lang: str = "en") -> str:
        said = TEXT[self.why][0 if lang == "id" else 1]
        return f"{said} ({self.detail})" if self.detail else said


@dataclass(frozen=True, slots=True)
class Verdict:
    """``rows``: of the chain; ``hash``: of its last row; ``commits``: that were held against it; ``sealed``: rows under seal."""

    rows: int
    hash: str
    commits: int
    sealed: int
    chain: tuple[AuditFault, ...]
    counts: tuple[RowFault, ...]

    @property
    def clean(self) -> bool:
        return not self.chain and not self.counts

    def to_json(self) -> dict[str, Any]:
        return {
            "clean": self.clean,
            "rows": self.rows,
            "hash": self.hash,
            "commits": self.commits,
            "sealed": self.sealed,
            "faults": [{"table": "audit_log", "row": str(f.row_id), "code": f.code, "why": f.why} for f in self.chain]
            + [{"table": f.table, "row": f.row, "code": f.why.value, "why": f.text()} for f in self.counts],
        }


@dataclass
class _Said:
    """What the chain says. ``commits``: id -> (digest, number of the row); ``rows``: table -> row -> digest, None for one that is gone."""

    commits: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    rows: dict[str, dict[str, str | None]] = field(default_factory=dict)

    def hear(self, row: AuditLog) -> None:
        if row.event in EVENTS:
            facts = {k: v for k, v in row.data.items() if k != ROWS}
            self.commits[int(row.subject.removeprefix("commit:"))] = (_digest(row.event, row.user_id, facts), row.seq)
        for table, rows in row.data.get(ROWS, {}).items():
            self.rows.setdefault(table, {}).update(rows)


def verify_all(session: Session, *, anchor: tuple[int, str] | None = None, progress: Progress | None = None) -> Verdict:
    """Walk the chain; hold every commit with its counts, every row under seal and every kept total against it.

    Args:
        anchor: a row's number and hash that were printed or kept elsewhere; the chain must still contain it.
        progress: hears how far it is; may raise to stop.
    """
    said = _Said()
    tell = progress or (lambda what, done, of: None)
    chain = list(verify(session, said.hear, lambda done, of: tell("audit_log", done, of)))
    if anchor is not None:
        row = session.get(AuditLog, anchor[0])
        if row is None or not row.hash.startswith(anchor[1]):
            chain.append(AuditFault(anchor[0], "is not the row that the anchor names: the chain was written anew", "anchor"))
    faults, seen = _counts(session, said, tell)
    named = {f.row for f in faults if f.table == "sheet_commit"} | {f.row.partition("/")[0] for f in faults}
    under_seal = 0
    for table in seals.SEALED:
        found, rows = _rows(session, table, said.rows.pop(table, {}), tell)
        under_seal += rows
        faults += [f for f in found if not (f.table == "sheet_commit" and f.row in named)]
    elections = session.scalars(select(Election.id).order_by(Election.id)).all()
    for done, election_id in enumerate(elections, 1):
        faults += _kept_totals(session, election_id)
        tell("page_total", done, len(elections))
    rows, last = head(session)
    return Verdict(rows, last, seen, under_seal, tuple(chain), tuple(faults))


def _rows(session: Session, table: str, said: dict[str, str | None], tell: Progress) -> tuple[list[RowFault], int]:
    """The rows of one table against their seals; how many rows it has."""
    of = session.scalar(select(func.count()).select_from(seals.table_named(table))) or 0
    found: list[RowFault] = []
    seen = 0
    for row, digest in _sealed_rows(session, table):
        seen += 1
        before = said.pop(row, None)
        if before != digest:
            found.append(RowFault(table, row, Why.NEVER_WRITTEN if before is None else Why.CHANGED))
        if seen % _BATCH == 0:
            tell(table, seen, of)
    found += [RowFault(table, row, Why.GONE) for row, digest in said.items() if digest is not None]
    return found, seen


def _sealed_rows(session: Session, table: str) -> Iterator[tuple[str, str | None]]:
    """Key and digest of every row, as it stands; None for one that cannot be read any more."""
    try:
        yield from [(s.row, s.digest) for s in seals.seals_of(session, table)]
    except _UNREADABLE:
        for row in seals.keys_of(session, table):
            try:
                yield row, next(s.digest for s in seals.seals_of(session, table, [row]))
            except (*_UNREADABLE, StopIteration):
                yield row, None


def verify_table(session: Session, table: str) -> list[RowFault]:
    """The rows of one table under seal."""
    return _rows(session, table, sealed(session).get(table, {}), lambda what, done, of: None)[0]


def _kept_totals(session: Session, election_id: str) -> Iterator[RowFault]:
    try:
        for line in sum_faults(session, election_id):
            table, _, rest = line.partition(" ")
            place, _, what = rest.partition(": ")
            yield RowFault(table, place.replace(" ", "/"), Why.SUM_DIFFERS, what)
    except (KeyError, ServiceError) as e:  # regions or elections were tampered with: they are named themselves
        yield RowFault("page_total", election_id, Why.SUM_DIFFERS, f"cannot be summed: {type(e).__name__}")


def _counts(session: Session, said: _Said, tell: Progress) -> tuple[list[RowFault], int]:
    """Every commit and its numbers against the chain's row about it; how many there are."""
    faults: list[RowFault] = []
    of, seen = len(said.commits), 0
    for commit_id, event, user_id, facts in _stands(session):
        seen += 1
        before = said.commits.pop(commit_id, None)
        if before is None:
            faults.append(RowFault("sheet_commit", str(commit_id), Why.NEVER_WRITTEN))
        elif before[0] != _digest(event, user_id, facts):
            faults += _differences(commit_id, facts, session.get_one(AuditLog, before[1]))
        if seen % _BATCH == 0:
            tell("sheet_commit", seen, of)
    faults += [RowFault("sheet_commit", str(i), Why.GONE) for i in sorted(said.commits)]
    return faults, seen


def _differences(commit_id: int, now: Mapping[str, Any], row: AuditLog) -> Iterator[RowFault]:
    """Which numbers of a commit differ; the commit itself, where it is none of them."""
    before, after = row.data.get("values", {}), now["values"]
    for name in sorted(before.keys() | after.keys()):
        key = f"{commit_id}/{name}"
        if name not in before:
            yield RowFault("committed_count", key, Why.NEVER_WRITTEN)
        elif name not in after:
            yield RowFault("committed_count", key, Why.GONE, f"{before[name]}")
        elif before[name] != after[name]:
            yield RowFault("committed_count", key, Why.CHANGED, f"{before[name]} → {after[name]}")
    if before == after:
        yield RowFault("sheet_commit", str(commit_id), Why.CHANGED)


def _stands(session: Session) -> Iterator[tuple[int, str, int | None, dict[str, Any]]]:
    """Every commit as the chain would tell it: id, event, user, facts."""
    c = SheetCommit
    query = (
        select(
            *(c.id, c.election_id, c.form, c.page, c.version, c.supersedes_id, c.interpretation_id, c.action_id, c.user_id),
            *(c.paper_error, c.void, type_coerce(c.source, String).label("source"), Region.code.label("tps"), Photo.sha256),
        )
        .outerjoin(Region, Region.id == SheetCommit.tps_id)
        .outerjoin(Photo, Photo.id == SheetCommit.photo_id)
        .order_by(SheetCommit.id)
    )
    for part in session.execute(query.execution_options(yield_per=_BATCH)).partitions():
        counts: dict[int, dict[str, int | None]] = {r.id: {} for r in part}
        wanted = select(CommittedCount.commit_id, CommittedCount.name, CommittedCount.value).where(CommittedCount.commit_id.in_(counts))
        for commit_id, name, value in session.execute(wanted):
            counts[commit_id][name] = value
        for r in part:
            facts = {
                "election": r.election_id,
                "tps": r.tps,
                "form": r.form,
                "page": r.page,
                "version": r.version,
                "supersedes": r.supersedes_id,
                "source": r.source,
                "photo": r.sha256,
                "interpretation": r.interpretation_id,
                "action": r.action_id,
                "paper_error": r.paper_error,
                "values": counts[r.id],
            }
            yield r.id, "withdrawn" if r.void else "committed", r.user_id, facts


def _digest(event: str, user_id: int | None, data: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps([event, user_id, data], sort_keys=True).encode()).digest()
