"""The tables. A photo, the machine's interpretation, the person's action and the committed count are rows of their own,
and none of them is ever updated: see ``INSERT_ONLY`` (guarded in ``db.guard`` and by triggers of the first migration).

What changes is only who may do what (user), and what waits for whom (queue_entry: a working list that follows from the
insert-only rows).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, MetaData, String, Text, UniqueConstraint, false, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from db.types import (
    ActionKind,
    AnomalyEvent,
    AnomalyStanding,
    Channel,
    Disposition,
    DraftState,
    EntryPolicy,
    Id,
    ItemState,
    Json,
    Level,
    MessageState,
    OutgoingState,
    QueueKind,
    Role,
    SenderState,
    Source,
    Stage,
    Step,
    TrialState,
    UtcDateTime,
    Word,
)

FORM = String(60)
NUMBER = String(60)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Region(Base):
    """Regency, kecamatan, desa or TPS. Codes are KPU's: 2 + 2 + 2 + 4 digits, and 3 for the TPS.

    Every row knows its ancestors, so that totals of any level are one grouping.
    """

    __tablename__ = "region"
    __table_args__ = (
        Index("ix_region_kecamatan_level", "kecamatan_id", "level"),
        Index("ix_region_desa_level", "desa_id", "level"),
        Index("ix_region_level_code", "level", "code"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(13), unique=True)
    level: Mapped[Level] = mapped_column(Word(Level), index=True)
    name: Mapped[str] = mapped_column(String(100))
    number: Mapped[int | None] = mapped_column(Integer)
    """TPS number; None above."""
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), index=True)
    regency_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"))
    kecamatan_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"))
    desa_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"))
    search: Mapped[str] = mapped_column(String(300))
    """Lower-case names of itself and its ancestors, for the search field."""

    desa: Mapped[Region | None] = relationship(foreign_keys=[desa_id], remote_side=[id])
    kecamatan: Mapped[Region | None] = relationship(foreign_keys=[kecamatan_id], remote_side=[id])


class Election(Base):
    __tablename__ = "election"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    date: Mapped[date] = mapped_column(Date)
    entry_policy: Mapped[EntryPolicy] = mapped_column(Word(EntryPolicy), default=EntryPolicy.SINGLE)
    sample_machine: Mapped[int] = mapped_column(Integer, default=0)
    """Of a thousand sheets that the machine accepted, so many are entered blind once more (``sample_single``, ``sample_double``: of
    those that one person settled, or two)."""
    sample_single: Mapped[int] = mapped_column(Integer, default=0)
    sample_double: Mapped[int] = mapped_column(Integer, default=0)
    stop_bound: Mapped[int] = mapped_column(Integer, default=10)
    """Wrong sheets in a thousand that the machine may be suspected of (95 % upper bound) once it was found wrong; beyond it stops."""
    stop_errors: Mapped[int] = mapped_column(Integer, default=3)
    """It stops at so many sheets found wrong in any case."""
    margin: Mapped[int | None] = mapped_column(Integer)
    """How far the first is ahead of the second, in thousandths of all votes counted; None: not known yet. A cache for the queue's order."""
    summed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Its totals are kept (PageTotal, PlaceTotal) and may be read from there."""

    pages: Mapped[list[ElectionPage]] = relationship(
        order_by="(ElectionPage.form, ElectionPage.page)", lazy="selectin", cascade="all, delete-orphan"
    )
    areas: Mapped[list[ElectionArea]] = relationship(order_by="ElectionArea.code", lazy="selectin", cascade="all, delete-orphan")
    parties: Mapped[list[Party]] = relationship(order_by="Party.number", lazy="selectin", cascade="all, delete-orphan")
    contestants: Mapped[list[Contestant]] = relationship(
        order_by="(Contestant.area, Contestant.party, Contestant.number)", cascade="all, delete-orphan"
    )
    """Up to a thousand: read where they are shown, not with every election."""


class ElectionArea(Base):
    """An electoral district (dapil). An election without any is held everywhere, by one list of contestants."""

    __tablename__ = "election_area"

    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    covers: Mapped[list[str]] = mapped_column(Json)
    """Codes of regions: whatever lies in them votes here."""
    seats: Mapped[int | None] = mapped_column(Integer)
    """How many it elects; None where it elects one, or where that is not known."""
    whole: Mapped[bool] = mapped_column(default=True, server_default=true())
    """False: the district reaches beyond the regions of ``covers``, so its seats do not follow from the votes here."""


class ElectionPage(Base):
    """One form page that every TPS of an area owes; area "" is all of them."""

    __tablename__ = "election_page"

    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"), primary_key=True)
    area: Mapped[str] = mapped_column(String(20), primary_key=True, default="")
    form: Mapped[str] = mapped_column(FORM, primary_key=True)
    page: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    party: Mapped[int | None] = mapped_column(Integer)
    """Whose page it is, where the names of its numbers do not say it."""


class Party(Base):
    __tablename__ = "party"

    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(200))
    above_threshold: Mapped[bool | None] = mapped_column()
    """Had it the nation-wide share of votes that seats ask for? None: not known, or nothing is asked for."""


class Contestant(Base):
    """A pair or a candidate, by number. Area "" and party 0 where there is none; a name not known is "", never invented."""

    __tablename__ = "contestant"

    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"), primary_key=True)
    area: Mapped[str] = mapped_column(String(20), primary_key=True, default="")
    party: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, default=0)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(200))


class User(Base):
    __tablename__ = "app_user"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    display_name: Mapped[str] = mapped_column(String(100))
    role: Mapped[Role] = mapped_column(Word(Role))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    password_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the password was last changed; None: not since the account was made."""
    totp_secret: Mapped[str | None] = mapped_column(String(300))
    """The second factor's secret, sealed with a key that is not in the database; None: no second factor begun."""
    totp_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when the second factor is asked for; None: not confirmed by a code yet."""
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    """The time step of the last code taken: no code is taken twice."""

    areas: Mapped[list[Region]] = relationship(secondary="user_area", lazy="selectin")


class UserArea(Base):
    """Where an operator may upload, a reviewer may review, staff may look; none means everywhere."""

    __tablename__ = "user_area"

    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), primary_key=True)


class RecoveryCode(Base):
    """Stands in for the second factor once. Only its salted hash is kept."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    salt: Mapped[str] = mapped_column(String(32))
    hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Invitation(Base):
    """A link by which somebody sets his first password, or (with ``user_id``) a new one. Works once; only its hash is kept."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    username: Mapped[str] = mapped_column(String(60))
    display_name: Mapped[str] = mapped_column(String(100))
    role: Mapped[Role] = mapped_column(Word(Role))
    areas: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class LoginSession(Base):
    """One log-in of one browser. The cookie holds the id whose hash stands here; without a living row a signed cookie is worth nothing."""

    __tablename__ = "login_session"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    device: Mapped[str] = mapped_column(String(60))
    """Browser and system in two words, for its owner to know it by."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiToken(Base):
    """Lets another system read. Only the hash is kept; ``hint`` is its beginning, to tell tokens apart."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(12))
    scopes: Mapped[list[str]] = mapped_column(Json)
    areas: Mapped[list[str]] = mapped_column(Json)
    """Region codes; none means everywhere."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PersonalAccess(Base):
    """Somebody looked at what shows names or signatures. Rows are only added, and removed when their time is over (``c1 retention``)."""

    __tablename__ = "personal_access"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    what: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(80), index=True)


