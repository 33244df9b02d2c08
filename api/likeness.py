"""What a photo that was just read looks like (ocr.likeness), for review.likeness."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from tally.interpretation import Interpretation, Unreadable

log = logging.getLogger("c1.likeness")


@dataclass(frozen=True, slots=True)
class Prints:
    picture: str
    form: str | None
    page: int | None
    paper: str | None


def prints_of(data: bytes, word: Interpretation) -> Prints | None:
    """The prints of a photo's bytes, with what the machine found in it. None where it cannot be decoded: such a photo is not accepted."""
    from ocr import likeness
    from ocr.errors import PhotoError
    from ocr.photo import decode

    try:
        photo = decode(data, word.photo)
    except PhotoError:
        return None
    o = word.outcome
    if isinstance(o, Unreadable):
        return Prints(likeness.picture(photo.gray), None, None, None)
    return Prints(likeness.picture(photo.gray), o.form, o.page, likeness.paper(photo.gray, word.boxes, photo.scale))
