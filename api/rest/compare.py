"""Comparing what counts with what KPU published: figures come in as files, differences go out as JSON, CSV and XLSX."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from api.access import allow
from api.deps import Held, User
from api.errors import ApiError
from api.rest.totals import SEERS
from api.state import Services
from db.published import ImportView, imports, keep, stations
from db.queries import election as contest_of
from db.types import Role
from review.compare import KINDS, Comparison, Difference, Side, compare
from review.published import parse, unknown_stations

router = APIRouter(prefix="/api/compare", tags=["compare"])

IMPORTERS = (Role.SUPERVISOR, Role.ADMIN)
PATH = "/api/compare/imports"
MOST = 64 * 1024 * 1024
"""Bytes of one upload."""
SOURCE = "KPU Sirekap"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Least = Annotated[int, Query(ge=0, le=2**31)]
Version = Annotated[int | None, Query(ge=1, le=2**53)]


def import_files(
    held: Services, user_id: int, election_id: str, files: Sequence[tuple[str, bytes]], source: str, candidates: bytes | None = None
) -> tuple[ImportView, bool]:
    """Keep one publication: read, checked, all or nothing. Returns it, and False where the same was kept before.

    Raises:
        UnknownElection, BadPublished.
    """
    with held.db.reading() as session:
        view = contest_of(session, election_id)
    said = parse(files, view, candidates)
    ordered = sorted(files)
    digest = hashlib.sha256()
    for name, data in ordered:
        digest.update(data if len(files) == 1 else name.encode() + b"\0" + hashlib.sha256(data).digest())
    with held.db.writing() as session:
        unknown_stations(said.figures, stations(session, said.figures))
        name = files[0][0] if len(files) == 1 else f"{files[0][0]} (+{len(files) - 1})"
        size = sum(len(d) for _, d in files)
        made, new = keep(session, view, said, source=source, name=name, sha256=digest.hexdigest(), size=size, user_id=user_id)
        return next(i for i in imports(session, election_id) if i.id == made), new


def import_json(i: ImportView) -> dict[str, Any]:
    return {
        "id": i.id,
        "election": i.election_id,
        "source": i.source,
        "version": i.version,
        "name": i.name,
        "kind": i.kind,
        "sha256": i.sha256,
        "by": i.by,
        "at": i.at.isoformat(),
        "as_of": i.as_of or None,
        "stations": i.stations,
        "figures": i.figures,
    }


@router.post("/imports", dependencies=[Depends(allow(*IMPORTERS))], status_code=201)
async def bring_in(request: Request, held: Held, user: User) -> Response:
    """Import published figures: a form with ``election``, ``source`` (optional) and ``files``: Sirekap JSON, CSV, or a zip of either.

    201 with the import; 200 where the same file was imported before. Nothing is kept of a file with a fault; all faults are named.
    """
    form = await request.form(max_files=1000, max_fields=20)
    files = [
        (f.filename or "berkas", await f.read()) for f in form.getlist("files") if isinstance(f, UploadFile) and (f.filename or f.size)
    ]
    election, source = form.get("election"), form.get("source") or SOURCE
    if not files:
        raise ApiError("invalid_request", fields="files")
    if not isinstance(election, str) or not election:
        raise ApiError("invalid_request", fields="election")
    if not isinstance(source, str) or not 1 <= len(source.strip()) <= 60 or not source.isprintable():
        raise ApiError("invalid_request", fields="source")
    made, new = await run_in_threadpool(import_files, held, user.id, election, files, source.strip())
    return JSONResponse(import_json(made), 201 if new else 200)


@router.get("/imports", dependencies=[Depends(allow(*SEERS))])
def list_imports(held: Held, election: str) -> dict[str, Any]:
    """All published figures that were imported for an election, the newest first."""
    with held.db.reading() as session:
        contest_of(session, election, contestants=False)
        return {"items": [import_json(i) for i in imports(session, election)]}


def chosen_import(found: Sequence[ImportView], wanted: int | None) -> ImportView | None:
    """The one asked for, else the newest; None where there is none. Raises ApiError not_found."""
    if wanted is None:
        return found[0] if found else None
    for i in found:
        if i.id == wanted:
            return i
    raise ApiError("not_found")


def _compared(session: Session, election: str, impor: int | None) -> tuple[Comparison, ImportView]:
    contest_of(session, election, contestants=False)
    chosen = chosen_import(imports(session, election), impor)
    if chosen is None:
        raise ApiError("not_found")
    return compare(session, election, chosen.id), chosen


def check_kind(kind: str) -> str:
    if kind and kind not in KINDS:
        raise ApiError("invalid_request", fields="kind")
    return kind


def difference_json(d: Difference, made: Comparison) -> dict[str, Any]:
    named = made.names[d.name]
    place = {"code": d.place.code, "label": d.place.label}
    return {"tps": place, "number": d.name, "label": named.label, "ours": d.ours, "published": d.theirs, "difference": d.delta}


def side_json(s: Side) -> dict[str, Any]:
    return {
        "code": s.code or None,
        "name": s.name or None,
        "tps": s.tps,
        "tps_ours": s.ours,
        "tps_published": s.theirs,
        "tps_both": s.both,
        "numbers_compared": s.compared,
        "tps_differing": s.stations,
        "numbers_differing": s.numbers,
        "sum_of_differences": s.apart,
        "net": dict(s.net),
    }


@dataclass(frozen=True, slots=True)
class Filters:
    """Which differences are asked for, and in what order."""

    kecamatan: str
    kind: str
    number: str
    least: int
    order: str

    def of(self, made: Comparison) -> list[Difference]:
        """Raises what check_kind and Comparison.differences raise."""
        return made.differences(kecamatan=self.kecamatan, kind=check_kind(self.kind), name=self.number, least=self.least, order=self.order)


def _filters(kecamatan: str = "", kind: str = "", number: str = "", least: Least = 1, order: str = "size") -> Filters:
    return Filters(kecamatan, kind, number, least, order)


Wanted = Annotated[Filters, Depends(_filters)]


@router.get("", dependencies=[Depends(allow(*SEERS))])
def differences(
    held: Held,
    election: str,
    wanted: Wanted,
    impor: Version = None,
    offset: Annotated[int, Query(ge=0, le=10**7)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Where an election's verified counts differ from published figures (the newest import, or ``impor``), a row for each TPS and number.

    ``difference`` is the published figure less ours. Only numbers that both sides have are compared; ``coverage`` says how far they reach.
    """
    with held.db.reading() as session:
        made, chosen = _compared(session, election, impor)
        found = wanted.of(made)
        *by, whole = made.sides()
    return {
        "election": election,
        "import": import_json(chosen),
        "coverage": side_json(whole),
        "kecamatan": [side_json(s) for s in by],
        "count": len(found),
        "rows": [difference_json(d, made) for d in found[offset : offset + limit]],
    }


