"""A better photo of the same page settles it; what speaks against it goes to a person; nothing that counts changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from db.queries import election
from db.tables import AuditLog, Photo, QueueEntry, SheetCommit
from db.types import Disposition
from review.held import hold
from review.queue import next_sheet, open_sheet
from review.reasons import QUARANTINED
from review.receipt import Receipt
from review.resolve import Confirm, resolve, withdraw
from review.status import PhotoState, photo_status
from review.superseding import says_against
from tally.interpretation import Interpretation, NeedsReview, NumberReading, ReasonCode
from tests.world import World, votes, word

POOR = (ReasonCode.LOW_CONFIDENCE,)
GOOD = votes(27, 152, 3)


def hesitant(receipt: Receipt, read: int, perhaps: int, chance: float = 0.45, *extra: ReasonCode) -> Interpretation:
    """Page 2 as read, but for the first pair's number, of which the machine cannot tell whether it is ``read`` or ``perhaps``."""
    made = word(receipt, votes(read, 152, 3), doubt=(*POOR, *extra))
    assert isinstance(made.outcome, NeedsReview)
    first, *rest = made.outcome.numbers
    unsure = replace(first, candidates=((f"{read:03}", 1 - chance), (f"{perhaps:03}", chance)), confidence=1 - chance)
    return replace(made, outcome=replace(made.outcome, numbers=(unsure, *rest)))


def waiting(world: World) -> dict[int, list[str]]:
    """Photo -> codes of its reasons."""
    with world.db.reading() as session:
        return {e.photo_id: [r["code"] for r in e.reasons] for e in session.scalars(select(QueueEntry))}


def counts(world: World) -> dict[str, int | None] | None:
    with world.db.reading() as session:
        rows = list(session.scalars(select(SheetCommit).order_by(SheetCommit.version)))
        return {c.name: c.value for c in rows[-1].counts} if rows and not rows[-1].void else None


def confirm(world: World, photo_id: int) -> None:
    with world.db.writing() as session:
        sheet = next_sheet(session, world.users["reviewer"])
        assert sheet is not None and sheet.photo_id == photo_id
        resolve(session, world.users["reviewer"], photo_id, Confirm(), stamp=sheet.stamp)


def test_a_blurred_photo_gives_way_to_a_better_one(world: World) -> None:
    poor, good = world.upload(), world.upload()
    assert world.record(poor, hesitant(poor, 21, 27)).disposition is Disposition.REVIEW
    assert world.read(good, GOOD).disposition is Disposition.COMMITTED
    assert waiting(world) == {} and counts(world) == GOOD
    with world.db.reading() as session:
        assert len(list(session.scalars(select(Photo)))) == 2  # both are kept
        row = session.scalar(select(AuditLog).where(AuditLog.event == "photo_superseded"))
        assert row is not None and (row.data["photo"], row.data["by"], row.data["commit"]) == (poor.sha256, good.sha256, 1)
        told = photo_status(session, poor.photo_id)
        assert (
            told.state is PhotoState.COUNTED and told.better and (told.form, told.page) == (election(session, "ppwp-2024").owed[1].form, 2)
        )
        assert not photo_status(session, good.photo_id).better


def test_the_worse_one_may_come_later_too(world: World) -> None:
    good, poor = world.upload(), world.upload()
    world.read(good, GOOD)
    assert world.record(poor, hesitant(poor, 21, 27)).disposition is Disposition.AGREES
    assert waiting(world) == {} and counts(world) == GOOD


@pytest.mark.parametrize("first", [True, False])
def test_what_speaks_against_it_goes_to_a_person(world: World, first: bool) -> None:
    """The doubted number is one of the two, but another one was read with confidence, and differs."""
    poor, good = world.upload(), world.upload()

    def other(r: Receipt) -> Interpretation:
        made = hesitant(r, 21, 27)
        assert isinstance(made.outcome, NeedsReview)
        a, b, c = made.outcome.numbers
        return replace(made, outcome=replace(made.outcome, numbers=(a, replace(b, boxes="132", value=132, candidates=(("132", 0.99),)), c)))

    if first:
        world.record(poor, other(poor))
        world.read(good, GOOD)
    else:
        world.read(good, GOOD)
        world.record(poor, other(poor))
    assert list(waiting(world)) == [poor.photo_id] and "conflict" in waiting(world)[poor.photo_id]
    assert counts(world) == GOOD  # a count is never changed by a photo alone


