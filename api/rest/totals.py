"""Verified totals: committed counts only, always with their coverage."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held
from api.errors import ApiError
from db.progress import mark
from db.queries import children, election, region
from db.totals import Coverage, NumberTotal, PartyTotal, TotalsRow, totals, totals_by_area
from db.types import Level, Role
from db.views import ElectionView

router = APIRouter(prefix="/api", tags=["totals"])

SEERS = (Role.STAFF, Role.ADMIN, Role.REVIEWER, Role.SUPERVISOR)
BELOW = {
    Level.NATION: Level.PROVINCE,
    Level.PROVINCE: Level.REGENCY,
    Level.REGENCY: Level.KECAMATAN,
    Level.KECAMATAN: Level.DESA,
    Level.DESA: Level.TPS,
    Level.TPS: Level.TPS,
}
FRESH = {"Cache-Control": "private, no-cache"}
"""To be kept, but to be asked for each time whether it still holds."""
MOST = 1000
"""Rows of one answer, at most, where a limit is given."""


def coverage_json(c: Coverage) -> dict[str, Any]:
    return {
        "sheets_in": c.sheets_in,
        "sheets_expected": c.sheets_expected,
        "share": c.share,
        "tps_any": c.tps_any,
        "tps_complete": c.tps_complete,
        "tps_all": c.tps_all,
        "paper_errors": c.paper_errors,
    }


def number_json(n: NumberTotal) -> dict[str, Any]:
    return {
        "form": n.form,
        "page": n.page,
        "name": n.name,
        "label": n.label,
        "value": n.value,
        "unknown": n.unknown,
        "dapil": n.area or None,
    }


def party_json(p: PartyTotal) -> dict[str, Any]:
    """``value`` is the party's own votes and its candidates'; ``written`` what the papers give as that sum."""
    return {
        "dapil": p.area or None,
        "number": p.number,
        "name": p.name,
        "value": p.value,
        "own": p.own.value if p.own else None,
        "written": p.written.value if p.written else None,
        "sheets": p.sheets,
        "candidates": [
            {"number": c.votes.number, "name": c.label, "value": c.value, "unknown": c.unknown} for c in p.candidates if c.votes is not None
        ],
    }


def row_json(row: TotalsRow) -> dict[str, Any]:
    return {
        "region": {"code": row.region.code, "level": row.region.level.value, "name": row.region.name},
        "dapil": {"code": row.area.code, "name": row.area.name} if row.area else None,
        "coverage": coverage_json(row.coverage),
        "numbers": [number_json(n) for n in row.numbers],
        "parties": [party_json(p) for p in row.parties],
    }


def level_of(name: str | None, default: Level) -> Level:
    if name is None:
        return default
    try:
        return Level(name)
    except ValueError:
        raise ApiError("invalid_request", fields="level") from None


DAPIL = "dapil"
"""A level of its own: the electoral districts of one election."""


def rows_of(
    held: Held, election_id: str, level: str | None, code: str | None, dapil: str | None, after: str | None = None, limit: int | None = None
) -> tuple[ElectionView, str, list[TotalsRow]]:
    """Rows of ``level`` within region ``code`` (default: the topmost, one level below it) and electoral district ``dapil``."""
    with held.db.reading() as session:
        contest = election(session, election_id, contestants=False)
        if code:
            inside = region(session, code)
        else:
            top = children(session, None)
            if not top:
                raise ApiError("unknown_region", code="")
            inside = top[0]
        if level == DAPIL:
            found = totals_by_area(session, election_id, within=inside.code)
            return contest, DAPIL, [r for r in found if dapil is None or (r.area is not None and r.area.code == dapil)]
        wanted = level_of(level, BELOW[inside.level])
        rows = totals(session, election_id, wanted, within=inside.code, area=dapil, after=after, limit=limit)
        return contest, wanted.value, rows


def etag_of(held: Held, request: Request, election_id: str) -> str:
    """Changes with what counts, its names and regions, and with what is asked. Raises UnknownElection."""
    with held.db.reading() as session:
        election(session, election_id, contestants=False)
        asked = f"{request.url.path}?{request.url.query}".encode()
        return f'W/"{mark(session, election_id)}-{hashlib.sha256(asked).hexdigest()[:8]}"'


def known_by(request: Request, etag: str) -> bool:
    """Has the asker this answer already? (RFC 9110, weak comparison.)"""
    said = [t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")]
    return "*" in said or etag.removeprefix("W/") in said


@router.get("/totals", dependencies=[Depends(allow(*SEERS))], responses={304: {"description": "Nothing has changed since that ETag."}})
def verified(
    held: Held,
    request: Request,
    response: Response,
    election: str,
    level: str | None = None,
    code: str | None = None,
    dapil: str | None = None,
    after: Annotated[str | None, Query(pattern=r"^\d{0,13}$")] = None,
    limit: Annotated[int | None, Query(ge=1, le=MOST)] = None,
) -> Any:
    """Verified totals of an election, one row per region of ``level`` inside region ``code``. Nothing unverified is in them.

    ``level=dapil`` gives one row per electoral district; ``dapil=CODE`` limits every level to one. In a legislative election each row
    groups the votes by party and candidate; the same candidate number of two districts is two people.

    Long lists come in pieces: ``limit`` rows, and ``next`` is the ``after`` of the following piece, null at the end. The answer bears an
    ETag; asked again with ``If-None-Match``, an unchanged count answers 304 without a body.
    """
    etag = etag_of(held, request, election)
    headers = {**FRESH, "ETag": etag}
    if known_by(request, etag):
        return Response(status_code=304, headers=headers)
    contest, wanted, rows = rows_of(held, election, level, code, dapil, after, limit)
    response.headers.update(headers)
    more = limit is not None and wanted != DAPIL and len(rows) == limit
    return {
        "election": contest.id,
        "level": wanted,
        "code": code,
        "dapil": dapil,
        "next": rows[-1].region.code if more else None,
        "rows": [row_json(r) for r in rows],
    }


@router.get("/totals.csv", dependencies=[Depends(allow(*SEERS))], response_class=Response)
def as_csv(
    held: Held, request: Request, election: str, level: str | None = None, code: str | None = None, dapil: str | None = None
) -> Response:
    """The same as a table: one line per region, one column per number."""
    etag = etag_of(held, request, election)
    headers = {**FRESH, "ETag": etag}
    if known_by(request, etag):
        return Response(status_code=304, headers=headers)
    contest, wanted, rows = rows_of(held, election, level, code, dapil)
    name = f"{contest.id}_{wanted}_{dapil or code or 'banyuasin'}.csv"
    headers["Content-Disposition"] = f'attachment; filename="{"".join(c for c in name if c.isalnum() or c in "._-")}"'
    body = "\ufeff" + csv_text(rows)  # the mark lets spreadsheets see UTF-8
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


def csv_text(rows: Sequence[TotalsRow]) -> str:
    columns = list(dict.fromkeys((n.form, n.page, n.name) for r in rows for n in r.numbers))
    areas = {n.form: n.area for r in rows for n in r.numbers}
    several = len({(f, p) for f, p, _ in columns}) > 1
    districts = len({areas[f] for f, _, _ in columns}) > 1
    heads = [(f"dapil{areas[f]}." if districts and areas[f] else "") + (f"hal{p}.{n}" if several else n) for f, p, n in columns]
    by_area = any(r.area for r in rows)
    out = io.StringIO()
    writer = csv.writer(out)
    place = ["kode", "wilayah", *(["dapil"] if by_area else [])]
    writer.writerow([*place, "lembar_masuk", "lembar_diharapkan", "tps_lengkap", "tps_semua", *heads])
    for r in rows:
        values = {(n.form, n.page, n.name): n.value for n in r.numbers}
        c = r.coverage
        here = [r.region.code, r.region.name, *([r.area.name if r.area else ""] if by_area else [])]
        writer.writerow([*here, c.sheets_in, c.sheets_expected, c.tps_complete, c.tps_all, *(values.get(k, "") for k in columns)])
    return out.getvalue()
