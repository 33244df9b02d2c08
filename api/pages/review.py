"""The reviewer's desk: the queue, and one sheet at a time."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from api.access import allow
from api.deps import Held, Id, User
from api.rest.sheets import lease_next
from api.sheet_data import sheet_json
from api.web import render
from db import clock
from db.queries import elections
from db.types import Role
from review.queue import open_sheet, queue, release
from review.sheet import sheet_view

router = APIRouter(include_in_schema=False)

SHOWN = 50


@router.get("/periksa", dependencies=[Depends(allow(Role.REVIEWER))])
def desk(request: Request, held: Held, user: User, election: str | None = None, hal: int = 1) -> Response:
    at = max(1, hal)
    with held.db.reading() as session:
        contests = elections(session)
        page = queue(session, election_id=election or None, limit=SHOWN, offset=(at - 1) * SHOWN)
    context: dict[str, Any] = {
        "elections": contests,
        "election": election or "",
        "names": {e.id: e for e in contests},
        "page": page,
        "at": at,
        "more": at * SHOWN < page.total,
        "now": clock.now(),
        "me": user.username,
    }
    return render(request, "queue_list.html" if "hx-request" in request.headers else "queue.html", context)


@router.post("/periksa/berikutnya", dependencies=[Depends(allow(Role.REVIEWER))])
def following(held: Held, user: User) -> Response:
    """Lease the sheet that has waited longest and show it."""
    photo_id = lease_next(held, user.id)
    return RedirectResponse("/periksa" if photo_id is None else f"/periksa/{photo_id}", 303)


@router.get("/periksa/{photo_id}", dependencies=[Depends(allow(Role.REVIEWER))])
def sheet(photo_id: Id, request: Request, held: Held, user: User, form: str | None = None, page: int | None = None) -> Response:
    """One sheet under the reviewer's lease. ``form`` and ``page`` choose the fields where the machine did not recognise the page."""
    with held.db.writing() as session:
        view = open_sheet(session, user.id, photo_id)
        if form and page and (form, page) != (view.form, view.page):
            view = sheet_view(session, photo_id, form=form, page=page)
        contests = elections(session)
        waiting = queue(session, limit=1).total
    context = {"view": view, "sheet": sheet_json(view), "elections": contests, "waiting": waiting}
    return render(request, "review.html", context)


@router.post("/periksa/{photo_id}/lepas", dependencies=[Depends(allow(Role.REVIEWER))])
def give_back(photo_id: Id, held: Held, user: User) -> Response:
    """Leave the sheet to others."""
    with held.db.writing() as session:
        release(session, user.id, photo_id)
    return RedirectResponse("/periksa", 303)
