"""What stands between a template and its publication, the same for the browser and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.drafting import Drafting
from api.errors import ApiError
from db import drafts, forms
from db.drafts import DraftView
from db.forms import TemplateTaken, VersionView
from db.types import DraftState
from templates_c1 import published, registry


def is_taken(form: str, based_on: int | None) -> bool:
    """Does the id belong to a form that ships, to a desk form, or to a published form of which this is no next version?"""
    if published.versions(form):
        return based_on is None
    try:
        registry.template(form)
    except KeyError:
        return False
    return True


def refuse_fatal(verdicts: Sequence[dict[str, Any]]) -> None:
    """Raises ApiError template_refused with everything that speaks against it."""
    fatal = [v for v in verdicts if v["fatal"]]
    if fatal:
        why, why_en = "; ".join(v["id"] for v in fatal), "; ".join(v["en"] for v in fatal)
        raise ApiError("template_refused", why=why, why_en=why_en)


def publish_draft(session: Session, work: Drafting, draft: DraftView, user_id: int, reason: str, needed: int) -> VersionView:
    """Publish a draft that was prepared; test photos that were read with it count at once.

    Raises:
        ApiError: template_not_ready, template_refused. TemplateTaken, ReasonMissing; StaleDraft: another version came out meanwhile.
    """
    if draft.body is None or draft.closed or not work.prepared(draft):
        raise ApiError("template_not_ready")
    refuse_fatal(draft.features["verdicts"])
    based_on = draft.options.get("based_on")
    if is_taken(draft.form, based_on):
        raise TemplateTaken({"form": draft.form})
    before = forms.versions(session, draft.form)
    if based_on is not None and before and before[0].version != based_on:
        raise drafts.StaleDraft({"form": draft.form, "version": before[0].version})
    made = forms.publish(session, draft.body, features_sha256=draft.features["sha256"], pages=draft.pages, user_id=user_id, reason=reason)
    forms.prove_by_trials(session, made.digest, needed, user_id)
    drafts.close(session, draft.id, user_id, DraftState.PUBLISHED)
    return forms.version(session, made.form, made.version)
