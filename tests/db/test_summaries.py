"""Kept totals: whoever changes one is named, and they can be made anew."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from api.cli import app
from db.summaries import faults, is_kept, rebuild
from db.totals import totals
from db.types import Level
from tests.world import OTHER_TPS, TPS, World, validity, votes

ELECTION = "ppwp-2024"


@pytest.mark.parametrize(
    ("tampering", "words"),
    [
        ("UPDATE page_total SET sheets = sheets + 1 WHERE sheets = 2", "page_total ppwp-2024 1607"),
        ("UPDATE page_total SET paper_errors = 1 WHERE page = 3", "with errors 1"),
        ("UPDATE page_total SET numbers = '{\"suara_paslon_1\": [99, 1, 1]}' WHERE page = 2", "suara_paslon_1 [99, 1, 1]"),
        ("DELETE FROM page_total WHERE page = 3", "missing"),
        ("UPDATE place_total SET tps_any = 7 WHERE tps_any = 2", "place_total ppwp-2024 1607"),
        ("DELETE FROM place_total WHERE tps_any = 2", "TPS None"),
    ],
)
def test_a_changed_total_is_named_and_made_anew(world: World, tampering: str, words: str) -> None:
    for tps in (TPS, OTHER_TPS):
        world.read(world.upload(tps=tps), votes(1, 2, 3))
    world.read(world.upload(), validity(6, 1), page=3)
    with world.db.reading() as s:
        assert is_kept(s, ELECTION) and faults(s, ELECTION) == []
        before = totals(s, ELECTION, Level.KECAMATAN)
    with world.db.writing() as s:
        s.execute(text(tampering.replace(":", r"\:")))
    with world.db.writing() as s:
        assert any(words in line for line in faults(s, ELECTION))
        rebuild(s, ELECTION)
        assert faults(s, ELECTION) == [] and totals(s, ELECTION, Level.KECAMATAN) == before


def test_without_kept_totals_the_rows_are_summed(world: World) -> None:
    world.read(world.upload(), votes(1, 2, 3))
    with world.db.writing() as s:
        kept = [totals(s, ELECTION, level) for level in Level]
        s.execute(text("UPDATE election SET summed = false"))
        s.execute(text("DELETE FROM page_total"))
        assert [totals(s, ELECTION, level) for level in Level] == kept
    world.read(world.upload(tps=OTHER_TPS), votes(1, 2, 3))  # the next commit begins to keep them
    with world.db.reading() as s:
        assert is_kept(s, ELECTION) and faults(s, ELECTION) == []


def test_pieces_of_a_list_make_up_the_whole(world: World) -> None:
    with world.db.reading() as s:
        for election in (ELECTION, "dprd-kab-2024"):
            whole = totals(s, election, Level.DESA)
            first = totals(s, election, Level.DESA, limit=100)
            rest = totals(s, election, Level.DESA, after=first[-1].region.code)
            assert len(first) == 100 and first + rest == whole


def test_verify_from_the_command_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C1_DATABASE_URL", world.settings.database_url)
    world.read(world.upload(), votes(1, 2, 3))
    assert CliRunner().invoke(app, ["totals", "verify"]).exit_code == 0
    with world.db.writing() as s:
        s.execute(text("UPDATE place_total SET tps_any = 9 WHERE tps_any = 1"))
    answer = CliRunner().invoke(app, ["totals", "verify"])
    assert answer.exit_code == 1 and "place_total ppwp-2024 1607" in answer.output
    assert CliRunner().invoke(app, ["totals", "rebuild"]).exit_code == 0
    assert CliRunner().invoke(app, ["totals", "verify"]).exit_code == 0


def test_ready_made_elections_come_by_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C1_DATABASE_URL", world.settings.database_url)
    with world.db.writing() as s:
        s.execute(text("UPDATE contestant SET name = 'x' WHERE election_id = 'bupati-2024'"))
    answer = CliRunner().invoke(app, ["load", "--ready", "banyuasin-2024"])
    assert answer.exit_code == 0 and "bupati-2024: dimuat / loaded" in answer.output and "bupati-2020" not in answer.output
    with world.db.reading() as s:
        assert totals(s, "bupati-2024", Level.REGENCY)[0].votes[0].label == "Askolani - Netta Indian"
    assert CliRunner().invoke(app, ["load", "--ready", "pemilu-2099"]).exit_code == 2
    assert CliRunner().invoke(app, ["load"]).exit_code == 2
