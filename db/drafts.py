"""Templates in work, and test photos: working rows, changed until a template is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit, clock
from db.errors import ServiceError
from db.queries import user_names
from db.tables import TemplateDraft, TemplateTrial
from db.types import DraftState, TrialState

Json = dict[str, Any]

OPEN = (DraftState.WORKING, DraftState.READY, DraftState.FAILED)


class UnknownDraft(ServiceError):
    code = "unknown_draft"
    status = 404
    text = "Rancangan templat ini tidak ditemukan."
    text_en = "There is no such template draft."


class StaleDraft(ServiceError):
    code = "stale_draft"
    status = 409
    text = "Rancangan ini diubah di tempat lain sejak Anda membukanya. Muat ulang halaman; perubahan terakhir Anda belum tersimpan."
    text_en = "This draft was changed elsewhere since you opened it. Load the page again; your last changes are not saved."


class DraftClosed(ServiceError):
    code = "draft_closed"
    status = 409
    text = "Rancangan ini sudah diterbitkan atau dibuang."
    text_en = "This draft was published or thrown away."


class DraftBusy(ServiceError):
    code = "draft_busy"
    status = 409
    text = "Mesin masih mengerjakan rancangan ini. Tunggu sebentar."
    text_en = "The machine is still at work on this draft. Wait a moment."


class UnknownTrial(ServiceError):
    code = "unknown_trial"
    status = 404
    text = "Foto uji ini tidak ditemukan."
    text_en = "There is no such test photo."


@dataclass(frozen=True, slots=True)
class DraftView:
    id: int
    form: str
    state: DraftState
    sources: list[Json]
    options: Json
    progress: Json
    body: Json | None
    pages: list[Json]
    features: Json
    revision: int
    by: str
    at: datetime

    @property
    def title(self) -> str:
        said = (self.body or {}).get("title", {})
        return str(said.get("id") or self.options.get("title") or self.form)

    @property
    def closed(self) -> bool:
        return self.state not in OPEN


@dataclass(frozen=True, slots=True)
class TrialView:
    """``result``: number by number, once a person has typed what is on the paper."""

    id: int
    form: str
    digest: str
    photo_sha256: str
    photo_name: str
    state: TrialState
    page: int | None
    reading: Json | None
    typed: Json | None
    result: list[Json] | None
    at: datetime


def start(session: Session, user_id: int, form: str, sources: Sequence[Json], options: Mapping[str, Any]) -> DraftView:
    """A new draft, to be drawn up from ``sources`` (photo store files: sha256, name)."""
    return _add(session, user_id, form, sources, options, DraftState.WORKING, None, (), {})


def start_from(session: Session, user_id: int, body: Json, pages: Sequence[Json], features: Mapping[str, Any], version: int) -> DraftView:
    """A draft of the next version of a published form."""
    options = {"based_on": version}
    return _add(session, user_id, str(body["form"]), (), options, DraftState.READY, body, pages, features)


def _add(
    session: Session,
    user_id: int,
    form: str,
    sources: Sequence[Json],
    options: Mapping[str, Any],
    state: DraftState,
    body: Json | None,
    pages: Sequence[Json],
    features: Mapping[str, Any],
) -> DraftView:
    now = clock.now()
    row = TemplateDraft(
        form=form,
        state=state,
        sources=list(sources),
        options=dict(options),
        progress={},
        body=body,
        pages=list(pages),
        features=dict(features),
        revision=1,
        created_by=user_id,
        created_at=now,
        updated_by=user_id,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    facts = {"draft": row.id, "sources": [s["sha256"] for s in sources], "based_on": options.get("based_on")}
    audit.append(session, "template_drafted", f"template:{form}", user_id, facts)
    return _view(session, row)


def draft(session: Session, draft_id: int) -> DraftView:
    """Raises UnknownDraft."""
    return _view(session, _row(session, draft_id))


def drafts(session: Session) -> list[DraftView]:
    """Those in work, the latest first."""
    rows = session.scalars(select(TemplateDraft).where(TemplateDraft.state.in_(OPEN)).order_by(TemplateDraft.updated_at.desc()))
    return [_view(session, r) for r in rows]


def save(session: Session, draft_id: int, user_id: int, revision: int, body: Json) -> DraftView:
    """Keep what a person made of the draft.

    Raises:
        UnknownDraft, DraftClosed, DraftBusy; StaleDraft: ``revision`` is not the last one.
    """
    row = _open(session, draft_id)
    if row.state is DraftState.WORKING:
        raise DraftBusy({"draft": draft_id})
    if row.revision != revision:
        raise StaleDraft({"draft": draft_id, "revision": row.revision})
    row.body, row.form = body, str(body.get("form") or row.form)[:60]
    row.revision += 1
    row.updated_by, row.updated_at = user_id, clock.now()
    session.flush()
    return _view(session, row)


def drawn_up(session: Session, draft_id: int, body: Json, pages: Sequence[Json]) -> None:
    """The machine's proposal is there. Raises UnknownDraft, DraftClosed."""
    row = _open(session, draft_id)
    row.body, row.pages, row.state, row.progress = body, list(pages), DraftState.READY, {}
    row.revision += 1
    row.updated_at = clock.now()


