"""The web application: everything put together, and the check that every route has its access rule."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request
from starlette.middleware import Middleware
from starlette.responses import Response

from api import access, handlers, health, metrics, web
from api.access import public, signed_in
from api.assets import Assets, file_answer
from api.drafting import Drafting
from api.errors import ApiError
from api.frame import Frame, content_security_policy
from api.importing.jobs import imports as import_jobs
from api.pages import (
    account,
    admin,
    anomalies,
    compare,
    elections,
    figure,
    home,
    imports,
    login,
    operators,
    overview,
    phone,
    recap,
    review,
    seats,
    sheet,
    status,
    supervisor,
    templates,
    tokens,
    totals,
    trail,
    unplaced,
    upload,
    whatsapp_numbers,
)
from api.rest import anomalies as rest_anomalies
from api.rest import compare as rest_compare
from api.rest import desk, exports, photos, places, sheets, trials, uploads
from api.rest import imports as rest_imports
from api.rest import operators as rest_operators
from api.rest import seats as rest_seats
from api.rest import templates as rest_templates
from api.rest import tokens as rest_tokens
from api.rest import totals as rest_totals
from api.rest import unplaced as rest_unplaced
from api.rest import whatsapp as rest_whatsapp
from api.settings import MIB
from api.state import Services, services
from api.whatsapp.running import whatsapp_inbox
from db.personal import Looks

log = logging.getLogger("c1.api")


def create_app(held: Services) -> FastAPI:
    """The application over opened services.

    Raises:
        access.RuleMissing: a route has no access rule.
        FileNotFoundError: the front-end libraries are not installed.
    """
    missing = [f for f in web.VENDOR.values() if not (held.settings.node_modules / f).is_file()]
    if missing:
        raise FileNotFoundError(f"front-end libraries are missing below {held.settings.node_modules}: {', '.join(missing)}; run 'npm ci'")

    requests = metrics.Requests()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        access.rules(app)  # also after routes that were added to a finished application
        with whatsapp_inbox(app, held), import_jobs(app, held):
            yield

    app = FastAPI(
        title="C1 Banyuasin",
        description="From phone photos of polling-station tally forms to verified totals.",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        middleware=[
            Middleware(metrics.Watch, requests=requests),
            Middleware(
                Frame,
                signer=held.signer,
                csp=content_security_policy(web.IMPORT_MAP_HASH),
                secure=held.settings.secure_cookies,
                on_error=handlers.answer,
                body_limits=dict.fromkeys(("/api/photos", *rest_templates.LIMITED), held.settings.max_request_bytes + MIB)
                | {"/whatsapp/webhook": rest_whatsapp.MOST, rest_compare.PATH: rest_compare.MOST},
            ),
        ],
    )
    app.state.services = held
    app.state.requests = requests
    app.state.looks = Looks(held.db)
    app.state.drafting = Drafting.on(held.db, held.store, held.reading.huey)
    handlers.install(app)

    @app.get("/healthz", dependencies=[Depends(public())], tags=["service"])
    def healthz(request: Request) -> dict[str, str]:
        """Says ok when the database answers."""
        from sqlalchemy import text

        try:
            with services(request).db.reading() as session:
                session.execute(text("SELECT 1"))
        except Exception:
            log.exception("health check")
            raise ApiError("unavailable") from None
        return {"status": "ok"}

    @app.get("/api/openapi.json", dependencies=[Depends(signed_in())], include_in_schema=False)
    def schema(request: Request) -> dict[str, object]:
        return dict(app.openapi())

    @app.get("/vendor/{name}", dependencies=[Depends(public())], include_in_schema=False)
    def vendor(name: str, request: Request) -> Response:
        file = web.VENDOR.get(name)
        if file is None:
            raise ApiError("not_found")
        return file_answer(held.settings.node_modules / file, request.headers)

    app.mount("/static", Assets(directory=web.STATIC), name="static")
    for part in (
        home,
        login,
        account,
        tokens,
        rest_tokens,
        status,
        metrics,
        health,
        phone,
        upload,
        review,
        sheet,
        supervisor,
        totals,
        compare,
        figure,
        overview,
        admin,
        photos,
        uploads,
        places,
        sheets,
        desk,
        rest_totals,
        seats,
        rest_seats,
        rest_compare,
        exports,
        recap,
        trail,
        templates,
        rest_templates,
        trials,
        elections,
        unplaced,
        rest_unplaced,
        anomalies,
        rest_anomalies,
        rest_whatsapp,
        imports,
        rest_imports,
        operators,
        rest_operators,
        whatsapp_numbers,
    ):
        app.include_router(part.router)
    access.rules(app)
    return app
