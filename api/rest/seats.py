"""Seats by party and district, from verified totals."""

from __future__ import annotations

import csv
import io
from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.access import allow
from api.deps import Held
from api.rest.totals import SEERS, coverage_json
from api.seats import DistrictSeats, Seats, seats_of

router = APIRouter(prefix="/api", tags=["totals"])


def _district(d: DistrictSeats, names: dict[str, str]) -> dict[str, Any]:
    given = d.allocation
    return {
        "dapil": {"code": d.area.code, "name": d.area.name, "seats": d.area.seats, "whole": d.area.whole},
        "coverage": coverage_json(d.coverage),
        "final": d.final,
        "undecided": given.undecided if given else None,
        "tied": list(given.tied) if given else [],
        "parties": [
            {
                "number": int(party),
                "name": names[party],
                "votes": votes,
                "seats": seats,
                "below_threshold": out,
                "quotients": [{"divisor": q.divisor, "value": round(float(q.value), 3), "seat": q.seat} for q in quotients],
            }
            for party, votes, seats, quotients, out in d.rows
        ],
    }


@router.get("/seats", dependencies=[Depends(allow(*SEERS))])
def as_json(held: Held, election: str) -> dict[str, Any]:
    """Seats of each district by Sainte-Laguë (UU 7/2017, articles 414, 415, 420) from verified votes, with every quotient.

    ``final`` is false while sheets are missing, and where the district reaches beyond the regions counted here. Seats that equal quotients
    leave undecided are given to nobody.
    """
    found = _found(held, election)
    names = {str(n): name for n, name in found.election.parties.items()}
    return {
        "election": found.election.id,
        "threshold": sorted(map(int, found.threshold)) if found.threshold is not None else None,
        "threshold_unknown": found.unknown,
        "seats": [{"number": int(p), "name": names[p], "seats": n} for p, n in found.by_party.items()],
        "districts": [_district(d, names) for d in found.districts],
    }


@router.get("/seats.csv", dependencies=[Depends(allow(*SEERS))], response_class=Response)
def as_csv(held: Held, election: str) -> Response:
    """The quotient table: one line for each party, district and divisor."""
    found = _found(held, election)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["dapil", "nama_dapil", "kursi_dapil", "partai", "nama_partai", "suara", "pembagi", "hasil_bagi", "kursi_ke", "final"])
    for d in found.districts:
        for party, votes, _, quotients, out_of_it in d.rows:
            line = [d.area.code, d.area.name, d.area.seats, party, found.election.parties[int(party)], votes]
            if out_of_it:
                writer.writerow([*line, "", "", "ambang batas", int(d.final)])
            for q in quotients:
                writer.writerow([*line, q.divisor, f"{float(q.value):.3f}", q.seat or "", int(d.final)])
    headers = {"Content-Disposition": f'attachment; filename="{found.election.id}_kursi.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _found(held: Held, election_id: str) -> Seats:
    with held.db.reading() as session:
        return seats_of(session, election_id)
