"""The order of the queue: by what a sheet may change, and by how long it has waited.

    rank = when it began to wait - votes at stake x SECONDS_A_VOTE x (1 + CLOSE_RACE x closeness)

in milliseconds, the smallest first. A waiting minute weighs the same for every sheet, so the order of two sheets never changes while
they wait: the rank is computed once, when a sheet is queued, and the queue is one walk along an index. Nothing starves: however much
is at stake elsewhere, it is worth at most three hours.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.tables import Election, QueueEntry
from db.totals import sums_of_numbers
from tally.glyphs import value_of
from tally.interpretation import Interpretation, NumberReading, RuleKind, Unreadable

SECONDS_A_VOTE = 12
MOST_VOTES = 300
"""More is not at stake on one sheet: voters of a full polling station. An unread sheet, or number, may hide all of them."""
CLOSE_RACE = 2
"""How much a vote weighs more in a race that stands even."""
DECIDED = 200
"""Margin, in thousandths of all votes, from which a race is not close any more."""
CONTESTANTS = ("suara_paslon_", "suara_calon_", "suara_partai")
"""So begin the names of numbers that hold votes."""
SAMPLE_LATER = 1800
"""A sheet that counts already and is only measured waits so many seconds longer."""


def votes_at_stake(word: Interpretation, differs: int = 0) -> int:
    """How far the totals may be off by this sheet, 0 to MOST_VOTES.

    The largest of: the gap of a broken rule; for each number what its doubt is worth (probability x distance of what else it may be);
    ``differs``, how far the sheet is from what already counts. A number without a value, or a sheet that was not read, is worth all.
    """
    outcome = word.outcome
    if isinstance(outcome, Unreadable) or any(n.value is None for n in outcome.numbers):
        return MOST_VOTES
    gaps = [differs]
    for f in outcome.findings:
        if f.holds is False and f.expected is not None and f.actual is not None:
            gaps.append(abs(f.expected - f.actual) if f.kind is RuleKind.SUM else max(0, f.actual - f.expected))
    gaps += [round(_doubt(n)) for n in outcome.numbers]
    return min(MOST_VOTES, max(gaps))


def _doubt(n: NumberReading) -> float:
    """Votes by which the number is off on average, by what its readers believe."""
    mine = n.value or 0
    others = [(v, p) for boxes, p in n.candidates if (v := value_of(boxes)) is not None and v != mine]
    return sum(p * abs(v - mine) for v, p in others)


def closeness(margin: int | None) -> float:
    """0: decided, 1: even. Nobody knows yet: in between. ``margin``: thousandths of all votes (Election.margin)."""
    return 0.5 if margin is None else max(0.0, 1 - margin / DECIDED)


def rank(since: datetime, at_stake: int, margin: int | None, *, sample: bool = False) -> int:
    """Place in the queue, the smallest first; see the module's head for the formula."""
    ahead = min(at_stake, MOST_VOTES) * SECONDS_A_VOTE * (1 + CLOSE_RACE * closeness(margin))
    return round(1000 * (since.timestamp() + (SAMPLE_LATER if sample else -ahead)))


def refresh_margins(session: Session) -> int:
    """Look anew at how close the races are for which sheets wait; called every minute. Returns how many changed."""
    changed = 0
    for contest in session.scalars(select(Election).where(Election.id.in_(select(QueueEntry.election_id).distinct()))):
        margin = margin_of(session, contest.id)
        if margin != contest.margin:
            contest.margin = margin
            changed += 1
    session.flush()
    return changed


def margin_of(session: Session, election_id: str) -> int | None:
    """How far the first is ahead of the second, thousandths of all votes that count; None while nobody has a vote."""
    numbers = sums_of_numbers(session, election_id)
    votes = sorted((v for (_, _, name), v in numbers.items() if v and name.startswith(CONTESTANTS)), reverse=True)
    if not votes:
        return None
    second = votes[1] if len(votes) > 1 else 0
    return round(1000 * (votes[0] - second) / sum(votes))
