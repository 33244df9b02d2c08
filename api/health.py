"""For whoever watches the process: is it alive, and can it do its work?"""

from __future__ import annotations

import logging

from fastapi import APIRouter, Depends, Request
from sqlalchemy import text
from starlette.responses import JSONResponse, Response

from api.access import public
from api.state import Services, services
from db.migrate import is_current

log = logging.getLogger("c1.health")
router = APIRouter(prefix="/health", tags=["service"])


@router.get("/live", dependencies=[Depends(public())])
def live() -> dict[str, str]:
    """The process answers. Asks nothing else, so that a database that is away does not have it started anew in vain."""
    return {"status": "ok"}


@router.get("/ready", dependencies=[Depends(public())])
def ready(request: Request) -> Response:
    """200 when uploads can be kept now: the database answers, its tables are this version's, and the photo store has room. Else 503.

    Says yes or no of each, and nothing of the system's inside.
    """
    checks = {name: "ok" if works(services(request)) else "failed" for name, works in CHECKS.items()}
    good = set(checks.values()) == {"ok"}
    return JSONResponse({"status": "ok" if good else "failed", "checks": checks}, 200 if good else 503)


def _database(held: Services) -> bool:
    try:
        with held.db.reading() as session:
            session.execute(text("SELECT 1"))
    except Exception:
        log.warning("the database does not answer", exc_info=True)
        return False
    return True


_current: set[str] = set()


def _tables(held: Services) -> bool:
    """Asked until it is so: tables do not go back."""
    url = str(held.db.engine.url)
    if url not in _current:
        try:
            if not is_current(held.db.engine.url.render_as_string(hide_password=False)):
                return False
        except Exception:
            log.warning("the tables' version cannot be told", exc_info=True)
            return False
        _current.add(url)
    return True


def _store(held: Services) -> bool:
    try:
        free = held.store.free_bytes()
    except Exception:
        log.warning("the photo store does not answer", exc_info=True)
        return False
    return free is None or free > held.settings.max_photo_bytes


CHECKS = {"database": _database, "tables": _tables, "store": _store}
