"""The append-only log. Each row's hash covers its content and the hash before it, so a change, an insertion, a deletion
or another order shows (the construction of Schneier and Kelsey, "Secure audit logs", 1999, without its encryption).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import event as events
from sqlalchemy import select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from db import clock, seals
from db.tables import AuditHead, AuditLog

ROWS = "rows"
"""Key of a row's data: table -> row -> digest of what the transaction wrote to the tables under seal (db.seals)."""
WRITTEN, BASELINE = "rows_written", "baseline"
"""Events: rows sealed that no other event of their transaction sealed; rows that were there before they were sealed."""
_ALONG = 40
"""So many seals at most ride along with an event; more get rows of their own, ``_MANY`` in each."""
_MANY = 2000

START = "0" * 64
"""What the first row follows."""


@dataclass(frozen=True, slots=True)
class AuditFault:
    """One place where the chain does not hold. ``row_id`` is the row's sequence number; ``code``: gap, order, changed, head or anchor."""

    row_id: int
    why: str
    code: str


def install(target: Any) -> None:
    """Let every session of ``target`` (a Session class or sessionmaker) seal what it writes."""
    events.listen(target, "after_flush", seals.after_flush)
    events.listen(target, "do_orm_execute", seals.on_execute)
    events.listen(target, "after_soft_rollback", seals.undone)
    events.listen(target, "before_commit", _before_commit)
    events.listen(target, "after_transaction_end", seals.ended)


