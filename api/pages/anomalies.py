"""Anomalies for people: the list with its filters, and one of them with its numbers, their pictures and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from api.access import allow
from api.deps import Held, Id, User
from api.rendering import shown
from api.rest.anomalies import ANY, AnomalyId, Code, Word, limits_of, sentence, wanted_of
from api.state import Services
from api.web import render
from db import anomalies as stored
from db.errors import ServiceError
from db.queries import children, elections
from db.totals import contributing_sheets
from db.types import AnomalyStanding
from db.users import UserView
from db.views import CommitView, ElectionView
from review.anomalies import EXPLAINERS, SEERS, explain, hidden_from, of, reopen
from tally.crosscheck.kinds import ALL, KINDS, Severity
from tally.crosscheck.said import label
from templates_c1.registry import page as template_page

router = APIRouter(include_in_schema=False)

SHOWN = 50


@router.get("/kejanggalan", dependencies=[Depends(allow(*sorted(SEERS)))])
def anomalies(
    request: Request,
    held: Held,
    user: User,
    election: Word = None,
    code: Code = None,
    severity: Word = None,
    kind: Word = None,
    state: Word = None,
    order: Word = None,
    hal: Annotated[int, Query(ge=1, le=10**5)] = 1,
) -> Response:
    sorting = order if order is not None and order in stored.ORDERS else "severity"
    with held.db.reading() as session:
        wanted = wanted_of(session, limits_of(request), election, code, severity, kind, state)
        items = stored.listed(session, wanted, sorting, SHOWN + 1, (hal - 1) * SHOWN)
        views = {v.id: v for v in elections(session)}
        counts = stored.choices(session, wanted)
        total = stored.how_many(session, wanted)
        by_severity = stored.open_by_severity(session, wanted.limits, wanted.election)
        places = [r for top in children(session, None) for r in children(session, top.code)]
        hidden = hidden_from(session, user, items)
    chosen = {
        "election": wanted.election,
        "code": wanted.area,
        "severity": wanted.severity,
        "kind": wanted.kind,
        "state": wanted.state or ANY,
        "order": sorting,
    }
    context: dict[str, Any] = {
        "items": items[:SHOWN],
        "hidden": hidden,
        "said": lambda a: sentence(a, views),
        "names": views,
        "kinds": KINDS,
        "all_kinds": ALL,
        "severities": list(Severity),
        "states": list(AnomalyStanding),
        "orders": list(stored.ORDERS),
        "districts": [p for p in places if not user.areas or any(p.code.startswith(a) or a.startswith(p.code) for a in user.areas)],
        "counts": counts,
        "by_severity": by_severity,
        "total": total,
        "chosen": chosen,
        "query": urlencode(chosen),
        "to": lambda **other: "/kejanggalan?" + urlencode({**chosen, **other}),
        "at": hal,
        "more": len(items) > SHOWN,
    }
    return render(request, "anomalies.html", context)


@router.get("/kejanggalan/jumlah", dependencies=[Depends(allow(*sorted(SEERS)))])
def count(request: Request, held: Held) -> Response:
    """How many grave ones are open: the number beside the menu's link. Plain text, empty for none."""
    with held.db.reading() as session:
        grave = stored.open_by_severity(session, limits_of(request)).get(Severity.HIGH.value, 0)
    return PlainTextResponse(("99+" if grave > 99 else str(grave)) if grave else "")


@dataclass(frozen=True, slots=True)
class Row:
    """One number in an anomaly. ``crop``: address of its picture; ``value``: None where it counts no more or is not legible."""

    election: ElectionView
    page: int
    name: str
    label: tuple[str, str]
    value: int | None
    counts: bool
    photo: int | None
    crop: str | None


@router.get("/kejanggalan/{anomaly_id}", dependencies=[Depends(allow(*sorted(SEERS)))])
def anomaly(anomaly_id: AnomalyId, request: Request, held: Held, user: User) -> Response:
    return _page(request, held, user, anomaly_id)


