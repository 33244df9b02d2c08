"""Looks through what was committed, beside the reading of photos: within seconds of a commit its anomalies are there."""

from __future__ import annotations

import logging
import threading

from db.session import Database
from review.anomaly_look import look_through

log = logging.getLogger("c1.anomalies")

PAUSE = 3.0
"""Seconds between two looks; and at least so many times what the last one took, so that it never takes more of a core than a fifth."""
TIMES = 4.0


class Watch:
    """A thread of the worker process. Several workers may each have one: what one has looked at, the others leave."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="anomalies")

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        pause = PAUSE
        while not self._stop.wait(pause):
            try:
                done = look_through(self._db)
                pause = max(PAUSE, TIMES * done.seconds)
            except Exception:  # a database in recovery, a full disk: the next look begins where this one began
                log.exception("no look through the counts; the next is in a minute")
                pause = 60.0
