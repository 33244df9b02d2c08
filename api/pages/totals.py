"""Verified totals for people: from the regency down to one sheet and its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held
from api.pages.overview import chosen
from api.rest.totals import BELOW, SEERS
from api.web import render
from db import published
from db.queries import children, elections, region, tps
from db.totals import (
    Coverage,
    NumberTotal,
    TotalsRow,
    area_named,
    contributing_sheets,
    counted_elections,
    totals,
    totals_by_area,
)
from db.types import Level
from db.views import CommitView, RegionRef

router = APIRouter(include_in_schema=False)


def path_to(code: str, names: dict[str, str]) -> list[RegionRef]:
    """The regions around ``code``, outermost first; KPU codes nest (4, 6, 10, 13 digits)."""
    cuts = ((4, Level.REGENCY), (6, Level.KECAMATAN), (10, Level.DESA), (13, Level.TPS))
    return [RegionRef(code[:n], level, names[code[:n]]) for n, level in cuts if len(code) >= n]


@router.get("/hasil", dependencies=[Depends(allow(*SEERS))])
def page(request: Request, held: Held, election: str | None = None, code: str | None = None, dapil: str | None = None) -> Response:
    with held.db.reading() as session:
        contests = elections(session)
        contest = chosen(contests, election, counted_elections(session))
        here = region(session, code) if code else children(session, None)[0]
        around = path_to(here.code, {here.code[:n]: region(session, here.code[:n]).name for n in (4, 6, 10, 13) if len(here.code) >= n})
        area = area_named(contest, dapil) if dapil else None
        found = totals(session, contest.id, here.level, within=here.code, area=dapil or None)
        mine = found[0] if found else TotalsRow(here, (), Coverage(), area=area)
        rows: list[TotalsRow] = []
        districts: list[TotalsRow] = []
        sheets: list[CommitView] = []
        place = None
        if here.level is Level.TPS:
            sheets = contributing_sheets(session, contest.id, here.code)
            place = tps(session, here.code)
        else:
            rows = totals(session, contest.id, BELOW[here.level], within=here.code, area=dapil or None)
            districts = totals_by_area(session, contest.id, within=here.code) if len(contest.areas) > 1 and area is None else []
    context: dict[str, Any] = {
        "elections": contests,
        "contest": contest,
        "area": area,
        "here": here,
        "around": around,
        "mine": mine,
        "rows": rows,
        "districts": districts if len(districts) > 1 else [],
        "sheets": {(s.form, s.page): s for s in sheets},
        "owed": contest.owes(here.code) if place else (),
        "place": place,
        "lines": lines(mine),
        "parties": party_lines(mine, {a.code: a.name for a in contest.areas}),
        "columns": columns(mine),
        "cells": cells,
        "known_as": known_as,
        "others": others(mine, place is None),
    }
    return render(request, "totals.html", context)


def lines(row: TotalsRow) -> list[dict[str, Any]]:
    """The contestants who stand for no party, with their share of all contestants' votes."""
    found = [n for n in row.votes if n.votes is not None and not n.votes.party]
    whole = sum(n.value for n in found)
    most = max((n.value for n in found), default=0)
    return [{"number": n, "no": n.votes.number if n.votes else 0, "whole": whole, "leads": n.value == most and most > 0} for n in found]


def party_lines(row: TotalsRow, areas: Mapping[str, str]) -> list[dict[str, Any]]:
    """The parties with their share, each with its lists: one for each electoral district that is in view."""
    by = row.by_party
    value = {p: sum(part.value for part in parts) for p, parts in by.items()}
    whole, most = sum(value.values()), max(value.values(), default=0)
    return [
        {
            "number": number,
            "name": parts[0].name,
            "value": value[number],
            "sheets": sum(part.sheets for part in parts),
            "whole": whole,
            "leads": value[number] == most and most > 0,
            "lists": [(areas.get(part.area, "") if len(parts) > 1 else "", part) for part in parts],
        }
        for number, parts in sorted(by.items())
    ]


Head = tuple[int, str, str, str]
"""Number, name, name in English, the figure by which it is followed down ("": a sum of several)."""


def columns(row: TotalsRow) -> list[Head]:
    """Who has a column in the table of regions. Parties where there are some, else contestants."""
    if row.parties:
        return [(number, parts[0].name, parts[0].name, "") for number, parts in sorted(row.by_party.items())]
    return [(n.votes.number, n.label, n.label_en, known_as(n)) for n in row.votes if n.votes is not None]


def cells(row: TotalsRow, heads: list[Head]) -> list[int | None]:
    """The votes of one region below these heads; None where nothing is known."""
    if row.parties or not row.votes:
        by = row.by_party
        return [sum(p.value for p in by[n]) if n in by and any(p.sheets for p in by[n]) else None for n, *_ in heads]
    value = {n.votes.number: n.value if n.sheets else None for n in row.votes if n.votes is not None}
    return [value.get(n) for n, *_ in heads]


def others(row: TotalsRow, all_of_them: bool) -> list[NumberTotal]:
    """Numbers that are nobody's votes; the same number of several electoral districts' forms is one."""
    found: dict[str, NumberTotal] = {}
    for n in row.numbers:
        if n.votes is None and (n.sheets or all_of_them):
            m = found.get(n.name)
            add = (m.value, m.sheets, m.unknown) if m else (0, 0, 0)
            found[n.name] = replace(n, value=n.value + add[0], sheets=n.sheets + add[1], unknown=n.unknown + add[2])
    return list(found.values())


def known_as(n: NumberTotal) -> str:
    """The name by which a figure is the same on every page of an election (db.published.known_as)."""
    return published.known_as(n.name, n.votes)
