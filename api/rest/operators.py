"""The operators' report to take away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.access import allow
from api.deps import Held, User
from api.errors import ApiError
from api.exports.operators import as_csv, workbook
from api.web import local_time
from db import clock
from db.queries import children, election, elections, region
from db.types import Role
from db.users import UserView
from db.views import ElectionView
from review.operators import Report, report

router = APIRouter(prefix="/api", tags=["operators"])

SEERS = (Role.OPERATOR, Role.SUPERVISOR, Role.STAFF, Role.ADMIN)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NEWEST = ""
"""For the election: all of the newest day."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user may see of what he asked for. ``codes``: regions; ``only_user``: his own deliveries alone."""

    elections: tuple[ElectionView, ...]
    codes: tuple[str, ...]
    only_user: int | None


def asked(session: Session, user: UserView, election_id: str, code: str) -> Asked:
    """Everybody with an area sees his area; an operator without one sees what he delivered himself.

    Raises:
        UnknownElection, UnknownRegion; ApiError: outside_area.
    """
    if election_id == NEWEST:
        every = elections(session)
        wanted = tuple(e for e in every if e.date == every[0].date)
    else:
        wanted = (election(session, election_id, contestants=False),)
    own = user.id if user.role is Role.OPERATOR and not user.areas else None
    if code:
        region(session, code)
        if user.areas and not any(code.startswith(a) for a in user.areas):
            raise ApiError("outside_area", areas=list(user.areas))
        return Asked(wanted, (code,), own)
    return Asked(wanted, user.areas or tuple(r.code for r in children(session, None)), own)


def made(session: Session, what: Asked) -> Report:
    return report(session, what.elections, what.codes, what.only_user)


def about(what: Asked, names: Sequence[str]) -> list[tuple[str, str]]:
    return [
        ("Pemilihan", ", ".join(e.name for e in what.elections)),
        ("Wilayah", ", ".join(names)),
        ("Dibuat", local_time(clock.now(), "id")),
        ("Halaman", "Satu halaman satu formulir satu pemilihan di satu TPS; masuk bila ada foto yang dapat dipakai."),
        (
            "Sekali benar",
            "Dari halaman yang dikirim dan sudah dapat dinilai: berapa yang foto pertamanya dapat dipakai. "
            "Salah baca mesin dan salah tulis di kertas tidak dihitung sebagai kesalahan petugas.",
        ),
        ("Pengirim obrolan", "Foto dari obrolan yang diimpor dihitung untuk pengirimnya, bukan untuk pengimpornya."),
    ]


@router.get("/operators.csv", dependencies=[Depends(allow(*SEERS))], response_class=Response)
def table(
    held: Held,
    user: User,
    table: Annotated[Literal["petugas", "tps", "kecamatan"], Query()] = "petugas",
    election: str = NEWEST,
    code: str = "",
) -> Response:
    """Who delivered what when, and what is missing, as one table. ``election`` empty: the newest day's."""
    with held.db.reading() as session:
        text = as_csv(made(session, asked(session, user, election, code)), table)
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=_named(f"petugas-{table}-{code or 'wilayah'}.csv"))


@router.get("/operators.xlsx", dependencies=[Depends(allow(*SEERS))], response_class=Response)
def as_workbook(held: Held, user: User, election: str = NEWEST, code: str = "") -> Response:
    """The same as a workbook, all tables in it, with sums and shares as formulas."""
    with held.db.reading() as session:
        what = asked(session, user, election, code)
        names = [region(session, c).name for c in what.codes]
        body = workbook(made(session, what), about(what, names))
    return Response(body, media_type=XLSX, headers=_named(f"petugas-{code or 'wilayah'}.xlsx"))


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{"".join(c for c in name if c.isalnum() or c in "._-")}"'}
