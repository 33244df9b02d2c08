"""What became of a rehearsed night, from the database and the papers: nothing here trusts what the sender or the reader says of itself."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.rehearsal.papers import Paper, truth_of
from api.rehearsal.play import Sent
from db.tables import CommittedCount, Interpretation, Photo, QueueEntry, SheetCommit
from db.types import Source
from review.verify import verify_all
from tally.glyphs import value_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """Times in real seconds. ``lost``: receipts without a stored photo; ``double``: photos stored or read more than once; ``silent``:
    numbers committed by the machine that are not what is written. ``lags``: from the receipt to the reading, sorted."""

    sent: int
    receipts: int
    repeats: int
    refused: dict[str, int]
    tries: int
    receipt_seconds: tuple[float, ...]
    stored: int
    read: int
    lost: list[str]
    double: list[str]
    recognised: int
    accepted: int
    waiting: int
    reasons: dict[str, int]
    clean: int
    clean_right: int
    silent: list[str]
    lags: tuple[float, ...]
    real_seconds: float
    audit_clean: bool

    @property
    def good(self) -> bool:
        """Every photo has its receipt, nothing lost, nothing double, nothing silently wrong, all read, and the audit chain whole."""
        return not (self.refused or self.lost or self.double or self.silent) and self.audit_clean and self.read == self.stored

    def reviewers(self, seconds_a_sheet: float, hours: float) -> int:
        """People who must sit at the desk the whole night."""
        return math.ceil(self.waiting * seconds_a_sheet / (hours * 3600))

    def to_json(self) -> dict[str, Any]:
        shares = {
            "accepted_share": share(self.accepted, self.stored),
            "clean_share": share(self.clean_right, self.clean),
            "receipt_p50": percentile(self.receipt_seconds, 0.5),
            "receipt_p95": percentile(self.receipt_seconds, 0.95),
            "lag_p50": percentile(self.lags, 0.5),
            "lag_p95": percentile(self.lags, 0.95),
            "lag_max": percentile(self.lags, 1.0),
            "read_per_minute": 60 * self.read / self.real_seconds if self.real_seconds else 0.0,
        }
        plain = {k: getattr(self, k) for k in self.__slots__ if k not in ("receipt_seconds", "lags")}
        return plain | shares | {"good": self.good}


def share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def percentile(values: Sequence[float], at: float) -> float:
    """Of sorted values, nearest rank; 0 without any."""
    return values[min(len(values) - 1, int(at * len(values)))] if values else 0.0


def outcome(session: Session, papers: Sequence[Paper], sent: Sequence[Sent], began: datetime) -> Outcome:
    """Hold every receipt against the database, and every committed number against its paper.

    Args:
        began: when the first photo was sent, by this machine's clock.
    """
    photo_of = {s.photo: papers[s.sending.sheet] for s in sent if s.photo is not None}
    received = {number: at for number, at in session.execute(select(Photo.id, Photo.received_at))}  # noqa: C416 (dict() takes a result for a mapping)
    receipts_of: dict[int, set[int]] = {}
    for s in sent:
        if s.photo is not None:
            receipts_of.setdefault(s.sending.sheet, set()).add(s.photo)
    readings: Counter[tuple[int, str]] = Counter()
    done: dict[int, datetime] = {}
    recognised = clean = right = 0
    rows = select(Interpretation.photo_id, Interpretation.versions_key, Interpretation.at, Interpretation.body).order_by(Interpretation.id)
    for number, key, at, body in session.execute(rows).yield_per(500):  # a whole night does not fit in memory
        readings[number, key] += 1
        done[number] = at
        paper = photo_of.get(number)
        if paper is not None and (body["form"], body["page"]) == (paper.sheet.form, paper.sheet.page):
            recognised += 1
            found, good = _clean(body, truth_of(paper))
            clean, right = clean + found, right + good
    accepted = select(SheetCommit.id, SheetCommit.photo_id).where(SheetCommit.source == Source.MACHINE)
    commits = {commit: photo_of[number] for commit, number in session.execute(accepted) if number in photo_of}
    counts = select(CommittedCount.commit_id, CommittedCount.name, CommittedCount.value)
    silent = [
        f"{commits[commit].file.name} {name}: {value}, {commits[commit].sheet.values[name]}"
        for commit, name, value in session.execute(counts).yield_per(5000)
        if commit in commits and value != commits[commit].sheet.values[name]
    ]
    reasons = Counter(code for r in session.scalars(select(QueueEntry.reasons)) for code in {x["code"] for x in r})
    lags = sorted((at - received[number]).total_seconds() for number, at in done.items() if number in received)
    end = max(done.values(), default=began)
    return Outcome(
        sent=len(sent),
        receipts=sum(s.photo is not None for s in sent),
        repeats=sum(s.repeat for s in sent),
        refused=dict(Counter(s.code or str(s.status) for s in sent if s.photo is None)),
        tries=sum(s.tries for s in sent),
        receipt_seconds=tuple(sorted(s.seconds for s in sent)),
        stored=len(received),
        read=len(done),
        lost=[f"{papers[s.sending.sheet].file.name}: {s.photo}" for s in sent if s.photo is not None and s.photo not in received],
        double=[f"{papers[k].file.name}: {sorted(v)}" for k, v in receipts_of.items() if len(v) > 1]
        + [f"photo {p}: read {n} times" for (p, _), n in readings.items() if n > 1],
        recognised=recognised,
        accepted=len(commits),
        waiting=session.scalar(select(func.count()).select_from(QueueEntry)) or 0,
        reasons=dict(reasons.most_common()),
        clean=clean,
        clean_right=right,
        silent=silent,
        lags=tuple(lags),
        real_seconds=(end - began).total_seconds(),
        audit_clean=verify_all(session).clean,
    )


def _clean(body: dict[str, Any], truth: dict[str, Any]) -> tuple[int, int]:
    """How many numbers are written clearly on the paper, and how many of them the machine read right."""
    told = {n["name"]: n["value"] for n in body["numbers"]}
    written = {n: value_of(b) for n, b in truth["numbers"].items() if n not in truth["doubtful"]}
    sure = {n: v for n, v in written.items() if v is not None}
    return len(sure), sum(told.get(n) == v for n, v in sure.items())
