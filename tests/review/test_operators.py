"""The operators' report, against small histories told by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.queries import election
from db.tables import PhotoOrigin, Sender
from db.types import Channel, Role, SenderState
from db.users import create_user
from review.deliveries import Delivery, Who
from review.operators import Report, Tries, first_tries, report
from review.queue import next_sheet
from review.resolve import Confirm, RejectPhoto, resolve
from tally.interpretation import ReasonCode
from tests.world import FORM, OTHER_TPS, PASSWORD, TPS, World, unreadable, validity, votes

START = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
KECAMATAN = "160701"


def told(world: World, codes: Sequence[str] = (KECAMATAN,), **how: int) -> Report:
    with world.db.reading() as session:
        return report(session, [election(session, "ppwp-2024")], codes, **how)


def settle(world: World, photo_id: int, what: Confirm | RejectPhoto) -> None:
    with world.db.writing() as session:
        sheet = next_sheet(session, world.users["reviewer"])
        assert sheet is not None and sheet.photo_id == photo_id
        resolve(session, world.users["reviewer"], photo_id, what, stamp=sheet.stamp)


def test_who_delivered_what_and_what_is_missing(world: World) -> None:
    with world.db.writing() as session:
        create_user(session, "budi", PASSWORD, Role.OPERATOR, "Budi", areas=(TPS,))
        create_user(session, "siti", PASSWORD, Role.OPERATOR, "Siti", areas=(OTHER_TPS,))
        create_user(session, "jauh", PASSWORD, Role.OPERATOR, "Jauh", areas=("160702",))
    users = dict(world.users)
    with world.db.reading() as session:
        from sqlalchemy import select

        from db.tables import User

        users |= dict(session.execute(select(User.username, User.id)).all())
    world = World(world.settings, world.db, world.store, users, world.drop)
    first = world.upload(by="budi")
    world.record(first, unreadable(first))  # he is asked to send it again
    second = world.upload(by="budi")
    world.read(second, votes(10, 20, 30), doubt=(ReasonCode.LOW_CONFIDENCE,))  # what the machine doubts is not his fault
    third = world.upload(by="budi")
    world.read(third, validity(60, 1), page=3)
    waits = world.upload(by="budi")  # not read yet: nobody can tell

    seen = told(world)
    people = {p.username: p for p in seen.people}
    assert set(people) == {"budi", "siti"}  # who works here and has sent nothing is told too
    budi = people["budi"]
    assert (budi.photos, budi.pages, budi.stations, budi.tries) == (4, 2, 1, Tries(1, 2))
    assert budi.first == first.received_at and budi.last == waits.received_at and budi.missing == 1
    assert (people["siti"].photos, people["siti"].tries.share, people["siti"].missing) == (0, None, 3)
    station = {s.code: s for s in seen.stations}[TPS]
    assert (station.pages_in, station.pages_owed, station.missing, station.people) == (2, 3, (("ppwp-2024", FORM, 1),), ("Budi",))
    (kecamatan,) = seen.kecamatan
    assert (kecamatan.begun, kecamatan.complete, kecamatan.photos, kecamatan.pages_in) == (1, 0, 4, 2)
    assert kecamatan.pages_owed == 3 * kecamatan.stations and seen.tries == Tries(1, 2)

    assert told(world, ("160702",)).people[0].username == "jauh" and told(world, ("160702",)).pages_in == 0
    own = told(world, ("1607",), only_user=users["siti"])
    assert [p.username for p in own.people] == ["siti"] and own.stations == ()


def test_rejected_and_sent_again(world: World) -> None:
    first = world.upload()
    world.read(first, votes(1, 2, 3), doubt=(ReasonCode.POOR_PHOTO,))
    settle(world, first.photo_id, RejectPhoto(reason="cut_off"))
    assert told(world).tries == Tries(0, 1) and told(world).pages_in == 0
    again = world.upload()
    world.read(again, votes(10, 20, 30))
    seen = told(world)
    assert seen.tries == Tries(0, 1) and seen.pages_in == 1  # there now, but not at the first try
    extra = world.upload()
    world.read(extra, validity(1, 2), page=3, doubt=(ReasonCode.POOR_PHOTO,))
    settle(world, extra.photo_id, RejectPhoto(reason="wrong_page"))  # a page nobody asked for is no fault
    assert told(world).tries == Tries(0, 1)


def test_a_machine_that_failed_is_no_fault_and_a_person_may_still_use_it(world: World) -> None:
    receipt = world.upload(stated_page=2)
    world.record(receipt, unreadable(receipt, ReasonCode.MACHINE_ERROR))
    assert told(world).tries == Tries(0, 0)
    other = world.upload(tps=OTHER_TPS)
    world.record(other, unreadable(other))
    assert told(world).tries == Tries(0, 1)
    with world.db.writing() as session:
        from review.queue import open_sheet
        from review.resolve import Correct

        sheet = open_sheet(session, world.users["reviewer"], other.photo_id)
        typed = Correct(votes(10, 20, 30), FORM, 2)
        from review.sheet import sheet_view

        stamp = sheet_view(session, other.photo_id, form=FORM, page=2).stamp
        resolve(session, world.users["reviewer"], sheet.photo_id, typed, stamp=stamp)
    assert told(world).tries == Tries(1, 1)  # a person could read it: it was good enough


def test_a_chat_is_its_senders(world: World) -> None:
    a, b = world.upload(tps=TPS), world.upload(tps=OTHER_TPS)
    for r in (a, b):
        world.read(r, votes(10, 20, 30))
    sent = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    with world.db.writing() as session:
        session.add(Sender(phone="6281234567890", name="x", state=SenderState.ACTIVE, user_id=world.users["reviewer"], created_at=START))
        for r, name in ((a, "+62 812-3456-7890"), (b, "Pak Tono")):
            session.add(PhotoOrigin(photo_id=r.photo_id, channel=Channel.IMPORT, sent_by=name, sent_at=sent, caption="", why="caption"))
    people = {p.name: p for p in told(world).people}
    assert people["Pak Tono"].registered is False and people["Pak Tono"].first == sent
    assert people["Pemeriksa Satu"].photos == 1 and "Operator Lapangan" not in people


def delivery(n: int, page: int | None, usable: bool | None, form: str | None = FORM, tps: int = 1, who: int = 1) -> Delivery:
    return Delivery(n, Who(who), tps, "ppwp-2024", form if page else None, page, START + timedelta(minutes=n), usable)


@pytest.mark.parametrize(
    ("told", "right", "judged"),
    [
        ([(2, True)], 1, 1),
        ([(2, False), (2, True)], 0, 1),
        ([(2, True), (2, False)], 1, 1),  # the first decides
        ([(None, False), (None, False), (2, True), (3, True)], 1, 2),  # two bad photos of page 2, it seems
        ([(2, True), (None, False)], 1, 2),  # none follows: a page of its own
        ([(None, None), (2, None)], 0, 0),
        ([(2, None), (2, True)], 1, 1),
    ],
)
def test_the_first_try(told: list[tuple[int | None, bool | None]], right: int, judged: int) -> None:
    sent = [delivery(n, page, usable) for n, (page, usable) in enumerate(told)]
    assert first_tries(sent).get((Who(1), 1), Tries()) == Tries(right, judged)


@given(st.lists(st.tuples(st.sampled_from([None, 1, 2, 3]), st.sampled_from([True, False, None]), st.integers(1, 2), st.integers(1, 2))))
def test_never_more_than_was_sent(told: list[tuple[int | None, bool | None, int, int]]) -> None:
    sent = [delivery(n, page, usable, tps=tps, who=who) for n, (page, usable, tps, who) in enumerate(told)]
    found = first_tries(sent)
    for (who, tps), t in found.items():
        mine = [d for d in sent if d.who == who and d.tps_id == tps]
        pages = {d.page for d in mine if d.page is not None and d.usable is not None}
        assert 0 <= t.right <= t.judged <= len(pages) + any(d.page is None for d in mine)
        assert t.right <= len({d.page for d in mine if d.usable and d.page is not None})