HEAD = ("kode_tps", "tps", "desa", "kecamatan", "angka", "nama_angka", "hitungan_kami", "terbit", "selisih")


def rows_of(made: Comparison, found: Sequence[Difference]) -> list[tuple[str | int | None, ...]]:
    return [
        (d.place.code, f"{d.place.number:03}", d.place.desa, d.place.kecamatan, d.name, made.names[d.name].label, d.ours, d.theirs, d.delta)
        for d in found
    ]


@router.get(".csv", dependencies=[Depends(allow(*SEERS))], response_class=Response)
def as_csv(
    held: Held,
    election: str,
    wanted: Wanted,
    impor: Version = None,
) -> Response:
    """The same differences as a table for spreadsheets."""
    with held.db.reading() as session:
        made, _ = _compared(session, election, impor)
        found = wanted.of(made)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    writer.writerows(["" if c is None else c for c in row] for row in rows_of(made, found))
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=_named(f"banding_{election}.csv"))


@router.get(".xlsx", dependencies=[Depends(allow(*SEERS))], response_class=Response)
def as_workbook(
    held: Held,
    election: str,
    wanted: Wanted,
    impor: Version = None,
) -> Response:
    """The differences, and both sides' coverage by kecamatan, as a workbook; the difference is a formula."""
    with held.db.reading() as session:
        made, chosen = _compared(session, election, impor)
        found = wanted.of(made)
        sides = made.sides()
    book = Workbook()
    sheet = book.active
    sheet.title = "Selisih"
    sheet.append(HEAD)
    for n, row in enumerate(rows_of(made, found), 2):
        sheet.append([*row[:-1], f"=H{n}-G{n}"])
    cover = book.create_sheet("Kecamatan")
    cover.append(
        (
            "kode",
            "kecamatan",
            "tps",
            "tps_kami",
            "tps_terbit",
            "tps_keduanya",
            "angka_dibandingkan",
            "tps_berbeda",
            "angka_berbeda",
            "jumlah_selisih",
        )
    )
    for s in sides[:-1]:
        cover.append((s.code, s.name, s.tps, s.ours, s.theirs, s.both, s.compared, s.stations, s.numbers, s.apart))
    last = len(sides)
    cover.append(("", "Jumlah", *(f"=SUM({get_column_letter(c)}2:{get_column_letter(c)}{last})" for c in range(3, 11))))
    about = book.create_sheet("Keterangan")
    for line in (
        ("pemilihan", made.view.name),
        ("sumber", chosen.source),
        ("versi", chosen.version),
        ("berkas", chosen.name),
        ("sha256", chosen.sha256),
        ("diimpor", chosen.at.isoformat()),
    ):
        about.append(line)
    for page in book.worksheets:
        for cell in page[1]:
            cell.font = Font(bold=True)
        page.freeze_panes = "A2"
        for c in range(1, 11):
            page.column_dimensions[get_column_letter(c)].width = 18
    out = io.BytesIO()
    book.save(out)
    return Response(out.getvalue(), media_type=XLSX, headers=_named(f"banding_{election}.xlsx"))


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{"".join(c for c in name if c.isalnum() or c in "._-")}"'}
