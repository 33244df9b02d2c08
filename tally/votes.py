"""For whom a number of a form counts votes. Names are those of the forms (design.md section 6).

    suara_paslon_2              pair 2
    suara_calon_5               candidate 5: of the page's party, or of no party (DPD)
    suara_calon_4_5             candidate 5 of party 4
    suara_partai, suara_partai_4                        the party itself
    suara_partai_dan_calon, suara_partai_dan_calon_4    party and candidates together, as the paper adds them up

A page of one party may use the names without the party's number: then the party is a fact of the page, which the election knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class For(StrEnum):
    CONTESTANT = "contestant"
    """A pair, or a candidate."""
    PARTY = "party"
    """The party itself, no candidate of it."""
    PARTY_SUM = "party_sum"
    """What the paper gives as the sum of both: a check, no votes of its own."""


@dataclass(frozen=True, slots=True, order=True)
class Votes:
    """``party``: 0 where nobody stands for a party. ``number``: of the pair or candidate, 0 for the party itself."""

    what: For
    party: int
    number: int


_NAMES = (
    (For.CONTESTANT, re.compile(r"suara_paslon_(?P<n>\d+)")),
    (For.CONTESTANT, re.compile(r"suara_calon(?:_(?P<p>\d+))?_(?P<n>\d+)")),
    (For.PARTY, re.compile(r"suara_partai(?:_(?P<p>\d+))?")),
    (For.PARTY_SUM, re.compile(r"suara_partai_dan_calon(?:_(?P<p>\d+))?")),
)


def votes_of(name: str, party: int | None = None) -> Votes | None:
    """Whose votes the number ``name`` holds; None for a number that is nobody's (voters, ballots, valid votes).

    ``party``: of the page, where its names do not say it.
    """
    for what, pattern in _NAMES:
        if found := pattern.fullmatch(name):
            said = found.groupdict()
            return Votes(what, int(said.get("p") or party or 0), int(said.get("n") or 0))
    return None
