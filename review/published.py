"""Reading files of published figures: JSON as KPU's Sirekap serves it, or a table (CSV). What is wrong is named with row and column.

The shapes, in our own words, stand in docs/totals.md. Figures may be absurd (that is what one compares for), but must be whole numbers.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from db.errors import ServiceError
from db.published import Named, Published, names_of
from db.views import ElectionView
from tally.votes import For

MOST = 2**31 - 1
MOST_FILES = 20_000
MOST_BYTES = 256 * 1024 * 1024
"""Of all files of an archive together, unpacked."""
SHOWN = 50

ADMINISTRATION = {
    **{
        f"{a}_{b}_{c}": f"{a}_{b}_{d}"
        for a, b in (("pemilih", "dpt"), ("pengguna", "dpt"), ("pengguna", "dptb"), ("pengguna", "total"))
        for c, d in (("l", "l"), ("p", "p"), ("j", "jml"))
    },
    **{f"pengguna_non_dpt_{c}": f"pengguna_dpk_{d}" for c, d in (("l", "l"), ("p", "p"), ("j", "jml"))},
    **{n: n for n in ("suara_sah", "suara_tidak_sah", "suara_total")},
}
"""Sirekap's name of a number -> ours."""
KNOWN_IDS: Mapping[str, Mapping[str, int]] = {"ppwp-2024": {"100025": 1, "100026": 2, "100027": 3}}
"""Election -> Sirekap's id of a contestant -> the number on the ballot, where it is public knowledge."""
TPS = re.compile(r"(?<!\d)(\d{13})(?!\d)")
_NO_CONTESTANT = {"null", "progres", "persen", "psu", "status_progress", "ts"}


class BadPublished(ServiceError):
    """``faults``: one for each place: where, and why in both languages."""

    code = "bad_published"
    status = 422
    text = "Berkas ini tidak dapat diimpor; tidak ada yang disimpan. Perbaiki yang disebut, lalu impor lagi."
    text_en = "This file cannot be imported; nothing was kept. Set right what is named and import it again."

    def __init__(self, faults: Sequence[tuple[str, str, str]]) -> None:
        self.faults = tuple(faults)
        shown = [{"where": w, "message": i, "message_en": e} for w, i, e in self.faults[:SHOWN]]
        super().__init__({"faults": shown, "count": len(self.faults)})


class _Reading:
    """What was found so far, and what is wrong."""

    def __init__(self, view: ElectionView) -> None:
        self.view = view
        self.names: Mapping[str, Named] = names_of(view)
        self.figures: dict[str, dict[str, int]] = {}
        self.faults: list[tuple[str, str, str]] = []
        self.as_of = ""
        self.ids: dict[str, tuple[int, int]] = {}
        self.kind = ""
        self._at: dict[str, str] = {}

    def fault(self, where: str, text: str, text_en: str) -> None:
        self.faults.append((where, text, text_en))

    def station(self, code: str, where: str) -> dict[str, int] | None:
        """The figures of a TPS, to be filled; None where it stands a second time."""
        if code in self.figures:
            self.fault(where, f"TPS {code} sudah ada pada {self._at[code]}", f"TPS {code} stands at {self._at[code]} already")
            return None
        self._at[code] = where
        return self.figures.setdefault(code, {})

    def put(self, of: dict[str, int], name: str, value: object, where: str) -> None:
        if value is None:
            return
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
            shown = str(value)[:30]
            self.fault(where, f"'{shown}' bukan bilangan bulat dari 0", f"'{shown}' is no whole number from 0")
        elif name in self.names:
            of[name] = value


