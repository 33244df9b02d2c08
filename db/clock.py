"""The one clock. Everything stored is UTC and aware.

Nothing that counts rests on it: rows are ordered by their numbers, the audit log by its chain. What times decide is who may take over
what another left lying (leases, claims); a clock that jumps can end these early, or late, never make anything count twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    return _source()


@contextmanager
def using(source: Callable[[], datetime]) -> Iterator[None]:
    """Another clock for this process, for tests."""
    global _source
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before
