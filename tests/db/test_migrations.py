"""Migrations make exactly the declared tables, and history cannot be changed, by whatever way."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from db import clock, forms
from db.guard import InsertOnlyError
from db.migrate import is_current, upgrade
from db.session import make_engine
from db.tables import (
    INSERT_ONLY,
    AcceptingSwitch,
    Anomaly,
    AnomalyState,
    Base,
    CommittedCount,
    Entry,
    EntryVerdict,
    Photo,
    PhotoHold,
    PhotoLikeness,
    PhotoOrigin,
    PublishedCount,
    PublishedImport,
    ReviewAction,
    Sample,
    SampleResult,
    SheetCommit,
)
from db.types import ActionKind, AnomalyEvent, AnomalyStanding, Channel, Stage, Step
from templates_c1.registry import template
from tests.world import World, votes


def test_upgrade_from_empty_makes_the_declared_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/below/c1.sqlite3"
    assert not is_current(url)
    upgrade(url)
    upgrade(url)
    assert is_current(url)
    engine = make_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata) == []
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        checks = connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'table'")).scalars().all()
    declared = {c.name for t in Base.metadata.tables.values() for c in t.constraints if str(c.name).startswith("ck_")}
    assert declared and declared == set(re.findall(r"\bck_\w+", " ".join(checks)))


def test_upgrade_works_from_another_folder(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/c1.sqlite3"
    code = f"from db.migrate import upgrade, is_current; upgrade({url!r}); assert is_current({url!r})"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_several_processes_may_migrate_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/c1.sqlite3"
    code = f"from db.migrate import upgrade; upgrade({url!r})"
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [c.wait() for c in children] == [0, 0, 0]
    assert is_current(url)


def counted(world: World) -> None:
    receipt = world.upload()
    world.read(receipt, votes(10, 20, 30))
    with world.db.writing() as s:
        body = template("c-hasil-kwk-2020").model_dump(mode="json", exclude_defaults=True) | {"form": "c-uji"}
        forms.publish(s, body, features_sha256=None, pages=[], user_id=world.users["admin"], reason="uji")
        forms.set_trust(s, "c-uji", 1, proven=True, user_id=world.users["staff"], reason="uji")
    photo = receipt.photo_id
    with world.db.writing() as s:  # what only other ways than this one write
        s.add(PhotoOrigin(photo_id=photo, channel=Channel.IMPORT, sent_by="", caption="", why=""))
        s.add(PhotoLikeness(photo_id=photo, picture="00"))
        s.add(PhotoHold(photo_id=photo, at=receipt.received_at, code="quarantined", detail=""))
    _desk_rows(world, photo)
    _published_rows(world)
    _anomaly_rows(world)


def _anomaly_rows(world: World) -> None:
    with world.db.writing() as s:
        counts = s.scalars(select(SheetCommit)).one()
        row = Anomaly(election_id=counts.election_id, tps_id=counts.tps_id, kind="turnout", what="", first_at=clock.now())
        s.add(row)
        s.flush()
        how = {"number": 1, "at": clock.now(), "event": AnomalyEvent.FOUND, "state": AnomalyStanding.OPEN, "severity": "low"}
        s.add(AnomalyState(anomaly_id=row.id, figures={}, context={}, places=[], **how))


def _published_rows(world: World) -> None:
    with world.db.writing() as s:
        counts = s.scalars(select(SheetCommit)).one()
        what = {"source": "KPU", "name": "a.csv", "kind": "csv", "sha256": "0" * 64, "size": 1, "as_of": "", "digest": "", "ids": {}}
        whose = {"election_id": counts.election_id, "user_id": world.users["admin"], "at": clock.now()}
        row = PublishedImport(version=1, stations=1, figures=1, **what, **whose)
        s.add(row)
        s.flush()
        s.add(PublishedCount(import_id=row.id, tps_id=counts.tps_id, name="suara_sah", value=1))


def _desk_rows(world: World, photo: int) -> None:
    """One row of what the reviewers' desk writes."""
    who, at = world.users["reviewer"], clock.now()
    with world.db.writing() as s:
        counts = s.scalars(select(SheetCommit)).one()
        place = {"election_id": counts.election_id, "tps_id": counts.tps_id, "form": counts.form, "page": counts.page}
        action = ReviewAction(photo_id=photo, user_id=who, at=at, kind=ActionKind.ENTER, before={}, after={}, note="", **place)
        sample = Sample(commit_id=counts.id, step=Step.MACHINE, election_id=counts.election_id, photo_id=photo, at=at)
        s.add_all([action, sample])
        s.flush()
        stage = {"number": 1, "round": 1, "stage": Stage.SAMPLE}
        entry = Entry(photo_id=photo, user_id=who, at=at, action_id=action.id, election_id=counts.election_id, values={}, **stage)
        s.add(entry)
        s.flush()
        judged = {"action_id": action.id, "at": at, "right": True, "numbers": 3, "wrong": 0}
        s.add_all([EntryVerdict(entry_id=entry.id, **judged), SampleResult(sample_id=sample.id, **judged)])
        s.add(AcceptingSwitch(election_id=counts.election_id, at=at, accepting=False, note="", facts={}))


@pytest.mark.parametrize("table", [t.__tablename__ for t in INSERT_ONLY])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_triggers_refuse_to_change_history(world: World, table: str, change: str) -> None:
    counted(world)
    column = next(iter(Base.metadata.tables[table].primary_key)).name
    with world.db.reading() as s:
        rows = s.execute(text(f"SELECT * FROM {table} ORDER BY 1")).all()  # noqa: S608
    assert rows
    with pytest.raises(DBAPIError, match="insert-only"), world.db.writing() as s:
        s.execute(text(change.format(table, column, column)))
    with world.db.reading() as s:
        assert s.execute(text(f"SELECT * FROM {table} ORDER BY 1")).all() == rows  # noqa: S608


def test_session_refuses_to_change_history(world: World) -> None:
    counted(world)
    with pytest.raises(InsertOnlyError), world.db.writing() as s:
        s.scalars(select(Photo)).one().name = "other.jpg"
    with pytest.raises(InsertOnlyError), world.db.writing() as s:
        s.delete(s.scalars(select(Photo)).one())
    with pytest.raises(InsertOnlyError), world.db.writing() as s:
        s.execute(update(CommittedCount).values(value=999))
    with pytest.raises(InsertOnlyError), world.db.writing() as s:
        s.execute(delete(CommittedCount))
    with pytest.raises(InsertOnlyError), world.db.writing() as s:
        s.scalars(select(CommittedCount)).first().value = 999  # type: ignore[union-attr]


def test_foreign_keys_hold(world: World) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"), world.db.writing() as s:
        s.execute(text("INSERT INTO user_area (user_id, region_id) VALUES (987654, 1)"))


def test_reading_throws_changes_away_and_writing_rolls_back(world: World) -> None:
    with world.db.reading() as s:
        s.execute(text("UPDATE election SET name = 'x'"))
    with pytest.raises(ZeroDivisionError), world.db.writing() as s:
        s.execute(text("UPDATE election SET name = 'y'"))
        _ = 1 / 0
    with world.db.reading() as s:
        assert not set(s.execute(text("SELECT name FROM election")).scalars()) & {"x", "y"}
