"""Two kinds of askers that may reach less than their role says, each ruled in one place:

an **account with an area** (a camat, a kecamatan's reviewer) and an **API token**. Both are refused by default: what is not named here, and
does not name its region itself, they do not reach.
"""

from __future__ import annotations

from typing import Protocol

from fastapi import Request
from fastapi.routing import APIRoute
from sqlalchemy import select

from api.errors import ApiError
from api.state import Services
from db.tables import Photo, Region
from db.tokens import Scope
from db.types import Role
from db.users import UserView
from review.errors import UnknownPhoto

TOKEN_ROUTES: dict[str, frozenset[Scope]] = {
    "/api/elections": frozenset({Scope.TOTALS, Scope.EXPORTS}),
    "/api/places": frozenset({Scope.TOTALS, Scope.EXPORTS}),
    "/api/places/{code}": frozenset({Scope.TOTALS, Scope.EXPORTS}),
    "/api/totals": frozenset({Scope.TOTALS}),
    "/api/totals.csv": frozenset({Scope.EXPORTS}),
    "/api/anomalies": frozenset({Scope.TOTALS}),
    "/api/anomalies.csv": frozenset({Scope.EXPORTS}),
    "/api/totals.xlsx": frozenset({Scope.EXPORTS}),
    "/api/exports/{election}/totals.csv": frozenset({Scope.EXPORTS}),
    "/api/exports/{election}/totals.xlsx": frozenset({Scope.EXPORTS}),
    "/api/exports/{election}/totals.json": frozenset({Scope.EXPORTS}),
    "/api/exports/{election}/nist.json": frozenset({Scope.EXPORTS}),
    "/api/exports/{election}/signed.zip": frozenset({Scope.EXPORTS}),
    "/api/exports/{election}/rows": frozenset({Scope.EXPORTS}),
    "/api/exports/{election}/recap.pdf": frozenset({Scope.EXPORTS}),
    "/api/exports/key": frozenset({Scope.EXPORTS}),
    "/api/exports/key.pem": frozenset({Scope.EXPORTS}),
    "/api/token": frozenset(Scope),
    "/metrics": frozenset({Scope.METRICS}),
}
"""What a token may read, and which scopes open it (one is enough). GET only; everything else is closed to tokens."""

SAME_EVERYWHERE = frozenset(
    {
        "/",
        "/keluar",
        "/api/session",
        "/api/openapi.json",
        "/api/elections",
        "/api/places",
        "/api/places/{code}",
        "/api/desk/words",
        "/api/desk/policy",
        "/api/token",
        "/api/exports/key",
        "/api/exports/key.pem",
        "/metrics",
    }
)
"""Nothing on them belongs to a region: names of places and elections, the asker's own session."""

OWN_AREA_ONLY = frozenset(
    {
        "/periksa",
        "/periksa/mulai",
        "/periksa/riwayat",
        "/api/sheets",
        "/api/sheets/next",
        "/api/sheets/ahead",
        "/api/desk/mine",
        "/kejanggalan",
        "/kejanggalan/jumlah",
        "/kejanggalan/{anomaly_id}",
        "/kejanggalan/{anomaly_id}/penjelasan",
        "/kejanggalan/{anomaly_id}/buka",
        "/api/anomalies",
        "/api/anomalies.csv",
        "/api/anomalies/{anomaly_id}",
        "/api/anomalies/{anomaly_id}/explanation",
        "/api/anomalies/{anomaly_id}/reopening",
        "/petugas",
        "/api/operators.csv",
        "/api/operators.xlsx",
    }
)
"""They show, of what lies in regions, only what lies in the asker's area: their queries see to it (review.queue), or it is his own work."""

REGIONS = ("code", "tps", "kecamatan", "desa")
"""Parameters of an address that name a region. The first of them limits everything a route shows to that region."""


class HasArea(Protocol):
    @property
    def areas(self) -> tuple[str, ...]: ...

    def covers(self, code: str) -> bool: ...


def path_of(request: Request) -> str:
    """The route's address with its parameters' names."""
    route = request.scope.get("route")
    return route.path if isinstance(route, APIRoute) else ""


def limit_to_area(request: Request, held: Services, asker: HasArea, role: Role | None) -> None:
    """Let an asker with an area reach what lies in it. Operators see their own photos only, wherever these are, and need no more here.

    Raises:
        UnknownPhoto: the photo lies elsewhere: for him it does not exist.
        ApiError: outside_area.
    """
    if not asker.areas or role is Role.OPERATOR or path_of(request).startswith("/akun"):
        return
    if photo_id := request.path_params.get("photo_id"):
        where = place_of(held, photo_id)
        if where is None or not asker.covers(where[1]):
            raise UnknownPhoto({"photo": photo_id})
        return
    said = [v for name in REGIONS for v in (request.path_params.get(name), request.query_params.get(name)) if v]
    path = path_of(request)
    if path in SAME_EVERYWHERE:
        return
    if any(not asker.covers(v) for v in said):
        raise ApiError("outside_area", areas=list(asker.areas))
    named = "code" in request.path_params or request.query_params.get("code")
    if not named and path not in OWN_AREA_ONLY:
        raise ApiError("outside_area", areas=list(asker.areas))


def place_of(held: Services, photo_id: object) -> tuple[int, str] | None:
    """(uploader, TPS code) of a photo; None if there is none."""
    if not str(photo_id).isdecimal() or len(str(photo_id)) > 15:
        return None
    with held.db.reading() as session:
        row = session.execute(
            select(Photo.uploader_id, Region.code).join(Region, Region.id == Photo.tps_id).where(Photo.id == int(str(photo_id)))
        ).first()
    return (row[0], row[1]) if row else None


PERSONAL: dict[str, str] = {
    "/api/photos/{photo_id}/picture.jpg": "photo",
    "/api/sheets/{photo_id}/photo.jpg": "photo",
    "/api/sheets/{photo_id}/picture.jpg": "page",
    "/api/unplaced/{unplaced_id}/picture.jpg": "unplaced",
    "/api/templates/trials/{trial_id}/picture.jpg": "trial",
    "/nomor/pesan/{message_id}/foto.jpg": "message",
}
"""Routes that show names, signatures or telephone numbers, and what is noted of a look at them. A number's crop shows digits only."""


def note_look(request: Request, held: Services, user: UserView) -> None:
    """Note that personal data is looked at, before it is shown. One's own photos are no secret from oneself."""
    what = PERSONAL.get(path_of(request))
    if what is None or request.method != "GET":
        return
    kind, wanted = next(iter(request.path_params.items()), ("", ""))
    if kind == "photo_id":
        where = place_of(held, wanted)
        if where is None or where[0] == user.id:
            return
    request.app.state.looks.note(user.id, what, f"{kind.removesuffix('_id') or what}:{str(wanted)[:40]}")
