"""The queue of the background's work: a file beside the database on one machine, Redis on many. It is a hint, never the truth."""

from __future__ import annotations

from typing import Any

from huey import SqliteHuey

from api.settings import Settings

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0
"""Of a Redis that does not answer; an upload waits no longer for it."""
KEEP_SECONDS = 86400
"""What was asked of the worker and nobody fetched is forgotten after this long."""


def open_queue(settings: Settings) -> Any:
    """Raises ValueError if ``settings.queue`` is no address of a Redis, RuntimeError if its client is not installed."""
    if not settings.queue:
        settings.data.mkdir(parents=True, exist_ok=True)
        return SqliteHuey("c1", filename=str(settings.queue_file), timeout=30)
    if not settings.queue.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError(f"C1_QUEUE must be redis://host:port/number, not {settings.queue!r}")
    try:
        from huey import PriorityRedisExpireHuey
        from redis import ConnectionPool
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        raise RuntimeError("C1_QUEUE names a Redis, but its Python client is not installed: pip install c1-banyuasin[redis]") from None
    pool = ConnectionPool.from_url(
        settings.queue,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 1),  # once: a connection that has died meanwhile; what fails then is the sweeper's
    )
    return PriorityRedisExpireHuey("c1", connection_pool=pool, expire_time=KEEP_SECONDS)
