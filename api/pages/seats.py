"""Seats for people: by district, with the quotient table."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held
from api.errors import ApiError
from api.rest.totals import SEERS
from api.seats import has_seats, seats_of
from api.web import render
from db.queries import elections
from db.totals import counted_elections

router = APIRouter(include_in_schema=False)


@router.get("/kursi", dependencies=[Depends(allow(*SEERS))])
def page(request: Request, held: Held, election: str | None = None) -> Response:
    with held.db.reading() as session:
        contests = [e for e in elections(session) if has_seats(e)]
        counted = counted_elections(session)
        wanted = [e.id for e in contests if election in (None, e.id)]
        if not wanted:
            raise ApiError("not_found")
        if election is None:  # the council of the regency first, of those that anything counts for
            wanted.sort(key=lambda e: (e not in counted, "kab" not in e))
        found = seats_of(session, wanted[0])
    context: dict[str, Any] = {
        "elections": contests,
        "found": found,
        "contest": found.election,
        "names": {str(n): name for n, name in found.election.parties.items()},
        "sums": sorted(((n, p) for p, n in found.by_party.items()), key=lambda r: (-r[0], int(r[1]))),
        "seats": sum(d.area.seats or 0 for d in found.districts if d.area.whole),
    }
    return render(request, "seats.html", context)
