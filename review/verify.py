"""Does everything that counts still say what it said when it was written? The audit chain, and the counts against it.

The chain proves its own rows; each commit's row in it repeats the commit with all its values. So whoever changes, adds or removes a count
must also forge the chain, and that shows in every later hash, in particular in one that was printed or stored elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.audit import AuditFault, head, verify
from db.tables import AuditLog, CommittedCount, Photo, Region, SheetCommit

EVENTS = ("committed", "withdrawn")
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class CountFault:
    """One commit that does not say what the chain says of it."""

    commit_id: int
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """``rows``: of the chain; ``hash``: of its last row; ``commits``: that were held against it."""

    rows: int
    hash: str
    commits: int
    chain: tuple[AuditFault, ...]
    counts: tuple[CountFault, ...]

    @property
    def clean(self) -> bool:
        return not self.chain and not self.counts


def verify_all(session: Session, *, anchor: tuple[int, str] | None = None) -> Verdict:
    """Walk the chain and hold every commit and its counts against it.

    Args:
        anchor: a row's number and hash that were printed or kept elsewhere; the chain must still contain it.
    """
    chain = list(verify(session))
    if anchor is not None:
        row = session.get(AuditLog, anchor[0])
        if row is None or not row.hash.startswith(anchor[1]):
            chain.append(AuditFault(anchor[0], "is not the row that the anchor names: the chain was written anew"))
    said = _said(session)
    faults: list[CountFault] = []
    seen = 0
    for commit_id, now in _stands(session):
        seen += 1
        before = said.pop(commit_id, None)
        if before is None:
            faults.append(CountFault(commit_id, "was never written to the audit log"))
        elif before != now:
            faults.append(CountFault(commit_id, "is not what the audit log says of it"))
    faults += [CountFault(i, "is in the audit log, but gone") for i in sorted(said)]
    rows, last = head(session)
    return Verdict(rows, last, seen, tuple(chain), tuple(faults))


def _said(session: Session) -> dict[int, bytes]:
    """Commit -> digest of what the chain says of it."""
    query = select(AuditLog.subject, AuditLog.event, AuditLog.at, AuditLog.user_id, AuditLog.data).where(AuditLog.event.in_(EVENTS))
    found = {}
    for subject, event, _, user_id, data in session.execute(query.execution_options(yield_per=_BATCH)):
        found[int(subject.removeprefix("commit:"))] = _digest(event, user_id, data)
    return found


def _stands(session: Session) -> Iterator[tuple[int, bytes]]:
    """Every commit with the digest of its row and counts."""
    query = (
        select(SheetCommit, Region.code, Photo.sha256)
        .join(Region, Region.id == SheetCommit.tps_id)
        .join(Photo, Photo.id == SheetCommit.photo_id)
        .order_by(SheetCommit.id)
    )
    for part in session.execute(query.execution_options(yield_per=_BATCH)).partitions():
        counts: dict[int, dict[str, int | None]] = {c.id: {} for c, _, _ in part}
        wanted = select(CommittedCount.commit_id, CommittedCount.name, CommittedCount.value).where(CommittedCount.commit_id.in_(counts))
        for commit_id, name, value in session.execute(wanted):
            counts[commit_id][name] = value
        for c, tps, sha256 in part:
            data = {
                "election": c.election_id,
                "tps": tps,
                "form": c.form,
                "page": c.page,
                "version": c.version,
                "supersedes": c.supersedes_id,
                "source": c.source.value,
                "photo": sha256,
                "interpretation": c.interpretation_id,
                "action": c.action_id,
                "paper_error": c.paper_error,
                "values": counts[c.id],
            }
            yield c.id, _digest("withdrawn" if c.void else "committed", c.user_id, data)


def _digest(event: str, user_id: int | None, data: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps([event, user_id, data], sort_keys=True).encode()).digest()
