"""Anomalies of committed counts: listed, explained, opened again. Machine-read numbers that nobody has committed are not in here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.access import allow
from api.deps import Held, User
from api.errors import ApiError
from db import anomalies as stored
from db.queries import election, elections, region
from db.types import AnomalyStanding
from db.users import UserView
from db.views import ElectionView
from review.anomalies import EXPLAINERS, SEERS, explain, hidden_from, of, reopen
from tally.crosscheck.kinds import KINDS, Severity
from tally.crosscheck.said import said

router = APIRouter(prefix="/api", tags=["anomalies"])

ANY = "all"
"""``state=all``: open, explained and gone ones."""
Code = Annotated[str | None, Query(max_length=13)]
Word = Annotated[str | None, Query(max_length=40)]
AnomalyId = Annotated[int, Path(ge=1, le=2**53)]


class Said(BaseModel):
    """A person's word on an anomaly. ``number``: of its state as he saw it."""

    note: str = Field(max_length=2000, examples=["Sudah ditanyakan ke KPPS: salah tulis, C.Hasil di kecamatan sudah dibetulkan."])
    number: int = Field(ge=1, le=2**31 - 1, examples=[1])


def limits_of(request: Request) -> tuple[str, ...]:
    """The asker's areas, whether a user or an API token asks; none: everywhere."""
    asker: Any = getattr(request.state, "user", None) or getattr(request.state, "token", None)
    return tuple(asker.areas) if asker is not None else ("-",)


def wanted_of(
    session: Session,
    limits: tuple[str, ...],
    election_id: str | None,
    code: str | None,
    severity: str | None,
    kind: str | None,
    state: str | None,
) -> stored.Wanted:
    """The filters of an address, checked. Raises UnknownElection, UnknownRegion, ApiError invalid_request."""
    if election_id:
        election(session, election_id, contestants=False)
    if code:
        region(session, code)
    if severity and severity not in set(Severity):
        raise ApiError("invalid_request", fields="severity")
    if kind and kind not in KINDS:
        raise ApiError("invalid_request", fields="kind")
    if state is None:
        state = AnomalyStanding.OPEN.value
    elif state not in {*AnomalyStanding, ANY, ""}:
        raise ApiError("invalid_request", fields="state")
    chosen = "" if state == ANY else state
    return stored.Wanted(election_id or "", code or "", severity or "", kind or "", chosen, limits)


def sentence(a: stored.AnomalyView, views: dict[str, ElectionView]) -> tuple[str, str]:
    """What an anomaly says, in both languages."""
    kind = views[a.election_id].kind if a.election_id in views else ""
    return said(a.kind, a.figures, a.context, kind)


def anomaly_json(a: stored.AnomalyView, views: dict[str, ElectionView], hidden: bool = False) -> dict[str, Any]:
    """``hidden``: the numbers may not be seen by the asker; then there is neither a sentence nor a figure."""
    kind = KINDS[a.kind]
    text, text_en = ("", "") if hidden else sentence(a, views)
    return {
        "id": a.id,
        "number": a.number,
        "election": a.election_id,
        "tps": a.tps.to_dict(),
        "kind": a.kind,
        "title": kind.title[0],
        "title_en": kind.title[1],
        "severity": a.severity,
        "state": a.state.value,
        "event": a.event.value,
        "at": a.at.isoformat(),
        "first_at": a.first_at.isoformat(),
        "by": a.by,
        "note": a.note,
        "hidden": hidden,
        "text": text,
        "text_en": text_en,
        "figures": {} if hidden else dict(a.figures),
        "context": {} if hidden else dict(a.context),
        "sheets": [{"election": e, "form": f, "page": p, "number": n} for e, f, p, n in a.places],
    }


@router.get("/anomalies", dependencies=[Depends(allow(*sorted(SEERS)))])
def anomalies(
    request: Request,
    held: Held,
    election: Word = None,
    code: Code = None,
    severity: Word = None,
    kind: Word = None,
    state: Word = None,
    order: Word = "severity",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**6)] = 0,
) -> dict[str, Any]:
    """Anomalies of committed counts, open ones unless ``state`` says explained, gone or all; ``code``: of a region they lie in."""
    if order not in stored.ORDERS:
        raise ApiError("invalid_request", fields="order")
    with held.db.reading() as session:
        wanted = wanted_of(session, limits_of(request), election, code, severity, kind, state)
        total = stored.how_many(session, wanted)
        items = stored.listed(session, wanted, order or "severity", limit, offset)
        views = {v.id: v for v in elections(session)}
        hidden = hidden_from(session, getattr(request.state, "user", None), items)
    return {"total": total, "offset": offset, "items": [anomaly_json(a, views, a.id in hidden) for a in items]}


