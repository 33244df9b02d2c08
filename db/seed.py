"""Fills a new database: Banyuasin's regions, the elections of the demo, its users. Everything may be called again."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

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
    "supervisor": "Penyelia",
    "staff": "Staf Kabupaten",
    "admin": "Admin",
}


def seed_regions(session: Session, file: str = "banyuasin.csv") -> int:
    """Load one regency's regions. Returns how many rows were added: 0 if they are there already."""
    rows = list(_region_rows(file, first_id=(session.scalar(select(func.max(Region.id))) or 0) + 1))
    known = set(session.scalars(select(Region.code).where(Region.code.startswith(rows[0]["code"]))))
    if known:
        return 0
    session.execute(insert(Region), rows)
    return len(rows)


def _region_rows(file: str, first_id: int) -> Iterator[dict[str, Any]]:
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

    with (files("db.regions") / file).open(encoding="utf-8") as f:
        for line in csv.DictReader(f):
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
            create_user(session, username, password, role, _DEMO_NAMES[username])
            added += 1
    return added


def seed_demo(session: Session, passwords: Mapping[str, str]) -> None:
    """Regions, elections and demo users."""
    seed_regions(session)
    seed_elections(session)
    seed_users(session, passwords)
