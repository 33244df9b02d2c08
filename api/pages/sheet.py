"""One sheet's whole story on one page: picture, what counts, every reading and every action; to print and to link."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held, Id, User
from api.sheet_data import sheet_json
from api.web import render
from db.types import Role
from review.history import dossier
from review.sheet import sheet_view

router = APIRouter(include_in_schema=False)


@router.get("/lembar/{photo_id}", dependencies=[Depends(allow(Role.REVIEWER, Role.SUPERVISOR, Role.STAFF, Role.ADMIN))])
def sheet(photo_id: Id, request: Request, held: Held, user: User) -> Response:
    """Closed to those who may have to enter it blind, as long as it waits for that."""
    with held.db.reading() as session:
        view = sheet_view(session, photo_id, open_to=user.role)
        story = {"photos": [], "events": []} if view.blind else dossier(session, photo_id, open_to=user.role)
    return render(request, "sheet.html", {"view": view, "sheet": sheet_json(view), "story": story, "blind": view.blind})
