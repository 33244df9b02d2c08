"""Form templates from the browser: drafts, their check, test photos, publication."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from api import publishing
from api.access import allow
from api.deps import Held, Id, User
from api.drafting import Drafting
from api.errors import ApiError
from api.settings import MIB
from api.state import Services
from db import drafts, forms
from db.drafts import DraftView
from db.types import DraftState, Role
from db.users import UserView
from ocr import photo as photo_file
from review.intake import clean_name
from templates_c1.check import Fault, check_raw
from templates_c1.published import refresh

router = APIRouter(prefix="/api/templates", tags=["templates"])

FORM_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MOST_SOURCES = 20
LIMITED = ("/api/templates/drafts", "/api/templates/trials")
"""Addresses that take files."""

Kind = Literal["ppwp", "dpd", "dpr", "dprd_prov", "dprd_kab", "gubernur", "bupati"]
Admin = Depends(allow(Role.ADMIN))
KEEP = {"Cache-Control": "private, max-age=86400, immutable"}


def drafting_of(request: Request) -> Drafting:
    found: Drafting = request.app.state.drafting
    return found


Work = Annotated[Drafting, Depends(drafting_of)]


class Save(BaseModel):
    """``body``: template.json as it stands. ``revision``: the one that it was made from."""

    body: dict[str, Any]
    revision: int


class Publish(BaseModel):
    """``election``: add its pages to what every TPS owes there; "" for none."""

    reason: Annotated[str, Field(max_length=500)]
    election: str = ""


class Trust(BaseModel):
    version: int
    proven: bool
    reason: Annotated[str, Field(max_length=500)]


class Join(BaseModel):
    election: str


def fault_json(fault: Fault) -> dict[str, Any]:
    return {"loc": list(fault.loc), "id": fault.id, "en": fault.en}


def faults_of(draft: DraftView, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything that is wrong with a draft as it stands, its id included."""
    found = check_raw(body)
    if publishing.is_taken(str(body.get("form")), draft.options.get("based_on")):
        e = forms.TemplateTaken
        found = [Fault(("form",), e.text, e.text_en), *found]
    return [fault_json(f) for f in found]


def draft_json(work: Drafting, draft: DraftView) -> dict[str, Any]:
    """What the pages poll for."""
    ready = draft.state is DraftState.READY and work.prepared(draft)
    return {
        "id": draft.id,
        "form": draft.form,
        "state": draft.state.value,
        "revision": draft.revision,
        "progress": draft.progress,
        "prepared": ready,
        "verdicts": draft.features.get("verdicts", []) if ready else [],
    }


@router.post("/drafts", status_code=202, dependencies=[Admin])
async def start(request: Request, held: Held, work: Work, user: User) -> Response:
    """Begin a draft from a blank PDF or photos (multipart: ``files``, ``form``, ``election``, ``title``, ``first``, ``paper``)."""
    form = await _form(request)
    try:
        made = await run_in_threadpool(_start, held, user, form)
    finally:
        await form.close()
    work.ask("draw_up", made.id)
    return JSONResponse({"id": made.id, "page": f"/templat/rancangan/{made.id}"}, 202)


async def _form(request: Request) -> FormData:
    try:
        return await request.form(max_files=MOST_SOURCES, max_fields=20)
    except HTTPException as e:
        if "Too many files" in str(e.detail):
            raise ApiError("too_many_files", max_files=MOST_SOURCES) from None
        raise


def _start(held: Services, user: UserView, form: FormData) -> DraftView:
    wanted, election = _text(form, "form").lower(), _text(form, "election")
    if not FORM_ID.fullmatch(wanted) or len(wanted) > 60:
        raise ApiError("bad_form_id")
    if election not in Kind.__args__:  # type: ignore[attr-defined]
        raise ApiError("invalid_request", fields="election")
    if publishing.is_taken(wanted, None):
        raise forms.TemplateTaken({"form": wanted})
    first, paper = _text(form, "first") or "1", _paper(_text(form, "paper"))
    if not first.isdecimal() or not 1 <= int(first) <= 99:
        raise ApiError("invalid_request", fields="first")
    files = _files(held, form)
    options = {"election": election, "title": _text(form, "title")[:100], "first": int(first), "paper": paper}
    with held.db.writing() as session:
        sources = [{"sha256": forms.keep(session, held.store, data), "name": name} for name, data in files]
        return drafts.start(session, user.id, wanted, sources, options)


