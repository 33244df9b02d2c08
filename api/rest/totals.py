"""Verified totals: committed counts only, always with their coverage."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.access import allow
from api.deps import Held
from api.errors import ApiError
from db.queries import children, election, region
from db.totals import Coverage, TotalsRow, totals
from db.types import Level, Role
from db.views import ElectionView

router = APIRouter(prefix="/api", tags=["totals"])

SEERS = (Role.STAFF, Role.ADMIN, Role.REVIEWER)
BELOW = {Level.REGENCY: Level.KECAMATAN, Level.KECAMATAN: Level.DESA, Level.DESA: Level.TPS, Level.TPS: Level.TPS}


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


def row_json(row: TotalsRow, contest: ElectionView) -> dict[str, Any]:
    return {
        "region": {"code": row.region.code, "level": row.region.level.value, "name": row.region.name},
        "coverage": coverage_json(row.coverage),
        "numbers": [
            {
                "form": n.form,
                "page": n.page,
                "name": n.name,
                "label": label_of(n.name, n.label, contest),
                "value": n.value,
                "unknown": n.unknown,
            }
            for n in row.numbers
        ],
    }


def label_of(name: str, label: str, contest: ElectionView) -> str:
    """A candidate's own name where the election knows it, else the form's label."""
    return contest.contestants.get(name, label)


def level_of(name: str | None, default: Level) -> Level:
    if name is None:
        return default
    try:
        return Level(name)
    except ValueError:
        raise ApiError("invalid_request", fields="level") from None


def rows_of(held: Held, election_id: str, level: str | None, code: str | None) -> tuple[ElectionView, Level, list[TotalsRow]]:
    """Rows of ``level`` within region ``code`` (default: the regency, one level below it)."""
    with held.db.reading() as session:
        contest = election(session, election_id)
        if code:
            inside = region(session, code)
        else:
            top = children(session, None)
            if not top:
                raise ApiError("unknown_region", code="")
            inside = top[0]
        wanted = level_of(level, BELOW[inside.level])
        return contest, wanted, totals(session, election_id, wanted, within=inside.code)


@router.get("/totals", dependencies=[Depends(allow(*SEERS))])
def verified(held: Held, election: str, level: str | None = None, code: str | None = None) -> dict[str, Any]:
    """Verified totals of an election, one row per region of ``level`` inside region ``code``. Nothing unverified is in them."""
    contest, wanted, rows = rows_of(held, election, level, code)
    return {"election": contest.id, "level": wanted.value, "code": code, "rows": [row_json(r, contest) for r in rows]}


@router.get("/totals.csv", dependencies=[Depends(allow(*SEERS))], response_class=Response)
def as_csv(held: Held, election: str, level: str | None = None, code: str | None = None) -> Response:
    """The same as a table: one line per region, one column per number."""
    contest, wanted, rows = rows_of(held, election, level, code)
    name = f"{contest.id}_{wanted.value}_{code or 'banyuasin'}.csv"
    return Response(
        "\ufeff" + csv_text(rows),  # the mark lets spreadsheets see UTF-8
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{"".join(c for c in name if c.isalnum() or c in "._-")}"'},
    )


def csv_text(rows: Sequence[TotalsRow]) -> str:
    columns = list(dict.fromkeys((n.form, n.page, n.name) for r in rows for n in r.numbers))
    out = io.StringIO()
    writer = csv.writer(out)
    several = len({(f, p) for f, p, _ in columns}) > 1
    heads = [f"hal{p}.{n}" if several else n for _, p, n in columns]
    writer.writerow(["kode", "wilayah", "lembar_masuk", "lembar_diharapkan", "tps_lengkap", "tps_semua", *heads])
    for r in rows:
        values = {(n.form, n.page, n.name): n.value for n in r.numbers}
        c = r.coverage
        writer.writerow(
            [r.region.code, r.region.name, c.sheets_in, c.sheets_expected, c.tps_complete, c.tps_all, *(values.get(k, "") for k in columns)]
        )
    return out.getvalue()