def report(session: Session, draft_id: int, progress: Json) -> None:
    """How far the machine is: {"what", "done", "of"}; with "error" (the inner part of the error shape) the work has ended."""
    row = _open(session, draft_id)
    row.progress = {**progress, "at": clock.now().isoformat()}
    if "error" in progress and row.body is None:
        row.state = DraftState.FAILED


def again(session: Session, draft_id: int) -> DraftView:
    """Draw it up once more: the work was lost or failed. Raises UnknownDraft, DraftClosed."""
    row = _open(session, draft_id)
    row.state, row.progress = DraftState.WORKING if row.body is None else row.state, {}
    session.flush()
    return _view(session, row)


def remember_features(session: Session, draft_id: int, features: Mapping[str, Any]) -> None:
    """Reference features were computed; their ``key`` says for which geometry."""
    _row(session, draft_id).features = dict(features)


def close(session: Session, draft_id: int, user_id: int, state: DraftState) -> None:
    """Published, or thrown away. Raises UnknownDraft, DraftClosed."""
    row = _open(session, draft_id)
    row.state, row.updated_by, row.updated_at = state, user_id, clock.now()
    if state is DraftState.DISCARDED:
        audit.append(session, "template_discarded", f"template:{row.form}", user_id, {"draft": row.id})


def _row(session: Session, draft_id: int) -> TemplateDraft:
    row = session.scalar(select(TemplateDraft).where(TemplateDraft.id == draft_id).with_for_update())
    if row is None:
        raise UnknownDraft({"draft": draft_id})
    return row


def _open(session: Session, draft_id: int) -> TemplateDraft:
    row = _row(session, draft_id)
    if row.state not in OPEN:
        raise DraftClosed({"draft": draft_id})
    return row


def _view(session: Session, row: TemplateDraft) -> DraftView:
    return DraftView(
        id=row.id,
        form=row.form,
        state=row.state,
        sources=row.sources,
        options=row.options,
        progress=row.progress,
        body=row.body,
        pages=row.pages,
        features=row.features,
        revision=row.revision,
        by=user_names(session, [row.updated_by])[row.updated_by],
        at=row.updated_at,
    )


def add_trial(session: Session, form: str, digest: str, sha256: str, name: str, user_id: int | None) -> TrialView:
    """A test photo for the template with ``digest``; the same photo again is the same test."""
    known = session.scalar(select(TemplateTrial).where(TemplateTrial.digest == digest, TemplateTrial.photo_sha256 == sha256))
    if known is None:
        known = TemplateTrial(
            form=form,
            digest=digest,
            photo_sha256=sha256,
            photo_name=name[:255],
            state=TrialState.WAITING,
            page=None,
            reading=None,
            typed=None,
            result=None,
            user_id=user_id,
            at=clock.now(),
        )
        session.add(known)
        session.flush()
    elif known.state is TrialState.FAILED:
        known.state = TrialState.WAITING
    return _trial_view(known)


def trial(session: Session, trial_id: int) -> TrialView:
    """Raises UnknownTrial."""
    return _trial_view(_trial_row(session, trial_id))


def trials(session: Session, digest: str) -> list[TrialView]:
    """The latest first."""
    rows = session.scalars(select(TemplateTrial).where(TemplateTrial.digest == digest).order_by(TemplateTrial.id.desc()))
    return [_trial_view(r) for r in rows]


def trial_read(session: Session, trial_id: int, state: TrialState, page: int | None, reading: Json | None) -> None:
    """What came out of the machine. Raises UnknownTrial."""
    row = _trial_row(session, trial_id)
    row.state, row.page, row.reading = state, page, reading


def trial_typed(session: Session, trial_id: int, state: TrialState, typed: Json, result: list[Json], user_id: int | None) -> TrialView:
    """What a person typed from the paper, and how the reading compares. Raises UnknownTrial."""
    row = _trial_row(session, trial_id)
    row.state, row.typed, row.result, row.user_id, row.at = state, typed, result, user_id, clock.now()
    session.flush()
    facts = {"digest": row.digest, "photo": row.photo_sha256, "page": row.page, "came_out": state.value, "typed": typed}
    audit.append(session, "template_tried", f"template:{row.form}", user_id, facts)
    return _trial_view(row)


def _trial_row(session: Session, trial_id: int) -> TemplateTrial:
    row = session.scalar(select(TemplateTrial).where(TemplateTrial.id == trial_id).with_for_update())
    if row is None:
        raise UnknownTrial({"trial": trial_id})
    return row


def _trial_view(row: TemplateTrial) -> TrialView:
    return TrialView(
        id=row.id,
        form=row.form,
        digest=row.digest,
        photo_sha256=row.photo_sha256,
        photo_name=row.photo_name,
        state=row.state,
        page=row.page,
        reading=row.reading,
        typed=row.typed,
        result=row.result,
        at=row.at,
    )
