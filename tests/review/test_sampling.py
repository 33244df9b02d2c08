"""Blind samples of what counts: who enters them, what they measure, and how they stop the machine."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from sqlalchemy import select

from db.audit import verify
from db.tables import AuditLog, Sample, SampleResult
from db.types import Disposition, Role, Stage, Step
from review import quality
from review.bounds import upper_bound
from review.desk_policy import DeskPolicy, policy_of, set_policy
from review.errors import AlreadyEntered, CannotUndo, NotAllowed, NoteRequired, StaleSheet, UnknownElection
from review.history import dossier
from review.queue import queue
from review.resolve import Assign, Correct, RejectPhoto, withdraw
from review.sampling import is_drawn
from review.status import PhotoState, photo_status
from tests.review.desk import ELECTION, Desk
from tests.world import OTHER_TPS, World, validity, votes

READ = validity(178, 4)
OTHER = validity(173, 4)


def measured(desk: Desk, step: Step = Step.MACHINE) -> tuple[int, int]:
    with desk.reading() as s:
        m = quality.measured(s, ELECTION, step)
    return m.checked, m.wrong


def accepting(desk: Desk) -> bool:
    with desk.reading() as s:
        return quality.is_accepting(s, ELECTION)


@pytest.mark.parametrize(("errors", "n"), [(0, 1), (0, 300), (1, 10), (3, 100), (2, 1000), (9, 10), (200, 5000)])
def test_the_bound_is_where_so_few_errors_have_one_chance_in_twenty(errors: int, n: int) -> None:
    p = Fraction(upper_bound(errors, n))
    at_most = sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(errors + 1))
    assert float(at_most) == pytest.approx(0.05, abs=1e-6)


def test_the_rule_of_three_and_the_ends() -> None:
    assert upper_bound(0, 300) == pytest.approx(3 / 300, rel=0.01)
    assert (upper_bound(10, 10), upper_bound(0, 0)) == (1.0, 1.0)


@pytest.mark.parametrize(("errors", "n"), [(-1, 5), (6, 5)])
def test_impossible_counts(errors: int, n: int) -> None:
    with pytest.raises(ValueError, match="errors of"):
        upper_bound(errors, n)


def test_about_the_share_asked_for_is_drawn() -> None:
    drawn = sum(is_drawn(f"{n:064x}", 1, Step.MACHINE, 50) for n in range(20_000))
    assert 850 < drawn < 1150
    assert not any(is_drawn(f"{n:064x}", 1, Step.MACHINE, 0) for n in range(2000))


def test_a_sampled_sheet_counts_meanwhile_and_is_entered_blind(desk: Desk) -> None:
    desk.policy(sample_machine=1000)
    receipt = desk.accepted()
    assert desk.counted() == [READ]
    with desk.reading() as s:
        assert photo_status(s, receipt.photo_id).state is PhotoState.COUNTED  # the operator is not troubled
        assert [i.stage for i in queue(s).items] == [Stage.SAMPLE]
    view = desk.take(receipt)
    assert view.blind and all(f.value is None for f in view.fields) and view.current is None
    desk.act(view, Correct(READ))
    assert desk.entry(receipt) is None and measured(desk) == (1, 0) and desk.counted() == [READ]
    with pytest.raises(CannotUndo):
        desk.undo(receipt)
    with desk.reading() as s:
        texts = [e["text"] for e in dossier(s, receipt.photo_id)["events"] if e["kind"] == "sample"]
    assert texts == ["Terpilih untuk uji petik", "Uji petik: angka benar"]


def test_the_machine_was_right_and_the_person_wrong(desk: Desk) -> None:
    desk.policy(sample_machine=1000)
    receipt = desk.accepted()
    desk.enter(receipt, OTHER, "reviewer")
    assert desk.counted() == [READ]  # nothing changes by one person's word
    view = desk.take(receipt, "reviewer2")
    assert view.stage is Stage.ARBITRATION and [dict(w.values) for w in view.entries] == [READ, OTHER]
    with pytest.raises(AlreadyEntered):
        desk.take(receipt, "reviewer")
    desk.act(view, Correct(READ), "reviewer2")
    assert measured(desk) == (1, 0) and desk.counted() == [READ] and accepting(desk)
    with desk.reading() as s:
        entries = quality.entries_measured(s, ELECTION)
    assert (entries.checked, entries.wrong) == (1, 1)


def test_the_machine_was_wrong_and_stops_until_a_person_lets_it_go_on(desk: Desk) -> None:
    desk.policy(sample_machine=1000)
    receipt = desk.accepted()
    desk.enter(receipt, OTHER, "reviewer")
    view = desk.take(receipt, "reviewer2")
    with pytest.raises(Exception, match="confirm_required") as asked:  # the reading was sure
        desk.act(view, Correct(OTHER), "reviewer2")
    desk.act(view, Correct(OTHER, confirmed=asked.value.details["token"]), "reviewer2")  # type: ignore[attr-defined]
    assert desk.counted() == [OTHER] and measured(desk) == (1, 1)
    assert not accepting(desk)  # one wrong sheet of one: the bound is far beyond one in a hundred
    stopped = desk.world.upload(tps=OTHER_TPS)
    assert desk.world.read(stopped, READ, page=3).disposition is Disposition.REVIEW
    with desk.reading() as s:
        item = next(i for i in queue(s).items if i.photo_id == stopped.photo_id)
        assert [r.code for r in item.reasons] == ["accepting_stopped"]
        told = quality.quality(s, ELECTION)
        assert (told["accepting"], told["by"], told["steps"][0]["wrong"]) == (False, None, 1)
    who = desk.people["supervisor"]
    for note, user, error in (("", who, NoteRequired), ("x", desk.people["admin"], NotAllowed), ("x", desk.people["reviewer"], NotAllowed)):
        with pytest.raises(error), desk.world.db.writing() as s:
            quality.set_accepting(s, user, ELECTION, True, note)
    with desk.world.db.writing() as s:
        quality.set_accepting(s, who, ELECTION, True, "model diperbaiki")
    assert accepting(desk)
    assert desk.accepted(tps="1607011016003") and desk.counted("1607011016003") == [READ]
    with desk.reading() as s:
        events = [e.event for e in s.scalars(select(AuditLog).order_by(AuditLog.seq)) if e.event.startswith("accepting")]
        assert events == ["accepting_stopped", "accepting_resumed"] and verify(s) == []
        assert [row["on"] for row in quality.quality(s, ELECTION)["log"]] == [True, False]


def test_without_an_error_few_samples_stop_nothing(desk: Desk) -> None:
    desk.policy(sample_machine=1000, stop_bound=1)
    for n in (1, 2, 3):
        desk.enter(desk.accepted(tps=f"160701101600{n}"), READ, "reviewer")
    assert accepting(desk)
    with desk.reading() as s:
        step = quality.quality(s, ELECTION)["steps"][0]
    assert (step["checked"], step["wrong"], step["proven"]) == (3, 0, False) and step["upper"] == pytest.approx(0.6316, abs=1e-4)


def test_single_and_double_are_measured_too(desk: Desk) -> None:
    desk.policy(sample_single=1000, sample_double=1000)
    single = desk.waiting()
    desk.enter(single, validity(178, 5), "reviewer")
    with pytest.raises(AlreadyEntered):
        desk.take(single, "reviewer")  # nobody checks himself
    desk.enter(single, validity(178, 5), "reviewer2")
    desk.policy(entry="double_all")
    double = desk.waiting(tps=OTHER_TPS)
    for who in ("reviewer", "reviewer2", "reviewer3"):
        desk.enter(double, validity(178, 5), who)
    assert (measured(desk, Step.SINGLE), measured(desk, Step.DOUBLE), measured(desk)) == ((1, 0), (1, 0), (0, 0))


def test_a_sample_at_the_wrong_place_counts_no_more_there(desk: Desk) -> None:
    desk.policy(sample_machine=1000)
    receipt = desk.accepted()
    view = desk.take(receipt)
    desk.act(view, Assign(tps_code=OTHER_TPS))
    assert desk.counted() == [] and measured(desk) == (1, 1) and not accepting(desk)
    desk.enter(receipt, READ, "reviewer")
    assert desk.counted(OTHER_TPS) == [READ]


def test_a_sample_that_nobody_can_use(desk: Desk) -> None:
    desk.policy(sample_machine=1000)
    receipt = desk.accepted()
    desk.act(desk.take(receipt), RejectPhoto(reason="covered"))
    assert desk.counted() == [] and measured(desk) == (1, 1)
    with desk.reading() as s:
        assert photo_status(s, receipt.photo_id).state is PhotoState.REJECTED


def test_another_version_makes_a_sample_moot(desk: Desk) -> None:
    desk.policy(sample_machine=1000)
    receipt = desk.accepted()
    newer = desk.world.upload()
    desk.world.read(newer, OTHER, page=3)
    view = desk.take(newer, "reviewer2")
    with pytest.raises(Exception, match="confirm_required") as asked:
        desk.act(view, Correct(validity(100, 4)), "reviewer2")
    desk.act(view, Correct(validity(100, 4), confirmed=asked.value.details["token"]), "reviewer2")  # type: ignore[attr-defined]
    desk.enter(receipt, READ, "reviewer")
    assert desk.entry(receipt) is None and measured(desk) == (0, 0) and desk.counted() == [validity(100, 4)]


def test_a_sampled_sheet_can_be_withdrawn(desk: Desk) -> None:
    desk.policy(sample_machine=1000)
    receipt = desk.accepted()
    with desk.world.db.writing() as s:
        withdraw(s, desk.people["reviewer"], receipt.photo_id, "foto lain")
    entry = desk.entry(receipt)
    assert desk.counted() == [] and entry is not None and entry.stage is Stage.FIRST
    with pytest.raises(StaleSheet), desk.world.db.writing() as s:
        withdraw(s, desk.people["reviewer"], receipt.photo_id, "foto lain")


def test_better_readers_leave_a_sample_alone(desk: Desk) -> None:
    desk.policy(sample_machine=1000)
    receipt = desk.accepted()
    again = desk.world.read(receipt, OTHER, page=3, versions={"cnn": "b"})
    entry = desk.entry(receipt)
    assert again.disposition is Disposition.LATE and entry is not None and entry.stage is Stage.SAMPLE
    with desk.reading() as s:
        assert len(s.scalars(select(Sample)).all()) == 1 and s.scalars(select(SampleResult)).all() == []


def test_only_a_supervisor_sets_the_policy(world: World) -> None:
    wanted = DeskPolicy(sample_machine=0.02, stop_bound=0.005, stop_errors=2)
    for who in ("admin", "reviewer", "staff", "operator"):
        with pytest.raises(NotAllowed), world.db.writing() as s:
            set_policy(s, world.users[who], ELECTION, wanted)
    with pytest.raises(UnknownElection), world.db.writing() as s:
        set_policy(s, world.users["supervisor"], "x", wanted)
    with world.db.writing() as s:
        set_policy(s, world.users["supervisor"], ELECTION, wanted)
    with world.db.reading() as s:
        told = policy_of(s, ELECTION)
        assert (told["entry"], told["sample_machine"], told["stop_bound"], told["stop_errors"]) == ("single", 0.02, 0.005, 2)
        last = s.scalars(select(AuditLog).order_by(AuditLog.seq.desc())).first()
        assert last is not None and last.event == "desk_policy" and last.data["after"]["sample_machine"] == 20


def test_supervisors_review_too(desk: Desk) -> None:
    assert Role.SUPERVISOR.value == "supervisor"
    desk.enter(desk.waiting(votes(1, 2, 3), page=2), votes(1, 2, 3), "supervisor")
    assert desk.counted() == [votes(1, 2, 3)]
