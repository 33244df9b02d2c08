"""Whoever gets past the triggers is found by the chain."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from db.audit import AuditFault, chain_end, verify
from db.tables import AuditHead
from tests.world import World, votes

OFF = {
    "sqlite": [f"DROP TRIGGER audit_log_no_{w}" for w in ("update", "delete")],
    "postgresql": ["ALTER TABLE audit_log DISABLE TRIGGER USER"],
}


def tamper(world: World, *statements: str) -> tuple[list[AuditFault], int]:
    """The faults found, and the number of the last row before."""
    for tps in ("001", "002", "003"):
        world.read(world.upload(tps=f"1607011016{tps}"), votes(1, 2, 3))
    with world.db.reading() as s:
        assert verify(s) == []
        last = s.scalars(select(AuditHead.seq)).one()
    with world.db.writing() as s:
        for statement in (*OFF[world.db.engine.dialect.name], *statements):
            s.execute(text(statement.replace(":", r"\:")))
    with world.db.reading() as s:
        return verify(s), last


@pytest.mark.parametrize(
    ("statements", "row"),
    [
        (["UPDATE audit_log SET event = 'x' WHERE seq = 7"], 7),
        (["UPDATE audit_log SET data = '{}' WHERE seq = 6"], 6),
        (["UPDATE audit_log SET user_id = 2 WHERE seq = 6"], 6),
        (["UPDATE audit_log SET at = '2024-02-14 00:00:00' WHERE seq = 6"], 6),
        (["DELETE FROM audit_log WHERE seq = 7"], 8),
        (["DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)"], 0),
        (
            [
                "UPDATE audit_log SET seq = -1 WHERE seq = 7",
                "UPDATE audit_log SET seq = 7 WHERE seq = 8",
                "UPDATE audit_log SET seq = 8 WHERE seq = -1",
            ],
            7,
        ),
        (
            ["INSERT INTO audit_log SELECT seq + 1, at, user_id, event, subject, data, 'a', 'b' FROM audit_log ORDER BY seq DESC LIMIT 1"],
            1,
        ),
    ],
    ids=["event", "data", "user", "time", "delete", "delete the last", "reorder", "insert"],
)
def test_tampering_is_named(world: World, statements: list[str], row: int) -> None:
    """``row`` 0 and 1: the last one before, and the one after it."""
    faults, last = tamper(world, *statements)
    assert (row if row > 1 else last + row) in {f.row_id for f in faults}


def test_a_row_that_is_no_json_any_more_is_named(world: World) -> None:
    if world.db.engine.dialect.name == "postgresql":
        pytest.skip("a jsonb column takes no such thing")
    faults, _ = tamper(world, "UPDATE audit_log SET data = '{oops' WHERE seq = 5")
    assert [(f.row_id, f.code) for f in faults] == [(5, "changed"), (6, "order")]


def test_the_end_of_the_chain_is_short_enough_to_print(world: World) -> None:
    with world.db.reading() as s:
        end = chain_end(s)
        assert end.short == f"{end.seq}:{end.hash[:16]}" and end.at is not None
