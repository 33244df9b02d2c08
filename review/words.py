"""What the desk says in plain words: rules with their numbers, reasons with the rows they concern, and the choices of a reviewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from db.types import Stage
from review.reasons import OWN, ReasonText
from tally.interpretation import Finding, ReasonCode, RuleKind
from tally.texts import TEXTS
from templates_c1.schema import Page

Two = tuple[str, str]
"""Indonesian, English."""
Labels = Mapping[str, Two]

LONG = 6
"""Parts of a sum, or names in a list, from which on they are counted instead of listed."""

REJECTIONS: dict[str, Two] = {
    "blurred": (
        "Foto kabur. Ambil lagi dengan tangan diam, dari atas formulir.",
        "The photo is blurred. Hold still and take it from above.",
    ),
    "dark": ("Foto terlalu gelap atau silau. Ambil lagi di tempat terang.", "The photo is too dark or has glare. Take it in good light."),
    "cut_off": (
        "Halaman terpotong. Ambil lagi sehingga keempat sudutnya terlihat.",
        "The page is cut off. All four corners must be visible.",
    ),
    "covered": (
        "Ada yang menutupi angka. Ambil lagi tanpa jari atau benda di atas kertas.",
        "Something covers the numbers. Take it anew, with nothing on it.",
    ),
    "not_a_form": ("Ini bukan foto formulir hasil. Ambil foto formulirnya.", "This is no photo of a result form. Take one of the form."),
    "wrong_page": (
        "Halaman ini tidak diminta, atau sudah ada. Kirim halaman yang diminta.",
        "This page is not asked for. Send the one that is.",
    ),
    "other": ("Foto tidak dapat dipakai.", "The photo cannot be used."),
}
"""Why a photo is refused, as the operator reads it: what to do better."""

FAULTS: dict[str, Two] = {
    "sum": ("Jumlah di kertas memang salah", "A sum is wrong on the paper"),
    "not_legible": ("Ada angka yang tidak terbaca di kertas", "A number is not legible on the paper"),
    "no_initials": ("Ada perbaikan tanpa paraf", "A correction lacks initials"),
    "overwritten": ("Ada angka yang ditimpa", "A number is overwritten"),
    "other": ("Kesalahan lain di kertas", "Another fault of the paper"),
}
"""What may be wrong with the paper itself. It is committed as written."""

STAGES: dict[Stage, Two] = {
    Stage.FIRST: ("Pemeriksaan", "Review"),
    Stage.SECOND: ("Entri kedua", "Second entry"),
    Stage.ARBITRATION: ("Penentuan orang ketiga", "Third person decides"),
    Stage.SAMPLE: ("Uji petik", "Blind sample"),
}


def labels_of(page: Page) -> dict[str, Two]:
    return {n.name: (n.label.id, n.label.en) for n in page.numbers}


def listed(names: Sequence[str], labels: Labels, lang: int) -> str:
    """ "Suara sah, Suara tidak sah", or how many there are."""
    if len(names) > LONG:
        return f"{len(names)} {('angka', 'numbers')[lang]}"
    return ", ".join(labels.get(n, (n, n))[lang] for n in names)


def finding_text(f: Finding, values: Mapping[str, int | None], labels: Labels) -> Two:
    """A rule with its numbers: "Suara sah: jumlah 178 tidak sama dengan 27 + 152 (= 179)"."""
    name = labels.get(f.numbers[0], (f.numbers[0], f.numbers[0]))
    if f.holds is None:
        unknown = [n for n in f.numbers if values.get(n) is None]
        return (
            f"{name[0]}: belum dapat dihitung tanpa {listed(unknown, labels, 0)}",
            f"{name[1]}: cannot be told without {listed(unknown, labels, 1)}",
        )
    if f.kind is RuleKind.AT_MOST:
        bound = labels.get(f.numbers[1], (f.numbers[1],) * 2) if len(f.numbers) > 1 else ("batas", "limit")
        signs = ("tidak melebihi", "is not above") if f.holds else ("melebihi", "is above")
        return (
            f"{name[0]}: {f.actual} {signs[0]} {f.expected} ({bound[0]})",
            f"{name[1]}: {f.actual} {signs[1]} {f.expected} ({bound[1]})",
        )
    parts = [str(values.get(n)) for n in f.numbers[1:]]
    many = len(parts) > LONG
    sum_id = f"hasil penjumlahan {len(parts)} angka" if many else " + ".join(parts)
    sum_en = f"the sum of {len(parts)} numbers" if many else " + ".join(parts)
    tail = f" (= {f.expected})" if len(parts) > 1 and not f.holds else ""
    signs = ("sama dengan", "equals") if f.holds else ("tidak sama dengan", "does not equal")
    return (f"{name[0]}: jumlah {f.actual} {signs[0]} {sum_id}{tail}", f"{name[1]}: total {f.actual} {signs[1]} {sum_en}{tail}")


def reason_text(r: ReasonText, findings: Sequence[Finding], values: Mapping[str, int | None], labels: Labels) -> Two:
    """A reason with the rule's numbers, or the names of the rows, it is about."""
    if r.code in (ReasonCode.SUM_MISMATCH.value, ReasonCode.BOUND_BROKEN.value):
        for f in findings:
            if f.holds is False and f.numbers == r.numbers:
                return finding_text(f, values, labels)
    if not r.numbers or r.code not in TEXTS_BY_CODE:
        return r.message, r.message_en
    plain = TEXTS_BY_CODE[r.code]
    return tuple(f"{plain[k].rstrip('.')}: {listed(r.numbers, labels, k)}." for k in (0, 1))  # type: ignore[return-value]


TEXTS_BY_CODE: dict[str, Two] = {code.value: two for code, two in TEXTS.items()}


def words() -> dict[str, Any]:
    """Every choice of the desk with its words, for select fields."""

    def rows(texts: Mapping[str, Two]) -> list[dict[str, str]]:
        return [{"code": str(code), "text": two[0], "text_en": two[1]} for code, two in texts.items()]

    return {
        "reject": rows(REJECTIONS),
        "faults": rows(FAULTS),
        "stages": rows({k.value: v for k, v in STAGES.items()}),
        "reasons": rows(TEXTS_BY_CODE | OWN),
    }
