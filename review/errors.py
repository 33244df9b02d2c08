"""Every refusal of a sheet's life.

ServiceError (db.errors)
+-- StoreError, UnknownElection, UnknownTps, UnknownRegion, UnknownUser    (db)
+-- UnknownPage, UnknownPhoto
+-- NotAllowed
|   +-- OutsideArea
|   +-- OwnPhoto
|   +-- AlreadyEntered, BlindSheet                                         two people, independently
+-- DuplicatePhoto
|   +-- DuplicateOtherTps
+-- LeaseLost, AlreadySettled, StaleSheet                                  somebody else was faster
+-- BadValues, RulesBroken, NoteRequired                                   what was typed cannot stand
+-- ConfirmRequired                                                        asked once more before it stands
+-- UnknownAnomaly, AnomalyChanged
+-- CannotUndo
+-- CornersDoNotFit                                                        the page is not where it was shown to be
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from db.errors import ServiceError
from db.queries import UnknownElection, UnknownRegion, UnknownTps
from db.store import StoreError
from db.users import UnknownUser
from tally.interpretation import Finding

if TYPE_CHECKING:
    from review.receipt import Receipt

__all__ = [
    "AlreadyEntered",
    "AlreadySettled",
    "AnomalyChanged",
    "BadValues",
    "BlindSheet",
    "CannotUndo",
    "ConfirmRequired",
    "CornersDoNotFit",
    "DuplicateOtherTps",
    "DuplicatePhoto",
    "LeaseLost",
    "NotAllowed",
    "NoteRequired",
    "OutsideArea",
    "OwnPhoto",
    "RulesBroken",
    "ServiceError",
    "StaleSheet",
    "StoreError",
    "UnknownAnomaly",
    "UnknownElection",
    "UnknownPage",
    "UnknownPhoto",
    "UnknownRegion",
    "UnknownTps",
    "UnknownUser",
]


class UnknownPage(ServiceError):
    code = "unknown_page"
    status = 422
    text = "Formulir atau halaman ini bukan bagian dari pemilihan ini."
    text_en = "This form or page does not belong to the election."


class UnknownPhoto(ServiceError):
    code = "unknown_photo"
    status = 404
    text = "Foto tidak ditemukan."
    text_en = "There is no such photo."


class NotAllowed(ServiceError):
    code = "not_allowed"
    status = 403
    text = "Peran Anda tidak boleh melakukan ini."
    text_en = "Your role may not do this."


class OutsideArea(NotAllowed):
    code = "outside_area"
    text = "TPS ini di luar wilayah tugas Anda."
    text_en = "This TPS is outside your area."


class OwnPhoto(NotAllowed):
    code = "own_photo"
    text = "Foto ini Anda unggah sendiri, jadi harus diperiksa orang lain."
    text_en = "You uploaded this photo yourself, so somebody else must review it."


class AlreadyEntered(NotAllowed):
    code = "already_entered"
    text = "Anda sudah mengisi lembar ini, jadi harus diisi orang lain."
    text_en = "You entered this sheet yourself, so it must be somebody else's turn."


class BlindSheet(NotAllowed):
    code = "blind_sheet"
    text = "Lembar ini sedang menunggu entri kedua yang mandiri, jadi angkanya belum boleh dilihat."
    text_en = "This sheet waits for an independent second entry, so its numbers may not be seen yet."


class DuplicatePhoto(ServiceError):
    code = "duplicate_photo"
    status = 409
    text = "Foto ini sudah diterima sebelumnya. Tidak perlu dikirim lagi."
    text_en = "This photo was received before. It need not be sent again."

    def __init__(self, receipt: Receipt, details: Mapping[str, Any] | None = None) -> None:
        self.receipt = receipt
        super().__init__({"receipt": receipt.to_dict(), **(details or {})})


class DuplicateOtherTps(DuplicatePhoto):
    code = "duplicate_other_tps"
    text = (
        "Foto yang sama sudah dikirim untuk TPS atau pemilihan lain. Periksa TPS yang dipilih; bila yang dulu salah, beri tahu pemeriksa."
    )
    text_en = "The same photo was sent for another TPS or election. Check the TPS; if the earlier one was wrong, tell a reviewer."


class LeaseLost(ServiceError):
    code = "lease_lost"
    status = 409
    text = "Lembar ini sedang dikerjakan orang lain, atau waktu Anda sudah habis."
    text_en = "Somebody else works on this sheet, or your time on it ran out."


class AlreadySettled(ServiceError):
    code = "already_settled"
    status = 409
    text = "Lembar ini sudah selesai diperiksa."
    text_en = "This sheet is settled already."


class StaleSheet(ServiceError):
    code = "stale_sheet"
    status = 409
    text = "Lembar ini berubah sejak Anda membukanya. Muat ulang, lalu periksa lagi."
    text_en = "This sheet changed since you opened it. Load it again and look once more."


class BadValues(ServiceError):
    """``numbers``: name -> why, in the two languages."""

    code = "bad_values"
    status = 422
    text = "Ada angka yang kurang atau tidak mungkin."
    text_en = "A number is missing or impossible."

    def __init__(self, numbers: Mapping[str, tuple[str, str]]) -> None:
        super().__init__({"numbers": {k: {"message": i, "message_en": e} for k, (i, e) in numbers.items()}})


class RulesBroken(ServiceError):
    """A rule of the form does not hold, or a number is not legible: only with "the paper itself is wrong" may it stand."""

    code = "rules_broken"
    status = 422
    text = "Angka-angka ini tidak cocok satu sama lain. Periksa lagi; bila di kertas memang begitu, nyatakan salah di kertas."
    text_en = "These numbers do not agree with each other. Look again; if the paper says so, mark it as an error on the paper."

    def __init__(self, broken: Sequence[Finding], not_legible: Sequence[str]) -> None:
        self.findings = tuple(broken)
        super().__init__(
            {
                "findings": [
                    {
                        "rule_id": f.rule_id,
                        "rule": f.rule,
                        "numbers": list(f.numbers),
                        "expected": f.expected,
                        "actual": f.actual,
                        "severity": f.severity.value,
                        "holds": f.holds,
                    }
                    for f in broken
                ],
                "not_legible": list(not_legible),
            }
        )


class ConfirmRequired(ServiceError):
    """What was typed contradicts a sure reading, or breaks a rule that held. The same again with ``token`` stands."""

    code = "confirm_required"
    status = 409
    text = "Periksa sekali lagi: angka ini berbeda dari yang terbaca jelas, atau jumlahnya tidak lagi cocok. Bila benar, simpan lagi."
    text_en = "Look once more: this differs from what was clearly read, or a sum does not hold any more. If it is right, save again."

    def __init__(self, token: str, numbers: Sequence[Mapping[str, Any]]) -> None:
        super().__init__({"token": token, "numbers": [dict(n) for n in numbers]})


class CannotUndo(ServiceError):
    code = "cannot_undo"
    status = 409
    text = "Ini tidak dapat dibatalkan lagi: waktunya sudah lewat, atau orang lain sudah melanjutkannya."
    text_en = "This cannot be undone any more: it is too late, or somebody went on with it."


class CornersDoNotFit(ServiceError):
    code = "corners_do_not_fit"
    status = 422
    text = "Kotak angka tidak ditemukan di halaman yang ditunjuk. Periksa halaman dan keempat sudutnya, atau ketik angkanya dari gambar."
    text_en = "The number boxes are not on the page as shown. Check the page and its four corners, or type the numbers from the picture."


class NoteRequired(ServiceError):
    code = "note_required"
    status = 422
    text = "Tulis alasannya."
    text_en = "Say why."


class UnknownAnomaly(ServiceError):
    code = "unknown_anomaly"
    status = 404
    text = "Kejanggalan ini tidak ditemukan."
    text_en = "There is no such anomaly."


class AnomalyChanged(ServiceError):
    code = "anomaly_changed"
    status = 409
    text = "Kejanggalan ini sudah berubah sejak Anda melihatnya. Muat ulang halaman, lalu periksa lagi angkanya."
    text_en = "This anomaly has changed since you looked at it. Reload the page and look at its numbers again."
