"""What a person may do with a sheet in hand. Each action is one row, and its commit is in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from db import audit, clock
from db.queries import commit_views, election, tps_row
from db.tables import QueueEntry, Region, ReviewAction, SheetCommit
from db.types import ActionKind, QueueKind
from db.views import CommitView, PageRef
from review import commit, people, reasons
from review.errors import AlreadySettled, BadValues, LeaseLost, NoteRequired, OwnPhoto, StaleSheet, UnknownPage
from review.queue import refuse_other_lease
from review.sheet import Standing, stamp_of, where_it_stands
from review.values import Checked, check_typed
from tally import codec
from tally.interpretation import Unreadable
from templates_c1.registry import page as template_page

Values = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Confirm:
    """The machine's values are what the paper says. ``paper_error``: and the paper itself breaks a rule."""

    paper_error: bool = False
    note: str = ""


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


@dataclass(frozen=True, slots=True)
class RejectPhoto:
    """``note`` reaches the operator as the reason for a new photo."""

    note: str


@dataclass(frozen=True, slots=True)
class Assign:
    """The photo belongs somewhere else; what is None stays. It keeps waiting, in the same hand."""

    form: str | None = None
    page: int | None = None
    tps_code: str | None = None
    election_id: str | None = None
    note: str = ""


Action = Confirm | Correct | RejectPhoto | Assign


@dataclass(frozen=True, slots=True)
class Resolved:
    action_id: int
    commit: CommitView | None


def resolve(session: Session, reviewer_id: int, photo_id: int, action: Action, *, stamp: str) -> Resolved:
    """Do ``action`` on a sheet this reviewer has in hand. ``stamp``: SheetView.stamp as he saw it.

    Raises:
        UnknownUser, UnknownPhoto, NotAllowed, OwnPhoto: may not.
        AlreadySettled, LeaseLost, StaleSheet: somebody else was faster; nothing is written.
        BadValues, RulesBroken, NoteRequired, UnknownPage, UnknownTps, UnknownElection: what was given cannot stand.
    """
    people.require(session, reviewer_id, people.REVIEWERS)
    at = where_it_stands(session, photo_id, lock=True)
    if at.photo.uploader_id == reviewer_id:
        raise OwnPhoto({"photo": photo_id})
    if at.entry is None:
        raise AlreadySettled({"photo": photo_id})
    refuse_other_lease(session, at.entry, reviewer_id, clock.now())
    if at.entry.lease_user_id != reviewer_id:
        raise LeaseLost({"photo": photo_id})
    target = _placed(session, at, action) if isinstance(action, Correct) else at
    stands = commit.current(session, target.place) if target.place else None
    # what is compared with the stamp is also what the commit follows: nothing may come between
    if stamp_of(session, target, stands) != stamp:
        raise StaleSheet({"photo": photo_id})
    match action:
        case Confirm():
            return _commit(session, reviewer_id, at, at.entry, stands, _confirmed(at, action), ActionKind.CONFIRM, action.note)
        case Correct():
            typed = check_typed(template_page(*_page_of(target)), action.values, action.paper_error)
            return _commit(session, reviewer_id, target, at.entry, stands, typed, ActionKind.CORRECT, action.note)
        case RejectPhoto():
            return _reject(session, reviewer_id, at, at.entry, action)
        case Assign():
            return _assign(session, reviewer_id, at, at.entry, action)


def _page_of(at: Standing) -> tuple[str, int]:
    if at.form is None or at.page is None:
        raise UnknownPage({"form": at.form, "page": at.page})
    return at.form, at.page


def _placed(session: Session, at: Standing, action: Correct) -> Standing:
    form, page = action.form or at.form, action.page or at.page
    if form is None or page is None or PageRef(form, page) not in election(session, at.election_id).pages:
        raise UnknownPage({"form": form, "page": page})
    return Standing(at.photo, at.entry, at.interpretation, at.election_id, at.tps_id, form, page)


def _confirmed(at: Standing, action: Confirm) -> Checked:
    """The machine's values, if it read this very page and every number has one."""
    form, page = _page_of(at)
    layout = template_page(form, page)
    values = machine_values(at)
    missing = [n.name for n in layout.numbers if values.get(n.name) is None]
    if missing:
        why = ("Mesin tidak membaca angka ini; ketik dari gambar.", "The machine has no value here; type it from the picture.")
        raise BadValues(dict.fromkeys(missing, why))
    return check_typed(layout, values, action.paper_error)


def machine_values(at: Standing) -> dict[str, int | None]:
    """What the machine read on the page where the photo is now; empty if it read another page or none."""
    if at.interpretation is None:
        return {}
    outcome = codec.from_json(at.interpretation.body).outcome
    if isinstance(outcome, Unreadable) or (outcome.form, outcome.page) != (at.form, at.page):
        return {}
    return {n.name: n.value for n in outcome.numbers}


