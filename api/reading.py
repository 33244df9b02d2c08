"""Reading photos in the background: Huey with its queue (api.queue), and the sweeper that makes the queue a mere hint.

The truth about what still has to be read is in the database: a photo without an interpretation. A task that was lost (killed
worker, lost queue) is found by the sweeper and queued again; a task that runs twice finds the interpretation there and does
nothing. So every photo is read, and counted once. Who reads which photo, and how often it was tried, stands in the database too
(db.claims): the count of a photo that kills its workers must not die with them or with the queue.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from huey import crontab
from sqlalchemy.exc import DBAPIError

from api.likeness import Prints, prints_of
from api.queue import open_queue
from api.settings import Settings
from db import claims
from db.cleaning import orphans
from db.session import Database
from db.store import PhotoStore, StoreError
from review import unplaced
from review.intake import pending_photos, record_interpretation
from review.likeness import note_likeness
from review.priority import refresh_margins
from review.receipt import Receipt
from review.status import PhotoState, photo_status
from tally import texts
from tally.interpretation import Interpretation, Reason, ReasonCode, Unreadable
from templates_c1 import published

log = logging.getLogger("c1.reading")

Interpret = Callable[[bytes, str], Interpretation]
"""(file bytes, file name) -> everything the machine concluded."""

RETRY_SECONDS = 5
SOON = timedelta(minutes=10)
"""A task that waits for a later moment than this waits for a clock that was set back, and is queued anew."""
SWEEP_LIMIT = 5000
STOP_SECONDS = 20
"""How long a worker that is told to stop (SIGTERM) may finish the photo in hand; then it gives it back."""


def _interpret(data: bytes, name: str) -> Interpretation:
    """The reading core, imported at the first photo: the web process never needs it."""
    from ocr.pipeline import interpret

    return interpret(data, name)


class Reading:
    """The queue and what its tasks do. The web process only calls ``enqueue``; the worker process runs ``huey``'s consumer."""

    def __init__(self, settings: Settings, db: Database, store: PhotoStore, interpret: Interpret = _interpret) -> None:
        self._db = db
        self._store = store
        self._interpret = interpret
        self._attempts = settings.read_attempts
        self.worker = claims.me()
        self._let_go: set[int] = set()
        """What this process has stopped reading, while the database could not be told."""
        self.read_count = 0
        self.failed_count = 0
        self.huey = open_queue(settings)
        self._task: Any = self.huey.task(retries=settings.read_attempts, retry_delay=RETRY_SECONDS, name="read_photo")(self.read)
        self._open_task: Any = self.huey.task(retries=settings.read_attempts, retry_delay=RETRY_SECONDS, name="read_open")(self.read_open)
        self.huey.periodic_task(crontab(minute="*"), name="sweep")(self.sweep)
        self.huey.periodic_task(crontab(minute="7"), name="clean")(self.clean)
        self.huey.periodic_task(crontab(minute="*"), name="margins")(self.margins)

    def enqueue(self, photo_id: int) -> None:
        """Queue one photo. A queue that cannot be written is no reason to refuse a photo: the sweeper finds it."""
        try:
            self._task(photo_id)
        except Exception:
            log.exception("photo %d could not be queued; the sweeper will", photo_id)

    def enqueue_open(self, unplaced_id: int) -> None:
        """Queue a photo whose place is open (review.unplaced)."""
        try:
            self._open_task(unplaced_id)
        except Exception:
            log.exception("unplaced photo %d could not be queued; the sweeper will", unplaced_id)

    def started(self, photo_id: int) -> int:
        """How often reading this photo has begun."""
        with self._db.reading() as session:
            return claims.attempts(session, photo_id)

    def sweep(self) -> int:
        """Queue every photo that has no interpretation and is not queued, waiting or being read. Returns how many."""
        late = datetime.now(UTC).replace(tzinfo=None) + SOON  # Huey's own times are naive
        tasks = [*self.huey.pending(), *(t for t in self.huey.scheduled() if t.eta is None or t.eta < late)]
        waiting = {-t.args[0] if t.name == "read_open" else t.args[0] for t in tasks if t.args}
        with self._db.reading() as session:
            waiting |= claims.in_hand(session) - self._let_go
            todo = [p.photo_id for p in pending_photos(session, limit=SWEEP_LIMIT) if p.photo_id not in waiting]
            todo += [-u.unplaced_id for u in unplaced.unread(session, limit=SWEEP_LIMIT) if -u.unplaced_id not in waiting]
        for key in todo:  # the ids of unplaced photos are told apart by their sign
            if key > 0:
                self.enqueue(key)
            else:
                self.enqueue_open(-key)
        if todo:
            log.info("sweeper queued %d photos", len(todo))
        return len(todo)

    def clean(self) -> int:
        """Remove what uploads left behind that died between file and row. Returns how many files."""
        found = orphans(self._db, self._store)
        if found:
            log.info("removed %d files without a photo", len(found))
        return len(found)

    def margins(self) -> int:
        """Look anew at how close the races are, which the queue's order goes by (review.priority). Returns how many changed."""
        with self._db.writing() as session:
            return refresh_margins(session)

    def read(self, photo_id: int) -> None:
        """Read one photo and store what came out; nothing if that was done already, or another has it in hand.

        A photo that fails ``read_attempts`` times (an exception, or a worker that died over it) is set aside as unreadable with
        the reason ``machine_error``, for a person. Where the storage failed, the photo is not blamed: it is tried until it is back.
        """
        with self._db.reading() as session:
            status = photo_status(session, photo_id)
        if status.state is not PhotoState.READING:
            return
        self._tried(photo_id, lambda attempt: self._read(photo_id, status.receipt, attempt))

    def _read(self, photo_id: int, receipt: Receipt, attempt: int) -> None:
        begun = time.monotonic()
        result, prints = self._word_on(receipt.sha256, receipt.name, attempt)
        with self._db.writing() as session:
            if prints is not None:
                note_likeness(session, photo_id, prints.picture, prints.form, prints.page, prints.paper)
            recorded = record_interpretation(session, photo_id, result)
            claims.done(session, photo_id)
        log.info("photo %d: %s in %.2f s", photo_id, recorded.disposition, time.monotonic() - begun)

    def read_open(self, unplaced_id: int) -> None:
        """Read a photo whose place is open, and place it by what it says. As often, and set aside as ``read`` does it."""
        with self._db.reading() as session:
            waits = unplaced.open_photo(session, unplaced_id)
        if waits.read or waits.closed:
            return
        self._tried(-unplaced_id, lambda attempt: self._read_open(unplaced_id, waits.receipt, attempt))

    def _read_open(self, unplaced_id: int, receipt: unplaced.OpenReceipt, attempt: int) -> None:
        result, prints = self._word_on(receipt.sha256, receipt.name, attempt)
        with self._db.writing() as session:
            recorded = unplaced.record_open(session, unplaced_id, result, asdict(prints) if prints is not None else None)
            claims.done(session, -unplaced_id)
        log.info("unplaced photo %d: %s", unplaced_id, recorded.disposition if recorded else "waits for a person")

    def _tried(self, key: int, work: Callable[[int], None]) -> None:
        """``work`` with the number of this try, unless another reader has the photo. Raises what ``work`` raised."""
        with self._db.writing() as session:
            attempt = claims.claim(session, key, self.worker, again=key in self._let_go)
        self._let_go.discard(key)
        if attempt is None:
            return
        try:
            work(attempt)
        except Exception as e:
            self.failed_count += 1
            try:
                with self._db.writing() as session:
                    claims.give_back(session, key, self.worker, error=type(e).__name__, counts=not _not_its_fault(e))
            except DBAPIError:
                self._let_go.add(key)
            raise
        self.read_count += 1

    def _word_on(self, sha256: str, name: str, attempt: int) -> tuple[Interpretation, Prints | None]:
        """The machine's word on one file and what the picture looks like; after ``read_attempts`` failures that it failed.

        Raises what reading raised before that.
        """
        begun = time.monotonic()
        try:
            if attempt > self._attempts:
                raise RuntimeError(f"the worker stopped {self._attempts} times while reading")
            published.refresh()  # a form published a moment ago is known
            result = self._interpret(self._store.get(sha256), name)
        except Exception as e:
            log.exception("%s, attempt %d", sha256[:12], attempt)
            if attempt < self._attempts or _not_its_fault(e):
                raise
            result = set_aside(name, sha256, e, time.monotonic() - begun)
        return result, self._prints(sha256, result)

    def _prints(self, sha256: str, word: Interpretation) -> Prints | None:
        """What the photo looks like; None if that cannot be told."""
        try:
            return prints_of(self._store.get(sha256), word)
        except StoreError:
            return None


def _not_its_fault(error: Exception) -> bool:
    """The database, or the place where the photos lie, could not be reached: that says nothing about the photo."""
    return isinstance(error, DBAPIError) or (isinstance(error, StoreError) and error.error_code == "storage_failed")


def set_aside(name: str, sha256: str, error: Exception, seconds: float) -> Interpretation:
    """What is stored for a photo that the machine failed on; the error's text stays in the log."""
    reason = Reason(ReasonCode.MACHINE_ERROR, (), texts.message(ReasonCode.MACHINE_ERROR))
    return Interpretation(
        photo=name, sha256=sha256, outcome=Unreadable((reason,)), versions={"error": type(error).__name__}, seconds={"total": seconds}
    )
