"""Every row that bears a count, or a state that decides about one, is sealed: the audit log holds a digest of it.

What a transaction writes to the tables of ``SEALED`` is noticed here; ``db.audit`` puts the digests into the rows that the transaction
appends to the log (key ``rows`` of their data), or into one of their own at its end. The chain proves the digests, the digests prove the
rows: whoever edits, deletes, inserts or swaps rows behind the program's back is named by ``review.verify``.

Working tables are sealed by the columns that bear a state, so that a lease or a cache costs no line in the log.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import JSON, String, Table, inspect, select, tuple_, type_coerce
from sqlalchemy.orm import InstanceState, ORMExecuteState, Session, SessionTransaction

from db import tables as t
from db.types import Word

Key = tuple[str, str]
"""Table and primary key, its parts joined by "/"."""
_PENDING, _SEEN, _WHOLE, _AGAIN = "c1_pending", "c1_seen", "c1_whole", "c1_again"
_BATCH = 500

SEALED: Mapping[str, tuple[str, ...] | None] = {
    # insert-only: every column
    "photo": None,
    "interpretation": None,
    "review_action": None,
    "sheet_commit": None,
    "entry": None,
    "entry_verdict": None,
    "sample": None,
    "sample_result": None,
    "accepting_switch": None,
    "photo_origin": None,
    "photo_likeness": None,
    "photo_hold": None,
    "published_import": None,
    "anomaly": None,
    "anomaly_state": None,
    "template_version": None,
    "template_trust": None,
    # what defines the count: which TPS lies where, who stands where, which pages are owed
    "region": ("code", "level", "name", "number", "parent_id", "regency_id", "kecamatan_id", "desa_id"),
    "election": (
        *("kind", "name", "name_en", "date", "entry_policy", "sample_machine", "sample_single", "sample_double"),
        *("stop_bound", "stop_errors"),
    ),
    "election_area": None,
    "election_page": None,
    "party": None,
    "contestant": None,
    # what waits, and who may do what: the columns that decide, not leases and caches
    "queue_entry": (
        *("kind", "interpretation_id", "election_id", "tps_id", "form", "page", "placed", "uploader_id", "stage", "round", "barred"),
        "sample_id",
    ),
    "unplaced_photo": ("sha256", "size", "uploader_id", "received_at", "election_id", "tps_id", "photo_id", "closed"),
    "template_trial": ("form", "digest", "photo_sha256", "state", "page", "typed", "result"),
    "app_user": ("username", "role", "password_hash", "active"),
    "sender": ("phone", "state", "user_id"),
}
"""Table -> its columns under seal; None: all of them."""

UNSEALED: Mapping[str, str] = {
    "audit_log": "is the chain itself",
    "audit_head": "the chain is held against it",
    "committed_count": "every value stands in the log's row of its sheet_commit",
    "page_total": "follows from the counts, and is summed anew when they are verified",
    "place_total": "follows from the counts, and is summed anew when they are verified",
    "anomaly_mark": "up to where the log was looked through; an anomaly and its states are sealed",
    "published_count": "others' figures, no count of ours; their digest stands in published_import, which is sealed",
    "user_area": "where an operator may send from; what he sent is sealed with its place",
    "recovery_code": "opens an account once; what is done with it is sealed",
    "invitation": "lets somebody set a password; the account it makes is sealed (app_user)",
    "login_session": "who is logged in; what he does is sealed",
    "api_token": "opens reading only",
    "personal_access": "who looked at personal data; removed when its time is over",
    "reading_claim": "which worker reads what; what it reads is sealed",
    "worker_sign": "which workers are alive",
    "backup_run": "where backups lie",
    "template_draft": "work in progress; what is published is sealed (template_version)",
    "template_file": "names of files that are named by their own SHA-256",
    "message": "a received message; the photo in it is sealed (photo, photo_origin)",
    "outgoing": "a message to an operator",
    "import_run": "an import's course; its photos are sealed",
    "import_item": "an import's course; its photos are sealed",
}
"""Tables that bear neither a count nor a state that decides about one, or are proved otherwise: why."""


def table_named(name: str) -> Table:
    return t.Base.metadata.tables[name]


@cache
def _columns(table: str) -> tuple[tuple[str, bool], ...]:
    """Names of the sealed columns, and which of them hold JSON; the primary key is part of the key."""
    made = table_named(table)
    wanted = SEALED[table] or tuple(c.name for c in made.columns if not c.primary_key)
    return tuple((n, isinstance(made.columns[n].type, JSON)) for n in sorted(wanted))


@cache
def _key_columns(table: str) -> tuple[str, ...]:
    return tuple(c.name for c in table_named(table).primary_key.columns)


@dataclass(frozen=True, slots=True)
class Seal:
    """One row under seal. ``digest`` None: the row is gone, as it should be."""

    table: str
    row: str
    digest: str | None


_ODD_FLOAT = re.compile(r"(?<=[\[:, ])(-0\.0|-?\d+(?:\.\d+)?e\+\d+)(?=[,\]}])")
"""Floats that do not come back from PostgreSQL's jsonb as they went in: a negative zero, and those it writes out as whole numbers."""


