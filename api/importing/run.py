"""An import: every picture of a source is attributed, stored and queued, once, however often it is begun anew.

Each picture's outcome is a row; a picture that is done is not even loaded again. What was stored in the moment before a kill is
recognised by its SHA-256, so that a second run ends in the same state as one that was never disturbed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import ApiError
from api.handlers import body_of
from api.importing.senders import areas_of
from api.importing.sources import ImportFault, Piece, Source
from api.placing import WhichElection, election_of, gazetteer
from api.state import Services
from api.texts.intake import TEXTS
from db import audit, clock
from db.errors import ServiceError
from db.queries import election, elections, tps
from db.store import StoreError
from db.tables import ImportItem, ImportRun, Photo, PhotoOrigin, UnplacedPhoto, User
from db.types import Channel, ItemState
from db.users import UserView, get_user
from ocr import photo as photo_file
from ocr.errors import PhotoError
from review import people, reasons
from review.errors import DuplicateOtherTps, DuplicatePhoto
from review.held import hold
from review.intake import clean_name, receive_photo
from review.unplaced import OpenReceipt, receive_open
from tally import captions
from tally.attribution import Found, Ground, Unclear, attribute

Progress = Callable[[int, int, str], None]
"""(done, of, name)"""
SETTLED = (ItemState.TAKEN, ItemState.KNOWN)


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for the whole import. ``areas_by_sender``: where the senders of a chat work (api.importing.senders)."""

    election_id: str | None = None
    tps_code: str | None = None
    areas_by_sender: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """``items`` in the source's order, JSON-ready: name, state, and what is known: code, message, tps, page, sender, caption..."""

    source: str
    items: tuple[dict[str, Any], ...]
    skipped: int

    @property
    def counts(self) -> dict[str, int]:
        return {s.value: sum(i["state"] == s.value for i in self.items) for s in ItemState}

    def to_json(self) -> dict[str, Any]:
        return {"source": self.source, "counts": self.counts, "other_files": self.skipped, "items": list(self.items)}


class _Refused(Exception):
    """Ends with one picture as ``state``; ``detail`` goes into the report."""

    def __init__(self, state: ItemState, code: str, message: str, message_en: str, **detail: Any) -> None:
        super().__init__(code)
        self.state = state
        self.detail = {"code": code, "message": message, "message_en": message_en, **detail}


def run_import(held: Services, user_id: int, source: Source, options: Options, progress: Progress = lambda done, of, name: None) -> Report:
    """Do all that is left of an import.

    Raises:
        UnknownUser, NotAllowed: this user may not bring photos.
        UnknownElection, UnknownTps: of ``options``.
        StoreError: the photo store is full or fails; what was stored before stays, and the import can be begun again.
    """
    with held.db.reading() as session:
        user = people.require(session, user_id, people.UPLOADERS)
        if options.election_id is not None:
            election(session, options.election_id)
        if options.tps_code is not None:
            tps(session, options.tps_code)
    run_id, done = begin(held, user, source.key, source.label)
    for at, piece in enumerate(source.pieces):
        progress(at, len(source.pieces), piece.name)
        if _key(piece) not in done:
            _one(held, user, run_id, piece, options)
    progress(len(source.pieces), len(source.pieces), "")
    return _finish(held, user, run_id, source)


def begin(held: Services, user: UserView, key: str, label: str) -> tuple[int, set[str]]:
    """The run of this user and source, begun now or before: its id, and the names of the pictures that are settled."""
    with held.db.writing() as session:
        run = session.scalar(select(ImportRun).where(ImportRun.source_key == key, ImportRun.user_id == user.id))
        if run is None:
            run = ImportRun(source=label[-300:], source_key=key, user_id=user.id, started_at=clock.now())
            session.add(run)
            session.flush()
            audit.append(session, "import_begun", f"import:{run.id}", user.id, {"source": run.source, "key": run.source_key})
        run.finished_at = None
        names = session.scalars(select(ImportItem.name).where(ImportItem.run_id == run.id, ImportItem.state.in_(SETTLED)))
        return run.id, set(names)


def _finish(held: Services, user: UserView, run_id: int, source: Source) -> Report:
    with held.db.writing() as session:
        rows = {r.name: r for r in session.scalars(select(ImportItem).where(ImportItem.run_id == run_id))}
        items = tuple({"name": p.name, "state": rows[_key(p)].state.value, **rows[_key(p)].detail} for p in source.pieces)
        report = Report(source.label, items, source.skipped)
        run = session.get_one(ImportRun, run_id)
        run.finished_at = clock.now()
        audit.append(session, "import_done", f"import:{run_id}", user.id, report.counts)
    return report