def parse(files: Sequence[tuple[str, bytes]], view: ElectionView, candidates: bytes | None = None) -> Published:
    """The figures of one or more files that belong together; archives are opened.

    Args:
        candidates: JSON of the publisher's ids: {id: {"nomor_urut": number, "nama": name, "partai": number}}, as KPU serves it; it may
            also be one of the files.

    Raises:
        BadPublished: naming every place that is wrong.
    """
    reading = _Reading(view)
    reading.ids.update({k: (0, n) for k, n in KNOWN_IDS.get(view.id, {}).items()})
    if candidates is not None and (raw := _json(reading, "calon.json", candidates)) is not None:
        _candidates(reading, "calon.json", raw)
    opened = list(_opened(reading, files))
    tables = [(n, d) for n, d in opened if n.lower().endswith((".csv", ".txt", ".tsv"))]
    parsed = [(n, raw) for n, d in opened if (n, d) not in tables and (raw := _json(reading, n, d)) is not None]
    for name, raw in [p for p in parsed if _is_candidates(p[1])]:
        _candidates(reading, name, raw)
    for name, raw in [p for p in parsed if not _is_candidates(p[1])]:
        _sirekap(reading, name, raw)
    for name, data in tables:
        _table(reading, name, data)
    reading.figures = {c: of for c, of in reading.figures.items() if of}
    _check_places(reading)
    if not reading.faults and not reading.figures:
        reading.fault(files[0][0] if files else "", "tidak ada angka TPS di dalamnya", "there are no figures of TPS in it")
    if reading.faults:
        raise BadPublished(reading.faults)
    return Published(reading.kind, reading.figures, reading.as_of, reading.ids)