def test_hardly_thinkable_is_against(world: World) -> None:
    poor, good = world.upload(), world.upload()
    world.record(poor, hesitant(poor, 21, 27, chance=0.2))
    world.read(good, GOOD)
    assert waiting(world) == {poor.photo_id: ["low_confidence", "conflict"]}


def test_reasons_of_another_kind_stay(world: World) -> None:
    poor, good = world.upload(stated_page=3), world.upload()  # the sender named another page: a better photo does not answer that
    world.record(poor, hesitant(poor, 27, 21))
    world.read(good, GOOD)
    assert list(waiting(world)) == [poor.photo_id]


def test_a_photo_that_is_held_stays(world: World) -> None:
    poor, good = world.upload(), world.upload()
    world.record(poor, hesitant(poor, 27, 21))
    with world.db.writing() as session:
        hold(session, poor.photo_id, world.users["admin"], QUARANTINED)
    world.read(good, GOOD)
    assert list(waiting(world)) == [poor.photo_id]


def test_a_photo_in_somebodys_hand_stays(world: World) -> None:
    poor, good = world.upload(), world.upload()
    world.record(poor, hesitant(poor, 27, 21))
    with world.db.writing() as session:
        assert next_sheet(session, world.users["reviewer"]) is not None
    world.read(good, GOOD)
    assert list(waiting(world)) == [poor.photo_id]


def test_what_a_person_settled_settles_the_other_photo_too(world: World) -> None:
    one, two = world.upload(), world.upload()
    world.record(one, hesitant(one, 27, 21))
    world.record(two, hesitant(two, 21, 27))
    confirm(world, one.photo_id)
    assert waiting(world) == {} and counts(world) == GOOD


def test_withdrawn_all_photos_of_the_page_wait_again(world: World) -> None:
    poor, good, same = world.upload(), world.upload(), world.upload()
    world.record(poor, hesitant(poor, 21, 27))
    world.read(good, GOOD)
    assert world.read(same, GOOD).disposition is Disposition.AGREES
    with world.db.writing() as session:
        withdraw(session, world.users["reviewer"], good.photo_id, "TPS lain")
    assert set(waiting(world)) == {poor.photo_id, good.photo_id, same.photo_id} and counts(world) is None
    assert waiting(world)[poor.photo_id] == ["withdrawn", "low_confidence"]
    with world.db.reading() as session:
        assert photo_status(session, poor.photo_id).state is PhotoState.IN_REVIEW
    with world.db.writing() as session:  # settled anew, they give way anew
        sheet = open_sheet(session, world.users["reviewer"], same.photo_id)
        resolve(session, world.users["reviewer"], same.photo_id, Confirm(), stamp=sheet.stamp)
    assert set(waiting(world)) == {good.photo_id} and counts(world) == GOOD  # that one a person withdrew: he decides about it


def number(boxes: str, value: int | None, *candidates: tuple[str, float]) -> NumberReading:
    return NumberReading("n", boxes, value, 0.5, candidates=candidates)


@pytest.mark.parametrize(
    ("read", "counted", "against"),
    [
        (number("X27", 27), 27, False),
        (number("X27", 27, ("X27", 0.9), ("X21", 0.05)), 21, True),
        (number("X27", 27, ("X27", 0.6), ("X21", 0.3)), 21, False),
        (number("X27", 27, ("X27", 0.6), ("X21", 0.29)), 21, True),
        (number("X?7", None), 27, False),  # not legible: says nothing
        (number("1X3", None, ("1X3", 0.9)), 13, True),  # legible, but no number: a person must see which is right
        (number("X27", 27, ("X27", 0.6)), None, True),
        (number("X27", 27), 28, True),
    ],
)
def test_says_against(read: NumberReading, counted: int | None, against: bool) -> None:
    assert bool(says_against([read], {"n": counted})) is against
