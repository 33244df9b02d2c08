"""Whoever gets past the triggers is found by the chain."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from db.audit import AuditFault, verify
from db.seed import DEMO_USERS
from tests.world import World, votes

LAST = len(DEMO_USERS) + 3 * 3
"""Row of the last event: every user is created, every photo received, interpreted and committed."""

OFF = {
    "sqlite": [f"DROP TRIGGER audit_log_no_{w}" for w in ("update", "delete")],
    "postgresql": ["ALTER TABLE audit_log DISABLE TRIGGER USER"],
}


def tamper(world: World, *statements: str) -> list[AuditFault]:
    for tps in ("001", "002", "003"):
        world.read(world.upload(tps=f"1607011016{tps}"), votes(1, 2, 3))
    with world.db.reading() as s:
        assert verify(s) == []
    with world.db.writing() as s:
        for statement in (*OFF[world.db.engine.dialect.name], *statements):
            s.execute(text(statement.replace(":", r"\:")))
    with world.db.reading() as s:
        return verify(s)


@pytest.mark.parametrize(
    ("statements", "row"),
    [
        (["UPDATE audit_log SET event = 'x' WHERE seq = 7"], 7),
        (["UPDATE audit_log SET data = '{}' WHERE seq = 6"], 6),
        (["UPDATE audit_log SET user_id = 2 WHERE seq = 6"], 6),
        (["DELETE FROM audit_log WHERE seq = 7"], 8),
        (["DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)"], LAST),
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
            LAST + 1,
        ),
    ],
)
def test_tampering_is_named(world: World, statements: list[str], row: int) -> None:
    assert row in {f.row_id for f in tamper(world, *statements)}
