"""Whoever changes, adds, removes or swaps a count behind the program's back is named by ``c1 audit verify``."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from api.cli import app
from db.tables import INSERT_ONLY
from review.verify import Why, verify_all
from tests.world import World, votes

CHANGED, GONE, NEVER = Why.CHANGED, Why.GONE, Why.NEVER_WRITTEN


@pytest.fixture
def counted(world: World) -> World:
    """Three sheets; their commits are 1, 2 and 3."""
    for tps in ("001", "002", "003"):
        world.read(world.upload(tps=f"1607011016{tps}"), votes(1, 2, 3))
    return world


def tamper(world: World, *statements: str) -> None:
    """Past the triggers, as somebody with the database's password can."""
    lite = world.db.engine.dialect.name == "sqlite"
    with world.db.writing() as s:
        for table in (t.__tablename__ for t in INSERT_ONLY):
            off = [f"DROP TRIGGER {table}_no_{w}" for w in ("update", "delete")] if lite else [f"ALTER TABLE {table} DISABLE TRIGGER USER"]
            for statement in off:
                s.execute(text(statement))
        for statement in statements:
            s.execute(text(statement))


def test_what_nobody_touched_is_clean(counted: World) -> None:
    with counted.db.reading() as s:
        found = verify_all(s)
    assert found.clean and found.commits == 3 and found.rows > 6


@pytest.mark.parametrize(
    ("statements", "faults"),
    [
        (["UPDATE committed_count SET value = 652 WHERE commit_id = 2 AND name = 'suara_paslon_1'"], {("2/suara_paslon_1", CHANGED)}),
        (["UPDATE committed_count SET value = NULL WHERE commit_id = 2 AND name = 'suara_paslon_1'"], {("2/suara_paslon_1", CHANGED)}),
        (["DELETE FROM committed_count WHERE commit_id = 3 AND name = 'suara_paslon_3'"], {("3/suara_paslon_3", GONE)}),
        (["INSERT INTO committed_count (commit_id, name, value) VALUES (1, 'suara_paslon_9', 5)"], {("1/suara_paslon_9", NEVER)}),
        (
            [
                "UPDATE committed_count SET name = 'x' WHERE commit_id = 1 AND name = 'suara_paslon_1'",
                "UPDATE committed_count SET name = 'suara_paslon_1' WHERE commit_id = 1 AND name = 'suara_paslon_2'",
                "UPDATE committed_count SET name = 'suara_paslon_2' WHERE commit_id = 1 AND name = 'x'",
            ],
            {("1/suara_paslon_1", CHANGED), ("1/suara_paslon_2", CHANGED)},
        ),
        (["DELETE FROM committed_count WHERE commit_id = 2", "DELETE FROM sheet_commit WHERE id = 2"], {("2", GONE)}),
        (["UPDATE sheet_commit SET void = NOT void WHERE id = 1"], {("1", CHANGED)}),
        (["UPDATE sheet_commit SET note = 'x' WHERE id = 1"], {("1", CHANGED)}),
        (["UPDATE sheet_commit SET tps_id = (SELECT tps_id FROM sheet_commit WHERE id = 3), page = 3 WHERE id = 1"], {("1", CHANGED)}),
        (
            [
                "INSERT INTO sheet_commit (id, election_id, tps_id, form, page, version, photo_id, interpretation_id, source, at, void,"
                " paper_error, note) SELECT 99, election_id, tps_id, form, 3, 1, photo_id, interpretation_id, source, at, void,"
                " paper_error, note FROM sheet_commit WHERE id = 1"
            ],
            {("99", NEVER)},
        ),
    ],
    ids=["edit", "erase", "delete a number", "add a number", "swap rows", "delete a sheet", "void", "note", "move", "invent a sheet"],
)
def test_tampering_with_counts_is_named(counted: World, statements: list[str], faults: set[tuple[str, Why]]) -> None:
    tamper(counted, *statements)
    with counted.db.reading() as s:
        found = verify_all(s)
    assert found.chain == ()
    assert {(f.row, f.why) for f in found.counts if f.table in ("committed_count", "sheet_commit")} == faults
    assert {f.table for f in found.counts} <= {"committed_count", "sheet_commit", "page_total", "place_total"}


def test_a_chain_written_anew_does_not_hold_an_anchor(counted: World) -> None:
    with counted.db.reading() as s:
        before = verify_all(s)
        anchor = (before.rows, before.hash[:16])
        assert verify_all(s, anchor=anchor).clean
        assert [f.row_id for f in verify_all(s, anchor=(before.rows, "0" * 16)).chain] == [before.rows]
        assert [f.row_id for f in verify_all(s, anchor=(10**6, before.hash)).chain] == [10**6]


def test_the_command_names_the_row_and_fails(counted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C1_DATABASE_URL", counted.settings.database_url)
    run = CliRunner()
    clean = run.invoke(app, ["audit", "verify"])
    assert clean.exit_code == 0 and "utuh / intact" in clean.output
    tamper(counted, "UPDATE committed_count SET value = 3 WHERE commit_id = 2 AND name = 'suara_paslon_1'")
    touched = run.invoke(app, ["audit", "verify"])
    assert touched.exit_code == 1 and "committed_count 2/suara_paslon_1" in touched.output and "NOT INTACT" in touched.output
    said = json.loads(run.invoke(app, ["audit", "verify", "--json"]).output)
    assert said["clean"] is False
    first = {"table": "committed_count", "row": "2/suara_paslon_1", "code": "changed"}
    assert [{k: f[k] for k in first} for f in said["faults"] if f["table"] == "committed_count"] == [first]
    assert run.invoke(app, ["audit", "verify", "--anchor", "not-one"]).exit_code == 2
