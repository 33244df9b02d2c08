"""``/metrics`` for Prometheus, and what each request adds to it.

Figures about the work come from the database when they are asked for (``review.operations``), so that they are the same whichever process
is asked; only requests and their times are counted here, for this process. No label names a person, a place or a photo.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import logs
from api.access import allow
from api.deps import Held
from api.state import Services
from db import clock
from db.types import Role
from review.operations import Figures, figures

router = APIRouter(include_in_schema=False)

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Requests:
    """What this process has answered."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = ("method", "route", "status")
        self.count = Counter("c1_http_requests", "Requests answered", names, registry=self.registry)
        self.seconds = Histogram("c1_http_seconds", "Seconds to an answer", ("method", "route"), buckets=BUCKETS, registry=self.registry)

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        self.count.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)


class Work(Collector):
    """The figures of the work, as Prometheus wants them."""

    def __init__(self, held: Services) -> None:
        self._held = held

    def collect(self) -> Iterator[Metric]:
        with self._held.db.reading() as session:
            now = figures(session)
        yield from families(now)
        free = self._held.store.free_bytes()
        if free is not None:
            yield _gauge("c1_disk_free_bytes", "Bytes free where photos are kept", free)
        yield _gauge("c1_uploads_under_way", "Uploads being taken in by this process", self._held.pressure.under_way)


def families(now: Figures) -> Iterator[Metric]:
    """Every figure under its name. The alert rules (deploy/alerts.yml) are held against these names by a test."""
    yield _gauge("c1_photos", "Photos received", now.photos)
    yield _gauge("c1_queue_depth", "Photos that wait to be read", now.unread)
    yield _gauge("c1_queue_oldest_seconds", "Age of the oldest photo that waits to be read", now.oldest_unread)
    yield _gauge("c1_unplaced", "Photos whose place is open", now.unplaced)
    yield _labelled("c1_review_waiting", "Sheets that wait for a person, by stage", "stage", now.waiting)
    yield _gauge("c1_review_oldest_seconds", "Age of the oldest sheet that waits for a person", now.oldest_waiting)
    yield _labelled("c1_readings_last_hour", "Readings of the last hour by what became of them", "disposition", now.dispositions)
    if now.accept_share is not None:
        yield _gauge("c1_accept_share", "Share of the sheets of the last hour that count without a person", now.accept_share)
    yield _labelled("c1_stage_seconds", "Mean seconds of a stage of reading, over the last readings", "stage", now.stages)
    yield _gauge("c1_set_aside_last_hour", "Photos of the last hour on which the machine failed", now.set_aside)
    yield _gauge("c1_reading_retries", "Photos whose reading failed and is tried again", now.tried_again)
    checked = GaugeMetricFamily("c1_blind_checked", "Counted sheets entered blind once more", labels=("election", "step"))
    wrong = GaugeMetricFamily("c1_blind_wrong", "Of those, sheets that counted wrong", labels=("election", "step"))
    upper = GaugeMetricFamily("c1_silent_error_upper", "95 % upper bound of the share of wrong sheets", labels=("election", "step"))
    for labels, found in now.errors.items():
        checked.add_metric(labels, found.checked)
        wrong.add_metric(labels, found.wrong)
        upper.add_metric(labels, found.upper)
    yield from (checked, wrong, upper)
    yield _labelled(
        "c1_accepting", "May the machine accept (1) or was it stopped (0)", "election", {e: float(on) for e, on in now.accepting.items()}
    )
    yield _gauge("c1_messages_waiting", "WhatsApp messages not worked off", now.messages)
    yield _gauge("c1_workers_alive", "Reading processes that give signs of life", now.workers_alive)
    if now.backup_at is not None:
        yield _gauge("c1_backup_age_seconds", "Age of the last finished backup", (clock.now() - now.backup_at).total_seconds())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _labelled(name: str, text: str, label: str, values: Any) -> Metric:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family


@router.get("/metrics", dependencies=[Depends(allow(Role.ADMIN, Role.SUPERVISOR))])
def metrics(request: Request, held: Held) -> Response:
    """For a monitoring system with an API token of scope "metrics" (``Authorization: Bearer``); admins and supervisors may look too."""
    work = CollectorRegistry(auto_describe=False)
    work.register(Work(held))
    body = generate_latest(work) + generate_latest(request.app.state.requests.registry)
    return Response(body, media_type=CONTENT_TYPE_LATEST)


class Watch:
    """The outermost ASGI middleware: gives each request its number, counts it, and writes one line of the log when it is answered."""

    def __init__(self, app: ASGIApp, *, requests: Requests) -> None:
        self.app = app
        self.requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        number = logs.new_request(scope)
        status = 500

        async def send_numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", number.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_numbered)
        finally:
            found = scope.get("route")
            # the address as it was asked for may hold anything, and a label for each would fill the memory
            route = (
                found.path
                if isinstance(found, APIRoute)
                else ("static" if str(scope["path"]).startswith(("/static/", "/vendor/")) else "other")
            )
            method = scope["method"] if scope["method"] in logs.METHODS else "OTHER"
            seconds = time.perf_counter() - begun
            self.requests.add(method, route, status, seconds)
            if route != "static":
                logs.answered(scope, method, route, status, seconds)
