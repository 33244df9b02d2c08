"""What queries give to pages: frozen values, safe after the session is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
class ElectionView:
    """``pages``: what every TPS owes. ``contestants``: number name -> candidate."""

    id: str
    kind: str
    name: str
    name_en: str
    date: date
    pages: tuple[PageRef, ...]
    contestants: Mapping[str, str]

    @property
    def forms(self) -> tuple[str, ...]:
        return tuple(sorted({p.form for p in self.pages}))


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
