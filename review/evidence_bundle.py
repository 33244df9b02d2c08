"""Everything that proves the figures of one TPS in one election, in one signed file that is checked without the server.

manifest.json     what it is, the audit log's end, every file's SHA-256
counts.json       every version of every sheet's counts          history.json   all that happened, in order, by whom
audit.json        the audit log's rows about them, each with its hash and the hash it follows
photos/ pages/ crops/   each photo as it came (named by its SHA-256), the page laid straight, the number boxes
readings/         what the machine made of each photo, reader by reader
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db.audit import ROWS, chain_end, digest
from db.queries import commit_views, election, tps_ref, tps_row
from db.tables import AuditLog, Interpretation, Photo, QueueEntry, ReviewAction, SheetCommit
from db.types import Stage
from review.errors import BlindSheet
from review.history import history, photo_history
from review.signing import PublicKey, members, packed, public_key, signed_by

FORMAT = "c1-evidence/1"
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic", "image/heif": "heic"}
Picture = Callable[[int], bytes | None]
"""Makes a picture of a photo, by its id; None where there is none to make."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """How to get at pictures: the file of a photo by its SHA-256; the page laid straight and the crops by the photo's id."""

    photo: Callable[[str], bytes]
    page: Picture
    crops: Picture


@dataclass(frozen=True, slots=True)
class Evidence:
    """What of the database goes into a bundle, and which photos belong to it: id -> (SHA-256, media type)."""

    about: dict[str, Any]
    texts: Mapping[str, Any]
    photos: Mapping[int, tuple[str, str]]


def gather(session: Session, election_id: str, tps_code: str) -> Evidence:
    """Raises UnknownElection, UnknownTps; BlindSheet: a photo of it waits for a blind entry, which must not see the values."""
    contest = election(session, election_id, contestants=False)
    place = tps_row(session, tps_code)
    commits = list(
        session.scalars(
            select(SheetCommit).where(SheetCommit.election_id == contest.id, SheetCommit.tps_id == place.id).order_by(SheetCommit.id)
        )
    )
    actions = session.scalars(select(ReviewAction).where(ReviewAction.election_id == contest.id, ReviewAction.tps_id == place.id)).all()
    own = session.scalars(select(Photo.id).where(Photo.election_id == contest.id, Photo.tps_id == place.id)).all()
    ids = sorted({*own, *(c.photo_id for c in commits), *(a.photo_id for a in actions)})
    blind = select(QueueEntry.photo_id).where(QueueEntry.photo_id.in_(ids), QueueEntry.stage.in_([s for s in Stage if s.blind]))
    if (waits := session.scalar(blind.limit(1))) is not None:
        raise BlindSheet({"photo": waits})
    photos = list(session.scalars(select(Photo).where(Photo.id.in_(ids)).order_by(Photo.id)))
    words = list(session.scalars(select(Interpretation).where(Interpretation.photo_id.in_(ids)).order_by(Interpretation.id)))
    sheets = sorted({(c.form, c.page) for c in commits})
    told = {f"{form}/{page}": [e.to_json() for e in history(session, contest.id, tps_code, form, page)] for form, page in sheets}
    told |= {f"photo/{i}": [e.to_json() for e in photo_history(session, i)] for i in ids}
    end = chain_end(session)
    about = {
        "format": FORMAT,
        "election": {"id": contest.id, "name": contest.name, "date": contest.date.isoformat()},
        "tps": tps_ref(place).to_dict(),
        "as_of": end.at.isoformat() if end.at else None,
        "audit": {"row": end.seq, "hash": end.hash},
    }
    subjects = [f"photo:{i}" for i in ids] + [f"interpretation:{w.id}" for w in words]
    subjects += [f"action:{a.id}" for a in actions] + [f"commit:{c.id}" for c in commits]
    texts: dict[str, Any] = {
        "counts.json": [c.to_dict() for c in commit_views(session, commits)],
        "history.json": told,
        "audit.json": [_audit_json(r) for r in _audit_rows(session, subjects)],
    }
    for p in photos:
        texts[f"readings/{p.id}.json"] = [_word_json(w) for w in words if w.photo_id == p.id]
    return Evidence(about, texts, {p.id: (p.sha256, p.media_type) for p in photos})


