"""Names and rules proposed from printed labels. A person confirms them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

_KNOWN: tuple[tuple[str, str, str], ...] = (
    (r"disabilitas", "disabilitas", "Voters with disabilities"),
    (r"pengguna.*(dptb|tambahan)", "pengguna_dptb", "Voted, additional list (DPTb)"),
    (r"pengguna.*(dpk|khusus)", "pengguna_dpk", "Voted, special list (DPK)"),
    (r"pengguna.*(\bdpt\b|tetap)", "pengguna_dpt", "Voted, fixed list (DPT)"),
    (r"pengguna hak pilih", "pengguna_total", "Voted, total"),
    (r"pemilih.*(dptb|tambahan)", "pemilih_dptb", "Voters, additional list (DPTb)"),
    (r"pemilih.*(dpk|khusus)", "pemilih_dpk", "Voters, special list (DPK)"),
    (r"pemilih.*(\bdpt\b|tetap)", "pemilih_dpt", "Voters, fixed list (DPT)"),
    (r"jumlah pemilih", "pemilih_total", "Voters, total"),
    (r"surat suara.*diterima", "ss_diterima", "Ballots received"),
    (r"surat suara.*(dikembalikan|rusak|keliru)", "ss_dikembalikan", "Ballots returned"),
    (r"surat suara.*tidak (di|ter)", "ss_tidak_digunakan", "Ballots not used"),
    (r"surat suara.*digunakan", "ss_digunakan", "Ballots used"),
    (r"suara sah.{0,6}\bdan.*tidak sah", "suara_total", "Votes, valid and invalid"),
    (r"suara tidak sah", "suara_tidak_sah", "Invalid votes"),
    (r"suara sah", "suara_sah", "Valid votes"),
    (r"tanggal", "tanggal", "Day"),
    (r"bulan", "bulan", "Month"),
    (r"tahun", "tahun", "Year"),
)
_SEXES = ((r"laki", "_l", "men"), (r"perempuan", "_p", "women"), (r"jumlah|l\s*\+\s*p", "_jml", "all"))
_SUMS = (re.compile(r"\(([^()]*\+[^()]*)\)?\s*$"), re.compile(r"(?:^|\s)([^\s()+]{1,6}(?:\s*\+\s*[^\s()+]{1,6})+)\s*$"))
_TERM = re.compile(r"^(?:\w{1,4}\s*[.,]\s*(\w{1,2})|[IVXLM1ivxl]{0,3}([A-Za-z]|\d{1,2}))$")
"""One of what is added up: section and row (``IV.2``, ``B.1``; Tesseract makes ``1V2`` of it), or the row alone."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A number and the print around it.

    Attributes:
        page: page number.
        row: label of its row, left of it; ordinal: what counts the row (``1``, ``B``), '' if nothing does; head: of its column.
        line, column: numbers of one line share the first, numbers below each other the second.
        name, label, label_en: proposed.
    """

    page: int
    row: str
    ordinal: str
    head: str
    line: int
    column: int
    name: str = ""
    label: str = ""
    label_en: str = ""


def ordinal_of(text: str) -> tuple[str, str]:
    """What counts a row at the beginning of its label, and the rest: '4. Jumlah ...' -> ('4', 'Jumlah ...')."""
    m = re.match(r"^\(?([0-9]{1,2}|[A-Za-z])\s*(?:[.):,]\s*|\s+(?=[A-Z])|$)(.*)$", text.strip(), re.DOTALL)
    return (m.group(1).upper(), m.group(2).strip()) if m else ("", text.strip())


def terms(label: str) -> list[str]:
    """Rows that a label adds up: '... (B.1 + B.2 + B.3)' -> ['1', '2', '3'], 'SUARA SAH (A + B)' -> ['A', 'B']. [] if it adds up none."""
    said = re.sub(r"\s+", " ", label).strip()
    m = _SUMS[0].search(said) or _SUMS[1].search(said)
    if m is None:
        return []
    found = [_TERM.match(part.strip()) for part in m.group(1).split("+")]
    out = [(t.group(1) or t.group(2)).upper() for t in found if t is not None]
    return out if len(out) == len(found) and not {"L", "P"} & set(out) else []


def snake(label: str) -> str:
    """A name from a label: 'Jumlah Suara Sah (A)' -> 'jumlah_suara_sah_a'. '' if it has no letters."""
    words = re.findall(r"[a-z0-9]+", label.lower())
    while words and not words[0][0].isalpha():
        words = words[1:]
    name = ""
    for word in words:
        if len(name) + len(word) > 40:
            break
        name = f"{name}_{word}" if name else word
    return name


def is_hint(text: str) -> bool:
    """Print that says how to fill in, and names nothing."""
    return re.search(r"ditulis|huruf kapital|hitamkan|coret yang", text.lower()) is not None


def counted(numbers: Sequence[Labelled]) -> list[Labelled]:
    """With an ordinal for rows of candidates that show none (their numeral is often a large lone digit): their order in the column."""
    out: list[Labelled] = []
    for n in numbers:
        if _of_candidate(n) and not n.ordinal.isdigit():
            before = [m for m in out if (m.page, m.column) == (n.page, n.column) and _of_candidate(m)]
            last = max((int(m.ordinal) for m in before), default=0)
            n = replace(n, ordinal=str(last + 1))
        out.append(n)
    return out


def _of_candidate(n: Labelled) -> bool:
    said = n.row.lower()
    if re.search(r"suara (tidak )?sah|jumlah|surat", said):
        return False
    if re.search(r"nama calon|pasangan calon", said):
        return True
    return bool(re.search(r"suara sah|perolehan suara", n.head.lower())) and not any(re.search(p, said) for p, _, _ in _KNOWN)


def named(numbers: Sequence[Labelled]) -> list[Labelled]:
    """With unique names and labels: the election's own words where the label is known, else the label itself."""
    numbers = counted(numbers)
    bases = [_of_row(n) for n in numbers]
    out: list[Labelled] = []
    taken: set[str] = set()
    for n, (base, label, english) in zip(numbers, bases, strict=True):
        line = [m for m, b in zip(numbers, bases, strict=True) if (m.page, m.line, b[0]) == (n.page, n.line, base)]
        suffix, head_en = "", ""
        if len(line) > 1:
            suffix, head_en = _sex(n.head)
            suffix = suffix or f"_{line.index(n) + 1}"
        name = (base or f"angka_h{n.page}") + suffix
        if base == "" or name in taken:
            stem, k = name, 1 if base == "" else 2
            while f"{stem}_{k}" in taken:
                k += 1
            name = f"{stem}_{k}"
        taken.add(name)
        head = f" - {n.head}" if n.head and len(line) > 1 else ""
        out.append(replace(n, name=name, label=(label + head) if label else "", label_en=english + (f", {head_en}" if head_en else "")))
    return out


