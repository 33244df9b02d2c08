"""What makes the operator's page an app of the phone: its manifest and its service worker; and who is logged in, for the latter."""

from __future__ import annotations

import json

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api import web
from api.access import public, signed_in
from api.deps import Held, User
from api.i18n import Translator

router = APIRouter(include_in_schema=False)

OFFLINE = (
    "/vendor/bootstrap.min.css",
    "/vendor/htmx.esm.js",
    "/vendor/idb.js",
    "/static/app.css",
    "/static/css/phone.css",
    "/static/mark.svg",
    "/static/empty-photos.svg",
    "/static/js/main.js",
    "/static/js/http.js",
    "/static/js/place.js",
    "/static/js/upload.js",
    "/static/js/phone/box.js",
    "/static/js/phone/look.js",
    "/static/js/phone/rows.js",
    "/static/js/phone/sender.js",
)
"""What the page needs without a signal."""


@router.get("/manifest.webmanifest", dependencies=[Depends(public())])
def manifest(request: Request) -> Response:
    """For installing the page on a phone's home screen."""
    t = Translator(getattr(request.state, "lang", "id"))
    icons = [
        {"src": f"/static/icons/icon-{size}{kind}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in (192, 512)
        for kind, purpose in (("", "any"), ("-maskable", "maskable"))
    ]
    body = {
        "id": "/unggah",
        "name": t("app.name"),
        "short_name": t("app.short"),
        "description": t("upload.lead"),
        "lang": t.lang,
        "start_url": "/unggah",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f5f7f9",
        "theme_color": "#b3232b",
        "icons": icons,
    }
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/manifest+json")


@router.get("/sw.js", dependencies=[Depends(public())])
def service_worker() -> Response:
    """The worker's script, with the version of the files it keeps; at the root, since it may only rule below its own address."""
    version = str(web.ENV.globals["v"])
    files = json.dumps([f"{name}?v={version}" for name in OFFLINE])
    script = (web.STATIC / "sw.js").read_text(encoding="utf-8").replace("{{version}}", version).replace("{{files}}", files)
    return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@router.get("/api/session", dependencies=[Depends(signed_in())])
def session(request: Request, held: Held, user: User) -> dict[str, str]:
    """Who is logged in, and the token that changing requests of this session must carry."""
    return {"username": user.username, "role": user.role.value, "csrf": held.signer.csrf(request.state.session)}
