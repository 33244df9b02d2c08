"""Turns every exception into the one error shape: JSON for the API and htmx, a page for a browser."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.errors import BY_STATUS, ApiError
from api.web import render
from db.errors import ServiceError
from db.store import storage_full
from ocr.errors import PhotoError

log = logging.getLogger("c1.api")

STATUS = {"unknown_tps": 404, "unknown_election": 404, "unknown_region": 404}
"""What a service calls unprocessable is, by address, not found."""


AGAIN = {"Retry-After": "5"}
"""With 503: it passes, and the sender need not ask a person."""


def _no_room(error: Exception) -> bool:
    text = str(error)
    return "disk is full" in text or "No space left on device" in text


AREA_PAGES = {"/hasil"}
"""Pages of a region that open at the asker's own one."""


AREA_PAGES = {"/hasil"}
"""Pages of a region that open at the asker's own one."""


def wants_page(request: Request) -> bool:
    """A browser asking for a page, not a script, htmx or the API."""
    return (
        not request.url.path.startswith("/api/")
        and "hx-request" not in request.headers
        and "text/html" in request.headers.get("accept", "")
    )


def body_of(error: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    """(status, body, headers) of any exception; an unknown one says nothing about itself."""
    if isinstance(error, ApiError):
        return error.status, error.body(), error.headers
    if isinstance(error, ServiceError):
        status = STATUS.get(error.error_code, error.http_status)
        return status, error.to_dict(), AGAIN if status == 503 else {}
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):  # the database is away, overloaded, or its disk is full
        return body_of(storage_full() if _no_room(error) else ApiError("unavailable", headers=AGAIN))
    if isinstance(error, PhotoError):
        return body_of(ApiError(error.code.value))
    if isinstance(error, RequestValidationError):
        fields = [".".join(str(p) for p in e["loc"][1:]) or str(e["loc"][0]) for e in error.errors()]
        wrong = ApiError("invalid_request", fields=", ".join(dict.fromkeys(fields)))
        return wrong.status, wrong.body(), {}
    if isinstance(error, HTTPException):
        known = ApiError(BY_STATUS.get(error.status_code, "bad_request" if error.status_code < 500 else "internal"))
        return error.status_code, known.body(), dict(error.headers or {})
    hidden = ApiError("internal")
    return hidden.status, hidden.body(), {}


def _way_out(request: Request, error: ApiError) -> str | None:
    """Where a browser goes instead of an error page: to set up the second factor, or to the region that its user works in."""
    if error.code == "second_factor_needed":
        return "/akun/dua-langkah"
    areas = error.details.get("areas")
    if error.code == "outside_area" and areas and "code" not in request.query_params and request.url.path in AREA_PAGES:
        return f"{request.url.path}?{urlencode([*request.query_params.multi_items(), ('code', areas[0])])}"
    return None


def respond(request: Request, error: Exception) -> Response:
    status, body, headers = body_of(error)
    if not wants_page(request):
        return JSONResponse(body, status, headers)
    if isinstance(error, ApiError) and request.method == "GET" and (way := _way_out(request, error)):
        return RedirectResponse(way, 303)
    if isinstance(error, ApiError) and error.code == "login_required" and request.method == "GET":
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse("/masuk" + ("" if back == "/" else "?" + urlencode({"lanjut": back})), 303)
    text = body["error"]["message_en" if request.state.lang == "en" else "message"]
    page = render(request, "error.html", {"status": status, "code": body["error"]["code"], "text": text}, status)
    page.headers.update(headers)
    return page


def answer(request: Request, error: Exception) -> Response:
    """For what reaches the frame. A bug is said in the log, not to the visitor."""
    if isinstance(error, ApiError):
        return respond(request, error)
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return respond(request, error)


def install(app: FastAPI) -> None:
    """Register the answers to all exceptions that are expected."""

    async def expected(request: Request, error: Exception) -> Response:
        return respond(request, error)

    for kind in (ApiError, ServiceError, PhotoError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, expected)
