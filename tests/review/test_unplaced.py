"""A photo without a place is kept, placed by what its form says, and never by a guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from db.cleaning import orphans
from db.queries import region_row, tps_refs
from db.tables import Photo, QueueEntry, UserArea
from db.types import Disposition
from review import unplaced
from review.errors import AlreadySettled, DuplicatePhoto, NotAllowed, OutsideArea
from review.unplaced import OpenReceipt, Why
from tally.interpretation import Interpretation, PrintedPlace, Reason, ReasonCode, Unreadable
from tests.world import OTHER_TPS, TPS, World, word

FORM = "desk-bupati-1607-2024"
VOTES = {"suara_paslon_1": 60, "suara_paslon_2": 40, "suara_sah": 100, "suara_tidak_sah": 3, "suara_total": 103}


def send(world: World, data: bytes = b"a photo", *, election: str | None = None, tps: str | None = None) -> OpenReceipt:
    return unplaced.receive_open(
        world.db,
        world.store,
        data=data,
        name="foto.jpg",
        media_type="image/jpeg",
        uploader_id=world.users["operator"],
        election_id=election,
        tps_code=tps,
    )


def said(receipt: OpenReceipt, place: PrintedPlace | None, *, form: str = FORM, page: int = 2) -> Interpretation:
    return replace(word(receipt, VOTES, form=form, page=page), place=place)  # type: ignore[arg-type]


def blank(receipt: OpenReceipt) -> Interpretation:
    return Interpretation(receipt.name, receipt.sha256, Unreadable((Reason(ReasonCode.FORM_NOT_RECOGNISED, (), ""),)))


def read(world: World, receipt: OpenReceipt, what: Interpretation) -> Disposition | Why | None:
    with world.db.writing() as s:
        recorded = unplaced.record_open(s, receipt.unplaced_id, what)
    with world.db.reading() as s:
        return recorded.disposition if recorded else unplaced.open_photo(s, receipt.unplaced_id).reason


def where(world: World, receipt: OpenReceipt) -> tuple[str, str]:
    with world.db.reading() as s:
        photo = s.scalars(select(Photo).where(Photo.id == unplaced.open_photo(s, receipt.unplaced_id).photo_id)).one()
        return photo.election_id, tps_refs(s, [photo.tps_id])[photo.tps_id].code


def test_print_alone_places_a_photo(world: World) -> None:
    receipt = send(world)
    assert receipt.tps is None and world.store.get(receipt.sha256) == b"a photo"
    assert read(world, receipt, said(receipt, PrintedPlace(FORM, 2, OTHER_TPS))) is Disposition.COMMITTED
    assert where(world, receipt) == ("bupati-2024", OTHER_TPS)
    assert read(world, receipt, said(receipt, PrintedPlace(FORM, 2, TPS))) is None  # once is enough
    with pytest.raises(DuplicatePhoto):
        send(world)


def test_stated_tps_and_the_form_place_it(world: World) -> None:
    receipt = send(world, tps=TPS)
    assert read(world, receipt, said(receipt, None)) is Disposition.COMMITTED
    assert where(world, receipt) == ("bupati-2024", TPS)


def test_stated_tps_against_print_is_a_persons_question(world: World) -> None:
    receipt = send(world, tps=TPS)
    assert read(world, receipt, said(receipt, PrintedPlace(FORM, 2, OTHER_TPS))) is Disposition.REVIEW
    assert where(world, receipt) == ("bupati-2024", TPS)


@pytest.mark.parametrize(
    ("tps", "place", "why"),
    [
        (None, None, Why.NO_TPS),
        (None, PrintedPlace(FORM, 2, "9999999999999"), Why.NO_TPS),
    ],
)
def test_what_is_not_said_is_not_guessed(world: World, tps: str | None, place: PrintedPlace | None, why: Why) -> None:
    receipt = send(world, tps=tps)
    assert read(world, receipt, said(receipt, place)) is why
    with world.db.reading() as s:
        (waits,) = unplaced.waiting(s)
        assert (waits.form, waits.page, waits.photo_id) == (FORM, 2, None) and s.scalars(select(Photo)).all() == []


def test_unreadable_without_a_place_waits(world: World) -> None:
    receipt = send(world)
    assert read(world, receipt, blank(receipt)) is Why.UNREADABLE


def test_page_that_no_election_of_the_tps_uses(world: World) -> None:
    receipt = send(world, tps=TPS)  # desk form of the president: the official form is the election's
    what = replace(said(receipt, None), outcome=replace(said(receipt, None).outcome, form="desk-ppwp-2024"))  # type: ignore[arg-type]
    assert read(world, receipt, what) is Why.NO_ELECTION


def test_print_does_not_widen_an_operators_area(world: World) -> None:
    with world.db.writing() as s:
        s.add(UserArea(user_id=world.users["operator"], region_id=region_row(s, "160702").id))
    with pytest.raises(OutsideArea):
        send(world, tps=TPS)
    receipt = send(world)
    assert read(world, receipt, said(receipt, PrintedPlace(FORM, 2, TPS))) is Why.OUTSIDE_AREA


def test_a_person_places_it_and_the_print_is_still_heard(world: World) -> None:
    receipt = send(world)
    read(world, receipt, said(receipt, None))
    with world.db.writing() as s, pytest.raises(NotAllowed):
        unplaced.place(s, receipt.unplaced_id, by=world.users["operator"], election_id="bupati-2024", tps_code=TPS)
    with world.db.writing() as s:
        recorded = unplaced.place(s, receipt.unplaced_id, by=world.users["reviewer"], election_id="bupati-2024", tps_code=TPS)
    assert recorded is not None and recorded.disposition is Disposition.COMMITTED
    with world.db.writing() as s, pytest.raises(AlreadySettled):
        unplaced.put_aside(s, receipt.unplaced_id, by=world.users["reviewer"])


def test_put_aside_is_closed_and_its_file_stays(world: World) -> None:
    receipt = send(world)
    read(world, receipt, blank(receipt))
    with world.db.writing() as s:
        unplaced.put_aside(s, receipt.unplaced_id, by=world.users["reviewer"])
    with world.db.reading() as s:
        assert unplaced.waiting(s) == [] and unplaced.unread(s) == []
    assert orphans(world.db, world.store, older_than=timedelta(seconds=-5)) == []
    assert world.store.get(receipt.sha256) == b"a photo"


def test_sent_again_without_a_place_is_one_photo(world: World) -> None:
    first, again = send(world), send(world)
    assert again.again and again.unplaced_id == first.unplaced_id
    world.upload(data=b"a photo", election="bupati-2024", tps=TPS)  # now with its place
    assert read(world, first, said(first, PrintedPlace(FORM, 2, TPS))) is Disposition.COMMITTED
    with world.db.reading() as s:
        assert len(s.scalars(select(Photo)).all()) == 1


def test_received_time_is_kept(world: World) -> None:
    receipt = send(world)
    read(world, receipt, said(receipt, PrintedPlace(FORM, 2, TPS)))
    with world.db.reading() as s:
        assert s.scalars(select(Photo)).one().received_at == receipt.received_at


@pytest.mark.parametrize("printed", [True, False])
def test_it_is_compared_with_the_others_before_it_counts(world: World, printed: bool) -> None:
    """Placed by its print, or much later by a person: the same picture under another TPS is stopped either way."""
    looks = {"picture": "0" * 64, "form": FORM, "page": 2, "paper": None}
    first, second = send(world, b"one"), send(world, b"two")
    with world.db.writing() as s:
        done = unplaced.record_open(s, first.unplaced_id, said(first, PrintedPlace(FORM, 2, TPS)), looks)
        assert done is not None and done.disposition is Disposition.COMMITTED
    with world.db.writing() as s:
        place = PrintedPlace(FORM, 2, OTHER_TPS) if printed else None
        done = unplaced.record_open(s, second.unplaced_id, said(second, place), looks)
        assert (done is None) is not printed
    if not printed:
        with world.db.writing() as s:
            done = unplaced.place(s, second.unplaced_id, by=world.users["reviewer"], election_id="bupati-2024", tps_code=OTHER_TPS)
    assert done is not None and done.disposition is Disposition.REVIEW
    with world.db.reading() as s:
        (entry,) = s.scalars(select(QueueEntry))
        assert [r["code"] for r in entry.reasons] == ["same_picture"] and "TPS 001" in entry.reasons[0]["message"]
