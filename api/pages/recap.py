"""The recap of a kecamatan, to be read, printed or taken away as PDF, and the other exports of its election."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held, User
from api.pages.overview import chosen
from api.rest.exports import key_of
from api.rest.totals import SEERS
from api.web import render
from db.queries import elections
from db.tables import Region
from db.totals import counted_elections
from db.types import Level
from review.recap import recap
from review.signing import public_key

router = APIRouter(include_in_schema=False)


@router.get("/rekap", dependencies=[Depends(allow(*SEERS))])
def page(request: Request, held: Held, user: User, election: str | None = None, code: str | None = None) -> Response:
    """``code``: the kecamatan; the first one without."""
    from sqlalchemy import select

    with held.db.reading() as session:
        contests = elections(session)
        contest = chosen(contests, election, counted_elections(session))
        query = select(Region.code, Region.name).where(Region.level == Level.KECAMATAN).order_by(Region.code)
        kecamatan = [(c, name) for c, name in session.execute(query) if user.covers(c)]
        here = code or (kecamatan[0][0] if kecamatan else "")
        said = recap(session, contest.id, here)
    context: dict[str, Any] = {
        "elections": contests,
        "contest": contest,
        "kecamatan": kecamatan,
        "said": said,
        "key": public_key(key_of(held)),
        "whole": not user.areas,
    }
    return render(request, "recap.html", context)
