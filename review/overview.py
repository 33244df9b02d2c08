"""What a supervisor sees of the desk, and a reviewer of his own work. JSON-ready, told from the rows; nothing is stored for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from db import clock
from db.queries import commit_views, not_superseded, tps_refs, user_names
from db.tables import Entry, EntryVerdict, QueueEntry, Region, ReviewAction, SheetCommit, User
from db.types import ActionKind, Role, Stage
from review.actions import UNDO
from review.history import ACTION_TEXT
from review.quality import not_undone
from review.reasons import OWN
from review.undo import UNDOABLE
from review.words import TEXTS_BY_CODE, finding_text, labels_of
from templates_c1.registry import page as template_page
from templates_c1.rules import check

HOURS = 12
WORK = (ActionKind.CONFIRM, ActionKind.CORRECT, ActionKind.ENTER, ActionKind.REJECT_PHOTO)
"""Actions that are a sheet done."""
LONGEST_MS = 30 * 60 * 1000
"""Longer than this somebody was away from the desk: such a time says nothing of the work."""


def overview(session: Session, election_id: str | None = None) -> dict[str, Any]:
    """Waiting, in work, and per person of the last hours; of one election, or of all."""
    now = clock.now()
    people, hours, typical = _people(session, election_id, now)
    judged = sum(p["entries"] for p in people)
    return {
        "waiting": _waiting(session, election_id, now),
        "in_work": _in_work(session, election_id, now),
        "people": people,
        "hours": [h.isoformat() for h in hours],
        "median_seconds": typical,
        "agreement": sum(p["agreed"] for p in people) / judged if judged else None,
    }


def _of(query: Any, election_id: str | None) -> Any:
    """``query`` over QueueEntry, of one election."""
    return query if election_id is None else query.where(QueueEntry.election_id == election_id)


def _waiting(session: Session, election_id: str | None, now: datetime) -> dict[str, Any]:
    free = or_(QueueEntry.lease_user_id.is_(None), QueueEntry.lease_until <= now)
    counts = select(func.count(), func.sum(case((free, 1), else_=0)), func.min(QueueEntry.since))
    total, unheld, oldest = session.execute(_of(counts, election_id)).one()
    by_stage = session.execute(_of(select(QueueEntry.stage, func.count()).group_by(QueueEntry.stage), election_id)).all()
    reasons: Counter[str] = Counter()
    for codes, n in session.execute(_of(select(QueueEntry.codes, func.count()).group_by(QueueEntry.codes), election_id)):
        for code in filter(None, codes.split(",")):
            reasons[code] += n
    kecamatan = Region.__table__.alias("kecamatan")
    grouped = (
        select(kecamatan.c.code, kecamatan.c.name, func.count())
        .select_from(QueueEntry)
        .join(Region, Region.id == QueueEntry.tps_id)
        .join(kecamatan, kecamatan.c.id == Region.kecamatan_id)
        .group_by(kecamatan.c.code, kecamatan.c.name)
        .order_by(func.count().desc(), kecamatan.c.code)
    )
    texts = TEXTS_BY_CODE | OWN
    return {
        "total": int(total),
        "free": int(unheld or 0),
        "oldest": oldest.isoformat() if oldest else None,
        "by_stage": {s.value: 0 for s in Stage} | {s.value: int(n) for s, n in by_stage},
        "by_reason": [
            {"code": code, "text": texts.get(code, (code, code))[0], "text_en": texts.get(code, (code, code))[1], "n": n}
            for code, n in reasons.most_common()
        ],
        "by_kecamatan": [{"code": code, "name": name, "n": int(n)} for code, name, n in session.execute(_of(grouped, election_id))],
    }


def _in_work(session: Session, election_id: str | None, now: datetime) -> list[dict[str, Any]]:
    query = select(QueueEntry).where(QueueEntry.lease_until > now, QueueEntry.lease_ahead.is_(False)).order_by(QueueEntry.lease_since)
    rows = list(session.scalars(_of(query, election_id)))
    places = tps_refs(session, (r.tps_id for r in rows))
    names = user_names(session, (r.lease_user_id for r in rows))
    return [
        {
            "photo": r.photo_id,
            "election": r.election_id,
            "tps": {"code": places[r.tps_id].code, "label": places[r.tps_id].label},
            "form": r.form,
            "page": r.page,
            "stage": r.stage.value,
            "by": names.get(r.lease_user_id) if r.lease_user_id is not None else None,
            "since": r.lease_since.isoformat() if r.lease_since else None,
            "until": r.lease_until.isoformat() if r.lease_until else None,
        }
        for r in rows
    ]


def _people(session: Session, election_id: str | None, now: datetime) -> tuple[list[dict[str, Any]], list[datetime], float | None]:
    """Everybody who may review, with the last hours' work; the hours; the median time of all."""
    this = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [this - timedelta(hours=HOURS - 1 - i) for i in range(HOURS)]
    query = select(ReviewAction.user_id, ReviewAction.at, ReviewAction.took_ms).where(
        ReviewAction.at >= hours[0], ReviewAction.kind.in_(WORK), not_undone(ReviewAction.id)
    )
    if election_id is not None:
        query = query.where(ReviewAction.election_id == election_id)
    done: dict[int, list[tuple[datetime, int | None]]] = {}
    for user_id, at, took in session.execute(query):
        done.setdefault(user_id, []).append((at, took))
    agreed = _agreement(session, election_id)
    desk = select(User).where(User.role.in_([Role.REVIEWER, Role.SUPERVISOR])).order_by(User.display_name)
    people = []
    for user in session.scalars(desk):
        work = done.get(user.id, [])
        entries, right = agreed.get(user.id, (0, 0))
        if not user.active and not work:
            continue
        people.append(
            {
                "user": user.username,
                "name": user.display_name,
                "role": user.role.value,
                "hours": [sum(h <= at < h + timedelta(hours=1) for at, _ in work) for h in hours],
                "total": len(work),
                "median_seconds": _seconds(took for _, took in work),
                "entries": entries,
                "agreed": right,
                "agreement": right / entries if entries else None,
                "overruled": entries - right,
            }
        )
    return people, hours, _seconds(took for work in done.values() for _, took in work)


