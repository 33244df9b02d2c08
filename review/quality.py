"""How often what counts is wrong, measured on blind samples of each step; and the switch that stops the machine when it errs.

The bound alone cannot stop it: before three hundred samples even a faultless machine could not be told from one that errs in a sheet of
a hundred. So it stops when it was found wrong and the bound is beyond the limit, or at so many sheets found wrong whatever the bound.
Below three hundred samples at the usual limit of 1 % the first sheet found wrong therefore stops it. Only a person lets it go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from db import audit, clock
from db.queries import user_names
from db.tables import AcceptingSwitch, Election, Entry, EntryVerdict, QueueEntry, ReviewAction, Sample, SampleResult
from db.types import Role, Step
from review import people
from review.bounds import upper_bound
from review.errors import NoteRequired, UnknownElection


@dataclass(frozen=True, slots=True)
class Measured:
    """Sheets of one step that were entered blind, and how many of them counted wrong."""

    checked: int = 0
    wrong: int = 0
    numbers: int = 0
    numbers_wrong: int = 0

    @property
    def rate(self) -> float | None:
        return self.wrong / self.checked if self.checked else None

    @property
    def upper(self) -> float:
        return upper_bound(self.wrong, self.checked)


def contest_of(session: Session, election_id: str) -> Election:
    """Raises UnknownElection."""
    row = session.get(Election, election_id)
    if row is None:
        raise UnknownElection({"election": election_id})
    return row


def switch(session: Session, election_id: str) -> AcceptingSwitch | None:
    """The last time somebody, or the machine itself, changed whether it may accept."""
    query = select(AcceptingSwitch).where(AcceptingSwitch.election_id == election_id).order_by(AcceptingSwitch.id.desc())
    return session.scalar(query.limit(1))


def is_accepting(session: Session, election_id: str) -> bool:
    """May the machine accept sheets of this election by itself?"""
    last = switch(session, election_id)
    return last is None or last.accepting


def measured(session: Session, election_id: str, step: Step, *, since_switch: bool = False) -> Measured:
    """``since_switch``: only what was found after the machine was last let go on."""
    query = (
        select(func.count(), _wrong(SampleResult), func.sum(SampleResult.numbers), func.sum(SampleResult.wrong))
        .select_from(SampleResult)
        .join(Sample, Sample.id == SampleResult.sample_id)
        .where(Sample.election_id == election_id, Sample.step == step)
    )
    last = switch(session, election_id) if since_switch else None
    if last is not None:
        query = query.where(SampleResult.at > last.at)
    return Measured(*(int(v or 0) for v in session.execute(query).one()))


def _wrong(table: type[SampleResult] | type[EntryVerdict]) -> Any:
    return func.sum(case((table.right, 0), else_=1))


def look(session: Session, election_id: str) -> bool:
    """Stop the machine if what the samples found asks for it. True if it was stopped just now."""
    if not is_accepting(session, election_id):
        return False
    contest = session.get_one(Election, election_id)
    found = measured(session, election_id, Step.MACHINE, since_switch=True)
    beyond = found.wrong > 0 and found.upper > contest.stop_bound / 1000
    if not beyond and found.wrong < max(1, contest.stop_errors):
        return False
    facts = {
        "checked": found.checked,
        "wrong": found.wrong,
        "upper_ppm": round(found.upper * 1e6),
        "stop_bound": contest.stop_bound,
        "stop_errors": contest.stop_errors,
    }
    _switch(session, election_id, None, False, "", facts)
    return True


def set_accepting(session: Session, supervisor_id: int, election_id: str, on: bool, note: str) -> None:
    """A supervisor lets the machine go on, or stops it.

    Raises:
        UnknownUser, NotAllowed, UnknownElection, NoteRequired.
    """
    people.require(session, supervisor_id, {Role.SUPERVISOR})
    contest_of(session, election_id)
    if not note.strip():
        raise NoteRequired()
    if is_accepting(session, election_id) != on:
        found = measured(session, election_id, Step.MACHINE, since_switch=True)
        _switch(session, election_id, supervisor_id, on, note.strip(), {"checked": found.checked, "wrong": found.wrong})


def _switch(session: Session, election_id: str, user_id: int | None, on: bool, note: str, facts: dict[str, Any]) -> None:
    session.add(AcceptingSwitch(election_id=election_id, at=clock.now(), user_id=user_id, accepting=on, note=note, facts=facts))
    session.flush()
    event = "accepting_resumed" if on else "accepting_stopped"
    audit.append(session, event, f"election:{election_id}", user_id, {"election": election_id, "note": note, **facts})


def quality(session: Session, election_id: str) -> dict[str, Any]:
    """Everything measured in one election, and whether the machine may accept (JSON-ready). Raises UnknownElection."""
    contest = contest_of(session, election_id)
    shares = {Step.MACHINE: contest.sample_machine, Step.SINGLE: contest.sample_single, Step.DOUBLE: contest.sample_double}
    waiting_query = (
        select(Sample.step, func.count())
        .join(QueueEntry, QueueEntry.sample_id == Sample.id)
        .where(Sample.election_id == election_id)
        .group_by(Sample.step)
    )
    waiting = {step: int(n) for step, n in session.execute(waiting_query)}
    log = list(
        session.scalars(select(AcceptingSwitch).where(AcceptingSwitch.election_id == election_id).order_by(AcceptingSwitch.id.desc()))
    )
    names = user_names(session, (row.user_id for row in log))
    steps = []
    for step, share in shares.items():
        m = measured(session, election_id, step)
        steps.append(
            {
                "step": step.value,
                "share": share / 1000,
                "checked": m.checked,
                "wrong": m.wrong,
                "rate": m.rate,
                "upper": m.upper,
                "waiting": waiting.get(step, 0),
                "numbers": m.numbers,
                "numbers_wrong": m.numbers_wrong,
                "proven": m.checked > 0 and m.upper <= contest.stop_bound / 1000,
            }
        )
    entries = entries_measured(session, election_id)
    return {
        "election": election_id,
        "accepting": not log or log[0].accepting,
        "since": log[0].at.isoformat() if log else None,
        "by": names.get(log[0].user_id) if log and log[0].user_id is not None else None,
        "note": log[0].note if log else "",
        "limit": contest.stop_bound / 1000,
        "max_errors": contest.stop_errors,
        "steps": steps,
        "entries": {"n": entries.checked, "wrong": entries.wrong, "rate": entries.rate, "upper": entries.upper},
        "log": [
            {
                "at": row.at.isoformat(),
                "by": names.get(row.user_id) if row.user_id is not None else None,
                "on": row.accepting,
                "note": row.note,
                "facts": row.facts,
            }
            for row in log
        ],
    }


def entries_measured(session: Session, election_id: str) -> Measured:
    """Single entries by people that were met by another's: how many were not what the sheet was settled as."""
    query = (
        select(func.count(), _wrong(EntryVerdict), func.sum(EntryVerdict.numbers), func.sum(EntryVerdict.wrong))
        .select_from(EntryVerdict)
        .join(Entry, Entry.id == EntryVerdict.entry_id)
        .where(Entry.election_id == election_id, not_undone(EntryVerdict.action_id))
    )
    return Measured(*(int(v or 0) for v in session.execute(query).one()))


def not_undone(action_id: Any) -> Any:
    """Condition: nobody took the action back."""
    undo = ReviewAction.__table__.alias("undo")
    return ~select(undo.c.id).where(undo.c.undoes_id == action_id).exists()
