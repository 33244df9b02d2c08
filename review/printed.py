"""What a form's own print says about its place, against what the sender stated. A difference is told to a person, never settled here."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.queries import election, elections, tps_ref
from db.tables import Photo, Region
from db.types import Level
from db.views import PageRef, TpsRef
from review import reasons
from review.reasons import ReasonText
from tally.interpretation import PrintedPlace, ReasonCode


def printed_tps(session: Session, place: PrintedPlace | None) -> TpsRef | None:
    """The TPS that the print names; None if it names none that is known here."""
    if place is None:
        return None
    row = session.scalar(select(Region).where(Region.code == place.tps, Region.level == Level.TPS))
    return None if row is None else tps_ref(row)


def doubts_of_print(session: Session, photo: Photo, place: PrintedPlace | None, seen: PageRef) -> tuple[ReasonText, ...]:
    """Reasons for a person where the print names another TPS than the sender, or another page than the one recognised."""
    if place is None:
        return ()
    found = []
    stated = session.get_one(Region, photo.tps_id)
    if place.tps != stated.code:
        printed = printed_tps(session, place)
        detail = f"{tps_ref(stated).label} / {printed.label if printed else place.tps}"
        found.append(reasons.own(reasons.PRINTED_TPS_DIFFERS, detail=detail))
    if PageRef(place.form, place.page) != seen:
        found.append(reasons.own(reasons.PRINTED_PAGE_DIFFERS, detail=f"{place.form} {place.page} / {seen.form} {seen.page}"))
    return tuple(found)


def owed_here(session: Session, photo: Photo, seen: PageRef) -> bool:
    """Does the TPS of the photo owe this page in the photo's election? Not if the page is another electoral district's."""
    return seen in election(session, photo.election_id, contestants=False).owes(session.get_one(Region, photo.tps_id).code)


def elections_owing(session: Session, tps_code: str, seen: PageRef) -> list[str]:
    """The elections in which this TPS owes this page."""
    return [e.id for e in elections(session) if seen in e.owes(tps_code)]


def misplaced(session: Session, photo: Photo, seen: PageRef) -> ReasonText:
    """Why a page that is not the photo's election's waits: with the names of the elections whose page it is."""
    tps = session.get_one(Region, photo.tps_id).code
    names = [(e.name, e.name_en) for e in elections(session) if seen in e.owes(tps)]
    return reasons.of_code(ReasonCode.WRONG_FORM, detail=(", ".join(n for n, _ in names), ", ".join(n for _, n in names)))
