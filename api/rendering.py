"""A sheet's pictures, finished once and kept: made ready while the reviewer still works on the sheet before it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from api.pictures import Bgr, Quad, crops_picture, decoded, number_crop, page_picture, rendered, upright_jpeg
from api.state import Services
from review.standing import where_it_stands, word_of

log = logging.getLogger("c1.rendering")

WHOLE_WIDTH = 1800
"""Of a photo whose page was not found, pixels at most."""

_ahead = ThreadPoolExecutor(1, thread_name_prefix="pictures")
"""One picture after the other: what a reviewer waits for goes before what he will want next."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pictures of a sheet are made of. ``key`` names the reading: it changes when the boxes do."""

    photo_id: int
    sha256: str
    key: str
    page_corners: Sequence[tuple[float, float]] = ()
    boxes: Mapping[str, Sequence[Quad]] = field(default_factory=dict)


def shown(held: Services, photo_id: int) -> Shown:
    """Raises UnknownPhoto."""
    with held.db.reading() as session:
        at = where_it_stands(session, photo_id)
        word = word_of(at)
        key = f"i{at.interpretation.id if at.interpretation and word else 0}"
        if word is None:
            return Shown(photo_id, at.photo.sha256, key)
        return Shown(photo_id, at.photo.sha256, key, word.page_corners, {n: b for n, b in word.boxes.items() if b})


def page_jpeg(held: Services, what: Shown) -> bytes:
    """The page laid straight; the whole photo where no page was found. Raises StoreError, PhotoError."""
    if not what.page_corners:
        return whole_jpeg(held, what)
    return rendered(f"page/{what.sha256}/{what.key}", lambda: page_picture(*_open(held, what), what.page_corners))


def whole_jpeg(held: Services, what: Shown) -> bytes:
    """The photo turned by its EXIF tag. Raises StoreError, PhotoError."""
    return rendered(f"whole/{what.sha256}", lambda: upright_jpeg(what.sha256, held.store.get(what.sha256), WHOLE_WIDTH))


def crops_jpeg(held: Services, what: Shown) -> bytes:
    """All crops on one picture, in the order of the page (api.pictures.crops_layout). Raises StoreError, PhotoError."""
    return rendered(f"crops/{what.sha256}/{what.key}", lambda: crops_picture(*_open(held, what), what.boxes))


def crop_png(held: Services, what: Shown, number: str) -> bytes | None:
    """One number; None where its boxes were not located. Raises StoreError, PhotoError."""
    corners = what.boxes.get(number)
    if not corners:
        return None
    return rendered(f"crop/{what.sha256}/{what.key}/{number}", lambda: number_crop(*_open(held, what), corners))


def make_ready(held: Services, photo_id: int) -> Future[None]:
    """Finish a sheet's pictures in the background; what fails now fails again when it is asked for, and is said then."""
    return _ahead.submit(_make, held, photo_id)


def _make(held: Services, photo_id: int) -> None:
    try:
        what = shown(held, photo_id)
        page_jpeg(held, what)
        if what.boxes:
            crops_jpeg(held, what)
    except Exception:
        log.warning("pictures of photo %d could not be made ready", photo_id, exc_info=True)


def _open(held: Services, what: Shown) -> tuple[Bgr, float]:
    return decoded(what.sha256, held.store.get(what.sha256))
