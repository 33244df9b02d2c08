"""Back-pressure: a server that has too much to do says so at once, and when to come again, instead of taking what it cannot keep.

Nothing is refused because too much waits to be read: what is on the disk is safe there. Refused is what could not be kept: too many
uploads at the same moment (memory, threads), or a disk that is nearly full (the database shares it, and must be able to say what it knows).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.errors import ApiError
from db.store import storage_full

RETRY_SECONDS = 5
LOOK_SECONDS = 2.0
"""The disk is looked at so often at most."""


class Pressure:
    """How much this process has in hand.

    at_once: uploads under way at the same moment. spare: bytes that must stay free. free: asks how many are; None where nobody can say.
    """

    def __init__(self, at_once: int = 200, spare: int = 0, free: Callable[[], int | None] = lambda: None) -> None:
        self._at_once = at_once
        self._spare = spare
        self._free = free
        self._lock = threading.Lock()
        self._now = 0
        self._looked = -LOOK_SECONDS
        self._full = False

    @property
    def under_way(self) -> int:
        """Uploads being taken in now."""
        return self._now

    @contextmanager
    def upload(self) -> Iterator[None]:
        """Around one upload, before its body is read.

        Raises:
            ApiError: busy, with Retry-After.
            StoreError: storage_full.
        """
        if self._disk_is_full():
            raise storage_full()
        with self._lock:
            if self._now >= self._at_once:
                raise ApiError("busy", headers={"Retry-After": str(RETRY_SECONDS)}, seconds=RETRY_SECONDS)
            self._now += 1
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1

    def _disk_is_full(self) -> bool:
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            free = self._free()
            self._full = free is not None and free < self._spare
        return self._full
