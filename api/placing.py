"""Where a photo belongs that came without a form to fill in: its TPS from words and assignment, its election from words."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.orm import aliased

from db.session import Database
from db.tables import Region
from db.types import Level
from db.views import ElectionView
from tally.captions import Said
from tally.gazetteer import Gazetteer, Station

_lock = threading.Lock()
_known: WeakKeyDictionary[Database, Gazetteer] = WeakKeyDictionary()


def gazetteer(db: Database) -> Gazetteer:
    """All stations of the database, read once per process: regions do not change while an election is on."""
    with _lock:
        if db not in _known:
            desa, kecamatan = aliased(Region), aliased(Region)
            query = (
                select(Region.code, Region.number, desa.name, kecamatan.name)
                .join(desa, desa.id == Region.desa_id)
                .join(kecamatan, kecamatan.id == Region.kecamatan_id)
                .where(Region.level == Level.TPS, Region.number.is_not(None))
            )
            with db.reading() as session:
                places = Gazetteer(Station(code, number or 0, d, k) for code, number, d, k in session.execute(query).all())
            if not places.stations:
                return places
            _known[db] = places
        return _known[db]


@dataclass(frozen=True, slots=True)
class WhichElection:
    """Several elections are possible; ``candidates``: their ids."""

    candidates: tuple[str, ...]


def election_of(contests: Sequence[ElectionView], said: Said, tps_code: str) -> str | WhichElection:
    """The election a photo is for: the one that is named, else the only one of the newest day; of those that are held at the TPS.

    What stays open the form tells once it is read (review.unplaced): nearly every form belongs to one election.
    """
    held = [c for c in contests if c.owes(tps_code)]
    if said.kinds:
        days = {k: max((c.date for c in held if c.kind == k), default=None) for k in said.kinds}
        possible = [c for c in held if c.kind in days and c.date == days[c.kind]]
    else:
        newest = max((c.date for c in held), default=None)
        possible = [c for c in held if c.date == newest]
    if len(possible) == 1:
        return possible[0].id
    return WhichElection(tuple(c.id for c in possible))
