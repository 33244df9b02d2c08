"""Numbers in Indonesian words, as election officers write them: 127 is SERATUS DUA PULUH TUJUH.

The standard wording, and the slips that occur on real forms: SATU RATUS for SERATUS, digit by digit (SATU DUA TUJUH), a zero
or NIHIL said for an empty leading box. Words are compared without the spaces between them (TIGAPULUH).
Pure functions, no state.
"""

from __future__ import annotations

import re
from functools import lru_cache

UNITS = ("", "SATU", "DUA", "TIGA", "EMPAT", "LIMA", "ENAM", "TUJUH", "DELAPAN", "SEMBILAN")
ZEROS = ("NOL", "NIHIL", "KOSONG")
LARGEST = 999
LETTERS = "ABDEGHIJKLMNOPRSTU"
"""All letters that occur in the words."""


def phrase(value: int) -> str:
    """The standard wording, words apart by one space: phrase(115) == "SERATUS LIMA BELAS".

    Raises:
        ValueError: not in 0..999.
    """
    if not 0 <= value <= LARGEST:
        raise ValueError(f"{value} is not in 0..{LARGEST}")
    return " ".join(_words(value)) if value else ZEROS[0]


def _words(value: int) -> list[str]:
    hundreds, rest = divmod(value, 100)
    words = [] if not hundreds else ["SERATUS"] if hundreds == 1 else [UNITS[hundreds], "RATUS"]
    tens, unit = divmod(rest, 10)
    if rest in (10, 11):
        return [*words, "SEPULUH" if rest == 10 else "SEBELAS"]
    if tens == 1:
        return [*words, UNITS[unit], "BELAS"]
    if tens:
        words += [UNITS[tens], "PULUH"]
    return [*words, UNITS[unit]] if unit else words


@lru_cache(maxsize=1024)
def phrases(value: int) -> tuple[str, ...]:
    """All wordings that are taken for ``value``, the standard one first. No two values share one, spaces or not.

    Raises:
        ValueError: not in 0..999.
    """
    standard = phrase(value)
    if value == 0:
        return (*ZEROS, *(" ".join([z] * n) for z in ZEROS for n in (2, 3)))
    out = [standard]
    slips = standard.replace("SERATUS", "SATU RATUS"), standard.replace("SEPULUH", "SATU PULUH"), standard.replace("SEBELAS", "SATU BELAS")
    out += [s for s in slips if s != standard]
    for zero in ZEROS:
        if value < 100:
            out.append(f"{zero} {standard}")
        if value < 10:
            out.append(f"{zero} {zero} {standard}")
    if value >= 10:
        for zero in ZEROS if "0" in str(value) else ZEROS[:1]:
            digits = " ".join(UNITS[int(d)] or zero for d in str(value))
            out.append(digits)
            if value < 100:
                out.append(f"{zero} {digits}")
    return tuple(dict.fromkeys(out))


@lru_cache(maxsize=1)
def _values() -> dict[str, int]:
    return {p.replace(" ", ""): v for v in range(LARGEST + 1) for p in phrases(v)}


def value_of_words(text: str) -> int | None:
    """The number that ``text`` says, None if it says none: value_of_words("Tigapuluh dua") == 32. Case, spaces and marks do not matter."""
    return _values().get(re.sub("[^A-Z]", "", text.upper()))