def _opened(reading: _Reading, files: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    total = 0
    for name, data in files:
        if not data.startswith(b"PK\x03\x04"):
            yield name, data
            continue
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                inside = [i for i in archive.infolist() if not i.is_dir() and i.filename.lower().endswith((".json", ".csv"))]
                total += sum(i.file_size for i in inside)
                if len(inside) > MOST_FILES or total > MOST_BYTES:
                    reading.fault(name, "isi arsip terlalu besar", "the archive's content is too large")
                    continue
                for i in inside:
                    yield i.filename, archive.read(i)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
            reading.fault(name, "arsip zip rusak atau terkunci", "the zip archive is damaged or locked")


def _json(reading: _Reading, name: str, data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        reading.fault(name, "bukan teks UTF-8", "is no UTF-8 text")
    except json.JSONDecodeError as e:
        reading.fault(f"{name}, baris {e.lineno}, kolom {e.colno}", f"bukan JSON: {e.msg}", f"is no JSON: {e.msg}")
    except RecursionError:
        reading.fault(name, "JSON bersarang terlalu dalam", "the JSON is nested too deep")
    return None


def _is_candidates(raw: Any) -> bool:
    return isinstance(raw, dict) and bool(raw) and all(isinstance(v, dict) and "nomor_urut" in v for v in raw.values())


def _candidates(reading: _Reading, name: str, raw: Any) -> None:
    """Ids of contestants; a name that is another than the election's at that number is a fault, for then all would be swapped."""
    if not _is_candidates(raw):
        reading.fault(name, "bukan daftar calon: {id: {nomor_urut, nama}}", "is no list of contestants: {id: {nomor_urut, nama}}")
        return
    for key, said in raw.items():
        number, party = said["nomor_urut"], said.get("partai", 0) or 0
        where = f"{name}: {key}"
        if isinstance(number, bool) or not isinstance(number, int) or isinstance(party, bool) or not isinstance(party, int):
            reading.fault(where, "nomor_urut bukan bilangan", "nomor_urut is no number")
            continue
        ours = next(
            (
                n
                for n in reading.names.values()
                if n.votes and n.votes.what is For.CONTESTANT and (n.votes.party, n.votes.number) == (party, number)
            ),
            None,
        )
        if ours is None:
            reading.fault(where, f"tidak ada calon nomor {number} dalam pemilihan ini", f"the election has no contestant {number}")
            continue
        real = reading.view.label_of("", party, number)
        theirs = str(said.get("nama", ""))
        if real and theirs and not _words(real) & _words(theirs):
            reading.fault(
                where,
                f"'{theirs}' bernomor {number}, di sini nomor itu '{real}'",
                f"'{theirs}' has number {number}, which here is '{real}'",
            )
            continue
        reading.ids[key] = (party, number)


def _words(name: str) -> set[str]:
    return {w for w in re.findall(r"[a-z]+", name.lower()) if len(w) > 3}


def _sirekap(reading: _Reading, name: str, raw: Any) -> None:
    reading.kind = reading.kind or "sirekap"
    if isinstance(raw, list):
        for i, one in enumerate(raw, 1):
            code = str(one.get("kode") or one.get("tps") or "") if isinstance(one, dict) else ""
            where = f"{name}: {i}"
            if not re.fullmatch(r"\d{13}", code):
                reading.fault(where, "tidak ada kode TPS 13 angka pada 'kode'", "there is no TPS code of 13 digits at 'kode'")
            else:
                _one(reading, code, one, f"{name}: {code}")
        return
    if not isinstance(raw, dict):
        reading.fault(name, "bukan bentuk Sirekap", "has not Sirekap's shape")
        return
    body = _body(raw)
    table = body.get("table")
    if isinstance(table, dict) and any(TPS.fullmatch(str(k)) for k in table):
        _stamp(reading, raw)
        for code, row in table.items():
            if (of := reading.station(str(code), f"{name}: table.{code}")) is not None and isinstance(row, dict):
                _chart(reading, of, row, f"{name}: table.{code}")
    elif {"chart", "administrasi"} & body.keys():
        codes = TPS.findall(name.rpartition("/")[2]) or [str(raw.get("kode", ""))]
        if not re.fullmatch(r"\d{13}", codes[-1]):
            hint = ("kode TPS tidak ada: nama berkas harus kode 13 angka", "no TPS code: the file's name must be the code of 13 digits")
            reading.fault(name, *hint)
            return
        _one(reading, codes[-1], raw, f"{name}: {codes[-1]}")
    elif raw and all(re.fullmatch(r"\d{13}", str(k)) for k in raw):
        for code, one in raw.items():
            _one(reading, str(code), one, f"{name}: {code}")
    else:
        reading.fault(
            name,
            "bukan bentuk Sirekap: tidak ada 'chart', 'administrasi', atau kode TPS",
            "has not Sirekap's shape: no 'chart', 'administrasi' or TPS codes",
        )


def _body(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Since the regional elections of 2024 the figures stand one level lower."""
    inner = raw.get("tungsura")
    return inner if isinstance(inner, dict) else raw


def _stamp(reading: _Reading, raw: Mapping[str, Any]) -> None:
    if isinstance(raw.get("ts"), str):
        reading.as_of = max(reading.as_of, raw["ts"])


def _one(reading: _Reading, code: str, raw: Any, where: str) -> None:
    if not isinstance(raw, dict):
        reading.fault(where, "bukan objek", "is no object")
        return
    _stamp(reading, raw)
    body = _body(raw)
    parts = {k: body.get(k) if body.get(k) is not None else raw.get(k) for k in ("chart", "administrasi", "caleg")}
    for key, part in parts.items():
        if part is not None and not isinstance(part, dict):
            reading.fault(f"{where}: {key}", "bukan objek", "is no object")
            return
    of = reading.station(code, where)
    if of is None:
        return
    _chart(reading, of, parts["chart"] or {}, f"{where}: chart")
    for key, value in (parts["administrasi"] or {}).items():
        if (ours := ADMINISTRATION.get(key)) is not None:
            reading.put(of, ours, value, f"{where}: administrasi.{key}")
    for party, votes in (parts["caleg"] or {}).items():
        if isinstance(votes, dict):
            _party(reading, of, str(party), votes, f"{where}: caleg.{party}")


def _chart(reading: _Reading, of: dict[str, int], chart: Mapping[str, Any], where: str) -> None:
    """Votes of contestants by their ids; in elections by parties, of parties by their numbers."""
    for key, value in chart.items():
        if key in _NO_CONTESTANT or value is None:
            continue
        if reading.view.by_party:
            _party(reading, of, str(key), value if isinstance(value, dict) else {"jml_suara_total": value}, f"{where}.{key}")
            continue
        name = _contestant(reading, str(key), f"{where}.{key}")
        if name:
            reading.put(of, name, value, f"{where}.{key}")


def _party(reading: _Reading, of: dict[str, int], party: str, votes: Mapping[str, Any], where: str) -> None:
    if not party.isascii() or not party.isdecimal() or int(party) not in reading.view.parties:
        reading.fault(where, f"partai '{party[:20]}' tidak ada dalam pemilihan ini", f"the election has no party '{party[:20]}'")
        return
    for key, value in votes.items():
        if key == "jml_suara_partai":
            reading.put(of, f"suara_partai_{int(party)}", value, f"{where}.{key}")
        elif key == "jml_suara_total":
            reading.put(of, f"suara_partai_dan_calon_{int(party)}", value, f"{where}.{key}")
        elif key not in _NO_CONTESTANT and value is not None and (name := _contestant(reading, key, f"{where}.{key}", int(party))):
            reading.put(of, name, value, f"{where}.{key}")


def _contestant(reading: _Reading, key: str, where: str, party: int = 0) -> str | None:
    """Our name of a contestant's votes, by the publisher's id or by the number itself; None, with a fault, for nobody's."""
    found = reading.ids.get(key)
    if found is None and key.isascii() and key.isdecimal() and len(key) <= 3:
        found = (party, int(key))
    if found is not None:
        at = (found[0] or party, found[1])
        for name, n in reading.names.items():
            if n.votes is not None and n.votes.what is For.CONTESTANT and (n.votes.party, n.votes.number) == at:
                return name
    known = (
        "calon dengan id '{}' tidak dikenal; sertakan daftar calon",
        "there is no contestant with the id '{}'; add the list of contestants",
    )
    reading.fault(where, known[0].format(key[:20]), known[1].format(key[:20]))
    return None


def _table(reading: _Reading, name: str, data: bytes) -> None:
    """A line for each TPS, a column for each number; the head names them as our own CSV does."""
    reading.kind = "csv"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        reading.fault(name, "bukan teks UTF-8", "is no UTF-8 text")
        return
    first = text.partition("\n")[0]
    rows = list(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count)))
    head = [h.strip().lower() for h in rows[0]] if rows else []
    if not head or head[0] not in ("tps", "kode_tps", "kode"):
        reading.fault(f"{name}, baris 1, kolom 1", "kepala kolom pertama harus 'tps'", "the first column's head must be 'tps'")
        return
    for i, h in enumerate(head[1:], 2):
        if h and h not in reading.names:
            reading.fault(
                f"{name}, baris 1, kolom {i}", f"'{h[:40]}' bukan angka pemilihan ini", f"'{h[:40]}' is no number of this election"
            )
    for line, row in enumerate(rows[1:], 2):
        if not any(c.strip() for c in row):
            continue
        code = row[0].strip()
        if not re.fullmatch(r"\d{13}", code):
            reading.fault(
                f"{name}, baris {line}, kolom tps", f"'{code[:20]}' bukan kode TPS 13 angka", f"'{code[:20]}' is no TPS code of 13 digits"
            )
            continue
        of = reading.station(code, f"{name}, baris {line}")
        for h, text_value in zip(head[1:], row[1:], strict=False):
            value = text_value.strip()
            if of is not None and h and value:
                whole = int(value) if value.isascii() and value.isdecimal() and len(value) < 12 else value
                reading.put(of, h, whole, f"{name}, baris {line}, kolom {h}")
        if len(row) > len(head):
            reading.fault(f"{name}, baris {line}", "lebih banyak kolom daripada kepala", "more columns than the head has")


def _check_places(reading: _Reading) -> None:
    """TPS that lie where the election is not held. Whether a TPS exists is asked of the database (unknown_stations)."""
    for code in reading.figures:
        if not reading.view.owes(code):
            reading.fault(f"TPS {code}", "tidak ikut dalam pemilihan ini", "does not vote in this election")


def unknown_stations(figures: Mapping[str, object], known: Mapping[str, int]) -> None:
    """Raises BadPublished, naming the TPS that are in no region we have."""
    missing = [c for c in figures if c not in known]
    if missing:
        raise BadPublished([(f"TPS {c}", "tidak ada dalam data wilayah", "is not among the regions") for c in missing])
