"""The workbook opens, and what its formulas add up to is what the totals say."""

from __future__ import annotations

import fnmatch
import io
import re
from typing import Any

import pytest
from openpyxl import load_workbook

from api.rest.exports import XLSX
from db.totals import totals
from db.types import Level
from tests.api.conftest import Site
from tests.world import votes

SUMIFS = re.compile(r"=SUMIFS\((\w+)!\$(\w+)\$2:\$\2\$(\d+),\1!\$A\$2:\$A\$\3,\$A(\d+)&\"\*\"\)")


def computed(book: Any, sheet: str, cell: Any) -> float:
    """The value of a cell, as a spreadsheet would compute it: every formula must be of the one shape that we write."""
    if not isinstance(cell.value, str) or not cell.value.startswith("="):
        return cell.value or 0
    found = SUMIFS.fullmatch(cell.value)
    assert found, cell.value
    below, column, last, row = found.groups()
    pattern = f"{book[sheet][f'A{row}'].value}*"
    rows = range(2, int(last) + 1)
    return sum(computed(book, below, book[below][f"{column}{r}"]) for r in rows if fnmatch.fnmatch(book[below][f"A{r}"].value, pattern))


@pytest.fixture
def book(site: Site) -> Any:
    for tps, one in (("1607011016001", 10), ("1607011016002", 20), ("1607022004001", 40), ("1607042009001", 80)):
        site.world.read(site.world.upload(tps=tps), votes(one, 1, 0))
    answer = site.client("staff").get("/api/totals.xlsx?election=ppwp-2024")
    assert answer.status_code == 200 and answer.headers["content-type"] == XLSX
    assert 'filename="ppwp-2024.xlsx"' in answer.headers["content-disposition"]
    return load_workbook(io.BytesIO(answer.content))


def test_every_level_adds_up_to_the_totals(site: Site, book: Any) -> None:
    assert book.sheetnames == ["Keterangan", "TPS", "Desa", "Kecamatan", "Kabupaten"]
    heads = [c.value for c in book["TPS"][1]]
    at = next(i for i, h in enumerate(heads) if "hal. 2" in h)
    sheets = {Level.DESA: "Desa", Level.KECAMATAN: "Kecamatan", Level.REGENCY: "Kabupaten"}
    with site.world.db.reading() as session:
        expected = {level: {r.region.code: r for r in totals(session, "ppwp-2024", level)} for level in sheets}
    for level, name in sheets.items():
        rows = {r[0].value: r for r in book[name].iter_rows(min_row=2)}
        assert rows.keys() == expected[level].keys()
        some = [c for c, r in expected[level].items() if r.coverage.sheets_in] + list(rows)[:2]
        for code in some:
            assert computed(book, name, rows[code][at]) == (expected[level][code].value("suara_paslon_1") or 0)
            assert computed(book, name, rows[code][2]) == expected[level][code].coverage.sheets_in
    regency = next(book["Kabupaten"].iter_rows(min_row=2))
    assert computed(book, "Kabupaten", regency[at]) == 150


def test_what_is_not_known_is_empty_and_codes_are_text(book: Any) -> None:
    rows = {r[0].value: r for r in book["TPS"].iter_rows(min_row=2)}
    assert all(isinstance(code, str) and len(code) == 13 for code in rows)
    assert [c.value for c in rows["1607011016003"][4:]] == [None] * (len(rows["1607011016003"]) - 4)
    assert 0 in [c.value for c in rows["1607011016001"][4:]]
    about = {r[0].value: r[1].value for r in book["Keterangan"].iter_rows()}
    assert re.fullmatch(r"\d+:[0-9a-f]{64}", about["Jejak audit"])


@pytest.mark.parametrize(("user", "status"), [("operator", 403), (None, 401)])
def test_only_for_those_who_may_see_totals(site: Site, user: str | None, status: int) -> None:
    assert site.client(user).get("/api/totals.xlsx?election=ppwp-2024").status_code == status
