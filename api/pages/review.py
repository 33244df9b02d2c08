"""The reviewer's desk: the queue, one sheet after another, and what he himself has decided."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from api.access import allow
from api.deps import Held, Id, User
from api.i18n import LANGS
from api.texts.desk import script_texts
from api.web import render
from db import clock
from db.queries import children, elections
from db.types import Role
from review.lease import release
from review.overview import mine
from review.queue import queue
from review.words import words

router = APIRouter(include_in_schema=False)

SHOWN = 50
PEOPLE = (Role.REVIEWER, Role.SUPERVISOR)


def filter_of(election: str | None, kecamatan: str | None, reason: str | None) -> dict[str, str]:
    return {"election": election or "", "kecamatan": kecamatan or "", "reason": reason or ""}


@router.get("/periksa", dependencies=[Depends(allow(*PEOPLE))])
def desk(
    request: Request,
    held: Held,
    user: User,
    election: str | None = None,
    kecamatan: str | None = None,
    reason: str | None = None,
    hal: int = 1,
) -> Response:
    """What waits, in the desk's order; who has what."""
    at = max(1, hal)
    chosen = filter_of(election, kecamatan, reason)
    with held.db.reading() as session:
        contests = elections(session)
        districts = [d for regency in children(session, None) for d in children(session, regency.code)]
        page = queue(
            session,
            election_id=chosen["election"] or None,
            kecamatan_code=chosen["kecamatan"] or None,
            reason=chosen["reason"] or None,
            viewer_id=user.id,
            limit=SHOWN,
            offset=(at - 1) * SHOWN,
        )
    context: dict[str, Any] = {
        "elections": contests,
        "districts": districts,
        "reasons": words()["reasons"],
        "filter": chosen,
        "query": urlencode({k: v for k, v in chosen.items() if v}),
        "names": {e.id: e for e in contests},
        "page": page,
        "at": at,
        "first": (at - 1) * SHOWN + 1,
        "more": at * SHOWN < page.total,
        "now": clock.now(),
        "me": user.username,
    }
    return render(request, "queue_list.html" if "hx-request" in request.headers else "queue.html", context)


@router.get("/periksa/mulai", dependencies=[Depends(allow(*PEOPLE))])
def start(request: Request, held: Held, election: str | None = None, kecamatan: str | None = None, reason: str | None = None) -> Response:
    """The desk, with whatever comes first."""
    return _desk(request, held, None, filter_of(election, kecamatan, reason))


@router.get("/periksa/riwayat", dependencies=[Depends(allow(*PEOPLE))])
def history(request: Request, held: Held, user: User, sebelum: int | None = None) -> Response:
    """What this person decided."""
    with held.db.reading() as session:
        told = mine(session, user.id, limit=SHOWN, before=sebelum)
    more = told["items"][-1]["action"] if len(told["items"]) == SHOWN else None
    return render(request, "history_mine.html", {"mine": told, "more": more, "now": clock.now()})


@router.get("/periksa/{photo_id}", dependencies=[Depends(allow(*PEOPLE))])
def sheet(
    photo_id: Id, request: Request, held: Held, election: str | None = None, kecamatan: str | None = None, reason: str | None = None
) -> Response:
    """The desk, with one given sheet. It is the page's script that takes it in hand, so that looking at an address leases nothing."""
    return _desk(request, held, photo_id, filter_of(election, kecamatan, reason))


def _desk(request: Request, held: Held, photo_id: int | None, chosen: dict[str, str]) -> Response:
    with held.db.reading() as session:
        contests = elections(session)
    at = LANGS.index(request.state.lang)
    texts = script_texts(at) | {f"election.{e.id}": (e.name, e.name_en)[at] for e in contests}
    return render(request, "review.html", {"photo_id": photo_id, "filter": chosen, "elections": contests, "words": words(), "texts": texts})


@router.post("/periksa/{photo_id}/lepas", dependencies=[Depends(allow(*PEOPLE))])
def give_back(photo_id: Id, held: Held, user: User) -> Response:
    """Leave the sheet to others."""
    with held.db.writing() as session:
        release(session, user.id, photo_id)
    return RedirectResponse("/periksa", 303)
