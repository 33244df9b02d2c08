"""What counts beside what KPU published: where they differ, and how far both reach."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held, User
from api.pages.overview import chosen
from api.rest.compare import IMPORTERS, SOURCE, Least, Version, check_kind, chosen_import
from api.rest.totals import SEERS
from api.web import render
from db.published import imports
from db.queries import children, elections
from db.totals import counted_elections
from db.types import Role
from review.compare import KINDS, Comparison, compare, contests

router = APIRouter(include_in_schema=False)

A_PAGE = 50
ORDERS = ("size", "place", "name")


@router.get("/banding", dependencies=[Depends(allow(*SEERS))])
def page(
    request: Request,
    held: Held,
    user: User,
    election: str | None = None,
    impor: Version = None,
    kecamatan: str = "",
    kind: str = "",
    number: str = "",
    least: Least = 1,
    order: str = "size",
    hal: Annotated[int, Query(ge=1, le=10**6)] = 1,
) -> Response:
    check_kind(kind)
    made: Comparison | None = None
    with held.db.reading() as session:
        known = elections(session)
        contest = chosen(known, election, counted_elections(session))
        found = imports(session, contest.id)
        used = chosen_import(found, impor)
        top = children(session, None)
        districts = children(session, top[0].code) if top else []
        if used is not None:
            made = compare(session, contest.id, used.id)
    rows = made.differences(kecamatan=kecamatan, kind=kind, name=number, least=least, order=order) if made else []
    sides = made.sides() if made else []
    filters = {
        "election": contest.id,
        "impor": used.id if used else None,
        "kecamatan": kecamatan,
        "kind": kind,
        "number": number,
        "least": least,
        "order": order,
    }
    query = urlencode({k: v for k, v in filters.items() if v not in (None, "")})
    context: dict[str, Any] = {
        "elections": known,
        "contest": contest,
        "imports": found,
        "used": used,
        "made": made,
        "rows": rows[(hal - 1) * A_PAGE : hal * A_PAGE],
        "count": len(rows),
        "page": hal,
        "pages": max(1, -(-len(rows) // A_PAGE)),
        "sides": sides,
        "districts": districts,
        "kinds": KINDS,
        "orders": ORDERS,
        "filters": filters,
        "query": query,
        "contests": contests(made.names) if made else [],
        "may_import": Role(user.role) in IMPORTERS,
        "source": SOURCE,
    }
    return render(request, "compare.html", context)
