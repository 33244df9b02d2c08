"""What reviewers do: confirm, correct, type by hand, reject, move, withdraw; and what they may not."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from db import clock
from db.audit import verify
from db.tables import ReviewAction, SheetCommit
from db.totals import contributing_sheets
from db.types import ActionKind, QueueKind, Source
from review.errors import (
    AlreadySettled,
    BadValues,
    LeaseLost,
    NotAllowed,
    NoteRequired,
    OwnPhoto,
    RulesBroken,
    ServiceError,
    StaleSheet,
    UnknownPage,
)
from review.history import history
from review.queue import LEASE, next_sheet, open_sheet, queue, release, sheet_view
from review.receipt import Receipt
from review.resolve import Action, Assign, Confirm, Correct, RejectPhoto, Resolved, resolve, withdraw
from review.sheet import SheetView
from review.status import PhotoState, photo_status
from tally.interpretation import ReasonCode
from tests.world import FORM, OTHER_TPS, TPS, World, unreadable, validity, votes

DOUBT = (ReasonCode.SUM_MISMATCH,)


def waiting(world: World, *, values: dict[str, int | None] | None = None, page: int = 3, tps: str = TPS, by: str = "operator") -> Receipt:
    """A sheet in the queue: by default page 3 with a sum that does not hold."""
    receipt = world.upload(tps=tps, by=by)
    world.read(receipt, values if values is not None else validity(178, 4, 183), page=page, doubt=DOUBT)
    return receipt


def take(world: World, receipt: Receipt, who: str = "reviewer") -> SheetView:
    with world.db.writing() as s:
        return open_sheet(s, world.users[who], receipt.photo_id)


def act(world: World, view: SheetView, action: Action, who: str = "reviewer") -> Resolved:
    with world.db.writing() as s:
        return resolve(s, world.users[who], view.photo_id, action, stamp=view.stamp)


def counted(world: World, tps: str = TPS) -> list[dict[str, int | None]]:
    with world.db.reading() as s:
        return [dict(c.values) for c in contributing_sheets(s, "ppwp-2024", tps)]


def test_sheet_view_shows_everything(world: World) -> None:
    view = take(world, waiting(world))
    assert (view.form, view.page, view.kind, view.tps.code, view.uploader) == (FORM, 3, QueueKind.CHECK, TPS, "operator")
    assert [f.name for f in view.fields] == ["suara_sah", "suara_tidak_sah", "suara_total"]
    first = view.fields[0]
    assert (first.boxes, first.value, first.width, len(first.corners), first.doubts) == ("178", 178, 3, 3, ("sum_mismatch",))
    assert first.doubtful and not view.fields[2].doubtful
    assert first.label and first.readers["cnn"].boxes == "178"
    assert [f.holds for f in view.findings if f.rule_id == "sah_tidak_sah"] == [False]
    total = next(r for r in view.rules if r.kind == "sum")
    assert (total.total, total.parts) == ("suara_total", ("suara_sah", "suara_tidak_sah"))
    assert view.leased_by == "reviewer" and view.current is None and len(view.choices) == 3
    with world.db.reading() as s:
        assert [h.kind for h in sheet_view(s, view.photo_id).history] == ["photo", "interpretation"]
    for part in (view, *view.fields, *view.rules):
        assert dataclasses.is_dataclass(part)


def test_correct_commits_in_the_same_step(world: World) -> None:
    receipt = waiting(world)
    done = act(world, take(world, receipt), Correct(validity(179, 4), note="angka 9"))
    assert done.commit is not None and done.commit.source is Source.PERSON and done.commit.by == "reviewer"
    assert counted(world) == [validity(179, 4)]
    with world.db.reading() as s:
        action = s.scalars(select(ReviewAction)).one()
        assert action.before["values"] == validity(178, 4, 183) and action.after["values"] == validity(179, 4)
        assert queue(s).total == 0
        assert photo_status(s, receipt.photo_id).counted_by is Source.PERSON
        told = history(s, "ppwp-2024", TPS, FORM, 3)
        assert verify(s) == []
    assert [(h.kind, h.who) for h in told] == [
        ("photo", "operator"),
        ("interpretation", "mesin"),
        ("action", "reviewer"),
        ("commit", "reviewer"),
    ]


def test_confirm_what_the_machine_doubted(world: World) -> None:
    receipt = waiting(world, values=validity(178, 4))
    done = act(world, take(world, receipt), Confirm())
    assert done.commit is not None and not done.commit.paper_error
    assert counted(world) == [validity(178, 4)]


def test_confirm_needs_a_value_for_every_number(world: World) -> None:
    receipt = waiting(world, values=validity(178, 4) | {"suara_sah": None})
    with pytest.raises(BadValues) as e:
        act(world, take(world, receipt), Confirm(paper_error=True))
    assert list(e.value.details["numbers"]) == ["suara_sah"]
    assert counted(world) == []


def test_error_on_paper_must_be_said_and_is_marked(world: World) -> None:
    receipt = waiting(world)
    view = take(world, receipt)
    for action in (Confirm(), Correct(validity(178, 4, 183))):
        with pytest.raises(RulesBroken) as e:
            act(world, view, action)
    found = e.value.details["findings"][0]
    assert (found["rule_id"], found["expected"], found["actual"]) == ("sah_tidak_sah", 182, 183)
    assert counted(world) == []
    done = act(world, view, Confirm(paper_error=True))
    assert done.commit is not None and done.commit.paper_error
    assert counted(world) == [validity(178, 4, 183)]


def test_acknowledging_marks_nothing_when_all_rules_hold(world: World) -> None:
    done = act(world, take(world, waiting(world)), Correct(validity(178, 5), paper_error=True))
    assert done.commit is not None and not done.commit.paper_error


def test_number_that_nobody_can_read(world: World) -> None:
    view = take(world, waiting(world))
    values = validity(178, 4) | {"suara_tidak_sah": None}
    with pytest.raises(RulesBroken) as e:
        act(world, view, Correct(values))
    assert e.value.details["not_legible"] == ["suara_tidak_sah"]
    done = act(world, view, Correct(values, paper_error=True))
    assert done.commit is not None and done.commit.paper_error and done.commit.values["suara_tidak_sah"] is None


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"suara_sah": 1, "suara_tidak_sah": 2}, {"suara_total"}),
        (validity(1, 2) | {"lain": 3}, {"lain"}),
        (validity(-1, 2), {"suara_sah"}),
        (validity(1000, 0), {"suara_sah", "suara_total"}),
    ],
)
def test_impossible_values(world: World, values: dict[str, int | None], wrong: set[str]) -> None:
    with pytest.raises(BadValues) as e:
        act(world, take(world, waiting(world)), Correct(values, paper_error=True))
    assert set(e.value.details["numbers"]) == wrong
    assert counted(world) == []


def test_unreadable_typed_by_hand(world: World) -> None:
    receipt = world.upload()
    world.record(receipt, unreadable(receipt))
    view = take(world, receipt)
    assert view.fields == () and view.form is None
    for action in (Correct(votes(1, 2, 3)), Correct(votes(1, 2, 3), form="c1-ppwp-2019", page=2), Confirm()):
        with pytest.raises(UnknownPage):
            act(world, view, action)
    with world.db.reading() as s:
        page2 = sheet_view(s, receipt.photo_id, form=FORM, page=2)
        with pytest.raises(UnknownPage):
            sheet_view(s, receipt.photo_id, form="c1-ppwp-2019", page=1)
    assert [f.name for f in page2.fields] == list(votes(0, 0, 0)) and page2.stamp == view.stamp
    act(world, page2, Correct(votes(1, 2, 3), form=FORM, page=2))
    assert counted(world) == [votes(1, 2, 3)]


def test_hand_entry_must_have_seen_what_stands_on_that_page(world: World) -> None:
    world.read(world.upload(), votes(27, 152, 3))
    receipt = world.upload()
    world.record(receipt, unreadable(receipt))
    view = take(world, receipt)
    with pytest.raises(StaleSheet):
        act(world, view, Correct(votes(1, 2, 3), form=FORM, page=2))
    assert counted(world) == [votes(27, 152, 3)]
    with world.db.reading() as s:
        page2 = sheet_view(s, receipt.photo_id, form=FORM, page=2)
    assert page2.current is not None and dict(page2.current.values) == votes(27, 152, 3)
    done = act(world, page2, Correct(votes(1, 2, 3), form=FORM, page=2))
    assert done.commit is not None and done.commit.version == 2


def test_reject_needs_a_reason_which_reaches_the_operator(world: World) -> None:
    receipt = waiting(world)
    view = take(world, receipt)
    with pytest.raises(NoteRequired):
        act(world, view, RejectPhoto("  "))
    act(world, view, RejectPhoto("Bagian bawah terpotong"))
    with world.db.reading() as s:
        told = photo_status(s, receipt.photo_id)
        assert queue(s).total == 0
    assert (told.state, told.note) == (PhotoState.REJECTED, "Bagian bawah terpotong")
    assert counted(world) == []
    with pytest.raises(AlreadySettled):
        take(world, receipt)


def test_move_to_another_tps_and_page(world: World) -> None:
    receipt = waiting(world)
    act(world, take(world, receipt), Assign(tps_code=OTHER_TPS))
    view = take(world, receipt)
    assert view.tps.code == OTHER_TPS and view.fields[0].value == 178
    act(world, view, Assign(page=2))
    view = take(world, receipt)
    assert (view.page, view.fields[0].value) == (2, None)  # the machine read another page
    with pytest.raises(UnknownPage):
        act(world, view, Assign(page=9))
    with pytest.raises(BadValues):
        act(world, view, Confirm())
    act(world, view, Correct(votes(5, 6, 7)))
    assert counted(world) == [] and counted(world, OTHER_TPS) == [votes(5, 6, 7)]
    with world.db.reading() as s:
        kinds = [h.data["kind"] for h in history(s, "ppwp-2024", OTHER_TPS, FORM, 2) if h.kind == "action"]
    assert kinds == ["assign_page", "assign_page", "correct"]


def test_move_to_another_election(world: World) -> None:
    receipt = world.upload(election="ppwp-2019")
    world.read(receipt, votes(1, 2, 3))
    act(world, take(world, receipt), Assign(election_id="ppwp-2024", form=FORM, page=2))
    view = take(world, receipt)
    assert view.election.id == "ppwp-2024" and view.fields[1].value == 2
    act(world, view, Confirm())
    assert counted(world) == [votes(1, 2, 3)]


def test_conflict_is_settled_by_a_new_version(world: World) -> None:
    world.read(world.upload(), votes(27, 152, 3))
    receipt = world.upload()
    world.read(receipt, votes(27, 252, 3))
    view = take(world, receipt)
    assert view.current is not None and view.current.values["suara_paslon_2"] == 152 and view.kind is QueueKind.CONFLICT
    done = act(world, view, Confirm())
    assert done.commit is not None and (done.commit.version, done.commit.supersedes) == (2, view.current.id)
    assert counted(world) == [votes(27, 252, 3)]
    with world.db.reading() as s:
        assert len(s.scalars(select(SheetCommit)).all()) == 2


def test_stale_when_the_sheet_was_counted_meanwhile(world: World) -> None:
    view = take(world, waiting(world))
    world.read(world.upload(), validity(178, 5), page=3)
    with pytest.raises(StaleSheet):
        act(world, view, Correct(validity(179, 4)))
    assert counted(world) == [validity(178, 5)]


def test_stale_after_an_own_move(world: World) -> None:
    view = take(world, waiting(world))
    act(world, view, Assign(tps_code=OTHER_TPS))
    with pytest.raises(StaleSheet):
        act(world, view, Confirm(paper_error=True))


def test_withdraw_takes_it_out_and_brings_it_back(world: World) -> None:
    receipt = world.upload()
    world.read(receipt, votes(27, 152, 3))
    with pytest.raises(NoteRequired), world.db.writing() as s:
        withdraw(s, world.users["reviewer"], receipt.photo_id, "")
    with world.db.writing() as s:
        withdraw(s, world.users["reviewer"], receipt.photo_id, "TPS salah")
    assert counted(world) == []
    with pytest.raises(StaleSheet), world.db.writing() as s:
        withdraw(s, world.users["reviewer"], receipt.photo_id, "TPS salah")
    view = take(world, receipt)
    act(world, view, Assign(tps_code=OTHER_TPS))
    act(world, take(world, receipt), Confirm())
    assert counted(world) == [] and counted(world, OTHER_TPS) == [votes(27, 152, 3)]
    again = world.upload()
    world.read(again, votes(1, 1, 1))
    assert counted(world) == [votes(1, 1, 1)]


@pytest.mark.parametrize("who", ["operator", "staff", "admin"])
def test_only_reviewers_review(world: World, who: str) -> None:
    receipt = waiting(world)
    view = take(world, receipt)
    tries = [
        lambda s, u: next_sheet(s, u),
        lambda s, u: open_sheet(s, u, receipt.photo_id),
        lambda s, u: resolve(s, u, receipt.photo_id, Confirm(), stamp=view.stamp),
        lambda s, u: withdraw(s, u, receipt.photo_id, "x"),
    ]
    for attempt in tries:
        with pytest.raises(NotAllowed) as e, world.db.writing() as s:
            attempt(s, world.users[who])
        assert e.value.http_status == 403


def test_nobody_reviews_his_own_photo(world: World) -> None:
    receipt = waiting(world, by="reviewer")
    with world.db.writing() as s:
        assert next_sheet(s, world.users["reviewer"]) is None
    with pytest.raises(OwnPhoto):
        take(world, receipt)
    view = take(world, receipt, "reviewer2")
    with pytest.raises(OwnPhoto):
        act(world, view, Confirm(paper_error=True), "reviewer")
    act(world, view, Confirm(paper_error=True), "reviewer2")
    with pytest.raises(OwnPhoto), world.db.writing() as s:
        withdraw(s, world.users["reviewer"], receipt.photo_id, "x")


def test_leases(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = waiting(world), waiting(world, tps=OTHER_TPS)
    one, two = world.users["reviewer"], world.users["reviewer2"]

    def after(delta: timedelta) -> None:
        later = clock.now() + delta
        monkeypatch.setattr(clock, "now", lambda: later)

    def upcoming(who: int) -> SheetView | None:
        with world.db.writing() as s:
            return next_sheet(s, who)

    a, b = upcoming(one), upcoming(two)
    assert a is not None and b is not None
    assert (a.photo_id, b.photo_id) == (first.photo_id, second.photo_id)  # the oldest first, never the same
    again = upcoming(one)
    assert again is not None and again.photo_id == first.photo_id  # what is in hand comes first
    with pytest.raises(LeaseLost) as e:
        take(world, first, "reviewer2")
    assert e.value.details["by"] == "reviewer"
    with pytest.raises(LeaseLost):
        act(world, a, Confirm(paper_error=True), "reviewer2")
    with world.db.reading() as s:
        assert {i.leased_by for i in queue(s).items} == {"reviewer", "reviewer2"}

    after(LEASE + timedelta(seconds=1))
    with world.db.reading() as s:
        assert {i.leased_by for i in queue(s).items} == {None}
    taken = upcoming(two)
    assert taken is not None and taken.photo_id == first.photo_id  # taken over
    with pytest.raises(LeaseLost):
        act(world, a, Confirm(paper_error=True))
    act(world, taken, Confirm(paper_error=True), "reviewer2")
    with pytest.raises(AlreadySettled):
        act(world, a, Confirm(paper_error=True))
    # one whose lease ran out, but whom nobody replaced, may still finish
    act(world, b, Correct(validity(178, 5)), "reviewer2")
    assert len(counted(world)) == 1 and len(counted(world, OTHER_TPS)) == 1
    assert upcoming(one) is None


def test_release_gives_it_to_others(world: World) -> None:
    receipt = waiting(world)
    view = take(world, receipt)
    with world.db.writing() as s:
        release(s, world.users["reviewer2"], receipt.photo_id)  # not his: nothing happens
    with pytest.raises(LeaseLost):
        take(world, receipt, "reviewer2")
    with world.db.writing() as s:
        release(s, world.users["reviewer"], receipt.photo_id)
    for who in ("reviewer", "reviewer2"):  # a stamp alone is not enough: it must be in hand
        with pytest.raises(LeaseLost):
            act(world, view, Confirm(paper_error=True), who)
    take(world, receipt, "reviewer2")


def test_a_refused_action_leaves_no_row(world: World) -> None:
    view = take(world, waiting(world))
    for action in (Correct(validity(1, 2, 4)), Correct({}), RejectPhoto(""), Assign(page=7), Assign(tps_code="0"), Assign(election_id="0")):
        with pytest.raises(ServiceError):
            act(world, view, action)
    with world.db.reading() as s:
        assert s.scalars(select(ReviewAction)).all() == []
        assert {k.value for k in ActionKind} >= {"confirm", "correct", "reject_photo", "assign_page"}


def test_queue_filters(world: World) -> None:
    waiting(world)
    waiting(world, tps="1607022002001" if False else OTHER_TPS)
    gone = world.upload(election="ppwp-2019")
    world.record(gone, unreadable(gone))
    with world.db.reading() as s:
        assert queue(s).total == 3
        assert queue(s, election_id="ppwp-2019").total == 1
        assert queue(s, kecamatan_code="160701").total == 3 and queue(s, kecamatan_code="160702").total == 0
        assert [i.kind for i in queue(s, kind=QueueKind.UNREADABLE).items] == [QueueKind.UNREADABLE]
        first, rest = queue(s, limit=1), queue(s, limit=5, offset=1)
    assert len(first.items) == 1 and len(rest.items) == 2 and first.total == rest.total == 3
