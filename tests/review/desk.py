"""A desk for tests: sheets that wait, people who take and settle them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db import clock
from db.tables import Election, QueueEntry
from db.totals import contributing_sheets
from db.types import EntryPolicy, Role
from db.users import create_user
from review.lease import open_sheet
from review.receipt import Receipt
from review.resolve import Action, Correct, Resolved, resolve
from review.sheet import SheetView
from review.undo import undo
from tally.interpretation import ReasonCode
from tests.world import PASSWORD, TPS, World, validity

ELECTION = "ppwp-2024"
DOUBT = (ReasonCode.SUM_MISMATCH,)
Values = Mapping[str, int | None]


class Desk:
    """``people``: user name -> id; a third and fourth reviewer are made for the test."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people: dict[str, int] = dict(world.users)
        with world.db.writing() as s:
            for name in ("reviewer3", "reviewer4"):
                self.people[name] = create_user(s, name, PASSWORD, Role.REVIEWER).id

    def policy(self, **columns: Any) -> None:
        """Columns of the election; entry="double_all" for short."""
        if "entry" in columns:
            columns["entry_policy"] = EntryPolicy(columns.pop("entry"))
        with self.world.db.writing() as s:
            row = s.get_one(Election, ELECTION)
            for name, value in columns.items():
                setattr(row, name, value)

    def waiting(self, values: Values | None = None, *, page: int = 3, tps: str = TPS, by: str = "operator", **how: Any) -> Receipt:
        """A sheet in the queue: by default page 3 with a sum that does not hold."""
        receipt = self.world.upload(tps=tps, by=by)
        how.setdefault("doubt", DOUBT)
        self.world.read(receipt, validity(178, 4, 183) if values is None else values, page=page, **how)
        return receipt

    def accepted(self, values: Values | None = None, *, page: int = 3, tps: str = TPS) -> Receipt:
        receipt = self.world.upload(tps=tps)
        self.world.read(receipt, validity(178, 4) if values is None else values, page=page)
        return receipt

    def take(self, receipt: Receipt, who: str = "reviewer", desk: str | None = None) -> SheetView:
        with self.world.db.writing() as s:
            return open_sheet(s, self.people[who], receipt.photo_id, desk=desk)

    def act(self, view: SheetView, action: Action, who: str = "reviewer", desk: str | None = None) -> Resolved:
        with self.world.db.writing() as s:
            return resolve(s, self.people[who], view.photo_id, action, stamp=view.stamp, desk=desk)

    def enter(self, receipt: Receipt, values: Values, who: str, **how: Any) -> Resolved:
        """Take it and type ``values``."""
        return self.act(self.take(receipt, who), Correct(values, **how), who)

    def undo(self, receipt: Receipt, who: str = "reviewer") -> SheetView:
        with self.world.db.writing() as s:
            return undo(s, self.people[who], receipt.photo_id)

    def counted(self, tps: str = TPS) -> list[dict[str, int | None]]:
        with self.reading() as s:
            return [dict(c.values) for c in contributing_sheets(s, ELECTION, tps)]

    def entry(self, receipt: Receipt) -> QueueEntry | None:
        with self.reading() as s:
            return s.scalar(select(QueueEntry).where(QueueEntry.photo_id == receipt.photo_id))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.world.db.reading() as s:
            yield s


def later(monkeypatch: pytest.MonkeyPatch, delta: timedelta) -> None:
    """Let time pass."""
    then = clock.now() + delta
    monkeypatch.setattr(clock, "now", lambda: then)