@router.post("/kejanggalan/{anomaly_id}/penjelasan", dependencies=[Depends(allow(*sorted(EXPLAINERS)))])
def explained(
    anomaly_id: Id, request: Request, held: Held, user: User, number: Annotated[int, Form(ge=1)], note: Annotated[str, Form()] = ""
) -> Response:
    return _change(request, held, user, anomaly_id, explain, note, number)


@router.post("/kejanggalan/{anomaly_id}/buka", dependencies=[Depends(allow(*sorted(EXPLAINERS)))])
def reopened(
    anomaly_id: Id, request: Request, held: Held, user: User, number: Annotated[int, Form(ge=1)], note: Annotated[str, Form()] = ""
) -> Response:
    return _change(request, held, user, anomaly_id, reopen, note, number)


def _change(request: Request, held: Services, user: UserView, anomaly_id: int, what: Any, note: str, number: int) -> Response:
    """Do it and show the page anew; what was refused is said above the form, with what was typed still in it."""
    try:
        with held.db.writing() as session:
            what(session, user.id, anomaly_id, note[:2000], number=number)
    except ServiceError as e:
        if e.http_status in (403, 404):
            raise
        return _page(request, held, user, anomaly_id, error=e, note=note)
    return RedirectResponse(f"/kejanggalan/{anomaly_id}", 303)


def _page(
    request: Request, held: Services, user: UserView, anomaly_id: int, *, error: ServiceError | None = None, note: str = ""
) -> Response:
    with held.db.reading() as session:
        a = of(session, user, anomaly_id)
        views = {v.id: v for v in elections(session)}
        hidden = bool(hidden_from(session, user, [a]))
        rows = [] if hidden else _rows(session, a, views)
        events = stored.history(session, anomaly_id)
        here = stored.Wanted(area=a.tps.code, state="", limits=user.areas)
        others = [o for o in stored.listed(session, here, "severity", SHOWN) if o.id != a.id]
        hidden_others = hidden_from(session, user, others)
        following = stored.listed(session, replace(stored.Wanted(limits=user.areas), election=a.election_id), "severity", 2)
    context: dict[str, Any] = {
        "a": a,
        "kind": KINDS[a.kind],
        "election": views[a.election_id],
        "text": ("", "") if hidden else sentence(a, views),
        "hidden": hidden,
        "rows": [_with_crop(held, r) for r in rows],
        "states": events,
        "others": others,
        "hidden_others": hidden_others,
        "said": lambda o: sentence(o, views),
        "names": views,
        "kinds": KINDS,
        "following": next((o for o in following if o.id != a.id), None),
        "may": user.role in EXPLAINERS,
        "error": error,
        "note": note,
    }
    return render(request, "anomaly.html", context, error.http_status if error else 200)


def _rows(session: Session, a: stored.AnomalyView, views: dict[str, ElectionView]) -> list[Row]:
    counts: dict[str, dict[tuple[str, int], CommitView]] = {}
    rows = []
    for election_id, form, page, name in a.places:
        if election_id not in counts:
            counts[election_id] = {(c.form, c.page): c for c in contributing_sheets(session, election_id, a.tps.code)}
        sheet = counts[election_id].get((form, page))
        value = sheet.values.get(name) if sheet is not None else None
        rows.append(
            Row(views[election_id], page, name, _label(form, page, name), value, sheet is not None, sheet.photo_id if sheet else None, None)
        )
    return rows


def _label(form: str, page: int, name: str) -> tuple[str, str]:
    """The words of the form; else those of the checks."""
    try:
        return next((n.label.id, n.label.en) for n in template_page(form, page).numbers if n.name == name)
    except (KeyError, StopIteration):
        return label(name)


def _with_crop(held: Services, row: Row) -> Row:
    if row.photo is None or not shown(held, row.photo).boxes.get(row.name):
        return row
    return replace(row, crop=f"/api/sheets/{row.photo}/crops/{row.name}.png")
