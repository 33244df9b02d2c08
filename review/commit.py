"""The only writer of counts. Insert-only: a version follows the version it supersedes, nothing is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db import audit, summaries
from db.queries import election, standing
from db.tables import CommittedCount, Photo, Region, ReviewAction, SheetCommit
from db.types import Source
from db.views import PageRef
from review import superseding
from review.errors import UnknownPage

Values = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Place:
    """Which sheet: one page of one TPS and election."""

    election_id: str
    tps_id: int
    form: str
    page: int


class CommitRace(Exception):
    """Another transaction committed this sheet first; read again what stands and decide anew."""


def lock_station(session: Session, election_id: str, tps_id: int) -> None:
    """Until the transaction ends nobody else decides about this TPS and election: its pages are held against each other, and two pages
    that are decided at the same moment must see one another. To be called before what stands is looked at.

    PostgreSQL: an advisory lock of the transaction. SQLite: one writer at a time in any case (BEGIN IMMEDIATE).
    """
    if session.get_bind().dialect.name == "postgresql":
        key = int.from_bytes(hashlib.sha256(f"station:{election_id}:{tps_id}".encode()).digest()[:8], "big", signed=True)
        session.execute(select(func.pg_advisory_xact_lock(key)))


def current(session: Session, place: Place) -> SheetCommit | None:
    """The last version of the sheet, void or not."""
    return standing(session, place.election_id, place.tps_id, place.form, place.page)


def values_of(commit: SheetCommit) -> dict[str, int | None]:
    return {c.name: c.value for c in commit.counts}


def write(
    session: Session,
    place: Place,
    values: Values,
    *,
    photo: Photo,
    interpretation_id: int | None,
    action: ReviewAction | None,
    follows: SheetCommit | None,
    at: datetime,
    paper_error: bool = False,
    void: bool = False,
    note: str = "",
) -> SheetCommit:
    """Add the version after ``follows`` (None: the first). Without ``action`` the machine stands for it.

    Raises:
        CommitRace: ``follows`` is not the last version any more; nothing was written.
        UnknownPage: the TPS does not owe this page (another election's, or another electoral district's): it would count nowhere.
    """
    region = session.get_one(Region, place.tps_id)
    if not void and PageRef(place.form, place.page) not in election(session, place.election_id, contestants=False).owes(region.code):
        raise UnknownPage({"election": place.election_id, "tps": region.code, "form": place.form, "page": place.page})
    commit = SheetCommit(
        election_id=place.election_id,
        tps_id=place.tps_id,
        form=place.form,
        page=place.page,
        version=follows.version + 1 if follows else 1,
        supersedes_id=follows.id if follows else None,
        photo_id=photo.id,
        interpretation_id=interpretation_id,
        action_id=action.id if action else None,
        source=Source.PERSON if action else Source.MACHINE,
        user_id=action.user_id if action else None,
        at=at,
        void=void,
        paper_error=paper_error,
        note=note,
        counts=[CommittedCount(name=n, value=v) for n, v in sorted(values.items())],
    )
    try:
        with session.begin_nested():
            session.add(commit)
            session.flush()
    except IntegrityError as e:
        raise CommitRace() from e
    audit.append(
        session,
        "withdrawn" if void else "committed",
        f"commit:{commit.id}",
        commit.user_id,
        facts(commit, region.code, photo.sha256, values),
    )
    summaries.follow(session, commit, follows)  # after the audit row: who has the log's head is alone
    if void:
        superseding.wait_again(session, commit)
    else:
        superseding.give_way(session, commit)
    return commit


def facts(commit: SheetCommit, tps: str, photo_sha256: str, values: Values) -> dict[str, Any]:
    """What the audit log says of one version of a sheet: all of it. ``tps``: the region's code."""
    return {
        "election": commit.election_id,
        "tps": tps,
        "form": commit.form,
        "page": commit.page,
        "version": commit.version,
        "supersedes": commit.supersedes_id,
        "source": commit.source.value,
        "photo": photo_sha256,
        "interpretation": commit.interpretation_id,
        "action": commit.action_id,
        "paper_error": commit.paper_error,
        "values": dict(sorted(values.items())),
    }
