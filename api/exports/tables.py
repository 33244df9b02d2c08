"""Totals as CSV (one table, or a table for each level) and as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from api.exports.gather import DAPIL, LEVELS, Gathered, values
from db.totals import NumberTotal, TotalsRow

FORMAT = "c1-totals/1"
PLACE = ("level", "kode", "wilayah", "dapil")
COVER = ("lembar_masuk", "lembar_diharapkan", "tps_ada", "tps_lengkap", "tps_semua", "salah_di_kertas")


def level_names(got: Gathered) -> tuple[str, ...]:
    return (*(level.value for level in LEVELS), *((DAPIL,) if got.contest.areas else ()))


def column_name(n: NumberTotal) -> str:
    """Unlike for every number of an election: the form tells the electoral district."""
    return f"{n.form}.hal{n.page}.{n.name}"


def csv_of(got: Gathered, levels: Iterable[str]) -> bytes:
    """One line for each region of the levels; an empty cell is a number that no verified sheet carries yet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*PLACE, *COVER, *(column_name(n) for n in got.columns.values())])
    for level in levels:
        for r in got.rows(level):
            have = values(r)
            writer.writerow([*_place(got, level, r), *_cover(r), *("" if (v := have.get(k)) is None else v for k in got.columns)])
    return ("\ufeff" + out.getvalue()).encode()  # the mark lets spreadsheets see UTF-8


def _place(got: Gathered, level: str, r: TotalsRow) -> tuple[str, str, str, str]:
    if r.area is not None:
        return level, r.area.code, r.area.name, r.area.code
    area = got.contest.area_of(r.region.code) if got.contest.areas and len(r.region.code) >= 6 else None
    return level, r.region.code, r.region.name, area.code if area else ""


def _cover(r: TotalsRow) -> tuple[int, ...]:
    c = r.coverage
    return c.sheets_in, c.sheets_expected, c.tps_any, c.tps_complete, c.tps_all, c.paper_errors


def head_json(got: Gathered) -> dict[str, Any]:
    """What an export says of itself."""
    return {
        "format": FORMAT,
        "election": {"id": got.contest.id, "kind": got.contest.kind, "name": got.contest.name, "date": got.contest.date.isoformat()},
        "as_of": got.at.isoformat(),
        "audit": {"row": got.end.seq, "hash": got.end.hash},
        "verified_only": True,
        "tps_unverified": got.unverified,
        "official": False,
    }


def columns_json(got: Gathered) -> list[dict[str, Any]]:
    return [
        {
            "key": column_name(n),
            "form": n.form,
            "page": n.page,
            "name": n.name,
            "label": n.label,
            "label_en": n.label_en,
            "dapil": n.area or None,
            "votes": {"what": n.votes.what.value, "party": n.votes.party, "number": n.votes.number} if n.votes else None,
        }
        for n in got.columns.values()
    ]


def row_json(got: Gathered, level: str, r: TotalsRow) -> dict[str, Any]:
    _, code, name, area = _place(got, level, r)
    have = values(r)
    return {
        "code": code,
        "name": name,
        "dapil": area or None,
        "coverage": dict(
            zip(("sheets_in", "sheets_expected", "tps_any", "tps_complete", "tps_all", "paper_errors"), _cover(r), strict=True)
        ),
        "values": {column_name(got.columns[k]): v for k, v in have.items() if k in got.columns},
    }


def json_of(got: Gathered, levels: Iterable[str]) -> dict[str, Any]:
    """Everything in one document: what it is, the numbers it knows, and the rows of each level. ``null``: not in yet, which is not zero."""
    return {
        **head_json(got),
        "numbers": columns_json(got),
        "levels": {level: [row_json(got, level, r) for r in got.rows(level)] for level in levels},
    }
