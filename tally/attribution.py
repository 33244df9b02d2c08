"""Which TPS a photo belongs to: from what was said, who said it, and nothing else. Never a guess: what is not told by exactly one
reading of the words is asked.

Village names repeat between districts, "Betung" is a village and a district, TPS 901 exists in two villages: then the sender's
own area may decide, else he is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tally.captions import Said
from tally.gazetteer import Gazetteer, Mention, Station

FIRST_SPECIAL = 901


class Ground(StrEnum):
    """What the TPS was told from."""

    CODE = "code"
    """Its 13-digit code."""
    CAPTION = "caption"
    SIMILAR = "similar"
    """The caption, with a name not spelt as ours."""
    ASSIGNMENT = "assignment"
    """The sender has this one TPS only."""
    ANSWER = "answer"
    """He was asked."""
    GIVEN = "given"
    """Chosen on a page, or for a whole import."""
    PRINTED = "printed"
    """The page itself bears its code."""


class Question(StrEnum):
    """What has to be asked."""

    WHICH_TPS = "which_tps"
    WHICH_DESA = "which_desa"
    SEVERAL_TPS = "several_tps"
    NO_SUCH_TPS = "no_such_tps"


@dataclass(frozen=True, slots=True)
class Found:
    code: str
    ground: Ground


@dataclass(frozen=True, slots=True)
class Unclear:
    """``candidates``: codes of the stations it may be, in order; empty where there are too many to name or none."""

    question: Question
    candidates: tuple[str, ...] = ()


Attribution = Found | Unclear


def attribute(said: Said, places: Gazetteer, areas: Sequence[str] = (), *, forwarded: bool = False, answering: bool = False) -> Attribution:
    """The one TPS, or what to ask.

    Args:
        areas: codes of any level within which the sender works; none means everywhere.
        forwarded: somebody else took the photo, so the sender's own assignment says nothing.
        answering: the text answers "which TPS?": a bare number is one.
    """
    if answering:
        said = _bare_number(said)
    codes = [c for c in said.codes if c in places.stations]
    numbers = set(said.tps) | {places.stations[c].number for c in codes}
    if len(codes) > 1 or len(numbers) > 1:
        named = codes or [s.code for n in said.tps for s in _told(places, n, said, areas)]
        return Unclear(Question.SEVERAL_TPS, _few(named))
    mentions = places.mentions(said.words)
    if codes:
        agree = all(m.covers(codes[0]) for m in mentions if m.exact)
        return Found(codes[0], Ground.CODE) if agree else Unclear(Question.WHICH_DESA, (codes[0],))
    if said.special and not any(n >= FIRST_SPECIAL for n in said.tps):
        specials = [s for s in places.stations.values() if s.number >= FIRST_SPECIAL and _fits(s, mentions)]
        return Unclear(Question.WHICH_TPS, _few(s.code for s in _within(specials, areas) or specials))
    if said.tps:
        return _numbered(said, places, mentions, areas)
    return _unnumbered(places, mentions, areas, forwarded)


def completed(caption: Said, answer: Said) -> Said:
    """A caption together with the answer to a question about it: the answer's number counts, names add up."""
    answer = _bare_number(answer)
    return Said(
        tps=answer.tps or caption.tps,
        codes=answer.codes or caption.codes,
        pages=answer.pages or caption.pages,
        kinds=answer.kinds or caption.kinds,
        words=(*caption.words, ";", *answer.words),
        special=caption.special or answer.special,
    )


def _numbered(said: Said, places: Gazetteer, mentions: Sequence[Mention], areas: Sequence[str]) -> Attribution:
    (number,) = said.tps
    numbered = places.numbered(number)
    if not mentions and not areas:
        few = numbered if len(numbered) <= 10 else []
        return Unclear(Question.WHICH_DESA if numbered else Question.NO_SUCH_TPS, tuple(s.code for s in few))
    fitting = [s for s in numbered if _fits(s, mentions)]
    if not mentions or len(fitting) > 1:
        fitting = _within(fitting, areas) or (fitting if mentions else [])
    if not fitting:
        return Unclear(Question.NO_SUCH_TPS)
    if len(fitting) > 1:
        return Unclear(Question.WHICH_DESA, _few(s.code for s in fitting))
    spelt = all(any(m.exact and m.covers(fitting[0].code) for m in group) for group in _groups(mentions))
    return Found(fitting[0].code, Ground.CAPTION if spelt else Ground.SIMILAR)


def _unnumbered(places: Gazetteer, mentions: Sequence[Mention], areas: Sequence[str], forwarded: bool) -> Attribution:
    if not mentions and not areas:
        return Unclear(Question.WHICH_TPS)
    fitting = _within([s for s in places.stations.values() if _fits(s, mentions)], areas)
    if len(fitting) == 1 and areas and not forwarded:
        return Found(fitting[0].code, Ground.ASSIGNMENT)
    return Unclear(Question.WHICH_TPS, _few(s.code for s in fitting))


def _fits(station: Station, mentions: Sequence[Mention]) -> bool:
    """Every stretch of words that names a place names one of the station's; overlapping readings of the same words are alternatives."""
    return all(any(m.covers(station.code) for m in group) for group in _groups(mentions))


def _groups(mentions: Sequence[Mention]) -> list[list[Mention]]:
    groups: list[list[Mention]] = []
    end = -1
    for m in sorted(mentions, key=lambda m: (m.start, m.end)):
        if m.start < end:
            groups[-1].append(m)
        else:
            groups.append([m])
        end = max(end, m.end)
    return groups


def _within(stations: Iterable[Station], areas: Sequence[str]) -> list[Station]:
    return [s for s in stations if not areas or any(s.code.startswith(a) for a in areas)]


def _told(places: Gazetteer, number: int, said: Said, areas: Sequence[str]) -> list[Station]:
    """Where one of several numbers may be, if the place is clear."""
    one = attribute(replace(said, tps=(number,), codes=()), places, areas)
    return [places.stations[c] for c in ((one.code,) if isinstance(one, Found) else one.candidates)]


def _few(codes: Iterable[str], most: int = 10) -> tuple[str, ...]:
    """At most as many as a list can show; more would be no help."""
    found = tuple(dict.fromkeys(codes))
    return found if len(found) <= most else ()


def _bare_number(said: Said) -> Said:
    digits = [w for w in said.words if w.isdigit()]
    if said.tps or said.codes or len(digits) != 1 or len(digits[0]) > 3 or len(said.words) != 1:
        return said
    return replace(said, tps=(int(digits[0]),), words=())
