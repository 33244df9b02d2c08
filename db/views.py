"""What queries give to pages: frozen values, safe after the session is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from db.types import Level, Source


@dataclass(frozen=True, slots=True)
class RegionRef:
    code: str
    level: Level
    name: str


@dataclass(frozen=True, slots=True)
class TpsRef:
    """``number`` keeps its zeros: "003"."""

    code: str
    number: str
    desa: str
    desa_code: str
    kecamatan: str
    kecamatan_code: str

    @property
    def label(self) -> str:
        return f"TPS {self.number}, {self.desa}, {self.kecamatan}"

    def to_dict(self) -> dict[str, str]:
        return {"code": self.code, "number": self.number, "desa": self.desa, "kecamatan": self.kecamatan, "label": self.label}


@dataclass(frozen=True, slots=True, order=True)
class PageRef:
    form: str
    page: int


@dataclass(frozen=True, slots=True)
class AreaView:
    """An electoral district (dapil). ``covers``: region codes; whatever lies in them votes here.

    seats: how many it elects, None where it elects one or that is not known. whole: False where it reaches beyond ``covers``.
    """

    code: str
    name: str
    covers: tuple[str, ...]
    seats: int | None = None
    whole: bool = True

    def holds(self, region: str) -> int:
        """How long the code is by which ``region`` lies in this area, -1 if it does not: the most particular area has it."""
        return max((len(c) for c in self.covers if region.startswith(c)), default=-1)


@dataclass(frozen=True, slots=True)
class OwedPage:
    """A page that every TPS of ``area`` owes ("": of the whole election). ``party``: whose page it is."""

    form: str
    page: int
    area: str = ""
    party: int | None = None

    @property
    def ref(self) -> PageRef:
        return PageRef(self.form, self.page)


@dataclass(frozen=True, slots=True)
class ElectionView:
    """An election as data.

    Attributes:
        owed: every page that some TPS owes; ``owes`` says which.
        areas: electoral districts; empty: the election is held everywhere.
        parties: number -> name.
        contestants: (area, party, number) -> name, "" where it is not known. None when the view was made without them.
    """

    id: str
    kind: str
    name: str
    name_en: str
    date: date
    owed: tuple[OwedPage, ...]
    areas: tuple[AreaView, ...] = ()
    parties: Mapping[int, str] = field(default_factory=dict)
    contestants: Mapping[tuple[str, int, int], str] | None = None

    @property
    def pages(self) -> tuple[PageRef, ...]:
        """Every page of every area."""
        return tuple(sorted({p.ref for p in self.owed}))

    @property
    def forms(self) -> tuple[str, ...]:
        return tuple(sorted({p.form for p in self.owed}))

    @property
    def by_party(self) -> bool:
        return bool(self.parties)

    def area_of(self, region: str) -> AreaView | None:
        """The area in which a TPS (or any region that lies in one area) votes."""
        best = max(self.areas, key=lambda a: a.holds(region), default=None)
        return best if best is not None and best.holds(region) >= 0 else None

    def owes(self, tps: str) -> tuple[PageRef, ...]:
        """The pages that one TPS (13-digit code) owes; none where the election is not held."""
        area = self.area_of(tps)
        if self.areas and area is None:
            return ()
        return tuple(sorted(p.ref for p in self.owed if p.area in ("", area.code if area else "")))

    def label_of(self, area: str, party: int, number: int) -> str:
        """A contestant's name; "" where it is not known."""
        known = self.contestants or {}
        return known.get((area, party, number)) or known.get(("", party, number), "")


@dataclass(frozen=True, slots=True)
class CommitView:
    """One version of one sheet's counts. ``by``: user name, None for the machine. ``values``: None = not written or not legible."""

    id: int
    election_id: str
    tps: TpsRef
    form: str
    page: int
    photo_id: int
    source: Source
    by: str | None
    at: datetime
    version: int
    supersedes: int | None
    void: bool
    paper_error: bool
    note: str
    values: Mapping[str, int | None]

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "election": self.election_id,
            "tps": self.tps.to_dict(),
            "form": self.form,
            "page": self.page,
            "photo": self.photo_id,
            "source": self.source.value,
            "by": self.by,
            "at": self.at.isoformat(),
            "version": self.version,
            "supersedes": self.supersedes,
            "void": self.void,
            "paper_error": self.paper_error,
            "note": self.note,
            "values": dict(self.values),
        }
