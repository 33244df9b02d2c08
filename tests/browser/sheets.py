"""Sheets that wait at the desk: one generated photo, read once, and put into the queue as this or that kind of doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count
from pathlib import Path

from sqlalchemy import select

import samples
from api.build import open_services
from api.settings import Settings
from db.queries import tps
from db.tables import User
from ocr.pipeline import interpret
from review.intake import receive_photo, record_interpretation
from tally.glyphs import boxes_of, value_of
from tally.interpretation import Interpretation, NeedsReview, NumberReading, Reason, ReasonCode, Unreadable
from templates_c1.registry import page as template_page
from templates_c1.rules import check

FORM, PAGE, ELECTION = "c-hasil-kwk-2020", 2, "bupati-2020"
VILLAGES = (("1607011021", 23), ("1607011016", 20), ("1607012001", 23))
"""Villages and how many of their stations are used: the last ones of Mariana stay free, for sheets that are moved."""
STATIONS = [f"{village}{n:03}" for village, many in VILLAGES for n in range(1, many + 1)]
_fresh = count(1)


@lru_cache(maxsize=1)
def photo() -> tuple[bytes, Interpretation, dict[str, int]]:
    """A clean generated photo, what the machine makes of it, and what is written on it; one that the machine reads right."""
    for seed in range(1, 13):
        data, truth = samples.make(FORM, PAGE, seed, difficulty=0.0)
        written = {n: v for n, b in truth["numbers"].items() if (v := value_of(b)) is not None}
        word = interpret(data, "foto.jpg", FORM)
        if not isinstance(word.outcome, Unreadable) and {n.name: n.value for n in word.outcome.numbers} == written:
            return data, word, written
    raise AssertionError("no sample that is read right")


@dataclass(frozen=True)
class Waiting:
    id: int
    tps: str
    label: str


class Sheets:
    """Puts sheets into the queue of a running server. Each has a station of its own, and a file of its own: the photo with a tail."""

    def __init__(self, folder: Path) -> None:
        self.held = open_services(Settings(data=folder))

    def close(self) -> None:
        self.held.db.dispose()

    def user_id(self, name: str) -> int:
        with self.held.db.reading() as session:
            return session.scalars(select(User.id).where(User.username == name)).one()

    def put(
        self,
        *,
        misread: Mapping[str, int] | None = None,
        doubt: Mapping[ReasonCode, tuple[str, ...]] | None = None,
        unreadable: bool = False,
        data: bytes | None = None,
        election: str = ELECTION,
    ) -> Waiting:
        """``misread``: what the machine is made to read instead of what is written, unsurely; ``doubt``: its reasons."""
        body, word, _ = photo()
        number = next(_fresh)
        code = STATIONS[number - 1]
        receipt = receive_photo(
            self.held.db,
            self.held.store,
            data=(data or body) + f"\n{number}".encode(),
            name=f"{number}.jpg",
            media_type="image/jpeg",
            uploader_id=self.user_id("operator"),
            election_id=election,
            tps_code=code,
        )
        if unreadable:
            said = replace(word, outcome=Unreadable((Reason(ReasonCode.FORM_NOT_RECOGNISED, (), ""),)), boxes={}, page_corners=())
        else:
            said = replace(word, outcome=_doubted(word, misread or {}, doubt or {}))
        with self.held.db.writing() as session:
            record_interpretation(session, receipt.photo_id, replace(said, sha256=receipt.sha256))
            place = tps(session, code)
        return Waiting(receipt.photo_id, code, place.label)


def _doubted(word: Interpretation, misread: Mapping[str, int], doubt: Mapping[ReasonCode, tuple[str, ...]]) -> NeedsReview:
    assert not isinstance(word.outcome, Unreadable)
    layout = template_page(FORM, PAGE)
    unsure = {name for names in doubt.values() for name in names}
    numbers = tuple(
        _read(n, misread[n.name]) if n.name in misread else replace(n, confidence=0.7, reader_confidence=0.7) if n.name in unsure else n
        for n in word.outcome.numbers
    )
    findings = check(layout, {n.name: n.value for n in numbers})
    reasons = [Reason(code, names, "") for code, names in doubt.items()]
    reasons += [Reason(ReasonCode.SUM_MISMATCH, f.numbers, "") for f in findings if f.holds is False]
    return NeedsReview(FORM, PAGE, numbers, findings, tuple(reasons))


def _read(n: NumberReading, value: int) -> NumberReading:
    """The number misread as ``value``, with what is written as the second guess."""
    wrong = boxes_of(value, len(n.boxes))
    return replace(
        n, boxes=wrong, value=value, confidence=0.62, reader_confidence=0.62, clean=0.9, candidates=((wrong, 0.62), (n.boxes, 0.36))
    )
