"""Fills a new database: Banyuasin's regions, the elections of the demo, its users. Everything may be called again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db import summaries
from db.elections import load, ready_made
from db.tables import Election, Region, User
from db.types import Level, Role
from db.users import create_user

FIRST_SPECIAL = 901
"""Special TPS (prisons, companies) are numbered from here."""

DEMO_USERS: Mapping[str, Role] = {
    "operator": Role.OPERATOR,
    "reviewer": Role.REVIEWER,
    "reviewer2": Role.REVIEWER,
    "supervisor": Role.SUPERVISOR,
    "staff": Role.STAFF,
    "admin": Role.ADMIN,
}
_DEMO_NAMES = {
    "operator": "Operator Lapangan",
    "reviewer": "Pemeriksa Satu",
    "reviewer2": "Pemeriksa Dua",
    "supervisor": "Pengawas",
    "staff": "Staf Kabupaten",
    "admin": "Admin",
}


class BadRegions(ValueError):
    """``faults``: one line each."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


def seed_regions(session: Session, file: str = "banyuasin.csv") -> int:
    """Load one shipped regency's regions. Returns how many rows were added: 0 if they are there already."""
    return load_regions(session, (files("db.regions") / file).read_text(encoding="utf-8"))


def load_regions(session: Session, text: str) -> int:
    """Load regencies, kecamatan, desa and their TPS from CSV (code,name,tps,special: codes of 4, 6 and 10 digits, each under the one it
    lies in; number of ordinary and of special TPS of a desa). Returns how many rows were added; a regency that is there is left alone.

    Raises:
        BadRegions: naming every line that is wrong.
    """
    lines = list(csv.DictReader(io.StringIO(text)))
    if wrong := list(_faults(lines)):
        raise BadRegions(wrong)
    there = set(session.scalars(select(Region.code).where(Region.level == Level.REGENCY)))
    new = [line for line in lines if line["code"][:4] not in there]
    rows = list(_region_rows(new, first_id=(session.scalar(select(func.max(Region.id))) or 0) + 1))
    if rows:
        session.execute(insert(Region), rows)
        summaries.rebuild_all(session)
    return len(rows)


def _faults(lines: list[dict[str, str]]) -> Iterator[str]:
    seen: set[str] = set()
    last: dict[int, str] = {}
    for n, line in enumerate(lines, 2):
        code, name = (line.get("code") or "").strip(), (line.get("name") or "").strip()
        if not (code.isascii() and code.isdecimal()) or len(code) not in (4, 6, 10):
            yield f"line {n}: code '{code[:20]}' has not 4, 6 or 10 digits"
        elif code in seen:
            yield f"line {n}: code {code} stands here twice"
        elif len(code) > 4 and last.get(up := {6: 4, 10: 6}[len(code)]) != code[:up]:
            yield f"line {n}: {code} does not stand below the region it lies in"
        seen.add(code)
        last[len(code)] = code
        if not name or len(name) > 100:
            yield f"line {n}: a name of 1 to 100 characters is needed"
        for column in ("tps", "special"):
            count = (line.get(column) or "").strip()
            if len(code) == 10 and (count or column == "tps") and not (count.isascii() and count.isdecimal() and int(count) <= 900):
                yield f"line {n}: {column} '{count[:20]}' is no number from 0 to 900"
    if not lines:
        yield "no lines"


def _region_rows(lines: Iterable[dict[str, str]], first_id: int) -> Iterator[dict[str, Any]]:
    """Ids are given here, parents first, so that children can name them in one bulk insert."""
    above: dict[Level, dict[str, Any]] = {}
    next_id = first_id

    def row(code: str, level: Level, name: str, number: int | None, parent: Level | None) -> dict[str, Any]:
        nonlocal next_id
        chain = [above[a] for a in (Level.REGENCY, Level.KECAMATAN, Level.DESA) if a in above and a is not level]
        made = {
            "id": next_id,
            "code": code,
            "level": level,
            "name": name,
            "number": number,
            "parent_id": above[parent]["id"] if parent else None,
            "regency_id": above[Level.REGENCY]["id"] if parent else None,
            "kecamatan_id": above[Level.KECAMATAN]["id"] if level in (Level.DESA, Level.TPS) else None,
            "desa_id": above[Level.DESA]["id"] if level is Level.TPS else None,
            "search": " ".join([*(c["name"] for c in chain), name]).lower(),
        }
        next_id += 1
        return made

    for line in lines:
        level, parent = {4: (Level.REGENCY, None), 6: (Level.KECAMATAN, Level.REGENCY), 10: (Level.DESA, Level.KECAMATAN)}[
            len(line["code"])
        ]
        for lower in (Level.KECAMATAN, Level.DESA) if level is not Level.DESA else (Level.DESA,):
            above.pop(lower, None)
        above[level] = row(line["code"], level, line["name"], None, parent)
        yield above[level]
        if level is Level.DESA:
            ordinary, special = int(line["tps"]), int(line["special"] or 0)
            for number in [*range(1, ordinary + 1), *range(FIRST_SPECIAL, FIRST_SPECIAL + special)]:
                yield row(f"{line['code']}{number:03}", Level.TPS, f"TPS {number:03}", number, Level.DESA)


def seed_elections(session: Session) -> int:
    """Add the ready-made elections that are missing; returns how many. One that is there is left as people have made it."""
    return sum(load(session, e, ships=True) for e in ready_made() if session.get(Election, e.id) is None)


def seed_users(session: Session, passwords: Mapping[str, str]) -> int:
    """Add those of DEMO_USERS that ``passwords`` names and that are missing. Raises KeyError for another name."""
    added = 0
    for username, password in passwords.items():
        role = DEMO_USERS[username]
        if session.scalar(select(User.id).where(User.username == username)) is None:
            create_user(session, username, password, role, _DEMO_NAMES[username], any_password=True)
            added += 1
    return added


def seed_demo(session: Session, passwords: Mapping[str, str]) -> None:
    """Regions, elections and demo users."""
    seed_regions(session)
    seed_elections(session)
    seed_users(session, passwords)
