"""How an export goes out: its name, its ETag, and examples of what it looks like for the API's description."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from fastapi import Request
from starlette.responses import Response

from db import clock
from db.audit import ChainEnd

FRESH = {"Cache-Control": "private, no-cache"}
"""To be kept, but to be asked for each time whether it still holds."""


def tag(end: ChainEnd, *parts: str) -> str:
    """A weak ETag: whatever touches a count, a name or a region adds a row to the audit log, and so changes its end."""
    return f'W/"{hashlib.sha256(repr((end.seq, end.hash, *parts)).encode()).hexdigest()[:32]}"'


def moment(end: ChainEnd) -> datetime:
    return end.at or clock.now()


def is_known(request: Request, etag: str) -> bool:
    """Does the asker have it? (RFC 9110, weak comparison.)"""
    said = [t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")]
    return "*" in said or etag.removeprefix("W/") in said


def unchanged(etag: str) -> Response:
    return Response(status_code=304, headers={**FRESH, "ETag": etag})


def file(body: bytes, media: str, name: str, etag: str | None) -> Response:
    """A file to be saved under ``name``; without an ETag it is made anew each time and kept nowhere."""
    safe = "".join(c for c in name if c.isalnum() or c in "._-")
    made = inline(body, media, etag)
    made.headers["Content-Disposition"] = f'attachment; filename="{safe}"'
    return made


def inline(body: bytes, media: str, etag: str | None) -> Response:
    return Response(body, media_type=media, headers={**FRESH, "ETag": etag} if etag else {"Cache-Control": "no-store"})


_HEAD: dict[str, Any] = {
    "format": "c1-totals/1",
    "election": {"id": "ppwp-2024", "kind": "ppwp", "name": "Pemilu Presiden 2024", "date": "2024-02-14"},
    "as_of": "2024-02-14T15:04:00+00:00",
    "audit": {"row": 4211, "hash": "9f3c07aa12bc34de5f60718293a4b5c6d7e8f90112233445566778899aabbccd"},
    "verified_only": True,
    "official": False,
}
_ROW: dict[str, Any] = {
    "code": "1607011016001",
    "name": "TPS 001",
    "dapil": None,
    "coverage": {"sheets_in": 1, "sheets_expected": 3, "tps_any": 1, "tps_complete": 0, "tps_all": 1, "paper_errors": 0},
    "values": {"c-hasil-ppwp-2024.hal2.suara_paslon_1": 127, "c-hasil-ppwp-2024.hal3.suara_sah": None},
}
_NUMBER: dict[str, Any] = {
    "key": "c-hasil-ppwp-2024.hal2.suara_paslon_1",
    "form": "c-hasil-ppwp-2024",
    "page": 2,
    "name": "suara_paslon_1",
    "label": "Paslon 1",
    "label_en": "Pair 1",
    "dapil": None,
    "votes": {"what": "contestant", "party": 0, "number": 1},
}


def _example(media: str, value: Any) -> dict[int | str, dict[str, Any]]:
    return {
        200: {"content": {media: {"example": value}}},
        304: {"description": "Nothing has changed since the ETag sent in If-None-Match"},
    }


JSON = _example("application/json", {**_HEAD, "tps_unverified": 2563, "numbers": [_NUMBER], "levels": {"tps": [_ROW]}})
ROWS = _example(
    "application/json", {**_HEAD, "level": "tps", "rows": [_ROW], "next": "/api/exports/ppwp-2024/rows?level=tps&after=1607011016001"}
)
CSV = _example(
    "text/csv",
    "level,kode,wilayah,dapil,lembar_masuk,lembar_diharapkan,tps_ada,tps_lengkap,tps_semua,salah_di_kertas,"
    "c-hasil-ppwp-2024.hal2.suara_paslon_1\r\ntps,1607011016001,TPS 001,,1,3,1,0,1,0,127\r\n",
)
