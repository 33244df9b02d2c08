"""Templates from folders into an installation: tried, published, listed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from sqlalchemy import select

from ocr.types import Gray
from templates_c1.published import Features, Published
from templates_c1.schema import Template

if TYPE_CHECKING:
    from api.settings import Settings
    from db.session import Database
    from db.store import PhotoStore

Json = dict[str, Any]
Typed = Mapping[str, int | None]


def _settings(data: Path | None) -> Settings:
    from api.settings import Settings

    if data is not None:
        os.environ["C1_DATA"] = str(data)
    return Settings.from_env()


def _exists(settings: Settings, url: str) -> bool:
    """Asking an SQLite database that is not there would make it."""
    return "C1_DATABASE_URL" in os.environ or not url.startswith("sqlite") or (settings.data / "c1.sqlite3").exists()


def connect(data: Path) -> None:
    """The registry knows the published forms of this installation from now on. Raises typer.BadParameter if there is none."""
    _opened(_settings(data))


def _opened(settings: Settings) -> tuple[Database, PhotoStore]:
    """The installation's database and store; the registry knows its published forms from now on."""
    from api.build import db_settings
    from db.forms import PublishedForms
    from db.migrate import is_current
    from db.session import Database
    from db.store import open_store
    from templates_c1 import published

    places = db_settings(settings)
    if not _exists(settings, places.database_url) or not is_current(places.database_url):
        raise typer.BadParameter(f"belum ada basis data di {settings.data}; jalankan 'c1 init' / no current database; run 'c1 init'")
    db, store = Database(places.database_url), open_store(places.photos)
    published.use(PublishedForms(db, store))
    return db, store


def _read(folder: Path) -> tuple[Json, dict[int, Gray]]:
    """The template of a folder and the pictures of its pages. Raises typer.Exit where it has a fault: each is said."""
    from ocr.draft.work import decoded
    from templates_c1.check import check_file

    faults = check_file(folder)
    for fault in faults:
        typer.echo(f"{folder}: {fault}", err=True)
    if faults:
        raise typer.Exit(1)
    body: Json = json.loads((folder / "template.json").read_text(encoding="utf-8"))
    pictures = {}
    for page in body["pages"]:
        for name in (f"page-{page['number']}.png", f"page-{page['number']}.jpg"):
            if (folder / name).is_file():
                pictures[int(page["number"])] = decoded((folder / name).read_bytes())
    return body, pictures


def _candidate(body: Json, pictures: Mapping[int, Gray]) -> tuple[Published, bytes]:
    from ocr.draft.references import references

    template = Template.model_validate(body)
    data = references(template, pictures)
    return Published(template, True, Features(f"{template.form}-candidate", lambda: data)), data


def try_photos(folder: Path, photos: list[Path], truth: Path | None, data: Path | None, *, keep: bool) -> bool:
    """Read photos with a template that is not published; True if a number was misread without a doubt."""
    from db import drafts, forms
    from db.types import TrialState
    from ocr.draft.trial import read_with, score
    from tally import codec

    body, pictures = _read(folder)
    candidate, features = _candidate(body, pictures)
    typed: dict[str, Typed] = json.loads(truth.read_text(encoding="utf-8")) if truth is not None else {}
    opened = _opened(_settings(data)) if keep else None
    wrong = False
    for photo in photos:
        content = photo.read_bytes()
        reading = read_with(candidate, content, photo.name)
        outcome = reading.outcome
        known = typed.get(photo.name)
        if known is None:
            values = {n.name: n.value for n in getattr(outcome, "numbers", ())}
            typer.echo(f"{photo}: {outcome.kind.value} {json.dumps(values)}")
            continue
        verdict, scored = score(reading, known)
        wrong |= verdict == "wrong"
        off = ", ".join(f"{s.name} {s.typed} -> {s.read} ({s.verdict})" for s in scored if s.verdict != "right")
        typer.echo(f"{photo}: {verdict}{': ' + off if off else ''}")
        if opened is not None:
            db, store = opened
            with db.writing() as session:
                sha256 = forms.keep(session, store, features)
                digest = forms.digest_of(body, sha256)
                trial = drafts.add_trial(session, body["form"], digest, forms.keep(session, store, content), photo.name, None)
                page = getattr(outcome, "page", None)
                drafts.trial_read(session, trial.id, TrialState.READ, page, codec.to_json(reading))
                drafts.trial_typed(session, trial.id, TrialState(verdict.value), dict(known), [s.to_json() for s in scored], None)
    return wrong


def publish_folder(folder: Path, reason: str, username: str, election: str, data: Path | None) -> str:
    """Publish a folder's template; returns one line for the person.

    Raises:
        TemplateTaken, ReasonMissing, UnknownElection; typer.Exit: it must not be published; typer.BadParameter: no such admin.
    """
    from api.publishing import is_taken
    from db import forms
    from db.tables import User
    from db.types import Role
    from ocr.draft.release import judge
    from ocr.draft.work import encoded
    from templates_c1 import published

    settings = _settings(data)
    db, store = _opened(settings)
    body, pictures = _read(folder)
    with db.reading() as session:
        user = session.scalar(select(User).where(User.username == username))
        if user is None or user.role is not Role.ADMIN or not user.active:
            raise typer.BadParameter(f"bukan admin / no admin: {username}", param_hint="--as")
        before = forms.versions(session, str(body["form"]))
    if is_taken(str(body["form"]), before[0].version if before else None):
        raise forms.TemplateTaken({"form": body["form"]})
    candidate, features = _candidate(body, pictures)
    verdicts = judge(candidate, pictures)
    for v in verdicts:
        typer.echo(f"{folder}: {v.id} / {v.en}", err=True)
    if any(v.fatal for v in verdicts):
        raise typer.Exit(1)
    with db.writing() as session:
        pages = []
        for number, picture in pictures.items():
            png, media_type = encoded(picture, False)
            pages.append({"page": number, "sha256": forms.keep(session, store, png), "media_type": media_type})
        made = forms.publish(
            session, body, features_sha256=forms.keep(session, store, features), pages=pages, user_id=user.id, reason=reason
        )
        forms.prove_by_trials(session, made.digest, settings.template_trials, user.id)
        if election:
            forms.expect_in(session, election, made.form, [int(p["number"]) for p in body["pages"]], user.id)
        made = forms.version(session, made.form, made.version)
    published.refresh()
    return f"{made.form} v{made.version}: terbit / published, {_state(made.proven)}"


def _state(proven: bool) -> str:
    return "terbukti / proven" if proven else "masa percobaan / on probation"


def known_forms(data: Path | None) -> list[str]:
    """One line for each form that is known here."""
    from api.build import db_settings
    from db import forms
    from db.migrate import is_current
    from templates_c1 import registry

    out = [f"{f} v{t.version}: bawaan / shipped, halaman / pages {_pages(t)}" for f, t in registry.shipped().items()]
    settings = _settings(data)
    places = db_settings(settings)
    if not _exists(settings, places.database_url) or not is_current(places.database_url):
        return out
    db, _ = _opened(settings)
    with db.reading() as session:
        for v in forms.versions(session):
            out.append(f"{v.form} v{v.version}: {_state(v.proven)}, halaman / pages {_pages(v.template)}, {v.at:%Y-%m-%d}, {v.reason}")
    return out


def _pages(template: Template) -> str:
    return ", ".join(str(p.number) for p in template.pages)