def _key(piece: Piece) -> str:
    """A name as it is stored; long ones keep their end and a digest of the whole."""
    return piece.name if len(piece.name) <= 300 else hashlib.sha256(piece.name.encode()).hexdigest()[:16] + piece.name[-280:]


def _one(held: Services, user: UserView, run_id: int, piece: Piece, options: Options) -> None:
    told = {
        "sent_by": piece.sent_by,
        "sent_at": piece.sent_at.isoformat() if piece.sent_at else None,
        "caption": piece.caption[:2000],
    }
    photo_id: int | None = None
    sha256: str | None = None
    try:
        data = _load(held, piece)
        sha256 = hashlib.sha256(data).hexdigest()
        state, photo_id, detail = _place(held, user, run_id, piece, data, sha256, options)
    except _Refused as e:
        state, detail = e.state, e.detail
        photo_id = detail.pop("photo", None)
    with held.db.writing() as session:
        row = session.get(ImportItem, (run_id, _key(piece))) or ImportItem(run_id=run_id, name=_key(piece))
        row.at, row.state, row.sha256, row.photo_id, row.detail = clock.now(), state, sha256, photo_id, {**detail, **told}
        session.add(row)


def _load(held: Services, piece: Piece) -> bytes:
    """The piece's bytes, known to be a photo. Raises _Refused."""
    try:
        if piece.fault:
            raise ImportFault(piece.fault)
        data = piece.load()
        photo_file.inspect(data)
    except ImportFault as e:
        state = ItemState.MISSING if e.code in ("media_missing", "media_omitted") else ItemState.REFUSED
        raise _Refused(state, e.code, *TEXTS[f"import.{e.code}"]) from e
    except PhotoError as e:
        raise _refusal(e) from e
    except OSError as e:
        raise _Refused(ItemState.REFUSED, "not_there", *TEXTS["import.not_there"], why=e.strerror or "") from e
    return data


def _refusal(error: Exception) -> _Refused:
    """What any refusal of intake says, in the one error shape."""
    body = body_of(error)[1]["error"]
    return _Refused(ItemState.REFUSED, body["code"], body["message"], body["message_en"])


def _place(
    held: Services, user: UserView, run_id: int, piece: Piece, data: bytes, sha256: str, options: Options
) -> tuple[ItemState, int | None, dict[str, Any]]:
    places = gazetteer(held.db)
    said = captions.read(piece.caption if piece.in_chat else piece.context.replace("/", " ; "))
    where = _where(piece, said, options, user.areas, held)
    with held.db.reading() as session:
        contests = elections(session)
    if isinstance(where, Unclear):
        code = where.question.value
        labels = [places.stations[c].label for c in where.candidates]
        kept = _keep_open(held, user, piece, data, options.election_id, None)
        raise _Refused(ItemState.UNCLEAR, code, *TEXTS[f"intake.{code}"], candidates=labels, receipt=kept.number)
    label = places.stations[where.code].label if where.code in places.stations else where.code
    contest = options.election_id or election_of(contests, said, where.code)
    placed = {"tps": where.code, "label": label, "page": said.page, "why": where.ground.value}
    try:
        if isinstance(contest, WhichElection):  # the form says which, as soon as it is read
            open_ = _keep_open(held, user, piece, data, None, where.code)
            if open_.tps is None or open_.tps.code != where.code:
                raise _disputed(open_.tps.label if open_.tps else "?", None, placed)
            state = _whose_open(held, user, run_id, sha256, open_)
            held.reading.enqueue_open(open_.unplaced_id)
            return state, None, {**placed, "election": None, "receipt": open_.number, "received_at": open_.received_at.isoformat()}
        pages = {p.page for c in contests if c.id == contest for p in c.owes(where.code)}
        receipt = receive_photo(
            held.db,
            held.store,
            data=data,
            name=clean_name(piece.name),
            media_type=_media_type(data),
            uploader_id=user.id,
            election_id=contest,
            tps_code=where.code,
            stated_page=said.page if said.page in pages else None,
        )
    except DuplicatePhoto as e:
        same = e.receipt.tps.code == where.code and not isinstance(e, DuplicateOtherTps)
        if not same:
            with held.db.writing() as session:
                hold(session, e.receipt.photo_id, user.id, reasons.SENT_FOR_TWO, label)
            raise _disputed(e.receipt.tps.label, e.receipt.photo_id, placed) from e
        receipt = e.receipt
        state = _whose(held, user, run_id, piece, receipt.photo_id, where.ground)
    except StoreError:
        raise
    except (ServiceError, ApiError) as e:
        raise _refusal(e) from e
    else:
        state = ItemState.TAKEN
        with held.db.writing() as session:
            _origin(session, receipt.photo_id, run_id, piece, where.ground)
    held.reading.enqueue(receipt.photo_id)
    more = {"election": receipt.election_id, "receipt": receipt.number, "received_at": receipt.received_at.isoformat()}
    return state, receipt.photo_id, {**placed, **more}


