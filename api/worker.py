"""The worker process: one Huey consumer beside the database, started and watched by ``c1 serve`` or by the system."""

from __future__ import annotations

import logging
import os
import threading
import time
from datetime import datetime

from api.aligning import Aligning
from api.anomaly_watch import Watch
from api.build import open_services
from api.drafting import Drafting
from api.limited import limit_memory
from api.reading import STOP_SECONDS, Reading
from api.settings import Settings
from db import claims, clock
from db.session import Database
from ocr.many import one_core

log = logging.getLogger("c1.worker")

SIGN_SECONDS = 10.0


def run(settings: Settings, parent: int | None = None) -> None:
    """Read photos until told to stop: SIGTERM finishes the photo in hand, or gives it back after STOP_SECONDS.

    parent: process id of the server that started this worker; the worker ends with it, even when it was killed.
    """
    one_core()
    limit_memory(settings.workers)
    held = open_services(settings)
    Drafting.on(held.db, held.store, held.reading.huey)
    Aligning.on(held.db, held.store, held.reading.huey)
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True, name="parent-watch").start()
    signs = _Signs(held.db, held.reading, settings.workers)
    signs.write()
    try:
        held.reading.sweep()
    except Exception:
        log.exception("no sweep at the start; the next is in a minute")
    consumer = held.reading.huey.create_consumer(
        workers=settings.workers,
        worker_type="thread",
        initial_delay=0.05,
        max_delay=0.5,
        backoff=1.3,
        check_worker_health=True,
        graceful_signal="TERM",
        shutdown_timeout=STOP_SECONDS,
    )
    signs.start()
    watch = Watch(held.db)
    watch.start()
    consumer.run()
    watch.end()
    signs.end()
    os._exit(0)  # a thread that is still reading must not hold the process; its photo was given back


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    log.warning("the server is gone, the worker ends")
    os._exit(0)


class _Signs:
    """Writes signs of life. A database that is away for a while is no reason to stop."""

    def __init__(self, db: Database, reading: Reading, readers: int) -> None:
        self._db = db
        self._reading = reading
        self._readers = readers
        self._started: datetime = clock.now()

    def start(self) -> None:
        threading.Thread(target=self._go_on, daemon=True, name="signs").start()

    def _go_on(self) -> None:
        while True:
            time.sleep(SIGN_SECONDS)
            self.write()

    def write(self, *, ended: bool = False) -> None:
        r = self._reading
        try:
            with self._db.writing() as session:
                if ended:
                    claims.give_back_all(session, r.worker)
                claims.sign(
                    session,
                    r.worker,
                    started_at=self._started,
                    readers=self._readers,
                    read=r.read_count,
                    failed=r.failed_count,
                    ended=ended,
                )
        except Exception:
            log.exception("no sign of life could be written")

    def end(self) -> None:
        self.write(ended=True)
