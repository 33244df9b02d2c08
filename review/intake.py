"""From an uploaded file to a decision about it: received, interpreted once per reader version, committed or queued."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db import audit, clock
from db.queries import election, tps_ref, tps_refs, tps_row
from db.session import Database
from db.store import PhotoStore, StoredFile
from db.tables import Interpretation, Photo, QueueEntry, SheetCommit
from db.types import Disposition, QueueKind, Stage, Step
from db.users import may_upload
from db.views import PageRef
from review import commit, people, quality, reasons, sampling, superseding
from review.errors import DuplicateOtherTps, DuplicatePhoto, OutsideArea, UnknownPage, UnknownPhoto
from review.held import held_doubts
from review.printed import doubts_of_print, misplaced, owed_here
from review.reasons import ReasonText
from review.receipt import Receipt, receipt_of
from review.values import doubts_across_pages, doubts_of_accepted
from review.waiting import put
from tally import codec
from tally.interpretation import Accepted, ReasonCode, Unreadable
from tally.interpretation import Interpretation as MachineWord


@dataclass(frozen=True, slots=True)
class Recorded:
    """``new`` is False if this photo was already interpreted by the same versions: then nothing was done."""

    interpretation_id: int
    disposition: Disposition
    new: bool


@dataclass(frozen=True, slots=True)
class PendingPhoto:
    """A photo that nobody has interpreted. ``forms``: what its election uses."""

    photo_id: int
    sha256: str
    name: str
    election_id: str
    forms: tuple[str, ...]
    received_at: datetime


def receive_photo(
    db: Database,
    store: PhotoStore,
    *,
    data: bytes,
    name: str,
    media_type: str,
    uploader_id: int,
    election_id: str,
    tps_code: str,
    stated_page: int | None = None,
) -> Receipt:
    """Keep a photo: first everything is checked, then the file is made durable, then its row is written.

    Whether ``data`` is a photo at all is the caller's check (ocr.photo.inspect). Takes the Database, not a session, so
    that no transaction is open while the file is written.

    Raises:
        UnknownElection, UnknownTps, UnknownPage, UnknownUser, NotAllowed, OutsideArea: refused, nothing is kept.
        DuplicatePhoto: the same file is here already for this TPS (its receipt comes with it); DuplicateOtherTps: for another.
        StoreError: the file could not be kept.
    """
    with db.reading() as session:
        _may_receive(session, uploader_id, election_id, tps_code, stated_page)
        _refuse_duplicate(session, hashlib.sha256(data).hexdigest(), election_id, tps_code)
    file = store.put(data)
    try:
        with db.writing() as session:
            return write_photo(session, file, name, media_type, uploader_id, election_id, tps_code, stated_page)
    except IntegrityError:
        with db.reading() as session:
            _refuse_duplicate(session, file.sha256, election_id, tps_code)
        raise


def expect_photo(
    session: Session, uploader_id: int, election_id: str, tps_code: str, stated_page: int | None = None, sha256: str | None = None
) -> None:
    """Would this photo be taken? Asked before its bytes are sent. Raises as ``receive_photo`` does."""
    _may_receive(session, uploader_id, election_id, tps_code, stated_page)
    if sha256 is not None:
        _refuse_duplicate(session, sha256, election_id, tps_code)


def _may_receive(session: Session, uploader_id: int, election_id: str, tps_code: str, stated_page: int | None) -> None:
    people.require(session, uploader_id, people.UPLOADERS)
    owed = election(session, election_id, contestants=False).owes(tps_row(session, tps_code).code)
    if not owed or (stated_page is not None and stated_page not in {p.page for p in owed}):
        raise UnknownPage({"election": election_id, "page": stated_page})
    if not may_upload(session, uploader_id, tps_code):
        raise OutsideArea({"tps": tps_code})


def _refuse_duplicate(session: Session, sha256: str, election_id: str, tps_code: str) -> None:
    photo = session.scalar(select(Photo).where(Photo.sha256 == sha256))
    if photo is None:
        return
    place = tps_refs(session, [photo.tps_id])[photo.tps_id]
    receipt = receipt_of(photo, place)
    if photo.election_id == election_id and place.code == tps_code:
        raise DuplicatePhoto(receipt)
    raise DuplicateOtherTps(receipt, {"tps": place.to_dict(), "election": photo.election_id})


def write_photo(
    session: Session,
    file: StoredFile,
    name: str,
    media_type: str,
    uploader_id: int,
    election_id: str,
    tps_code: str,
    stated_page: int | None,
    received_at: datetime | None = None,
) -> Receipt:
    """The row of a photo whose file is kept and whose place was checked. ``received_at``: if it came before now."""
    _refuse_duplicate(session, file.sha256, election_id, tps_code)
    region = tps_row(session, tps_code)
    photo = Photo(
        sha256=file.sha256,
        size=file.size,
        name=clean_name(name),
        media_type=media_type[:100],
        uploader_id=uploader_id,
        received_at=received_at or clock.now(),
        election_id=election_id,
        tps_id=region.id,
        stated_page=stated_page,
    )
    session.add(photo)
    session.flush()
    facts = {"sha256": photo.sha256, "election": election_id, "tps": tps_code, "page": stated_page}
    row = audit.append(session, "photo_received", f"photo:{photo.id}", uploader_id, facts)
    return receipt_of(photo, tps_ref(region), f"{row.seq}:{row.hash[:16]}")


def clean_name(name: str) -> str:
    """The last part of a path, without control characters; of a longer one the last 255 characters, since the ending tells the kind.

    File names come from phones and attackers.
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable()).strip()[-255:] or "foto"


