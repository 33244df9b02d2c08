"""Published templates: every version ever, which of them the machine may accept alone, and what the registry is told of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import audit, clock
from db.errors import ServiceError
from db.queries import user_names
from db.session import Database
from db.store import PhotoStore
from db.tables import ElectionPage, TemplateFile, TemplateTrial, TemplateTrust, TemplateVersion
from db.types import TrialState
from templates_c1.published import Features, Published
from templates_c1.schema import Template

Json = dict[str, Any]


class UnknownForm(ServiceError):
    code = "unknown_form"
    status = 404
    text = "Formulir ini tidak dikenal."
    text_en = "There is no such form."


class TemplateTaken(ServiceError):
    """Somebody published the form meanwhile, or the id is that of a form that ships."""

    code = "template_taken"
    status = 409
    text = "Id formulir ini sudah dipakai formulir lain. Pilih id lain."
    text_en = "This form id belongs to another form. Choose another one."


class TrustRefused(ServiceError):
    code = "trust_refused"
    status = 403
    text = "Yang menerbitkan formulir tidak boleh mencabut masa percobaannya. Minta orang lain."
    text_en = "Whoever published a form may not end its probation. Ask somebody else."


class ReasonMissing(ServiceError):
    code = "reason_missing"
    status = 422
    text = "Tulis alasannya."
    text_en = "Say why."


@dataclass(frozen=True, slots=True)
class TrustView:
    proven: bool
    by: str | None
    at: datetime
    reason: str
    trials: int


@dataclass(frozen=True, slots=True)
class VersionView:
    """One published version. ``trust``: what was said about it, newest first; without a word it is on probation."""

    id: int
    form: str
    version: int
    body: Json
    digest: str
    features_sha256: str | None
    pages: list[Json]
    by: str | None
    by_id: int | None
    at: datetime
    reason: str
    trust: tuple[TrustView, ...]

    @property
    def proven(self) -> bool:
        return bool(self.trust) and self.trust[0].proven

    @property
    def template(self) -> Template:
        return Template.model_validate(self.body)


def digest_of(body: Mapping[str, Any], features_sha256: str | None) -> str:
    """SHA-256 of all that reading depends on: the template without its id, version, titles and labels, and the features of its print.

    What test photos proved stays proved when only these change.
    """
    reading = {k: v for k, v in body.items() if k not in ("form", "version", "title")}
    reading["pages"] = [_without(p, "title", numbers=[_without(n, "label") for n in p.get("numbers", ())]) for p in body.get("pages", ())]
    text = json.dumps([reading, features_sha256], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _without(raw: Mapping[str, Any], gone: str, **instead: Any) -> Json:
    return {**{k: v for k, v in raw.items() if k != gone}, **instead}


def keep(session: Session, store: PhotoStore, data: bytes) -> str:
    """Put a file that belongs to templates into the store; returns its SHA-256. Raises StoreError."""
    sha256 = store.put(data).sha256
    if session.get(TemplateFile, sha256) is None:
        session.add(TemplateFile(sha256=sha256, at=clock.now()))
        session.flush()
    return sha256


class PublishedForms:
    """What ``templates_c1.published.use`` asks: the versions in this database, their features in this store."""

    def __init__(self, db: Database, store: PhotoStore) -> None:
        self._db = db
        self._store = store

    def token(self) -> Hashable:
        with self._db.reading() as session:
            row = session.execute(
                select(select(func.max(TemplateVersion.id)).scalar_subquery(), select(func.max(TemplateTrust.id)).scalar_subquery())
            ).one()
            return tuple(row)

    def load(self) -> Iterator[Published]:
        with self._db.reading() as session:
            proven = _proven(session)
            for row in session.scalars(select(TemplateVersion).order_by(TemplateVersion.id)):
                yield Published(Template.model_validate(row.body), proven.get(row.id, False), self._features(row.features_sha256))

    def _features(self, sha256: str | None) -> Features | None:
        return None if sha256 is None else Features(sha256, partial(self._store.get, sha256))


def _proven(session: Session) -> dict[int, bool]:
    """Version id -> the last word on it."""
    return {t.version_id: t.proven for t in session.scalars(select(TemplateTrust).order_by(TemplateTrust.id))}


def versions(session: Session, form: str | None = None) -> list[VersionView]:
    """Every version of one form, or of all, the newest first."""
    query = select(TemplateVersion).order_by(TemplateVersion.form, TemplateVersion.version.desc())
    rows = list(session.scalars(query if form is None else query.where(TemplateVersion.form == form)))
    said: dict[int, list[TemplateTrust]] = {}
    trust = select(TemplateTrust).where(TemplateTrust.version_id.in_([r.id for r in rows])).order_by(TemplateTrust.id.desc())
    for t in session.scalars(trust):
        said.setdefault(t.version_id, []).append(t)
    names = user_names(session, [*(r.user_id for r in rows), *(t.user_id for ts in said.values() for t in ts)])

    def name(user_id: int | None) -> str | None:
        return None if user_id is None else names.get(user_id)

    return [
        VersionView(
            id=r.id,
            form=r.form,
            version=r.version,
            body=r.body,
            digest=r.digest,
            features_sha256=r.features_sha256,
            pages=r.pages,
            by=name(r.user_id),
            by_id=r.user_id,
            at=r.at,
            reason=r.reason,
            trust=tuple(TrustView(t.proven, name(t.user_id), t.at, t.reason, t.trials) for t in said.get(r.id, ())),
        )
        for r in rows
    ]


def version(session: Session, form: str, number: int | None = None) -> VersionView:
    """One version, the newest if not said which. Raises UnknownForm."""
    found = [v for v in versions(session, form) if number in (None, v.version)]
    if not found:
        raise UnknownForm({"form": form, "version": number})
    return found[0]


def publish(
    session: Session, body: Mapping[str, Any], *, features_sha256: str | None, pages: Sequence[Json], user_id: int | None, reason: str
) -> VersionView:
    """Make ``body`` the form's next version, on probation unless test photos have proved the very same reading before.

    That the template is good is the caller's check (``ocr.draft.release``).

    Raises:
        ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing()
    form = str(body["form"])
    # locked in the order of a publication: the next number is taken once
    before = session.scalar(
        select(TemplateVersion).where(TemplateVersion.form == form).order_by(TemplateVersion.version.desc()).limit(1).with_for_update()
    )
    number = before.version + 1 if before else 1
    digest = digest_of(body, features_sha256)
    row = TemplateVersion(
        form=form,
        version=number,
        body={**body, "version": number},
        digest=digest,
        features_sha256=features_sha256,
        pages=list(pages),
        user_id=user_id,
        at=clock.now(),
        reason=reason.strip()[:500],
    )
    session.add(row)
    session.flush()
    facts = {"version": number, "digest": digest, "features": features_sha256, "reason": row.reason}
    audit.append(session, "template_published", f"template:{form}", user_id, facts)
    if before is not None and before.digest == digest and _proven(session).get(before.id):
        _say(session, row, True, None, f"sama dengan versi {before.version} / same as version {before.version}", 0)
    return version(session, form, number)


