"""The camat's page: bring in chats, folders and PDFs, watch them being worked through, see what nobody could attribute."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from api.access import allow
from api.deps import Held, Id, User
from api.errors import ApiError
from api.handlers import body_of
from api.i18n import Translator
from api.importing.answers import answered
from api.importing.jobs import Jobs
from api.importing.reports import items_of, runs_of
from api.importing.sources import NO_PICTURES
from api.rest.imports import IMPORTERS, visible_run
from api.settings import MIB
from api.texts import TEXTS
from api.web import render
from db.errors import ServiceError
from db.queries import elections, region_row
from db.types import Level
from db.users import UserView

router = APIRouter(include_in_schema=False)
May = Depends(allow(*IMPORTERS))

MOST_ROWS = 300
"""Rows on the report's page; all of them are in its CSV."""
LEFT_ALONE = sorted(NO_PICTURES - {".txt"})
"""Not worth its way over the line: no picture, and no chat either."""


def area_names(session: Session, user: UserView) -> list[str]:
    """The user's areas in words; none: everywhere."""
    rows = [region_row(session, code) for code in user.areas]
    return [f"Kec. {r.name}" if r.level is Level.KECAMATAN else r.name for r in rows]


@router.get("/impor", dependencies=[May])
def page(request: Request, held: Held, user: User) -> Response:
    jobs = Jobs(held)
    t = Translator(getattr(request.state, "lang", "id"))
    most = held.settings.max_import_bytes
    with held.db.reading() as session:
        context: dict[str, Any] = {
            "elections": elections(session),
            "areas": area_names(session, user),
            "runs": runs_of(session, jobs, user.id),
        }
    unfinished = [(u.facts.get("name", ""), 100 * u.offset // u.size) for u in jobs.pieces.unfinished(user.id)]
    said = {k: t(k, max_mib=most // MIB) if k == "imp.too_large" else t(k) for k in TEXTS if k.startswith("imp.")}
    limits = {"max_bytes": most, "max_mib": most // MIB, "skip": LEFT_ALONE, "unfinished": unfinished, "texts": said}
    return render(request, "imports.html", {**context, **limits})


@router.get("/impor/{run_id}/baris", dependencies=[May])
def row(run_id: Id, request: Request, held: Held, user: User) -> Response:
    """One line of the list: part of the page, asked for again while the import is under way."""
    return render(request, "import_row.html", {"run": visible_run(held, user, run_id)})


def _report(
    request: Request, held: Held, user: User, run_id: int, every: bool, error: str = "", at: str = "", status: int = 200
) -> Response:
    run = visible_run(held, user, run_id)
    with held.db.reading() as session:
        items = items_of(session, run_id, open_only=not every, limit=MOST_ROWS)
    count = run.done if every else run.open
    return render(
        request, "import_report.html", {"run": run, "items": items, "every": every, "count": count, "error": error, "at": at}, status
    )


@router.get("/impor/{run_id}", dependencies=[May])
def report(run_id: Id, request: Request, held: Held, user: User, semua: int = 0) -> Response:
    return _report(request, held, user, run_id, bool(semua))


@router.post("/impor/{run_id}/tempat", dependencies=[May])
def place(
    run_id: Id,
    request: Request,
    held: Held,
    user: User,
    name: Annotated[str, Form(max_length=300)] = "",
    tps: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Which TPS a picture is from that could not be told."""
    visible_run(held, user, run_id)
    try:
        if not tps:
            raise ApiError("invalid_request", fields="tps")
        answered(held, user, run_id, name, tps)
    except (ApiError, ServiceError) as e:
        status, body, _ = body_of(e)
        text = body["error"]["message_en" if request.state.lang == "en" else "message"]
        return _report(request, held, user, run_id, every=False, error=text, at=name, status=status)
    return RedirectResponse(f"/impor/{run_id}", 303)
