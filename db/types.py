"""Column types that mean the same on SQLite and PostgreSQL, and the words stored as text."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class Level(StrEnum):
    """Levels of the region tree, from the top. Nation and province only stand above several regencies."""

    NATION = "nation"
    PROVINCE = "province"
    REGENCY = "regency"
    KECAMATAN = "kecamatan"
    DESA = "desa"
    TPS = "tps"


class Role(StrEnum):
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    """A reviewer who also sees to the desk: who works on what, how often it errs, and whether the machine may accept."""
    STAFF = "staff"
    ADMIN = "admin"


class Disposition(StrEnum):
    """What intake did with one interpretation."""

    COMMITTED = "committed"
    AGREES = "agrees"
    """The same values already count, by another photo of the page: nothing new to commit, nothing to ask (review.superseding)."""
    REVIEW = "review"
    CONFLICT = "conflict"
    """Accepted, but other values already count."""
    WRONG_FORM = "wrong_form"
    UNREADABLE = "unreadable"
    LATE = "late"
    """A person had the photo in hand, or it was settled: stored only."""


class QueueKind(StrEnum):
    """Why a photo waits for a person."""

    CHECK = "check"
    CONFLICT = "conflict"
    WRONG_FORM = "wrong_form"
    UNREADABLE = "unreadable"


class ActionKind(StrEnum):
    CONFIRM = "confirm"
    CORRECT = "correct"
    ENTER = "enter"
    """Numbers taken down that another person's must meet before anything counts."""
    ALIGN = "align"
    """Showed the machine where the page lies."""
    UNDO = "undo"
    REJECT_PHOTO = "reject_photo"
    ASSIGN = "assign_page"
    WITHDRAW = "withdraw"


class EntryPolicy(StrEnum):
    """How many people must say the same before a sheet that a person settles counts."""

    SINGLE = "single"
    DOUBLE_VOTES = "double_votes"
    """Two for pages that carry contestants' votes, one for the others."""
    DOUBLE_ALL = "double_all"


class Stage(StrEnum):
    """What a waiting sheet waits for."""

    FIRST = "first"
    SECOND = "second"
    """The same sheet once more by another person, who sees neither the first's values nor the machine's."""
    ARBITRATION = "arbitration"
    """Two writings that differ: a person who made neither sees both."""
    SAMPLE = "sample"
    """A counted sheet entered blind, to measure how often what counts is wrong."""

    @property
    def blind(self) -> bool:
        return self in (Stage.SECOND, Stage.SAMPLE)


class Step(StrEnum):
    """By which way a count came about; each has an error rate of its own."""

    MACHINE = "machine"
    SINGLE = "single"
    DOUBLE = "double"


class Source(StrEnum):
    """Who stands for a committed count."""

    MACHINE = "machine"
    PERSON = "person"


class DraftState(StrEnum):
    """Of a template in work."""

    WORKING = "working"
    """Its pages are being looked at."""
    READY = "ready"
    FAILED = "failed"
    PUBLISHED = "published"
    DISCARDED = "discarded"


class TrialState(StrEnum):
    """Of a test photo."""

    WAITING = "waiting"
    """Not read yet."""
    READ = "read"
    """Read; nobody has typed what is on the paper."""
    RIGHT = "right"
    """Every number was read as it was typed."""
    DOUBTED = "doubted"
    """What was misread was doubted too: a reviewer would have seen it."""
    WRONG = "wrong"
    """A number was misread without a doubt."""
    UNREADABLE = "unreadable"
    FAILED = "failed"


class SenderState(StrEnum):
    """A WhatsApp number. What an unknown or revoked one sends is kept apart, for an admin."""

    UNKNOWN = "unknown"
    ACTIVE = "active"
    REVOKED = "revoked"


class MessageState(StrEnum):
    """How far a received WhatsApp message is."""

    NEW = "new"
    ASKING = "asking"
    """The picture is here; its TPS, or its election, was asked for."""
    HELD = "held"
    """Of a sender who is not registered."""
    DONE = "done"
    FAILED = "failed"
    """Refused or not to be had; the sender was told why."""


class OutgoingState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class ItemState(StrEnum):
    """What became of one picture of an import."""

    TAKEN = "taken"
    """Stored for its TPS."""
    KNOWN = "known"
    """The same file was here already, for the same TPS."""
    DISPUTED = "disputed"
    """The same file is here for another TPS: a reviewer decides."""
    UNCLEAR = "unclear"
    """Nobody can tell which TPS, or which election."""
    REFUSED = "refused"
    """No picture that we can take; or not this user's TPS."""
    MISSING = "missing"
    """The chat names it, the export lacks it."""


class Channel(StrEnum):
    """By which way a photo came."""

    WHATSAPP = "whatsapp"
    IMPORT = "import"


class AnomalyEvent(StrEnum):
    """What happened to an anomaly."""

    FOUND = "found"
    CHANGED = "changed"
    """Still there, with other figures."""
    EXPLAINED = "explained"
    """A person says why it is in order."""
    REOPENED = "reopened"
    """An explanation no longer stands: the figures changed, it came back, or a person took it back."""
    GONE = "gone"
    """The figures no longer show it."""


class AnomalyStanding(StrEnum):
    """How an anomaly stands."""

    OPEN = "open"
    EXPLAINED = "explained"
    GONE = "gone"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime. SQLite keeps no time zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: times are stored in UTC and must say so")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Word(TypeDecorator[Any]):
    """A StrEnum stored as its text, so that a new member needs no migration."""

    impl = String(20)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.kind(value)


Id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite gives automatic ids to INTEGER primary keys only."""

Json = JSON().with_variant(JSONB(), "postgresql")
