"""Sheets under review: their pictures, whose they are, and what a person decides about them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.access import allow
from api.aligning import Aligning
from api.deps import Held, Id, User
from api.errors import ApiError
from api.rendering import crop_png, crops_jpeg, make_ready, page_jpeg, shown, whole_jpeg
from api.sheet_data import sheet_json
from db.types import Role, Stage
from ocr.align.by_hand import ShownPage
from review import lease as leases
from review.actions import Outcome
from review.errors import ConfirmRequired
from review.history import dossier
from review.queue import Chosen, ahead_sheet, next_sheet, queue
from review.resolve import Assign, Confirm, Correct, RejectPhoto, resolve, withdraw
from review.sheet import SheetView, sheet_view
from review.standing import where_it_stands, word_of
from review.undo import undo
from review.words import FAULTS, REJECTIONS
from tally.interpretation import Unreadable

router = APIRouter(prefix="/api/sheets", tags=["sheets"])

DESK = (Role.REVIEWER, Role.SUPERVISOR)
READERS = (*DESK, Role.STAFF, Role.ADMIN)
KEEP = {"Cache-Control": "private, max-age=86400, immutable"}
"""Addresses of pictures name the reading they show."""

Desk = Annotated[str | None, Header(alias="X-Desk", pattern=r"^[A-Za-z0-9_-]{8,40}$")]
"""Which of the person's open windows asks; each has its own sheet in hand."""
Note = Annotated[str, Field(max_length=1000)]
Reader = Depends(allow(*READERS))
Reviewer = Depends(allow(*DESK))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Filter(_Strict):
    """The part of the queue somebody works on."""

    election: str | None = None
    kecamatan: str | None = None
    reason: str | None = None

    def chosen(self) -> Chosen:
        return Chosen(self.election, self.kecamatan, self.reason)


class Settle(_Strict):
    """Every number as the person leaves it; equal to the machine's values it is a confirmation, else a correction."""

    action: Literal["settle"]
    stamp: str
    values: dict[str, Annotated[int, Field(ge=0, le=9999, strict=True)] | None]
    form: str | None = None
    page: int | None = None
    paper_error: bool = False
    paper_faults: Annotated[list[Literal[tuple(FAULTS)]], Field(max_length=len(FAULTS))] = []  # type: ignore[valid-type]
    note: Note = ""
    confirm: Annotated[str | None, Field(max_length=40)] = None
    then: Filter = Filter()


class Reject(_Strict):
    action: Literal["reject"]
    stamp: str
    reason: Literal[tuple(REJECTIONS)] | None = None  # type: ignore[valid-type]
    note: Note = ""
    then: Filter = Filter()


class Move(_Strict):
    action: Literal["move"]
    stamp: str
    election: str | None = None
    tps: str | None = None
    form: str | None = None
    page: int | None = None
    note: Note = ""


Decision = Annotated[Settle | Reject | Move, Body(discriminator="action")]


@router.get("", dependencies=[Reader])
def waiting(
    held: Held,
    user: User,
    election: str | None = None,
    kecamatan: str | None = None,
    reason: str | None = None,
    stage: Stage | None = None,
    limit: int = 50,
    offset: int = 0,
) -> dict[str, Any]:
    """The sheets that wait for a person, in the desk's order."""
    with held.db.reading() as session:
        page = queue(
            session,
            election_id=election,
            kecamatan_code=kecamatan,
            reason=reason,
            stage=stage,
            viewer_id=user.id,
            limit=max(1, min(limit, 200)),
            offset=max(0, offset),
        )
    return {
        "total": page.total,
        "items": [
            {
                "id": i.photo_id,
                "election": i.election_id,
                "tps": {"code": i.tps.code, "label": i.tps.label},
                "form": i.form,
                "page": i.page,
                "kind": i.kind.value if i.kind else None,
                "stage": i.stage.value,
                "blind": i.stage.blind,
                "reasons": [r.to_json() for r in i.reasons],
                "waiting_since": i.waiting_since.isoformat(),
                "leased_by": i.leased_by,
                "leased_until": i.leased_until.isoformat() if i.leased_until else None,
                "lease_mine": i.lease_mine,
                "may_take": i.may_take,
                "rank": i.rank,
            }
            for i in page.items
        ],
    }


@router.get("/{photo_id}", dependencies=[Reader])
def sheet(photo_id: Id, held: Held, user: User, form: str | None = None, page: int | None = None) -> dict[str, Any]:
    """``form`` and ``page``: the fields of that page, to be typed by hand."""
    with held.db.reading() as session:
        view = sheet_view(session, photo_id, form=form, page=page, open_to=user.role, viewer_id=user.id, with_history=False)
    return sheet_json(view, user.id)


@router.get("/{photo_id}/history", dependencies=[Reader])
def story(photo_id: Id, held: Held, user: User) -> dict[str, Any]:
    """Everything that ever happened to the sheet."""
    with held.db.reading() as session:
        return dossier(session, photo_id, open_to=user.role)


