"""Numbers typed or confirmed become an entry or a commit, by what the sheet waits for.

first        -> commit, or the first of two entries
second       -> meets the first: commit; else a third person
arbitration  -> commit; the two entries are judged
sample       -> meets what counts; else a third person, whose word is a new version if it is another
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from db.queries import commit_views
from db.tables import Entry, QueueEntry, ReviewAction, SheetCommit
from db.types import ActionKind, Stage, Step
from db.views import PageRef
from review import commit, double, reasons, sampling
from review.actions import Outcome, Resolved, place_json, write_action
from review.double import different
from review.errors import ConfirmRequired, StaleSheet, UnknownPage
from review.quality import contest_of
from review.second_look import Question, questions, token_of
from review.sheet import layout_of, needs_second, readings
from review.standing import Standing
from review.values import Checked
from tally.interpretation import NumberReading

Values = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person made of a page: ``checked`` by the form's rules, ``kind`` CONFIRM or CORRECT; ``confirmed``: token of the questions."""

    checked: Checked
    kind: ActionKind
    note: str
    faults: tuple[str, ...]
    confirmed: str | None
    stamp: str


@dataclass(frozen=True, slots=True)
class _Work:
    """Everything one settlement needs."""

    session: Session
    user_id: int
    at: Standing
    waiting: QueueEntry
    stands: SheetCommit | None
    typed: Typed

    @property
    def values(self) -> Values:
        return self.typed.checked.values


def settle(session: Session, user_id: int, at: Standing, waiting: QueueEntry, stands: SheetCommit | None, typed: Typed) -> Resolved:
    """``at``: where the sheet belongs, a page chosen by hand included. ``stands``: what counts there now.

    Raises:
        ConfirmRequired: asked about once more; AlreadyEntered; StaleSheet: somebody committed it meanwhile.
    """
    work = _Work(session, user_id, at, waiting, stands, typed)
    stage = waiting.stage
    numbers = () if stage.blind else readings(session, at)
    asked = () if stage.blind else _asked(at, numbers, typed)
    if stage is Stage.SAMPLE:
        return _sampled(work)
    if stage is Stage.SECOND:
        return _second(work)
    if stage is Stage.ARBITRATION:
        return _arbitrated(work, numbers, asked)
    if needs_second(contest_of(session, at.election_id).entry_policy, layout_of(at, PageRef(*_page(at)))):
        return _first(work, numbers, asked)
    action = _action(work, typed.kind, numbers, asked)
    row = _commit(work, action)
    _done(work)
    sampling.draw(session, row, at.photo, Step.SINGLE, [user_id])
    return _resolved(work, action, row)


def _page(at: Standing) -> tuple[str, int]:
    if at.form is None or at.page is None:
        raise UnknownPage({"form": at.form, "page": at.page})
    return at.form, at.page


def _asked(at: Standing, numbers: tuple[NumberReading, ...], typed: Typed) -> tuple[Question, ...]:
    """The questions that were asked and answered; none if nothing is odd. Raises ConfirmRequired while they are not answered."""
    layout = layout_of(at, PageRef(*_page(at)))
    asked = questions(layout, numbers, typed.checked.values) if numbers and layout is not None else ()
    if asked:
        token = token_of(typed.stamp, typed.checked.values, asked)
        if typed.confirmed != token:
            raise ConfirmRequired(token, [q.to_json() for q in asked])
    return asked


def _action(work: _Work, kind: ActionKind, numbers: tuple[NumberReading, ...] = (), asked: tuple[Question, ...] = ()) -> ReviewAction:
    at, stands = work.at, work.stands
    place = place_json(work.session, at)
    before: dict[str, Any] = dict(place)
    if not work.waiting.stage.blind:
        before["values"] = {n.name: n.value for n in numbers}
        before["counted"] = commit.values_of(stands) if stands is not None and not stands.void else None
    after: dict[str, Any] = {
        **place,
        "values": dict(work.values),
        "paper_error": _paper_error(work),
        "stage": work.waiting.stage.value,
        "round": work.waiting.round,
    }
    if work.typed.faults:
        after["faults"] = list(work.typed.faults)
    if asked:
        after["confirmed"] = [q.to_json() for q in asked]
    return write_action(work.session, work.user_id, at, kind, before, after, work.typed.note)


def _paper_error(work: _Work) -> bool:
    return work.typed.checked.paper_error or bool(work.typed.faults)


