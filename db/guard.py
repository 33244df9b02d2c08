"""Refuses updates and deletes of insert-only rows before they reach the database (whose triggers refuse them too)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from db.tables import INSERT_ONLY

_TABLES = frozenset(t.__tablename__ for t in INSERT_ONLY)


class InsertOnlyError(RuntimeError):
    """A programming error: somebody tried to change history."""


def install(target: Any) -> None:
    """Guard every session of ``target`` (a Session class or sessionmaker)."""
    event.listen(target, "before_flush", _before_flush)
    event.listen(target, "do_orm_execute", _do_orm_execute)


def _before_flush(session: Session, context: object, instances: object) -> None:
    for row in session.deleted:
        if isinstance(row, INSERT_ONLY):
            raise InsertOnlyError(f"{row.__tablename__}: a row may not be deleted")
    for row in session.dirty:
        if isinstance(row, INSERT_ONLY) and session.is_modified(row, include_collections=False):
            raise InsertOnlyError(f"{row.__tablename__}: a row may not be changed")


def _do_orm_execute(state: ORMExecuteState) -> None:
    if not (state.is_update or state.is_delete):
        return
    table = getattr(getattr(state.statement, "table", None), "name", None)
    if table in _TABLES:
        raise InsertOnlyError(f"{table}: rows may not be changed or deleted")
