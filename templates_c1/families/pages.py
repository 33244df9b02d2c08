"""The page families of the desk form. Each returns a ``Page`` that obeys the schema, with the rules its numbers must keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from templates_c1.families.layout import FREE_TEXT, SIZE, TOP, Row, columns, header, line, recognition, text, vote_rows
from templates_c1.schema import AtMostRule, Label, Number, Page, PrintItem, Rule, SumRule


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above and below a page, and what names it.

    Attributes:
        form: form id, printed at the foot.
        title: the election, as printed.
        number: of the page.
        tag: AprilTag id (36h10).
    """

    form: str
    title: str
    number: int
    tag: int


@dataclass(frozen=True, slots=True)
class Caps:
    """Most votes a station may have, ``most`` (a rule), and more than is usual, ``usual`` (a warning)."""

    most: int
    usual: int


def sum_rule(rule: str, total: str, *parts: str) -> SumRule:
    return SumRule(kind="sum", id=rule, total=total, parts=parts)


def capped(name: str, caps: Caps) -> tuple[AtMostRule, AtMostRule]:
    return (
        AtMostRule(kind="at_most", id=f"batas_{name}", number=name, bound=caps.most),
        AtMostRule(kind="at_most", id=f"wajar_{name}", number=name, bound=caps.usual, severity="warning"),
    )


def _page(head: Head, title: Label, numbers: Sequence[Number], printed: Sequence[PrintItem], rules: Sequence[Rule]) -> Page:
    return Page(
        number=head.number,
        title=title,
        size=SIZE,
        recognition=recognition(head.tag),
        numbers=tuple(numbers),
        rules=tuple(rules),
        free_text=FREE_TEXT,
        print=(*header(head.title, title.id, f"{head.form}  halaman {head.number}  tag {head.tag}"), *printed),
    )


def legislative(head: Head, party: int, party_name: str, candidates: Sequence[str], caps: Caps) -> Page:
    """One party: the party's own votes, each candidate's, and their total, which must be the sum.

    Numbers: ``suara_partai_P``, ``suara_calon_P_1..n``, ``suara_partai_dan_calon_P`` with P the party's number: the pages of one form
    share one station, so no two may use one name.
    """
    own, total = f"suara_partai_{party}", f"suara_partai_dan_calon_{party}"
    rows = [
        Row(
            own,
            f"{party}",
            party_name,
            Label(id=f"Suara partai {party} {party_name}", en=f"Votes for party {party} {party_name}"),
            strong=True,
        )
    ]
    for i, person in enumerate(candidates, start=1):
        label = Label(id=f"Partai {party}, calon {i} {person}".rstrip(), en=f"Party {party}, candidate {i} {person}".rstrip())
        rows.append(Row(f"suara_calon_{party}_{i}", f"{i}", person or f"Calon {i}", label))
    label = Label(id=f"Jumlah suara partai {party} dan calonnya", en=f"All votes for party {party} and its candidates")
    rows.append(Row(total, "", "JUMLAH SUARA PARTAI DAN CALON", label, strong=True))
    numbers, printed = vote_rows(rows)
    title = Label(id=f"Partai {party}: {party_name}", en=f"Party {party}: {party_name}")
    rules = (sum_rule("jumlah_partai_dan_calon", total, *(r.name for r in rows[:-1])), *capped(total, caps))
    return _page(head, title, numbers, printed, rules)


def dpd(head: Head, candidates: Sequence[str], caps: Caps) -> Page:
    """All candidates of a province and their total: ``suara_calon_1..n``, ``suara_calon_jumlah``."""
    rows = [
        Row(f"suara_calon_{i}", f"{i}", name or f"Calon {i}", Label(id=f"Calon {i} {name}".rstrip(), en=f"Candidate {i} {name}".rstrip()))
        for i, name in enumerate(candidates, start=1)
    ]
    label = Label(id="Jumlah suara sah seluruh calon", en="Votes for all candidates")
    rows.append(Row("suara_calon_jumlah", "", "JUMLAH SUARA SELURUH CALON", label, strong=True))
    numbers, printed = vote_rows(rows)
    rules = (sum_rule("jumlah_calon", "suara_calon_jumlah", *(r.name for r in rows[:-1])), *capped("suara_calon_jumlah", caps))
    return _page(head, Label(id="Perolehan suara calon", en="Votes of each candidate"), numbers, printed, rules)


_VALIDITY = (
    ("suara_sah", "JUMLAH SUARA SAH", Label(id="Jumlah seluruh suara sah", en="Valid votes")),
    ("suara_tidak_sah", "JUMLAH SUARA TIDAK SAH", Label(id="Jumlah suara tidak sah", en="Invalid votes")),
    ("suara_total", "JUMLAH SUARA SAH DAN TIDAK SAH", Label(id="Jumlah suara sah dan tidak sah", en="Valid and invalid votes")),
)


def _validity() -> list[Row]:
    return [Row(name, "", words, label, strong=True) for name, words, label in _VALIDITY]


def _validity_rules(caps: Caps) -> tuple[Rule, ...]:
    return (sum_rule("sah_tidak_sah", "suara_total", "suara_sah", "suara_tidak_sah"), *capped("suara_total", caps))


