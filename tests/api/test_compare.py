"""Published figures: read with every fault named, kept as versions, compared with committed counts only."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from db.published import faults, figures_of, imports
from db.queries import election
from db.tables import AuditLog
from db.views import ElectionView
from review.compare import compare
from review.published import BadPublished, parse
from tally.interpretation import ReasonCode
from tests.api.conftest import Site
from tests.world import OTHER_TPS, TPS, World, validity, votes

SIREKAP = {
    "mode": "hhcw",
    "chart": {"null": None, "100025": 60, "100026": 120, "100027": 20},
    "images": ["a.jpg", None, None],
    "administrasi": {
        "suara_sah": 200,
        "suara_total": 205,
        "suara_tidak_sah": 5,
        "pengguna_total_j": 205,
        "pengguna_non_dpt_l": None,
        "lain": 3,
    },
    "psu": None,
    "ts": "2024-02-16 10:30:00",
    "status_suara": True,
    "status_adm": True,
}


def view_of(world: World, which: str = "ppwp-2024") -> ElectionView:
    with world.db.reading() as s:
        return election(s, which)


def where(caught: pytest.ExceptionInfo[BadPublished]) -> list[str]:
    return [w for w, _, _ in caught.value.faults]


def as_json(raw: Any) -> bytes:
    return json.dumps(raw).encode()


def test_sirekap_in_all_its_shapes(world: World) -> None:
    view = view_of(world)
    wanted = {"suara_paslon_1": 60, "suara_paslon_2": 120, "suara_paslon_3": 20, "suara_sah": 200, "suara_total": 205, "suara_tidak_sah": 5}
    wanted["pengguna_total_jml"] = 205
    one = parse([(f"ppwp/16/{TPS}.json", as_json(SIREKAP))], view)
    assert one.figures == {TPS: wanted} and one.as_of == "2024-02-16 10:30:00" and one.kind == "sirekap"
    assert parse([("semua.json", as_json({TPS: SIREKAP, OTHER_TPS: SIREKAP}))], view).figures == {TPS: wanted, OTHER_TPS: wanted}
    assert parse([("daftar.json", as_json([{"kode": TPS, **SIREKAP}]))], view).figures == {TPS: wanted}
    inner = {"tungsura": {k: SIREKAP[k] for k in ("chart", "administrasi")}, "ts": "2024-11-28 01:00:00"}
    assert parse([(f"{TPS}.json", as_json(inner))], view).figures == {TPS: wanted}
    table = {
        "ts": "x",
        "chart": {},
        "table": {TPS: {"100025": 1, "100026": 2, "100027": 3, "psu": None, "persen": 50.5, "status_progress": True}},
    }
    assert parse([("1607011016.json", as_json(table))], view).figures == {TPS: dict(zip(list(wanted)[:3], (1, 2, 3), strict=True))}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as z:
        z.writestr(f"a/{TPS}.json", as_json(SIREKAP))
        z.writestr(f"a/{OTHER_TPS}.json", as_json(SIREKAP))
    assert set(parse([("a.zip", packed.getvalue())], view).figures) == {TPS, OTHER_TPS}


def test_parties_and_their_candidates(world: World) -> None:
    view = view_of(world, "dpr-2024")
    raw = {"chart": {"1": {"jml_suara_total": 30, "jml_suara_partai": 10}, "2": 7}, "caleg": {"1": {"900": 20}}}
    ids = as_json({"900": {"nomor_urut": 3, "partai": 1, "nama": ""}})
    found = parse([(f"{TPS}.json", as_json(raw))], view, ids)
    assert found.figures[TPS] == {
        "suara_partai_dan_calon_1": 30,
        "suara_partai_1": 10,
        "suara_partai_dan_calon_2": 7,
        "suara_calon_1_3": 20,
    }
    with pytest.raises(BadPublished) as caught:
        parse([(f"{TPS}.json", as_json({"chart": {"99": 1}, "caleg": {"1": {"900": 20}}}))], view)
    assert where(caught) == [f"{TPS}.json: {TPS}: chart.99", f"{TPS}.json: {TPS}: caleg.1.900"]


def test_ids_map_through_the_election(world: World) -> None:
    view = view_of(world)
    swapped = {"7": {"nomor_urut": 1, "nama": "PRABOWO SUBIANTO - GIBRAN RAKABUMING RAKA"}, "8": {"nomor_urut": 9, "nama": "X"}}
    with pytest.raises(BadPublished) as caught:
        parse([("calon.json", as_json(swapped)), (f"{TPS}.json", as_json({"chart": {"7": 1}}))], view)
    assert "calon.json: 7" in where(caught) and "calon.json: 8" in where(caught)
    right = {"7": {"nomor_urut": 2, "nama": "PRABOWO SUBIANTO - GIBRAN RAKABUMING RAKA"}}
    assert parse([("calon.json", as_json(right)), (f"{TPS}.json", as_json({"chart": {"7": 5}}))], view).figures[TPS] == {
        "suara_paslon_2": 5
    }


@pytest.mark.parametrize(
    ("name", "data", "place"),
    [
        ("a.csv", b"desa,x\n", "a.csv, baris 1, kolom 1"),
        ("a.csv", b"tps,suara_sahh\n", "a.csv, baris 1, kolom 2"),
        ("a.csv", f"tps;suara_sah\n{TPS};12,5\n".encode(), "a.csv, baris 2, kolom suara_sah"),
        ("a.csv", f"tps,suara_sah\n{TPS},-1\n".encode(), "a.csv, baris 2, kolom suara_sah"),
        ("a.csv", b"tps,suara_sah\n\n123,5\n", "a.csv, baris 3, kolom tps"),
        ("a.csv", f"tps,suara_sah\n{TPS},1\n{TPS},2\n".encode(), "a.csv, baris 3"),
        ("a.csv", f"tps,suara_sah\n{TPS},1,9\n".encode(), "a.csv, baris 2"),
        ("a.csv", b"\xff\xfe", "a.csv"),
        ("a.json", b'{"x": 1', "a.json, baris 1, kolom 8"),
        ("a.json", b"[" * 200_000, "a.json"),
        ("a.json", b"{}", "a.json"),
        ("a.json", b'{"chart": {"100025": 1}}', "a.json"),
        (f"{TPS}.json", as_json({"chart": {"100025": "12"}}), f"{TPS}.json: {TPS}: chart.100025"),
        (f"{TPS}.json", as_json({"chart": {"100025": True}}), f"{TPS}.json: {TPS}: chart.100025"),
        (f"{TPS}.json", as_json({"chart": {"777777": 1}}), f"{TPS}.json: {TPS}: chart.777777"),
        (f"{TPS}.json", as_json({"chart": [1]}), f"{TPS}.json: {TPS}: chart"),
        ("a.zip", b"PK\x03\x04broken", "a.zip"),
    ],
)
def test_a_fault_names_its_place(world: World, name: str, data: bytes, place: str) -> None:
    with pytest.raises(BadPublished) as caught:
        parse([(name, data)], view_of(world))
    assert where(caught)[0] == place


def upload(site: Site, who: str, *files: tuple[str, bytes], election: str = "ppwp-2024", source: str = "KPU Sirekap") -> Any:
    parts = [("files", (name, io.BytesIO(data), "application/octet-stream")) for name, data in files]
    return site.client(who).post("/api/compare/imports", data={"election": election, "source": source}, files=parts)


def table_of(*rows: str) -> bytes:
    return ("tps,suara_paslon_1,suara_paslon_2,suara_paslon_3,suara_sah\n" + "\n".join(rows) + "\n").encode()


def test_from_the_file_to_the_difference(site: Site) -> None:
    world = site.world
    world.read(world.upload(), votes(60, 120, 20))
    world.read(world.upload(), validity(200, 5), page=3)
    world.read(world.upload(tps=OTHER_TPS), votes(1, 2, 3), doubt=(ReasonCode.LOW_CONFIDENCE,))  # waits: must not be compared
    made = upload(site, "supervisor", ("kpu.csv", table_of(f"{TPS},60,150,20,230", f"{OTHER_TPS},9,9,9,27")))
    assert made.status_code == 201, made.text
    assert (made.json()["version"], made.json()["stations"], made.json()["figures"]) == (1, 2, 8)
    staff = site.client("staff")
    got = staff.get("/api/compare", params={"election": "ppwp-2024"}).json()
    assert [(r["tps"]["code"], r["number"], r["ours"], r["published"], r["difference"]) for r in got["rows"]] == [
        (TPS, "suara_paslon_2", 120, 150, 30),
        (TPS, "suara_sah", 200, 230, 30),
    ]
    c = got["coverage"]
    assert (c["tps"], c["tps_ours"], c["tps_published"], c["tps_both"], c["numbers_compared"], c["tps_differing"]) == (2564, 1, 2, 1, 4, 1)
    assert c["net"] == {"suara_paslon_2": 30} and c["sum_of_differences"] == 60
    first = next(k for k in got["kecamatan"] if k["code"] == "160701")
    assert (first["tps_differing"], first["numbers_differing"]) == (1, 2)
    by_kind = staff.get("/api/compare", params={"election": "ppwp-2024", "kind": "votes"}).json()
    assert [r["number"] for r in by_kind["rows"]] == ["suara_paslon_2"]
    assert staff.get("/api/compare", params={"election": "ppwp-2024", "least": 31}).json()["rows"] == []
    assert staff.get("/api/compare", params={"election": "ppwp-2024", "kecamatan": "160702"}).json()["rows"] == []
    assert staff.get("/api/compare", params={"election": "ppwp-2024", "kind": "x"}).json()["error"]["code"] == "invalid_request"

    world.read(world.upload(tps=OTHER_TPS), votes(9, 9, 8))  # a commit afterwards is followed
    again = staff.get("/api/compare", params={"election": "ppwp-2024"}).json()
    assert (OTHER_TPS, "suara_paslon_3", 8) in [(r["tps"]["code"], r["number"], r["ours"]) for r in again["rows"]]
    assert again["coverage"]["tps_both"] == 2

    text = staff.get("/api/compare.csv", params={"election": "ppwp-2024"}).text
    assert f"{TPS},001,MARIANA,BANYUASIN I,suara_paslon_2," in text and text.count("\n") == 4
    book = load_workbook(io.BytesIO(staff.get("/api/compare.xlsx", params={"election": "ppwp-2024"}).content))
    sheet = book["Selisih"]
    assert [c.value for c in sheet[2]][6:] == [120, 150, "=H2-G2"] and sheet.max_row == 4
    assert book["Keterangan"]["B3"].value == 1 and book["Kecamatan"].max_row == 23


def test_following_equals_building_anew(world: World) -> None:
    from api.rest.compare import import_files
    from review import compare as module

    held = type("Held", (), {"db": world.db})()
    made, _ = import_files(held, world.users["admin"], "ppwp-2024", [("a.csv", table_of(f"{TPS},1,2,3,6", f"{OTHER_TPS},1,2,3,6"))], "KPU")  # type: ignore[arg-type]
    receipts = []
    for n, tps in enumerate((TPS, OTHER_TPS, TPS, OTHER_TPS)):
        with world.db.reading() as s:
            compare(s, "ppwp-2024", made.id)
        receipts.append(world.upload(tps=tps))
        world.read(receipts[-1], votes(n, 2, 3))
        with world.db.reading() as s:
            followed = compare(s, "ppwp-2024", made.id)
            module._MADE.clear()
            anew = compare(s, "ppwp-2024", made.id)
        assert followed.differences() == anew.differences() and followed.sides() == anew.sides()
        assert followed is not anew


def test_the_same_file_is_one_version_and_none_ever_changes(site: Site) -> None:
    first = ("a.csv", table_of(f"{TPS},1,2,3,6"))
    assert [upload(site, "admin", first).status_code for _ in range(2)] == [201, 200]
    second = upload(site, "admin", ("b.csv", table_of(f"{TPS},1,2,4,7")))
    assert (second.status_code, second.json()["version"]) == (201, 2)
    assert upload(site, "admin", first, source="Saksi").json()["version"] == 1
    listed = site.client("staff").get("/api/compare/imports", params={"election": "ppwp-2024"}).json()["items"]
    assert [(i["source"], i["version"], i["by"]) for i in listed] == [
        ("Saksi", 1, "admin"),
        ("KPU Sirekap", 2, "admin"),
        ("KPU Sirekap", 1, "admin"),
    ]
    with site.world.db.reading() as s:
        kept = {i.version: figures_of(s, i.id) for i in imports(s, "ppwp-2024") if i.source == "KPU Sirekap"}
        assert [next(iter(f.values()))["suara_paslon_3"] for _, f in sorted(kept.items())] == [3, 4]
        assert [a.event for a in s.scalars(select(AuditLog).order_by(AuditLog.seq))].count("published_imported") == 3
        assert faults(s) == []


def test_nothing_of_a_faulty_file_is_kept(site: Site) -> None:
    answer = upload(site, "admin", ("a.csv", table_of(f"{TPS},1,2,3,6", f"{OTHER_TPS},1,2,x,6")))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["details"]["count"]) == (422, "bad_published", 1)
    assert error["details"]["faults"][0]["where"] == "a.csv, baris 3, kolom suara_paslon_3"
    unknown = upload(site, "admin", ("a.csv", table_of("1607019999001,1,2,3,6")))
    assert unknown.json()["error"]["details"]["faults"][0]["where"] == "TPS 1607019999001"
    assert upload(site, "admin").json()["error"]["code"] == "invalid_request"
    assert upload(site, "admin", ("a.csv", b"tps\n"), election="tak-ada").json()["error"]["code"] == "unknown_election"
    assert site.client("staff").get("/api/compare/imports", params={"election": "ppwp-2024"}).json()["items"] == []
    page = site.client("staff").get("/banding", headers={"Accept": "text/html"})
    assert "Belum ada angka terbitan" in page.text and 'id="impor"' not in page.text