def digest_of(table: str, row: Mapping[str, Any]) -> str:
    """Of a row (column -> value as SQLAlchemy gives it): 32 hex digits of the SHA-256 of its canonical JSON.

    A column without a value is left out, so that one which a later migration adds does not break the seals of older rows.
    """
    content = [table, *(_plain(row[k]) for k in _key_columns(table))]
    content += [[n, _json(row[n]) if is_json else _plain(row[n])] for n, is_json in _columns(table) if row[n] is not None]
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _json(value: Any) -> str:
    """As text, the same before it was stored and after: keys are strings and in order, floats as both databases give them back."""
    text = json.dumps(json.loads(json.dumps(value)), sort_keys=True, separators=(",", ":"))
    return _ODD_FLOAT.sub(lambda m: "0.0" if m[1] == "-0.0" else str(int(float(m[1]))), text)


def key_of(table: str, row: Mapping[str, Any]) -> str:
    return "/".join(str(_plain(row[k])) for k in _key_columns(table))


# -- noticing what a transaction writes


def after_flush(session: Session, context: object) -> None:
    """Take down what this flush wrote. (SQLAlchemy event: ``new``, ``dirty`` and the attributes' history are as before the flush.)"""
    for obj in (*session.new, *session.dirty, *session.deleted):
        state: InstanceState[Any] = inspect(obj)
        table = state.mapper.local_table.name  # type: ignore[attr-defined]
        if table not in SEALED:
            continue
        gone = obj in session.deleted
        if not gone and obj not in session.new and not _touched(state, table):
            continue
        values = {n: getattr(obj, n) for n in (*_key_columns(table), *(n for n, _ in _columns(table)))}
        _note(session, table, key_of(table, values), None if gone else digest_of(table, values))


def _touched(state: InstanceState[Any], table: str) -> bool:
    return any(state.attrs[n].history.has_changes() for n, _ in _columns(table))


def on_execute(state: ORMExecuteState) -> None:
    """Statements that write many rows at once go past ``after_flush``: their tables are looked at before the transaction ends."""
    if not (state.is_insert or state.is_update or state.is_delete):
        return
    table = getattr(getattr(state.statement, "table", None), "name", "")
    if table not in SEALED:
        return
    if state.is_update:  # of columns that are not under seal?
        columns = {getattr(c, "name", str(c)) for c in getattr(state.statement, "_values", None) or {}}
        if columns and not columns & {n for n, _ in _columns(table)}:
            return
    rows = state.parameters if isinstance(state.parameters, list) else []
    if state.is_insert and rows and all(k in r for r in rows for k in _key_columns(table)):
        for r in rows:
            _note(state.session, table, key_of(table, r), "")
        state.session.info[_AGAIN] = True
    else:
        state.session.info.setdefault(_WHOLE, set()).add(table)


