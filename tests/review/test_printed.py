"""The TPS printed on a form against the one the sender named; pages of other elections and other electoral districts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from db.tables import Photo, QueueEntry
from db.types import Disposition
from review import commit
from review.errors import UnknownPage
from tally.interpretation import Interpretation, PrintedPlace, ReasonCode
from templates_c1.registry import page as template_page
from tests.world import OTHER_TPS, TPS, World, word

FORM = "desk-bupati-1607-2024"
ELECTION = "bupati-2024"
VOTES = {"suara_paslon_1": 60, "suara_paslon_2": 40, "suara_sah": 100, "suara_tidak_sah": 3, "suara_total": 103}


def reasons(world: World, photo_id: int) -> list[dict[str, str]]:
    with world.db.reading() as s:
        return s.scalars(select(QueueEntry).where(QueueEntry.photo_id == photo_id)).one().reasons


def read(world: World, place: PrintedPlace | None, *, tps: str = TPS, election: str = ELECTION) -> tuple[int, Disposition]:
    receipt = world.upload(tps=tps, election=election)
    said: Interpretation = replace(word(receipt, VOTES, form=FORM, page=2), place=place)
    return receipt.photo_id, world.record(receipt, said).disposition


@pytest.mark.parametrize("place", [None, PrintedPlace(FORM, 2, TPS)])
def test_same_place_or_no_print_is_no_doubt(world: World, place: PrintedPlace | None) -> None:
    assert read(world, place)[1] is Disposition.COMMITTED


def test_other_tps_is_a_persons_question(world: World) -> None:
    photo, what = read(world, PrintedPlace(FORM, 2, OTHER_TPS))
    assert what is Disposition.REVIEW
    (why,) = reasons(world, photo)
    assert why["code"] == "printed_tps_differs"
    assert why["message"].endswith("(TPS 001, MARIANA, BANYUASIN I / TPS 002, MARIANA, BANYUASIN I)")


def test_a_tps_that_is_not_known_here_is_named_by_its_code(world: World) -> None:
    photo, what = read(world, PrintedPlace(FORM, 2, "9999999999999"))
    assert what is Disposition.REVIEW and reasons(world, photo)[0]["message"].endswith("/ 9999999999999)")


def test_code_of_another_page_is_a_persons_question(world: World) -> None:
    photo, what = read(world, PrintedPlace(FORM, 1, TPS))
    assert what is Disposition.REVIEW and [r["code"] for r in reasons(world, photo)] == ["printed_page_differs"]


def test_page_of_another_election_names_it(world: World) -> None:
    photo, what = read(world, PrintedPlace(FORM, 2, TPS), election="ppwp-2024")
    assert what is Disposition.WRONG_FORM
    (why,) = reasons(world, photo)
    assert why["code"] == "wrong_form" and why["message"].endswith("(Pemilihan Bupati 2024)")
    assert why["message_en"].endswith("(Regent election 2024)")


def test_page_of_another_dapil_does_not_count_here(world: World) -> None:
    """160701 is in dapil 5 of the regency council: the pages of dapil 1 are no pages of its TPS."""
    form = "desk-dprd-kab-160701-2024"
    receipt = world.upload(election="dprd-kab-2024")
    values = {n.name: 0 for n in template_page(form, 2).numbers}
    said = replace(word(receipt, values, form=form, page=2), place=PrintedPlace(form, 2, "1607031033901"))
    assert world.record(receipt, said).disposition is Disposition.WRONG_FORM
    assert [r["code"] for r in reasons(world, receipt.photo_id)] == [ReasonCode.WRONG_FORM, "printed_tps_differs"]


def test_stated_page_must_be_owed_by_this_tps(world: World) -> None:
    world.upload(election="dprd-kab-2024", tps="1607031033901", stated_page=12)  # dapil 1 has party 11
    with pytest.raises(UnknownPage):
        world.upload(election="dprd-kab-2024", tps=TPS, stated_page=12)  # dapil 5 has not


def test_a_page_that_would_count_nowhere_is_not_committed(world: World) -> None:
    receipt = world.upload(election="dprd-kab-2024")  # a TPS of dapil 5
    form = "desk-dprd-kab-160701-2024"
    values = {n.name: 0 for n in template_page(form, 2).numbers}
    with world.db.writing() as s:
        photo = s.get_one(Photo, receipt.photo_id)
        place = commit.Place("dprd-kab-2024", photo.tps_id, form, 2)
        with pytest.raises(UnknownPage):
            commit.write(s, place, values, photo=photo, interpretation_id=None, action=None, follows=None, at=photo.received_at)
