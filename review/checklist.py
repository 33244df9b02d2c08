"""What one polling station owes and how far each page is: the list an operator works through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.queries import elections, not_superseded, tps_row
from db.tables import Interpretation, Photo, QueueEntry, ReviewAction, SheetCommit
from db.types import ActionKind
from db.views import ElectionView, PageRef
from templates_c1 import registry


class PageState(StrEnum):
    MISSING = "missing"
    IN_REVIEW = "in_review"
    """A photo of it was read and waits for a person."""
    AGAIN = "again"
    """A person asks for a new photo; ``note`` says why."""
    COUNTED = "counted"


@dataclass(frozen=True, slots=True)
class OwedSheet:
    """One page of one election at this TPS."""

    form: str
    page: int
    title: str
    title_en: str
    state: PageState
    note: str = ""
    photo_id: int | None = None
    """The photo that the state is about."""


@dataclass(frozen=True, slots=True)
class ElectionList:
    election: ElectionView
    sheets: tuple[OwedSheet, ...]

    @property
    def in_hand(self) -> int:
        """Pages for which the operator has nothing left to do."""
        return sum(s.state in (PageState.COUNTED, PageState.IN_REVIEW) for s in self.sheets)


@dataclass(frozen=True, slots=True)
class Checklist:
    """``reading``: photos of this TPS that the machine has not looked at yet, whatever page they may show."""

    elections: tuple[ElectionList, ...]
    reading: int


_Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class _Known:
    state: PageState
    at: datetime
    note: str
    photo_id: int


def checklist(session: Session, tps_code: str) -> Checklist:
    """Every page that the TPS owes, by election, the newest election first.

    Counted beats waiting beats rejected; a photo rejected after something was counted changes nothing for the operator.

    Raises:
        UnknownTps.
    """
    tps = tps_row(session, tps_code)
    known = _known(session, tps.id)
    lists = (ElectionList(view, tuple(_sheets(view, view.owes(tps_code), known))) for view in elections(session))
    done = select(Interpretation.id).where(Interpretation.photo_id == Photo.id).exists()
    reading = session.scalars(select(Photo.id).where(Photo.tps_id == tps.id, ~done)).all()
    return Checklist(tuple(entry for entry in lists if entry.sheets), len(reading))


def _sheets(view: ElectionView, owed: Iterable[PageRef], known: Mapping[_Key, _Known]) -> Iterable[OwedSheet]:
    for ref in owed:
        title = registry.page(ref.form, ref.page).title
        have = known.get((view.id, ref.form, ref.page))
        if have is None:
            yield OwedSheet(ref.form, ref.page, title.id, title.en, PageState.MISSING)
        else:
            yield OwedSheet(ref.form, ref.page, title.id, title.en, have.state, have.note, have.photo_id)


def _known(session: Session, tps_id: int) -> dict[_Key, _Known]:
    """The best that is known of each page."""
    found: dict[_Key, _Known] = {}
    rejected = select(ReviewAction).where(ReviewAction.tps_id == tps_id, ReviewAction.kind == ActionKind.REJECT_PHOTO)
    for a in session.scalars(rejected.order_by(ReviewAction.id)):
        if a.form is not None and a.page is not None:
            found[a.election_id, a.form, a.page] = _Known(PageState.AGAIN, a.at, a.note, a.photo_id)
    for e in session.scalars(select(QueueEntry).where(QueueEntry.tps_id == tps_id)):
        if e.form is not None and e.page is not None:
            found[e.election_id, e.form, e.page] = _Known(PageState.IN_REVIEW, e.since, "", e.photo_id)
    for c in session.scalars(select(SheetCommit).where(SheetCommit.tps_id == tps_id, not_superseded(), SheetCommit.void.is_(False))):
        found[c.election_id, c.form, c.page] = _Known(PageState.COUNTED, c.at, "", c.photo_id)
    return found
