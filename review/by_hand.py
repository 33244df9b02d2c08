"""A person shows the machine where the page lies: what it then reads is a new reading of the same photo, for him to look at.

It never counts by itself, however sure the machine is. The reading and the showing are rows of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit, clock
from db.queries import election
from db.tables import Interpretation, QueueEntry
from db.types import ActionKind, Disposition, QueueKind, Stage
from db.views import PageRef
from ocr.align.by_hand import ShownPage
from review import commit, people, reasons
from review.actions import place_json, write_action
from review.errors import BlindSheet, CornersDoNotFit, StaleSheet, UnknownPage
from review.intake import versions_key
from review.lease import may_have, require_hand
from review.standing import Standing, stamp_of, where_it_stands
from review.waiting import put
from tally import codec
from tally.interpretation import Interpretation as MachineWord
from tally.interpretation import Unreadable


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reading core needs."""

    sha256: str
    name: str


def ask(session: Session, reviewer_id: int, photo_id: int, shown: ShownPage, *, stamp: str, desk: str | None = None) -> Asked:
    """May this page be shown now, by him, on this photo? Nothing is written.

    Raises:
        UnknownUser, UnknownPhoto, NotAllowed, OwnPhoto, AlreadyEntered, BlindSheet; AlreadySettled, LeaseLost, StaleSheet; UnknownPage.
    """
    at, _ = _open(session, reviewer_id, photo_id, shown, stamp, desk)
    return Asked(at.photo.sha256, at.photo.name)


def _open(session: Session, reviewer_id: int, photo_id: int, shown: ShownPage, stamp: str, desk: str | None) -> tuple[Standing, QueueEntry]:
    people.require(session, reviewer_id, people.REVIEWERS)
    at = where_it_stands(session, photo_id, lock=True)
    waiting = may_have(session, at, reviewer_id)
    require_hand(session, waiting, reviewer_id, desk)
    if waiting.stage is not Stage.FIRST:  # the second entry and a sample are about the picture alone
        raise BlindSheet({"photo": photo_id})
    if PageRef(shown.form, shown.page) not in election(session, at.election_id).pages:
        raise UnknownPage({"form": shown.form, "page": shown.page})
    stands = commit.current(session, at.place) if at.place else None
    if stamp_of(session, at, stands) != stamp:
        raise StaleSheet({"photo": photo_id})
    return at, waiting


def record(
    session: Session, reviewer_id: int, photo_id: int, shown: ShownPage, word: MachineWord, *, stamp: str, desk: str | None = None
) -> int:
    """Put the new reading before the reviewer; the sheet stays in his hand. Returns the interpretation's id.

    Raises:
        as ``ask``; CornersDoNotFit: nothing was read there, and nothing is written.
    """
    at, waiting = _open(session, reviewer_id, photo_id, shown, stamp, desk)
    if isinstance(word.outcome, Unreadable) or (word.outcome.form, word.outcome.page) != (shown.form, shown.page):
        raise CornersDoNotFit({"photo": photo_id, "form": shown.form, "page": shown.page})
    key = versions_key(word.versions)
    row = session.scalar(select(Interpretation).where(Interpretation.photo_id == photo_id, Interpretation.versions_key == key))
    if row is None:  # the same corners by the same readers are the same reading
        body = codec.to_json(word)
        row = Interpretation(
            photo_id=photo_id,
            versions_key=key,
            versions=dict(word.versions),
            at=clock.now(),
            decision=body["decision"],
            form=body["form"],
            page=body["page"],
            disposition=Disposition.REVIEW,
            body=body,
        )
        session.add(row)
        session.flush()
        facts = {"photo": at.photo.sha256, "decision": row.decision, "form": row.form, "page": row.page, "disposition": "review"}
        audit.append(session, "interpreted", f"interpretation:{row.id}", None, facts)
    place = place_json(session, at)
    before = {**place, "interpretation": waiting.interpretation_id}
    after = {**place, "form": shown.form, "page": shown.page, "interpretation": row.id, "shown": _facts(shown)}
    write_action(session, reviewer_id, at, ActionKind.ALIGN, before, after, "")
    put(
        session,
        at.photo,
        kind=QueueKind.CHECK,
        why=[*reasons.of_machine(word.outcome.reasons), reasons.own(reasons.ALIGNED_BY_HAND)],
        interpretation=row,
        since=waiting.since,
        election_id=at.election_id,
        tps_id=at.tps_id,
        form=shown.form,
        page=shown.page,
        placed=True,
    )
    return row.id


def _facts(shown: ShownPage) -> dict[str, Any]:
    """Without floats, for the audit log: corners in hundred-thousandths."""
    points = [[round(x * 100_000), round(y * 100_000)] for x, y in shown.corners]
    return {"form": shown.form, "page": shown.page, "corners": points, "turns": shown.turns}