@router.get("/anomalies.csv", dependencies=[Depends(allow(*sorted(SEERS)))], response_class=Response)
def as_csv(
    request: Request, held: Held, election: Word = None, code: Code = None, severity: Word = None, kind: Word = None, state: Word = None
) -> Response:
    """The same as a table, all of them."""
    with held.db.reading() as session:
        wanted = wanted_of(session, limits_of(request), election, code, severity, kind, state)
        items = stored.listed(session, wanted, "place", None)
        views = {v.id: v for v in elections(session)}
        hidden = hidden_from(session, getattr(request.state, "user", None), items)
    return Response(
        "\ufeff" + csv_text(items, views, hidden),  # the mark lets spreadsheets see UTF-8
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="kejanggalan.csv"'},
    )


HEADS = (
    "id",
    "pemilihan",
    "kode_tps",
    "kecamatan",
    "desa",
    "tps",
    "tingkat",
    "jenis",
    "keterangan",
    "keadaan",
    "sejak",
    "oleh",
    "penjelasan",
)


def csv_text(items: Sequence[stored.AnomalyView], views: dict[str, ElectionView], hidden: set[int]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADS)
    for a in items:
        writer.writerow(_safe(_row(a, views, a.id in hidden)))
    return out.getvalue()


def _row(a: stored.AnomalyView, views: dict[str, ElectionView], hidden: bool) -> Iterator[object]:
    yield from (a.id, a.election_id, a.tps.code, a.tps.kecamatan, a.tps.desa, a.tps.number, a.severity, a.kind)
    yield "" if hidden else sentence(a, views)[0]
    yield from (a.state.value, a.at.isoformat(), a.by or "", a.note)


def _safe(cells: Iterator[object]) -> list[object]:
    """A spreadsheet takes a text that begins like a formula for one; a person wrote the note."""
    return ["'" + c if isinstance(c, str) and c[:1] in "=+-@\t\r" and c else c for c in cells]


@router.get("/anomalies/{anomaly_id}", dependencies=[Depends(allow(*sorted(SEERS)))])
def one(anomaly_id: AnomalyId, held: Held, user: User) -> dict[str, Any]:
    """One anomaly with everything that happened to it, the newest first."""
    with held.db.reading() as session:
        a = of(session, user, anomaly_id)
        views = {v.id: v for v in elections(session)}
        hidden = bool(hidden_from(session, user, [a]))
        states = stored.history(session, anomaly_id)
    events = [
        {"number": s.number, "event": s.event.value, "state": s.state.value, "at": s.at.isoformat(), "by": who, "note": s.note}
        for s, who in states
    ]
    return {**anomaly_json(a, views, hidden), "history": events}


@router.post("/anomalies/{anomaly_id}/explanation", dependencies=[Depends(allow(*sorted(EXPLAINERS)))])
def explanation(anomaly_id: AnomalyId, body: Said, held: Held, user: User) -> dict[str, Any]:
    """Say why an open anomaly is in order, or what was done about it. Nothing that counts changes by it."""
    with held.db.writing() as session:
        return _answer(session, user, explain(session, user.id, anomaly_id, body.note, number=body.number))


@router.post("/anomalies/{anomaly_id}/reopening", dependencies=[Depends(allow(*sorted(EXPLAINERS)))])
def reopening(anomaly_id: AnomalyId, body: Said, held: Held, user: User) -> dict[str, Any]:
    """Take an explanation back."""
    with held.db.writing() as session:
        return _answer(session, user, reopen(session, user.id, anomaly_id, body.note, number=body.number))


def _answer(session: Session, user: UserView, a: stored.AnomalyView) -> dict[str, Any]:
    return anomaly_json(a, {v.id: v for v in elections(session)}, bool(hidden_from(session, user, [a])))
