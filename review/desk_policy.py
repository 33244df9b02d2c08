"""How many people must say the same, how much is entered blind once more, and when the machine stops: per election, set by a supervisor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from db import audit
from db.types import EntryPolicy, Role
from review import people
from review.quality import contest_of


@dataclass(frozen=True, slots=True)
class DeskPolicy:
    """Shares and the bound are 0..1 (kept in thousandths); ``stop_errors``: sheets found wrong at which the machine stops in any case."""

    entry: EntryPolicy = EntryPolicy.SINGLE
    sample_machine: float = 0.0
    sample_single: float = 0.0
    sample_double: float = 0.0
    stop_bound: float = 0.01
    stop_errors: int = 3


def policy_of(session: Session, election_id: str) -> dict[str, Any]:
    """JSON-ready. Raises UnknownElection."""
    row = contest_of(session, election_id)
    return {
        "election": election_id,
        "entry": row.entry_policy.value,
        "sample_machine": row.sample_machine / 1000,
        "sample_single": row.sample_single / 1000,
        "sample_double": row.sample_double / 1000,
        "stop_bound": row.stop_bound / 1000,
        "stop_errors": row.stop_errors,
    }


def set_policy(session: Session, supervisor_id: int, election_id: str, policy: DeskPolicy) -> dict[str, Any]:
    """Holds for what is settled or accepted from now on; what waits for its second entry goes on waiting for it. In the audit log.

    Raises:
        UnknownUser, NotAllowed, UnknownElection.
    """
    people.require(session, supervisor_id, {Role.SUPERVISOR})
    row = contest_of(session, election_id)
    before = _facts(row)
    row.entry_policy = policy.entry
    row.sample_machine = round(policy.sample_machine * 1000)
    row.sample_single = round(policy.sample_single * 1000)
    row.sample_double = round(policy.sample_double * 1000)
    row.stop_bound = round(policy.stop_bound * 1000)
    row.stop_errors = policy.stop_errors
    session.flush()
    if _facts(row) != before:
        facts = {"election": election_id, "before": before, "after": _facts(row)}
        audit.append(session, "desk_policy", f"election:{election_id}", supervisor_id, facts)
    return policy_of(session, election_id)


def _facts(row: Any) -> dict[str, Any]:
    return {
        "entry": row.entry_policy.value,
        "sample_machine": row.sample_machine,
        "sample_single": row.sample_single,
        "sample_double": row.sample_double,
        "stop_bound": row.stop_bound,
        "stop_errors": row.stop_errors,
    }
