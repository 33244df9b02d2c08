"""What is taken away says what the totals say, opens in other programs, and holds only verified counts."""

from __future__ import annotations

import csv
import fnmatch
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string

from api.rest.exports import XLSX
from db.totals import totals, totals_by_area
from db.types import Level
from tests.api.conftest import Site, open_site
from tests.api.results_format import SCHEMA
from tests.review.desk import DOUBT
from tests.world import votes

SUMIFS = re.compile(r"=SUMIFS\((\w+)!\$(\w+)\$2:\$\2\$(\d+),\1!\$([AC])\$2:\$\4\$\3,\$\4(\d+)(&\"\*\")?\)")
SHEETS = {Level.DESA: "Desa", Level.KECAMATAN: "Kecamatan", Level.REGENCY: "Kabupaten"}
DPRD = "dprd-kab-2024"


@pytest.fixture(scope="module")
def site(make_world: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Four sheets that count, one that waits, and two pages of a legislative election in different districts."""
    folder = tmp_path_factory.mktemp("exports")
    world = make_world(folder)
    for tps, one in (("1607011016001", 10), ("1607011016002", 20), ("1607022004001", 40), ("1607042009001", 80)):
        world.read(world.upload(tps=tps), votes(one, 1, 0))
    world.read(world.upload(tps="1607011016003"), votes(777, 1, 0), doubt=DOUBT)
    with world.db.writing() as s:
        legislative(s, world)
    yield open_site(world, folder)
    world.close()


def legislative(s: Any, world: Any) -> None:
    """Committed as intake commits, for two TPS of two districts: their first page with votes."""
    from db import clock
    from db.queries import election, tps_row
    from db.tables import Interpretation, Photo
    from db.types import Disposition
    from review import commit
    from templates_c1.registry import page

    contest = election(s, DPRD)
    for i, area in enumerate(contest.areas[:2]):
        tps = next(r.region.code for r in totals(s, DPRD, Level.TPS, area=area.code))
        owed = next(p for p in contest.owed if p.area == area.code and any("calon" in n.name for n in page(p.form, p.page).numbers))
        where = tps_row(s, tps)
        photo = Photo(
            sha256=f"{i:064}",
            size=1,
            name="a.jpg",
            media_type="image/jpeg",
            uploader_id=world.users["operator"],
            received_at=clock.now(),
            election_id=DPRD,
            tps_id=where.id,
        )
        s.add(photo)
        s.flush()
        word = Interpretation(
            photo_id=photo.id,
            versions_key="x",
            versions={},
            at=clock.now(),
            decision="accept",
            form=owed.form,
            page=owed.page,
            disposition=Disposition.COMMITTED,
            body={},
        )
        s.add(word)
        s.flush()
        values = {n.name: 3 + i + k for k, n in enumerate(page(owed.form, owed.page).numbers)}
        place = commit.Place(DPRD, where.id, owed.form, owed.page)
        commit.write(s, place, values, photo=photo, interpretation_id=word.id, action=None, follows=None, at=word.at)


def get(site: Site, path: str, user: str = "staff", **headers: str) -> Any:
    return site.client(user).get(path, headers=headers)


class Calc:
    """Computes cells as a spreadsheet would. Every formula must be of the one shape that we write."""

    def __init__(self, file: bytes) -> None:
        book = load_workbook(io.BytesIO(file), read_only=True)
        self.cells = {}
        for name in book.sheetnames:
            rows = [list(r) for r in book[name].iter_rows(values_only=True)]
            self.cells[name] = [r + [None] * (len(rows[0]) - len(r)) for r in rows]  # empty cells at the end are not written
        self.matching: dict[tuple[str, str, str], list[int]] = {}

    def rows(self, sheet: str) -> dict[str, int]:
        """Code -> index of its row."""
        return {r[0]: i for i, r in enumerate(self.cells[sheet]) if i}

    def value(self, sheet: str, row: int, column: int) -> float:
        """``row`` and ``column`` count from 0."""
        cell = self.cells[sheet][row][column]
        if not isinstance(cell, str) or not cell.startswith("="):
            return cell or 0
        found = SUMIFS.fullmatch(cell)
        assert found, cell
        below, letters, last, key, key_row, prefix = found.groups()
        pattern = f"{self.cells[sheet][int(key_row) - 1]['AC'.index(key) * 2]}{'*' if prefix else ''}"
        return sum(self.value(below, r, column_index_from_string(letters) - 1) for r in self._rows_of(below, key, pattern, int(last)))

    def _rows_of(self, sheet: str, key: str, pattern: str, last: int) -> list[int]:
        if (sheet, key, pattern) not in self.matching:
            at = "AC".index(key) * 2
            rows = enumerate(self.cells[sheet][1:last], 1)
            self.matching[sheet, key, pattern] = [i for i, r in rows if fnmatch.fnmatchcase(str(r[at]), pattern)]
        return self.matching[sheet, key, pattern]


@pytest.fixture(scope="module")
def book(site: Site) -> Calc:
    answer = get(site, "/api/exports/ppwp-2024/totals.xlsx")
    assert answer.status_code == 200 and answer.headers["content-type"] == XLSX
    assert 'filename="ppwp-2024.xlsx"' in answer.headers["content-disposition"]
    return Calc(answer.content)


def test_every_level_adds_up_to_the_totals(site: Site, book: Calc) -> None:
    assert list(book.cells) == ["Keterangan", "TPS", "Desa", "Kecamatan", "Kabupaten"]
    with site.world.db.reading() as session:
        expected = {level: {r.region.code: r for r in totals(session, "ppwp-2024", level)} for level in SHEETS}
    heads = book.cells["TPS"][0]
    names = ("suara_paslon_1", "suara_paslon_2", "suara_paslon_3")
    at = [i for i, h in enumerate(heads) if "hal. 2" in h]
    for level, sheet in SHEETS.items():
        rows = book.rows(sheet)
        assert rows.keys() == expected[level].keys()
        for code, r in expected[level].items():
            assert [book.value(sheet, rows[code], i) for i in at] == [r.value(n) or 0 for n in names]
            assert book.value(sheet, rows[code], 3) == r.coverage.sheets_in
            assert book.value(sheet, rows[code], 4) == r.coverage.sheets_expected
    assert book.value("Kabupaten", 1, at[0]) == 150


def test_districts_have_a_sheet_whose_sums_are_those_of_the_district(site: Site) -> None:
    book = Calc(get(site, f"/api/exports/{DPRD}/totals.xlsx").content)
    assert list(book.cells) == ["Keterangan", "TPS", "Desa", "Kecamatan", "Dapil", "Kabupaten"]
    with site.world.db.reading() as session:
        expected = {r.area.code: r for r in totals_by_area(session, DPRD) if r.area}
    rows = book.rows("Dapil")
    assert rows.keys() == expected.keys()
    counted = [code for code, r in expected.items() if r.coverage.sheets_in]
    assert len(counted) == 2
    for code in (*counted, next(c for c in expected if c not in counted)):
        known = sum(n.value for n in expected[code].numbers)
        assert sum(book.value("Dapil", rows[code], i) for i in range(5, len(book.cells["Dapil"][0]))) == known
        assert bool(known) is (code in counted)


def test_what_is_not_known_is_empty_and_codes_are_text(book: Calc) -> None:
    rows = {r[0]: r for r in book.cells["TPS"][1:]}
    assert all(isinstance(code, str) and len(code) == 13 for code in rows)
    assert set(rows["1607011016003"][5:]) == {None}
    assert 0 in rows["1607011016001"][5:]
    about = {r[0]: r[1] for r in book.cells["Keterangan"]}
    assert re.fullmatch(r"\d+:[0-9a-f]{64}", about["Jejak audit"]) and "TPS belum lengkap" in about["Belum terverifikasi"]


def test_csv_and_json_say_the_same_and_nothing_unverified(site: Site) -> None:
    text = get(site, "/api/exports/ppwp-2024/totals.csv?level=tps").content.decode("utf-8-sig")
    lines = {r["kode"]: r for r in csv.DictReader(io.StringIO(text))}
    said = get(site, "/api/exports/ppwp-2024/totals.json").json()
    assert said["verified_only"] and set(said["levels"]) == {"regency", "kecamatan", "desa", "tps"}
    rows = {r["code"]: r for r in said["levels"]["tps"]}
    key = "c-hasil-ppwp-2024.hal2.suara_paslon_1"
    assert rows.keys() == lines.keys()
    assert lines["1607011016001"][key] == "10" and rows["1607011016001"]["values"][key] == 10
    assert lines["1607011016003"][key] == "" and rows["1607011016003"]["values"][key] is None
    assert "777" not in text and "777" not in json.dumps(said)
    (regency,) = said["levels"]["regency"]
    assert regency["values"][key] == 150 and said["tps_unverified"] == regency["coverage"]["tps_all"]
    whole = get(site, f"/api/exports/{DPRD}/totals.csv").content.decode("utf-8-sig")
    assert {r["level"] for r in csv.DictReader(io.StringIO(whole))} == {"regency", "dapil", "kecamatan", "desa", "tps"}


@pytest.mark.parametrize("election", ["ppwp-2024", DPRD, "dpd-2024", "dpr-2024", "bupati-2024"])
def test_nist_json_keeps_to_the_format(site: Site, election: str) -> None:
    said = get(site, f"/api/exports/{election}/nist.json").json()
    schemas = [SCHEMA]
    if theirs := os.environ.get("C1_NIST_SCHEMA"):  # NIST's own file, where somebody has it
        schemas.append(json.loads(Path(theirs).read_text()))
    for schema in schemas:
        validator = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
        assert [e.message for e in validator.iter_errors(said)][:3] == []
        assert list(validator.iter_errors({**said, "Status": "official"}))  # the schema does refuse
    ids = {u["@id"] for u in said["GpUnit"]} | {p["@id"] for p in said["Party"]} | {c["@id"] for c in said["Election"][0]["Candidate"]}
    assert len(ids) == len(said["GpUnit"]) + len(said["Party"]) + len(said["Election"][0]["Candidate"])
    assert references(said) <= ids


def references(value: Any) -> set[str]:
    """Whatever points to something else."""
    found: set[str] = set()
    if isinstance(value, dict):
        for k, v in value.items():
            if k.endswith("Id") and k not in ("@id", "VendorApplicationId"):
                found.add(v)
            elif k.endswith("Ids"):
                found |= set(v)
            else:
                found |= references(v)
    elif isinstance(value, list):
        for v in value:
            found |= references(v)
    return found


def test_nist_json_holds_the_votes_of_each_station(site: Site) -> None:
    said = get(site, "/api/exports/ppwp-2024/nist.json").json()
    (contest,) = said["Election"][0]["Contest"]
    first = contest["BallotSelection"][0]
    counts = {c["GpUnitId"]: c["Count"] for c in first["VoteCounts"]}
    assert counts == {"gp-1607": 150, "gp-1607011016001": 10, "gp-1607011016002": 20, "gp-1607022004001": 40, "gp-1607042009001": 80}
    states = {u["@id"]: u["CountStatus"][0]["Status"] for u in said["GpUnit"]}
    assert states["gp-1607011016001"] == "in-process" and states["gp-1607011016003"] == "not-processed"
    parties = get(site, f"/api/exports/{DPRD}/nist.json").json()["Election"][0]["Contest"]
    assert {c["@type"] for c in parties} >= {"ElectionResults.CandidateContest"} and len({c["@id"] for c in parties}) == len(parties)


def test_rows_come_in_pages_that_join_to_the_whole(site: Site) -> None:
    path: str | None = "/api/exports/ppwp-2024/rows?level=desa&code=160701&limit=7"
    seen: list[str] = []
    while path:
        answer = get(site, path)
        body = answer.json()
        assert len(body["rows"]) <= 7 and (body["next"] is None) is ("link" not in answer.headers)
        seen += [r["code"] for r in body["rows"]]
        path = body["next"]
    with site.world.db.reading() as session:
        assert seen == [r.region.code for r in totals(session, "ppwp-2024", Level.DESA, within="160701")] and len(seen) > 7


@pytest.mark.parametrize("what", ["totals.csv", "totals.json", "totals.xlsx", "nist.json", "signed.zip", "rows", "recap.pdf?code=160701"])
def test_an_export_is_sent_again_only_after_something_changed(site: Site, what: str) -> None:
    path = f"/api/exports/ppwp-2024/{what}"
    first = get(site, path)
    assert first.status_code == 200, first.text
    etag = first.headers["etag"]
    again = get(site, path, **{"If-None-Match": etag})
    assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == etag
    assert get(site, path, **{"If-None-Match": 'W/"other"'}).status_code == 200
    with site.world.db.writing() as session:
        from db import audit

        audit.append(session, "test", what, None, {})
    assert get(site, path, **{"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(("user", "status"), [("operator", 403), (None, 401)])
def test_only_for_those_who_may_see_totals(site: Site, user: str | None, status: int) -> None:
    for what in ("totals.csv", "totals.xlsx", "totals.json", "nist.json", "signed.zip", "rows", "recap.pdf?code=160701"):
        assert site.client(user).get(f"/api/exports/ppwp-2024/{what}").status_code == status
    assert site.client(user).get("/api/totals.xlsx?election=ppwp-2024").status_code == status


def test_wrong_asking_gets_the_one_error(site: Site) -> None:
    for path, status in (
        ("/api/exports/none/totals.csv", 404),
        ("/api/exports/ppwp-2024/totals.csv?level=dapil", 422),
        ("/api/exports/ppwp-2024/rows?level=planet", 422),
        ("/api/exports/ppwp-2024/rows?code=99", 404),
        ("/api/exports/ppwp-2024/recap.pdf?code=1607", 422),
        ("/api/exports/ppwp-2024/recap.pdf?code=160701&paper=a9", 422),
        ("/api/exports/ppwp-2024/evidence.zip?code=1", 404),
    ):
        answer = get(site, path)
        assert (answer.status_code, set(answer.json())) == (status, {"error"}), path


def test_the_api_describes_exports_with_examples(site: Site) -> None:
    paths = get(site, "/api/openapi.json").json()["paths"]
    mine = {p: m["get"] for p, m in paths.items() if p.startswith("/api/exports")}
    assert len(mine) >= 9
    for path, said in mine.items():
        assert said["tags"] == ["exports"] and said["summary"] and not said["summary"].endswith("."), path

    def keys(what: str) -> tuple[set[str], dict[str, Any]]:
        example = mine[f"/api/exports/{{election}}/{what}"]["responses"]["200"]["content"]["application/json"]["example"]
        return set(example), example

    real = get(site, "/api/exports/ppwp-2024/rows?level=tps&limit=1").json()
    said, example = keys("rows")
    assert said == real.keys() and set(example["rows"][0]) | {"dapil"} == real["rows"][0].keys()  # an example shows no null
    assert keys("totals.json")[0] == get(site, "/api/exports/ppwp-2024/totals.json").json().keys()