def _before_commit(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint's end: the transaction goes on
        return
    session.flush()
    _write_rows(session, WRITTEN, seals.take(session))


def _write_rows(session: Session, event: str, found: list[seals.Seal]) -> None:
    for at in range(0, len(found), _MANY):
        _append(session, event, "rows", None, {ROWS: seals.as_data(found[at : at + _MANY])})


def append(session: Session, event: str, subject: str, user_id: int | None, data: Mapping[str, Any]) -> AuditLog:
    """Add one row in the caller's transaction, with the seals of what it has written so far.

    ``data`` must be JSON without floats (they do not round-trip everywhere), and leave the key ``rows`` free.
    """
    session.flush()
    found = seals.take(session)
    if len(found) > _ALONG:
        _write_rows(session, WRITTEN, found)
        found = []
    return _append(session, event, subject, user_id, {**data, ROWS: seals.as_data(found)} if found else data)


def seal_baseline(session: Session) -> int:
    """Seal, once, what was in the database before it sealed its rows. Returns how many rows that were; again is harmless.

    From then on a row without a seal is one that nobody may have written.
    """
    if session.scalar(select(AuditLog.seq).where(AuditLog.event == BASELINE).limit(1)) is not None:
        return 0
    session.flush()
    _write_rows(session, WRITTEN, seals.take(session))
    known = sealed(session)
    found = [s for table in seals.SEALED for s in seals.seals_of(session, table) if s.row not in known.get(table, {})]
    _write_rows(session, BASELINE, found)
    if not found:
        _append(session, BASELINE, "rows", None, {})
    return len(found)


def sealed(session: Session) -> dict[str, dict[str, str | None]]:
    """Table -> row -> digest that the log holds last, None for a row that it says is gone."""
    found: dict[str, dict[str, str | None]] = {}
    for data in session.scalars(select(AuditLog.data).order_by(AuditLog.seq).execution_options(yield_per=2000)):
        for table, rows in data.get(ROWS, {}).items():
            found.setdefault(table, {}).update(rows)
    return found


def _append(session: Session, event: str, subject: str, user_id: int | None, data: Mapping[str, Any]) -> AuditLog:
    head = session.execute(select(AuditHead).with_for_update()).scalar_one()
    row = AuditLog(seq=head.seq + 1, at=clock.now(), user_id=user_id, event=event, subject=subject, data=dict(data), previous=head.hash)
    row.hash = digest(row.seq, row.at, row.user_id, row.event, row.subject, row.data, row.previous)
    session.add(row)
    head.seq, head.hash = row.seq, row.hash
    session.flush()
    return row


def digest(seq: int, at: datetime, user_id: int | None, event: str, subject: str, data: Mapping[str, Any], previous: str) -> str:
    """Lower-case hex SHA-256 of the row's canonical JSON."""
    content = [seq, at.isoformat(timespec="microseconds"), user_id, event, subject, data, previous]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def verify(
    session: Session, hear: Callable[[AuditLog], None] | None = None, tell: Callable[[int, int], None] | None = None
) -> list[AuditFault]:
    """Walk the whole chain. Empty list: intact, as far as a chain without an outside anchor can say.

    Args:
        hear: is given every row, in order. tell: hears now and then how many rows are done, of how many.
    """
    faults: list[AuditFault] = []
    end = session.execute(select(AuditHead)).scalar_one()
    previous, seq = START, 0
    for number, row in _walk(session):
        if row is None:
            faults.append(AuditFault(number, "cannot be read", "changed"))
            previous, seq = "", number
            continue
        if row.seq != seq + 1:
            faults.append(AuditFault(row.seq, f"follows row {seq}: rows are missing between", "gap"))
        if row.previous != previous:
            faults.append(AuditFault(row.seq, "does not follow the row before it", "order"))
        if row.hash != digest(row.seq, row.at, row.user_id, row.event, row.subject, row.data, row.previous):
            faults.append(AuditFault(row.seq, "was changed", "changed"))
        previous, seq = row.hash, row.seq
        if hear is not None:
            hear(row)
        if tell is not None and seq % 2000 == 0:
            tell(seq, end.seq)
    if (end.seq, end.hash) != (seq, previous):
        faults.append(AuditFault(end.seq, f"the chain's head says {end.seq} rows, the last row is {seq}", "head"))
    return faults


def _walk(session: Session) -> Iterator[tuple[int, AuditLog | None]]:
    """Every row with its number, in order; None for one that somebody made unreadable (no JSON, no time)."""
    at = -(2**62)
    while True:
        query = select(AuditLog).where(AuditLog.seq > at).order_by(AuditLog.seq)
        try:
            for row in session.execute(query.execution_options(yield_per=_MANY)).scalars():
                at = row.seq
                yield at, row
            return
        except (ValueError, TypeError, StatementError):
            for at in session.scalars(query.with_only_columns(AuditLog.seq).limit(_MANY)).all():
                yield at, _readable(session, at)


def _readable(session: Session, seq: int) -> AuditLog | None:
    try:
        return session.get(AuditLog, seq)
    except (ValueError, TypeError, StatementError):
        return None


def newest(session: Session, *, before: int | None = None, limit: int = 50) -> list[AuditLog]:
    """The last rows, the newest first; ``before``: those before this one."""
    query = select(AuditLog).order_by(AuditLog.seq.desc()).limit(limit)
    return list(session.scalars(query if before is None else query.where(AuditLog.seq < before)))


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """Of the audit log: what to print or keep elsewhere, so that a chain written anew shows. ``at``: of the last row; None: no row yet."""

    seq: int
    hash: str
    at: datetime | None

    @property
    def short(self) -> str:
        """To be printed and read out: "4211:9f3c07aa12bc34de"; ``c1 audit verify --anchor`` takes it."""
        return f"{self.seq}:{self.hash[:16]}"


def chain_end(session: Session) -> ChainEnd:
    row = session.execute(select(AuditHead)).scalar_one()
    return ChainEnd(row.seq, row.hash, session.scalar(select(AuditLog.at).where(AuditLog.seq == row.seq)))


def head(session: Session) -> tuple[int, str]:
    """Number and hash of the last row: what to print or keep elsewhere, so that a chain written anew shows."""
    row = session.execute(select(AuditHead)).scalar_one()
    return row.seq, row.hash
