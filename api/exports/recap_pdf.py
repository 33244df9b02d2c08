"""The recap of a kecamatan as PDF, A3 or A4 landscape. Where the desa do not fit on one sheet they go on the next: the sum so far is
carried over (JUMLAH PINDAHAN) and the last sheet ends with the total (JUMLAH AKHIR), as on the official form.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import A3, A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from api.web import local_time
from review.recap import Line, Recap

PAPERS = {"a3": landscape(A3), "a4": landscape(A4)}
MOST = {"a3": 14, "a4": 8}
"""Columns of desa on one sheet."""
_MARGIN, _ROW, _SUB, _TOTAL = 12 * mm, 5.4 * mm, 11 * mm, 21 * mm
_INK, _SOFT, _LINE, _BLUE, _WARN = HexColor("#1a2330"), HexColor("#eef2f7"), HexColor("#8a97a8"), HexColor("#1d4f7c"), HexColor("#8a3b00")
_R, _B = "Helvetica", "Helvetica-Bold"
_SIGNS = ("Ketua", "Anggota", "Anggota", "Anggota", "Anggota")


@dataclass(frozen=True, slots=True)
class _Part:
    """Some desa, by their numbers; ``before``: desa on the sheets before. ``last``: the total stands at its end."""

    start: int
    end: int
    last: bool

    @property
    def carried(self) -> bool:
        return self.start > 0


def parts_of(count: int, most: int) -> list[_Part]:
    """The sheets across: as few as may be, each with about as many desa as the others."""
    sheets = max(1, -(-count // most))
    cuts = [round(i * count / sheets) for i in range(sheets + 1)]
    return [_Part(a, b, i == sheets - 1) for i, (a, b) in enumerate(pairwise(cuts))]


def carried(line: Line, upto: int) -> int | None:
    """Sum of the desa before ``upto``; None where nothing is known of any."""
    known = [v for v in line.values[:upto] if v is not None]
    return sum(known) if known else None


def recap_pdf(said: Recap, paper: str = "a3") -> bytes:
    """``paper``: a3 or a4. The same figures give the same file."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=PAPERS[paper], invariant=1)
    canvas.setTitle(f"Rekapitulasi {said.kecamatan.name} - {said.contest.name}")
    canvas.setAuthor("C1 Banyuasin")
    _Sheets(canvas, said, paper).draw()
    canvas.save()
    return out.getvalue()


