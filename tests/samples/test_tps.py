"""Whole polling stations: numbers agree across pages and elections, and errors are the ones the truth names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samples import tps, values
from samples.__main__ import main
from samples.places import place
from templates_c1.families.declarations import declarations
from templates_c1.registry import template

KINDS = sorted({d.election for d in declarations()})
AREAS = [(d.election, a.code) for d in declarations() for a in d.areas]


@pytest.mark.parametrize(("kind", "area"), AREAS)
def test_pages_of_a_station_agree_in_every_area(kind: str, area: str) -> None:
    for code in tps.stations(kind, 2, 5, area=area):
        sheets = tps.whole_tps(kind, code, 5)
        form = template(sheets[0].form)
        assert [s.page for s in sheets] == [p.number for p in form.pages]
        together = {name: value for s in sheets for name, value in s.values.items()}
        assert all(values.holds(r, together) for r in form.rules)
        for s in sheets:
            assert s.errors == () and values.broken(form, s.page, s.values) == []
            assert set(s.values) == {n.name for n in form.page(s.page).numbers}
            assert all(0 <= v < 10 ** len(form.page(s.page).number_named(n).boxes) for n, v in s.values.items())


def test_all_elections_of_a_day_have_the_same_voters() -> None:
    code = tps.stations("dprd_kab", 1, 8, area="160704")[0]
    first = {k: tps.whole_tps(k, code, 3)[0].values for k in ("ppwp", "dpd", "dpr", "dprd_prov", "dprd_kab")}
    for name in ("pemilih_dpt_l", "pemilih_dpt_p", "pengguna_total_jml", "ss_digunakan", "disabilitas_jml"):
        assert len({v[name] for v in first.values()}) == 1, name
    assert tps.whole_tps("bupati", code, 3)[0].values["pemilih_dpt_l"] != first["ppwp"]["pemilih_dpt_l"]
    assert tps.whole_tps("ppwp", code, 4)[0].values != first["ppwp"]


def test_errors_break_just_the_rules_they_name() -> None:
    code = tps.stations("dpr", 1, 1)[0]
    right = tps.whole_tps("dpr", code, 2)
    wrong = tps.whole_tps("dpr", code, 2, errors=1.0)
    form = template(right[0].form)
    for a, b in zip(right, wrong, strict=True):
        assert sum(a.values[n] != b.values[n] for n in a.values) == (1 if b.errors else 0)
        here = values.broken(form, b.page, b.values)
        assert here == [r for r in b.errors if r in {x.id for x in form.page(b.page).rules}]
    assert sum(bool(b.errors) for b in wrong) >= len(wrong) - 1
    assert 0 < sum(bool(s.errors) for s in tps.whole_tps("dpr", code, 2, errors=0.3)) < len(right)


def test_totals_add_up() -> None:
    sheets = [s for code in tps.stations("dpd", 3, 1) for s in tps.whole_tps("dpd", code, 1)]
    assert tps.totals(sheets)["suara_sah"] == sum(s.values["suara_sah"] for s in sheets if s.page == 3)
    assert tps.totals(sheets)["suara_calon_jumlah"] == tps.totals(sheets)["suara_sah"]


@pytest.mark.parametrize("kind", KINDS)
def test_stations_vote_where_they_are_asked_from(kind: str) -> None:
    codes = tps.stations(kind, 40, 1)
    assert len(set(codes)) == 40 and len({c[:10] for c in codes}) == 40
    assert tps.stations(kind, 40, 1) == codes != tps.stations(kind, 40, 2)
    for code in codes[:5]:
        assert place(code).code == code
        assert tps.form_of(kind, code) == tps.whole_tps(kind, code)[0].form


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no election 'walikota'"):
        tps.stations("walikota", 1)
    with pytest.raises(ValueError, match="no area '9999'"):
        tps.stations("dprd_kab", 1, area="9999")
    with pytest.raises(ValueError, match="9999 TPS asked for"):
        tps.stations("ppwp", 9999)
    with pytest.raises(ValueError, match="no TPS '1607011016999'"):
        tps.whole_tps("ppwp", "1607011016999")
    with pytest.raises(ValueError, match="not of 'dpd'"):
        tps.whole_tps("dpd", tps.stations("dpd", 1)[0], form="c-hasil-kwk-2020")


def test_command_line_draws_an_election(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["election", "--kind", "gubernur", "--tps", "1", "--difficulty", "easy", "--seed", "4", "--errors", "1", "--out", str(tmp_path)]
    assert main(line) == 0
    assert "2 photos of 1 TPS" in capsys.readouterr().out
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["photos"]
    assert {(t["page"], t["election"], t["difficulty"]) for t in truth.values()} == {(1, "gubernur", 0.0), (2, "gubernur", 0.0)}
    assert all((tmp_path / name).stat().st_size > 20_000 and t["form_errors"] for name, t in truth.items())
    with pytest.raises(SystemExit) as refused:
        main(["election", "--kind", "dpr", "--tps", "0", "--difficulty", "terrible", "--out", str(tmp_path)])
    assert refused.value.code == 2
