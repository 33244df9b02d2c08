"""A whole election night of Banyuasin in a database: ``make load-banyuasin``, or ``python -m scripts.load_banyuasin --data FOLDER``.

Five elections, 2,564 TPS, every page that they owe: drawn figures (scripts.load_banyuasin_figures), written straight into the product's
own tables with the audit log's chain, so that ``c1 audit verify`` and ``c1 totals verify`` are clean. Photos have rows but no files.
Of a hundred pages some are missing, some wait for a reviewer, some papers are wrong, some sheets have a second version or were withdrawn.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from numpy.random import Generator, default_rng
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from db import audit, seals, summaries
from db.config import Settings
from db.migrate import upgrade
from db.queries import election
from db.seed import DEMO_USERS, seed_demo
from db.session import Database
from db.tables import AuditHead, AuditLog, CommittedCount, Interpretation, Photo, QueueEntry, Region, ReviewAction, SheetCommit, User
from db.types import ActionKind, Disposition, Level, QueueKind, Source, Stage
from db.views import ElectionView, OwedPage
from review.commit import facts
from review.intake import versions_key
from scripts.load_banyuasin_figures import Ballot, Values, names_of, station
from tally.glyphs import boxes_of

ELECTIONS = ("ppwp-2024", "dpd-2024", "dpr-2024", "dprd-prov-2024", "dprd-kab-2024")
T = TypeVar("T")
PASSWORD = "malam-hitung-banyuasin"  # noqa: S105 (of drawn data)
BEGIN = datetime(2024, 2, 14, 7, 0, tzinfo=UTC)
"""Polls close at 13.00 at Palembang; the first pages come an hour later."""
MISSING, WAITING, WRONG, CORRECTED, SECOND, WITHDRAWN = 0.03, 0.02, 0.012, 0.08, 0.006, 0.001
"""Shares of all pages. WRONG: papers with a wrong or unreadable number. CORRECTED: settled by a person."""
VERSIONS = {"template": "1", "cnn": "drawn", "policy": "1"}
TPS_AT_ONCE = 60
TABLES: tuple[Any, ...] = (Photo, Interpretation, ReviewAction, SheetCommit, CommittedCount, QueueEntry)


@dataclass
class Batch:
    """Rows for one transaction, and the next free row ids."""

    ids: dict[Any, int]
    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=lambda: {t: [] for t in TABLES})
    log: list[tuple[datetime, int | None, str, str, dict[str, Any]]] = field(default_factory=list)

    def add(self, table: Any, **columns: Any) -> int:
        self.ids[table] += 1
        self.rows[table].append({"id": self.ids[table], **columns})
        return self.ids[table]

    def write(self, session: Session) -> None:
        """Past the session, which would look at every row once more; the seals (db.seals) are put into the log here."""
        found = [
            seals.Seal(t.__tablename__, seals.key_of(t.__tablename__, r), seals.digest_of(t.__tablename__, r)) for t, r in self._sealed()
        ]
        for table, rows in self.rows.items():
            if rows:
                session.connection().execute(insert(table), rows)
            rows.clear()
        self.log += ((BEGIN, None, audit.WRITTEN, "rows", {audit.ROWS: seals.as_data(part)}) for part in parts(found, 2000))
        append(session, self.log)
        self.log.clear()

    def _sealed(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        for table, rows in self.rows.items():
            if table.__tablename__ in seals.SEALED:
                empty = dict.fromkeys(c.name for c in table.__table__.columns)
                yield from ((table, {**empty, **r}) for r in rows)


def append(session: Session, events: Iterable[tuple[datetime, int | None, str, str, dict[str, Any]]]) -> None:
    """Many rows at the audit log's end, chained as ``db.audit.append`` does one by one."""
    head = session.execute(select(AuditHead).with_for_update()).scalar_one()
    seq, last, rows = head.seq, head.hash, []
    for at, user, event, subject, data in events:
        seq += 1
        digest = audit.digest(seq, at, user, event, subject, data, last)
        said = {"seq": seq, "at": at, "user_id": user, "event": event, "subject": subject, "data": data}
        rows.append({**said, "previous": last, "hash": digest})
        last = digest
    if rows:
        session.connection().execute(insert(AuditLog), rows)
    head.seq, head.hash = seq, last
    session.flush()


