"""Who delivered what when, how often at the first try, and what is missing: what honoraria and data allowances are paid by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held, User
from api.rest.operators import SEERS, asked, made
from api.web import render
from db.queries import elections, region
from db.types import Level

router = APIRouter(include_in_schema=False)

MOST_STATIONS = 400
"""More are not listed on the page: first a kecamatan is chosen."""


@router.get("/petugas", dependencies=[Depends(allow(*SEERS))])
def page(request: Request, held: Held, user: User, election: str = "", code: str = "") -> Response:
    with held.db.reading() as session:
        what = asked(session, user, election, code)
        regions = [region(session, c) for c in what.codes]
        found = made(session, what)
        contests = elections(session)
        whole = found if not code else None
        if whole is None:  # the choice of kecamatan stays whole
            here = replace(what, codes=asked(session, user, election, "").codes)
            kecamatan = [r for c in here.codes for r in _kecamatan(session, c)]
        else:
            kecamatan = [(k.code, k.name) for k in whole.kecamatan]
    names = {e.id: e for e in contests}
    context: dict[str, Any] = {
        "report": found,
        "elections": contests,
        "names": names,
        "election": election,
        "code": code,
        "regions": regions,
        "choices": kecamatan,
        "listed": found.stations if len(found.stations) <= MOST_STATIONS else (),
        "only_own": what.only_user is not None,
    }
    return render(request, "operators.html", context)


def _kecamatan(session: Any, code: str) -> list[tuple[str, str]]:
    from db.queries import children

    row = region(session, code)
    if row.level is Level.REGENCY:
        return [(r.code, r.name) for r in children(session, code)]
    return [(row.code, row.name)] if row.level is Level.KECAMATAN else []
