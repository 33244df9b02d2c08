"""Totals as a workbook: the stations' numbers as values, every level above them as formulas, so that anyone can check the adding up."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from db.totals import NumberTotal, TotalsRow
from db.types import Level

FIXED = ("Kode", "Wilayah", "Lembar masuk", "Lembar diharapkan")
"""Columns before the numbers. On TPS and desa the codes tell what lies where: a desa's code is the first ten digits of its TPS'."""
SHEETS = {Level.TPS: "TPS", Level.DESA: "Desa", Level.KECAMATAN: "Kecamatan", Level.REGENCY: "Kabupaten"}
LENGTH = {Level.DESA: 10, Level.KECAMATAN: 6, Level.REGENCY: 4}
"""Digits of a region's code."""
_HEAD = PatternFill("solid", fgColor="1D4F7C")


@dataclass(frozen=True, slots=True)
class About:
    """What the first sheet says of the workbook. ``anchor``: row and hash of the audit log's end, to check the figures by later."""

    election: str
    made: str
    anchor: str


def workbook(about: About, tps: Sequence[TotalsRow], above: Mapping[Level, Sequence[TotalsRow]]) -> bytes:
    """An XLSX file.

    Args:
        tps: one row for each station, as db.totals.totals gives them; their numbers become values. A number that no sheet carries yet
            stays empty, which is not zero.
        above: the regions of the levels above; only their codes and names are used, their numbers become formulas.

    Returns:
        the file's bytes: a sheet about it, then TPS, desa, kecamatan, regency.
    """
    book = Workbook(write_only=True)
    columns = list(dict.fromkeys((n.form, n.page, n.name) for r in tps for n in r.numbers))
    labels = _labels(tps)
    _about(book.create_sheet("Keterangan"), about)
    sheet = book.create_sheet(SHEETS[Level.TPS])
    _head(sheet, columns, labels)
    for row in tps:
        have = {(n.form, n.page, n.name): n for n in row.numbers}
        values = [have[c].value if c in have and have[c].sheets else None for c in columns]
        sheet.append([row.region.code, row.region.name, row.coverage.sheets_in, row.coverage.sheets_expected, *values])
    below, last = Level.TPS, len(tps) + 1
    for level in (Level.DESA, Level.KECAMATAN, Level.REGENCY):
        sheet = book.create_sheet(SHEETS[level])
        _head(sheet, columns, labels)
        for i, row in enumerate(above[level], start=2):
            sums = (_sum_of(below, last, get_column_letter(c), i, level) for c in range(3, len(FIXED) + len(columns) + 1))
            sheet.append([row.region.code, row.region.name, *sums])
        below, last = level, len(above[level]) + 1
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sum_of(below: Level, last: int, column: str, row: int, level: Level) -> str:
    """What lies in this region, on the sheet of the level below: codes nest, so it is what begins with the region's code."""
    name = SHEETS[below]
    return f'=SUMIFS({name}!${column}$2:${column}${last},{name}!$A$2:$A${last},$A{row}&"*")'


def _labels(rows: Iterable[TotalsRow]) -> dict[tuple[str, int, str], str]:
    found: dict[tuple[str, int, str], NumberTotal] = {}
    for r in rows:
        for n in r.numbers:
            found.setdefault((n.form, n.page, n.name), n)
    return {key: n.label for key, n in found.items()}


def _head(sheet: Worksheet, columns: Sequence[tuple[str, int, str]], labels: dict[tuple[str, int, str], str]) -> None:
    sheet.freeze_panes = "C2"
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 16, 30
    several = len({(form, page) for form, page, _ in columns}) > 1
    texts = [*FIXED, *(f"{labels[c]} (hal. {c[1]})" if several else labels[c] for c in columns)]
    cells = []
    for text in texts:
        cell = WriteOnlyCell(sheet, value=text)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cells.append(cell)
    sheet.append(cells)


def _about(sheet: Worksheet, about: About) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 90
    for line in (
        ("Pemilihan", about.election),
        ("Dibuat", about.made),
        ("Jejak audit", about.anchor),
        (
            "Isi",
            "Hanya lembar terverifikasi. Angka TPS adalah nilai; desa, kecamatan, dan kabupaten dihitung dengan rumus dari lembar TPS.",
        ),
        ("Sel kosong", "Belum ada lembar yang memuat angka itu; bukan nol."),
        ("Sifat", "Hitungan internal untuk peringatan dini. Bukan hasil resmi; hasil resmi ditetapkan KPU."),
    ):
        sheet.append(line)
