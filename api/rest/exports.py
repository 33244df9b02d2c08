"""Totals to take away: tables, workbook, NIST JSON, recap, evidence; signed where they must prove themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.access import allow, signed_in
from api.deps import Held
from api.errors import ApiError
from api.exports import answer
from api.exports.bundle import as_bytes, signed
from api.exports.gather import LEVELS, Gathered, gather
from api.exports.nist import report
from api.exports.recap_pdf import PAPERS, recap_pdf
from api.exports.tables import csv_of, head_json, json_of, level_names, row_json
from api.exports.xlsx import workbook
from api.rendering import crops_jpeg, page_jpeg, shown
from api.rest.totals import SEERS
from api.state import Services
from db.audit import chain_end
from db.queries import election as contest_of
from db.queries import region
from db.totals import totals
from db.types import Level, Role
from ocr.errors import PhotoError
from review.evidence_bundle import Pictures, bundle
from review.evidence_bundle import gather as evidence_of
from review.recap import recap
from review.signing import public_key, signing_key

router = APIRouter(prefix="/api", tags=["exports"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Seers = Depends(allow(*SEERS))
Proofs = Depends(allow(Role.STAFF, Role.ADMIN, Role.SUPERVISOR))
"""Evidence shows photos with people's names and signatures."""
LevelName = Annotated[str | None, Query(description="regency, dapil, kecamatan, desa or tps; all of them without", examples=["kecamatan"])]


def key_of(held: Services) -> Ed25519PrivateKey:
    """Raises ValueError: C1_SIGNING_KEY is no key."""
    return signing_key(held.settings.data, os.environ.get("C1_SIGNING_KEY"))


def _levels(got: Gathered, level: str | None) -> list[str]:
    known = level_names(got)
    if level is not None and level not in known:
        raise ApiError("invalid_request", fields="level")
    return list(known) if level is None else [level]


def _made(held: Services, request: Request, election: str, kind: str, name: str, media: str, make: Callable[[Gathered], bytes]) -> Response:
    """The export, or 304 where the asker has it: it changes with the audit log's end alone."""
    with held.db.reading() as session:
        contest = contest_of(session, election, contestants=False)
        tag = answer.tag(chain_end(session), contest.id, kind)
        if answer.is_known(request, tag):
            return answer.unchanged(tag)
        got = gather(session, contest.id)
    return answer.file(make(got), media, name, tag)


@router.get("/totals.xlsx", dependencies=[Seers], response_class=Response, summary="Workbook of all levels (old address)")
def as_workbook(request: Request, held: Held, election: str) -> Response:
    """As /api/exports/{election}/totals.xlsx."""
    return _made(held, request, election, "xlsx", f"{election}.xlsx", XLSX, workbook)


@router.get(
    "/exports/{election}/totals.csv", dependencies=[Seers], response_class=Response, summary="CSV of one level or all", responses=answer.CSV
)
def totals_csv(request: Request, held: Held, election: str, level: LevelName = None) -> Response:
    """One line for each region. An empty cell: no verified sheet carries that number yet, which is not zero."""
    name = f"{election}_{level}.csv" if level else f"{election}.csv"
    return _made(held, request, election, f"csv:{level}", name, "text/csv; charset=utf-8", lambda got: csv_of(got, _levels(got, level)))


@router.get("/exports/{election}/totals.xlsx", dependencies=[Seers], response_class=Response, summary="Workbook of all levels")
def totals_xlsx(request: Request, held: Held, election: str) -> Response:
    """One sheet for each level; stations as values, desa, kecamatan, dapil and regency as formulas over them."""
    return _made(held, request, election, "xlsx", f"{election}.xlsx", XLSX, workbook)


@router.get(
    "/exports/{election}/totals.json",
    dependencies=[Seers],
    response_class=Response,
    summary="JSON of one level or all",
    responses=answer.JSON,
)
def totals_json(request: Request, held: Held, election: str, level: LevelName = None) -> Response:
    """What it is, the numbers it knows, and rows by level. ``null``: not in yet, which is not zero."""
    name = f"{election}_{level}.json" if level else f"{election}.json"
    return _made(
        held, request, election, f"json:{level}", name, "application/json", lambda got: as_bytes(json_of(got, _levels(got, level)))
    )


@router.get("/exports/{election}/nist.json", dependencies=[Seers], response_class=Response, summary="NIST SP 1500-100 v2 JSON")
def totals_nist(request: Request, held: Held, election: str) -> Response:
    """Election Results Common Data Format, version 2: an ElectionReport by precinct."""
    return _made(held, request, election, "nist", f"{election}_nist_sp1500-100.json", "application/json", lambda got: as_bytes(report(got)))


@router.get("/exports/{election}/signed.zip", dependencies=[Seers], response_class=Response, summary="All exports in one signed file")
def totals_signed(request: Request, held: Held, election: str) -> Response:
    """Checked with ``c1 verify FILE``: one touched byte, and it fails."""
    key = key_of(held)
    kind = f"signed:{public_key(key).text}"
    return _made(held, request, election, kind, f"{election}_signed.zip", "application/zip", lambda got: signed(got, key))


