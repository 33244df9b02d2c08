"""Bounds of a process that opens strangers' pictures: what it asks for beyond them is refused to it, not taken from the machine.

A picture that makes a decoder ask for more memory raises MemoryError there; the photo's reading fails, is tried again and then set aside
for a person (api.reading). The web server and the database, other processes, notice nothing.
"""

from __future__ import annotations

import resource

GIB = 1024**3
BASE, EACH = 3 * GIB, GIB
"""Address space: libraries and models are mapped once; each reader needs less than half a GiB of its own."""


def limit_memory(readers: int) -> int:
    """Bound this process's address space for so many readers; returns the bound in bytes. A tighter one that holds already stays."""
    wanted = BASE + max(1, readers) * EACH
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = min(b for b in (wanted, soft, hard) if b != resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not leave photos in a dump
    return bound
