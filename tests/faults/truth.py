"""What must hold when everything is up again, whatever broke: nothing lost, nothing twice, nothing that nobody did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set

from sqlalchemy import select

from db.tables import AuditLog, Interpretation, Photo, QueueEntry, ReadingClaim, SheetCommit
from db.types import Source
from review.intake import pending_photos
from review.verify import verify_all
from tests.world import World


def all_read(world: World) -> bool:
    """No photo waits to be read."""
    with world.db.reading() as session:
        return not pending_photos(session, limit=1)


def check(world: World, receipts: Mapping[str, tuple[int, str]], settled: Set[int] = frozenset()) -> dict[str, int]:
    """Raises AssertionError. Returns how many there were of what.

    receipts: SHA-256 -> (photo id, TPS), as the senders were told. settled: photos whose commit a reviewer was told.
    """
    with world.db.reading() as session:
        photos = {p.id: p for p in session.scalars(select(Photo))}
        words = list(session.execute(select(Interpretation.photo_id, Interpretation.versions_key)))
        commits = list(session.scalars(select(SheetCommit).order_by(SheetCommit.id)))
        waiting = set(session.scalars(select(QueueEntry.photo_id)))
        claims = list(session.scalars(select(ReadingClaim)))
        logged = Counter(session.scalars(select(AuditLog.subject).where(AuditLog.event.in_(("committed", "withdrawn")))))
        taken = Counter(session.scalars(select(AuditLog.subject).where(AuditLog.event == "photo_received")))
        found = verify_all(session)
    # every receipt is a photo, whole, where the sender said
    for sha256, (photo_id, _tps) in receipts.items():
        assert photo_id in photos and photos[photo_id].sha256 == sha256, f"receipt of photo {photo_id} is not kept"
    for photo in photos.values():
        assert len(world.store.get(photo.sha256)) == photo.size
    assert taken == Counter(f"photo:{i}" for i in photos)
    # read once per version, and there is one version here
    assert set(Counter(words).values()) <= {1}
    assert Counter(photo_id for photo_id, _ in words) == Counter(photos.keys()), "a photo was read twice, or never"
    # every commit is there once, each follows the one before it, and the log knows each
    sheets: dict[tuple[object, ...], list[SheetCommit]] = {}
    for c in commits:
        sheets.setdefault((c.election_id, c.tps_id, c.form, c.page), []).append(c)
    for chain in sheets.values():
        assert [c.version for c in chain] == list(range(1, len(chain) + 1))
        assert [c.supersedes_id for c in chain] == [None, *(c.id for c in chain[:-1])]
    assert logged == Counter(f"commit:{c.id}" for c in commits)
    by_person = Counter(c.photo_id for c in commits if c.source is Source.PERSON)
    assert set(by_person.values()) <= {1} and settled <= by_person.keys(), "an acknowledged commit is missing, or there twice"
    assert not claims and found.clean, (claims, found.chain, found.counts)
    return {"photos": len(photos), "receipts": len(receipts), "commits": len(commits), "by_person": len(by_person), "waiting": len(waiting)}