@router.get("/{photo_id}/crops/{number}.png", dependencies=[Reader], response_class=Response)
def crop(photo_id: Id, number: str, held: Held) -> Response:
    """The picture of one number, cut from the stored photo where the machine located its boxes."""
    body = crop_png(held, shown(held, photo_id), number)
    if body is None:
        raise ApiError("not_found")
    return Response(body, media_type="image/png", headers=KEEP)


@router.get("/{photo_id}/crops.jpg", dependencies=[Reader], response_class=Response)
def crops(photo_id: Id, held: Held) -> Response:
    """All numbers' crops on one picture; a number's ``crop_at`` says where."""
    what = shown(held, photo_id)
    if not what.boxes:
        raise ApiError("not_found")
    return Response(crops_jpeg(held, what), media_type="image/jpeg", headers=KEEP)


@router.get("/{photo_id}/picture.jpg", dependencies=[Reader], response_class=Response)
def picture(photo_id: Id, held: Held) -> Response:
    """The page laid straight; the photo as it is where no page was recognised."""
    return Response(page_jpeg(held, shown(held, photo_id)), media_type="image/jpeg", headers=KEEP)


@router.get("/{photo_id}/photo.jpg", dependencies=[Reader], response_class=Response)
def photo(photo_id: Id, held: Held) -> Response:
    """The whole photo, upright: where the page's corners are shown by hand."""
    return Response(whole_jpeg(held, shown(held, photo_id)), media_type="image/jpeg", headers=KEEP)


@router.post("/{photo_id}/decision", dependencies=[Reviewer])
def decide(photo_id: Id, decision: Decision, held: Held, user: User, desk: Desk = None) -> dict[str, Any]:
    """Settle a sheet under the reviewer's lease: confirm or correct its numbers, reject the photo, or move it to its right place.

    ``next`` and ``next_sheet`` in the answer are the sheet that comes next, already leased to the reviewer; null when nothing waits.
    """
    action: Confirm | Correct | RejectPhoto | Assign
    if isinstance(decision, Reject):
        action = RejectPhoto(decision.note.strip(), decision.reason)
    elif isinstance(decision, Move):
        action = Assign(decision.form, decision.page, decision.tps, decision.election, decision.note.strip())
    else:
        action = _settlement(held, photo_id, decision)
    try:
        with held.db.writing() as session:
            done = resolve(session, user.id, photo_id, action, stamp=decision.stamp, desk=desk)
    except ConfirmRequired as e:
        what = shown(held, photo_id)
        for number in e.details["numbers"]:  # nobody is asked about a number without its picture
            name = number["name"]
            number["crop"] = f"/api/sheets/{photo_id}/crops/{name}.png?s={what.key}" if name in what.boxes else None
        raise
    if isinstance(decision, Move):
        with held.db.reading() as session:
            following: SheetView | None = sheet_view(session, photo_id, viewer_id=user.id, with_history=False)
    else:
        following = lease_next(held, user.id, decision.then.chosen(), desk)
    return {
        "action": done.action_id,
        "outcome": done.outcome.value,
        "committed": done.outcome is Outcome.COMMITTED,
        "undo_until": done.undo_until.isoformat() if done.undo_until else None,
        "next": following.photo_id if following else None,
        "next_sheet": sheet_json(following, user.id) if following else None,
    }


def _settlement(held: Held, photo_id: int, said: Settle) -> Confirm | Correct:
    """Unchanged values of a wholly located page are a confirmation; what is entered blind never is."""
    with held.db.reading() as session:
        at = where_it_stands(session, photo_id)
        word = None if at.entry is not None and at.entry.stage.blind else word_of(at)
        standing = (at.form, at.page)
    note, faults = said.note.strip(), tuple(said.paper_faults)
    error = said.paper_error or bool(faults)
    if (said.form, said.page) not in ((None, None), standing):
        return Correct(said.values, said.form, said.page, error, note, faults, said.confirm)
    if word is not None and not isinstance(word.outcome, Unreadable):
        numbers = word.outcome.numbers
        read = {n.name: n.value for n in numbers if word.boxes.get(n.name)}
        if said.values == read and len(read) == len(numbers) and None not in read.values():
            return Confirm(error, note, faults, said.confirm)
    return Correct(said.values, paper_error=error, note=note, faults=faults, confirmed=said.confirm)


def lease_next(held: Held, reviewer_id: int, what: Chosen = Chosen(), desk: str | None = None) -> SheetView | None:  # noqa: B008 (frozen)
    """Lease the sheet that comes next; None when nothing waits."""
    with held.db.writing() as session:
        view = next_sheet(session, reviewer_id, what=what, desk=desk)
    if view is not None:
        make_ready(held, view.photo_id)
    return view