def count_trials(session: Session, digest: str) -> dict[TrialState, int]:
    """How many test photos came out how."""
    rows = session.execute(select(TemplateTrial.state, func.count()).where(TemplateTrial.digest == digest).group_by(TemplateTrial.state))
    return {state: int(n) for state, n in rows}


def prove_by_trials(session: Session, digest: str, needed: int, user_id: int | None) -> bool:
    """End the probation of the versions with this digest if enough test photos were read right and none was misread unnoticed."""
    counts = count_trials(session, digest)
    right = counts.get(TrialState.RIGHT, 0)
    if right < needed or counts.get(TrialState.WRONG, 0):
        return False
    proven = _proven(session)
    waiting = [v for v in session.scalars(select(TemplateVersion).where(TemplateVersion.digest == digest)) if v.id not in proven]
    for row in waiting:
        _say(session, row, True, user_id, f"{right} foto uji terbaca benar / test photos read right", right)
    return bool(waiting)


def set_trust(session: Session, form: str, number: int, *, proven: bool, user_id: int, reason: str) -> VersionView:
    """A supervisor ends a version's probation, or puts it back.

    Raises:
        UnknownForm, ReasonMissing; TrustRefused: he published it himself.
    """
    known = version(session, form, number)
    if not reason.strip():
        raise ReasonMissing()
    if proven and known.by_id == user_id:
        raise TrustRefused({"form": form, "version": number})
    row = session.get_one(TemplateVersion, known.id)
    _say(session, row, proven, user_id, reason.strip()[:500], count_trials(session, known.digest).get(TrialState.RIGHT, 0))
    return version(session, form, number)


def _say(session: Session, row: TemplateVersion, proven: bool, user_id: int | None, reason: str, trials: int) -> None:
    session.add(TemplateTrust(version_id=row.id, proven=proven, user_id=user_id, at=clock.now(), reason=reason, trials=trials))
    session.flush()
    facts = {"version": row.version, "proven": proven, "reason": reason, "trials": trials}
    audit.append(session, "template_trust", f"template:{row.form}", user_id, facts)


def expect_in(session: Session, election_id: str, form: str, pages: Sequence[int], user_id: int) -> int:
    """Add a form's pages to what every TPS owes in an election; returns how many were not there yet. Raises UnknownElection."""
    from db.queries import election

    known = {(p.form, p.page) for p in election(session, election_id).pages}
    new = [page for page in pages if (form, page) not in known]
    session.add_all(ElectionPage(election_id=election_id, form=form, page=page) for page in new)
    session.flush()
    if new:
        audit.append(session, "election_form_added", f"election:{election_id}", user_id, {"form": form, "pages": new})
    return len(new)
