"""The operators' report to take away: one table as CSV, or all of them as a workbook whose sums are formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from api.web import WIB
from review.operators import KecamatanRow, PersonRow, Report, StationRow

Cell = str | int | float | datetime | None
_HEAD = PatternFill("solid", fgColor="1D4F7C")
PERSON = (
    "nama",
    "nama_pengguna",
    "wilayah_tugas",
    "tps_dikirim",
    "foto",
    "halaman",
    "pertama",
    "terakhir",
    "sekali_benar",
    "halaman_dinilai",
    "halaman_belum_ada",
)
STATION = (
    "kode",
    "tps",
    "desa",
    "kecamatan",
    "petugas",
    "foto",
    "halaman_masuk",
    "halaman_wajib",
    "pertama",
    "terakhir",
    "sekali_benar",
    "halaman_dinilai",
    "halaman_belum_ada",
)
KECAMATAN = (
    "kode",
    "kecamatan",
    "tps",
    "tps_mulai",
    "tps_lengkap",
    "foto",
    "halaman_masuk",
    "halaman_wajib",
    "pertama",
    "terakhir",
    "sekali_benar",
    "halaman_dinilai",
)
TABLES = {"petugas": PERSON, "tps": STATION, "kecamatan": KECAMATAN}
SUMMED = {
    "tps_dikirim",
    "foto",
    "halaman",
    "sekali_benar",
    "halaman_dinilai",
    "tps",
    "tps_mulai",
    "tps_lengkap",
    "halaman_masuk",
    "halaman_wajib",
}


def _person(p: PersonRow) -> list[Cell]:
    return [
        p.name, p.username, " ".join(p.areas), p.stations, p.photos, p.pages, p.first, p.last, p.tries.right, p.tries.judged, p.missing
    ]  # fmt: skip


def _station(s: StationRow) -> list[Cell]:
    missing = "; ".join(f"{election} {form} hal {page}" for election, form, page in s.missing)
    people = "; ".join(s.people)
    return [
        s.code, s.number, s.desa, s.kecamatan, people, s.photos, s.pages_in, s.pages_owed, s.first, s.last, s.tries.right, s.tries.judged,
        missing,
    ]  # fmt: skip


def _kecamatan(k: KecamatanRow) -> list[Cell]:
    return [
        k.code, k.name, k.stations, k.begun, k.complete, k.photos, k.pages_in, k.pages_owed, k.first, k.last, k.tries.right, k.tries.judged
    ]  # fmt: skip


def rows_of(report: Report, table: str) -> list[list[Cell]]:
    """The rows of one of TABLES."""
    if table == "petugas":
        return [_person(p) for p in report.people]
    if table == "tps":
        return [_station(s) for s in report.stations]
    return [_kecamatan(k) for k in report.kecamatan]


def as_csv(report: Report, table: str) -> str:
    """One table; times in western Indonesian time, a cell that looks like a formula disarmed."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(TABLES[table])
    writer.writerows([_plain(c) for c in row] for row in rows_of(report, table))
    return out.getvalue()


def _plain(value: Cell) -> str | int | float:
    if isinstance(value, datetime):
        return value.astimezone(WIB).strftime("%Y-%m-%d %H:%M")
    if value is None:
        return ""
    return _disarmed(value) if isinstance(value, str) else value


def _disarmed(text: str) -> str:
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def workbook(report: Report, about: Iterable[tuple[str, str]]) -> bytes:
    """An XLSX file: what it is, then one sheet per table. The last column is the share right at the first try, the last row the sums; both
    are formulas. ``about``: lines for the first sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Keterangan")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 100
    for line in about:
        sheet.append(line)
    for table, title in (("petugas", "Petugas"), ("tps", "TPS"), ("kecamatan", "Kecamatan")):
        _sheet(book.create_sheet(title), TABLES[table], rows_of(report, table))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(sheet: Worksheet, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    sheet.freeze_panes = "B2"
    for n, name in enumerate([*columns, "bagian_sekali_benar"], start=1):
        wide = 34 if name in ("nama", "petugas", "halaman_belum_ada") else 18
        sheet.column_dimensions[get_column_letter(n)].width = wide
    sheet.append([_head(sheet, n) for n in (*columns, "bagian_sekali_benar")])
    right, judged = (get_column_letter(columns.index(c) + 1) for c in ("sekali_benar", "halaman_dinilai"))
    for n, row in enumerate(rows, start=2):
        sheet.append([*(_cell(sheet, c) for c in row), _share(sheet, right, judged, n)])
    if rows:
        last = len(rows) + 1
        sums: list[Any] = ["Jumlah"]
        sums += [
            f"=SUM({get_column_letter(i)}2:{get_column_letter(i)}{last})" if name in SUMMED and _counted(rows, i - 1) else None
            for i, name in enumerate(columns[1:], start=2)
        ]
        sheet.append([*sums, _share(sheet, right, judged, last + 1)])


def _counted(rows: Sequence[Sequence[Cell]], column: int) -> bool:
    """A station's number is called "tps" too, but is no count."""
    return all(isinstance(r[column], int) for r in rows)


def _head(sheet: Worksheet, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=text.replace("_", " ").capitalize())
    cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _cell(sheet: Worksheet, value: Cell) -> Any:
    if isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, value=value.astimezone(WIB).replace(tzinfo=None))
        cell.number_format = "yyyy-mm-dd hh:mm"
        return cell
    return _disarmed(value) if isinstance(value, str) else value


def _share(sheet: Worksheet, right: str, judged: str, row: int) -> Any:
    cell = WriteOnlyCell(sheet, value=f'=IF({judged}{row}=0,"",{right}{row}/{judged}{row})')
    cell.number_format = "0.0%"
    return cell
