"""Edit, delete, insert or reorder a row of any table that bears a count or a state, past the triggers: it is named.

The tables are those of the model, so one that is added without being put under seal, or said why not, fails here.
"""

# ruff: noqa: S608 (the statements are the test's own)

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Date, Integer, String, Table, func, select, text
from sqlalchemy.orm import Session

from db import clock, seals
from db.audit import seal_baseline
from db.tables import INSERT_ONLY, Base
from db.types import UtcDateTime, Word
from review.verify import Why, verify_all, verify_table
from tests.review.desk import DOUBT
from tests.world import World, votes

TABLES = sorted(seals.SEALED)
MODELS = {m.local_table.name: m.class_ for m in Base.registry.mappers}
FIRST = {"anomaly_state": {"number": 1}, "sheet_commit": {"version": 1, "source": "machine"}}
"""What a row that follows no other must say."""
_n = count(1)


@pytest.fixture(scope="module")
def full(make_world: Callable[[Path], World], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with two rows or more in every table under seal, some written by the program's own ways, the rest row by row."""
    world = make_world(tmp_path_factory.mktemp("full"))
    for tps in ("001", "002"):
        world.read(world.upload(tps=f"1607011016{tps}"), votes(1, 2, 3))
        world.read(world.upload(tps=f"1607011016{tps}"), votes(1, 2, 4), doubt=DOUBT)
    with world.db.writing() as s:
        for table in [t for t in Base.metadata.sorted_tables if t.name in seals.SEALED]:
            while (s.scalar(select(func.count()).select_from(table)) or 0) < 2:
                s.add(made(s, table))
                s.flush()
    with world.db.writing() as s:
        disarm(s)
    yield world
    world.close()


def disarm(s: Session) -> None:
    """Past the triggers, as somebody with the database's password can."""
    if s.get_bind().dialect.name == "sqlite":
        for name in s.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            s.execute(text(f"DROP TRIGGER {name}"))
    else:
        for t in INSERT_ONLY:
            s.execute(text(f"ALTER TABLE {t.__tablename__} DISABLE TRIGGER USER"))


def made(s: Session, table: Table) -> Any:
    """A row of a table that was made up: every column has something, references lead somewhere."""
    n = (s.scalar(select(func.count()).select_from(table)) or 0) + 1
    values: dict[str, Any] = {}
    for c in table.columns:
        if c.foreign_keys:
            target = next(iter(c.foreign_keys)).column
            there = s.scalars(select(target).order_by(target).limit(n)).all()
            values[c.name] = there[-1] if there and not c.nullable else None
        elif not (c.primary_key and isinstance(c.type, Integer) and c.autoincrement is not False):
            values[c.name] = something(c, n)
    return MODELS[table.name](**{**values, **FIRST.get(table.name, {})})


def something(c: Any, n: int) -> Any:
    """A value that fits a column and that no other row has, where that is possible."""
    if isinstance(c.type, Word):
        return list(c.type.kind)[n % len(c.type.kind)]
    if isinstance(c.type, UtcDateTime):
        return clock.now() + timedelta(seconds=next(_n))
    if isinstance(c.type, Date):
        return date(2024, 2, n)
    if isinstance(c.type, JSON):
        return {"n": next(_n), "share": 0.1}
    if isinstance(c.type, Boolean):
        return True
    return f"x{next(_n)}"[: c.type.length] if isinstance(c.type, String) else next(_n)


@contextmanager
def thrown_away(world: World) -> Iterator[Session]:
    """A transaction without referential integrity that is never committed."""
    with world.db.reading() as s:
        if s.get_bind().dialect.name == "sqlite":
            s.execute(text("PRAGMA defer_foreign_keys = ON"))
            s.execute(text("PRAGMA ignore_check_constraints = ON"))
        else:
            s.execute(text("SET session_replication_role = replica"))
            checks = "SELECT conrelid\\:\\:regclass, conname FROM pg_constraint WHERE contype = 'c' AND conname LIKE 'ck_%'"
            for name in s.execute(text(checks)).all():
                s.execute(text("ALTER TABLE {} DROP CONSTRAINT {}".format(*name)))
        yield s
        if s.get_bind().dialect.name == "sqlite":
            s.execute(text("PRAGMA ignore_check_constraints = OFF"))
        else:
            s.rollback()
            s.execute(text("SET session_replication_role = DEFAULT"))


def key_sql(table: str, row: str) -> str:
    columns = seals.table_named(table).primary_key.columns
    return " AND ".join(f"{c.name} = '{part}'" for c, part in zip(columns, row.split("/"), strict=True))


def test_every_table_is_under_seal_or_says_why_not() -> None:
    assert not set(seals.SEALED) & set(seals.UNSEALED)
    assert set(seals.SEALED) | set(seals.UNSEALED) == set(Base.metadata.tables)
    insert_only = {t.__tablename__ for t in INSERT_ONLY}
    assert insert_only - set(seals.SEALED) == {"audit_log", "committed_count", "published_count"} & insert_only
    for table, columns in seals.SEALED.items():
        assert set(columns or ()) <= set(seals.table_named(table).columns.keys())


def test_what_nobody_touched_is_clean(full: World) -> None:
    heard = []
    with full.db.reading() as s:
        found = verify_all(s, progress=lambda what, done, of: heard.append(what))
    assert found.clean, (found.chain, found.counts)
    assert found.sealed > 2900 and "region" in heard


@pytest.mark.parametrize("table", TABLES)
def test_an_edited_column_is_named(full: World, table: str) -> None:
    """Every column under seal, each for itself."""
    made = seals.table_named(table)
    columns = seals.SEALED[table] or [c.name for c in made.columns if not c.primary_key]
    with thrown_away(full) as s:
        row = seals.keys_of(s, table)[0]
        for name in columns:
            point = s.begin_nested()
            s.execute(text(f'UPDATE {table} SET "{name}" = {another(s, made.columns[name], row)} WHERE {key_sql(table, row)}'))
            assert [(f.table, f.row, f.why) for f in verify_table(s, table)] == [(table, row, Why.CHANGED)], name
            point.rollback()


def another(s: Session, c: Any, row: str) -> str:
    """SQL of a value that the column does not have in this row."""
    table, lite = c.table.name, s.get_bind().dialect.name == "sqlite"
    if s.scalar(text(f'SELECT "{c.name}" IS NOT NULL FROM {table} WHERE {key_sql(table, row)}')) and c.nullable:
        return "NULL"
    if isinstance(c.type, Boolean):
        return f'NOT COALESCE("{c.name}", false)'
    if isinstance(c.type, JSON):
        return "'{\"x\"\\: 1}'"
    if isinstance(c.type, (UtcDateTime, Date)):
        return "'2020-02-02 00\\:00\\:00.000000'" if isinstance(c.type, UtcDateTime) and lite else "'2020-02-02'"
    return "'y'" if isinstance(c.type, (String, Word)) else f'COALESCE("{c.name}", 0) + 5000'


@pytest.mark.parametrize("table", TABLES)
def test_a_deleted_row_is_named(full: World, table: str) -> None:
    with thrown_away(full) as s:
        row = seals.keys_of(s, table)[-1]
        s.execute(text(f"DELETE FROM {table} WHERE {key_sql(table, row)}"))
        assert (table, row, Why.GONE) in {(f.table, f.row, f.why) for f in verify_all(s).counts}


@pytest.mark.parametrize("table", TABLES)
def test_an_inserted_row_is_named(full: World, table: str) -> None:
    with thrown_away(full) as s:
        before = set(seals.keys_of(s, table))
        new = made(s, seals.table_named(table))
        values = {c.name: getattr(new, c.name) for c in seals.table_named(table).columns}
        for c in seals.table_named(table).primary_key.columns:
            values[c.name] = 9999 if isinstance(c.type, Integer) else values[c.name] or "z"
        unique = {c.name for c in seals.table_named(table).columns if c.foreign_keys and not c.primary_key and not c.nullable}
        values |= {n: 9999 if isinstance(seals.table_named(table).columns[n].type, Integer) else "z" for n in unique}
        s.connection().execute(seals.table_named(table).insert().values({k: v for k, v in values.items() if v is not None}))
        (row,) = set(seals.keys_of(s, table)) - before
        assert [(f.row, f.why) for f in verify_table(s, table)] == [(row, Why.NEVER_WRITTEN)]


@pytest.mark.parametrize("table", TABLES)
def test_two_rows_that_changed_places_are_named(full: World, table: str) -> None:
    with thrown_away(full) as s:
        one, two = two_that_differ(s, table)
        column = list(seals.table_named(table).primary_key.columns)[-1]
        spare = "-1" if isinstance(column.type, Integer) else "'-'"
        swap = [(one, spare), (two, f"'{one.split('/')[-1]}'")]
        for row, name in swap:
            s.execute(text(f"UPDATE {table} SET {column.name} = {name} WHERE {key_sql(table, row)}"))
        third = "/".join([*one.split("/")[:-1], spare.strip("'")])
        s.execute(text(f"UPDATE {table} SET {column.name} = '{two.split('/')[-1]}' WHERE {key_sql(table, third)}"))
        assert {one, two} <= {f.row for f in verify_table(s, table)}


def two_that_differ(s: Session, table: str) -> tuple[str, str]:
    """Keys of two rows that are alike in all but the last part of the key, and hold something else."""
    made = seals.table_named(table)
    content = [c for c in made.columns if not c.primary_key and c.name in (seals.SEALED[table] or made.columns)]
    seen: dict[tuple[str, ...], tuple[str, str]] = {}
    for row in s.execute(select(*made.primary_key.columns, *content)).mappings():
        key = seals.key_of(table, row)
        before = seen.setdefault(tuple(key.split("/")[:-1]), (key, repr([row[c] for c in content])))
        if before[1] != repr([row[c] for c in content]):
            return before[0], key
        if not content and before[0] != key:
            return before[0], key
    pytest.skip(f"all rows of {table} hold the same: who swaps two changes nothing")


def test_a_kept_total_that_was_edited_is_named(full: World) -> None:
    with thrown_away(full) as s:
        s.execute(text("UPDATE election SET summed = true"))
        before = {f for f in verify_all(s).counts if f.table == "place_total"}
        s.execute(text("UPDATE place_total SET tps_any = tps_any + 1 WHERE election_id = 'ppwp-2024'"))
        after = {f for f in verify_all(s).counts if f.table == "place_total"}
        changed = s.scalar(text("SELECT count(*) FROM place_total WHERE election_id = 'ppwp-2024'"))
    assert len(after - before) == changed


def test_what_a_rolled_back_savepoint_wrote_is_not_sealed(full: World) -> None:
    """And what it undid of the log is sealed again."""
    from db.tables import Sender
    from db.types import SenderState

    def sender(phone: str) -> Sender:
        return Sender(phone=phone, name="", state=SenderState.UNKNOWN, created_at=clock.now())

    with full.db.writing() as s:
        s.add(sender("6281"))
        s.flush()
        point = s.begin_nested()
        s.add(sender("6282"))
        s.flush()
        point.rollback()
        kept = sender("6283")
        s.add(kept)
        s.flush()
        s.delete(kept)
    with full.db.reading() as s:
        assert verify_table(s, "sender") == []


def test_rows_from_before_the_seals_get_theirs_once(make_world: Callable[[Path], World], tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.read(world.upload(), votes(1, 2, 3))
    with world.db.writing() as s:  # past the session's events, as an older version wrote
        s.connection().execute(text("INSERT INTO party (election_id, number, name) VALUES ('ppwp-2024', 77, 'Lama')"))
    with world.db.reading() as s:
        assert [(f.table, f.row, f.why) for f in verify_all(s).counts] == [("party", "ppwp-2024/77", Why.NEVER_WRITTEN)]
    with world.db.writing() as s:
        assert seal_baseline(s) == 1
    with world.db.writing() as s:
        assert verify_all(s).clean
        s.connection().execute(text("INSERT INTO party (election_id, number, name) VALUES ('ppwp-2024', 78, 'Baru')"))
        assert seal_baseline(s) == 0
        assert not verify_all(s).clean
    world.close()