def _seconds(times: Iterable[int | None]) -> float | None:
    usual = [t for t in times if t is not None and t <= LONGEST_MS]
    return round(median(usual) / 1000, 1) if usual else None


def _agreement(session: Session, election_id: str | None) -> dict[int, tuple[int, int]]:
    """User -> (entries that were met by another's, those that were right in the end)."""
    query = (
        select(Entry.user_id, func.count(), func.sum(case((EntryVerdict.right, 1), else_=0)))
        .join(EntryVerdict, EntryVerdict.entry_id == Entry.id)
        .where(not_undone(EntryVerdict.action_id))
        .group_by(Entry.user_id)
    )
    if election_id is not None:
        query = query.where(Entry.election_id == election_id)
    return {user: (int(n), int(right or 0)) for user, n, right in session.execute(query)}


def mine(session: Session, user_id: int, limit: int = 50, before: int | None = None) -> dict[str, Any]:
    """What one person did, the newest first; ``before``: continue below this action."""
    query = select(ReviewAction).where(ReviewAction.user_id == user_id).order_by(ReviewAction.id.desc())
    rows = list(session.scalars((query if before is None else query.where(ReviewAction.id < before)).limit(limit)))
    now = clock.now()
    today = now - timedelta(hours=24)
    times = select(ReviewAction.took_ms).where(
        ReviewAction.user_id == user_id, ReviewAction.at >= today, ReviewAction.kind.in_(WORK), not_undone(ReviewAction.id)
    )
    took = list(session.scalars(times))
    return {"items": _mine_items(session, rows, now), "today": len(took), "median_seconds": _seconds(took)}


def _mine_items(session: Session, rows: Sequence[ReviewAction], now: datetime) -> list[dict[str, Any]]:
    places = tps_refs(session, (r.tps_id for r in rows))
    last = select(func.max(ReviewAction.id)).where(ReviewAction.photo_id.in_([r.photo_id for r in rows])).group_by(ReviewAction.photo_id)
    newest = set(session.scalars(last))
    return [
        {
            "action": r.id,
            "photo": r.photo_id,
            "at": r.at.isoformat(),
            "kind": r.kind.value,
            "text": ACTION_TEXT[r.kind][0],
            "text_en": ACTION_TEXT[r.kind][1],
            "election": r.election_id,
            "tps": {"code": places[r.tps_id].code, "label": places[r.tps_id].label},
            "form": r.form,
            "page": r.page,
            "note": r.note,
            "seconds": None if r.took_ms is None else round(r.took_ms / 1000, 1),
            "undo_until": (r.at + UNDO).isoformat() if r.id in newest and r.kind in UNDOABLE and r.at + UNDO > now else None,
            "values": r.after.get("values"),
        }
        for r in rows
    ]


def paper_errors(session: Session, election_id: str | None = None, limit: int = 50, offset: int = 0) -> dict[str, Any]:
    """Sheets that count as written although the paper itself is wrong, the newest first, with what is wrong with them."""
    wrong = select(SheetCommit).where(SheetCommit.paper_error.is_(True), SheetCommit.void.is_(False), not_superseded())
    if election_id is not None:
        wrong = wrong.where(SheetCommit.election_id == election_id)
    total = session.scalar(select(func.count()).select_from(wrong.subquery())) or 0
    rows = list(session.scalars(wrong.order_by(SheetCommit.id.desc()).limit(limit).offset(offset)))
    actions = {a.id: a for a in session.scalars(select(ReviewAction).where(ReviewAction.id.in_([r.action_id for r in rows])))}
    items = []
    for row, view in zip(rows, commit_views(session, rows), strict=True):
        action = actions.get(row.action_id) if row.action_id is not None else None
        items.append({**view.to_dict(), "faults": list(action.after.get("faults", [])) if action else [], "findings": _findings(row)})
    return {"total": int(total), "items": items}


def _findings(row: SheetCommit) -> list[dict[str, str]]:
    try:
        layout = template_page(row.form, row.page)
    except KeyError:
        return []
    values = {c.name: c.value for c in row.counts}
    labels = labels_of(layout)
    broken = [finding_text(f, values, labels) for f in check(layout, values) if f.holds is False]
    unread = [n for n, v in values.items() if v is None]
    said = [{"text": t, "text_en": e} for t, e in broken]
    said += [{"text": f"{labels.get(n, (n, n))[0]}: tidak terbaca", "text_en": f"{labels.get(n, (n, n))[1]}: not legible"} for n in unread]
    return said
