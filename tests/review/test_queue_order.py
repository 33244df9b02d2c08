"""The queue's order, its filters, windows of one person, what is kept ready, and taking over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from db import clock
from db.tables import AuditLog, Election
from review import priority
from review.errors import LeaseLost, NotAllowed, NoteRequired
from review.lease import AHEAD, LEASE, release, renew, take_over
from review.overview import overview
from review.queue import Chosen, ahead_sheet, next_sheet, queue
from review.resolve import Correct
from review.sheet import SheetView
from tally.interpretation import ReasonCode
from tests.review.desk import ELECTION, Desk, later
from tests.world import FORM, OTHER_TPS, TPS, unreadable, validity, votes, word

A, B = "window-a", "window-b"


def upcoming(desk: Desk, who: str = "reviewer", window: str | None = None, what: Chosen = Chosen()) -> SheetView | None:  # noqa: B008
    with desk.world.db.writing() as s:
        return next_sheet(s, desk.people[who], what=what, desk=window)


def ready(desk: Desk, who: str = "reviewer", window: str | None = None) -> SheetView | None:
    with desk.world.db.writing() as s:
        return ahead_sheet(s, desk.people[who], desk=window)


def ids(*views: SheetView | None) -> list[int | None]:
    return [v.photo_id if v else None for v in views]


def test_what_is_at_stake(desk: Desk) -> None:
    receipt = desk.world.upload()
    stake = priority.votes_at_stake
    assert stake(word(receipt, validity(178, 4, 183), page=3, doubt=(ReasonCode.SUM_MISMATCH,))) == 1
    assert stake(word(receipt, validity(178, 4, 282), page=3, doubt=(ReasonCode.SUM_MISMATCH,))) == 100
    assert stake(word(receipt, votes(1, 2, 3), doubt=(ReasonCode.LOW_CONFIDENCE,)), differs=40) == 40
    assert stake(word(receipt, votes(1, 2, 3) | {"suara_paslon_1": None}, doubt=(ReasonCode.LOW_CONFIDENCE,))) == priority.MOST_VOTES
    assert stake(unreadable(receipt)) == priority.MOST_VOTES


def test_the_order_of_two_never_changes_and_nothing_starves() -> None:
    at = datetime(2024, 2, 14, 20, tzinfo=UTC)
    small, large = priority.rank(at, 1, None), priority.rank(at + timedelta(minutes=30), 300, 0)
    assert large < small  # three hundred votes of an even race go before half an hour of waiting
    assert priority.rank(at + timedelta(hours=4), 300, 0) > small  # but not before four
    assert priority.rank(at, 100, 0) < priority.rank(at, 100, 100) < priority.rank(at, 100, 500) < priority.rank(at, 0, 0)
    assert priority.rank(at, 0, None, sample=True) > priority.rank(at, 0, None)


def test_the_larger_gap_comes_first(desk: Desk) -> None:
    small = desk.waiting(validity(178, 4, 183), tps=TPS)
    large = desk.waiting(validity(178, 4, 282), tps=OTHER_TPS)
    with desk.reading() as s:
        assert [i.photo_id for i in queue(s).items] == [large.photo_id, small.photo_id]
    assert ids(upcoming(desk)) == [large.photo_id]


def test_how_close_the_race_is_follows_from_what_counts(desk: Desk) -> None:
    desk.waiting()
    with desk.world.db.writing() as s:
        assert priority.refresh_margins(s) == 0  # nobody has a vote yet
    desk.world.read(desk.world.upload(tps="1607011016003"), votes(100, 60, 40))
    with desk.world.db.writing() as s:
        assert priority.refresh_margins(s) == 1
        assert s.get_one(Election, ELECTION).margin == 200  # 40 of 200 votes
    assert priority.closeness(200) == 0.0 and priority.closeness(0) == 1.0


def test_filters(desk: Desk) -> None:
    first = desk.waiting(doubt=(ReasonCode.SUM_MISMATCH, ReasonCode.LOW_CONFIDENCE))
    second = desk.waiting(doubt=(ReasonCode.LOW_CONFIDENCE,), tps=OTHER_TPS)
    with desk.reading() as s:
        assert [i.photo_id for i in queue(s, reason="sum_mismatch").items] == [first.photo_id]
        assert queue(s, reason="low_confidence").total == 2 and queue(s, reason="mismatch").total == 0
    assert ids(upcoming(desk, what=Chosen(kecamatan_code=OTHER_TPS))) == [second.photo_id]
    assert ids(upcoming(desk, "reviewer2", what=Chosen(reason="low_confidence"))) == [first.photo_id]
    assert upcoming(desk, "reviewer3", what=Chosen(election_id="ppwp-2019")) is None


def test_two_windows_of_one_person_never_get_the_same(desk: Desk) -> None:
    sheets = [desk.waiting(tps=f"160701101600{n}").photo_id for n in (1, 2)]
    assert ids(upcoming(desk, window=A), upcoming(desk, window=B), upcoming(desk, window=A)) == [sheets[0], sheets[1], sheets[0]]
    assert upcoming(desk, "reviewer2") is None


def test_another_window_takes_a_sheet_over_by_opening_it(desk: Desk) -> None:
    receipt = desk.waiting()
    view = desk.take(receipt, desk=A)
    desk.take(receipt, desk=B)
    with pytest.raises(LeaseLost):
        desk.act(view, Correct(validity(178, 5)), desk=A)
    desk.act(view, Correct(validity(178, 5)), desk=B)
    assert desk.counted() == [validity(178, 5)]


def test_what_is_kept_ready_is_what_comes_next(desk: Desk) -> None:
    one, two, three = (desk.waiting(tps=f"160701101600{n}").photo_id for n in (1, 2, 3))
    assert ids(upcoming(desk, window=A), ready(desk, window=A), ready(desk, window=A)) == [one, two, two]
    assert ids(upcoming(desk, "reviewer2")) == [three]  # not what is kept for another
    view = upcoming(desk, window=A)
    assert ids(view) == [one]
    assert view is not None
    desk.act(view, Correct(validity(178, 5)), desk=A)
    following = upcoming(desk, window=A)
    assert ids(following) == [two] and following is not None and not following.lease_ahead


def test_what_is_kept_ready_is_soon_free_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (desk.waiting(tps=f"160701101600{n}").photo_id for n in (1, 2))
    assert ids(upcoming(desk, window=A), ready(desk, window=A)) == [one, two]
    later(monkeypatch, AHEAD - timedelta(seconds=5))
    with desk.world.db.writing() as s:
        until = renew(s, desk.people["reviewer"], one, desk=A)
    assert until == clock.now() + LEASE
    later(monkeypatch, AHEAD - timedelta(seconds=5))  # the heartbeat kept it
    assert upcoming(desk, "reviewer2") is None
    later(monkeypatch, timedelta(seconds=10))
    assert ids(upcoming(desk, "reviewer2")) == [two]


def test_time_counts_from_when_the_sheet_is_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (desk.waiting(tps=f"160701101600{n}") for n in (1, 2))
    view = upcoming(desk, window=A)
    ready(desk, window=A)
    assert view is not None
    later(monkeypatch, timedelta(seconds=40))
    desk.act(view, Correct(validity(178, 5)), desk=A)
    view = upcoming(desk, window=A)
    assert view is not None and view.photo_id == two.photo_id
    later(monkeypatch, timedelta(seconds=20))
    desk.act(view, Correct(validity(178, 5)), desk=A)
    with desk.reading() as s:
        told = overview(s, ELECTION)
    me = next(p for p in told["people"] if p["user"] == "reviewer")
    assert (me["total"], me["median_seconds"], sum(me["hours"]), told["waiting"]["total"]) == (2, pytest.approx(30, abs=1), 2, 0)
    assert one.photo_id != two.photo_id


def test_a_supervisor_takes_over(desk: Desk) -> None:
    receipt = desk.waiting()
    view = desk.take(receipt)
    who = desk.people["supervisor"]
    for user, note, error in (
        (who, " ", NoteRequired),
        (desk.people["reviewer2"], "x", NotAllowed),
        (desk.people["admin"], "x", NotAllowed),
    ):
        with pytest.raises(error), desk.world.db.writing() as s:
            take_over(s, user, receipt.photo_id, note)
    with desk.world.db.writing() as s:
        assert take_over(s, who, receipt.photo_id, "sakit").leased_by == "supervisor"
    with pytest.raises(LeaseLost):
        desk.act(view, Correct(validity(178, 5)))
    with desk.reading() as s:
        last = s.scalars(select(AuditLog).order_by(AuditLog.seq.desc())).first()
        assert last is not None and (last.event, last.data["from"]) == ("taken_over", desk.people["reviewer"])


def test_the_supervisors_view(desk: Desk) -> None:
    first = desk.waiting()
    desk.waiting(tps=OTHER_TPS, doubt=(ReasonCode.LOW_CONFIDENCE,))
    desk.take(first)
    with desk.reading() as s:
        told = overview(s)
    assert (told["waiting"]["total"], told["waiting"]["free"], told["waiting"]["by_stage"]["first"]) == (2, 1, 2)
    assert {r["code"]: r["n"] for r in told["waiting"]["by_reason"]} == {"sum_mismatch": 1, "low_confidence": 1}
    assert told["waiting"]["by_kecamatan"] == [{"code": "160701", "name": "BANYUASIN I", "n": 2}]
    assert [(w["photo"], w["by"], w["stage"]) for w in told["in_work"]] == [(first.photo_id, "reviewer", "first")]
    with desk.world.db.writing() as s:
        release(s, desk.people["reviewer"], first.photo_id)
    with desk.reading() as s:
        assert overview(s, "ppwp-2019")["waiting"]["total"] == 0 and overview(s)["in_work"] == []
    assert FORM