class _Sheets:
    """Draws the sheets one after the other, from the top; ``y`` is where the next row begins."""

    def __init__(self, canvas: Canvas, said: Recap, paper: str) -> None:
        self.c, self.said = canvas, said
        self.width, self.height = PAPERS[paper]
        self.parts = parts_of(len(said.desa), MOST[paper])
        self.rows: list[tuple[str, Line | None]] = []
        for s in said.sections:
            self.rows += [(f"{s.number}. {s.title}", None), *(("", line) for line in s.lines)]
        room = self.height - 2 * _MARGIN - 33 * mm - 17 * mm
        self.per_sheet = max(1, int(room / _ROW))
        self.downs = [self.rows[i : i + self.per_sheet] for i in range(0, len(self.rows), self.per_sheet)] or [[]]
        if len(self.downs[-1]) * _ROW > room - 34 * mm:  # the signatures need room of their own
            self.downs.append([])
        self.count = len(self.parts) * len(self.downs)

    def draw(self) -> None:
        number = 0
        for d, rows in enumerate(self.downs):
            for part in self.parts:
                number += 1
                y = self._head(number, part)
                if rows:
                    y = self._table(rows, part, y)
                if d == len(self.downs) - 1 and part.last:
                    self._signatures(y - 6 * mm)
                self._foot()
                self.c.showPage()

    def _head(self, number: int, part: _Part) -> float:
        c, said, y = self.c, self.said, self.height - _MARGIN
        c.setFillColor(_INK)
        c.setFont(_B, 13)
        c.drawString(_MARGIN, y - 10, "REKAPITULASI HASIL PENGHITUNGAN PEROLEHAN SUARA DARI SETIAP TPS DI TINGKAT KECAMATAN")
        c.setFont(_R, 10)
        c.drawString(_MARGIN, y - 24, f"{said.contest.name}   |   {_date(said)}")
        c.setFont(_B, 10)
        c.drawString(_MARGIN, y - 38, f"Kecamatan {said.kecamatan.name} ({said.kecamatan.code}), Kabupaten {said.regency}")
        c.setFont(_R, 8)
        c.drawRightString(self.width - _MARGIN, y - 8, f"Lembar {number} dari {self.count}")
        c.drawRightString(self.width - _MARGIN, y - 18, f"Desa {part.start + 1 if said.desa else 0}-{part.end} dari {len(said.desa)}")
        c.drawRightString(self.width - _MARGIN, y - 28, "Susunan mengikuti Model D.HASIL KECAMATAN; bukan formulir resmi KPU")
        state = (
            f"BELUM TERVERIFIKASI: {said.unverified} TPS dari {said.tps_all}. Angka di bawah belum lengkap."
            if said.unverified
            else f"Semua {said.tps_all} TPS terverifikasi lengkap."
        )
        c.setFont(_B, 10)
        c.setFillColor(_WARN if said.unverified else _BLUE)
        c.drawString(_MARGIN, y - 54, state)
        c.setFont(_R, 8)
        c.setFillColor(_INK)
        more = f"Lembar masuk {said.sheets_in} dari {said.sheets_expected}. "
        more += "Tanda - : belum ada lembar terverifikasi yang memuat angka itu; bukan nol."
        if said.paper_errors:
            more += f" {said.paper_errors} lembar salah di kertas, dihitung seperti tertulis."
        c.drawString(_MARGIN, y - 66, more)
        return float(y - 26 * mm)

    def _columns(self, part: _Part) -> tuple[float, float]:
        """Width of the labels, and of one desa."""
        extra = _TOTAL * (1 + part.carried)
        room = self.width - 2 * _MARGIN - _SUB - extra
        label = min(95 * mm, room * 0.36)
        return label, (room - label) / max(1, part.end - part.start)

    def _table(self, rows: Sequence[tuple[str, Line | None]], part: _Part, y: float) -> float:
        label, each = self._columns(part)
        desa = self.said.desa[part.start : part.end]
        heads = ["URAIAN", ""] + (["JUMLAH PINDAHAN"] if part.carried else []) + [d.region.name for d in desa]
        heads.append("JUMLAH AKHIR" if part.last else "JUMLAH DIPINDAHKAN")
        widths = [label, _SUB] + ([_TOTAL] if part.carried else []) + [each] * len(desa) + [_TOTAL]
        notes = ["", ""] + ([""] if part.carried else []) + [f"{d.tps_complete}/{d.tps_all} TPS" for d in desa] + [""]
        y = self._heads(heads, notes, widths, y)
        for title, line in rows:
            y -= _ROW
            if line is None:
                self._fill(_MARGIN, y, sum(widths), _BLUE)
                self._text(_MARGIN, y, sum(widths), title, _B, 8, white, "left")
                continue
            cells: list[int | None] = [carried(line, part.start)] if part.carried else []
            cells += line.values[part.start : part.end]
            cells.append(line.total if part.last else carried(line, part.end))
            texts = [line.label, line.sub, *("" if line.head else _figure(v) for v in cells)]
            self._row(texts, widths, y, line.strong)
        return y

    def _heads(self, heads: Sequence[str], notes: Sequence[str], widths: Sequence[float], y: float) -> float:
        high = 12 * mm
        x, y = _MARGIN, y - high
        self._fill(_MARGIN, y, sum(widths), _SOFT, high)
        for head, note, w in zip(heads, notes, widths, strict=True):
            self.c.setStrokeColor(_LINE)
            self.c.rect(x, y, w, high, stroke=1, fill=0)
            room = w - 2.6 * mm
            size = next((x for x in (7, 6.5, 6, 5.5) if all(stringWidth(word, _B, x) <= room for word in head.split())), 5)
            for i, part in enumerate(_wrapped(head, room, _B, size, 2)):
                self._text(x, y + high - 4.6 * mm - i * 3 * mm, w, part, _B, size, _INK, "middle")
            if note:
                self._text(
                    x, y + 0.4 * mm, w, note, _R, 6.2, _WARN if note.split("/")[0] != note.split("/")[1].split()[0] else _INK, "middle"
                )
            x += w
        return y

    def _row(self, texts: Sequence[str], widths: Sequence[float], y: float, strong: bool) -> None:
        x = _MARGIN
        if strong:
            self._fill(_MARGIN, y, sum(widths), _SOFT)
        for i, (text, w) in enumerate(zip(texts, widths, strict=True)):
            self.c.setStrokeColor(_LINE)
            self.c.rect(x, y, w, _ROW, stroke=1, fill=0)
            self._text(
                x, y, w, text, _B if strong or i == len(texts) - 1 else _R, 7.6, _INK, "left" if i == 0 else "middle" if i == 1 else "right"
            )
            x += w

    def _fill(self, x: float, y: float, w: float, colour: HexColor, high: float = _ROW) -> None:
        self.c.setFillColor(colour)
        self.c.rect(x, y, w, high, stroke=0, fill=1)

    def _text(self, x: float, y: float, w: float, text: str, font: str, size: float, colour: HexColor, side: str) -> None:
        pad = 1.2 * mm
        text = _cut(text, w - 2 * pad, font, size)
        self.c.setFont(font, size)
        self.c.setFillColor(colour)
        if side == "left":
            self.c.drawString(x + pad, y + 1.6 * mm, text)
        elif side == "right":
            self.c.drawRightString(x + w - pad, y + 1.6 * mm, text)
        else:
            self.c.drawCentredString(x + w / 2, y + 1.6 * mm, text)

    def _signatures(self, y: float) -> None:
        c, each = self.c, (self.width - 2 * _MARGIN) / 8
        c.setFillColor(_INK)
        c.setFont(_B, 8)
        c.drawString(_MARGIN, y, "PANITIA PEMILIHAN KECAMATAN")
        c.drawString(_MARGIN + 5 * each, y, "SAKSI")
        for i in range(8):
            x = _MARGIN + i * each
            c.setStrokeColor(_INK)
            c.line(x, y - 17 * mm, x + each - 6 * mm, y - 17 * mm)
            c.setFont(_R, 7)
            c.drawString(x, y - 20.5 * mm, _SIGNS[i] if i < 5 else f"Saksi {i - 4}")
            c.drawString(x, y - 24 * mm, "Nama:")

    def _foot(self) -> None:
        c, said = self.c, self.said
        c.setFont(_R, 7.5)
        c.setFillColor(_INK)
        at = local_time(said.end.at, "id") if said.end.at else "-"
        c.drawString(
            _MARGIN,
            _MARGIN,
            f"Jejak audit: baris {said.end.seq}, {said.end.hash[:16]}, {at}   |   periksa: c1 audit verify --anchor {said.end.short}",
        )
        c.drawRightString(self.width - _MARGIN, _MARGIN, "Hitungan internal untuk peringatan dini; hasil resmi ditetapkan KPU.")


def _figure(value: int | None) -> str:
    return "-" if value is None else f"{value:,}".replace(",", ".")


def _date(said: Recap) -> str:
    months = ["Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"]
    d = said.contest.date
    return f"{d.day} {months[d.month - 1]} {d.year}"


def _cut(text: str, width: float, font: str, size: float) -> str:
    """``text``, shortened with dots where it is wider than ``width``."""
    if stringWidth(text, font, size) <= width:
        return text
    while text and stringWidth(text + "...", font, size) > width:
        text = text[:-1]
    return text.rstrip() + "..."


def _wrapped(text: str, width: float, font: str, size: float, most: int) -> list[str]:
    lines = [""]
    for word in text.split():
        trial = f"{lines[-1]} {word}".strip()
        if stringWidth(trial, font, size) <= width or not lines[-1]:
            lines[-1] = trial
        else:
            lines.append(word)
    return lines if len(lines) <= most else [*lines[: most - 1], _cut(" ".join(lines[most - 1 :]), width, font, size)]