@router.get("/exports/{election}/rows", dependencies=[Seers], response_class=Response, summary="Rows in pages", responses=answer.ROWS)
def rows(
    request: Request,
    held: Held,
    election: str,
    level: Annotated[Level, Query(description="A level of regions", examples=["tps"])] = Level.TPS,
    code: Annotated[str | None, Query(description="Only what lies in this region", examples=["160701"])] = None,
    after: Annotated[str | None, Query(description="The last code of the page before", examples=["1607011016001"])] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """At most ``limit`` rows, by code. ``next`` (and the header Link) leads to the following page; it is null on the last."""
    if level not in LEVELS:
        raise ApiError("invalid_request", fields="level")
    with held.db.reading() as session:
        contest = contest_of(session, election)
        end = chain_end(session)
        tag = answer.tag(end, contest.id, f"rows:{level}:{code}:{after}:{limit}")
        if answer.is_known(request, tag):
            return answer.unchanged(tag)
        inside = region(session, code).code if code else None
        found = totals(session, contest.id, level, within=inside, after=after or "", limit=limit + 1)
    more = len(found) > limit
    found = found[:limit]
    columns = {(n.form, n.page, n.name): n for r in found for n in r.numbers}
    got = Gathered(contest, end, answer.moment(end), {Level.REGENCY: ()}, (), columns)
    query = {"level": level.value, "limit": str(limit), **({"code": code} if code else {})}
    onward = str(request.url.include_query_params(**query, after=found[-1].region.code)) if more else None
    body: dict[str, Any] = {k: v for k, v in head_json(got).items() if k != "tps_unverified"}
    body |= {"level": level.value, "rows": [row_json(got, level.value, r) for r in found], "next": onward and onward.split("/", 3)[3]}
    if onward:
        body["next"] = f"/{body['next']}"
    made = answer.inline(json.dumps(body, ensure_ascii=False).encode(), "application/json", tag)
    if onward:
        made.headers["Link"] = f'<{body["next"]}>; rel="next"'
    return made


@router.get("/exports/{election}/recap.pdf", dependencies=[Seers], response_class=Response, summary="Recap of a kecamatan as PDF")
def recap_as_pdf(
    request: Request,
    held: Held,
    election: str,
    code: Annotated[str, Query(description="The kecamatan's code", examples=["160701"])],
    paper: Annotated[str, Query(description="a3 or a4", pattern="^a[34]$")] = "a3",
) -> Response:
    """In the rows of the official D.HASIL KECAMATAN: a column for each desa, with what is not verified yet and the audit log's end."""
    with held.db.reading() as session:
        tag = answer.tag(chain_end(session), election, f"recap:{code}:{paper}")
        if answer.is_known(request, tag):
            return answer.unchanged(tag)
        said = recap(session, election, code)
    return answer.file(recap_pdf(said, paper if paper in PAPERS else "a3"), "application/pdf", f"rekap_{election}_{code}.pdf", tag)


@router.get("/exports/{election}/evidence.zip", dependencies=[Proofs], response_class=Response, summary="Evidence of one TPS, signed")
def evidence(held: Held, election: str, code: Annotated[str, Query(description="The TPS' code", examples=["1607011016001"])]) -> Response:
    """Photos, pages, crops, readings, history and the audit log's rows about one TPS. Checked offline with ``c1 evidence verify FILE``."""
    with held.db.reading() as session:
        found = evidence_of(session, election, code)
    return answer.file(bundle(found, pictures_of(held), key_of(held)), "application/zip", f"bukti_{election}_{code}.zip", None)


def pictures_of(held: Services) -> Pictures:
    """A photo that is no picture has no page and no crops; one that is gone from the store is an error."""

    def page(photo_id: int) -> bytes | None:
        try:
            return page_jpeg(held, shown(held, photo_id))
        except PhotoError:
            return None

    def crops(photo_id: int) -> bytes | None:
        try:
            what = shown(held, photo_id)
            return crops_jpeg(held, what) if what.boxes else None
        except PhotoError:
            return None

    return Pictures(held.store.get, page, crops)


@router.get("/exports/key", dependencies=[Depends(signed_in())], summary="The key that signs exports")
def signing(held: Held) -> dict[str, str]:
    """Print the fingerprint and keep it elsewhere: who has it can tell whether a file is ours."""
    key = public_key(key_of(held))
    return {"algorithm": "Ed25519", "public_key": key.text, "fingerprint": key.fingerprint, "pem": key.pem}


@router.get("/exports/key.pem", dependencies=[Depends(signed_in())], response_class=Response, summary="The key as a PEM file")
def signing_pem(held: Held) -> Response:
    return answer.file(public_key(key_of(held)).pem.encode(), "application/x-pem-file", "c1_signing_key.pem", None)
