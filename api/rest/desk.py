"""The desk as a whole: one's own work, the supervisor's view, how right what counts is, and the election's policy."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from api.access import allow, signed_in
from api.deps import Held, User
from db.types import EntryPolicy, Role
from review import words as texts
from review.desk_policy import DeskPolicy, policy_of, set_policy
from review.overview import mine, overview, paper_errors
from review.quality import quality, set_accepting

router = APIRouter(prefix="/api/desk", tags=["desk"])

DESK = (Role.REVIEWER, Role.SUPERVISOR)
WATCHERS = (Role.SUPERVISOR, Role.STAFF, Role.ADMIN)

Limit = Annotated[int, Query(ge=1, le=200)]
Share = Annotated[float, Field(ge=0, le=1)]


@router.get("/mine", dependencies=[Depends(allow(*DESK))])
def my_work(held: Held, user: User, limit: Limit = 50, before: Annotated[int | None, Query(ge=1)] = None) -> dict[str, Any]:
    """What the person did, the newest first."""
    with held.db.reading() as session:
        return mine(session, user.id, limit, before)


@router.get("/overview", dependencies=[Depends(allow(Role.SUPERVISOR))])
def whole(held: Held, election: str | None = None) -> dict[str, Any]:
    """What waits, who works on what, and how each person does."""
    with held.db.reading() as session:
        return overview(session, election)


@router.get("/quality", dependencies=[Depends(allow(*WATCHERS))])
def measured(held: Held, election: str) -> dict[str, Any]:
    """Error rates measured on blind samples, with their 95 % upper bounds, and whether the machine may accept."""
    with held.db.reading() as session:
        return quality(session, election)


class Switch(BaseModel):
    model_config = ConfigDict(extra="forbid")
    on: bool
    note: Annotated[str, Field(max_length=1000)]


@router.post("/accepting/{election}", dependencies=[Depends(allow(Role.SUPERVISOR))])
def accepting(election: str, said: Switch, held: Held, user: User) -> dict[str, Any]:
    """Let the machine accept again after it was stopped, or stop it."""
    with held.db.writing() as session:
        set_accepting(session, user.id, election, said.on, said.note)
        return quality(session, election)


class Policy(BaseModel):
    model_config = ConfigDict(extra="forbid")
    entry: EntryPolicy
    sample_machine: Share
    sample_single: Share
    sample_double: Share
    stop_bound: Annotated[float, Field(gt=0, le=1)]
    stop_errors: Annotated[int, Field(ge=1, le=1000)]


@router.get("/policy", dependencies=[Depends(allow(Role.REVIEWER, *WATCHERS))])
def policy(held: Held, election: str) -> dict[str, Any]:
    with held.db.reading() as session:
        return policy_of(session, election)


@router.put("/policy/{election}", dependencies=[Depends(allow(Role.SUPERVISOR))])
def new_policy(election: str, said: Policy, held: Held, user: User) -> dict[str, Any]:
    with held.db.writing() as session:
        return set_policy(session, user.id, election, DeskPolicy(**said.model_dump()))


@router.get("/paper-errors", dependencies=[Depends(allow(*DESK, Role.STAFF, Role.ADMIN))])
def wrong_papers(held: Held, election: str | None = None, limit: Limit = 50, offset: Annotated[int, Query(ge=0)] = 0) -> dict[str, Any]:
    """Sheets that count as written although the paper itself is wrong."""
    with held.db.reading() as session:
        return paper_errors(session, election, limit, offset)


@router.get("/words", dependencies=[Depends(signed_in())])
def words() -> dict[str, Any]:
    """The desk's choices with their words."""
    return texts.words()