class Night:
    """Writes the sheets of one election."""

    def __init__(self, view: ElectionView, users: dict[str, int], seed: int, batch: Batch) -> None:
        self.view, self.users, self.batch, self.seed = view, users, batch, seed
        self.ballot = Ballot(view, seed)
        self.key = versions_key(VERSIONS)

    def tps(self, code: str, tps_id: int) -> None:
        rng = default_rng([self.seed, int(code), len(self.view.id), 7])
        owes = set(self.view.owes(code))
        owed = [p for p in self.view.owed if p.ref in owes]
        begun = BEGIN + timedelta(seconds=float(rng.gamma(3, 3600)))
        for n, (page, values) in enumerate(self.ballot.sheets(station(code, self.seed), owed)):
            at = begun + timedelta(seconds=40 * n + int(rng.integers(0, 30)))
            self.sheet(code, tps_id, page, values, at, rng)

    def sheet(self, code: str, tps_id: int, page: OwedPage, values: Values, at: datetime, rng: Generator) -> None:
        fate = rng.random()
        if fate < MISSING:
            return
        wrong = bool(rng.random() < WRONG)
        if wrong:
            name = str(rng.choice(list(values)))
            now = values[name] or 0
            values[name] = None if rng.random() < 0.3 else max(0, now + int(rng.choice([-10, -1, 1, 2, 10])))
        waits = fate < MISSING + WAITING
        by_person = wrong or bool(rng.random() < CORRECTED)
        photo, seen = self.photo(code, tps_id, page, values, at, waits or by_person)
        where = {"election_id": self.view.id, "tps_id": tps_id, "form": page.form, "page": page.page}
        if waits:
            self.wait(photo, seen, at, where)
            return
        done = at + timedelta(seconds=int(rng.integers(60, 1800)) if by_person else 2)
        first = self.commit(code, where, values, photo, seen, done, by_person, wrong)
        if (chance := rng.random()) < SECOND + WITHDRAWN:
            again = dict(values)
            void = chance < WITHDRAWN
            if not void:
                name = str(rng.choice(list(values)))
                again[name] = (again[name] or 0) + 1
            self.commit(code, where, {} if void else again, photo, seen, done + timedelta(minutes=9), True, not void, first, void)

    def photo(self, code: str, tps_id: int, page: OwedPage, values: Values, at: datetime, doubted: bool) -> tuple[tuple[int, str], int]:
        sha = hashlib.sha256(f"{self.seed} {self.view.id} {code} {page.form} {page.page}".encode()).hexdigest()
        file = {"sha256": sha, "size": 1_900_000, "name": f"{code}-{page.page}.jpg", "media_type": "image/jpeg", "stated_page": None}
        operator = self.users["operator"]
        photo = self.batch.add(Photo, **file, uploader_id=operator, received_at=at, election_id=self.view.id, tps_id=tps_id)
        said = {"sha256": sha, "election": self.view.id, "tps": code, "page": None}
        self.batch.log.append((at, operator, "photo_received", f"photo:{photo}", said))
        sure = 0.71 if doubted else 0.9985
        numbers = [_number(n, values[n], sure) for n in names_of(page.form, page.page)]
        reason = {"code": "low_confidence", "numbers": [numbers[0]["name"]], "message": "", "message_en": ""}
        body = {
            "photo": file["name"], "sha256": sha, "form": page.form, "page": page.page, "decision": "review" if doubted else "accept",
            "reasons": [reason] if doubted else [], "numbers": numbers, "findings": [], "seconds": {}, "versions": VERSIONS,
            "box_corners": {}, "page_corners": [], "place": None,
        }  # fmt: skip
        seen = self.batch.add(
            Interpretation,
            photo_id=photo, versions_key=self.key, versions=VERSIONS, at=at + timedelta(seconds=2), decision=body["decision"],
            form=page.form, page=page.page, disposition=Disposition.REVIEW if doubted else Disposition.COMMITTED, body=body,
        )  # fmt: skip
        return (photo, sha), seen

    def wait(self, photo: tuple[int, str], seen: int, at: datetime, where: dict[str, Any]) -> None:
        why = [{"code": "low_confidence", "numbers": [names_of(where["form"], where["page"])[0]], "message": "", "message_en": ""}]
        held = {"placed": False, "lease_ahead": False, "round": 1, "codes": ",low_confidence,", "barred": "", "stage": Stage.FIRST}
        self.batch.rows[QueueEntry].append(
            {
                **where,
                **held,
                "photo_id": photo[0],
                "kind": QueueKind.CHECK,
                "reasons": why,
                "interpretation_id": seen,
                "uploader_id": self.users["operator"],
                "since": at,
                "rank": round(1000 * at.timestamp()),
            }
        )

    def commit(
        self,
        code: str,
        where: dict[str, Any],
        values: Values,
        photo: tuple[int, str],
        seen: int,
        at: datetime,
        by_person: bool,
        wrong: bool,
        follows: int | None = None,
        void: bool = False,
    ) -> int:
        who = self.users["reviewer" if int(code) % 2 else "reviewer2"] if by_person else None
        action = None
        if who is not None:
            kind = ActionKind.WITHDRAW if void else ActionKind.CORRECT
            note = {"note": "contoh", "took_ms": 14_000, "undoes_id": None}
            after = {"tps": code, "form": where["form"], "page": where["page"], "values": values, "paper_error": wrong}
            did = {"photo_id": photo[0], "interpretation_id": seen, "user_id": who, "at": at, "kind": kind}
            action = self.batch.add(ReviewAction, **did, **where, before={}, after=after, **note)
        row = {
            **where, "version": 1 if follows is None else 2, "supersedes_id": follows, "photo_id": photo[0], "interpretation_id": seen,
            "action_id": action, "source": Source.PERSON if who else Source.MACHINE, "user_id": who, "at": at, "void": void,
            "paper_error": wrong, "note": "",
        }  # fmt: skip
        made = self.batch.add(SheetCommit, **row)
        self.batch.rows[CommittedCount] += ({"commit_id": made, "name": n, "value": v} for n, v in sorted(values.items()))
        event = "withdrawn" if void else "committed"
        self.batch.log.append((at, who, event, f"commit:{made}", facts(SheetCommit(**row), code, photo[1], values)))
        return made


