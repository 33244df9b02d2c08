"""The audit trail for people: its newest rows, its end to be kept elsewhere, and a check of the whole that tells how far it is."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from api.access import allow
from api.deps import Held
from api.errors import ApiError
from api.state import Services
from api.texts import TEXTS
from api.web import render
from db.audit import ROWS, chain_end, newest
from db.queries import user_names
from db.tables import AuditLog
from db.types import Role
from review.verify import verify_all

router = APIRouter()

Watchers = Depends(allow(Role.SUPERVISOR, Role.STAFF, Role.ADMIN))
PAGE = 50
_one = threading.Lock()
"""One check at a time: it reads everything there is."""


class Anchor(BaseModel):
    """A row that was printed or noted earlier: "4211:9f3c07aa12bc34de"; "" for none."""

    anchor: str = Field("", pattern=r"^\s*(\d{1,15}:[0-9a-f]{8,64})?\s*$", examples=["4211:9f3c07aa12bc34de"])

    @property
    def parts(self) -> tuple[int, str] | None:
        row, _, value = self.anchor.strip().partition(":")
        return (int(row), value) if value else None


def row_json(row: AuditLog, names: dict[int, str]) -> dict[str, Any]:
    return {
        "row": row.seq,
        "at": row.at.isoformat(),
        "event": row.event,
        "subject": row.subject,
        "by": names.get(row.user_id) if row.user_id is not None else None,
        "data": {k: v for k, v in row.data.items() if k != ROWS},
        "sealed": {table: len(rows) for table, rows in row.data.get(ROWS, {}).items()},
        "hash": row.hash,
        "previous": row.previous,
    }


@router.get("/jejak", dependencies=[Watchers], include_in_schema=False)
def page(request: Request, held: Held, before: int | None = Query(None, ge=1, le=2**53)) -> Response:
    with held.db.reading() as session:
        end = chain_end(session)
        found = newest(session, before=before, limit=PAGE)
        names = user_names(session, (r.user_id for r in found))
    rows = [row_json(r, names) | {"when": r.at, "known": f"trail.event.{r.event}" in TEXTS} for r in found]
    for r in rows:
        r["content"] = json.dumps(r["data"], ensure_ascii=False, indent=1) if r["data"] else ""
        r["seals"] = sum(r["sealed"].values())
    older = found[-1].seq if len(found) == PAGE and found[-1].seq > 1 else None
    return render(request, "trail.html", {"rows": rows, "end": end, "older": older, "before": before})


@router.get("/api/audit", dependencies=[Watchers], tags=["trust"], summary="Newest rows of the audit log")
def rows(
    held: Held,
    before: int | None = Query(None, ge=1, le=2**53, description="Rows before this one", examples=[4211]),
    limit: int = Query(PAGE, ge=1, le=500),
) -> dict[str, Any]:
    """The newest first, with the log's end. ``next``: what to give as ``before`` for older ones."""
    with held.db.reading() as session:
        end = chain_end(session)
        found = newest(session, before=before, limit=limit)
        names = user_names(session, (r.user_id for r in found))
    following = found[-1].seq if len(found) == limit and found[-1].seq > 1 else None
    return {"end": {"row": end.seq, "hash": end.hash}, "rows": [row_json(r, names) for r in found], "next": following}


@router.post("/api/audit/verify", dependencies=[Watchers], response_class=StreamingResponse, tags=["trust"], summary="Check the whole log")
def verify(held: Held, said: Anchor = Body(Anchor())) -> Response:  # noqa: B008 (FastAPI's way)
    """Lines of JSON while it goes on: ``{"what", "done", "of"}``, at the end ``{"verdict": ...}``; every row that was touched is named.

    One check at a time; a second is answered 409 ``audit_busy``.
    """
    if not _one.acquire(blocking=False):
        raise ApiError("audit_busy")
    lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    gone = threading.Event()
    threading.Thread(target=_check, args=(held, said.parts, lines, gone), daemon=True, name="audit").start()
    return StreamingResponse(_lines(lines, gone), media_type="application/x-ndjson", headers={"X-Accel-Buffering": "no"})


class _Gone(Exception):
    """Nobody waits for the check any more."""


def _check(held: Services, anchor: tuple[int, str] | None, lines: queue.SimpleQueue[dict[str, Any] | None], gone: threading.Event) -> None:
    def tell(what: str, done: int, of: int) -> None:
        if gone.is_set():
            raise _Gone
        lines.put({"what": what, "done": done, "of": of})

    try:
        with held.db.reading() as session:
            lines.put({"verdict": verify_all(session, anchor=anchor, progress=tell).to_json()})
    except _Gone:
        pass
    finally:
        _one.release()
        lines.put(None)


def _lines(lines: queue.SimpleQueue[dict[str, Any] | None], gone: threading.Event) -> Iterator[bytes]:
    try:
        while (line := lines.get()) is not None:
            yield json.dumps(line, ensure_ascii=False).encode() + b"\n"
    finally:
        gone.set()
