"""Slows down guessing of passwords: after a few failures each further one costs a growing wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

FREE = 5
"""Failures of one user name without a wait: people mistype."""
FREE_HOST = 50
"""The same for one address: a whole office may sit behind it."""
FORGET = 900.0
"""Seconds after which failures are forgotten."""
LONGEST = 300.0
"""Longest wait, seconds."""
MOST_KEYS = 20_000


@dataclass(slots=True)
class _Record:
    failures: int
    last: float


class Throttle:
    """Counts failures by key (user name, address). Kept in memory: a restart forgives, which is fine for waits of minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._records: dict[str, _Record] = {}
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait(self, *keys: str) -> int:
        """Seconds until one of ``keys`` may try again; 0 = now."""
        now = self._clock()
        with self._lock:
            left = [_until(k, r) - now for k in keys if (r := self._records.get(k)) and now - r.last < FORGET]
        return max(0, int(max(left, default=0.0) + 0.999))

    def failed(self, *keys: str) -> None:
        now = self._clock()
        with self._lock:
            if len(self._records) > MOST_KEYS:
                self._records = {k: r for k, r in self._records.items() if now - r.last < FORGET}
            for k in keys:
                r = self._records.get(k)
                fresh = r is None or now - r.last >= FORGET
                self._records[k] = _Record(1 if fresh or r is None else r.failures + 1, now)

    def spend(self, key: str, count: int, per_minute: int) -> int:
        """Take ``count`` from the key's bucket, which holds a minute's worth and fills evenly (a token bucket).

        Returns 0 if it was taken; else the seconds to wait, and nothing was taken. A whole bucket may always be emptied at once.
        """
        now = self._clock()
        with self._lock:
            if len(self._buckets) > MOST_KEYS:
                self._buckets = {k: b for k, b in self._buckets.items() if now - b[1] < 60}
            left, last = self._buckets.get(key, (float(per_minute), now))
            left = min(float(per_minute), left + (now - last) * per_minute / 60)
            wanted = min(count, per_minute)
            if left >= wanted:
                self._buckets[key] = (left - wanted, now)
                return 0
            self._buckets[key] = (left, now)
            return int((wanted - left) * 60 / per_minute + 0.999)

    def succeeded(self, *keys: str) -> None:
        with self._lock:
            for k in keys:
                self._records.pop(k, None)


def _until(key: str, r: _Record) -> float:
    over = r.failures - (FREE_HOST if key.startswith("host:") else FREE)
    return r.last + (0.0 if over < 0 else min(LONGEST, 2.0 ** (over + 1)))