def pending_photos(session: Session, *, limit: int = 1000) -> list[PendingPhoto]:
    """Photos without any interpretation, oldest first: what a sweeper gives to the readers again after a crash."""
    done = select(Interpretation.id).where(Interpretation.photo_id == Photo.id).exists()
    forms: dict[str, tuple[str, ...]] = {}
    found = []
    for p in session.scalars(select(Photo).where(~done).order_by(Photo.id).limit(limit)):
        if p.election_id not in forms:
            forms[p.election_id] = election(session, p.election_id).forms
        found.append(PendingPhoto(p.id, p.sha256, p.name, p.election_id, forms[p.election_id], p.received_at))
    return found


def versions_key(versions: Mapping[str, str]) -> str:
    """One name for one set of reader versions."""
    return hashlib.sha256(json.dumps(dict(versions), sort_keys=True).encode()).hexdigest()


def record_interpretation(session: Session, photo_id: int, word: MachineWord) -> Recorded:
    """Store the machine's word and act on it, once per photo and set of versions; a second call changes nothing.

    accepted -> committed, unless other values already stand for the sheet (-> queue, reason conflict) or the page, or the TPS that
    the form's print names, is not what the sender named; needs review -> queue, unless the page counts by a better photo that it does not
    speak against (review.superseding); unreadable or another election's form -> the operator is told, and it waits in the queue so that a
    person may reject it or type it by hand.

    Raises:
        UnknownPhoto.
        ValueError: ``word`` is about another file.
    """
    photo = session.scalar(select(Photo).where(Photo.id == photo_id).with_for_update())
    if photo is None:
        raise UnknownPhoto({"photo": photo_id})
    if word.sha256 and word.sha256 != photo.sha256:
        raise ValueError(f"interpretation of {word.sha256} offered for photo {photo.sha256}")
    key = versions_key(word.versions)
    known = session.scalar(select(Interpretation).where(Interpretation.photo_id == photo_id, Interpretation.versions_key == key))
    if known is not None:
        return Recorded(known.id, known.disposition, new=False)
    commit.lock_station(session, photo.election_id, photo.tps_id)
    for _ in range(3):
        verdict = _judge(session, photo, word)
        try:
            with session.begin_nested():
                return _apply(session, photo, word, key, verdict)
        except commit.CommitRace:
            continue  # somebody committed this sheet meanwhile: what stands must be looked at again
    raise RuntimeError(f"photo {photo_id}: the sheet is committed faster than it can be read")


@dataclass(frozen=True, slots=True)
class _Verdict:
    disposition: Disposition
    reasons: tuple[ReasonText, ...] = ()
    where: PageRef | None = None
    """Form and page, if they belong to the photo's election."""
    stands: SheetCommit | None = None
    """What was committed for the sheet when this verdict was reached: a commit may follow only this, else it is a race."""
    differs: int = 0
    """Votes between this reading and what stands."""


_QUEUED = {
    Disposition.REVIEW: QueueKind.CHECK,
    Disposition.CONFLICT: QueueKind.CONFLICT,
    Disposition.WRONG_FORM: QueueKind.WRONG_FORM,
    Disposition.UNREADABLE: QueueKind.UNREADABLE,
}


