"""Where a photo is in its life: what waits, which reading is looked at, and where it belongs as far as is known."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.tables import Interpretation, Photo, QueueEntry, ReviewAction, SheetCommit
from db.types import Disposition
from review import commit
from review.errors import UnknownPhoto
from tally import codec
from tally.interpretation import Interpretation as MachineWord
from tally.interpretation import Unreadable


@dataclass(frozen=True, slots=True)
class Standing:
    """``entry`` is None when nothing waits."""

    photo: Photo
    entry: QueueEntry | None
    interpretation: Interpretation | None
    election_id: str
    tps_id: int
    form: str | None
    page: int | None

    @property
    def place(self) -> commit.Place | None:
        return None if self.form is None or self.page is None else commit.Place(self.election_id, self.tps_id, self.form, self.page)


def where_it_stands(session: Session, photo_id: int, *, lock: bool = False) -> Standing:
    """Raises UnknownPhoto. ``lock``: nobody else settles this photo until the transaction ends."""
    query = select(Photo).where(Photo.id == photo_id)
    waits = select(QueueEntry).where(QueueEntry.photo_id == photo_id)
    if lock:
        query, waits = query.with_for_update(), waits.with_for_update().execution_options(populate_existing=True)
    photo = session.scalar(query)
    if photo is None:
        raise UnknownPhoto({"photo": photo_id})
    entry = session.scalar(waits)
    if entry is not None:
        seen = session.get_one(Interpretation, entry.interpretation_id)
        return Standing(photo, entry, seen, entry.election_id, entry.tps_id, entry.form, entry.page)
    last = session.scalar(select(SheetCommit).where(SheetCommit.photo_id == photo_id).order_by(SheetCommit.id.desc()).limit(1))
    decided = select(Interpretation).where(Interpretation.photo_id == photo_id, Interpretation.disposition != Disposition.LATE)
    seen_last = session.scalar(decided.order_by(Interpretation.id.desc()).limit(1))
    if last is not None:
        return Standing(photo, None, seen_last, last.election_id, last.tps_id, last.form, last.page)
    form, page = (seen_last.form, seen_last.page) if seen_last else (None, None)
    return Standing(photo, None, seen_last, photo.election_id, photo.tps_id, form, page)


def stamp_of(session: Session, at: Standing, stands: SheetCommit | None) -> str:
    """Changes whenever the reading looked at, a person's action on the photo, or what counts for the sheet (``stands``) changes."""
    action = session.scalar(select(func.max(ReviewAction.id)).where(ReviewAction.photo_id == at.photo.id))
    return f"i{at.interpretation.id if at.interpretation else 0}-a{action or 0}-c{stands.id if stands else 0}"


def word_of(at: Standing) -> MachineWord | None:
    """What the machine read on the page where the photo is now; None if it read another page, or none."""
    if at.interpretation is None or at.place is None:
        return None
    word = codec.from_json(at.interpretation.body)
    if isinstance(word.outcome, Unreadable) or (word.outcome.form, word.outcome.page) != (at.form, at.page):
        return None
    return word
