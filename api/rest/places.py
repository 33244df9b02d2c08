"""Kecamatan, desa, TPS and elections, for choosing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from api.access import signed_in
from api.deps import Held
from db.queries import children, elections, find_tps, region
from db.views import TpsRef

router = APIRouter(prefix="/api", tags=["places"])

MOST = 30


def tps_json(place: TpsRef) -> dict[str, str]:
    return {"code": place.code, "level": "tps", "name": f"TPS {place.number}", "label": place.label}


@router.get("/places", dependencies=[Depends(signed_in())])
def places(held: Held, q: str = "", within: str = "") -> dict[str, Any]:
    """What may be chosen: without ``q`` the parts of region ``within`` (kecamatan, then desa, then TPS); with ``q`` also every TPS
    that fits it ("mariana 3"), whatever its kecamatan."""
    text = q.strip()[:80]
    with held.db.reading() as session:
        if not within:
            root = children(session, None)
            within = root[0].code if root else ""
        inside = children(session, within) if within else []
        parts = [
            {"code": r.code, "level": r.level.value, "name": r.name, "label": r.name}
            for r in inside
            if not text or text.lower() in r.name.lower()
        ]
        found = [tps_json(t) for t in find_tps(session, text, limit=MOST) if t.code.startswith(within)] if text else []
    seen = {p["code"] for p in parts}
    return {"within": within, "items": parts + [f for f in found if f["code"] not in seen]}


@router.get("/places/{code}", dependencies=[Depends(signed_in())])
def place(code: str, held: Held) -> dict[str, str]:
    with held.db.reading() as session:
        r = region(session, code)
    return {"code": r.code, "level": r.level.value, "name": r.name}


@router.get("/elections", dependencies=[Depends(signed_in())])
def all_elections(held: Held) -> dict[str, Any]:
    """Every election with the pages its forms have."""
    with held.db.reading() as session:
        found = elections(session)
    return {
        "elections": [
            {
                "id": e.id,
                "kind": e.kind,
                "name": e.name,
                "name_en": e.name_en,
                "date": e.date.isoformat(),
                "pages": [{"form": p.form, "page": p.page} for p in e.pages],
            }
            for e in found
        ]
    }
