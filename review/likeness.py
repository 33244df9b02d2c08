"""The same picture, or the same paper photographed again, under another TPS: found by what photos look like, and shown to a person.

Prints (ocr.likeness) are written beside the machine's word, before it is acted on. Within a TPS a photo may look like another: that is
a second try at the same page.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.queries import tps_refs
from db.tables import Photo, PhotoLikeness
from ocr.likeness import apart
from review import reasons
from review.reasons import ReasonText

SAME_PICTURE = 0.045
"""Share of differing bits. Of 49 real photos: the same picture after a messenger at most 0.031, two pictures of one form at least 0.086."""
SAME_PAPER = 0.17
"""Of the same, photographed anew: nearly all up to 0.13; two papers of one form at least 0.25 in 800 pairs."""


def note_likeness(session: Session, photo_id: int, picture: str, form: str | None, page: int | None, paper: str | None) -> None:
    """Write down what a photo looks like; the first word stays."""
    if session.get(PhotoLikeness, photo_id) is None:
        session.add(PhotoLikeness(photo_id=photo_id, picture=picture, form=form, page=page, paper=paper))
        session.flush()


def lookalikes(session: Session, photo: Photo) -> list[tuple[str, str]]:
    """(reason's code, label of the other TPS) for every TPS for which a photo was sent that this one looks like."""
    mine = session.get(PhotoLikeness, photo.id)
    if mine is None:
        return []
    others = session.execute(
        select(PhotoLikeness.picture, PhotoLikeness.paper, Photo.tps_id)
        .join(Photo, Photo.id == PhotoLikeness.photo_id)
        .where(Photo.id != photo.id, Photo.tps_id != photo.tps_id, PhotoLikeness.form == mine.form, PhotoLikeness.page == mine.page)
    ).all()
    pictures = {tps for picture, _, tps in others if _near(mine.picture, picture, SAME_PICTURE)}
    papers = {tps for _, paper, tps in others if _near(mine.paper, paper, SAME_PAPER)} - pictures
    labels = {i: r.label for i, r in tps_refs(session, pictures | papers).items()}
    found = [(reasons.SAME_PICTURE, labels[i]) for i in sorted(pictures)]
    return found + [(reasons.SAME_PAPER, labels[i]) for i in sorted(papers)]


def likeness_doubts(session: Session, photo: Photo) -> list[ReasonText]:
    """Reasons that name the other TPS, if this photo looks like one that was sent for another."""
    return [reasons.own(code, detail=label) for code, label in lookalikes(session, photo)]


def _near(a: str | None, b: str | None, limit: float) -> bool:
    return a is not None and b is not None and len(a) == len(b) and apart(a, b) <= limit
