"""Sheets under review: their pictures, and what a person decides about them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.access import allow
from api.deps import Held, Id, User
from api.errors import ApiError
from api.pictures import decoded, number_crop, page_picture, upright_jpeg
from api.sheet_data import sheet_json
from db.types import Role
from review.queue import next_sheet, open_sheet, queue, release
from review.resolve import Assign, Confirm, Correct, RejectPhoto, resolve, withdraw
from review.sheet import SheetView, sheet_view

router = APIRouter(prefix="/api/sheets", tags=["sheets"])

READERS = (Role.REVIEWER, Role.STAFF, Role.ADMIN)
KEEP = {"Cache-Control": "private, max-age=86400"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Settle(_Strict):
    """Every number as the person leaves it; equal to the machine's values it is a confirmation, else a correction."""

    action: Literal["settle"]
    stamp: str
    values: dict[str, Annotated[int, Field(ge=0, le=9999, strict=True)] | None]
    form: str | None = None
    page: int | None = None
    paper_error: bool = False
    note: Annotated[str, Field(max_length=1000)] = ""


class Reject(_Strict):
    action: Literal["reject"]
    stamp: str
    note: Annotated[str, Field(max_length=1000)]


class Move(_Strict):
    action: Literal["move"]
    stamp: str
    election: str | None = None
    tps: str | None = None
    form: str | None = None
    page: int | None = None
    note: Annotated[str, Field(max_length=1000)] = ""


Decision = Annotated[Settle | Reject | Move, Body(discriminator="action")]


@router.get("", dependencies=[Depends(allow(*READERS))])
def waiting(held: Held, election: str | None = None, limit: int = 50, offset: int = 0) -> dict[str, Any]:
    """The sheets that wait for a person, oldest first."""
    with held.db.reading() as session:
        page = queue(session, election_id=election, limit=max(1, min(limit, 200)), offset=max(0, offset))
    return {
        "total": page.total,
        "items": [
            {
                "id": i.photo_id,
                "election": i.election_id,
                "tps": {"code": i.tps.code, "label": i.tps.label},
                "form": i.form,
                "page": i.page,
                "kind": i.kind.value,
                "reasons": [r.to_json() for r in i.reasons],
                "waiting_since": i.waiting_since.isoformat(),
                "leased_by": i.leased_by,
            }
            for i in page.items
        ],
    }


def _view(held: Held, photo_id: int, form: str | None = None, page: int | None = None) -> SheetView:
    with held.db.reading() as session:
        return sheet_view(session, photo_id, form=form, page=page)


@router.get("/{photo_id}", dependencies=[Depends(allow(*READERS))])
def sheet(photo_id: Id, held: Held) -> dict[str, Any]:
    return sheet_json(_view(held, photo_id))


@router.get("/{photo_id}/crops/{number}.png", dependencies=[Depends(allow(*READERS))], response_class=Response)
def crop(photo_id: Id, number: str, held: Held) -> Response:
    """The picture of one number, cut from the stored photo where the machine located its boxes."""
    view = _view(held, photo_id)
    corners = next((f.corners for f in view.fields if f.name == number), ())
    if not corners:
        raise ApiError("not_found")
    picture, scale = decoded(view.sha256, held.store.get(view.sha256))
    return Response(number_crop(picture, scale, corners), media_type="image/png", headers=KEEP)


@router.get("/{photo_id}/picture.jpg", dependencies=[Depends(allow(*READERS))], response_class=Response)
def picture(photo_id: Id, held: Held) -> Response:
    """The page laid straight; the photo as it is where no page was recognised."""
    view = _view(held, photo_id)
    data = held.store.get(view.sha256)
    corners = view.page_corners
    body = page_picture(*decoded(view.sha256, data), corners) if corners else upright_jpeg(view.sha256, data, 1800)
    return Response(body, media_type="image/jpeg", headers=KEEP)


@router.post("/{photo_id}/decision", dependencies=[Depends(allow(Role.REVIEWER))])
def decide(photo_id: Id, decision: Decision, held: Held, user: User) -> dict[str, Any]:
    """Settle a sheet under the reviewer's lease: confirm or correct its numbers, reject the photo, or move it to its right place.

    ``next`` in the answer is the sheet that waits next, already leased to the reviewer; null when the queue is empty.
    """
    action: Confirm | Correct | RejectPhoto | Assign
    if isinstance(decision, Reject):
        action = RejectPhoto(decision.note.strip())
    elif isinstance(decision, Move):
        action = Assign(decision.form, decision.page, decision.tps, decision.election, decision.note.strip())
    else:
        action = _settlement(_view(held, photo_id), decision)
    with held.db.writing() as session:
        done = resolve(session, user.id, photo_id, action, stamp=decision.stamp)
    following = photo_id if isinstance(decision, Move) else lease_next(held, user.id)
    return {"action": done.action_id, "committed": done.commit is not None, "next": following}


def _settlement(view: SheetView, said: Settle) -> Confirm | Correct:
    """``view``: the sheet as it stands, without a page chosen by hand."""
    note = said.note.strip()
    by_hand = (said.form, said.page) not in ((None, None), (view.form, view.page))
    if by_hand:
        return Correct(said.values, said.form, said.page, said.paper_error, note)
    read = {f.name: f.value for f in view.fields if f.corners}
    if said.values == read and len(read) == len(view.fields) and None not in read.values():
        return Confirm(said.paper_error, note)
    return Correct(said.values, paper_error=said.paper_error, note=note)


def lease_next(held: Held, reviewer_id: int) -> int | None:
    """Lease the sheet that has waited longest; its id, or None when nothing waits."""
    with held.db.writing() as session:
        view = next_sheet(session, reviewer_id)
    return view.photo_id if view else None


@router.post("/next", dependencies=[Depends(allow(Role.REVIEWER))])
def take_next(held: Held, user: User) -> dict[str, int | None]:
    """Lease the sheet that has waited longest."""
    return {"next": lease_next(held, user.id)}


@router.post("/{photo_id}/lease", dependencies=[Depends(allow(Role.REVIEWER))])
def lease(photo_id: Id, held: Held, user: User) -> dict[str, Any]:
    with held.db.writing() as session:
        return sheet_json(open_sheet(session, user.id, photo_id))


@router.delete("/{photo_id}/lease", status_code=204, dependencies=[Depends(allow(Role.REVIEWER))])
def give_back(photo_id: Id, held: Held, user: User) -> Response:
    with held.db.writing() as session:
        release(session, user.id, photo_id)
    return Response(status_code=204)


class Withdrawal(_Strict):
    note: Annotated[str, Field(max_length=1000)]


@router.post("/{photo_id}/withdrawal", dependencies=[Depends(allow(Role.REVIEWER))])
def take_out(photo_id: Id, why: Withdrawal, held: Held, user: User) -> dict[str, int]:
    """Take a counted sheet out of the totals and put it back into the queue."""
    with held.db.writing() as session:
        return {"action": withdraw(session, user.id, photo_id, why.note.strip())}
