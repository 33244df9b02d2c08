"""Totals as a workbook: the stations' numbers as values, every level above them as formulas, so that anyone can check the adding up."""

from __future__ import annotations

import io
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from api.exports.gather import Gathered, values
from api.web import local_time
from db.types import Level

FIXED = ("Kode", "Wilayah", "Dapil", "Lembar masuk", "Lembar diharapkan")
"""Columns before the numbers. On TPS and desa the codes tell what lies where: a desa's code is the first ten digits of its TPS'."""
TEXTS = 3
"""So many of them are words; sums begin behind."""
SHEETS = {Level.TPS: "TPS", Level.DESA: "Desa", Level.KECAMATAN: "Kecamatan", Level.REGENCY: "Kabupaten"}
DAPIL = "Dapil"
"""The sheet of the electoral districts, where an election has some; its sums go by the column of this name on the TPS' sheet."""
LENGTH = {Level.DESA: 10, Level.KECAMATAN: 6, Level.REGENCY: 4}
"""Digits of a region's code."""
_HEAD = PatternFill("solid", fgColor="1D4F7C")


def workbook(got: Gathered) -> bytes:
    """An XLSX file: a sheet about it, then TPS, desa, kecamatan, dapil (where the election has electoral districts), regency.

    The stations' numbers are values; a number that no sheet carries yet stays empty, which is not zero. Of the levels above only codes and
    names are written, their numbers are formulas.
    """
    book = Workbook(write_only=True)
    book.properties.creator = "c1"
    book.properties.created = book.properties.modified = got.at.replace(tzinfo=None)
    _about(book.create_sheet("Keterangan"), got)
    sheet = book.create_sheet(SHEETS[Level.TPS])
    _head(sheet, got)
    for row in got.levels[Level.TPS]:
        have = values(row)
        area = got.contest.area_of(row.region.code)
        cover = (row.coverage.sheets_in, row.coverage.sheets_expected)
        sheet.append([row.region.code, row.region.name, area.code if area else None, *cover, *(have.get(c) for c in got.columns)])
    below, last = Level.TPS, len(got.levels[Level.TPS]) + 1
    letters = [get_column_letter(c) for c in range(TEXTS + 1, len(FIXED) + len(got.columns) + 1)]
    for level in (Level.DESA, Level.KECAMATAN, Level.REGENCY):
        if level is Level.REGENCY and got.areas:
            _districts(book.create_sheet(DAPIL), got, letters)
        sheet = book.create_sheet(SHEETS[level])
        _head(sheet, got)
        for i, row in enumerate(got.levels[level], start=2):
            sheet.append([row.region.code, row.region.name, None, *(_sum_of(below, last, c, i) for c in letters)])
        below, last = level, len(got.levels[level]) + 1
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _districts(sheet: Worksheet, got: Gathered, letters: Sequence[str]) -> None:
    _head(sheet, got)
    tps, last = SHEETS[Level.TPS], len(got.levels[Level.TPS]) + 1
    for i, area in enumerate((r.area for r in got.areas if r.area is not None), start=2):
        sums = (f"=SUMIFS({tps}!${c}$2:${c}${last},{tps}!$C$2:$C${last},$C{i})" for c in letters)
        sheet.append([area.code, area.name, area.code, *sums])


def _sum_of(below: Level, last: int, column: str, row: int) -> str:
    """What lies in this region, on the sheet of the level below: codes nest, so it is what begins with the region's code."""
    name = SHEETS[below]
    return f'=SUMIFS({name}!${column}$2:${column}${last},{name}!$A$2:$A${last},$A{row}&"*")'


def _head(sheet: Worksheet, got: Gathered) -> None:
    sheet.freeze_panes = "D2"
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 16, 30
    districts = len({n.area for n in got.columns.values()}) > 1
    several = len({(form, page) for form, page, _ in got.columns}) > 1
    texts = list(FIXED)
    for (_, page, _), n in got.columns.items():
        place = ([f"dapil {n.area}"] if districts and n.area else []) + ([f"hal. {page}"] if several else [])
        texts.append(f"{n.label} ({', '.join(place)})" if place else n.label)
    cells = []
    for text in texts:
        cell = WriteOnlyCell(sheet, value=text)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cells.append(cell)
    sheet.append(cells)


def _about(sheet: Worksheet, got: Gathered) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 90
    for line in (
        ("Pemilihan", got.contest.name),
        ("Keadaan per", local_time(got.at, "id")),
        ("Jejak audit", f"{got.end.seq}:{got.end.hash}"),
        ("Belum terverifikasi", f"{got.unverified} TPS belum lengkap"),
        (
            "Isi",
            "Hanya lembar terverifikasi. Angka TPS adalah nilai; desa, kecamatan, dapil, dan kabupaten dihitung dengan rumus.",
        ),
        ("Sel kosong", "Belum ada lembar yang memuat angka itu; bukan nol."),
        ("Sifat", "Hitungan internal untuk peringatan dini. Bukan hasil resmi; hasil resmi ditetapkan KPU."),
    ):
        sheet.append(line)