def _commit(work: _Work, action: ReviewAction, paper_error: bool | None = None) -> SheetCommit:
    at = work.at
    form, page = _page(at)
    try:
        return commit.write(
            work.session,
            commit.Place(at.election_id, at.tps_id, form, page),
            work.values,
            photo=at.photo,
            interpretation_id=at.interpretation.id if at.interpretation else None,
            action=action,
            follows=work.stands,
            at=action.at,
            paper_error=_paper_error(work) if paper_error is None else paper_error,
            note=action.note,
        )
    except commit.CommitRace as e:
        raise StaleSheet({"photo": at.photo.id}) from e


def _done(work: _Work) -> None:
    work.session.delete(work.waiting)
    work.session.flush()


def _resolved(work: _Work, action: ReviewAction, row: SheetCommit) -> Resolved:
    return Resolved(action.id, commit_views(work.session, [row])[0], Outcome.COMMITTED, action.at)


def _entered(action: ReviewAction) -> Resolved:
    return Resolved(action.id, None, Outcome.ENTERED, action.at)


def _first(work: _Work, numbers: tuple[NumberReading, ...], asked: tuple[Question, ...]) -> Resolved:
    action = _action(work, ActionKind.ENTER, numbers, asked)
    double.take_down(work.session, work.waiting, action, work.values, _paper_error(work))
    work.waiting.form, work.waiting.page, work.waiting.placed = *_page(work.at), True
    double.pass_on(work.session, work.waiting, Stage.SECOND)
    return _entered(action)


def _second(work: _Work) -> Resolved:
    session, waiting = work.session, work.waiting
    action = _action(work, ActionKind.ENTER)
    first = double.entries_of(session, waiting)[0]
    double.take_down(session, waiting, action, work.values, _paper_error(work))
    apart = different(first.values, work.values)
    if apart:
        double.pass_on(session, waiting, Stage.ARBITRATION, why=[reasons.own(reasons.DIFFERENT_ENTRIES, sorted(apart))])
        return _entered(action)
    both = double.entries_of(session, waiting)
    row = _commit(work, action, paper_error=first.paper_error or _paper_error(work))
    _settled(work, action, both, row)
    return _entered(action)


def _arbitrated(work: _Work, numbers: tuple[NumberReading, ...], asked: tuple[Question, ...]) -> Resolved:
    session, waiting = work.session, work.waiting
    written = double.entries_of(session, waiting)
    counts = sampling.sampled_commit(session, waiting)
    action = _action(work, ActionKind.CORRECT, numbers, asked)
    if counts is None:
        double.take_down(session, waiting, action, work.values, _paper_error(work))
        row = _commit(work, action)
        _settled(work, action, written, row, arbiter=work.user_id)
        return _resolved(work, action, row)
    row = counts
    if not _still(work, counts) or different(commit.values_of(counts), work.values):
        row = _commit(work, action)
    double.judge(session, written, work.values, action, action.at)
    if _still(work, counts):
        sampling.conclude(session, waiting, work.values, action)
    _done(work)
    return _resolved(work, action, row)


def _settled(work: _Work, action: ReviewAction, written: list[Entry], row: SheetCommit, arbiter: int | None = None) -> None:
    double.judge(work.session, written, work.values, action, action.at)
    _done(work)
    people = [e.user_id for e in written] + ([arbiter] if arbiter is not None else [])
    sampling.draw(work.session, row, work.at.photo, Step.DOUBLE, people)


def _still(work: _Work, counts: SheetCommit) -> bool:
    """Does the drawn count still count?"""
    return work.stands is not None and work.stands.id == counts.id


def _sampled(work: _Work) -> Resolved:
    session, waiting = work.session, work.waiting
    counts = sampling.sampled_commit(session, waiting)
    if counts is None:
        raise RuntimeError(f"photo {waiting.photo_id} waits as a sample of nothing")
    action = _action(work, ActionKind.ENTER)
    written = double.take_down(session, waiting, action, work.values, _paper_error(work))
    if not _still(work, counts):  # another version counts by now: there is nothing left to measure
        _done(work)
        return _entered(action)
    apart = different(commit.values_of(counts), work.values)
    if apart:
        double.pass_on(session, waiting, Stage.ARBITRATION, why=[reasons.own(reasons.DIFFERENT_ENTRIES, sorted(apart))])
        return _entered(action)
    double.judge(session, [written], work.values, action, action.at)
    sampling.conclude(session, waiting, work.values, action)
    _done(work)
    return _entered(action)
