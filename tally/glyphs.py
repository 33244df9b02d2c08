"""What may stand in one number box, and what a row of boxes is worth.

The paper's own rule (KPU regulations for C1 / C.Hasil, and design.md section 2): digits are written right-aligned,
an empty leading box is crossed. Writers cross with X, with a dash, or leave the box blank.
"""

from __future__ import annotations

from functools import lru_cache

DIGITS = "0123456789"
CROSS = "X"
DASH = "-"
BLANK = "_"
JUNK = "?"
"""Box content that is no clean glyph: overwritten, struck out, scribbled. It never has a value."""

GLYPHS = DIGITS + CROSS + DASH + BLANK + JUNK
"""Order of every score vector in this project: 14 classes."""

EMPTY = CROSS + DASH + BLANK
"""Glyphs that say "no digit here"."""


@lru_cache(maxsize=8192)
def is_well_formed(boxes: str) -> bool:
    """True if ``boxes`` is empties followed by digits ("X27", "XXX", "123"), so that it has a value.

    A cross after a digit ("1X3"), or anything that is no clean glyph, makes the number invalid.
    """
    body = boxes.lstrip(EMPTY)
    return boxes != "" and all(c in DIGITS for c in body)


@lru_cache(maxsize=8192)
def value_of(boxes: str) -> int | None:
    """The integer written in ``boxes``; None if it is malformed or not readable.

    "XXX" is 0 by the form's own rule. So is a row left wholly blank, as far as arithmetic goes; that such a row is
    shown to a person is the policy's business (reason ``blank_number``), not this function's.
    """
    if not is_well_formed(boxes):
        return None
    return int(boxes.lstrip(EMPTY) or "0")


def boxes_of(value: int, width: int) -> str:
    """``value`` as a careful writer puts it into ``width`` boxes: boxes_of(27, 3) == "X27".

    Raises:
        ValueError: negative, or more digits than boxes.
    """
    if value < 0 or len(str(value)) > width:
        raise ValueError(f"{value} does not fit in {width} boxes")
    return "X" * width if value == 0 else str(value).rjust(width, CROSS)