def _judge(session: Session, photo: Photo, word: MachineWord) -> _Verdict:
    entry = session.scalar(select(QueueEntry).where(QueueEntry.photo_id == photo.id).with_for_update())
    before = session.scalar(select(Interpretation.id).where(Interpretation.photo_id == photo.id).limit(1))
    settled = entry is None and before is not None
    if settled or (entry is not None and _in_hand(entry)):
        return _Verdict(Disposition.LATE)
    outcome = word.outcome
    if isinstance(outcome, Unreadable):
        wrong = any(r.code is ReasonCode.WRONG_FORM for r in outcome.reasons)
        return _Verdict(Disposition.WRONG_FORM if wrong else Disposition.UNREADABLE, reasons.of_machine(outcome.reasons))
    where = PageRef(outcome.form, outcome.page)
    if not owed_here(session, photo, where):
        return _Verdict(Disposition.WRONG_FORM, (misplaced(session, photo, where), *doubts_of_print(session, photo, word.place, where)))
    doubts = [*reasons.of_machine(outcome.reasons), *doubts_of_print(session, photo, word.place, where)]
    if photo.stated_page is not None and photo.stated_page != outcome.page:
        doubts.append(reasons.own(reasons.STATED_PAGE_DIFFERS, detail=f"{photo.stated_page} / {outcome.page}"))
    doubts += held_doubts(session, photo)
    values = {n.name: n.value for n in outcome.numbers}
    place = commit.Place(photo.election_id, photo.tps_id, where.form, where.page)
    if isinstance(outcome, Accepted):
        if not quality.is_accepting(session, photo.election_id):
            doubts.append(reasons.own(reasons.ACCEPTING_STOPPED))
        doubts += doubts_of_accepted(outcome, word.versions)
        doubts += doubts_across_pages(session, place, values)
    stands = commit.current(session, place)
    counted = commit.values_of(stands) if stands is not None and not stands.void else values
    differs = counted != values
    if differs:
        doubts.append(reasons.of_code(ReasonCode.CONFLICT))
    there = stands is not None and not stands.void
    if isinstance(outcome, Accepted) and not doubts:
        return _Verdict(Disposition.AGREES if there else Disposition.COMMITTED, (), where, stands)
    if there and superseding.only_legibility(doubts) and not superseding.says_against(outcome.numbers, counted):
        return _Verdict(Disposition.AGREES, tuple(doubts), where, stands)  # a better photo of the page was here before
    only_conflict = isinstance(outcome, Accepted) and len(doubts) == 1 and differs
    votes = max((abs((v or 0) - (counted.get(n) or 0)) for n, v in values.items()), default=0)
    return _Verdict(Disposition.CONFLICT if only_conflict else Disposition.REVIEW, tuple(doubts), where, differs=votes)


def _in_hand(entry: QueueEntry) -> bool:
    return entry.placed or entry.stage is not Stage.FIRST or entry.leased(clock.now())


def _apply(session: Session, photo: Photo, word: MachineWord, key: str, verdict: _Verdict) -> Recorded:
    body = codec.to_json(word)
    row = Interpretation(
        photo_id=photo.id,
        versions_key=key,
        versions=dict(word.versions),
        at=clock.now(),
        decision=body["decision"],
        form=body["form"],
        page=body["page"],
        disposition=verdict.disposition,
        body=body,
    )
    session.add(row)
    session.flush()
    facts = {"photo": photo.sha256, "decision": row.decision, "form": row.form, "page": row.page, "disposition": row.disposition.value}
    audit.append(session, "interpreted", f"interpretation:{row.id}", None, facts)
    if verdict.disposition in _QUEUED:
        _enqueue(session, photo, row, verdict)
    elif verdict.disposition is not Disposition.LATE:
        _dequeue(session, photo)
    if verdict.disposition is Disposition.COMMITTED and verdict.where is not None and isinstance(word.outcome, Accepted):
        place = commit.Place(photo.election_id, photo.tps_id, verdict.where.form, verdict.where.page)
        counts = commit.write(
            session,
            place,
            {n.name: n.value for n in word.outcome.numbers},
            photo=photo,
            interpretation_id=row.id,
            action=None,
            follows=verdict.stands,
            at=row.at,
        )
        sampling.draw(session, counts, photo, Step.MACHINE)
    return Recorded(row.id, row.disposition, new=True)


def _enqueue(session: Session, photo: Photo, row: Interpretation, verdict: _Verdict) -> None:
    put(
        session,
        photo,
        kind=_QUEUED[verdict.disposition],
        why=verdict.reasons,
        interpretation=row,
        since=row.at,
        election_id=photo.election_id,
        tps_id=photo.tps_id,
        form=verdict.where.form if verdict.where else None,
        page=verdict.where.page if verdict.where else None,
        differs=verdict.differs,
    )


def _dequeue(session: Session, photo: Photo) -> None:
    entry = session.get(QueueEntry, photo.id)
    if entry is not None:
        session.delete(entry)
        session.flush()
