"""What a person does with a sheet in hand. Each action is one row, and its commit is in the same transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from db import clock
from db.queries import election, tps_row
from db.tables import Interpretation, QueueEntry, ReviewAction, SheetCommit
from db.types import ActionKind, QueueKind, Stage
from db.views import PageRef
from review import commit, people, reasons, sampling
from review.actions import Action, Assign, Confirm, Correct, Outcome, RejectPhoto, Resolved, place_json, write_action
from review.errors import BadValues, BlindSheet, NoteRequired, OwnPhoto, StaleSheet, UnknownPage
from review.lease import may_have, refuse_other_lease, require_hand
from review.reasons import ReasonText
from review.settle import Typed, settle
from review.sheet import layout_of
from review.standing import Standing, stamp_of, where_it_stands, word_of
from review.values import check_typed
from review.waiting import barred_text, new_round, put
from review.words import REJECTIONS
from tally.interpretation import Unreadable

__all__ = ["Action", "Assign", "Confirm", "Correct", "Outcome", "RejectPhoto", "Resolved", "resolve", "withdraw"]


def resolve(session: Session, reviewer_id: int, photo_id: int, action: Action, *, stamp: str, desk: str | None = None) -> Resolved:
    """Do ``action`` on a sheet this reviewer has in hand. ``stamp``: SheetView.stamp as he saw it.

    Raises:
        UnknownUser, UnknownPhoto, NotAllowed, OwnPhoto, AlreadyEntered: may not.
        AlreadySettled, LeaseLost, StaleSheet: somebody else was faster; nothing is written.
        BadValues, RulesBroken, NoteRequired, UnknownPage, UnknownTps, UnknownElection: what was given cannot stand.
        ConfirmRequired: it may stand, but look once more.
    """
    people.require(session, reviewer_id, people.REVIEWERS)
    at = where_it_stands(session, photo_id, lock=True)
    waiting = may_have(session, at, reviewer_id)
    require_hand(session, waiting, reviewer_id, desk)
    commit.lock_station(session, at.election_id, at.tps_id)
    target = _placed(session, at, waiting, action) if isinstance(action, Correct) else at
    stands = commit.current(session, target.place) if target.place else None
    # what is compared with the stamp is also what the commit follows: nothing may come between
    if stamp_of(session, target, stands) != stamp:
        raise StaleSheet({"photo": photo_id})
    match action:
        case Confirm() | Correct():
            return settle(session, reviewer_id, target, waiting, stands, _typed(target, waiting, action, stamp))
        case RejectPhoto():
            return _reject(session, reviewer_id, at, waiting, stands, action)
        case Assign():
            return _assign(session, reviewer_id, at, waiting, stands, action)


def _typed(at: Standing, waiting: QueueEntry, action: Confirm | Correct, stamp: str) -> Typed:
    form, page = at.form, at.page
    if form is None or page is None:
        raise UnknownPage({"form": form, "page": page})
    layout = layout_of(at, PageRef(form, page))
    if layout is None:
        raise UnknownPage({"form": form, "page": page})
    values = action.values if isinstance(action, Correct) else machine_values(at)
    kind = ActionKind.CORRECT
    if isinstance(action, Confirm):
        if waiting.stage.blind:  # nobody confirms what he may not see
            raise BlindSheet({"photo": at.photo.id})
        kind = ActionKind.CONFIRM
        missing = [n.name for n in layout.numbers if values.get(n.name) is None]
        if missing:
            why = ("Mesin tidak membaca angka ini; ketik dari gambar.", "The machine has no value here; type it from the picture.")
            raise BadValues(dict.fromkeys(missing, why))
    checked = check_typed(layout, values, action.paper_error)
    return Typed(checked, kind, action.note, action.faults, action.confirmed, stamp)


def _placed(session: Session, at: Standing, waiting: QueueEntry, action: Correct) -> Standing:
    form, page = action.form or at.form, action.page or at.page
    if form is None or page is None or PageRef(form, page) not in election(session, at.election_id).pages:
        raise UnknownPage({"form": form, "page": page})
    if (form, page) != (at.form, at.page) and waiting.stage is not Stage.FIRST:
        raise UnknownPage({"form": form, "page": page})  # somebody entered another page: it must be moved, and begun anew
    return Standing(at.photo, at.entry, at.interpretation, at.election_id, at.tps_id, form, page)


def machine_values(at: Standing) -> dict[str, int | None]:
    """What the machine read on the page where the photo is now; empty if it read another page or none."""
    word = word_of(at)
    return {} if word is None or isinstance(word.outcome, Unreadable) else {n.name: n.value for n in word.outcome.numbers}


def _reject(
    session: Session, reviewer_id: int, at: Standing, waiting: QueueEntry, stands: SheetCommit | None, action: RejectPhoto
) -> Resolved:
    ready = REJECTIONS.get(action.reason or "")
    if not action.note.strip() and (ready is None or action.reason == "other"):
        raise NoteRequired()
    note = " ".join(part for part in ((ready[0] if ready else ""), action.note.strip()) if part)
    place = place_json(session, at)
    row = write_action(
        session,
        reviewer_id,
        at,
        ActionKind.REJECT_PHOTO,
        place,
        {**place, "rejected": True, "reason": action.reason, "sample": waiting.sample_id is not None},
        note,
    )
    _counts_no_more(session, at, waiting, stands, row.id)
    session.delete(waiting)
    session.flush()
    return Resolved(row.id, None, Outcome.REJECTED, row.at)


def _assign(session: Session, reviewer_id: int, at: Standing, waiting: QueueEntry, stands: SheetCommit | None, action: Assign) -> Resolved:
    view = election(session, action.election_id or at.election_id)
    tps_id = tps_row(session, action.tps_code).id if action.tps_code else at.tps_id
    form, page = action.form or at.form, action.page or at.page
    known = form is not None and page is not None and PageRef(form, page) in view.pages
    asked = action.form is not None or action.page is not None
    if not known and (asked or (view.id == at.election_id and form is not None)):
        raise UnknownPage({"election": view.id, "form": form, "page": page})
    moved = Standing(at.photo, waiting, at.interpretation, view.id, tps_id, form if known else None, page if known else None)
    row = write_action(session, reviewer_id, moved, ActionKind.ASSIGN, place_json(session, at), place_json(session, moved), action.note)
    _counts_no_more(session, at, waiting, stands, row.id)
    waiting.election_id, waiting.tps_id, waiting.form, waiting.page, waiting.placed = (
        moved.election_id,
        tps_id,
        moved.form,
        moved.page,
        True,
    )
    # what was entered so far was entered for another sheet
    waiting.stage, waiting.round, waiting.sample_id, waiting.barred = Stage.FIRST, new_round(session, at.photo.id), None, barred_text(())
    session.flush()
    return Resolved(row.id, None, Outcome.MOVED, row.at)


def _counts_no_more(session: Session, at: Standing, waiting: QueueEntry, stands: SheetCommit | None, action_id: int) -> None:
    """A sample turns out to lie at the wrong place, or to be useless: what counts by it is withdrawn, and that was a wrong count."""
    counts = sampling.sampled_commit(session, waiting)
    if counts is None or stands is None or stands.id != counts.id or at.place is None:
        return
    action = session.get_one(ReviewAction, action_id)
    void(session, at, at.place, stands, action)
    sampling.conclude(session, waiting, None, action)


def withdraw(session: Session, reviewer_id: int, photo_id: int, note: str) -> int:
    """Take what this photo's commit says out of the totals, and put the photo back into the queue. Returns the action's id.

    Nothing counts for the sheet then, not even an earlier version, until a later commit.

    Raises:
        UnknownUser, UnknownPhoto, NotAllowed, OwnPhoto, NoteRequired; LeaseLost: somebody enters it blind at this moment;
        StaleSheet: this photo's commit does not count (any more).
    """
    people.require(session, reviewer_id, people.REVIEWERS)
    if not note.strip():
        raise NoteRequired()
    at = where_it_stands(session, photo_id, lock=True)
    if at.photo.uploader_id == reviewer_id:
        raise OwnPhoto({"photo": photo_id})
    commit.lock_station(session, at.election_id, at.tps_id)
    stands = commit.current(session, at.place) if at.place else None
    settled = at.entry is None or at.entry.sample_id is not None
    if not settled or at.interpretation is None or at.place is None or stands is None or stands.void or stands.photo_id != photo_id:
        raise StaleSheet({"photo": photo_id})
    if at.entry is not None:
        refuse_other_lease(session, at.entry, reviewer_id, clock.now())
        session.delete(at.entry)
        session.flush()
        at = replace(at, entry=None)
    place = place_json(session, at)
    before = {**place, "counted": commit.values_of(stands)}
    action = write_action(session, reviewer_id, at, ActionKind.WITHDRAW, before, {**place, "counted": None}, note)
    assert at.place is not None and at.interpretation is not None  # noqa: S101 (looked at above)
    void(session, at, at.place, stands, action)
    wait_again(session, at, at.interpretation, reasons.own(reasons.WITHDRAWN, detail=action.note), action.at)
    return action.id


def wait_again(session: Session, at: Standing, seen: Interpretation, why: ReasonText, since: datetime) -> QueueEntry:
    """A settled photo waits once more, where it was settled."""
    return put(
        session,
        at.photo,
        kind=QueueKind.CHECK,
        why=[why],
        interpretation=seen,
        since=since,
        election_id=at.election_id,
        tps_id=at.tps_id,
        form=at.form,
        page=at.page,
        placed=True,
    )


def void(session: Session, at: Standing, place: commit.Place, stands: SheetCommit, action: ReviewAction) -> None:
    """A version that says: nothing counts here. Raises StaleSheet."""
    try:
        commit.write(
            session,
            place,
            {},
            photo=at.photo,
            interpretation_id=stands.interpretation_id,
            action=action,
            follows=stands,
            at=action.at,
            void=True,
            note=action.note,
        )
    except commit.CommitRace as e:
        raise StaleSheet({"photo": at.photo.id}) from e
