"""One figure followed down: what it is made of in each region, at last the number on one sheet with its picture and who stands for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from api.access import allow
from api.deps import Held, Id, User
from api.errors import ApiError
from api.pages.totals import known_as, path_to
from api.rest.totals import BELOW, SEERS
from api.sheet_data import sheet_json
from api.web import render
from db.queries import children, region
from db.queries import election as contest_of
from db.totals import TotalsRow, area_named, contributing_sheets, totals
from db.types import Level
from review.history import dossier
from review.sheet import sheet_view

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one region; ``sheets`` 0: nothing is known."""

    row: TotalsRow
    label: str
    label_en: str
    value: int
    sheets: int
    unknown: int


def figure_of(row: TotalsRow, name: str) -> Figure | None:
    """None where no form of the region has such a number; that of several districts' forms is added up."""
    found = [n for n in row.numbers if known_as(n) == name]
    if not found:
        return None
    first = found[0]
    several = len({n.label for n in found}) > 1
    label, label_en = (name, name) if several else (first.label, first.label_en)
    return Figure(row, label, label_en, sum(n.value for n in found), sum(n.sheets for n in found), sum(n.unknown for n in found))


@router.get("/hasil/angka", dependencies=[Depends(allow(*SEERS))])
def follow(request: Request, held: Held, election: str, angka: str, code: str | None = None, dapil: str | None = None) -> Response:
    """What one figure of a region is made of, one level below; for a TPS the number itself."""
    with held.db.reading() as session:
        contest = contest_of(session, election)
        here = region(session, code) if code else children(session, None)[0]
        area = area_named(contest, dapil) if dapil else None
        if here.level is Level.TPS:
            return _at_station(session, contest.id, here.code, angka)
        mine = totals(session, contest.id, here.level, within=here.code, area=dapil or None)
        whole = figure_of(mine[0], angka) if mine else None
        if whole is None:
            raise ApiError("not_found")
        below = totals(session, contest.id, BELOW[here.level], within=here.code, area=dapil or None)
        around = path_to(here.code, {here.code[:n]: region(session, here.code[:n]).name for n in (4, 6, 10) if len(here.code) >= n})
    rows = [f for r in below if (f := figure_of(r, angka)) is not None]
    numbers = list(dict.fromkeys((known_as(n), n.label, n.label_en) for n in mine[0].numbers))
    context: dict[str, Any] = {
        "contest": contest,
        "area": area,
        "here": here,
        "around": around,
        "angka": angka,
        "whole": whole,
        "rows": rows,
        "numbers": numbers
        if len(numbers) <= MOST_CHOICES
        else [n for n in numbers if not n[0].startswith("suara_calon_") or n[0] == angka],
        "most": max((f.value for f in rows), default=0),
    }
    return render(request, "totals_figure.html", context)


MOST_CHOICES = 90
"""Longer lists of numbers to choose from are without the candidates."""


def _at_station(session: Session, election_id: str, tps: str, angka: str) -> Response:
    """To the number on the sheet that counts; to the TPS where none of its sheets with it is in."""
    mine = totals(session, election_id, Level.TPS, within=tps)
    sheets = {(s.form, s.page): s for s in contributing_sheets(session, election_id, tps)}
    for n in mine[0].numbers if mine else ():
        if known_as(n) == angka and (sheet := sheets.get((n.form, n.page))) is not None:
            return RedirectResponse(f"/angka/{sheet.photo_id}/{n.name}", 303)
    return RedirectResponse("/hasil?" + urlencode({"election": election_id, "code": tps}), 303)


@router.get("/angka/{photo_id}/{number}", dependencies=[Depends(allow(*SEERS))])
def number(photo_id: Id, number: str, request: Request, held: Held, user: User) -> Response:
    """One number: its picture, what counts, who read it, who entered or confirmed it."""
    with held.db.reading() as session:
        view = sheet_view(session, photo_id, open_to=user.role)
        names = [f.name for f in view.fields]
        if number not in names:
            raise ApiError("not_found")
        events = [] if view.blind else dossier(session, photo_id, open_to=user.role)["events"]
    at = names.index(number)
    sheet = sheet_json(view)
    context = {
        "view": view,
        "sheet": sheet,
        "f": sheet["numbers"][at],
        "before": names[at - 1] if at else None,
        "after": names[at + 1] if at + 1 < len(names) else None,
        "people": who_said(number, events),
        "value": view.current.values.get(number) if view.current else None,
    }
    return render(request, "totals_number.html", context)


def who_said(name: str, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Everybody who ever said what this number is, oldest first: readings of the machine, what people entered, what then counted."""
    said: list[dict[str, Any]] = []
    for e in events:
        data = e["data"]
        after = data.get("after") if isinstance(data.get("after"), dict) else {}
        values = (after or {}).get("values") or data.get("values") or {}
        if e["kind"] not in ("interpretation", "action", "entry", "commit") or name not in values:
            continue
        said.append({k: e[k] for k in ("at", "who", "text", "text_en", "kind")} | {"value": values[name], "note": data.get("note") or ""})
    return said