def pairs(head: Head, names: Sequence[str], caps: Caps) -> Page:
    """President, governor, regent: every pair, the valid votes as their sum, invalid votes, all votes."""
    rows = []
    for i, name in enumerate(names, start=1):
        label = Label(id=f"Suara sah pasangan calon {i}", en=f"Votes for pair {i}")
        rows.append(Row(f"suara_paslon_{i}", f"{i}", name or f"Pasangan calon {i}", label))
    of_pairs = [r.name for r in rows]
    numbers, printed = vote_rows(rows + _validity())
    rules = (sum_rule("sah_paslon", "suara_sah", *of_pairs), *_validity_rules(caps))
    return _page(head, Label(id="Perolehan suara pasangan calon", en="Votes of each pair"), numbers, printed, rules)


def summary(head: Head, caps: Caps) -> Page:
    """Valid + invalid = all votes."""
    numbers, printed = vote_rows(_validity())
    return _page(head, Label(id="Suara sah dan tidak sah", en="Valid and invalid votes"), numbers, printed, _validity_rules(caps))


_SEXES = (("l", "laki-laki (L)", "men"), ("p", "perempuan (P)", "women"), ("jml", "jumlah (L+P)", "all"))
_VOTERS = (
    ("pemilih_dpt", "Pemilih dalam DPT", "Registered voters (DPT)"),
    ("pengguna_dpt", "Pengguna hak pilih dalam DPT", "Voted: DPT"),
    ("pengguna_dptb", "Pengguna hak pilih dalam DPTb", "Voted: DPTb"),
    ("pengguna_dpk", "Pengguna hak pilih dalam DPK", "Voted: DPK"),
    ("pengguna_total", "Jumlah pengguna hak pilih", "Voted: all"),
)
_BALLOTS = (
    ("ss_diterima", "Surat suara yang diterima (termasuk cadangan)", "Ballots received (with reserve)"),
    ("ss_digunakan", "Surat suara yang digunakan", "Ballots used"),
    ("ss_dikembalikan", "Surat suara yang dikembalikan (rusak/keliru coblos)", "Ballots returned (damaged or wrongly punched)"),
    ("ss_tidak_digunakan", "Surat suara yang tidak digunakan", "Ballots not used"),
)
_DISABLED = (("disabilitas", "Pemilih disabilitas yang menggunakan hak pilih", "Voters with disability who voted"),)


def _by_sex(group: tuple[str, str, str]) -> tuple[list[tuple[str, Label]], str]:
    name, words, en = group
    return [(f"{name}_{s}", Label(id=f"{words}, {of}", en=f"{en}, {who}")) for s, of, who in _SEXES], words


def voters(head: Head, caps: Caps) -> Page:
    """Voters, turnout, ballots: the numbers and rules of page 1 of the 2024 form."""
    pitch, side = 15.0, 9.0
    y = TOP + 8
    numbers: list[Number] = []
    printed: list[PrintItem] = []
    blocks = (
        [_by_sex(g) for g in _VOTERS],
        [([(name, Label(id=words, en=en))], words) for name, words, en in _BALLOTS],
        [_by_sex(g) for g in _DISABLED],
    )
    for title, block in zip(("I. PEMILIH DAN PENGGUNA HAK PILIH", "II. SURAT SUARA", "III. PEMILIH DISABILITAS"), blocks, strict=True):
        printed += [text(title, 19.5, y - 2.6, 2.1, bold=True), line(17, y, 193, y)]
        if len(block[0][0]) == 3:
            step = side * 3.35 + 4.5
            printed += [text(s, 190 - side * 1.8 - step * k, y - 2.6, 1.9, bold=True) for k, s in enumerate(("L+P", "P", "L"))]
        more, lines = columns(block, y, pitch, side)
        numbers += more
        printed += lines
        y += pitch * len(block) + 9
    rules: list[Rule] = [sum_rule(f"jumlah_{g}", f"{g}_jml", f"{g}_l", f"{g}_p") for g in (*(v[0] for v in _VOTERS), "disabilitas")]
    rules += [
        sum_rule(f"kolom_pengguna_total_{s}", f"pengguna_total_{s}", *(f"pengguna_{k}_{s}" for k in ("dpt", "dptb", "dpk")))
        for s, *_ in _SEXES
    ]
    rules += [
        sum_rule("pengguna_surat_suara", "ss_digunakan", "pengguna_total_jml"),
        sum_rule("neraca_surat_suara", "ss_diterima", "ss_digunakan", "ss_dikembalikan", "ss_tidak_digunakan"),
    ]
    for s, *_ in _SEXES:
        rules += [
            AtMostRule(kind="at_most", id=f"terdaftar_dpt_{s}", number=f"pengguna_dpt_{s}", bound=f"pemilih_dpt_{s}"),
            AtMostRule(kind="at_most", id=f"disabilitas_pengguna_{s}", number=f"disabilitas_{s}", bound=f"pengguna_total_{s}"),
        ]
    for name in ("pemilih_dpt_jml", "pengguna_total_jml", "ss_diterima"):
        rules += capped(name, caps)
    return _page(
        head, Label(id="Data pemilih, pengguna hak pilih dan surat suara", en="Voters, turnout and ballots"), numbers, printed, rules
    )