def _of_row(n: Labelled) -> tuple[str, str, str]:
    """Name, label, English label; '' where the print says nothing."""
    if n.ordinal.isdigit() and _of_candidate(n):
        return f"suara_paslon_{int(n.ordinal)}", f"{n.ordinal}. {n.row}".strip(), f"Votes for pair {n.ordinal}"
    said = n.row.lower()
    for pattern, name, english in _KNOWN:
        if re.search(pattern, said):
            return name, n.row, english
    if snake(n.row):
        return snake(n.row), n.row, n.row
    for pattern, name, english in _KNOWN:
        if re.search(pattern, n.head.lower()):
            return name, n.head, english
    return snake(n.head), n.head, n.head


def _sex(head: str) -> tuple[str, str]:
    return next(((suffix, english) for pattern, suffix, english in _SEXES if re.search(pattern, head.lower())), ("", ""))


def rules(numbers: Sequence[Labelled]) -> tuple[dict[int, list[dict[str, object]]], list[dict[str, object]]]:
    """Sums that the labels speak of: by page, and across pages."""
    by_page: dict[int, list[dict[str, object]]] = {}
    across: list[dict[str, object]] = []
    for n in numbers:
        line = [m for m in numbers if (m.page, m.line) == (n.page, n.line)]
        if n.name.endswith("_jml") and len(line) == 3:
            parts = [m.name for m in line if m is not n]
            if all(re.search(r"_[lp](_\d+)?$", p) for p in parts):
                by_page.setdefault(n.page, []).append(_sum(n.name, parts, "_lp"))
        rows, elsewhere = _added(n, numbers)
        if rows:
            (across if elsewhere else by_page.setdefault(n.page, [])).append(_sum(n.name, rows, "_baris"))
    return by_page, across


def _sum(total: str, parts: Sequence[str], kind: str) -> dict[str, object]:
    return {"kind": "sum", "id": f"{total}{kind}"[:60], "total": total, "parts": list(parts), "severity": "error"}


def _added(n: Labelled, numbers: Sequence[Labelled]) -> tuple[list[str], bool]:
    """The numbers whose rows ``n``'s label adds up; whether they stand on earlier pages."""
    at = list(numbers).index(n)
    above = [m for m in numbers[:at] if m.page == n.page and m.column == n.column]
    wanted = terms(n.row)
    if wanted:
        for where, elsewhere in ((above, False), ([m for m in numbers[:at] if m.page < n.page], True)):
            chosen = [next((m.name for m in reversed(where) if m.ordinal == w), None) for w in wanted]
            if all(chosen):
                return [str(c) for c in chosen], elsewhere
        return [], False
    if re.match(r"(jumlah|total)\b", n.row.lower()):
        rows: list[Labelled] = []
        for m in reversed(above):
            if re.match(r"(jumlah|total)\b", m.row.lower()) or m.line == n.line:
                break
            rows.insert(0, m)
        if len(rows) >= 2:
            return [m.name for m in rows], False
    return [], False
