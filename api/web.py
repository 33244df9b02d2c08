"""Pages: Jinja2 with the translator, the user, the form token and the import map at hand."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from api.i18n import LANGS, Translator
from api.state import services

HERE = Path(__file__).parent
STATIC = HERE / "static"

VENDOR = {
    "bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "htmx.esm.js": "htmx.org/dist/htmx.esm.js",
    "idb.js": "idb/build/index.js",
}
"""Served name -> file below node_modules. Nothing else of it can be fetched."""

IMPORT_MAP = json.dumps({"imports": {"htmx": "/vendor/htmx.esm.js", "app/": "/static/js/"}}, separators=(",", ":"))
IMPORT_MAP_HASH = "sha256-" + base64.b64encode(hashlib.sha256(IMPORT_MAP.encode()).digest()).decode()

WIB = timezone(timedelta(hours=7), "WIB")
"""Western Indonesian time, which Banyuasin lives by; it knows no summer time."""

MONTHS = {
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def local_time(at: datetime, lang: str) -> str:
    """ "24 Nov 2026 15.04 WIB"."""
    here = at.astimezone(WIB)
    clock = here.strftime("%H.%M" if lang == "id" else "%H:%M")
    return f"{here.day} {MONTHS[lang][here.month - 1]} {here.year} {clock} WIB"


def _fingerprint() -> str:
    """Changes when any file we serve changes, so that browsers may keep them for long."""
    h = hashlib.sha256()
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            h.update(file.read_bytes())
    lock = HERE.parent / "package-lock.json"  # the libraries' versions
    h.update(lock.read_bytes() if lock.is_file() else b"")
    return h.hexdigest()[:10]


def _environment() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals["import_map"] = Markup(IMPORT_MAP)  # noqa: S704 (our own constant)
    env.globals["v"] = _fingerprint()
    env.globals["langs"] = LANGS
    env.globals["moment"] = datetime.fromisoformat
    return env


ENV = _environment()


def render(request: Request, template: str, context: Mapping[str, Any] | None = None, status: int = 200) -> Response:
    """A page in the request's language. Every template has: t, lang, user (or None), csrf, path, here (path and query), when(datetime)."""
    lang: str = getattr(request.state, "lang", "id")
    t = Translator(lang)
    held = services(request)
    return HTMLResponse(
        ENV.get_template(template).render(
            {
                "t": t,
                "lang": lang,
                "user": getattr(request.state, "user", None),
                "csrf": held.signer.csrf(request.state.session),
                "path": request.url.path,
                "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
                "when": lambda at: local_time(at, lang),
                **(context or {}),
            }
        ),
        status,
    )
