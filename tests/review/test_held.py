"""What must not count without a person: revoked senders, one photo for two TPS, lookalikes under another TPS."""

from __future__ import annotations

import pytest

from db.audit import verify
from db.types import Disposition, Source
from review import reasons
from review.held import hold, quarantine_user
from review.likeness import note_likeness
from review.queue import open_sheet, queue
from review.receipt import Receipt
from review.resolve import Confirm, resolve
from review.status import PhotoState, photo_status
from tally.interpretation import ReasonCode
from tests.world import FORM, OTHER_TPS, TPS, World, votes


def state(world: World, receipt: Receipt) -> PhotoState:
    with world.db.reading() as s:
        return photo_status(s, receipt.photo_id).state


def held(world: World, receipt: Receipt, code: str = reasons.QUARANTINED, detail: str = "ponsel hilang") -> bool:
    with world.db.writing() as s:
        return hold(s, receipt.photo_id, world.users["admin"], code, detail)


def waiting_for(world: World) -> list[list[str]]:
    with world.db.reading() as s:
        return [[r.code for r in item.reasons] for item in queue(s).items]


def test_a_photo_not_yet_read_goes_to_a_person(world: World) -> None:
    receipt = world.upload()
    assert not held(world, receipt) and not held(world, receipt)
    assert world.read(receipt, votes(1, 2, 3)).disposition is Disposition.REVIEW
    assert waiting_for(world) == [["quarantined"]]


def test_one_that_waits_gets_the_reason_once(world: World) -> None:
    receipt = world.upload()
    world.read(receipt, votes(1, 2, 3), doubt=(ReasonCode.LOW_CONFIDENCE,))
    held(world, receipt)
    held(world, receipt)
    assert waiting_for(world) == [["low_confidence", "quarantined"]]


def test_what_the_machine_counted_is_withdrawn_until_a_person_has_looked(world: World) -> None:
    receipt = world.upload()
    world.read(receipt, votes(1, 2, 3))
    assert state(world, receipt) is PhotoState.COUNTED
    assert held(world, receipt)
    assert state(world, receipt) is PhotoState.IN_REVIEW and waiting_for(world) == [["quarantined"]]
    reviewer = world.users["reviewer"]
    with world.db.writing() as s:
        sheet = open_sheet(s, reviewer, receipt.photo_id)
        done = resolve(s, reviewer, receipt.photo_id, Confirm(), stamp=sheet.stamp)
        assert done.commit is not None and (done.commit.version, done.commit.source) == (3, Source.PERSON)
    assert state(world, receipt) is PhotoState.COUNTED
    assert not held(world, receipt, detail="sekali lagi")
    assert state(world, receipt) is PhotoState.COUNTED  # a person has seen it
    with world.db.reading() as s:
        assert verify(s) == []


def test_a_whole_account(world: World) -> None:
    photos = [world.upload(tps=t) for t in (TPS, OTHER_TPS)]
    world.read(photos[0], votes(1, 2, 3))
    with world.db.writing() as s:
        assert quarantine_user(s, world.users["operator"], world.users["admin"]) == (2, 1)
    world.read(photos[1], votes(4, 5, 6))
    assert [state(world, p) for p in photos] == [PhotoState.IN_REVIEW] * 2


def look(world: World, receipt: Receipt, picture: str, paper: str | None = None, page: int = 2) -> None:
    with world.db.writing() as s:
        note_likeness(s, receipt.photo_id, picture, FORM, page, paper)


@pytest.mark.parametrize(
    ("tps", "page", "picture", "paper", "code"),
    [
        (OTHER_TPS, 2, "0" * 63 + "3", None, "same_picture"),
        (OTHER_TPS, 2, "f" * 64, "0" * 120 + "ffffffff", "same_paper"),
        (OTHER_TPS, 2, "f" * 64, "0" * 64 + "f" * 64, None),
        (OTHER_TPS, 3, "0" * 64, "0" * 128, None),
        (TPS, 2, "0" * 64, "0" * 128, None),
    ],
)
def test_lookalikes(world: World, tps: str, page: int, picture: str, paper: str | None, code: str | None) -> None:
    first, second = world.upload(tps=TPS), world.upload(tps=tps)
    look(world, first, "0" * 64, "0" * 128)
    world.read(first, votes(1, 2, 3))
    look(world, second, picture, paper, page)
    done = world.read(second, votes(1, 2, 3))
    assert (done.disposition is Disposition.REVIEW) == (code is not None)
    assert waiting_for(world) == ([[code]] if code else [])
    if code:
        with world.db.reading() as s:
            assert "TPS 001, MARIANA" in queue(s).items[0].reasons[0].message