def _number(name: str, value: int | None, sure: float) -> dict[str, Any]:
    boxes = "1X1" if value is None else boxes_of(value, 3)
    says = {"name": name, "boxes": boxes, "value": value, "confidence": sure}
    return {**says, "readers": {}, "candidates": [], "clean": sure, "reader_confidence": sure}


def stations_of(session: Session) -> list[tuple[str, int]]:
    query = select(Region.code, Region.id).where(Region.level == Level.TPS).order_by(Region.code)
    return [(code, number) for code, number in session.execute(query)]


def parts(items: list[T], size: int) -> Iterator[list[T]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]


def load(url: str, *, seed: int = 1, elections: Iterable[str] = ELECTIONS, most: int | None = None) -> dict[str, int]:
    """Fill the database at ``url``, which must hold no counts. ``most``: only so many TPS, for a quick look. Returns rows by table."""
    upgrade(url)
    db = Database(url)
    try:
        with db.writing() as session:
            seed_demo(session, dict.fromkeys(DEMO_USERS, PASSWORD))
        with db.reading() as session:
            if session.scalar(select(SheetCommit.id).limit(1)) is not None:
                raise SystemExit("this database holds counts already: give another folder")
            ids = {t: session.scalar(select(func.max(t.id))) or 0 for t in TABLES if hasattr(t, "id")}
            users = dict(session.execute(select(User.username, User.id)).all())
            stations = stations_of(session)[:most]
            views = [election(session, e) for e in elections]
        batch = Batch(ids)
        for view in views:
            night = Night(view, users, seed, batch)
            for part in parts(stations, TPS_AT_ONCE):
                for code, tps_id in part:
                    night.tps(code, tps_id)
                with db.writing() as session:
                    batch.write(session)
            with db.writing() as session:
                summaries.rebuild(session, view.id)
        with db.writing() as session:
            _settle(session)
            return {t.__tablename__: session.scalar(select(func.count()).select_from(t)) or 0 for t in (*TABLES, AuditLog)}
    finally:
        db.dispose()


def _settle(session: Session) -> None:
    """Ids were given by hand, and the planner has seen nothing: PostgreSQL and SQLite are told."""
    if session.get_bind().dialect.name == "postgresql":
        for table in (t.__tablename__ for t in TABLES if hasattr(t, "id")):
            session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) + 1 FROM {table}))"))  # noqa: S608
    session.execute(text("ANALYZE"))


def main(args: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("var/banyuasin"), help="data folder: SQLite file in it")
    parser.add_argument("--url", help="another database instead, such as postgresql://...")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tps", type=int, help="only so many TPS")
    said = parser.parse_args(args)
    said.data.mkdir(parents=True, exist_ok=True)
    url = said.url or Settings.in_folder(said.data.resolve()).database_url
    begun = time.perf_counter()
    rows = load(url, seed=said.seed, most=said.tps)
    sys.stdout.write(json.dumps(rows) + f"\n{time.perf_counter() - begun:.0f} s. Users {', '.join(DEMO_USERS)}; password {PASSWORD}\n")
    sys.stdout.write(f"C1_DATA={said.data} .venv/bin/c1 serve\n" if said.url is None else "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