def _audit_rows(session: Session, subjects: list[str]) -> Iterator[AuditLog]:
    if subjects:
        yield from session.scalars(
            select(AuditLog)
            .where(or_(*(AuditLog.subject.in_(subjects[i : i + 500]) for i in range(0, len(subjects), 500))))
            .order_by(AuditLog.seq)
        )


def _audit_json(r: AuditLog) -> dict[str, Any]:
    return {
        "seq": r.seq,
        "at": r.at.isoformat(timespec="microseconds"),
        "user": r.user_id,
        "event": r.event,
        "subject": r.subject,
        "data": r.data,
        "previous": r.previous,
        "hash": r.hash,
    }


def _word_json(w: Interpretation) -> dict[str, Any]:
    return {"id": w.id, "at": w.at.isoformat(), "disposition": w.disposition.value, "versions": w.versions, "interpretation": w.body}


def bundle(found: Evidence, pictures: Pictures, key: Ed25519PrivateKey) -> bytes:
    """The signed file. Raises what ``pictures`` raises."""
    files: dict[str, bytes] = {name: _bytes(value) for name, value in found.texts.items()}
    for photo_id, (sha256, media_type) in found.photos.items():
        files[f"photos/{sha256}.{_ENDINGS.get(media_type, 'bin')}"] = pictures.photo(sha256)
        for folder, make in (("pages", pictures.page), ("crops", pictures.crops)):
            if (picture := make(photo_id)) is not None:
                files[f"{folder}/{photo_id}.jpg"] = picture
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = {**found.about, "photos": {str(i): s for i, (s, _) in found.photos.items()}, "key": public_key(key).text, "files": hashes}
    return packed([("manifest.json", _bytes(manifest)), *files.items()], key)


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


@dataclass(frozen=True, slots=True)
class Checked:
    """``faults``: a line each, Indonesian / English; ``manifest``: what the file says it is."""

    key: PublicKey
    manifest: Mapping[str, Any]
    files: int
    audit_rows: int = 0
    faults: tuple[str, ...] = field(default=())


def check(file: bytes) -> Checked:
    """Check a signed export, or a bundle of evidence, by itself: the signature over every byte, each file's hash; of evidence also that
    each photo is the one it is named after, each row of the audit log has the hash it says, and the counts are what the log says.

    Raises:
        BadSignature: it is not what was signed; nothing in it can be relied on.
    """
    key = signed_by(file)
    inside = members(file)
    manifest = json.loads(inside.pop("manifest.json", b"{}"))
    faults = [f"{n}: tidak ada dalam berkas / missing" for n in manifest.get("files", {}) if n not in inside]
    for name, content in inside.items():
        if manifest.get("files", {}).get(name) != hashlib.sha256(content).hexdigest():
            faults.append(f"{name}: isi tidak cocok dengan manifest / content does not fit the manifest")
        if name.startswith("photos/") and hashlib.sha256(content).hexdigest() != name.removeprefix("photos/").partition(".")[0]:
            faults.append(f"{name}: bukan foto itu / not that photo")
    rows = json.loads(inside.get("audit.json", b"[]"))
    for r in rows:
        said = digest(r["seq"], datetime.fromisoformat(r["at"]), r["user"], r["event"], r["subject"], r["data"], r["previous"])
        if said != r["hash"]:
            faults.append(f"audit_log {r['seq']}: hash tidak cocok / hash does not fit")
    faults += _counts(json.loads(inside.get("counts.json", b"[]")), rows)
    return Checked(key, manifest, len(inside), len(rows), tuple(faults))


def _counts(counts: Iterable[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    said = {r["subject"]: r for r in rows if r["event"] in ("committed", "withdrawn")}
    for c in counts:
        row = said.get(f"commit:{c['id']}")
        if row is None or {k: v for k, v in row["data"].items() if k != ROWS}.get("values") != c["values"]:
            yield f"counts.json {c['id']}: bukan yang tercatat / not what the audit log says"
