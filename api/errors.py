"""One error shape for everything that can go wrong in a request.

    {"error": {"code": "unknown_tps", "message": "<Indonesian>", "message_en": "<English>", "details": {...}}}

Every code stands in CATALOGUE with its HTTP status and both sentences; a route raises ``ApiError(code, **details)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tally.interpretation import ReasonCode
from tally.texts import TEXTS as PHOTO_TEXTS


@dataclass(frozen=True, slots=True)
class Known:
    status: int
    id: str
    en: str


PHOTO_STATUS = {
    ReasonCode.EMPTY_FILE: 422,
    ReasonCode.NOT_AN_IMAGE: 415,
    ReasonCode.BROKEN_IMAGE: 422,
    ReasonCode.IMAGE_TOO_LARGE: 413,
    ReasonCode.IMAGE_TOO_SMALL: 422,
}
"""Photos that are refused at the door; their sentences are those of tally.texts."""

CATALOGUE: dict[str, Known] = {
    **{code.value: Known(status, *PHOTO_TEXTS[code]) for code, status in PHOTO_STATUS.items()},
    # photos
    "image_too_large/bytes": Known(
        413, "Berkas foto terlalu besar. Paling besar {max_mib} MB.", "The photo file is too large. At most {max_mib} MB."
    ),
    "import_too_large": Known(
        413,
        "Berkas terlalu besar untuk diimpor. Paling besar {max_mib} MB; bagi menjadi beberapa berkas.",
        "The file is too large to be imported. At most {max_mib} MB; split it into several files.",
    ),
    "senders_table": Known(
        422,
        "Tabel pengirim harus berkolom sender dan area; area berisi kode wilayah.",
        "The table of senders needs the columns sender and area; area holds region codes.",
    ),
    "no_files": Known(422, "Belum ada foto yang dipilih.", "No photo was chosen."),
    "too_many_files": Known(
        413, "Terlalu banyak foto sekaligus. Paling banyak {max_files}.", "Too many photos at once. At most {max_files}."
    ),
    "upload_damaged": Known(
        422, "Foto rusak di perjalanan. Foto dikirim lagi dari awal.", "The photo was damaged on the way. It is sent again from the start."
    ),
    "storage_full": Known(
        507,
        "Tempat penyimpanan foto penuh. Foto belum diterima; hubungi admin dan jangan hapus foto di HP.",
        "The photo storage is full. The photo was not accepted; tell the admin and keep it on the phone.",
    ),
    "too_many_photos": Known(
        429,
        "Terlalu banyak foto dalam waktu singkat. Foto belum diterima; coba lagi dalam {seconds} detik.",
        "Too many photos in a short time. They were not accepted; try again in {seconds} seconds.",
    ),
    "bad_signature": Known(403, "Tanda tangan kiriman tidak sah.", "The signature of this request is not valid."),
    "bad_phone": Known(
        422, "Nomor telepon tidak sah. Tulis misalnya 0812 3456 7890.", "The phone number is not valid. Write e.g. 0812 3456 7890."
    ),
    # access
    "login_required": Known(401, "Silakan masuk dahulu.", "Please log in first."),
    "login_failed": Known(401, "Nama pengguna atau kata sandi salah.", "User name or password is wrong."),
    "too_many_attempts": Known(
        429,
        "Terlalu banyak percobaan masuk. Coba lagi dalam {seconds} detik.",
        "Too many attempts to log in. Try again in {seconds} seconds.",
    ),
    "bad_token": Known(401, "Token API tidak dikenal atau sudah tidak berlaku.", "The API token is not known or no longer valid."),
    "token_scope": Known(403, "Token API ini tidak berhak membaca alamat ini.", "This API token may not read this address."),
    "too_many_requests": Known(
        429, "Terlalu banyak permintaan. Coba lagi dalam {seconds} detik.", "Too many requests. Try again in {seconds} seconds."
    ),
    "second_factor_needed": Known(
        403,
        "Akun ini harus memakai verifikasi dua langkah. Pasang dahulu di halaman Akun.",
        "This account must use two-step verification. Set it up on the account page first.",
    ),
    "wrong_code": Known(
        422, "Kode salah atau sudah dipakai. Tunggu kode berikutnya.", "The code is wrong or was used. Wait for the next one."
    ),
    "outside_area": Known(403, "Wilayah ini di luar wilayah tugas Anda.", "This region is outside your area."),
    "photo_expired": Known(
        410,
        "Berkas foto ini sudah dihapus sesuai masa simpan. Angka dan catatannya tetap ada.",
        "The file of this photo was removed when its time was over. Its figures and its record remain.",
    ),
    "forbidden": Known(403, "Akun Anda tidak berhak membuka halaman ini.", "Your account may not open this page."),
    "csrf": Known(403, "Halaman sudah kedaluwarsa. Muat ulang halaman lalu coba lagi.", "This page has expired. Reload it and try again."),
    # templates
    "bad_form_id": Known(
        422,
        "Id formulir hanya huruf kecil, angka, dan garis, mis. c-hasil-dpr-2029.",
        "Form ids are lower-case letters, digits and dashes, e.g. c-hasil-dpr-2029.",
    ),
    "template_faulty": Known(
        422,
        "Templat masih punya kesalahan. Benahi dahulu yang disebut pada pemeriksaan.",
        "The template has faults. Set right what the check names.",
    ),
    "template_not_ready": Known(
        409,
        "Templat ini belum selesai disiapkan. Tunggu sebentar, lalu coba lagi.",
        "The template is not prepared yet. Wait a moment and try again.",
    ),
    "template_refused": Known(422, "Templat ini tidak dapat diterbitkan: {why}.", "This template cannot be published: {why_en}."),
    "trial_scored": Known(409, "Foto uji ini belum dibaca, atau sudah dinilai.", "This test photo is not read yet, or was scored already."),
    "audit_busy": Known(
        409,
        "Jejak audit sedang diperiksa. Tunggu sampai selesai, lalu coba lagi.",
        "The audit log is being checked. Wait until that is done, then try again.",
    ),
    # users
    "user_exists": Known(409, "Nama pengguna {username} sudah dipakai.", "The user name {username} is taken."),
    "weak_password": Known(422, "Kata sandi paling sedikit {min} karakter.", "The password needs at least {min} characters."),
    "bad_username": Known(
        422,
        "Nama pengguna hanya huruf kecil, angka, titik, dan garis (3-40).",
        "User names are lower-case letters, digits, dots and dashes (3-40).",
    ),
    "own_account": Known(409, "Anda tidak dapat menonaktifkan akun sendiri.", "You cannot disable your own account."),
    # general
    "unknown_region": Known(404, "Wilayah {code} tidak dikenal.", "There is no region {code}."),
    "not_found": Known(404, "Halaman atau data ini tidak ditemukan.", "This page or record does not exist."),
    "method_not_allowed": Known(405, "Cara akses ini tidak diizinkan.", "This method is not allowed here."),
    "invalid_request": Known(422, "Isian tidak lengkap atau tidak sah: {fields}.", "The request is incomplete or invalid: {fields}."),
    "bad_request": Known(400, "Permintaan tidak dapat dimengerti.", "The request could not be understood."),
    "request_too_large": Known(413, "Kiriman terlalu besar.", "The request is too large."),
    "busy": Known(
        503,
        "Server sedang sangat sibuk. Foto belum diterima; coba lagi dalam {seconds} detik.",
        "The server is very busy. The photo was not accepted; try again in {seconds} seconds.",
    ),
    "unavailable": Known(503, "Layanan sedang tidak tersedia. Coba lagi sebentar.", "The service is not available. Try again shortly."),
    "internal": Known(
        500,
        "Terjadi kesalahan di server. Data yang sudah tersimpan tetap aman. Coba lagi.",
        "Something went wrong on the server. What was stored is safe. Try again.",
    ),
}

BY_STATUS = {
    400: "bad_request",
    401: "login_required",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "request_too_large",
}
"""Code for an error that a framework raised with nothing but a status."""


class ApiError(Exception):
    """What a request cannot do, by its key in CATALOGUE; what follows a "/" tells two sentences of one code apart.

    ``details`` fill the sentence's placeholders and go out with it; ``headers`` are added to the response.
    """

    def __init__(self, code: str, /, headers: dict[str, str] | None = None, **details: Any) -> None:
        super().__init__(code)
        self.code = code.partition("/")[0]
        self.known = CATALOGUE[code]
        self.details = details
        self.headers = headers or {}

    @property
    def status(self) -> int:
        return self.known.status

    def message(self, lang: str = "id") -> str:
        return (self.known.en if lang == "en" else self.known.id).format_map(_Blank(self.details))

    def body(self) -> dict[str, Any]:
        """The JSON of this error."""
        return {"error": {"code": self.code, "message": self.message("id"), "message_en": self.message("en"), "details": self.details}}


class _Blank(dict[str, Any]):
    """A missing detail is left out of the sentence instead of breaking the answer."""

    def __missing__(self, key: str) -> str:
        return ""