class Photo(Base):
    """One uploaded file, named by its SHA-256. One file is one photo, whoever sends it again."""

    __tablename__ = "photo"
    __table_args__ = (Index("ix_photo_place", "tps_id", "election_id"), Index("ix_photo_arrival", "election_id", "received_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(100))
    uploader_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"))
    tps_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    stated_page: Mapped[int | None] = mapped_column(Integer)


class UnplacedPhoto(Base):
    """A photo that came without its TPS or election. Kept durably like any other; it becomes a Photo when its print, or a person, says
    where it belongs. A working row, like QueueEntry: what happens to it stands in the audit log."""

    __tablename__ = "unplaced_photo"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(100))
    uploader_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    election_id: Mapped[str | None] = mapped_column(ForeignKey("election.id"))
    tps_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"))
    """What the sender did state."""
    body: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """The machine's word (tally.codec), once it has read the photo."""
    reason: Mapped[str | None] = mapped_column(String(40))
    """Why the machine could not place it."""
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id"))
    closed: Mapped[bool] = mapped_column(default=False, index=True)
    """Placed (then ``photo_id`` says as what), or put aside by a person."""


class Interpretation(Base):
    """The machine's word on one photo by one set of reader versions."""

    __tablename__ = "interpretation"
    __table_args__ = (UniqueConstraint("photo_id", "versions_key"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"))
    versions_key: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the canonical JSON of ``versions``."""
    versions: Mapped[dict[str, str]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    decision: Mapped[str] = mapped_column(String(20))
    form: Mapped[str | None] = mapped_column(FORM)
    page: Mapped[int | None] = mapped_column(Integer)
    disposition: Mapped[Disposition] = mapped_column(Word(Disposition))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    """The whole interpretation as tally.codec writes it."""


class ReviewAction(Base):
    """What a person did with one photo. ``before`` and ``after`` hold place and values."""

    __tablename__ = "review_action"
    __table_args__ = (Index("ix_review_action_undoes_id", "undoes_id", unique=True),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"), index=True)
    interpretation_id: Mapped[int | None] = mapped_column(ForeignKey("interpretation.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[ActionKind] = mapped_column(Word(ActionKind))
    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"))
    tps_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    form: Mapped[str | None] = mapped_column(FORM)
    page: Mapped[int | None] = mapped_column(Integer)
    before: Mapped[dict[str, Any]] = mapped_column(Json)
    after: Mapped[dict[str, Any]] = mapped_column(Json)
    note: Mapped[str] = mapped_column(Text)
    took_ms: Mapped[int | None] = mapped_column(Integer)
    """From when the person took the sheet in hand; None where he held none."""
    undoes_id: Mapped[int | None] = mapped_column(Id)
    """The action that this one takes back."""


class SheetCommit(Base):
    """One version of one sheet's counts. The version that nobody supersedes counts, unless it is void.

    ``supersedes_id`` is unique and versions of a sheet are numbered without gap, so two writers can never both follow
    the same version.
    """

    __tablename__ = "sheet_commit"
    __table_args__ = (
        UniqueConstraint("election_id", "tps_id", "form", "page", "version"),
        UniqueConstraint("supersedes_id"),
        UniqueConstraint("action_id"),
        CheckConstraint("(version = 1) = (supersedes_id IS NULL)", name="first"),
        CheckConstraint("(source = 'person') = (action_id IS NOT NULL)", name="source"),
        Index("ix_sheet_commit_election_id_at", "election_id", "at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"))
    tps_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    form: Mapped[str] = mapped_column(FORM)
    page: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("sheet_commit.id"))
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"), index=True)
    interpretation_id: Mapped[int | None] = mapped_column(ForeignKey("interpretation.id"))
    action_id: Mapped[int | None] = mapped_column(ForeignKey("review_action.id"))
    source: Mapped[Source] = mapped_column(Word(Source))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    void: Mapped[bool] = mapped_column(default=False)
    """Withdrawn: nothing counts for this sheet until a later version."""
    paper_error: Mapped[bool] = mapped_column(default=False)
    """The paper itself breaks a rule or lacks a number; committed as written."""
    note: Mapped[str] = mapped_column(Text, default="")

    counts: Mapped[list[CommittedCount]] = relationship(lazy="selectin")


class CommittedCount(Base):
    """One number of a commit, as written. NULL: not written, or not legible even to a person."""

    __tablename__ = "committed_count"
    __table_args__ = (CheckConstraint("value >= 0", name="not_negative"),)

    commit_id: Mapped[int] = mapped_column(ForeignKey("sheet_commit.id"), primary_key=True)
    name: Mapped[str] = mapped_column(NUMBER, primary_key=True)
    value: Mapped[int | None] = mapped_column(Integer)


class PageTotal(Base):
    """What counts of one form page in one region above the TPS, by electoral district (area). Follows from the counts: changed in the
    transaction of each commit, proven by ``c1 totals verify`` (db.summaries)."""

    __tablename__ = "page_total"

    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"), primary_key=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), primary_key=True, autoincrement=False)
    area: Mapped[str] = mapped_column(String(20), primary_key=True, default="")
    form: Mapped[str] = mapped_column(FORM, primary_key=True)
    page: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sheets: Mapped[int] = mapped_column(Integer)
    paper_errors: Mapped[int] = mapped_column(Integer)
    numbers: Mapped[dict[str, list[int]]] = mapped_column(Json)
    """Name -> sum, sheets that carry it, sheets on which it is legible."""


class PlaceTotal(Base):
    """How many TPS of one region and electoral district vote, have a sheet in, have all in. As PageTotal."""

    __tablename__ = "place_total"

    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"), primary_key=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), primary_key=True, autoincrement=False)
    area: Mapped[str] = mapped_column(String(20), primary_key=True, default="")
    tps_all: Mapped[int] = mapped_column(Integer)
    tps_any: Mapped[int] = mapped_column(Integer)
    tps_complete: Mapped[int] = mapped_column(Integer)


class QueueEntry(Base):
    """A photo that waits for a person, where it belongs as far as is known, and who has it in hand until when.

    The only working table: its rows follow from the insert-only ones and go when the photo is settled.
    """

    __tablename__ = "queue_entry"
    __table_args__ = (
        Index("ix_queue_entry_rank", "rank", "photo_id"),
        Index("ix_queue_entry_election_id", "election_id", "rank", "photo_id"),
    )

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"), primary_key=True)
    kind: Mapped[QueueKind] = mapped_column(Word(QueueKind))
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    interpretation_id: Mapped[int] = mapped_column(ForeignKey("interpretation.id"))
    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"))
    tps_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    form: Mapped[str | None] = mapped_column(FORM)
    page: Mapped[int | None] = mapped_column(Integer)
    placed: Mapped[bool] = mapped_column(default=False)
    """A person said where it belongs."""
    uploader_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"), index=True)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_desk: Mapped[str | None] = mapped_column(String(40))
    """Which of the person's open windows has it; None: any."""
    lease_ahead: Mapped[bool] = mapped_column(default=False)
    """Kept ready for the person while he works on another one."""
    lease_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it came before his eyes."""
    stage: Mapped[Stage] = mapped_column(Word(Stage), default=Stage.FIRST)
    round: Mapped[int] = mapped_column(Integer, default=1)
    """Entries of one round belong together; a sheet that is moved, or comes back, begins anew."""
    rank: Mapped[int] = mapped_column(Id, default=0)
    """Order of the queue, the smallest first (review.priority)."""
    codes: Mapped[str] = mapped_column(String(400), default="")
    """",code,code," of the reasons, for the filter."""
    barred: Mapped[str] = mapped_column(String(400), default="")
    """",id,id," of the people who may not have it (again)."""
    sample_id: Mapped[int | None] = mapped_column(Id)
    """The sample it is waiting for (a row of ``sample``)."""

    def leased(self, now: datetime) -> bool:
        """Does somebody have it in hand?"""
        return self.lease_user_id is not None and self.lease_until is not None and self.lease_until > now


class TemplateDraft(Base):
    """A form template in work. ``revision`` goes up with every save, so that nobody overwrites what he has not seen."""

    __tablename__ = "template_draft"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    form: Mapped[str] = mapped_column(FORM, index=True)
    state: Mapped[DraftState] = mapped_column(Word(DraftState))
    sources: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """Uploaded files: sha256, name, media_type."""
    options: Mapped[dict[str, Any]] = mapped_column(Json)
    """How it was asked to be drafted: title, election, first page, paper, the version it is based on."""
    progress: Mapped[dict[str, Any]] = mapped_column(Json)
    """Of the work under way: what, done, of, at; and error (the error shape's inner part) where it failed."""
    body: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """template.json as it stands, good or not."""
    pages: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """Pictures of the pages from edge to edge: page, sha256, width, height, photographed."""
    features: Mapped[dict[str, Any]] = mapped_column(Json)
    """Reference features: key (of the geometry they were made for), sha256, warnings."""
    revision: Mapped[int] = mapped_column(Integer, default=1)
    created_by: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TemplateVersion(Base):
    """A published template. Sheets say which version they were read with, so none is ever changed or taken away."""

    __tablename__ = "template_version"
    __table_args__ = (UniqueConstraint("form", "version"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    form: Mapped[str] = mapped_column(FORM)
    version: Mapped[int] = mapped_column(Integer)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    """Of all that reading depends on: test photos prove what has this digest."""
    features_sha256: Mapped[str | None] = mapped_column(String(64))
    pages: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)


class TemplateTrust(Base):
    """From here on the machine may, or may not, accept sheets of this version without a person."""

    __tablename__ = "template_trust"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("template_version.id"), index=True)
    proven: Mapped[bool] = mapped_column()
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    trials: Mapped[int] = mapped_column(Integer)
    """Test photos that had been read right when this was written."""


class TemplateTrial(Base):
    """One test photo read with one template, and what a person typed from the paper."""

    __tablename__ = "template_trial"
    __table_args__ = (UniqueConstraint("digest", "photo_sha256"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    form: Mapped[str] = mapped_column(FORM)
    digest: Mapped[str] = mapped_column(String(64))
    photo_sha256: Mapped[str] = mapped_column(String(64))
    photo_name: Mapped[str] = mapped_column(String(255))
    state: Mapped[TrialState] = mapped_column(Word(TrialState))
    page: Mapped[int | None] = mapped_column(Integer)
    reading: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """The interpretation as tally.codec writes it."""
    typed: Mapped[dict[str, Any] | None] = mapped_column(Json)
    result: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    """Number by number (ocr.draft.trial)."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class TemplateFile(Base):
    """A file in the photo store that belongs to templates: sources, page pictures, features, test photos. The cleaner leaves it."""

    __tablename__ = "template_file"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Entry(Base):
    """What one person took down where two must say the same. Nothing counts by it alone."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("photo_id", "round", "user_id"),
        UniqueConstraint("photo_id", "round", "number"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"))
    round: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    """1, 2 or, for who decides between them, 3."""
    stage: Mapped[Stage] = mapped_column(Word(Stage))
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    action_id: Mapped[int] = mapped_column(ForeignKey("review_action.id"), index=True)
    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"))
    values: Mapped[dict[str, Any]] = mapped_column(Json)
    paper_error: Mapped[bool] = mapped_column(default=False)


class EntryVerdict(Base):
    """Was an entry right, by what the sheet was settled as?"""

    __tablename__ = "entry_verdict"

    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("review_action.id"), index=True)
    """The one that settled it."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    right: Mapped[bool] = mapped_column()
    numbers: Mapped[int] = mapped_column(Integer)
    wrong: Mapped[int] = mapped_column(Integer)


class Sample(Base):
    """A count drawn to be entered blind once more."""

    __tablename__ = "sample"
    __table_args__ = (Index("ix_sample_election_id", "election_id", "at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    commit_id: Mapped[int] = mapped_column(ForeignKey("sheet_commit.id"), unique=True)
    step: Mapped[Step] = mapped_column(Word(Step))
    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"))
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SampleResult(Base):
    """What the blind entry of a drawn count, or the third person where it differed, made of it."""

    __tablename__ = "sample_result"

    sample_id: Mapped[int] = mapped_column(ForeignKey("sample.id"), primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("review_action.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    right: Mapped[bool] = mapped_column()
    numbers: Mapped[int] = mapped_column(Integer)
    wrong: Mapped[int] = mapped_column(Integer)


class AcceptingSwitch(Base):
    """The machine stopped accepting in an election (by itself: no user), or may again. The last row holds; none: it may."""

    __tablename__ = "accepting_switch"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    accepting: Mapped[bool] = mapped_column()
    note: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)


class Sender(Base):
    """A WhatsApp number that has written to us. Only an admin makes an unknown one somebody's."""

    __tablename__ = "sender"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    phone: Mapped[str] = mapped_column(String(20), unique=True)
    """Digits with the country's, as WhatsApp writes it: 62812..."""
    name: Mapped[str] = mapped_column(String(100))
    """What the sender calls himself; anybody may call himself anything."""
    state: Mapped[SenderState] = mapped_column(Word(SenderState))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_documents: Mapped[bool] = mapped_column(default=False)
    """He has heard that documents keep the full resolution."""
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Somebody works through his messages until then."""


class Message(Base):
    """One WhatsApp message as it came, and how far we are with it. ``wamid`` is unique: the same webhook twice is one message."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_state_next_try", "state", "next_try"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    wamid: Mapped[str] = mapped_column(String(200), unique=True)
    sender_id: Mapped[int] = mapped_column(ForeignKey("sender.id"), index=True)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(20))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[MessageState] = mapped_column(Word(MessageState))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    """The picture, as soon as it is in the photo store; it stays there while the message waits for its TPS."""
    answer: Mapped[dict[str, Any]] = mapped_column(Json)
    """What the sender has said about it since: tps, election, page."""
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id"), index=True)
    told: Mapped[str] = mapped_column(String(20), default="")
    """The last state of the photo that the sender was told."""
    error: Mapped[str] = mapped_column(String(60), default="")


class Outgoing(Base):
    """A WhatsApp message of ours. ``key`` is unique: nothing is answered twice."""

    __tablename__ = "outgoing"
    __table_args__ = (Index("ix_outgoing_state_next_try", "state", "next_try"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    sender_id: Mapped[int] = mapped_column(ForeignKey("sender.id"), index=True)
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[OutgoingState] = mapped_column(Word(OutgoingState))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wamid: Mapped[str | None] = mapped_column(String(200), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(String(200), default="")


class ImportRun(Base):
    """One chat, folder, zip or PDF that was imported by one user. The same source again is the same run."""

    __tablename__ = "import_run"
    __table_args__ = (UniqueConstraint("source_key", "user_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(String(300))
    source_key: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the file, or of a folder's path."""
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportItem(Base):
    """What became of one picture of an import."""

    __tablename__ = "import_item"

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(300), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[ItemState] = mapped_column(Word(ItemState))
    sha256: Mapped[str | None] = mapped_column(String(64))
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id"))
    detail: Mapped[dict[str, Any]] = mapped_column(Json)


class PhotoOrigin(Base):
    """By which way a photo came and what was said with it. A photo without a row was uploaded on our own pages."""

    __tablename__ = "photo_origin"

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"), primary_key=True, autoincrement=False)
    channel: Mapped[Channel] = mapped_column(Word(Channel))
    sender_id: Mapped[int | None] = mapped_column(ForeignKey("sender.id"), index=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"), index=True)
    sent_by: Mapped[str] = mapped_column(String(100))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    caption: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(String(40))
    """What the TPS was told from: tally.attribution.Ground."""


class PhotoLikeness(Base):
    """What a photo looks like, to find the same picture, or the same paper, under another TPS (ocr.likeness)."""

    __tablename__ = "photo_likeness"

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"), primary_key=True, autoincrement=False)
    picture: Mapped[str] = mapped_column(String(64))
    """Perceptual hash of the whole picture, hex."""
    form: Mapped[str | None] = mapped_column(FORM)
    page: Mapped[int | None] = mapped_column(Integer)
    paper: Mapped[str | None] = mapped_column(Text)
    """The ink in the number boxes as the registered page shows it, hex; None where no page was recognised."""


class PhotoHold(Base):
    """A photo that must not count without a person: its sender was revoked, or it was sent for two TPS. Never lifted: review settles it."""

    __tablename__ = "photo_hold"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    code: Mapped[str] = mapped_column(String(40))
    """A code of review.reasons."""
    detail: Mapped[str] = mapped_column(Text)


class Anomaly(Base):
    """Something that looks wrong at one TPS (tally.crosscheck), named once. What became of it stands in its states."""

    __tablename__ = "anomaly"
    __table_args__ = (UniqueConstraint("tps_id", "election_id", "kind", "what"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"))
    tps_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    kind: Mapped[str] = mapped_column(String(40))
    """An id of tally.crosscheck.kinds."""
    what: Mapped[str] = mapped_column(String(100))
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AnomalyState(Base):
    """One state of an anomaly. The one that nobody supersedes holds. ``user_id``: None for the machine."""

    __tablename__ = "anomaly_state"
    __table_args__ = (
        UniqueConstraint("anomaly_id", "number"),
        UniqueConstraint("supersedes_id"),
        CheckConstraint("(number = 1) = (supersedes_id IS NULL)", name="first"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    anomaly_id: Mapped[int] = mapped_column(ForeignKey("anomaly.id"))
    number: Mapped[int] = mapped_column(Integer)
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("anomaly_state.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    event: Mapped[AnomalyEvent] = mapped_column(Word(AnomalyEvent))
    state: Mapped[AnomalyStanding] = mapped_column(Word(AnomalyStanding))
    severity: Mapped[str] = mapped_column(String(20))
    figures: Mapped[dict[str, Any]] = mapped_column(Json)
    context: Mapped[dict[str, Any]] = mapped_column(Json)
    places: Mapped[list[list[Any]]] = mapped_column(Json)
    """[election, form, page, number] of each number in it."""
    note: Mapped[str] = mapped_column(Text, default="")


class AnomalyMark(Base):
    """Up to which row of the audit log the counts of a kecamatan ("": of all) were looked through. A working row."""

    __tablename__ = "anomaly_mark"

    area: Mapped[str] = mapped_column(String(13), primary_key=True)
    seq: Mapped[int] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PublishedImport(Base):
    """One file of figures that somebody else (KPU) published, as it came at one time. A newer file is a further version, never a change."""

    __tablename__ = "published_import"
    __table_args__ = (UniqueConstraint("election_id", "source", "version"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    election_id: Mapped[str] = mapped_column(ForeignKey("election.id"))
    source: Mapped[str] = mapped_column(String(60))
    """Whose figures they are: "KPU Sirekap"."""
    version: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(20))
    """sirekap or csv."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the file (of a folder's files together)."""
    size: Mapped[int] = mapped_column(Id)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    as_of: Mapped[str] = mapped_column(String(40))
    """The newest time stamp that the file itself bears, as it is written there; "" where it bears none."""
    stations: Mapped[int] = mapped_column(Integer)
    figures: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))
    """Of the figures (db.published.digest_of); it stands in the audit log too."""
    ids: Mapped[dict[str, Any]] = mapped_column(Json)
    """The publisher's id of a contestant -> [party, number]."""


class PublishedCount(Base):
    """One published number of one TPS, by the name that it has with us (db.published.known_as). A number not published has no row."""

    __tablename__ = "published_count"
    __table_args__ = (CheckConstraint("value >= 0", name="not_negative"),)

    import_id: Mapped[int] = mapped_column(ForeignKey("published_import.id"), primary_key=True)
    tps_id: Mapped[int] = mapped_column(ForeignKey("region.id"), primary_key=True)
    name: Mapped[str] = mapped_column(NUMBER, primary_key=True)
    value: Mapped[int] = mapped_column(Integer)


class AuditLog(Base):
    """Everything that touches a count, chained: each row's hash covers the row and the hash before it."""

    __tablename__ = "audit_log"

    seq: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    event: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(100))
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    previous: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class AuditHead(Base):
    """The end of the chain; locked while a row is appended, so that the chain never forks."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Id)
    hash: Mapped[str] = mapped_column(String(64))


class ReadingClaim(Base):
    """How often reading one photo was begun, and which worker has it in hand since when (db.claims). It goes when the photo is read."""

    __tablename__ = "reading_claim"

    key: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    """The photo's id; that of a photo without a place with a minus before it."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    worker: Mapped[str] = mapped_column(String(120), default="")
    """host:pid:start of the worker; "" while nobody has it."""
    since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(String(200), default="")
    """What the last attempt ended with: the exception's class."""


class WorkerSign(Base):
    """A sign of life of one worker process, written every few seconds."""

    __tablename__ = "worker_sign"

    worker: Mapped[str] = mapped_column(String(120), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    readers: Mapped[int] = mapped_column(Integer, default=1)
    read: Mapped[int] = mapped_column(Integer, default=0)
    """Photos read since it started."""
    failed: Mapped[int] = mapped_column(Integer, default=0)
    ended: Mapped[bool] = mapped_column(default=False)
    """It said good-bye."""


class BackupRun(Base):
    """A backup that was finished and lies where it says."""

    __tablename__ = "backup_run"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    target: Mapped[str] = mapped_column(String(300))
    name: Mapped[str] = mapped_column(String(60))
    rows: Mapped[int] = mapped_column(Id)
    files: Mapped[int] = mapped_column(Integer)
    new_files: Mapped[int] = mapped_column(Integer)
    size: Mapped[int] = mapped_column(Id)
    """Bytes of all photos and of the database's copy."""
    seconds: Mapped[int] = mapped_column(Integer)


INSERT_ONLY: tuple[type[Base], ...] = (
    Photo,
    Interpretation,
    ReviewAction,
    SheetCommit,
    CommittedCount,
    AuditLog,
    TemplateVersion,
    TemplateTrust,
    PhotoOrigin,
    PhotoLikeness,
    PhotoHold,
    Entry,
    EntryVerdict,
    Sample,
    SampleResult,
    AcceptingSwitch,
    PublishedImport,
    PublishedCount,
    Anomaly,
    AnomalyState,
)
