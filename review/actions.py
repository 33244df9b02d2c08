"""What a person may do with a sheet in hand, and the row that says he did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from db import audit, clock
from db.tables import Region, ReviewAction
from db.types import ActionKind
from db.views import CommitView
from review.standing import Standing

Values = Mapping[str, int | None]

UNDO = timedelta(minutes=10)
"""So long a person may take back what he did last with a photo, as long as nobody went on with it."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """The machine's values are what the paper says. ``paper_error``: and the paper itself breaks a rule.

    faults: what else is wrong with the paper (review.words.FAULTS); confirmed: token of the questions asked (review.second_look).
    """

    paper_error: bool = False
    note: str = ""
    faults: tuple[str, ...] = ()
    confirmed: str | None = None


@dataclass(frozen=True, slots=True)
class Correct:
    """All numbers of the page as typed; None for one that nobody can read (needs ``paper_error``).

    ``form`` and ``page`` only where the machine knows none or the wrong one.
    """

    values: Values
    form: str | None = None
    page: int | None = None
    paper_error: bool = False
    note: str = ""
    faults: tuple[str, ...] = ()
    confirmed: str | None = None


@dataclass(frozen=True, slots=True)
class RejectPhoto:
    """``note`` reaches the operator as the reason for a new photo; ``reason`` (review.words.REJECTIONS) says it in ready words."""

    note: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Assign:
    """The photo belongs somewhere else; what is None stays. It keeps waiting, in the same hand."""

    form: str | None = None
    page: int | None = None
    tps_code: str | None = None
    election_id: str | None = None
    note: str = ""


Action = Confirm | Correct | RejectPhoto | Assign


class Outcome(StrEnum):
    COMMITTED = "committed"
    ENTERED = "entered"
    """Taken down; whether it met another's entry is for nobody to know before he entered."""
    REJECTED = "rejected"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Resolved:
    """``commit`` is told only where the person may know that his entry settled it."""

    action_id: int
    commit: CommitView | None
    outcome: Outcome
    at: datetime

    @property
    def undo_until(self) -> datetime | None:
        return None if self.outcome is Outcome.MOVED else self.at + UNDO


def place_json(session: Session, at: Standing) -> dict[str, Any]:
    return {"election": at.election_id, "tps": session.get_one(Region, at.tps_id).code, "form": at.form, "page": at.page}


def write_action(
    session: Session,
    user_id: int,
    at: Standing,
    kind: ActionKind,
    before: dict[str, Any],
    after: dict[str, Any],
    note: str,
    *,
    undoes_id: int | None = None,
) -> ReviewAction:
    """One row, and one in the audit log. ``before`` and ``after`` must be JSON without floats."""
    now = clock.now()
    since = at.entry.lease_since if at.entry is not None and at.entry.lease_user_id == user_id else None
    row = ReviewAction(
        photo_id=at.photo.id,
        interpretation_id=at.interpretation.id if at.interpretation else None,
        user_id=user_id,
        at=now,
        kind=kind,
        election_id=at.election_id,
        tps_id=at.tps_id,
        form=at.form,
        page=at.page,
        before=before,
        after=after,
        note=note.strip(),
        took_ms=None if since is None else max(0, round((now - since).total_seconds() * 1000)),
        undoes_id=undoes_id,
    )
    session.add(row)
    session.flush()
    data = {"photo": at.photo.sha256, "kind": kind.value, "before": before, "after": after, "note": row.note}
    audit.append(session, "reviewed", f"action:{row.id}", user_id, data)
    return row
