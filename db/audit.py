"""The append-only log. Each row's hash covers its content and the hash before it, so a change, an insertion, a deletion
or another order shows (the construction of Schneier and Kelsey, "Secure audit logs", 1999, without its encryption).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import clock
from db.tables import AuditHead, AuditLog

START = "0" * 64
"""What the first row follows."""


@dataclass(frozen=True, slots=True)
class AuditFault:
    """One place where the chain does not hold. ``row_id`` is the row's sequence number."""

    row_id: int
    why: str


def append(session: Session, event: str, subject: str, user_id: int | None, data: Mapping[str, Any]) -> AuditLog:
    """Add one row in the caller's transaction. ``data`` must be JSON without floats (they do not round-trip everywhere)."""
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


def verify(session: Session) -> list[AuditFault]:
    """Walk the whole chain. Empty list: intact, as far as a chain without an outside anchor can say."""
    faults: list[AuditFault] = []
    previous, seq = START, 0
    for row in session.execute(select(AuditLog).order_by(AuditLog.seq).execution_options(yield_per=2000)).scalars():
        if row.seq != seq + 1:
            faults.append(AuditFault(row.seq, f"follows row {seq}: rows are missing between"))
        if row.previous != previous:
            faults.append(AuditFault(row.seq, "does not follow the row before it"))
        if row.hash != digest(row.seq, row.at, row.user_id, row.event, row.subject, row.data, row.previous):
            faults.append(AuditFault(row.seq, "was changed"))
        previous, seq = row.hash, row.seq
    head = session.execute(select(AuditHead)).scalar_one()
    if (head.seq, head.hash) != (seq, previous):
        faults.append(AuditFault(head.seq, f"the chain's head says {head.seq} rows, the last row is {seq}"))
    return faults


def head(session: Session) -> tuple[int, str]:
    """Number and hash of the last row: what to print or keep elsewhere, so that a chain written anew shows."""
    row = session.execute(select(AuditHead)).scalar_one()
    return row.seq, row.hash
