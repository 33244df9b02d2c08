"""The recap of one kecamatan in the rows of the official one (model D.HASIL KECAMATAN, KPU regulation 5/2024): a column for each desa.

    I    data pemilih dan pengguna hak pilih      II   penggunaan surat suara
    III  pemilih disabilitas                      IV   perolehan suara (pasangan calon, calon; or party by party with its candidates)
    V    suara sah dan tidak sah

Only verified counts are in it. What no verified sheet carries yet is ``None``, never zero, and so is a sum of nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from db.audit import ChainEnd, chain_end
from db.errors import ServiceError
from db.queries import election, region_row
from db.tables import Region
from db.totals import NumberTotal, TotalsRow, totals
from db.types import Level
from db.views import ElectionView, RegionRef
from tally.votes import For


class NoKecamatan(ServiceError):
    code = "no_kecamatan"
    status = 422
    text = "Rekap dibuat per kecamatan. Pilih sebuah kecamatan."
    text_en = "A recap is made for a kecamatan. Choose one."


@dataclass(frozen=True, slots=True)
class Line:
    """``values``: one for each desa; ``total``: of the kecamatan; ``sub``: L, P or JML of a number told by sex; ``strong``: a sum."""

    label: str
    label_en: str
    sub: str
    values: tuple[int | None, ...]
    total: int | None
    strong: bool = False
    head: bool = False
    """A party's name above its lines: no number at all."""
    unknown: int = 0
    """Sheets on which it is not legible, even to a person."""


@dataclass(frozen=True, slots=True)
class Section:
    number: str
    title: str
    title_en: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Desa:
    region: RegionRef
    tps_all: int
    tps_complete: int

    @property
    def unverified(self) -> int:
        return self.tps_all - self.tps_complete


@dataclass(frozen=True, slots=True)
class Recap:
    """``regency``: its name; ``end``: of the audit log when the figures were read; ``paper_errors``: sheets committed as written."""

    contest: ElectionView
    regency: str
    kecamatan: RegionRef
    desa: tuple[Desa, ...]
    sections: tuple[Section, ...]
    sheets_in: int
    sheets_expected: int
    tps_all: int
    tps_complete: int
    paper_errors: int
    end: ChainEnd

    @property
    def unverified(self) -> int:
        """TPS of which at least one page does not count yet."""
        return self.tps_all - self.tps_complete


_SECTIONS = (
    ("I", "DATA PEMILIH DAN PENGGUNA HAK PILIH", "VOTERS AND THOSE WHO VOTED", ("pemilih_", "pengguna_")),
    ("II", "DATA PENGGUNAAN SURAT SUARA", "USE OF BALLOTS", ("ss_",)),
    ("III", "DATA PEMILIH DISABILITAS", "VOTERS WITH DISABILITY", ("disabilitas_",)),
    ("IV", "DATA PEROLEHAN SUARA", "VOTES", ()),
    ("V", "DATA SUARA SAH DAN TIDAK SAH", "VALID AND INVALID VOTES", ("suara_sah", "suara_tidak_sah", "suara_total")),
)
_SUMS = ("_total_jml", "suara_total", "suara_partai_dan_calon")
_SEX = {"_l": "L", "_p": "P", "_jml": "JML"}


def recap(session: Session, election_id: str, code: str) -> Recap:
    """Raises UnknownElection, UnknownRegion; NoKecamatan: ``code`` is none."""
    contest = election(session, election_id)
    here = region_row(session, code)
    if here.level is not Level.KECAMATAN:
        raise NoKecamatan({"region": code})
    top = session.get(Region, here.regency_id) if here.regency_id else None
    desa = totals(session, contest.id, Level.DESA, within=code)
    found = totals(session, contest.id, Level.KECAMATAN, within=code)
    whole = found[0] if found else None
    cover = whole.coverage if whole else None
    return Recap(
        contest=contest,
        regency=top.name if top else "",
        kecamatan=RegionRef(here.code, here.level, here.name),
        desa=tuple(Desa(r.region, r.coverage.tps_all, r.coverage.tps_complete) for r in desa),
        sections=tuple(_sections(contest, whole, desa)) if whole else (),
        sheets_in=cover.sheets_in if cover else 0,
        sheets_expected=cover.sheets_expected if cover else 0,
        tps_all=cover.tps_all if cover else 0,
        tps_complete=cover.tps_complete if cover else 0,
        paper_errors=cover.paper_errors if cover else 0,
        end=chain_end(session),
    )


def _sections(contest: ElectionView, whole: TotalsRow, desa: Iterable[TotalsRow]) -> Iterable[Section]:
    columns = [{(n.form, n.page, n.name): n for n in r.numbers} for r in desa]
    for number, title, title_en, names in _SECTIONS:
        mine = [n for n in whole.numbers if _belongs(n, names)]
        lines: list[Line] = []
        party = 0
        for n in mine:
            if n.votes is not None and n.votes.party != party and n.votes.party:
                party = n.votes.party
                name = f"{party}. {contest.parties.get(party, '')}"
                lines.append(Line(name, name, "", (None,) * len(columns), None, strong=True, head=True))
            lines.append(_line(n, columns))
        if lines:
            yield Section(number, title, title_en, tuple(lines))


def _belongs(n: NumberTotal, names: tuple[str, ...]) -> bool:
    return n.votes is not None if not names else n.votes is None and n.name.startswith(names)


def _line(n: NumberTotal, columns: Iterable[Mapping[tuple[str, int, str], NumberTotal]]) -> Line:
    cells = [c.get((n.form, n.page, n.name)) for c in columns]
    sub = next((s for end, s in _SEX.items() if n.name.endswith(end)), "") if n.votes is None else ""
    label, label_en = n.label, n.label_en
    if sub:
        label, label_en = label.rpartition(", ")[0] or label, label_en.rpartition(", ")[0] or label_en
    if n.votes is not None and n.votes.what is For.CONTESTANT:
        label, label_en = f"{n.votes.number}. {label}", f"{n.votes.number}. {label_en}"
    return Line(
        label,
        label_en,
        sub,
        tuple(c.value if c is not None and c.sheets else None for c in cells),
        n.value if n.sheets else None,
        strong=n.name.endswith(_SUMS) or sub == "JML",
        unknown=n.unknown,
    )