def _note(session: Session, table: str, row: str, digest: str | None) -> None:
    session.info.setdefault(_PENDING, {})[table, row] = digest
    session.info.setdefault(_SEEN, {})[table, row] = digest


def undone(session: Session, previous: object) -> None:
    """A savepoint, or all of it, was rolled back: what was taken down, and what the log said of it, may not stand any more."""
    session.info[_PENDING] = dict(session.info.get(_SEEN, {}))
    session.info[_AGAIN] = True


def ended(session: Session, transaction: SessionTransaction) -> None:
    """Not a savepoint but all of it is over: nothing is pending any more."""
    if transaction.parent is not None:
        return
    for name in (_PENDING, _SEEN, _WHOLE, _AGAIN):
        session.info.pop(name, None)


def take(session: Session) -> list[Seal]:
    """What was written since the last call and is not in the log yet; it is now the caller's to write it there."""
    pending: dict[Key, str | None] = session.info.pop(_PENDING, {})
    if session.info.pop(_AGAIN, False):
        there = {(s.table, s.row): s.digest for s in _fresh(session, pending)}
        pending = {k: there.get(k) for k, was in pending.items() if k in there or was is None}
    whole: set[str] = session.info.pop(_WHOLE, set())
    found = [Seal(table, row, digest) for (table, row), digest in pending.items() if table not in whole]
    for table in sorted(whole):
        now = list(seals_of(session, table))
        rows = {s.row for s in now}
        found += now + [Seal(table, r, None) for r in sorted(_known(session, table) - rows)]
    return found


def _fresh(session: Session, keys: Iterable[Key]) -> Iterator[Seal]:
    by_table: dict[str, list[str]] = {}
    for table, row in keys:
        by_table.setdefault(table, []).append(row)
    for table, rows in by_table.items():
        for at in range(0, len(rows), _BATCH):
            yield from seals_of(session, table, rows[at : at + _BATCH])


def seals_of(session: Session, table: str, rows: list[str] | None = None) -> Iterator[Seal]:
    """The seals as the rows stand now, in the order of their keys; ``rows``: only these."""
    made = table_named(table)
    keys = list(made.primary_key.columns)
    query = select(*(_raw(made.columns[n]) for n in (*_key_columns(table), *(n for n, _ in _columns(table))))).order_by(*keys)
    if rows is not None:
        wanted = [tuple(_typed(c, part) for c, part in zip(keys, r.split("/"), strict=True)) for r in rows]
        query = query.where(keys[0].in_([w[0] for w in wanted]) if len(keys) == 1 else tuple_(*keys).in_(wanted))
    for row in session.execute(query.execution_options(yield_per=_BATCH)).mappings():
        values = dict(row)
        yield Seal(table, key_of(table, values), digest_of(table, values))


def _raw(column: Any) -> Any:
    """Words as their text: one that is no word of ours must be named, not stop the reading."""
    return type_coerce(column, String).label(column.name) if isinstance(column.type, Word) else column


def keys_of(session: Session, table: str) -> list[str]:
    """Keys of all rows, in order."""
    keys = list(table_named(table).primary_key.columns)
    return [key_of(table, dict(row)) for row in session.execute(select(*keys).order_by(*keys)).mappings()]


def _typed(column: Any, text: str) -> Any:
    return int(text) if column.type.python_type is int else text


def _known(session: Session, table: str) -> set[str]:
    """Rows of a table that the log says are there. Walks the log: only for statements that delete many rows at once."""
    found: set[str] = set()
    query = select(t.AuditLog.data).order_by(t.AuditLog.seq)
    for data in session.scalars(query.execution_options(yield_per=_BATCH)):
        for row, digest in data.get("rows", {}).get(table, {}).items():
            found.add(row) if digest is not None else found.discard(row)
    return found


def as_data(seals: Iterable[Seal]) -> dict[str, dict[str, str | None]]:
    """Table -> row -> digest, as it stands in the log."""
    found: dict[str, dict[str, str | None]] = {}
    for s in seals:
        found.setdefault(s.table, {})[s.row] = s.digest
    return found
