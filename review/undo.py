"""A person takes back what he did last with a photo. Nothing is erased: a void version, a new round, one more action."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import clock
from db.tables import Entry, QueueEntry, ReviewAction, SampleResult, SheetCommit
from db.types import ActionKind, Stage
from review import commit, people, reasons
from review.actions import UNDO, place_json, write_action
from review.double import copy_round
from review.errors import CannotUndo
from review.lease import take
from review.resolve import void, wait_again
from review.sheet import SheetView, sheet_view
from review.standing import Standing, where_it_stands
from review.waiting import barred_text

UNDOABLE = frozenset({ActionKind.CONFIRM, ActionKind.CORRECT, ActionKind.ENTER, ActionKind.REJECT_PHOTO})


def undo(session: Session, user_id: int, photo_id: int, *, desk: str | None = None) -> SheetView:
    """Take back a settlement, an entry or a rejection; the sheet is in the same hand again, as it was before.

    Not a blind entry that met nothing: whoever learnt that it differs must not enter once more. Not a sample.

    Raises:
        UnknownUser, UnknownPhoto, NotAllowed; CannotUndo: too late, not his, or somebody went on with it; StaleSheet.
    """
    people.require(session, user_id, people.REVIEWERS)
    at = where_it_stands(session, photo_id, lock=True)
    commit.lock_station(session, at.election_id, at.tps_id)
    last = session.scalar(select(ReviewAction).where(ReviewAction.photo_id == photo_id).order_by(ReviewAction.id.desc()).limit(1))
    if last is None or last.user_id != user_id or last.kind not in UNDOABLE:
        raise CannotUndo({"photo": photo_id, "why": "not_yours"})
    now = clock.now()
    if now - last.at > UNDO:
        raise CannotUndo({"photo": photo_id, "why": "too_late"})
    if at.interpretation is None:
        raise CannotUndo({"photo": photo_id, "why": "gone_on"})
    counts = session.scalar(select(SheetCommit).where(SheetCommit.action_id == last.id))
    written = session.scalar(select(Entry).where(Entry.action_id == last.id).order_by(Entry.id.desc()).limit(1))
    _refuse_if_gone_on(session, at, last, counts, written, user_id)
    if at.entry is not None:
        session.delete(at.entry)
        session.flush()
    at = Standing(at.photo, None, at.interpretation, last.election_id, last.tps_id, last.form, last.page)
    place = place_json(session, at)
    before: dict[str, Any] = {**place, "action": last.id, "values": last.after.get("values")}
    action = write_action(session, user_id, at, ActionKind.UNDO, before, {**place, "counted": None}, "", undoes_id=last.id)
    if counts is not None and at.place is not None:
        void(session, at, at.place, counts, action)
    assert at.interpretation is not None  # noqa: S101 (looked at above)
    waiting = wait_again(session, at, at.interpretation, reasons.own(reasons.UNDONE), action.at)
    if written is not None:
        _back_in_round(session, waiting, written)
    take(session, waiting, user_id, now, desk)
    return sheet_view(session, photo_id, viewer_id=user_id, with_history=False)


def _refuse_if_gone_on(
    session: Session, at: Standing, last: ReviewAction, counts: SheetCommit | None, written: Entry | None, user_id: int
) -> None:
    """Raises CannotUndo."""
    waiting = at.entry
    other = waiting is not None and waiting.leased(clock.now()) and waiting.lease_user_id != user_id
    if session.scalar(select(SampleResult.sample_id).where(SampleResult.action_id == last.id)) is not None:
        raise CannotUndo({"photo": at.photo.id, "why": "sample"})
    if counts is not None:
        stands = commit.current(session, commit.Place(counts.election_id, counts.tps_id, counts.form, counts.page))
        fresh_sample = waiting is not None and waiting.stage is Stage.SAMPLE and not other
        if stands is None or stands.id != counts.id or (waiting is not None and not fresh_sample):
            raise CannotUndo({"photo": at.photo.id, "why": "gone_on"})
    elif written is not None:
        # the first of two entries, while no second person has it in hand
        if written.number != 1 or waiting is None or waiting.stage is not Stage.SECOND or waiting.round != written.round or other:
            raise CannotUndo({"photo": at.photo.id, "why": "gone_on"})
    elif waiting is not None or last.kind is not ActionKind.REJECT_PHOTO or last.after.get("sample"):
        raise CannotUndo({"photo": at.photo.id, "why": "gone_on"})


def _back_in_round(session: Session, waiting: QueueEntry, written: Entry) -> None:
    """The entries before the one that was taken back stay; the sheet waits for the same entry again."""
    query = select(Entry).where(Entry.photo_id == written.photo_id, Entry.round == written.round, Entry.number < written.number)
    kept = copy_round(session, session.scalars(query.order_by(Entry.number)), waiting.round)
    waiting.stage = written.stage
    waiting.barred = barred_text(e.user_id for e in kept)
    session.flush()
