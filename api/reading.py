"""Reading photos in the background: Huey with its SQLite queue, and the sweeper that makes the queue a mere hint.

The truth about what still has to be read is in the database: a photo without an interpretation. A task that was lost (killed
worker, lost queue file) is found by the sweeper and queued again; a task that runs twice finds the interpretation there and does
nothing. So every photo is read, and counted once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from huey import SqliteHuey, crontab

from api.likeness import Prints, prints_of
from api.settings import Settings
from db.cleaning import orphans
from db.session import Database
from db.store import PhotoStore, StoreError
from review import unplaced
from review.held import hold_lookalike
from review.intake import pending_photos, record_interpretation
from review.likeness import note_likeness
from review.priority import refresh_margins
from review.status import PhotoState, photo_status
from tally import texts
from tally.interpretation import Interpretation, Reason, ReasonCode, Unreadable
from templates_c1 import published

log = logging.getLogger("c1.reading")

Interpret = Callable[[bytes, str], Interpretation]
"""(file bytes, file name) -> everything the machine concluded."""

RETRY_SECONDS = 5
SWEEP_LIMIT = 5000


def _interpret(data: bytes, name: str) -> Interpretation:
    """The reading core, imported at the first photo: the web process never needs it."""
    from ocr.pipeline import interpret

    return interpret(data, name)


class Reading:
    """The queue and what its tasks do. The web process only calls ``enqueue``; the worker process runs ``huey``'s consumer."""

    def __init__(self, settings: Settings, db: Database, store: PhotoStore, interpret: Interpret = _interpret) -> None:
        settings.data.mkdir(parents=True, exist_ok=True)
        self._db = db
        self._store = store
        self._interpret = interpret
        self._attempts = settings.read_attempts
        self._running: set[int] = set()
        self._lock = threading.Lock()
        self.huey = SqliteHuey("c1", filename=str(settings.queue_file), timeout=30)
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
        return int(self.huey.get(self._key(photo_id), peek=True) or 0)

    def sweep(self) -> int:
        """Queue every photo that has no interpretation and is not queued, waiting or being read. Returns how many."""
        waiting = {-t.args[0] if t.name == "read_open" else t.args[0] for t in (*self.huey.pending(), *self.huey.scheduled()) if t.args}
        with self._lock:
            waiting |= self._running
        with self._db.reading() as session:
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
        """Read one photo and store what came out; nothing if that was done already.

        A photo that fails ``read_attempts`` times (an exception, or a worker that died over it) is set aside as unreadable with
        the reason ``machine_error``, for a person.
        """
        with self._claim(photo_id) as mine:
            if not mine:
                return
            with self._db.reading() as session:
                status = photo_status(session, photo_id)
                if status.state is not PhotoState.READING:
                    return
            begun = time.monotonic()
            result = self._word_on(self._key(photo_id), status.receipt.sha256, status.receipt.name)
            prints = self._prints(status.receipt.sha256, result)
            with self._db.writing() as session:
                if prints is not None:
                    note_likeness(session, photo_id, prints.picture, prints.form, prints.page, prints.paper)
                recorded = record_interpretation(session, photo_id, result)
            self.huey.get(self._key(photo_id))  # forget the count
            log.info("photo %d: %s in %.2f s", photo_id, recorded.disposition, time.monotonic() - begun)

    def read_open(self, unplaced_id: int) -> None:
        """Read a photo whose place is open, and place it by what it says. As often, and set aside as ``read`` does it."""
        with self._claim(-unplaced_id) as mine:
            if not mine:
                return
            with self._db.reading() as session:
                waits = unplaced.open_photo(session, unplaced_id)
            if waits.read or waits.closed:
                return
            key = self._key(-unplaced_id)
            result = self._word_on(key, waits.receipt.sha256, waits.receipt.name)
            prints = self._prints(waits.receipt.sha256, result)
            with self._db.writing() as session:
                recorded = unplaced.record_open(session, unplaced_id, result)
                photo_id = unplaced.open_photo(session, unplaced_id).photo_id
                if prints is not None and photo_id is not None:
                    note_likeness(session, photo_id, prints.picture, prints.form, prints.page, prints.paper)
                    hold_lookalike(session, photo_id)
            self.huey.get(key)
            log.info("unplaced photo %d: %s", unplaced_id, recorded.disposition if recorded else "waits for a person")

    def _word_on(self, key: str, sha256: str, name: str) -> Interpretation:
        """The machine's word on one file; after ``read_attempts`` failures that it failed. Raises what reading raised before that."""
        attempt = int(self.huey.get(key, peek=True) or 0) + 1
        self.huey.put(key, attempt)
        begun = time.monotonic()
        try:
            if attempt > self._attempts:
                raise RuntimeError(f"the worker stopped {self._attempts} times while reading")
            published.refresh()  # a form published a moment ago is known
            return self._interpret(self._store.get(sha256), name)
        except Exception as e:
            log.exception("%s, attempt %d", key, attempt)
            if attempt < self._attempts:
                raise
            return set_aside(name, sha256, e, time.monotonic() - begun)

    def _prints(self, sha256: str, word: Interpretation) -> Prints | None:
        """What the photo looks like; None if that cannot be told."""
        try:
            return prints_of(self._store.get(sha256), word)
        except StoreError:
            return None

    @contextmanager
    def _claim(self, photo_id: int) -> Iterator[bool]:
        with self._lock:
            mine = photo_id not in self._running
            self._running.add(photo_id)
        try:
            yield mine
        finally:
            if mine:
                with self._lock:
                    self._running.discard(photo_id)

    @staticmethod
    def _key(photo_id: int) -> str:
        return f"attempts:{photo_id}"


def set_aside(name: str, sha256: str, error: Exception, seconds: float) -> Interpretation:
    """What is stored for a photo that the machine failed on; the error's text stays in the log."""
    reason = Reason(ReasonCode.MACHINE_ERROR, (), texts.message(ReasonCode.MACHINE_ERROR))
    return Interpretation(
        photo=name, sha256=sha256, outcome=Unreadable((reason,)), versions={"error": type(error).__name__}, seconds={"total": seconds}
    )
