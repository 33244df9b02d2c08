"""The worker process: one Huey consumer beside the database, started and watched by ``c1 serve`` or by the system."""

from __future__ import annotations

import logging
import os
import threading
import time

from api.aligning import Aligning
from api.build import open_services
from api.drafting import Drafting
from api.settings import Settings
from ocr.many import one_core

log = logging.getLogger("c1.worker")


def run(settings: Settings, parent: int | None = None) -> None:
    """Read photos until told to stop (SIGINT finishes the photo in hand, SIGTERM does not; neither loses one).

    parent: process id of the server that started this worker; the worker ends with it, even when it was killed.
    """
    one_core()
    held = open_services(settings)
    Drafting.on(held.db, held.store, held.reading.huey)
    Aligning.on(held.db, held.store, held.reading.huey)
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True, name="parent-watch").start()
    held.reading.sweep()
    consumer = held.reading.huey.create_consumer(
        workers=settings.workers, worker_type="thread", initial_delay=0.05, max_delay=0.5, backoff=1.3, check_worker_health=True
    )
    consumer.run()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    log.warning("the server is gone, the worker ends")
    os._exit(0)
