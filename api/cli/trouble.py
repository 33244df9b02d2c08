"""Errors of a command as one clear line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def explained() -> Iterator[None]:
    """Turn what can be explained into a line on stderr and exit status 1; bugs keep their stack trace."""
    try:
        yield
    except OSError as e:
        what = f"{e.filename}: " if e.filename else ""
        sys.stderr.write(f"c1: {what}{e.strerror or e}\n")
        raise SystemExit(1) from None
    except Exception as e:
        message, english = getattr(e, "message", None), getattr(e, "message_en", None)
        if not (isinstance(message, str) and isinstance(english, str)):
            raise
        sys.stderr.write(f"c1: {message} / {english}\n")
        raise SystemExit(1) from None