def _files(held: Services, form: FormData, field: str = "files", *, pdf: bool = True) -> list[tuple[str, bytes]]:
    """Name and bytes of the uploaded files, each a photo, or a PDF."""
    files = [f for f in form.getlist(field) if isinstance(f, UploadFile) and (f.filename or f.size)]
    if not files:
        raise ApiError("no_files")
    out = []
    for f in files:
        name, limit = clean_name(f.filename or "")[-100:], held.settings.max_photo_bytes
        data = f.file.read(limit + 1)
        if len(data) > limit:
            raise ApiError("image_too_large/bytes", max_mib=limit // MIB, bytes=f.size)
        if not (pdf and b"%PDF-" in data[:1024]):
            photo_file.inspect(data)
        out.append((name, data))
    return out


def _text(form: FormData, field: str) -> str:
    value = form.get(field)
    return value.strip() if isinstance(value, str) else ""


def _paper(said: str) -> list[float] | None:
    if not said:
        return None
    m = re.fullmatch(r"(\d{2,4}(?:[.,]\d+)?)\s*[x×]\s*(\d{2,4}(?:[.,]\d+)?)", said.lower())
    if m is None:
        raise ApiError("invalid_request", fields="paper")
    return [float(m.group(i).replace(",", ".")) for i in (1, 2)]


@router.get("/drafts/{draft_id}", dependencies=[Admin])
def state(draft_id: Id, held: Held, work: Work) -> dict[str, Any]:
    """How far a draft is."""
    with held.db.reading() as session:
        return draft_json(work, drafts.draft(session, draft_id))


@router.put("/drafts/{draft_id}", dependencies=[Admin])
def save(draft_id: Id, said: Save, held: Held, user: User) -> dict[str, Any]:
    """Keep a draft as it stands, faults and all, and say them: the page saves as the person works, and so checks."""
    with held.db.writing() as session:
        draft = drafts.save(session, draft_id, user.id, said.revision, said.body)
    return {"revision": draft.revision, "faults": faults_of(draft, said.body)}


@router.post("/drafts/{draft_id}/again", status_code=202, dependencies=[Admin])
def again(draft_id: Id, held: Held, work: Work) -> dict[str, Any]:
    """Draw a draft up once more, after a failure."""
    with held.db.writing() as session:
        draft = drafts.again(session, draft_id)
    work.ask("draw_up", draft_id)
    return draft_json(work, draft)


@router.delete("/drafts/{draft_id}", status_code=204, dependencies=[Admin])
def discard(draft_id: Id, held: Held, user: User) -> Response:
    with held.db.writing() as session:
        drafts.close(session, draft_id, user.id, DraftState.DISCARDED)
    return Response(status_code=204)


@router.get("/drafts/{draft_id}/pages/{page}", dependencies=[Admin], response_class=Response)
def picture(draft_id: Id, page: int, held: Held) -> Response:
    """A page's picture from edge to edge."""
    with held.db.reading() as session:
        found = [p for p in drafts.draft(session, draft_id).pages if p["page"] == page]
    if not found:
        raise ApiError("not_found")
    return Response(held.store.get(found[0]["sha256"]), media_type=found[0]["media_type"], headers=KEEP)


@router.post("/drafts/{draft_id}/prepare", status_code=202, dependencies=[Admin])
def prepare(draft_id: Id, held: Held, work: Work) -> dict[str, Any]:
    """Make features and verdicts for the draft as it stands, if they are not there yet."""
    with held.db.writing() as session:
        draft = drafts.draft(session, draft_id)
        if draft.body is None:
            raise drafts.DraftBusy({"draft": draft_id})
        if faults := faults_of(draft, draft.body):
            raise ApiError("template_faulty", count=len(faults), faults=faults)
        ready = work.prepared(draft)
        if not ready:
            drafts.report(session, draft_id, {"what": "queued", "done": 0, "of": 2})
    if not ready:
        work.ask("prepare", draft_id)
    with held.db.reading() as session:
        return draft_json(work, drafts.draft(session, draft_id))


@router.post("/drafts/{draft_id}/publish", dependencies=[Admin])
def publish(draft_id: Id, said: Publish, held: Held, work: Work, user: User) -> dict[str, Any]:
    """Make the draft the form's next version, known to every process from the next photo on."""
    with held.db.writing() as session:
        draft = drafts.draft(session, draft_id)
        if draft.body is not None and (faults := faults_of(draft, draft.body)):
            raise ApiError("template_faulty", count=len(faults), faults=faults)
        made = publishing.publish_draft(session, work, draft, user.id, said.reason, held.settings.template_trials)
        if said.election:
            forms.expect_in(session, said.election, made.form, [p["number"] for p in made.body["pages"]], user.id)
    refresh()
    return {"form": made.form, "version": made.version, "proven": made.proven, "page": f"/templat/formulir/{made.form}"}


@router.post("/forms/{form}/drafts", status_code=201, dependencies=[Admin])
def next_version(form: str, held: Held, user: User) -> dict[str, Any]:
    """A draft of a published form's next version."""
    with held.db.writing() as session:
        known = forms.version(session, form)
        draft = drafts.start_from(session, user.id, known.body, known.pages, {}, known.version)
    return {"id": draft.id, "page": f"/templat/rancangan/{draft.id}"}


@router.post("/forms/{form}/trust", dependencies=[Depends(allow(Role.SUPERVISOR))])
def trust(form: str, said: Trust, held: Held, user: User) -> dict[str, Any]:
    """End a version's probation, or put it back on it."""
    with held.db.writing() as session:
        made = forms.set_trust(session, form, said.version, proven=said.proven, user_id=user.id, reason=said.reason)
    refresh()
    return {"form": made.form, "version": made.version, "proven": made.proven}


@router.post("/forms/{form}/elections", dependencies=[Admin])
def join(form: str, said: Join, held: Held, user: User) -> dict[str, Any]:
    """Add a published form's pages to what every TPS owes in an election."""
    with held.db.writing() as session:
        known = forms.version(session, form)
        pages = [int(p["number"]) for p in known.body["pages"]]
        return {"added": forms.expect_in(session, said.election, form, pages, user.id)}
