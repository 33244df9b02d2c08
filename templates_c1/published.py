"""Forms that were published while the product runs. Where they are kept is the business of whoever calls ``use`` (``db.forms``).

The source is asked at most once a second whether anything was published, with one cheap question; ``refresh`` asks at once. A source
that does not answer is no reason to forget forms: what was known stays.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from templates_c1.schema import Template

log = logging.getLogger(__name__)

SECONDS = 1.0
"""How long what is known is taken to be true."""


@dataclass(frozen=True, slots=True)
class Features:
    """An npz of a form's reference features (``ocr.align.features``): a file by its path, or bytes by their SHA-256.

    Equal if ``key`` is equal, so that what was read from it may be kept.
    """

    key: str
    load: Callable[[], bytes] | None = field(default=None, compare=False, repr=False)
    """Gives the bytes; None: ``key`` is a path."""

    def open(self) -> BinaryIO:
        return Path(self.key).open("rb") if self.load is None else io.BytesIO(self.load())


@dataclass(frozen=True, slots=True)
class Published:
    """One version of a published form. ``proven``: its sheets may be accepted without a person."""

    template: Template
    proven: bool
    features: Features | None = None


class Source(Protocol):
    def token(self) -> Hashable:
        """Cheap; another one whenever anything was published or proven."""

    def load(self) -> Iterable[Published]:
        """Every version of every published form."""


@dataclass(frozen=True, slots=True)
class _Known:
    token: Hashable = None
    versions: dict[str, dict[int, Published]] = field(default_factory=dict)
    newest: dict[str, Published] = field(default_factory=dict)


_source: Source | None = None
_known = _Known()
_asked = float("-inf")
_lock = threading.Lock()
_tried: ContextVar[Published | None] = ContextVar("tried", default=None)


def use(source: Source | None) -> None:
    """From now on published forms come from here; None: there are none."""
    global _source, _known, _asked
    with _lock:
        _source, _known, _asked = source, _Known(), float("-inf")


def refresh() -> None:
    """Look now whether anything was published."""
    global _asked
    with _lock:
        _asked = float("-inf")
    _fresh()


@contextmanager
def trying(candidate: Published) -> Iterator[None]:
    """Within the block, and for this thread alone, ``candidate`` is a published form, in place of the form's other versions."""
    reset = _tried.set(candidate)
    try:
        yield
    finally:
        _tried.reset(reset)


def newest() -> dict[str, Published]:
    """Form id -> its newest version."""
    tried = _tried.get()
    known = _fresh().newest
    return known if tried is None else {**known, tried.template.form: tried}


def find(form: str, version: int | None = None) -> Published | None:
    """None if no such form was published. Raises KeyError if the form was, but not in this version."""
    tried = _tried.get()
    if tried is not None and tried.template.form == form and version in (None, tried.template.version):
        return tried
    known = _fresh()
    if form not in known.versions:
        return None
    return known.newest[form] if version is None else known.versions[form][version]


def versions(form: str) -> list[Template]:
    """The newest first; none for a form that was not published."""
    known = _fresh().versions.get(form, {})
    return [known[v].template for v in sorted(known, reverse=True)]


def _fresh() -> _Known:
    global _known, _asked
    if _source is None or time.monotonic() - _asked < SECONDS or not _lock.acquire(blocking=False):
        return _known  # another thread is asking: it will know soon enough
    try:
        _asked = time.monotonic()
        token = _source.token()
        if token != _known.token:
            _known = _loaded(token, _source.load())
    except Exception:
        log.exception("published forms could not be looked up; those known stay")
    finally:
        _lock.release()
    return _known


def _loaded(token: Hashable, found: Iterable[Published]) -> _Known:
    by_form: dict[str, dict[int, Published]] = {}
    for p in found:
        by_form.setdefault(p.template.form, {})[p.template.version] = p
    return _Known(token, by_form, {form: v[max(v)] for form, v in by_form.items()})
