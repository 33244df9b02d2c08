"""Photos that came without their TPS or election and whose form does not say it: a person says where they belong."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from api.access import allow
from api.deps import Held, Id, User
from api.errors import ApiError
from api.handlers import body_of
from api.rest.unplaced import PLACERS
from api.web import render
from db.errors import ServiceError
from db.queries import elections
from review import unplaced

router = APIRouter(include_in_schema=False)
May = Depends(allow(*PLACERS))


def _page(request: Request, held: Held, error: str | None = None, at: int = 0, status: int = 200) -> Response:
    with held.db.reading() as session:
        context: dict[str, Any] = {"photos": unplaced.waiting(session), "elections": elections(session), "error": error, "at": at}
    return render(request, "unplaced.html", context, status)


@router.get("/tanpa-tempat", dependencies=[May])
def waiting(request: Request, held: Held) -> Response:
    return _page(request, held)


@router.post("/tanpa-tempat/{unplaced_id}", dependencies=[May])
def place(
    unplaced_id: Id,
    request: Request,
    held: Held,
    user: User,
    election: Annotated[str, Form(max_length=40)] = "",
    tps: Annotated[str, Form(max_length=13)] = "",
    aside: Annotated[str, Form(max_length=1)] = "",
) -> Response:
    try:
        with held.db.writing() as session:
            if aside:
                unplaced.put_aside(session, unplaced_id, by=user.id)
                return RedirectResponse("/tanpa-tempat", 303)
            if not tps:
                raise ApiError("invalid_request", fields="tps")
            recorded = unplaced.place(session, unplaced_id, by=user.id, election_id=election, tps_code=tps)
            photo_id = unplaced.open_photo(session, unplaced_id).photo_id
    except (ApiError, ServiceError) as e:
        status, body, _ = body_of(e)
        return _page(request, held, body["error"]["message_en" if request.state.lang == "en" else "message"], unplaced_id, status)
    if recorded is None and photo_id is not None:
        held.reading.enqueue(photo_id)
    return RedirectResponse("/tanpa-tempat", 303)