def _keep_open(held: Services, user: UserView, piece: Piece, data: bytes, election_id: str | None, tps_code: str | None) -> OpenReceipt:
    """Keep a photo whose place is not fully told: its own print may say it, or a person will. Raises as receive_open does."""
    try:
        return receive_open(
            held.db,
            held.store,
            data=data,
            name=clean_name(piece.name),
            media_type=_media_type(data),
            uploader_id=user.id,
            election_id=election_id,
            tps_code=tps_code,
        )
    except DuplicatePhoto as e:
        if tps_code is not None:
            raise
        placed = {"tps": e.receipt.tps.code, "label": e.receipt.tps.label, "receipt": e.receipt.number}
        known = TEXTS["import.state.known"]
        raise _Refused(ItemState.KNOWN, "known", known[0], known[1], photo=e.receipt.photo_id, **placed) from e


def _media_type(data: bytes) -> str:
    return f"image/{photo_file.inspect(data).format.lower()}"


def _disputed(label: str, photo_id: int | None, placed: dict[str, Any]) -> _Refused:
    message, message_en = (t.format(label=label) for t in TEXTS["import.disputed"])
    return _Refused(ItemState.DISPUTED, "disputed", message, message_en, photo=photo_id, **placed)


def _whose_open(held: Services, user: UserView, run_id: int, sha256: str, receipt: OpenReceipt) -> ItemState:
    """As ``_whose``, for a photo whose election is open."""
    if not receipt.again:
        return ItemState.TAKEN
    with held.db.reading() as session:
        run = session.get_one(ImportRun, run_id)
        row = session.get_one(UnplacedPhoto, receipt.unplaced_id)
        earlier = select(ImportItem.name).where(ImportItem.sha256 == sha256, ImportItem.state == ItemState.TAKEN)
        mine = row.uploader_id == user.id and row.received_at >= run.started_at
        return ItemState.TAKEN if mine and session.scalar(earlier.limit(1)) is None else ItemState.KNOWN


def _where(piece: Piece, said: captions.Said, options: Options, own: tuple[str, ...], held: Services) -> Found | Unclear:
    if options.tps_code is not None:
        return Found(options.tps_code, Ground.GIVEN)
    areas = areas_of(piece.sent_by, options.areas_by_sender, own)
    return attribute(said, gazetteer(held.db), areas)


def _origin(session: Session, photo_id: int, run_id: int, piece: Piece, ground: Ground) -> None:
    session.add(
        PhotoOrigin(
            photo_id=photo_id,
            channel=Channel.IMPORT,
            run_id=run_id,
            sent_by=piece.sent_by[:100],
            sent_at=piece.sent_at,
            caption=piece.caption[:2000],
            why=ground.value,
        )
    )


def _whose(held: Services, user: UserView, run_id: int, piece: Piece, photo_id: int, ground: Ground) -> ItemState:
    """TAKEN if this run stored the photo and was killed before it could say so; KNOWN if it was here by another way or another piece."""
    with held.db.writing() as session:
        photo = session.get_one(Photo, photo_id)
        run = session.get_one(ImportRun, run_id)
        origin = session.get(PhotoOrigin, photo_id)
        item = session.scalar(
            select(ImportItem).where(ImportItem.run_id == run_id, ImportItem.photo_id == photo_id, ImportItem.state == ItemState.TAKEN)
        )
        if item is not None or photo.uploader_id != user.id or photo.received_at < run.started_at:
            return ItemState.KNOWN
        if origin is None:
            _origin(session, photo_id, run_id, piece, ground)
            return ItemState.TAKEN
        return ItemState.TAKEN if origin.run_id == run_id else ItemState.KNOWN


def importer_of(held: Services, username: str) -> UserView | None:
    """The user of this name."""
    with held.db.reading() as session:
        found = session.scalar(select(User.id).where(User.username == username.strip().lower()))
        return get_user(session, found) if found is not None else None
