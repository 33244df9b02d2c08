"""The operators' report as page, CSV and workbook, each to whom it may show it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from db.types import Role
from db.users import create_user
from tally.interpretation import ReasonCode
from tests.api.conftest import Site
from tests.world import OTHER_TPS, PASSWORD, TPS, unreadable, validity, votes


def client_of(site: Site, name: str, display: str, areas: tuple[str, ...], role: Role = Role.OPERATOR) -> TestClient:
    with site.held.db.writing() as session:
        user = create_user(session, name, PASSWORD, role, display, areas=areas)
    return replace(site, world=replace(site.world, users={**site.world.users, name: user.id})).client(name)


@pytest.fixture
def camat(site: Site) -> TestClient:
    """The camat of Banyuasin I, after three photos of the operator: one unreadable, then two pages of one TPS."""
    world = site.world
    first = world.upload()
    world.record(first, unreadable(first))
    world.read(world.upload(), votes(10, 20, 30), doubt=(ReasonCode.LOW_CONFIDENCE,))
    world.read(world.upload(), validity(60, 1), page=3)
    return client_of(site, "camat", "=Camat", ("160701",))


def rows(client: TestClient, table: str, **ask: str) -> list[dict[str, str]]:
    answer = client.get("/api/operators.csv", params={"table": table, "election": "ppwp-2024", **ask})
    assert answer.status_code == 200 and answer.text[0] == "\ufeff", answer.text
    return list(csv.DictReader(io.StringIO(answer.text[1:])))


def test_the_camat_sees_his_area(site: Site, camat: TestClient) -> None:
    page = camat.get("/petugas", params={"election": "ppwp-2024"})
    assert page.status_code == 200 and "Operator Lapangan" in page.text and "belum mengirim" in page.text
    people = {r["nama_pengguna"]: r for r in rows(camat, "petugas")}
    assert set(people) == {"operator", "camat"}
    mine = people["operator"]
    assert (mine["foto"], mine["halaman"], mine["sekali_benar"], mine["halaman_dinilai"], mine["halaman_belum_ada"]) == (
        "3",
        "2",
        "1",
        "2",
        "1",
    )
    assert people["camat"]["nama"] == "'=Camat"  # no formula
    stations = {r["kode"]: r for r in rows(camat, "tps")}
    assert all(c.startswith("160701") for c in stations) and len(stations) > 100
    assert stations[TPS]["halaman_belum_ada"].endswith("hal 1") and stations[OTHER_TPS]["petugas"] == ""
    assert [r["kecamatan"] for r in rows(camat, "kecamatan")] == ["BANYUASIN I"]
    for path in ("/petugas", "/api/operators.csv", "/api/operators.xlsx"):
        assert camat.get(path, params={"code": "160702"}).json()["error"]["code"] == "outside_area"
        assert camat.get(path, params={"code": "160799"}).json()["error"]["code"] == "unknown_region"
        assert camat.get(path, params={"election": "none"}).json()["error"]["code"] == "unknown_election"


def test_an_operator_sees_his_own(site: Site, camat: TestClient) -> None:
    own = site.client("operator")
    assert [r["nama_pengguna"] for r in rows(own, "petugas")] == ["operator"]
    assert [r["kode"] for r in rows(own, "tps")] == [TPS]
    assert "Kiriman Anda sendiri" in own.get("/petugas").text
    nobody = client_of(site, "baru", "Baru", ())
    assert rows(nobody, "tps") == [] and "Belum ada kiriman" in nobody.get("/petugas").text


def test_staff_sees_the_regency_and_its_parts(site: Site, camat: TestClient) -> None:
    staff = site.client("staff")
    assert len(rows(staff, "kecamatan")) == 21 and len(rows(staff, "tps")) == 2564
    page = staff.get("/petugas", params={"election": "ppwp-2024"}).text
    assert "Pilih kecamatan untuk melihat" in page and "/petugas?election=ppwp-2024&amp;code=160701" in page
    part = staff.get("/petugas", params={"election": "ppwp-2024", "code": "160701"}).text
    assert 'id="stations"' in part and "MARIANA" in part
    desk = client_of(site, "staf1", "Staf", ("160702",), Role.STAFF)
    assert desk.get("/petugas").status_code == 200 and [r["kode"] for r in rows(desk, "kecamatan")] == ["160702"]


def test_the_workbook_opens_and_its_formulas_say_the_same(site: Site, camat: TestClient) -> None:
    answer = camat.get("/api/operators.xlsx", params={"election": "ppwp-2024"})
    assert answer.status_code == 200 and answer.headers["content-disposition"].endswith('.xlsx"')
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Keterangan", "Petugas", "TPS", "Kecamatan"]
    sheet = book["Petugas"]
    head = [str(c.value).lower().replace(" ", "_") for c in sheet[1]]
    found = {r[head.index("nama_pengguna")].value: r for r in sheet.iter_rows(min_row=2)}
    right, judged, share = (found["operator"][head.index(c)] for c in ("sekali_benar", "halaman_dinilai", "bagian_sekali_benar"))
    assert (right.value, judged.value) == (1, 2)
    assert share.value == f'=IF({judged.coordinate}=0,"",{right.coordinate}/{judged.coordinate})'
    assert found["camat"][0].value == "'=Camat"
    last = sheet[sheet.max_row]
    photos = last[head.index("foto")]
    assert last[0].value == "Jumlah" and photos.value == f"=SUM({photos.column_letter}2:{photos.column_letter}{sheet.max_row - 1})"
    stations = book["TPS"]
    names = [str(c.value).lower().replace(" ", "_") for c in stations[1]]
    total = stations[stations.max_row][names.index("halaman_masuk")].value
    column = stations[stations.max_row][names.index("halaman_masuk")].column_letter
    assert total == f"=SUM({column}2:{column}{stations.max_row - 1})"
    assert sum(r[names.index("halaman_masuk")].value for r in stations.iter_rows(min_row=2, max_row=stations.max_row - 1)) == 2
    assert stations[stations.max_row][names.index("tps")].value is None  # a station's number is no count
