"""Photos that came without their TPS or without their election: kept at once, placed by what their form says, or by a person.

A form of ours names its TPS in print; any form names its election, if only one election of that TPS uses it. What is not said is never
guessed: then the photo waits here until a person says where it belongs. Placed, it is a photo like any other, read already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit, clock
from db.queries import election, tps_refs, tps_row
from db.session import Database
from db.store import PhotoStore, StoredFile
from db.tables import Photo, UnplacedPhoto
from db.users import may_upload
from db.views import PageRef, TpsRef
from review import people
from review.errors import AlreadySettled, DuplicatePhoto, OutsideArea, UnknownPhoto
from review.intake import Recorded, clean_name, record_interpretation, write_photo
from review.likeness import note_likeness
from review.printed import elections_owing, printed_tps
from review.receipt import receipt_of
from tally import codec
from tally.interpretation import Interpretation, Unreadable

LIKENESS = "likeness"
"""Beside the machine's word in UnplacedPhoto.body."""


class Why(StrEnum):
    """Why the machine could not place a photo."""

    UNREADABLE = "unreadable"
    NO_TPS = "no_tps"
    """The form says no TPS, or one that is not known here."""
    NO_ELECTION = "no_election"
    """No election of this TPS uses this page."""
    SEVERAL_ELECTIONS = "several_elections"
    OUTSIDE_AREA = "outside_area"
    """The TPS in print is not the sender's to send for."""


@dataclass(frozen=True, slots=True)
class OpenReceipt:
    """What the sender of an unplaced photo holds in hand. ``number`` as in Receipt; ``again``: it was here already."""

    unplaced_id: int
    number: str
    sha256: str
    name: str
    election_id: str | None
    tps: TpsRef | None
    received_at: datetime
    again: bool = False


@dataclass(frozen=True, slots=True)
class OpenPhoto:
    """An unplaced photo as it stands.

    Attributes:
        form, page: as recognised; None before the photo is read, or if it could not be.
        printed: TPS in print, if it is known here.
        reason: why it waits for a person; None while it is not read yet, and once it is placed.
        photo_id: what it became.
    """

    receipt: OpenReceipt
    uploader_id: int
    read: bool
    form: str | None
    page: int | None
    printed: TpsRef | None
    reason: Why | None
    photo_id: int | None
    closed: bool


def receive_open(
    db: Database,
    store: PhotoStore,
    *,
    data: bytes,
    name: str,
    media_type: str,
    uploader_id: int,
    election_id: str | None = None,
    tps_code: str | None = None,
) -> OpenReceipt:
    """Keep a photo of which the sender states the TPS, the election, or neither. Durable before the receipt, like any photo.

    Raises:
        UnknownElection, UnknownTps, UnknownUser, NotAllowed, OutsideArea: refused, nothing is kept.
        DuplicatePhoto: the same file is a placed photo already.
        StoreError.
    """
    with db.reading() as session:
        people.require(session, uploader_id, people.UPLOADERS)
        if election_id is not None:
            election(session, election_id, contestants=False)
        if tps_code is not None:
            tps_row(session, tps_code)
            if not may_upload(session, uploader_id, tps_code):
                raise OutsideArea({"tps": tps_code})
    file = store.put(data)
    with db.writing() as session:
        _refuse_placed(session, file.sha256)
        known = session.scalar(select(UnplacedPhoto).where(UnplacedPhoto.sha256 == file.sha256))
        if known is not None:
            return _receipt(session, known, again=True)
        row = UnplacedPhoto(
            sha256=file.sha256,
            size=file.size,
            name=clean_name(name),
            media_type=media_type[:100],
            uploader_id=uploader_id,
            received_at=clock.now(),
            election_id=election_id,
            tps_id=None if tps_code is None else tps_row(session, tps_code).id,
            closed=False,
        )
        session.add(row)
        session.flush()
        facts = {"sha256": row.sha256, "election": election_id, "tps": tps_code}
        audit.append(session, "photo_received_open", f"unplaced:{row.id}", uploader_id, facts)
        return _receipt(session, row)


