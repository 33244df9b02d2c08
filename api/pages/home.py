"""The front door: everybody is sent to where his work is; and the language switch."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from api import i18n
from api.access import public, signed_in
from api.deps import User
from api.errors import ApiError
from db.types import Role

router = APIRouter(include_in_schema=False)

HOMES = {
    Role.OPERATOR: "/unggah",
    Role.REVIEWER: "/periksa",
    Role.SUPERVISOR: "/pengawas",
    Role.STAFF: "/ringkasan",
    Role.ADMIN: "/ringkasan",
}


def safe_path(path: str | None) -> str:
    """A path on this site, or "/": never another site's address (open redirect)."""
    if not path or not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        return "/"
    return path


@router.get("/", dependencies=[Depends(signed_in())])
def home(user: User) -> Response:
    return RedirectResponse(HOMES[user.role], 303)


@router.get("/bahasa/{lang}", dependencies=[Depends(public())])
def language(lang: str, request: Request, lanjut: str = "/") -> Response:
    """Switch the language and go back. Changes nothing but the visitor's own cookie."""
    if lang not in i18n.LANGS:
        raise ApiError("not_found")
    answer = RedirectResponse(safe_path(lanjut), 303)
    answer.set_cookie(i18n.COOKIE, lang, max_age=365 * 86400, samesite="lax", path="/")
    return answer
