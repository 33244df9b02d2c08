"""Everything that ever happened to a photo or a sheet, in order, told from the insert-only rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.queries import commit_views, election, tps_refs, tps_row, user_names
from db.tables import Interpretation, Photo, QueueEntry, ReviewAction, Sample, SampleResult, SheetCommit
from db.types import ActionKind, Role, Stage
from review import people
from review.errors import BlindSheet
from review.standing import where_it_stands

MACHINE = "mesin"

ACTION_TEXT = {
    ActionKind.CONFIRM: ("Bacaan dibenarkan", "Reading confirmed"),
    ActionKind.CORRECT: ("Angka diketik atau diperbaiki", "Numbers typed or corrected"),
    ActionKind.REJECT_PHOTO: ("Foto ditolak", "Photo rejected"),
    ActionKind.ASSIGN: ("Dipindahkan ke tempat yang benar", "Moved to its right place"),
    ActionKind.WITHDRAW: ("Angka ditarik kembali", "Counts withdrawn"),
    ActionKind.ENTER: ("Angka ditulis untuk dibandingkan", "Numbers entered, to be compared"),
    ActionKind.ALIGN: ("Letak halaman ditunjukkan", "Shown where the page lies"),
    ActionKind.UNDO: ("Tindakan dibatalkan", "Action taken back"),
}
_ORDER = {"photo": 0, "interpretation": 1, "action": 2, "commit": 3, "sample": 4}


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """``kind``: photo | interpretation | action | commit | sample. ``who``: a user name, or "mesin". ``data``: the facts, JSON-ready."""

    at: datetime
    kind: str
    who: str
    text: str
    text_en: str
    data: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "kind": self.kind,
            "who": self.who,
            "text": self.text,
            "text_en": self.text_en,
            "data": self.data,
        }


def dossier(session: Session, photo_id: int, *, open_to: Role | None = None) -> dict[str, Any]:
    """The whole story of the sheet a photo belongs to (of the photo alone, while nobody knows its sheet), JSON-ready: its photos, every
    reading with versions, every action with who, when, why, before and after, every version of its counts.

    Raises:
        UnknownPhoto; BlindSheet: one of its photos waits for a blind entry, and who asks (``open_to``) may have to make it.
    """
    at = where_it_stands(session, photo_id)
    code = tps_refs(session, [at.tps_id])[at.tps_id].code
    events = photo_history(session, photo_id)
    if at.form is not None and at.page is not None:
        events = history(session, at.election_id, code, at.form, at.page)
    photos = [e.data for e in events if e.kind == "photo"]
    if open_to not in people.SEE_ALL:
        blind = select(QueueEntry.photo_id).where(
            QueueEntry.photo_id.in_([p["photo"] for p in photos]), QueueEntry.stage.in_([s for s in Stage if s.blind])
        )
        if session.scalar(blind.limit(1)) is not None:
            raise BlindSheet({"photo": photo_id})
    return {
        "sheet": {"election": at.election_id, "tps": code, "form": at.form, "page": at.page},
        "photos": photos,
        "versions": [e.data for e in events if e.kind == "commit"],
        "events": [e.to_json() for e in events],
    }


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
    told = [
        *_photos(session, photos, names),
        *_words(words),
        *_actions(session, actions, names),
        *_commits(session, commits),
        *_samples(session, photo_ids),
    ]
    return tuple(sorted(told, key=lambda e: (e.at, _ORDER[e.kind])))


def _photos(session: Session, photos: list[Photo], names: dict[int, str]) -> Iterable[HistoryEntry]:
    places = tps_refs(session, (p.tps_id for p in photos))
    for p in photos:
        data = {
            "photo": p.id,
            "at": p.received_at.isoformat(),
            "sha256": p.sha256,
            "name": p.name,
            "election": p.election_id,
            "tps": places[p.tps_id].to_dict(),
        }
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
        text, text_en = ACTION_TEXT[a.kind]
        data = {
            "action": a.id,
            "photo": a.photo_id,
            "kind": a.kind.value,
            "before": a.before,
            "after": a.after,
            "note": a.note,
            "seconds": None if a.took_ms is None else round(a.took_ms / 1000, 1),
            "undoes": a.undoes_id,
        }
        yield HistoryEntry(a.at, "action", names[a.user_id], text, text_en, data)


def _commits(session: Session, commits: Any) -> Iterable[HistoryEntry]:
    for c in commit_views(session, session.scalars(commits)):
        text, text_en = (
            ("Tidak lagi dihitung", "No longer counts") if c.void else (f"Disahkan, versi {c.version}", f"Committed, version {c.version}")
        )
        yield HistoryEntry(c.at, "commit", c.by or MACHINE, text, text_en, c.to_dict())


def _samples(session: Session, photo_ids: set[int]) -> Iterable[HistoryEntry]:
    query = select(Sample, SampleResult).outerjoin(SampleResult, SampleResult.sample_id == Sample.id).where(Sample.photo_id.in_(photo_ids))
    for sample, result in session.execute(query):
        facts = {"sample": sample.id, "photo": sample.photo_id, "commit": sample.commit_id, "step": sample.step.value}
        yield HistoryEntry(sample.at, "sample", MACHINE, "Terpilih untuk uji petik", "Drawn as a sample", facts)
        if result is not None:
            text = (
                ("Uji petik: angka benar", "Sample: counted right") if result.right else ("Uji petik: angka salah", "Sample: counted wrong")
            )
            found = {**facts, "right": result.right, "numbers": result.numbers, "wrong": result.wrong}
            yield HistoryEntry(result.at, "sample", MACHINE, *text, found)
