"""Blind sampling: a share of what counts is entered once more by somebody who sees neither what counts nor what the machine read.

Which counts are drawn follows from the photo's SHA-256 and the version: nobody chooses, and anybody can check it afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy.orm import Session

from db.tables import Election, Interpretation, Photo, QueueEntry, ReviewAction, Sample, SampleResult, SheetCommit
from db.types import QueueKind, Stage, Step
from review import commit, quality, reasons
from review.double import Values, different
from review.waiting import put


def is_drawn(sha256: str, version: int, step: Step, share: int) -> bool:
    """``share``: of a thousand."""
    return int(hashlib.sha256(f"{sha256}:{version}:{step}".encode()).hexdigest()[:12], 16) % 1000 < share


def draw(session: Session, row: SheetCommit, photo: Photo, step: Step, barred: Iterable[int] = ()) -> Sample | None:
    """Draw a fresh commit or leave it; if drawn, its photo waits for a blind entry while its counts go on counting.

    ``barred``: who made it.
    """
    contest = session.get_one(Election, row.election_id)
    share = {Step.MACHINE: contest.sample_machine, Step.SINGLE: contest.sample_single, Step.DOUBLE: contest.sample_double}[step]
    if row.interpretation_id is None or not is_drawn(photo.sha256, row.version, step, share):
        return None
    sample = Sample(commit_id=row.id, step=step, election_id=row.election_id, photo_id=photo.id, at=row.at)
    session.add(sample)
    session.flush()
    put(
        session,
        photo,
        kind=QueueKind.CHECK,
        why=[reasons.own(reasons.SAMPLED)],
        interpretation=session.get_one(Interpretation, row.interpretation_id),
        since=row.at,
        election_id=row.election_id,
        tps_id=row.tps_id,
        form=row.form,
        page=row.page,
        placed=True,
        stage=Stage.SAMPLE,
        barred=barred,
        sample_id=sample.id,
    )
    return sample


def sampled_commit(session: Session, waiting: QueueEntry) -> SheetCommit | None:
    """The commit that a waiting sample measures; None if it waits for something else."""
    if waiting.sample_id is None:
        return None
    return session.get_one(SheetCommit, session.get_one(Sample, waiting.sample_id).commit_id)


def conclude(session: Session, waiting: QueueEntry, truth: Values | None, action: ReviewAction) -> None:
    """Write down whether the drawn count was right; ``truth`` None: it counted for the wrong sheet, or for a photo that nobody can use.

    The machine stops accepting if that is too much.
    """
    counts = sampled_commit(session, waiting)
    if counts is None or waiting.sample_id is None:
        return
    values = commit.values_of(counts)
    wrong = len(values) if truth is None else len(different(values, truth))
    result = SampleResult(
        sample_id=waiting.sample_id, action_id=action.id, at=action.at, right=wrong == 0, numbers=len(values), wrong=wrong
    )
    session.add(result)
    session.flush()
    quality.look(session, counts.election_id)
