"""The operator's status page: does everything run, what waits, is there room, when was the last backup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.access import allow
from api.deps import Held
from api.web import render
from db import clock
from db.types import Role
from review.operations import Figures, figures

router = APIRouter(include_in_schema=False)

GIB = 1024**3
SLOW_SECONDS, STUCK_SECONDS = 300, 900
"""A photo that waits so long is late; so long, and nobody reads."""
BACKUP_LATE, BACKUP_MISSING = 26 * 3600, 50 * 3600
DISK_LOW, DISK_FULL = 20 * GIB, 5 * GIB


@dataclass(frozen=True, slots=True)
class Tile:
    """``state``: good, wait (look at it) or bad (act now); ``todo``: key of what to do then."""

    name: str
    value: str
    state: str
    todo: str = ""


@router.get("/status", dependencies=[Depends(allow(Role.ADMIN, Role.SUPERVISOR))])
def status(request: Request, held: Held) -> Response:
    with held.db.reading() as session:
        now = figures(session)
    free = held.store.free_bytes()
    context: dict[str, Any] = {"now": now, "tiles": tiles(now, free), "at": clock.now()}
    return render(request, "status_part.html" if "hx-request" in request.headers else "status.html", context)


def tiles(now: Figures, free: int | None) -> list[Tile]:
    """What a person looks at first. Pure: a test walks through the bad cases."""
    late, stuck = now.oldest_unread > SLOW_SECONDS, now.oldest_unread > STUCK_SECONDS
    made = [
        _tile("queue", str(now.unread), late, stuck),
        _tile("oldest", _span(now.oldest_unread), late, stuck),
        _tile("workers", str(now.workers_alive), any(w.silent and not w.ended for w in now.workers), now.workers_alive == 0),
        _tile("review", str(sum(now.waiting.values())), now.oldest_waiting > 3600, False),
        _tile("failed", str(now.set_aside), now.set_aside > 0, now.set_aside > 20),
    ]
    if free is not None:
        made.append(_tile("disk", f"{free / GIB:.0f} GB", free < DISK_LOW, free < DISK_FULL))
    age = None if now.backup_at is None else (clock.now() - now.backup_at).total_seconds()
    made.append(
        _tile("backup", "–" if age is None else _span(age), age is None or age > BACKUP_LATE, age is not None and age > BACKUP_MISSING)
    )
    stopped = [e for e, on in now.accepting.items() if not on]
    made.append(_tile("accepting", str(len(stopped)), bool(stopped), False))
    return made


def _tile(name: str, value: str, wait: bool, bad: bool) -> Tile:
    state = "bad" if bad else "wait" if wait else "good"
    return Tile(name, value, state, f"status.{name}.todo" if state != "good" else "")


def _span(seconds: float) -> str:
    """ "40 s", "3 min", "2:10" for hours and minutes: the same in both languages."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{int(seconds)} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60}:{minutes % 60:02}"