def _refuse_placed(session: Session, sha256: str) -> None:
    photo = session.scalar(select(Photo).where(Photo.sha256 == sha256))
    if photo is not None:
        raise DuplicatePhoto(receipt_of(photo, tps_refs(session, [photo.tps_id])[photo.tps_id]))


def _receipt(session: Session, row: UnplacedPhoto, again: bool = False) -> OpenReceipt:
    place = tps_refs(session, [row.tps_id])[row.tps_id] if row.tps_id is not None else None
    return OpenReceipt(row.id, row.sha256[:10].upper(), row.sha256, row.name, row.election_id, place, row.received_at, again)


def unread(session: Session, limit: int = 1000) -> list[OpenReceipt]:
    """Unplaced photos that the machine has not read, oldest first."""
    rows = session.scalars(
        select(UnplacedPhoto).where(UnplacedPhoto.closed.is_(False), UnplacedPhoto.reason.is_(None)).order_by(UnplacedPhoto.id).limit(limit)
    )
    return [_receipt(session, r) for r in rows]


def open_photo(session: Session, unplaced_id: int) -> OpenPhoto:
    """Raises UnknownPhoto."""
    row = session.get(UnplacedPhoto, unplaced_id)
    if row is None:
        raise UnknownPhoto({"unplaced": unplaced_id})
    return _view(session, row)


def waiting(session: Session, limit: int = 100) -> list[OpenPhoto]:
    """Those that only a person can place, oldest first."""
    rows = session.scalars(
        select(UnplacedPhoto)
        .where(UnplacedPhoto.closed.is_(False), UnplacedPhoto.reason.is_not(None))
        .order_by(UnplacedPhoto.id)
        .limit(limit)
    )
    return [_view(session, r) for r in rows]


def _view(session: Session, row: UnplacedPhoto) -> OpenPhoto:
    word = codec.from_json(row.body) if row.body else None
    seen = _seen(word)
    return OpenPhoto(
        receipt=_receipt(session, row),
        uploader_id=row.uploader_id,
        read=word is not None,
        form=seen.form if seen else None,
        page=seen.page if seen else None,
        printed=printed_tps(session, word.place) if word else None,
        reason=Why(row.reason) if row.reason else None,
        photo_id=row.photo_id,
        closed=row.closed,
    )


def _seen(word: Interpretation | None) -> PageRef | None:
    return None if word is None or isinstance(word.outcome, Unreadable) else PageRef(word.outcome.form, word.outcome.page)


def record_open(session: Session, unplaced_id: int, word: Interpretation, likeness: Mapping[str, Any] | None = None) -> Recorded | None:
    """Store the machine's word on an unplaced photo and place it if the word says where. None: it waits for a person, or was settled.

    ``likeness``: what the photo looks like (arguments of review.likeness.note_likeness); kept until the photo has its place, however long
    that takes, so that it is compared with the others before anything is done with it.

    Raises UnknownPhoto.
    """
    row = _locked(session, unplaced_id)
    if row.closed or row.body is not None:
        return None
    row.body = {**codec.to_json(word), LIKENESS: dict(likeness) if likeness else None}
    found = _place_of(session, row, word)
    if isinstance(found, Why):
        row.reason = found.value
        session.flush()
        return None
    return _settle(session, row, *found, by=None)


def _place_of(session: Session, row: UnplacedPhoto, word: Interpretation) -> tuple[str, str] | Why:
    """(election, TPS code), stated or printed."""
    stated = tps_refs(session, [row.tps_id])[row.tps_id] if row.tps_id is not None else None
    here = stated or printed_tps(session, word.place)
    if here is None:
        return Why.UNREADABLE if _seen(word) is None else Why.NO_TPS
    if stated is None and not may_upload(session, row.uploader_id, here.code):
        return Why.OUTSIDE_AREA
    if row.election_id is not None:
        return row.election_id, here.code
    seen = _seen(word)
    if seen is None:
        return Why.UNREADABLE
    owing = elections_owing(session, here.code, seen)
    if len(owing) != 1:
        return Why.SEVERAL_ELECTIONS if owing else Why.NO_ELECTION
    return owing[0], here.code


