"""Taking back what one did last: so long, so far, and nothing erased."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from db.audit import verify
from db.tables import ReviewAction, SheetCommit
from db.types import ActionKind, Stage
from review.actions import UNDO
from review.errors import CannotUndo
from review.overview import mine
from review.resolve import Assign, Correct, RejectPhoto
from review.status import PhotoState, photo_status
from tests.review.desk import Desk, later
from tests.world import OTHER_TPS, validity

RIGHT = validity(178, 5)


def why(desk: Desk, receipt: object, who: str = "reviewer") -> str:
    with pytest.raises(CannotUndo) as e:
        desk.undo(receipt, who)  # type: ignore[arg-type]
    return str(e.value.details["why"])


def test_a_commit_is_taken_back_and_made_anew(desk: Desk) -> None:
    receipt = desk.waiting()
    desk.enter(receipt, RIGHT, "reviewer")
    view = desk.undo(receipt)
    assert view.leased_by == "reviewer" and view.previous == RIGHT and view.stage is Stage.FIRST and desk.counted() == []
    desk.act(view, Correct(validity(179, 4)))
    assert desk.counted() == [validity(179, 4)]
    with desk.reading() as s:
        assert [(c.version, c.void) for c in s.scalars(select(SheetCommit).order_by(SheetCommit.id))] == [(1, False), (2, True), (3, False)]
        kinds = [a.kind for a in s.scalars(select(ReviewAction).order_by(ReviewAction.id))]
        assert kinds == [ActionKind.CORRECT, ActionKind.UNDO, ActionKind.CORRECT] and verify(s) == []
        assert mine(s, desk.people["reviewer"])["today"] == 1  # what was taken back is no sheet done


def test_another_does_not_see_what_was_typed(desk: Desk) -> None:
    receipt = desk.waiting()
    desk.enter(receipt, RIGHT, "reviewer")
    desk.undo(receipt)
    with desk.world.db.writing() as s:
        from review.lease import release

        release(s, desk.people["reviewer"], receipt.photo_id)
    assert desk.take(receipt, "reviewer2").previous is None


def test_not_another_persons_nor_twice_nor_too_late(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = desk.waiting()
    desk.enter(receipt, RIGHT, "reviewer")
    assert why(desk, receipt, "reviewer2") == "not_yours"
    desk.undo(receipt)
    assert why(desk, receipt) == "not_yours"  # the last thing done was the undo itself
    desk.enter(receipt, RIGHT, "reviewer")
    later(monkeypatch, UNDO + timedelta(seconds=1))
    assert why(desk, receipt) == "too_late"
    assert desk.counted() == [RIGHT]


def test_not_when_a_later_version_counts(desk: Desk) -> None:
    receipt = desk.waiting()
    desk.enter(receipt, RIGHT, "reviewer")
    desk.enter(desk.waiting(validity(179, 4), sure=False), validity(179, 4), "reviewer2")
    assert why(desk, receipt) == "gone_on" and desk.counted() == [validity(179, 4)]


def test_a_rejection_is_taken_back(desk: Desk) -> None:
    receipt = desk.waiting()
    desk.act(desk.take(receipt), RejectPhoto(reason="dark", note="sisi kiri"))
    with desk.reading() as s:
        status = photo_status(s, receipt.photo_id)
        assert status.state is PhotoState.REJECTED and status.note.startswith("Foto terlalu gelap") and status.note.endswith("sisi kiri")
    desk.undo(receipt)
    with desk.reading() as s:
        assert photo_status(s, receipt.photo_id).state is PhotoState.IN_REVIEW


def test_a_move_is_not_taken_back_but_moved_back(desk: Desk) -> None:
    receipt = desk.waiting()
    desk.act(desk.take(receipt), Assign(tps_code=OTHER_TPS))
    assert why(desk, receipt) == "not_yours"


def test_the_first_entry_until_another_has_it_in_hand(desk: Desk) -> None:
    desk.policy(entry="double_all")
    receipt = desk.waiting()
    desk.enter(receipt, RIGHT, "reviewer")
    view = desk.undo(receipt)
    assert (view.stage, view.previous) == (Stage.FIRST, RIGHT)
    desk.act(view, Correct(RIGHT))
    desk.take(receipt, "reviewer2")
    assert why(desk, receipt) == "gone_on"


def test_the_second_entry_only_where_it_met_the_first(desk: Desk) -> None:
    desk.policy(entry="double_all")
    agreed, apart = desk.waiting(), desk.waiting(tps=OTHER_TPS)
    for receipt in (agreed, apart):
        desk.enter(receipt, RIGHT, "reviewer")
    desk.enter(agreed, RIGHT, "reviewer2")
    desk.enter(apart, validity(177, 6), "reviewer2")
    assert why(desk, apart, "reviewer2") == "gone_on"  # he may know by now what the first wrote
    view = desk.undo(agreed, "reviewer2")
    assert (view.stage, view.blind, desk.counted()) == (Stage.SECOND, True, [])
    desk.act(view, Correct(validity(177, 6)), "reviewer2")
    assert desk.take(agreed, "reviewer3").differs == ("suara_sah", "suara_tidak_sah")


def test_a_fresh_sample_of_it_goes_with_it(desk: Desk) -> None:
    desk.policy(sample_single=1000)
    receipt = desk.waiting()
    desk.enter(receipt, RIGHT, "reviewer")
    entry = desk.entry(receipt)
    assert entry is not None and entry.stage is Stage.SAMPLE
    view = desk.undo(receipt)
    assert view.stage is Stage.FIRST and not view.blind
    desk.act(view, Correct(RIGHT))
    desk.take(receipt, "reviewer2")
    assert why(desk, receipt) == "gone_on"