@router.post("/next", dependencies=[Reviewer])
def take_next(held: Held, user: User, what: Filter = Filter(), desk: Desk = None) -> dict[str, Any]:  # noqa: B008 (frozen in effect)
    """Lease the sheet that comes next."""
    view = lease_next(held, user.id, what.chosen(), desk)
    return {"next": view.photo_id if view else None, "sheet": sheet_json(view, user.id) if view else None}


@router.post("/ahead", dependencies=[Reviewer])
def take_ahead(held: Held, user: User, what: Filter = Filter(), desk: Desk = None) -> dict[str, Any]:  # noqa: B008 (frozen in effect)
    """The sheet that will come after the one in hand, kept ready for this window for two minutes; its pictures are made at once."""
    with held.db.writing() as session:
        view = ahead_sheet(session, user.id, what=what.chosen(), desk=desk)
    if view is not None:
        make_ready(held, view.photo_id)
    return {"sheet": sheet_json(view, user.id) if view else None}


@router.post("/{photo_id}/lease", dependencies=[Reviewer])
def lease(photo_id: Id, held: Held, user: User, desk: Desk = None) -> dict[str, Any]:
    """Take one given sheet in hand."""
    with held.db.writing() as session:
        return sheet_json(leases.open_sheet(session, user.id, photo_id, desk=desk), user.id)


@router.delete("/{photo_id}/lease", status_code=204, dependencies=[Reviewer])
def give_back(photo_id: Id, held: Held, user: User, desk: Desk = None) -> Response:
    with held.db.writing() as session:
        leases.release(session, user.id, photo_id, desk=desk)
    return Response(status_code=204)


@router.post("/{photo_id}/heartbeat", dependencies=[Reviewer])
def heartbeat(photo_id: Id, held: Held, user: User, desk: Desk = None) -> dict[str, str]:
    """Still at work on it: the sheet in hand stays so, and the one kept ready stays ready."""
    with held.db.writing() as session:
        return {"until": leases.renew(session, user.id, photo_id, desk=desk).isoformat()}


Share = Annotated[float, Field(ge=-0.5, le=1.5)]
Point = Annotated[list[Share], Field(min_length=2, max_length=2)]


class Alignment(_Strict):
    """The page's four corners on the whole upright photo (``photo.jpg``), as shares of its width and height."""

    stamp: str
    form: Annotated[str, Field(max_length=60)]
    page: Annotated[int, Field(ge=1, le=1000)]
    corners: Annotated[list[Point], Field(min_length=4, max_length=4)]
    turns: Annotated[int, Field(ge=0, le=3)] = 0


@router.post("/{photo_id}/alignment", status_code=202, dependencies=[Reviewer])
def align(photo_id: Id, said: Alignment, held: Held, user: User, desk: Desk = None) -> dict[str, str]:
    """Have the photo read anew where the page is shown. The result goes to the reviewer, never into the totals by itself."""
    page = ShownPage(said.form, said.page, tuple((x, y) for x, y in said.corners), said.turns)
    return {"ticket": Aligning.on(held.db, held.store, held.reading.huey).ask(user.id, photo_id, page, said.stamp, desk)}


@router.get("/{photo_id}/alignment/{ticket}", dependencies=[Reviewer])
def aligned(photo_id: Id, ticket: str, held: Held, user: User) -> dict[str, Any]:
    """``state``: reading, failed (with the error), or done (with the sheet as it stands now)."""
    found = Aligning.on(held.db, held.store, held.reading.huey).answer(ticket, user.id, photo_id)
    if found is None:
        return {"state": "reading"}
    if "error" in found:
        return {"state": "failed", "error": found["error"]}
    with held.db.reading() as session:
        view = sheet_view(session, photo_id, open_to=user.role, viewer_id=user.id, with_history=False)
    make_ready(held, photo_id)
    return {"state": "done", "sheet": sheet_json(view, user.id)}


class Reason(_Strict):
    note: Note


@router.post("/{photo_id}/takeover", dependencies=[Depends(allow(Role.SUPERVISOR))])
def take_over(photo_id: Id, why: Reason, held: Held, user: User, desk: Desk = None) -> dict[str, Any]:
    """Take a sheet out of somebody's hand."""
    with held.db.writing() as session:
        return sheet_json(leases.take_over(session, user.id, photo_id, why.note, desk=desk), user.id)


@router.post("/{photo_id}/undo", dependencies=[Reviewer])
def take_back(photo_id: Id, held: Held, user: User, desk: Desk = None) -> dict[str, Any]:
    """Take back what the person did last with this photo."""
    with held.db.writing() as session:
        return sheet_json(undo(session, user.id, photo_id, desk=desk), user.id)


@router.post("/{photo_id}/withdrawal", dependencies=[Reviewer])
def take_out(photo_id: Id, why: Reason, held: Held, user: User) -> dict[str, int]:
    """Take a counted sheet out of the totals and put it back into the queue."""
    with held.db.writing() as session:
        return {"action": withdraw(session, user.id, photo_id, why.note.strip())}
