"""Reasons as they are stored in the queue and shown to people. The machine's are tally's; the others come from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tally.interpretation import Reason, ReasonCode
from tally.texts import TEXTS


@dataclass(frozen=True, slots=True)
class ReasonText:
    """Why a photo needs a person. ``code`` is a tally ReasonCode or one of this module's."""

    code: str
    numbers: tuple[str, ...]
    message: str
    message_en: str

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "numbers": list(self.numbers), "message": self.message, "message_en": self.message_en}


STATED_PAGE_DIFFERS = "stated_page_differs"
NOT_COMPLETE = "not_complete"
WITHDRAWN = "withdrawn"
PAGES_DISAGREE = "pages_disagree"
PRINTED_TPS_DIFFERS = "printed_tps_differs"
PRINTED_PAGE_DIFFERS = "printed_page_differs"
QUARANTINED = "quarantined"
SENT_FOR_TWO = "sent_for_two"
SAME_PICTURE = "same_picture"
SAME_PAPER = "same_paper"
ACCEPTING_STOPPED = "accepting_stopped"
ALIGNED_BY_HAND = "aligned_by_hand"
UNDONE = "undone"
DIFFERENT_ENTRIES = "different_entries"
SAMPLED = "sampled"

OWN = {
    STATED_PAGE_DIFFERS: (
        "Halaman yang dikenali mesin bukan halaman yang disebut pengirim.",
        "The page the machine recognised is not the one the sender named.",
    ),
    PRINTED_TPS_DIFFERS: (
        "TPS yang tercetak pada formulir bukan TPS yang disebut pengirim.",
        "The TPS printed on the form is not the one the sender named.",
    ),
    PRINTED_PAGE_DIFFERS: (
        "Kode yang tercetak pada formulir tidak sesuai dengan halaman yang dikenali.",
        "The code printed on the form does not fit the page that was recognised.",
    ),
    NOT_COMPLETE: (
        "Bacaan mesin tidak lengkap atau tidak memenuhi aturan formulir.",
        "The machine's reading is not complete or breaks a rule of the form.",
    ),
    PAGES_DISAGREE: (
        "Angka pada halaman ini tidak cocok dengan halaman lain dari TPS yang sama.",
        "A number on this page does not fit another page of the same station.",
    ),
    QUARANTINED: (
        "Pengirim foto ini dicabut haknya; fotonya perlu dilihat sebelum dihitung.",
        "The sender of this photo was revoked; it needs a look before it counts.",
    ),
    SENT_FOR_TWO: (
        "Foto yang sama juga dikirim untuk TPS atau pemilihan lain.",
        "The same photo was also sent for another TPS or election.",
    ),
    SAME_PICTURE: ("Gambar yang sama ada pada TPS lain.", "The same picture is there under another TPS."),
    SAME_PAPER: (
        "Kertas yang sama tampaknya difoto juga untuk TPS lain.",
        "The same paper seems to have been photographed for another TPS too.",
    ),
    ACCEPTING_STOPPED: (
        "Mesin sedang tidak boleh meloloskan lembar sendiri, karena uji petik menemukan kesalahan.",
        "The machine may not accept sheets by itself at present, because samples showed errors.",
    ),
    ALIGNED_BY_HAND: (
        "Letak halaman ditunjukkan oleh pemeriksa; semua angka perlu dilihat.",
        "A reviewer showed where the page lies; every number needs a look.",
    ),
    DIFFERENT_ENTRIES: ("Dua orang menulis angka yang berbeda.", "Two people wrote different numbers."),
    SAMPLED: ("Uji petik: lembar yang sudah dihitung diisi sekali lagi.", "A sample: a counted sheet is entered once more."),
    UNDONE: ("Pemeriksaan dibatalkan oleh pemeriksanya.", "The review was undone by the reviewer."),
    WITHDRAWN: ("Angka yang sudah disahkan ditarik kembali.", "Counts that stood were withdrawn."),
}
"""Code -> (Indonesian, English)."""


def own(code: str, numbers: Iterable[str] = (), detail: str = "") -> ReasonText:
    """One of this module's reasons."""
    text, text_en = OWN[code]
    tail = f" ({detail})" if detail else ""
    return ReasonText(code, tuple(numbers), text + tail, text_en + tail)


def of_code(code: ReasonCode, numbers: Iterable[str] = (), detail: tuple[str, str] = ("", "")) -> ReasonText:
    text, text_en = TEXTS[code]
    tail, tail_en = (f" ({d})" if d else "" for d in detail)
    return ReasonText(code.value, tuple(numbers), text + tail, text_en + tail_en)


def of_machine(reasons: Iterable[Reason]) -> tuple[ReasonText, ...]:
    """The machine's own reasons; its Indonesian sentence may say more than the code's."""
    return tuple(ReasonText(r.code.value, r.numbers, r.message or TEXTS[r.code][0], TEXTS[r.code][1]) for r in reasons)


def from_json(raw: Iterable[Mapping[str, Any]]) -> tuple[ReasonText, ...]:
    return tuple(ReasonText(r["code"], tuple(r["numbers"]), r["message"], r["message_en"]) for r in raw)
