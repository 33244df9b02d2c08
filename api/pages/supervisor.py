"""The supervisor's page: what waits, who works on what, how right it is, the switch of the machine's accepting; papers that are wrong."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held, User
from api.web import render
from db import clock
from db.queries import elections
from db.types import Role
from review.desk_policy import policy_of
from review.overview import overview, paper_errors
from review.quality import quality

router = APIRouter(include_in_schema=False)

SHOWN = 50


@router.get("/pengawas", dependencies=[Depends(allow(Role.SUPERVISOR, Role.STAFF, Role.ADMIN))])
def supervise(request: Request, held: Held, user: User, election: str | None = None) -> Response:
    """Work in hand is the supervisor's to see; the measured quality is everybody's who answers for the totals."""
    leads = user.role is Role.SUPERVISOR
    with held.db.reading() as session:
        contests = elections(session)
        shown = [e for e in contests if not election or e.id == election]
        context: dict[str, Any] = {
            "elections": contests,
            "election": election or "",
            "leads": leads,
            "work": overview(session, election or None) if leads else None,
            "gates": [(e, quality(session, e.id), policy_of(session, e.id)) for e in shown],
            "now": clock.now(),
        }
    return render(request, "supervisor_work.html" if "hx-request" in request.headers else "supervisor.html", context)


@router.get("/salah-kertas", dependencies=[Depends(allow(Role.REVIEWER, Role.SUPERVISOR, Role.STAFF, Role.ADMIN))])
def papers(request: Request, held: Held, election: str | None = None, hal: int = 1) -> Response:
    """Sheets that were committed as written although the paper itself is wrong."""
    at = max(1, hal)
    with held.db.reading() as session:
        contests = elections(session)
        found = paper_errors(session, election or None, SHOWN, (at - 1) * SHOWN)
    context = {
        "elections": contests,
        "election": election or "",
        "names": {e.id: e for e in contests},
        "found": found,
        "at": at,
        "more": at * SHOWN < found["total"],
    }
    return render(request, "sheets_wrong.html", context)
