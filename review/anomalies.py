"""Anomalies for people: one as it stands, explained or opened again. What finds them is review.anomaly_look.

An explanation is for the figures it was given for: when they change, the anomaly is open again. Nothing that counts changes by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import anomalies as stored
from db import audit
from db.tables import Anomaly, AnomalyState, QueueEntry, Region
from db.types import AnomalyEvent, AnomalyStanding, Role, Stage
from db.users import UserView
from review import people
from review.errors import AnomalyChanged, NoteRequired, OutsideArea, UnknownAnomaly

SEERS = frozenset({Role.REVIEWER, Role.SUPERVISOR, Role.STAFF, Role.ADMIN})
EXPLAINERS = frozenset({Role.REVIEWER, Role.SUPERVISOR, Role.STAFF})
"""The admin sees and does not touch: he has no power over results."""


def hidden_from(session: Session, user: UserView | None, found: Sequence[stored.AnomalyView]) -> set[int]:
    """Those of ``found`` whose numbers this user may not see: a sheet in them waits for an independent entry that may be his
    (None: an API token, which enters nothing)."""
    if not found or user is None or user.role in people.SEE_ALL:
        return set()
    blind = [s for s in Stage if s.blind]
    waits = select(QueueEntry.election_id, Region.code, QueueEntry.form, QueueEntry.page).join(Region, Region.id == QueueEntry.tps_id)
    waits = waits.where(QueueEntry.stage.in_(blind), Region.code.in_({a.tps.code for a in found}))
    closed = {(e, code, form, page) for e, code, form, page in session.execute(waits)}
    return {a.id for a in found if any((e, a.tps.code, form, page) in closed for e, form, page, _ in a.places)}


def of(session: Session, user: UserView, anomaly_id: int) -> stored.AnomalyView:
    """One anomaly as it stands.

    Raises:
        UnknownAnomaly; OutsideArea: it is not in the user's areas.
    """
    row, state = _standing(session, user, anomaly_id)
    return stored.views(session, [(row, state)])[0]


def _standing(session: Session, user: UserView, anomaly_id: int) -> tuple[Anomaly, AnomalyState]:
    row = session.get(Anomaly, anomaly_id)
    if row is None:
        raise UnknownAnomaly({"anomaly": anomaly_id})
    code = session.get_one(Region, row.tps_id).code
    if user.areas and not any(code.startswith(a) for a in user.areas):
        raise OutsideArea({"tps": code})
    return row, session.scalars(select(AnomalyState).where(AnomalyState.anomaly_id == row.id, stored.holds())).one()


def explain(session: Session, user_id: int, anomaly_id: int, note: str, *, number: int) -> stored.AnomalyView:
    """Say why an open anomaly is in order, or what was done about it. Nothing that counts changes by it.

    Args:
        number: of the state as the person saw it.

    Raises:
        UnknownUser, NotAllowed, OutsideArea, UnknownAnomaly, NoteRequired.
        AnomalyChanged: it is not as he saw it, or not open.
    """
    return _by_person(session, user_id, anomaly_id, note, number, AnomalyStanding.OPEN, AnomalyEvent.EXPLAINED)


def reopen(session: Session, user_id: int, anomaly_id: int, note: str, *, number: int) -> stored.AnomalyView:
    """Take an explanation back. Raises as ``explain`` does."""
    return _by_person(session, user_id, anomaly_id, note, number, AnomalyStanding.EXPLAINED, AnomalyEvent.REOPENED)


def _by_person(
    session: Session, user_id: int, anomaly_id: int, note: str, number: int, must: AnomalyStanding, event: AnomalyEvent
) -> stored.AnomalyView:
    user = people.require(session, user_id, EXPLAINERS)
    row, _ = _standing(session, user, anomaly_id)
    stored.mark(session, session.get_one(Region, row.tps_id).code[:6], lock=True)  # no look through writes meanwhile
    _, state = _standing(session, user, anomaly_id)
    if state.number != number or state.state is not must:
        raise AnomalyChanged({"anomaly": anomaly_id, "number": state.number})
    if not note.strip():
        raise NoteRequired()
    new = stored.add_state(
        session,
        row,
        state,
        event,
        figures=state.figures,
        context=state.context,
        places=state.places,
        user_id=user_id,
        note=note.strip(),
    )
    session.flush()
    facts = {"election": row.election_id, "kind": row.kind, "what": row.what, "number": new.number, "note": new.note}
    audit.append(session, f"anomaly_{event.value}", f"anomaly:{row.id}", user_id, facts)
    return stored.views(session, [(row, new)])[0]
