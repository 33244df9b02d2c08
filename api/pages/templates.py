"""The admin's template pages: the list, a new draft, its editor, test photos, publication, a published form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from api.access import allow
from api.deps import Held, Id, User
from api.drafting import Drafting, digest_of
from api.i18n import Translator
from api.rest.templates import Work, faults_of
from api.rest.trials import trial_json
from api.settings import MIB
from api.state import Services
from api.web import render
from db import drafts, forms
from db.drafts import DraftView
from db.forms import VersionView
from db.queries import elections
from db.types import Role, TrialState
from templates_c1 import registry
from templates_c1.families.declarations import desk_forms
from templates_c1.vocabulary import vocabulary

router = APIRouter(prefix="/templat", include_in_schema=False)

Admin = Depends(allow(Role.ADMIN))
Lookers = Depends(allow(Role.ADMIN, Role.SUPERVISOR))
KINDS = ("ppwp", "dpd", "dpr", "dprd_prov", "dprd_kab", "gubernur", "bupati")


def _texts(t: Translator, prefix: str) -> dict[str, str]:
    """All sentences below ``prefix``, as a page's script asks for them: "tpl.edit.tag_id" -> "tag_id"."""
    from api.texts.templates import TEXTS

    return {key.removeprefix(prefix).replace(".", "_"): t(key) for key in TEXTS if key.startswith(prefix)}


def _waiting(t: Translator) -> dict[str, str]:
    return _texts(t, "tpl.wait.")


@router.get("", dependencies=[Lookers])
def overview(request: Request, held: Held) -> Response:
    with held.db.reading() as session:
        newest: dict[str, VersionView] = {}
        for v in forms.versions(session):
            newest.setdefault(v.form, v)
        context = {"drafts": drafts.drafts(session), "published": list(newest.values())}
    shipped = [{"form": f, "title": t.title, "pages": [p.number for p in t.pages]} for f, t in registry.shipped().items()]
    return render(request, "template_list.html", {**context, "shipped": shipped, "desk": len(desk_forms())})


@router.get("/baru", dependencies=[Admin])
def new(request: Request, held: Held) -> Response:
    return render(request, "template_new.html", {"kinds": KINDS, "max_mib": held.settings.max_photo_bytes // MIB})


@router.get("/rancangan/{draft_id}", dependencies=[Admin])
def edit(draft_id: Id, request: Request, held: Held) -> Response:
    """The editor; while the machine draws the draft up, how far it is."""
    with held.db.reading() as session:
        draft = drafts.draft(session, draft_id)
    t = Translator(request.state.lang)
    if draft.body is None:
        return render(request, "template_drawing.html", {"draft": draft, "waiting": _waiting(t)})
    if draft.closed:
        return RedirectResponse(f"/templat/formulir/{draft.form}" if draft.state.value == "published" else "/templat", 303)
    say = {**_texts(t, "tpl.rules."), **_texts(t, "tpl.edit."), "kinds": _texts(t, "tpl.kind_of.")}
    data = {
        "id": draft.id,
        "revision": draft.revision,
        "body": draft.body,
        "faults": faults_of(draft, draft.body),
        "texts": say,
        "vocabulary": {name: {"id": label.id, "en": label.en} for name, label in vocabulary().items()},
    }
    return render(request, "template_edit.html", {"draft": draft, "data": data, "kinds": KINDS, "based_on": draft.options.get("based_on")})


@router.get("/rancangan/{draft_id}/coba", dependencies=[Admin])
def try_draft(draft_id: Id, request: Request, held: Held, work: Work) -> Response:
    """Test photos for a draft."""
    draft, gone = _open(held, draft_id)
    if gone is not None:
        return gone
    digest = digest_of(draft)
    context = _trials(request, held, work, digest)
    faults = len(faults_of(draft, draft.body or {}))
    return render(request, "template_try.html", {**context, "draft": draft, "form": None, "faults": faults, "title": draft.title})


@router.get("/formulir/{form}/coba", dependencies=[Lookers])
def try_form(form: str, request: Request, held: Held, work: Work) -> Response:
    """Test photos for a published form."""
    with held.db.reading() as session:
        known = forms.version(session, form)
    context = _trials(request, held, work, known.digest)
    title = str(known.body["title"]["id"])
    return render(request, "template_try.html", {**context, "draft": None, "form": known, "faults": 0, "title": title})


def _trials(request: Request, held: Services, work: Drafting, digest: str | None) -> dict[str, Any]:
    t = Translator(request.state.lang)
    with held.db.reading() as session:
        found = drafts.trials(session, digest) if digest else []
    say: dict[str, Any] = {**_texts(t, "tpl.try."), "again": t("tpl.again"), "page": t("tpl.edit.page")}
    say["states"] = _texts(t, "tpl.try.state.")
    say["verdicts"] = _texts(t, "tpl.try.verdict.")
    return {
        "trials": [trial_json(held, work, x) for x in found],
        "say": say,
        "needed": held.settings.template_trials,
        "waiting": _waiting(t),
    }


def _open(held: Services, draft_id: int) -> tuple[DraftView, Response | None]:
    """A draft that can be worked on, or where to go instead."""
    with held.db.reading() as session:
        draft = drafts.draft(session, draft_id)
    if draft.closed:
        return draft, RedirectResponse(f"/templat/formulir/{draft.form}" if draft.state.value == "published" else "/templat", 303)
    return draft, RedirectResponse(f"/templat/rancangan/{draft_id}", 303) if draft.body is None else None


@router.get("/rancangan/{draft_id}/terbit", dependencies=[Admin])
def publish(draft_id: Id, request: Request, held: Held) -> Response:
    draft, gone = _open(held, draft_id)
    if gone is not None or draft.body is None:
        return gone or RedirectResponse("/templat", 303)
    digest = digest_of(draft)
    with held.db.reading() as session:
        contests = [e for e in elections(session) if e.kind in draft.body.get("elections", ())]
        counts = forms.count_trials(session, digest) if digest else {}
    context: Mapping[str, Any] = {
        "draft": draft,
        "elections": contests,
        "faults": faults_of(draft, draft.body),
        "needed": held.settings.template_trials,
        "counts": {s.value: counts.get(s, 0) for s in TrialState},
        "version": int(draft.options.get("based_on") or 0) + 1,
        "waiting": _waiting(Translator(request.state.lang)),
    }
    return render(request, "template_publish.html", context)


@router.get("/formulir/{form}", dependencies=[Lookers])
def published(form: str, request: Request, held: Held, user: User) -> Response:
    """A published form with all its versions."""
    with held.db.reading() as session:
        found = forms.versions(session, form)
        if not found:
            raise forms.UnknownForm({"form": form})
        contests = elections(session)
        counts = forms.count_trials(session, found[0].digest)
    using = [e for e in contests if any(p.form == form for p in e.pages)]
    context = {
        "versions": found,
        "using": using,
        "others": [e for e in contests if e not in using and e.kind in found[0].body["elections"]],
        "needed": held.settings.template_trials,
        "counts": {s.value: counts.get(s, 0) for s in TrialState},
        "supervises": user.role is Role.SUPERVISOR,
    }
    return render(request, "template_form.html", context)
