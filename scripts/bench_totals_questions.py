"""What the bench of totals asks: which address for which route, at which places. See scripts.bench_totals."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.queries import election
from db.tables import Photo, Region, SheetCommit
from db.totals import counted_elections
from db.types import Level
from db.views import ElectionView

OTHERS = (
    *(
        "/api/openapi.json",
        "/vendor/",
        "/bahasa/",
        "/masuk",
        "/akun",
        "/undangan",
        "/token",
        "/api/token",
        "/status",
        "/metrics",
        "/health",
    ),
    *(
        "/manifest",
        "/sw.js",
        "/api/session",
        "/unggah",
        "/foto",
        "/periksa",
        "/lembar",
        "/pengawas",
        "/salah-kertas",
        "/pengguna",
        "/tampilan",
    ),
    *("/api/photos", "/api/sheets", "/api/desk", "/templat", "/api/templates", "/pemilihan", "/tanpa-tempat", "/api/unplaced", "/whatsapp"),
    *("/impor", "/api/imports", "/nomor", "/angka", "/jejak", "/api/audit", "/api/public-key", "/api/evidence", "/static", "/simulasi"),
)
"""Beginnings of routes that show no totals: log-in, uploads, the desk, one sheet, the audit log. Whatever is not here is measured."""
FILES = re.compile(r"\.(xlsx|pdf|zip|xml|nist\.json|c1)$|\.signed|/unduh|/cetak$|/api/(exports?|operators)")
"""Files to take away, made from all rows: not answers to look at."""


PIECE = 25
"""Rows of one answer, where a list is long."""


@dataclass(frozen=True)
class Place:
    """What may be asked for. ``codes``: level -> codes of regions; ``dapil``: election -> codes of its districts."""

    elections: tuple[ElectionView, ...]
    codes: dict[Level, Sequence[str]]
    photos: Sequence[int]

    @classmethod
    def of(cls, session: Session) -> Place:
        """Up to a thousand regions of each level, spread over all."""
        counted = counted_elections(session)
        codes: dict[Level, Sequence[str]] = {}
        for level in Level:
            found = session.scalars(select(Region.code).where(Region.level == level).order_by(Region.code)).all()
            codes[level] = found[:: max(1, len(found) // 1000)]
        photos = session.scalars(select(Photo.id).join(SheetCommit, SheetCommit.photo_id == Photo.id).limit(200)).all()
        return cls(tuple(election(session, e, contestants=False) for e in sorted(counted)), codes, photos)


@dataclass(frozen=True)
class Asked:
    """One kind of question: ``address`` gives one of its addresses."""

    name: str
    address: Callable[[random.Random], str]


def questions(paths: Sequence[str], place: Place) -> tuple[list[Asked], list[str]]:
    """What to ask of these routes; and the routes that are not asked."""
    asked: list[Asked] = []
    left: list[str] = []
    for path in paths:
        if (path != "/" and path.startswith(OTHERS)) or FILES.search(path):
            left.append(path)
        elif path in ("/hasil", "/api/totals", "/api/totals.csv"):
            asked += (q for contest in place.elections for q in _totals(path, contest, place))
        elif "{" not in path:
            asked += [Asked(f"{path} {e.id}", _fixed(path, {"election": e.id})) for e in place.elections]
            asked += [_at(f"{path} {e.id} in a kecamatan", path, e, place, Level.KECAMATAN) for e in place.elections[:1]]
        elif (filled := _filled(path, place)) is not None:
            asked.append(Asked(path, filled))
        else:
            left.append(path)
    return asked, left


def _totals(path: str, contest: ElectionView, place: Place) -> list[Asked]:
    """At every level that there is: the region itself and what lies one level below, as pages and programs ask."""
    levels = [level for level in Level if place.codes[level]]
    found = [Asked(f"{path} {contest.id}", _fixed(path, {"election": contest.id}))]
    found += [_at(f"{path} {contest.id} in a {level}", path, contest, place, level) for level in levels[1:]]
    if path == "/hasil":
        return found
    if path.endswith(".csv"):  # of everything: a file to take away
        return found
    for level in levels[1:]:
        piece = {"election": contest.id, "level": level.value, "limit": str(PIECE)}
        found.append(Asked(f"{path} {contest.id} all {level}, in pieces of {PIECE}", _fixed(path, piece)))
    if len(contest.areas) > 1:
        found.append(Asked(f"{path} {contest.id} by dapil", _fixed(path, {"election": contest.id, "level": "dapil"})))
        found.append(
            Asked(
                f"{path} {contest.id} one dapil",
                lambda rng: _url(path, {"election": contest.id, "dapil": rng.choice(contest.areas).code}),
            )
        )
    return found


def _fixed(path: str, query: dict[str, str]) -> Callable[[random.Random], str]:
    return lambda rng: _url(path, query)


def _at(name: str, path: str, contest: ElectionView, place: Place, level: Level) -> Asked:
    return Asked(name, lambda rng: _url(path, {"election": contest.id, "code": rng.choice(place.codes[level])}))


def _url(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}"


def _filled(path: str, place: Place) -> Callable[[random.Random], str] | None:
    """A route with parts in its path; None where one of them is not known here."""
    known: dict[str, Callable[[random.Random], object]] = {
        "election_id": lambda rng: rng.choice(place.elections).id,
        "election": lambda rng: rng.choice(place.elections).id,
        "kecamatan": lambda rng: rng.choice(place.codes[Level.KECAMATAN]),
        "code": lambda rng: rng.choice(place.codes[Level.KECAMATAN]),
        "tps": lambda rng: rng.choice(place.codes[Level.TPS]),
        "photo_id": lambda rng: rng.choice(place.photos),
    }
    parts = re.findall(r"{(\w+)(?::\w+)?}", path)
    if not all(p in known for p in parts):
        return None
    return lambda rng: re.sub(r"{(\w+)(?::\w+)?}", lambda m: str(known[m[1]](rng)), path)
