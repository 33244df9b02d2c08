"""The slow part of template work, done by the worker: drawing up drafts, making features, reading test photos.

What is to be done stands in the database (``db.drafts``); the queue is a hint, as it is for photos. A task that was lost is asked for
again from the page.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from db import drafts, forms
from db.drafts import DraftView, TrialView
from db.errors import ServiceError
from db.session import Database
from db.store import PhotoStore
from db.types import TrialState
from tally import codec
from templates_c1.check import check_raw
from templates_c1.published import Features, Published
from templates_c1.schema import Template

log = logging.getLogger("c1.drafting")

Json = dict[str, Any]


def candidate_of(store: PhotoStore, body: Json, features_sha256: str | None, *, proven: bool = True) -> Published:
    """A template as if it were published. Raises pydantic.ValidationError for a faulty one."""
    features = None if features_sha256 is None else Features(features_sha256, lambda: store.get(features_sha256))
    return Published(Template.model_validate(body), proven, features)


def pictures_of(draft: DraftView) -> dict[int, str]:
    """Page number -> SHA-256 of its picture."""
    return {int(p["page"]): str(p["sha256"]) for p in draft.pages}


def digest_of(draft: DraftView) -> str | None:
    """What test photos of the draft as it stands are kept under; None while its features are not made."""
    from ocr.draft.references import key_of

    if draft.body is None or draft.features.get("key") != key_of(draft.body, pictures_of(draft)):
        return None
    return forms.digest_of(draft.body, draft.features.get("sha256"))


_made: WeakKeyDictionary[Any, Drafting] = WeakKeyDictionary()
"""A queue takes each task once."""


class Drafting:
    """One for each queue: see ``on``. The web process asks; the worker does."""

    def __init__(self, db: Database, store: PhotoStore, huey: Any) -> None:
        self._db = db
        self._store = store
        self._known = forms.PublishedForms(db, store)
        # arguments by name only: the sweeper of photos takes a task's first argument for a photo's number
        self._tasks: dict[str, Any] = {}
        for name, work in (("draw_up", self.draw_up), ("prepare", self.prepare), ("read_trial", self.read_trial)):
            self._tasks[name] = huey.task(name=f"template_{name}")(_of_id(work))

    @classmethod
    def on(cls, db: Database, store: PhotoStore, huey: Any) -> Drafting:
        """The one of this queue."""
        return _made.get(huey) or _made.setdefault(huey, cls(db, store, huey))

    def ask(self, what: str, number: int) -> None:
        """Queue "draw_up" or "prepare" of a draft, or "read_trial". Where the queue cannot be written the page will ask again."""
        try:
            self._tasks[what](number=number)
        except Exception:
            log.exception("%s of %d could not be queued", what, number)

    def draw_up(self, draft_id: int) -> None:
        """Draft the template from its sources."""
        from ocr.draft.work import draft, encoded

        with self._db.reading() as session:
            job = drafts.draft(session, draft_id)
        if job.body is not None or job.closed:
            return
        options = job.options

        def work() -> None:
            with tempfile.TemporaryDirectory(prefix="c1-draft-") as folder:
                paths = []
                for i, source in enumerate(job.sources):
                    path = Path(folder) / f"{i:02}" / str(source["name"])
                    path.parent.mkdir()
                    path.write_bytes(self._store.get(str(source["sha256"])))
                    paths.append(path)
                paper = tuple(options["paper"]) if options.get("paper") else None
                drafted = draft(
                    paths,
                    job.form,
                    str(options["election"]),
                    str(options.get("title", "")),
                    int(options.get("first", 1)),
                    (float(paper[0]), float(paper[1])) if paper else None,
                    lambda what, done, of: self._report(draft_id, {"what": what, "done": done, "of": of}),
                )
                pages = []
                with self._db.writing() as session:
                    for s in drafted.seen:
                        data, media_type = encoded(s.sheet.gray, s.sheet.photographed)
                        sha256 = forms.keep(session, self._store, data)
                        pages.append({"page": s.labelled[0].page, "sha256": sha256, "media_type": media_type})
                    drafts.drawn_up(session, draft_id, drafted.body, pages)

        self._guarded(draft_id, work)

    def prepare(self, draft_id: int) -> None:
        """Make the features of the draft as it stands, and judge whether it is recognised as itself and nothing else."""
        from ocr.draft.references import key_of, references
        from ocr.draft.release import judge
        from ocr.draft.work import decoded

        with self._db.reading() as session:
            job = drafts.draft(session, draft_id)
        if job.body is None or job.closed or self.prepared(job):
            return
        body = job.body
        if check_raw(body):
            self._report(draft_id, {"error": _error("template_faulty")})
            return

        def work() -> None:
            template = Template.model_validate(body)
            pictures = {page: decoded(self._store.get(sha)) for page, sha in pictures_of(job).items()}
            key, sha256 = key_of(body, pictures_of(job)), job.features.get("sha256")
            if job.features.get("key") != key:
                self._report(draft_id, {"what": "features", "done": 0, "of": 2})
                data = references(template, pictures)
                with self._db.writing() as session:
                    sha256 = forms.keep(session, self._store, data)
            self._report(draft_id, {"what": "judge", "done": 1, "of": 2})
            known = str(self._known.token())
            verdicts = judge(candidate_of(self._store, body, sha256), pictures)
            with self._db.writing() as session:
                said = [{"page": v.page, "fatal": v.fatal, "id": v.id, "en": v.en} for v in verdicts]
                judged = {"digest": forms.digest_of(body, sha256), "known": known, "verdicts": said}
                drafts.remember_features(session, draft_id, {"key": key, "sha256": sha256, **judged})
                drafts.report(session, draft_id, {"what": "prepared", "done": 2, "of": 2})

        self._guarded(draft_id, work)

    def prepared(self, draft: DraftView) -> bool:
        """Are features and verdicts those of the draft as it stands, and of the forms that are known now?"""
        digest = digest_of(draft)
        return digest is not None and draft.features.get("digest") == digest and draft.features.get("known") == str(self._known.token())

    def read_trial(self, trial_id: int) -> None:
        """Read one test photo with the template it is for."""
        from ocr.draft.trial import read_with

        with self._db.reading() as session:
            job = drafts.trial(session, trial_id)
            body, features = self._wanted(session, job)
        if job.state is not TrialState.WAITING:
            return
        if body is None:  # the draft went on meanwhile
            self._trial(trial_id, TrialState.FAILED, None, None)
            return
        try:
            word = read_with(candidate_of(self._store, body, features), self._store.get(job.photo_sha256), job.photo_name)
        except Exception:
            log.exception("test photo %d", trial_id)
            self._trial(trial_id, TrialState.FAILED, None, None)
            return
        reading = codec.to_json(word)
        page = reading["page"]
        self._trial(trial_id, TrialState.UNREADABLE if page is None else TrialState.READ, page, reading)

    def body_of(self, job: TrialView) -> Json | None:
        """The template that a test photo is for; None if the draft went on since."""
        with self._db.reading() as session:
            return self._wanted(session, job)[0]

    def _wanted(self, session: Any, job: TrialView) -> tuple[Json | None, str | None]:
        for d in drafts.drafts(session):
            if d.form == job.form and digest_of(d) == job.digest:
                return d.body, d.features.get("sha256")
        for v in forms.versions(session, job.form):
            if v.digest == job.digest:
                return v.body, v.features_sha256
        return None, None

    def _trial(self, trial_id: int, state: TrialState, page: int | None, reading: Json | None) -> None:
        with self._db.writing() as session:
            drafts.trial_read(session, trial_id, state, page, reading)

    def _report(self, draft_id: int, progress: Json) -> None:
        with self._db.writing() as session:
            drafts.report(session, draft_id, progress)

    def _guarded(self, draft_id: int, work: Callable[[], None]) -> None:
        """Whatever goes wrong is said on the draft's page; a bug's text stays in the log."""
        from ocr.draft.pages import DraftError

        try:
            work()
        except DraftError as e:
            said = {"code": "draft_source", "message": e.message, "message_en": e.message_en, "details": {}}
            self._report(draft_id, {"error": said})
        except drafts.DraftClosed:
            log.info("draft %d was closed meanwhile", draft_id)
        except ServiceError as e:
            self._report(draft_id, {"error": e.to_dict()["error"]})
        except Exception:
            log.exception("draft %d", draft_id)
            self._report(draft_id, {"error": _error("internal")})


def _of_id(work: Callable[[int], None]) -> Callable[..., None]:
    def run(number: int) -> None:
        work(number)

    return run


def _error(code: str) -> Json:
    from api.errors import ApiError

    error: Json = ApiError(code).body()["error"]
    return error
