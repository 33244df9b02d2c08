"""Everything that ever happened to a photo or a sheet, in order, told from the insert-only rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.queries import commit_views, election, tps_refs, tps_row, user_names
from db.tables import Interpretation, Photo, ReviewAction, SheetCommit
from db.types import ActionKind

MACHINE = "mesin"

_ACTION_TEXT = {
    ActionKind.CONFIRM: ("Bacaan dibenarkan", "Reading confirmed"),
    ActionKind.CORRECT: ("Angka diketik atau diperbaiki", "Numbers typed or corrected"),
    ActionKind.REJECT_PHOTO: ("Foto ditolak", "Photo rejected"),
    ActionKind.ASSIGN: ("Dipindahkan ke tempat yang benar", "Moved to its right place"),
    ActionKind.WITHDRAW: ("Angka ditarik kembali", "Counts withdrawn"),
}
_ORDER = {"photo": 0, "interpretation": 1, "action": 2, "commit": 3}


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """``kind``: photo | interpretation | action | commit. ``who``: a user name, or "mesin". ``data``: the facts, JSON-ready."""

    at: datetime
    kind: str
    who: str
    text: str
    text_en: str
    data: dict[str, Any]


def photo_history(session: Session, photo_id: int) -> tuple[HistoryEntry, ...]:
    """All about one photo, oldest first."""
    return _tell(session, {photo_id}, select(SheetCommit).where(SheetCommit.photo_id == photo_id))


def history(session: Session, election_id: str, tps_code: str, form: str, page: int) -> tuple[HistoryEntry, ...]:
    """All about one sheet: every photo that was ever taken for it, and every version of its counts, oldest first.

    Raises:
        UnknownElection, UnknownTps.
    """
    election(session, election_id)
    tps_id = tps_row(session, tps_code).id
    commits = select(SheetCommit).where(
        SheetCommit.election_id == election_id, SheetCommit.tps_id == tps_id, SheetCommit.form == form, SheetCommit.page == page
    )
    photos = set(session.scalars(commits.with_only_columns(SheetCommit.photo_id)))
    photos |= set(
        session.scalars(
            select(ReviewAction.photo_id).where(
                ReviewAction.election_id == election_id, ReviewAction.tps_id == tps_id, ReviewAction.form == form, ReviewAction.page == page
            )
        )
    )
    photos |= set(
        session.scalars(
            select(Interpretation.photo_id)
            .join(Photo, Photo.id == Interpretation.photo_id)
            .where(Photo.election_id == election_id, Photo.tps_id == tps_id, Interpretation.form == form, Interpretation.page == page)
        )
    )
    return _tell(session, photos, commits)


def _tell(session: Session, photo_ids: set[int], commits: Any) -> tuple[HistoryEntry, ...]:
    photos = list(session.scalars(select(Photo).where(Photo.id.in_(photo_ids))))
    words = list(session.scalars(select(Interpretation).where(Interpretation.photo_id.in_(photo_ids))))
    actions = list(session.scalars(select(ReviewAction).where(ReviewAction.photo_id.in_(photo_ids))))
    names = user_names(session, [*(p.uploader_id for p in photos), *(a.user_id for a in actions)])
    told = [*_photos(session, photos, names), *_words(words), *_actions(session, actions, names), *_commits(session, commits)]
    return tuple(sorted(told, key=lambda e: (e.at, _ORDER[e.kind])))


def _photos(session: Session, photos: list[Photo], names: dict[int, str]) -> Iterable[HistoryEntry]:
    places = tps_refs(session, (p.tps_id for p in photos))
    for p in photos:
        data = {"photo": p.id, "sha256": p.sha256, "name": p.name, "election": p.election_id, "tps": places[p.tps_id].to_dict()}
        yield HistoryEntry(p.received_at, "photo", names[p.uploader_id], "Foto diterima", "Photo received", data)


def _words(words: list[Interpretation]) -> Iterable[HistoryEntry]:
    for w in words:
        data = {
            "interpretation": w.id,
            "photo": w.photo_id,
            "decision": w.decision,
            "disposition": w.disposition.value,
            "form": w.form,
            "page": w.page,
            "versions": dict(w.versions),
            "reasons": w.body.get("reasons", []),
            "values": {n["name"]: n["value"] for n in w.body.get("numbers", [])},
        }
        yield HistoryEntry(w.at, "interpretation", MACHINE, "Dibaca mesin", "Read by the machine", data)


def _actions(session: Session, actions: list[ReviewAction], names: dict[int, str]) -> Iterable[HistoryEntry]:
    for a in actions:
        text, text_en = _ACTION_TEXT[a.kind]
        data = {"action": a.id, "photo": a.photo_id, "kind": a.kind.value, "before": a.before, "after": a.after, "note": a.note}
        yield HistoryEntry(a.at, "action", names[a.user_id], text, text_en, data)


def _commits(session: Session, commits: Any) -> Iterable[HistoryEntry]:
    for c in commit_views(session, session.scalars(commits)):
        text, text_en = (
            ("Tidak lagi dihitung", "No longer counts") if c.void else (f"Disahkan, versi {c.version}", f"Committed, version {c.version}")
        )
        yield HistoryEntry(c.at, "commit", c.by or MACHINE, text, text_en, c.to_dict())
