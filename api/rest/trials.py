"""Test photos: sent in for a draft or a published form, read, held against what a person types from the paper."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from api.access import allow
from api.deps import Held, Id, User
from api.drafting import Drafting, digest_of
from api.errors import ApiError
from api.pictures import decoded, number_crop, on_page, page_picture, page_size, upright_jpeg
from api.rest.templates import KEEP, Work, _files, _form, _text
from api.state import Services
from db import drafts, forms
from db.drafts import TrialView
from db.types import Role, TrialState
from db.users import UserView
from tally import codec
from templates_c1.published import refresh
from templates_c1.schema import Page, Template

router = APIRouter(prefix="/api/templates/trials", tags=["templates"])

Testers = Depends(allow(Role.ADMIN, Role.SUPERVISOR))
Value = Annotated[int, Field(ge=0, le=9999)] | None


class Typed(BaseModel):
    """Number name -> what is on the paper; null for what nobody can read, or for boxes left empty."""

    values: dict[str, Value]


def trial_json(held: Services, work: Drafting, trial: TrialView) -> dict[str, Any]:
    """One test photo; what the machine read is said only after a person has typed."""
    out: dict[str, Any] = {
        "id": trial.id,
        "name": trial.photo_name,
        "state": trial.state.value,
        "page": trial.page,
        "picture": f"/api/templates/trials/{trial.id}/picture.jpg",
        "reasons": [],
        "numbers": [],
        "result": trial.result,
    }
    if trial.reading is None:
        return out
    word = codec.from_json(trial.reading)
    if trial.state is TrialState.UNREADABLE or trial.result is not None:
        out["reasons"] = [r.message for r in word.outcome.reasons]
    page = page_of(work, trial)
    if page is not None:
        out["picture_size"] = list(page_size(word.page_corners))
        out["numbers"] = [
            {
                "name": n.name,
                "label": n.label.id,
                "label_en": n.label.en,
                "width": len(n.boxes),
                "crop": f"/api/templates/trials/{trial.id}/crops/{n.name}.png",
                "place": list(on_page(word.page_corners, word.boxes[n.name])) if n.name in word.boxes else None,
            }
            for n in page.numbers
        ]
    return out


def page_of(work: Drafting, trial: TrialView) -> Page | None:
    """The page that the photo shows, as the template it was read with has it."""
    body = work.body_of(trial) if trial.page is not None else None
    try:
        return None if body is None else Template.model_validate(body).page(trial.page or 0)
    except KeyError:
        return None


@router.post("", status_code=202, dependencies=[Testers])
async def send(request: Request, held: Held, work: Work, user: User) -> Response:
    """Take test photos (multipart: ``photos``, and ``draft``, a draft's number, or ``form``, a published form's id)."""
    form = await _form(request)
    try:
        made = await run_in_threadpool(_send, held, user, form)
    finally:
        await form.close()
    for t in made:
        if t.state is TrialState.WAITING:
            work.ask("read_trial", t.id)
    return JSONResponse({"trials": [trial_json(held, work, t) for t in made]}, 202)


def _send(held: Services, user: UserView, form: FormData) -> list[TrialView]:
    number, name = _text(form, "draft"), _text(form, "form")
    with held.db.reading() as session:
        if number.isdecimal():
            draft = drafts.draft(session, int(number))
            if draft.closed:
                raise drafts.DraftClosed({"draft": draft.id})
            target, digest = draft.form, digest_of(draft)
        else:
            known = forms.version(session, name)
            target, digest = known.form, known.digest
    if digest is None:
        raise ApiError("template_not_ready")
    files = _files(held, form, "photos", pdf=False)
    with held.db.writing() as session:
        return [drafts.add_trial(session, target, digest, forms.keep(session, held.store, data), photo, user.id) for photo, data in files]


@router.get("/{trial_id}", dependencies=[Testers])
def state(trial_id: Id, held: Held, work: Work) -> dict[str, Any]:
    with held.db.reading() as session:
        trial = drafts.trial(session, trial_id)
    return trial_json(held, work, trial)


@router.post("/{trial_id}/again", status_code=202, dependencies=[Testers])
def again(trial_id: Id, held: Held, work: Work) -> dict[str, Any]:
    """Read it once more, where reading failed."""
    with held.db.writing() as session:
        trial = drafts.trial(session, trial_id)
        if trial.state is TrialState.FAILED:
            drafts.trial_read(session, trial_id, TrialState.WAITING, None, None)
        trial = drafts.trial(session, trial_id)
    if trial.state is TrialState.WAITING:
        work.ask("read_trial", trial_id)
    return trial_json(held, work, trial)


@router.post("/{trial_id}/typed", dependencies=[Testers])
def typed(trial_id: Id, said: Typed, held: Held, work: Work, user: User) -> dict[str, Any]:
    """What the paper says: the photo is scored, once, and may end the form's probation."""
    from ocr.draft.trial import score

    with held.db.writing() as session:
        trial = drafts.trial(session, trial_id)
        page = page_of(work, trial)
        if trial.state is not TrialState.READ or trial.reading is None or page is None:
            raise ApiError("trial_scored")
        missing = [n.name for n in page.numbers if n.name not in said.values]
        if missing:
            raise ApiError("invalid_request", fields=", ".join(missing))
        verdict, scored = score(codec.from_json(trial.reading), said.values)
        result = [s.to_json() for s in scored]
        done = drafts.trial_typed(session, trial_id, TrialState(verdict.value), dict(said.values), result, user.id)
        proved = forms.prove_by_trials(session, trial.digest, held.settings.template_trials, user.id)
    if proved:
        refresh()
    return {**trial_json(held, work, done), "proved": proved}


@router.get("/{trial_id}/picture.jpg", dependencies=[Testers], response_class=Response)
def picture(trial_id: Id, held: Held) -> Response:
    """The page laid straight; the whole photo where none was recognised."""
    with held.db.reading() as session:
        trial = drafts.trial(session, trial_id)
    data = held.store.get(trial.photo_sha256)
    corners = codec.from_json(trial.reading).page_corners if trial.reading else ()
    if not corners:
        return Response(upright_jpeg(trial.photo_sha256, data, 1600), media_type="image/jpeg")
    return Response(page_picture(*decoded(trial.photo_sha256, data), corners), media_type="image/jpeg", headers=KEEP)


@router.get("/{trial_id}/crops/{number}.png", dependencies=[Testers], response_class=Response)
def crop(trial_id: Id, number: str, held: Held) -> Response:
    """One number, cut out of the photo."""
    with held.db.reading() as session:
        trial = drafts.trial(session, trial_id)
    boxes = codec.from_json(trial.reading).boxes.get(number) if trial.reading else None
    if not boxes:
        raise ApiError("not_found")
    cut = number_crop(*decoded(trial.photo_sha256, held.store.get(trial.photo_sha256)), boxes)
    return Response(cut, media_type="image/png", headers=KEEP)
