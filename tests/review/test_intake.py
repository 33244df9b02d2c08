"""An upload is kept or refused with a reason; an interpretation acts once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from db.tables import CommittedCount, Interpretation, Photo, QueueEntry, SheetCommit
from db.types import Disposition, QueueKind, Role
from db.users import create_user
from review.errors import (
    DuplicateOtherTps,
    DuplicatePhoto,
    NotAllowed,
    OutsideArea,
    ServiceError,
    UnknownElection,
    UnknownPage,
    UnknownPhoto,
    UnknownTps,
)
from review.intake import clean_name, pending_photos
from review.queue import next_sheet, queue, sheet_view
from review.status import PhotoState, photo_status
from tally import codec
from tally.interpretation import ReasonCode
from tests.world import FORM, OTHER_TPS, PASSWORD, TPS, World, unreadable, validity, votes, word


def count(world: World, table: type) -> int:
    with world.db.reading() as s:
        return s.scalar(select(func.count()).select_from(table)) or 0


def stored(world: World) -> list[str]:
    return world.files()


def state(world: World, photo_id: int) -> PhotoState:
    with world.db.reading() as s:
        return photo_status(s, photo_id).state


def test_receipt_comes_after_file_and_row(world: World) -> None:
    receipt = world.upload(data=b"jpeg", name="C:\\Foto\\IMG 1.jpg", stated_page=2)
    assert world.store.get(receipt.sha256) == b"jpeg"
    assert (receipt.size, receipt.name, receipt.tps.code, receipt.tps.label) == (4, "IMG 1.jpg", TPS, "TPS 001, MARIANA, BANYUASIN I")
    assert receipt.number == receipt.sha256[:10].upper()
    assert state(world, receipt.photo_id) is PhotoState.READING
    with world.db.reading() as s:
        (waiting,) = pending_photos(s)
    assert (waiting.photo_id, waiting.forms) == (receipt.photo_id, (FORM,))


@pytest.mark.parametrize(
    ("what", "error", "status"),
    [
        ({"tps": "1607011016999"}, UnknownTps, 422),
        ({"tps": "1607011016"}, UnknownTps, 422),
        ({"election": "ppwp-1955"}, UnknownElection, 422),
        ({"stated_page": 4}, UnknownPage, 422),
        ({"by": "staff"}, NotAllowed, 403),
        ({"by": "admin"}, NotAllowed, 403),
    ],
)
def test_refused_upload_leaves_nothing(world: World, what: dict[str, object], error: type[ServiceError], status: int) -> None:
    with pytest.raises(error) as e:
        world.upload(**what)  # type: ignore[arg-type]
    shape = e.value.to_dict()["error"]
    assert set(shape) == {"code", "message", "message_en", "details"}
    assert e.value.http_status == status
    assert shape["message"] and shape["message_en"] and shape["message"] != shape["message_en"]
    assert stored(world) == [] and count(world, Photo) == 0


def test_operator_stays_in_his_area(world: World) -> None:
    with world.db.writing() as s:
        mine = create_user(s, "Petugas", PASSWORD, Role.OPERATOR, areas=["160702"])
    world.users["petugas"] = mine.id  # type: ignore[index]
    with pytest.raises(OutsideArea):
        world.upload(by="petugas", tps=TPS)
    assert stored(world) == []


def test_same_photo_again_gives_the_same_receipt(world: World) -> None:
    first = world.upload(data=b"same")
    with pytest.raises(DuplicatePhoto) as e:
        world.upload(data=b"same", by="reviewer")
    assert e.value.error_code == "duplicate_photo"
    assert e.value.receipt == first and e.value.details["receipt"]["photo"] == first.photo_id
    with pytest.raises(DuplicateOtherTps) as other:
        world.upload(data=b"same", tps=OTHER_TPS)
    assert other.value.error_code == "duplicate_other_tps" and other.value.details["tps"]["code"] == TPS
    with pytest.raises(DuplicateOtherTps):
        world.upload(data=b"same", election="ppwp-2019")
    assert count(world, Photo) == 1 and len(stored(world)) == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "passwd"), ("a\x00b\n.jpg", "ab.jpg"), ("", "foto"), ("x" * 400, "x" * 255), ("C:\\a\\b.jpg", "b.jpg")],
)
def test_clean_name(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_accepted_is_committed_once(world: World) -> None:
    receipt = world.upload()
    first = world.read(receipt, votes(27, 152, 3))
    again = world.read(receipt, votes(27, 152, 3))
    assert first.disposition is Disposition.COMMITTED and first.new
    assert (again.interpretation_id, again.disposition, again.new) == (first.interpretation_id, Disposition.COMMITTED, False)
    assert (count(world, SheetCommit), count(world, CommittedCount), count(world, Interpretation)) == (1, 3, 1)
    assert state(world, receipt.photo_id) is PhotoState.COUNTED
    with world.db.reading() as s:
        assert pending_photos(s) == []
        body = s.scalars(select(Interpretation)).one().body
    assert codec.from_json(body) == codec.from_json(codec.to_json(word(receipt, votes(27, 152, 3))))


def test_new_versions_after_settling_are_stored_only(world: World) -> None:
    receipt = world.upload()
    world.read(receipt, votes(27, 152, 3))
    late = world.read(receipt, votes(27, 153, 3), versions={"cnn": "b"})
    assert late.disposition is Disposition.LATE
    assert (count(world, SheetCommit), count(world, Interpretation), count(world, QueueEntry)) == (1, 2, 0)
    assert state(world, receipt.photo_id) is PhotoState.COUNTED


def test_late_word_changes_nothing_that_is_shown(world: World) -> None:
    world.read(world.upload(), votes(27, 152, 3))
    receipt = world.upload()
    world.read(receipt, votes(27, 152, 3))
    with world.db.reading() as s:
        before = photo_status(s, receipt.photo_id), sheet_view(s, receipt.photo_id)
    assert world.record(receipt, unreadable(receipt, versions={"cnn": "b"})).disposition is Disposition.LATE
    with world.db.reading() as s:
        after = photo_status(s, receipt.photo_id), sheet_view(s, receipt.photo_id)
    assert after[0] == before[0] and (after[0].form, after[0].page) == (FORM, 2)
    assert after[1].fields == before[1].fields and len(after[1].history) == len(before[1].history) + 1


def test_better_versions_may_settle_what_still_waits_but_not_what_is_in_hand(world: World) -> None:
    free, held = world.upload(), world.upload(tps=OTHER_TPS)
    for receipt in (held, free):
        world.read(receipt, votes(1, 2, 3), doubt=(ReasonCode.LOW_CONFIDENCE,))
    with world.db.writing() as s:
        sheet = next_sheet(s, world.users["reviewer"])
    assert sheet is not None and sheet.photo_id == held.photo_id
    assert world.read(held, votes(1, 2, 3), versions={"cnn": "b"}).disposition is Disposition.LATE
    assert world.read(free, votes(1, 2, 3), versions={"cnn": "b"}).disposition is Disposition.COMMITTED
    with world.db.reading() as s:
        assert [i.photo_id for i in queue(s).items] == [held.photo_id]


def test_second_photo_of_a_sheet(world: World) -> None:
    world.read(world.upload(), votes(27, 152, 3))
    same, other = world.upload(), world.upload()
    assert world.read(same, votes(27, 152, 3)).disposition is Disposition.AGREES
    assert world.read(other, votes(27, 652, 3) | {"suara_paslon_2": 252}).disposition is Disposition.CONFLICT
    assert state(world, same.photo_id) is PhotoState.COUNTED
    assert state(world, other.photo_id) is PhotoState.IN_REVIEW
    assert count(world, SheetCommit) == 1
    with world.db.reading() as s:
        (item,) = queue(s, kind=QueueKind.CONFLICT).items
    assert [r.code for r in item.reasons] == ["conflict"]


def test_other_pages_and_tps_are_other_sheets(world: World) -> None:
    world.read(world.upload(), votes(27, 152, 3))
    assert world.read(world.upload(tps=OTHER_TPS), votes(1, 1, 1)).disposition is Disposition.COMMITTED
    assert world.read(world.upload(), validity(182, 5), page=3).disposition is Disposition.COMMITTED


@pytest.mark.parametrize(
    ("values", "page"),
    [
        (validity(100, 5, 106), 3),  # "accepted" though a sum is broken
        (votes(1, 2, 500), 2),  # beyond the bound
        (votes(1, 2, 3) | {"suara_paslon_1": None}, 2),  # without a value
    ],
)
def test_nothing_is_committed_that_breaks_a_rule_even_if_the_reading_says_accept(
    world: World, values: dict[str, int | None], page: int
) -> None:
    receipt = world.upload()
    assert world.read(receipt, values, page=page).disposition is Disposition.REVIEW
    assert count(world, SheetCommit) == 0
    with world.db.reading() as s:
        (item,) = queue(s).items
    assert [r.code for r in item.reasons] == ["not_complete"] and item.reasons[0].numbers


def test_page_other_than_stated_is_reviewed(world: World) -> None:
    receipt = world.upload(stated_page=3)
    assert world.read(receipt, votes(1, 2, 3)).disposition is Disposition.REVIEW
    with world.db.reading() as s:
        assert [r.code for r in queue(s).items[0].reasons] == ["stated_page_differs"]


def test_form_of_another_election_is_told_and_waits(world: World) -> None:
    receipt = world.upload(election="ppwp-2019")
    assert world.read(receipt, votes(1, 2, 3)).disposition is Disposition.WRONG_FORM
    assert state(world, receipt.photo_id) is PhotoState.WRONG_FORM
    said = world.upload()
    assert world.record(said, unreadable(said, ReasonCode.WRONG_FORM)).disposition is Disposition.WRONG_FORM
    assert count(world, SheetCommit) == 0 and count(world, QueueEntry) == 2


def test_unreadable_is_told_and_waits(world: World) -> None:
    receipt = world.upload()
    assert world.record(receipt, unreadable(receipt)).disposition is Disposition.UNREADABLE
    with world.db.reading() as s:
        told = photo_status(s, receipt.photo_id)
        (item,) = queue(s, kind=QueueKind.UNREADABLE).items
    assert told.state is PhotoState.UNREADABLE
    assert [r.code for r in told.reasons] == ["form_not_recognised"] and told.reasons[0].message and told.reasons[0].message_en
    assert (item.form, item.page) == (None, None)


def test_interpretation_of_another_file_is_refused(world: World) -> None:
    receipt, other = world.upload(), world.upload()
    with pytest.raises(ValueError, match="offered for photo"):
        world.record(receipt, word(other, votes(1, 2, 3)))
    with pytest.raises(UnknownPhoto), world.db.writing() as s:
        from review.intake import record_interpretation

        record_interpretation(s, 987654, word(other, votes(1, 2, 3)))
    assert count(world, Interpretation) == 0


def test_pages_of_one_station_must_fit_each_other(world: World) -> None:
    assert world.read(world.upload(), votes(10, 20, 30)).disposition is Disposition.COMMITTED
    third = world.upload()
    assert world.read(third, validity(61, 2), page=3).disposition is Disposition.REVIEW
    with world.db.reading() as s:
        (reason,) = queue(s).items[0].reasons
    assert (reason.code, reason.numbers) == ("pages_disagree", ("suara_sah",))
    assert "61" in reason.message and "60" in reason.message
    assert world.read(world.upload(), validity(60, 2), page=3).disposition is Disposition.COMMITTED


def test_another_station_has_no_say_in_that(world: World) -> None:
    world.read(world.upload(tps=OTHER_TPS), votes(10, 20, 30))
    assert world.read(world.upload(), validity(61, 2), page=3).disposition is Disposition.COMMITTED
