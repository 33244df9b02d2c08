"""Two people, independently: who sees what, who may do what, and what counts when."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from db.audit import verify
from db.tables import Entry, EntryVerdict, SheetCommit
from db.types import Role, Stage
from review.actions import Outcome
from review.errors import AlreadyEntered, BlindSheet, OwnPhoto, RulesBroken, UnknownPage
from review.history import dossier, history
from review.queue import next_sheet, queue
from review.resolve import Assign, Confirm, Correct, RejectPhoto
from review.sheet import sheet_view
from tests.review.desk import ELECTION, Desk
from tests.world import FORM, OTHER_TPS, TPS, unreadable, validity, votes

RIGHT = validity(178, 5)


def test_the_second_sees_nothing_and_equal_entries_count(desk: Desk) -> None:
    desk.policy(entry="double_all")
    receipt = desk.waiting()
    assert desk.take(receipt).needs_second
    done = desk.act(desk.take(receipt), Correct(RIGHT))
    assert (done.outcome, done.commit) == (Outcome.ENTERED, None) and desk.counted() == []
    view = desk.take(receipt, "reviewer2")
    assert view.blind and view.stage is Stage.SECOND
    assert [(f.value, f.boxes, f.confidence, dict(f.readers), f.candidates, f.doubts) for f in view.fields] == [
        (None, None, None, {}, (), ())
    ] * 3
    assert (view.reasons, view.findings, view.hints, view.entries, view.current, view.kind, view.history) == (
        (),
        (),
        (),
        (),
        None,
        None,
        (),
    )
    assert all(f.corners for f in view.fields)  # the picture is all there is to see
    done = desk.act(view, Correct(RIGHT), "reviewer2")
    assert (done.outcome, done.commit) == (Outcome.ENTERED, None)
    assert desk.counted() == [RIGHT] and desk.entry(receipt) is None
    with desk.reading() as s:
        assert [v.right for v in s.scalars(select(EntryVerdict))] == [True, True]
        assert len(s.scalars(select(SheetCommit)).all()) == 1 and verify(s) == []


def test_different_entries_go_to_a_third_who_sees_both(desk: Desk) -> None:
    desk.policy(entry="double_all")
    receipt = desk.waiting()
    desk.enter(receipt, RIGHT, "reviewer")
    desk.enter(receipt, validity(177, 6), "reviewer2")
    assert desk.counted() == []
    for who in ("reviewer", "reviewer2"):
        with pytest.raises(AlreadyEntered):
            desk.take(receipt, who)
        with desk.world.db.writing() as s:
            assert next_sheet(s, desk.people[who]) is None
    view = desk.take(receipt, "reviewer3")
    assert view.stage is Stage.ARBITRATION and not view.blind
    assert [dict(w.values) for w in view.entries] == [RIGHT, validity(177, 6)]
    assert view.differs == ("suara_sah", "suara_tidak_sah") == view.doubt_order[:2]
    done = desk.act(view, Correct(RIGHT), "reviewer3")
    assert done.commit is not None and desk.counted() == [RIGHT]
    with desk.reading() as s:
        assert [(v.right, v.wrong) for v in s.scalars(select(EntryVerdict).order_by(EntryVerdict.entry_id))] == [(True, 0), (False, 2)]
        kinds = [h.data["kind"] for h in history(s, ELECTION, TPS, FORM, 3) if h.kind == "action"]
    assert kinds == ["enter", "enter", "correct"]


def test_the_same_person_is_never_both_even_against_the_working_list(desk: Desk) -> None:
    desk.policy(entry="double_all")
    receipt = desk.waiting()
    desk.enter(receipt, RIGHT, "reviewer")
    with desk.world.db.writing() as s:  # somebody tampered with the working list: the entries themselves still say who wrote
        s.execute(text("UPDATE queue_entry SET barred = ','"))
    with pytest.raises(AlreadyEntered):
        desk.take(receipt, "reviewer")
    with desk.world.db.writing() as s:
        s.execute(text(f"UPDATE queue_entry SET lease_user_id = {desk.people['reviewer']}"))  # noqa: S608
    with desk.reading() as s:
        stamp = sheet_view(s, receipt.photo_id).stamp
    with pytest.raises(AlreadyEntered), desk.world.db.writing() as s:
        from review.resolve import resolve

        resolve(s, desk.people["reviewer"], receipt.photo_id, Correct(RIGHT), stamp=stamp)
    with desk.reading() as s:
        assert len(s.scalars(select(Entry)).all()) == 1


def test_nobody_enters_his_own_photo_second(desk: Desk) -> None:
    desk.policy(entry="double_all")
    receipt = desk.waiting(by="reviewer2")
    desk.enter(receipt, RIGHT, "reviewer")
    with pytest.raises(OwnPhoto):
        desk.take(receipt, "reviewer2")


def test_double_for_votes_only(desk: Desk) -> None:
    desk.policy(entry="double_votes")
    totals, votes_page = desk.waiting(), desk.waiting(votes(1, 2, 3), page=2)
    assert desk.enter(totals, RIGHT, "reviewer").outcome is Outcome.COMMITTED
    assert desk.act(desk.take(votes_page), Confirm()).outcome is Outcome.ENTERED
    desk.enter(votes_page, votes(1, 2, 3), "reviewer2")
    assert desk.counted() == [votes(1, 2, 3), RIGHT]


def test_blind_nobody_confirms_and_the_rules_still_hold(desk: Desk) -> None:
    desk.policy(entry="double_all")
    receipt = desk.waiting(sure=True)
    desk.enter(receipt, validity(178, 4, 183), "reviewer", paper_error=True)
    view = desk.take(receipt, "reviewer2")
    with pytest.raises(BlindSheet):
        desk.act(view, Confirm(paper_error=True), "reviewer2")
    with pytest.raises(RulesBroken):  # told by what he typed alone
        desk.act(view, Correct(validity(178, 4, 183)), "reviewer2")
    # no question about a sure reading: it would tell what was read
    done = desk.act(view, Correct(validity(179, 4)), "reviewer2")
    assert done.outcome is Outcome.ENTERED and desk.counted() == []
    third = desk.take(receipt, "reviewer3")
    desk.act(third, Confirm(paper_error=True), "reviewer3")
    with desk.reading() as s:
        assert s.scalars(select(SheetCommit)).one().paper_error


def test_staff_see_it_reviewers_do_not(desk: Desk) -> None:
    desk.policy(entry="double_all")
    receipt = desk.waiting()
    desk.enter(receipt, RIGHT, "reviewer")
    with desk.reading() as s:
        assert not sheet_view(s, receipt.photo_id, open_to=Role.STAFF).blind
        for role in (Role.REVIEWER, Role.SUPERVISOR, None):
            view = sheet_view(s, receipt.photo_id, open_to=role)
            assert view.blind and view.history == ()
            with pytest.raises(BlindSheet):
                dossier(s, receipt.photo_id, open_to=role)
        assert dossier(s, receipt.photo_id, open_to=Role.STAFF)["events"]
        item = queue(s).items[0]
        assert (item.reasons, item.kind) == ((), None)
        assert queue(s, reason="sum_mismatch").total == 0  # nor by asking for its reasons one by one


def test_the_story_of_another_photo_of_the_sheet_is_closed_too(desk: Desk) -> None:
    desk.policy(entry="double_all")
    first, second = desk.waiting(), desk.waiting(validity(170, 4))
    desk.enter(first, RIGHT, "reviewer")
    with desk.reading() as s, pytest.raises(BlindSheet):
        dossier(s, second.photo_id, open_to=Role.REVIEWER)


def test_moving_begins_anew(desk: Desk) -> None:
    desk.policy(entry="double_all")
    receipt = desk.waiting()
    desk.enter(receipt, RIGHT, "reviewer")
    view = desk.take(receipt, "reviewer2")
    desk.act(view, Assign(tps_code=OTHER_TPS), "reviewer2")
    entry = desk.entry(receipt)
    assert entry is not None and (entry.stage, entry.round) == (Stage.FIRST, 2)
    desk.enter(receipt, RIGHT, "reviewer2")  # it stayed in his hand
    desk.enter(receipt, RIGHT, "reviewer")  # what he entered before was for another place: no bar
    assert desk.counted() == [] and desk.counted(OTHER_TPS) == [RIGHT]


def test_the_second_may_say_that_the_photo_is_useless(desk: Desk) -> None:
    desk.policy(entry="double_all")
    receipt = desk.waiting()
    desk.enter(receipt, RIGHT, "reviewer")
    desk.act(desk.take(receipt, "reviewer2"), RejectPhoto(reason="blurred"), "reviewer2")
    assert desk.entry(receipt) is None and desk.counted() == []


def test_typed_by_hand_the_page_stays_chosen_for_the_second(desk: Desk) -> None:
    desk.policy(entry="double_all")
    receipt = desk.world.upload()
    desk.world.record(receipt, unreadable(receipt))
    desk.enter(receipt, votes(1, 2, 3), "reviewer", form=FORM, page=2)
    view = desk.take(receipt, "reviewer2")
    assert (view.form, view.page, len(view.fields)) == (FORM, 2, 3)
    with pytest.raises(UnknownPage):
        desk.act(view, Correct(RIGHT, FORM, 3), "reviewer2")
    desk.act(view, Correct(votes(1, 2, 3)), "reviewer2")
    assert desk.counted() == [votes(1, 2, 3)]
