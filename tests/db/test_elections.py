"""An election's file is checked as a whole, loaded once, changed without loss, and the ready-made ones are what ships."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from api.cli import app
from db.elections import BadElection, ElectionFile, faults, file_of, load, parse, ready_made, set_names
from db.queries import election, elections
from db.seed import BadRegions, load_regions
from db.tables import AuditLog, Election
from db.totals import Coverage, coverage, totals, totals_by_area
from db.types import Level
from templates_c1.families.declarations import declarations
from tests.world import World, votes

DAPIL_1, DAPIL_6 = "1607031033901", "1607101002004"


def council(**change: Any) -> dict[str, Any]:
    """A regency council election over two districts, on the desk forms of 2024."""
    areas = [
        {"code": code, "name": name, "covers": covers, "pages": [{"form": f"desk-dprd-kab-{code}-2024", "pages": [1, 2, 30]}]}
        for code, name, covers in (("160701", "Satu", ["160703"]), ("160706", "Enam", ["160710"]))
    ]
    return {
        "id": "uji",
        "kind": "dprd_kab",
        "name": {"id": "Uji", "en": "Test"},
        "date": "2029-02-14",
        "parties": {"1": "Partai Satu"},
        "areas": areas,
        **change,
    }


def test_ready_made_elections_are_sound() -> None:
    made = {e.id: e for e in ready_made()}
    assert set(made) == {
        "ppwp-2024", "dpd-2024", "dpr-2024", "dprd-prov-2024", "dprd-kab-2024", "gubernur-2024", "bupati-2024", "ppwp-2019", "bupati-2020",
    }  # fmt: skip
    assert [faults(e) for e in made.values()] == [[]] * 9
    kab = made["dprd-kab-2024"]
    assert [a.code for a in kab.areas] == [f"16070{i}" for i in range(1, 7)]
    assert kab.areas[0].covers == ("160703", "160711", "160717") and len(kab.areas[5].lists[1]) == 8
    assert made["gubernur-2024"].areas[0].contestants[0] == "Herman Deru - Cik Ujang"
    assert made["bupati-2020"].contestants == ("", "", "")  # not known: numbered, not invented
    assert [a.seats for a in kab.areas] == [7, 8, 8, 7, 7, 8] and sum(a.seats or 0 for a in kab.areas) == 45
    for e in made.values():  # a list has at most as many candidates as there are seats
        assert all(a.seats is None or max(map(len, a.lists.values())) == a.seats for a in e.areas)
    assert [a.whole for a in made["dpr-2024"].areas] == [False] and len(made["dpr-2024"].above_threshold or ()) == 8
    assert made["ppwp-2024"].pages[0].form == "c-hasil-ppwp-2024"
    assert {d.election for d in declarations() if d.date} == {"ppwp", "dpd", "dpr", "dprd_prov", "dprd_kab", "gubernur", "bupati"}


def test_file_of_an_election_loads_unchanged(world: World) -> None:
    with world.db.writing() as s:
        for view in elections(s):
            file = file_of(s.get_one(Election, view.id))
            raw = json.loads(json.dumps(file.model_dump(mode="json", exclude_defaults=True)))
            assert parse(raw) == file
            assert load(s, file) is False
    with world.db.reading() as s:
        assert [e.event for e in s.scalars(select(AuditLog)) if e.event.startswith("election")] == []


def test_a_station_owes_the_pages_of_its_district(world: World) -> None:
    with world.db.reading() as s:
        kab, president = election(s, "dprd-kab-2024"), election(s, "ppwp-2024")
    assert {p.form for p in kab.owes(DAPIL_1)} == {"desk-dprd-kab-160701-2024"} and len(kab.owes(DAPIL_1)) == 19
    assert {p.form for p in kab.owes(DAPIL_6)} == {"desk-dprd-kab-160706-2024"} and len(kab.owes(DAPIL_6)) == 20
    assert kab.owes("1608101002004") == () and kab.area_of("1608101002004") is None
    assert [p.page for p in president.owes("9999999999999")] == [1, 2, 3]


def test_coverage_expects_only_what_is_owed(world: World) -> None:
    with world.db.writing() as s:
        load(s, parse(council()))
    with world.db.reading() as s:
        tps = len(totals(s, "uji", Level.TPS))
        by = {r.area.code: r.coverage for r in totals_by_area(s, "uji") if r.area}
        assert {r.region.code for r in totals(s, "uji", Level.KECAMATAN)} == {"160703", "160710"}
        assert coverage(s, "uji") == Coverage(0, 3 * tps, 0, 0, tps, 0)
        assert sum(c.tps_all for c in by.values()) == tps and set(by) == {"160701", "160706"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "rt"}, "kind"),
        ({"date": "kapan-kapan"}, "date"),
        ({"surprise": 1}, "surprise"),
        ({"id": "Uji Coba"}, "id"),
        ({"areas": []}, "pages: none"),
        ({"kind": "dpr"}, "is for dprd_kab, not dpr"),
        ({"contestants": ["A"]}, "stand in the areas"),
        ({"areas": council()["areas"] * 2}, "declared 2 times"),
        ({"areas": [council()["areas"][0], council()["areas"][1] | {"covers": ["160703"]}]}, "region 160703: lies in 2 areas"),
        ({"areas": [council()["areas"][0] | {"covers": ["99"]}]}, "no region 99 is loaded"),
        ({"areas": [council()["areas"][0] | {"pages": []}]}, "no pages"),
        ({"areas": [council()["areas"][0] | {"pages": [{"form": "formulir-gaib", "pages": [1]}]}]}, "form 'formulir-gaib' is not known"),
        (
            {"areas": [council()["areas"][0] | {"pages": [{"form": "desk-dprd-kab-160701-2024", "pages": [99]}]}]},
            "form 'desk-dprd-kab-160701-2024' has no page 99",
        ),
        ({"areas": [council()["areas"][0] | {"lists": {"7": ["A"]}}]}, "no name for party 7"),
        ({"areas": [council()["areas"][0] | {"lists": {"1": ["A"] * 9}}]}, "party 1, candidate 9 has no row"),
        ({"areas": [council()["areas"][0] | {"lists": {"1": ["A"]}}]}, "party 1, candidate 2 has a row but is not declared"),
    ],
)
def test_bad_file_is_refused_with_the_reason(world: World, change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadElection) as e, world.db.writing() as s:
        load(s, parse(council(**change)))
    assert any(words in f for f in e.value.faults), e.value.faults
    with world.db.reading() as s:
        assert s.get(Election, "uji") is None


def test_nothing_that_counts_falls_out(world: World) -> None:
    world.read(world.upload(), votes(1, 2, 3))
    with world.db.writing() as s:
        file = file_of(s.get_one(Election, "ppwp-2024"))
        less = file.model_copy(update={"pages": (file.pages[0].model_copy(update={"pages": (1, 3)}),)})
        with pytest.raises(BadElection, match="cannot be used") as e:
            load(s, less)
        assert e.value.faults[-1] == "page 2 of 'c-hasil-ppwp-2024' cannot go: 1 counts are committed for it"
        with pytest.raises(BadElection):
            load(s, ElectionFile.model_validate(file.model_dump() | {"kind": "gubernur"}))


def test_names_are_given_to_those_who_stand(world: World) -> None:
    with world.db.writing() as s:
        assert (
            set_names(s, "bupati-2024", {("1607", 0, 1): "Satu - Dua", ("1607", 0, 2): "Slamet Somosentono - Alfi Novtriansyah Rustam"})
            == 1
        )
        with pytest.raises(BadElection) as e:
            set_names(s, "bupati-2024", {("1607", 0, 3): "Tiga", ("", 9, 0): "Partai"})
        assert len(e.value.faults) == 2
    with world.db.reading() as s:
        row = totals(s, "bupati-2024", Level.REGENCY)[0]
        assert [n.label for n in row.votes] == ["Satu - Dua", "Slamet Somosentono - Alfi Novtriansyah Rustam"]


REGION = "code,name,tps,special\n1608,UJI,,\n160801,UJI SATU,,\n1608012001,DESA,2,1\n"


def test_regions_of_another_regency(world: World) -> None:
    with world.db.writing() as s:
        assert load_regions(s, REGION) == 6 and load_regions(s, REGION) == 0
        assert [r.region.code for r in totals(s, "ppwp-2019", Level.TPS, within="1608")] == [
            f"1608012001{n}" for n in ("001", "002", "901")
        ]
        with pytest.raises(BadRegions) as e:
            load_regions(s, "code,name,tps,special\n1609,A,,\n1610012001,B,2,\n160901,,,\n1609012001,C,x,\n")
    assert [f.split(":")[0] for f in e.value.faults] == ["line 3", "line 4", "line 5"]


def test_c1_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*files: Path) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["load", *map(str, files), "--data", str(tmp_path / "var")])
        return done.exit_code, " ".join(done.output.replace("│", " ").split())

    monkeypatch.setenv("COLUMNS", "400")
    good, names, bad = tmp_path / "uji.json", tmp_path / "nama.csv", tmp_path / "salah.json"
    regions = tmp_path / "wilayah.csv"
    regions.write_text("code,name,tps,special\n1607,BANYUASIN,,\n160703,A,,\n1607031001,B,2,\n160710,C,,\n1607101001,D,1,\n")
    good.write_text(json.dumps(council(areas=[a | {"lists": {"1": [""] * n}} for a, n in zip(council()["areas"], (6, 8), strict=True)])))
    names.write_text("election,dapil,party,number,name\nuji,160701,1,2,SI DUA\nuji,,1,,Partai Esa\n")
    bad.write_text(json.dumps(council(kind="dpr")))
    code, said = run(regions, good, names)
    assert code == 0, said
    assert "5 wilayah" not in said and "8 wilayah / regions" in said and "uji: dimuat / loaded" in said and "2 nama / names" in said
    assert "uji: dimuat / loaded" in run(good)[1]  # the file has no names: they go again
    assert "uji: tidak berubah / unchanged" in run(good)[1]
    code, said = run(names, bad)
    assert code == 2 and "is for dprd_kab, not dpr" in said
    names.write_text("election,dapil,party,number,name\nuji,160701,1,99,X\nuji,160701,1\n")
    assert "line 3: 3 columns for 5" in run(names)[1]
    names.write_text("a,b\n")
    assert run(names)[0] == 2 and run(tmp_path / "tidak-ada.json")[0] == 2
