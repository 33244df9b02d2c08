"""Totals to take away, beyond the plain table."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held
from api.exports.xlsx import About, workbook
from api.rest.totals import SEERS
from api.web import local_time
from db import clock
from db.audit import head
from db.queries import election as contest_of
from db.totals import totals
from db.types import Level

router = APIRouter(prefix="/api", tags=["totals"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/totals.xlsx", dependencies=[Depends(allow(*SEERS))], response_class=Response)
def as_workbook(request: Request, held: Held, election: str) -> Response:
    """All levels of one election as a workbook: stations as values, desa, kecamatan and regency as formulas over them."""
    with held.db.reading() as session:
        contest = contest_of(session, election, contestants=False)
        stations = totals(session, contest.id, Level.TPS)
        above = {level: totals(session, contest.id, level) for level in (Level.DESA, Level.KECAMATAN, Level.REGENCY)}
        row, last = head(session)
    about = About(contest.name, local_time(clock.now(), "id"), f"{row}:{last}")
    name = "".join(c for c in f"{contest.id}.xlsx" if c.isalnum() or c in "._-")
    return Response(workbook(about, stations, above), media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})