def place(session: Session, unplaced_id: int, *, by: int, election_id: str, tps_code: str) -> Recorded | None:
    """A person says where an unplaced photo belongs. It is then judged as if its sender had said so; a print that says otherwise is
    a reason for review. None if it was not read yet: it will be, as a photo.

    Raises:
        UnknownPhoto, AlreadySettled, UnknownElection, UnknownTps, UnknownUser, NotAllowed.
    """
    people.require(session, by, people.REVIEWERS)
    row = _locked(session, unplaced_id)
    if row.closed:
        raise AlreadySettled({"unplaced": unplaced_id})
    return _settle(session, row, election(session, election_id, contestants=False).id, tps_row(session, tps_code).code, by=by)


def state_tps(session: Session, unplaced_id: int, *, by: int, tps_code: str) -> Recorded | None:
    """Its sender says later which TPS it is from, as he might have said at once: within his area, and a print that says otherwise is a
    reason for review. None if it was not read yet, or waits for a person still: its election may be open.

    Raises:
        UnknownPhoto: no such photo, or not his; AlreadySettled, UnknownTps, OutsideArea, UnknownUser, NotAllowed.
    """
    people.require(session, by, people.UPLOADERS)
    row = _locked(session, unplaced_id)
    if row.uploader_id != by:
        raise UnknownPhoto({"unplaced": unplaced_id})
    if row.closed:
        raise AlreadySettled({"unplaced": unplaced_id})
    region = tps_row(session, tps_code)
    if not may_upload(session, by, tps_code):
        raise OutsideArea({"tps": tps_code})
    row.tps_id = region.id
    audit.append(session, "photo_tps_stated", f"unplaced:{row.id}", by, {"sha256": row.sha256, "tps": tps_code})
    if row.body is None:
        session.flush()
        return None
    found = _place_of(session, row, codec.from_json(row.body))
    if isinstance(found, Why):
        row.reason = found.value
        session.flush()
        return None
    return _settle(session, row, *found, by=by)


def put_aside(session: Session, unplaced_id: int, *, by: int) -> None:
    """A person says it is no form of ours. The file stays. Raises UnknownPhoto, AlreadySettled, UnknownUser, NotAllowed."""
    people.require(session, by, people.REVIEWERS)
    row = _locked(session, unplaced_id)
    if row.closed:
        raise AlreadySettled({"unplaced": unplaced_id})
    row.closed = True
    audit.append(session, "photo_put_aside", f"unplaced:{row.id}", by, {"sha256": row.sha256})


def _locked(session: Session, unplaced_id: int) -> UnplacedPhoto:
    row = session.scalar(select(UnplacedPhoto).where(UnplacedPhoto.id == unplaced_id).with_for_update())
    if row is None:
        raise UnknownPhoto({"unplaced": unplaced_id})
    return row


def _settle(session: Session, row: UnplacedPhoto, election_id: str, tps_code: str, by: int | None) -> Recorded | None:
    """Make it a photo, unless the same file came once more with its place meanwhile; then hand its reading on."""
    photo = session.scalar(select(Photo).where(Photo.sha256 == row.sha256))
    if photo is None:
        file = StoredFile(row.sha256, row.size)
        photo_id = write_photo(
            session, file, row.name, row.media_type, row.uploader_id, election_id, tps_code, None, row.received_at
        ).photo_id
    else:
        photo_id = photo.id
    row.photo_id, row.closed, row.reason = photo_id, True, None
    facts = {"sha256": row.sha256, "election": election_id, "tps": tps_code, "photo": photo_id}
    audit.append(session, "photo_placed", f"unplaced:{row.id}", by, facts)
    session.flush()
    if not row.body:
        return None
    if prints := row.body.get(LIKENESS):
        note_likeness(session, photo_id, **prints)
    return record_interpretation(session, photo_id, codec.from_json(row.body))