def _write_action(
    session: Session, reviewer_id: int, at: Standing, kind: ActionKind, before: dict[str, Any], after: dict[str, Any], note: str
) -> ReviewAction:
    row = ReviewAction(
        photo_id=at.photo.id,
        interpretation_id=at.interpretation.id if at.interpretation else None,
        user_id=reviewer_id,
        at=clock.now(),
        kind=kind,
        election_id=at.election_id,
        tps_id=at.tps_id,
        form=at.form,
        page=at.page,
        before=before,
        after=after,
        note=note.strip(),
    )
    session.add(row)
    session.flush()
    data = {"photo": at.photo.sha256, "kind": kind.value, "before": before, "after": after, "note": row.note}
    audit.append(session, "reviewed", f"action:{row.id}", reviewer_id, data)
    return row


def _place_json(session: Session, at: Standing) -> dict[str, Any]:
    return {"election": at.election_id, "tps": session.get_one(Region, at.tps_id).code, "form": at.form, "page": at.page}


def _commit(
    session: Session,
    reviewer_id: int,
    at: Standing,
    entry: QueueEntry,
    stands: SheetCommit | None,
    checked: Checked,
    kind: ActionKind,
    note: str,
) -> Resolved:
    form, page = _page_of(at)
    place = commit.Place(at.election_id, at.tps_id, form, page)
    counted = commit.values_of(stands) if stands is not None and not stands.void else None
    before = {**_place_json(session, at), "values": machine_values(at), "counted": counted}
    after = {**_place_json(session, at), "values": dict(checked.values), "paper_error": checked.paper_error}
    action = _write_action(session, reviewer_id, at, kind, before, after, note)
    try:
        row = commit.write(
            session,
            place,
            checked.values,
            photo=at.photo,
            interpretation_id=at.interpretation.id if at.interpretation else None,
            action=action,
            follows=stands,
            at=action.at,
            paper_error=checked.paper_error,
            note=action.note,
        )
    except commit.CommitRace as e:
        raise StaleSheet({"photo": at.photo.id}) from e
    session.delete(entry)
    session.flush()
    return Resolved(action.id, commit_views(session, [row])[0])


def _reject(session: Session, reviewer_id: int, at: Standing, entry: QueueEntry, action: RejectPhoto) -> Resolved:
    if not action.note.strip():
        raise NoteRequired()
    place = _place_json(session, at)
    row = _write_action(session, reviewer_id, at, ActionKind.REJECT_PHOTO, place, {"rejected": True}, action.note)
    session.delete(entry)
    session.flush()
    return Resolved(row.id, None)


def _assign(session: Session, reviewer_id: int, at: Standing, entry: QueueEntry, action: Assign) -> Resolved:
    view = election(session, action.election_id or at.election_id)
    tps_id = tps_row(session, action.tps_code).id if action.tps_code else at.tps_id
    form, page = action.form or at.form, action.page or at.page
    known = form is not None and page is not None and PageRef(form, page) in view.pages
    asked = action.form is not None or action.page is not None
    if not known and (asked or (view.id == at.election_id and form is not None)):
        raise UnknownPage({"election": view.id, "form": form, "page": page})
    moved = Standing(at.photo, entry, at.interpretation, view.id, tps_id, form if known else None, page if known else None)
    row = _write_action(session, reviewer_id, moved, ActionKind.ASSIGN, _place_json(session, at), _place_json(session, moved), action.note)
    entry.election_id, entry.tps_id, entry.form, entry.page, entry.placed = moved.election_id, tps_id, moved.form, moved.page, True
    session.flush()
    return Resolved(row.id, None)


def withdraw(session: Session, reviewer_id: int, photo_id: int, note: str) -> int:
    """Take what this photo's commit says out of the totals, and put the photo back into the queue. Returns the action's id.

    Nothing counts for the sheet then, not even an earlier version, until a later commit.

    Raises:
        UnknownUser, UnknownPhoto, NotAllowed, OwnPhoto, NoteRequired; StaleSheet: this photo's commit does not count (any more).
    """
    people.require(session, reviewer_id, people.REVIEWERS)
    if not note.strip():
        raise NoteRequired()
    at = where_it_stands(session, photo_id, lock=True)
    if at.photo.uploader_id == reviewer_id:
        raise OwnPhoto({"photo": photo_id})
    stands = commit.current(session, at.place) if at.place else None
    if (
        at.entry is not None
        or at.interpretation is None
        or at.place is None
        or stands is None
        or stands.void
        or stands.photo_id != photo_id
    ):
        raise StaleSheet({"photo": photo_id})
    place = _place_json(session, at)
    before = {**place, "counted": commit.values_of(stands)}
    action = _write_action(session, reviewer_id, at, ActionKind.WITHDRAW, before, {**place, "counted": None}, note)
    _void(session, at, at.place, stands, action)
    session.add(
        QueueEntry(
            photo_id=photo_id,
            kind=QueueKind.CHECK,
            reasons=[reasons.own(reasons.WITHDRAWN, detail=action.note).to_json()],
            interpretation_id=at.interpretation.id,
            election_id=at.election_id,
            tps_id=at.tps_id,
            form=at.form,
            page=at.page,
            placed=True,
            uploader_id=at.photo.uploader_id,
            since=action.at,
        )
    )
    session.flush()
    return action.id


def _void(session: Session, at: Standing, place: commit.Place, stands: SheetCommit, action: ReviewAction) -> None:
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
