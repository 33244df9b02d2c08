"""Verified totals for people: from the regency down to one sheet and its history."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held, Id
from api.errors import ApiError
from api.rest.totals import BELOW, SEERS
from api.sheet_data import sheet_json
from api.web import render
from db.queries import children, elections, region, tps
from db.totals import TotalsRow, contributing_sheets, totals
from db.types import Level
from db.views import ElectionView, RegionRef
from review.sheet import sheet_view

router = APIRouter(include_in_schema=False)


def chosen(contests: list[ElectionView], wanted: str | None) -> ElectionView:
    """The election asked for, else the newest. Raises ApiError not_found."""
    for e in contests:
        if wanted is None or e.id == wanted:
            return e
    raise ApiError("not_found")


def path_to(code: str, names: dict[str, str]) -> list[RegionRef]:
    """The regions around ``code``, outermost first; KPU codes nest (4, 6, 10, 13 digits)."""
    cuts = ((4, Level.REGENCY), (6, Level.KECAMATAN), (10, Level.DESA), (13, Level.TPS))
    return [RegionRef(code[:n], level, names[code[:n]]) for n, level in cuts if len(code) >= n]


@router.get("/hasil", dependencies=[Depends(allow(*SEERS))])
def page(request: Request, held: Held, election: str | None = None, code: str | None = None) -> Response:
    with held.db.reading() as session:
        contests = elections(session)
        contest = chosen(contests, election)
        here = region(session, code) if code else children(session, None)[0]
        around = path_to(here.code, {here.code[:n]: region(session, here.code[:n]).name for n in (4, 6, 10, 13) if len(here.code) >= n})
        (mine,) = totals(session, contest.id, here.level, within=here.code)
        rows: list[TotalsRow] = []
        sheets = []
        if here.level is Level.TPS:
            sheets = contributing_sheets(session, contest.id, here.code)
            place = tps(session, here.code)
        else:
            rows = totals(session, contest.id, BELOW[here.level], within=here.code)
            place = None
    context: dict[str, Any] = {
        "elections": contests,
        "contest": contest,
        "here": here,
        "around": around,
        "mine": mine,
        "rows": rows,
        "sheets": {(s.form, s.page): s for s in sheets},
        "place": place,
        "votes": votes(mine),
        "others": [n for n in mine.numbers if n not in mine.votes and (n.sheets or place is None)],
    }
    return render(request, "totals.html", context)


def votes(row: TotalsRow) -> list[dict[str, Any]]:
    """The contestants with their share of all contestants' votes."""
    whole = sum(n.value for n in row.votes)
    most = max((n.value for n in row.votes), default=0)
    return [{"number": n, "whole": whole, "leads": n.value == most and most > 0} for n in row.votes]


@router.get("/lembar/{photo_id}", dependencies=[Depends(allow(*SEERS))])
def sheet(photo_id: Id, request: Request, held: Held) -> Response:
    """One sheet: its picture, what was committed, and everything that happened to it."""
    with held.db.reading() as session:
        view = sheet_view(session, photo_id)
    return render(request, "sheet.html", {"view": view, "sheet": sheet_json(view)})
