"""What each reason code says to a person: Indonesian first, English second. One sentence, in the user's words.

A stage's detail, already in plain words, follows in brackets.
"""

from __future__ import annotations

from tally.interpretation import ReasonCode

TEXTS: dict[ReasonCode, tuple[str, str]] = {
    ReasonCode.FILE_NOT_OPENED: (
        "Berkas tidak dapat dibuka. Periksa nama dan hak aksesnya.",
        "The file could not be opened. Check its name and permissions.",
    ),
    ReasonCode.BROKEN_IMAGE: (
        "Berkas foto rusak atau terpotong. Kirim ulang foto ini, atau ambil foto baru.",
        "The photo file is damaged or cut short. Send it again, or take a new photo.",
    ),
    ReasonCode.EMPTY_FILE: (
        "Berkas kosong (0 byte). Kirim ulang foto ini.",
        "The file is empty (0 bytes). Send the photo again.",
    ),
    ReasonCode.NOT_AN_IMAGE: (
        "Berkas ini bukan foto. Kirim foto JPEG, PNG, HEIC, atau WebP.",
        "This file is not a photo. Send a JPEG, PNG, HEIC or WebP photo.",
    ),
    ReasonCode.IMAGE_TOO_LARGE: (
        "Foto terlalu besar untuk diproses. Kirim foto dengan ukuran lebih kecil (paling besar 100 megapiksel).",
        "The photo is too large to process. Send a smaller one (at most 100 megapixels).",
    ),
    ReasonCode.IMAGE_TOO_SMALL: (
        "Foto terlalu kecil sehingga angka tidak dapat dibaca. Ambil foto lebih dekat, atau kirim ukuran asli.",
        "The photo is too small for its numbers to be read. Take it from closer, or send the original size.",
    ),
    ReasonCode.FORM_NOT_RECOGNISED: (
        "Formulir pada foto tidak dikenali. Pastikan seluruh halaman terlihat, rata, dan terang, lalu foto ulang.",
        "No known form was recognised in the photo. Make sure the whole page is visible, flat and well lit, and take it again.",
    ),
    ReasonCode.WRONG_FORM: (
        "Formulir pada foto bukan formulir yang diminta. Periksa pemilihan dan halamannya.",
        "The form in the photo is not the one asked for. Check the election and the page.",
    ),
    ReasonCode.MACHINE_ERROR: (
        "Mesin gagal membaca foto ini. Foto tersimpan dan akan diperiksa petugas.",
        "The machine failed to read this photo. It is kept, and a person will look at it.",
    ),
    ReasonCode.BOX_NOT_FOUND: (
        "Ada kotak angka yang tidak ditemukan pada foto.",
        "A number box was not found in the photo.",
    ),
    ReasonCode.LOW_CONFIDENCE: (
        "Ada angka yang kurang jelas terbaca.",
        "A number could not be read with enough confidence.",
    ),
    ReasonCode.READERS_DISAGREE: (
        "Pembaca mesin tidak sepakat tentang sebuah angka.",
        "The machine's readers disagree about a number.",
    ),
    ReasonCode.MARKS_DISAGREE: (
        "Bulatan yang dihitamkan tidak sama dengan angka yang ditulis.",
        "The filled bubbles differ from the written number.",
    ),
    ReasonCode.WORDS_DISAGREE: (
        "Angka tidak sama dengan yang ditulis dengan huruf.",
        "The number differs from what is written in words.",
    ),
    ReasonCode.CORRECTED: (
        "Ada kotak yang dicoret, ditimpa, atau tidak bersih.",
        "A box is struck out, overwritten or not clean.",
    ),
    ReasonCode.MALFORMED_NUMBER: (
        "Ada angka yang tidak sah: tanda silang berada setelah angka.",
        "A number is malformed: a cross stands after a digit.",
    ),
    ReasonCode.BLANK_NUMBER: (
        "Ada angka yang dibiarkan kosong.",
        "A number was left blank.",
    ),
    ReasonCode.SUM_MISMATCH: (
        "Jumlah tidak cocok.",
        "A sum does not add up.",
    ),
    ReasonCode.BOUND_BROKEN: (
        "Ada angka yang melebihi batas yang mungkin.",
        "A number is larger than it can be.",
    ),
    ReasonCode.POOR_PHOTO: (
        "Foto kurang baik (kabur, gelap, atau terpotong), sehingga perlu diperiksa.",
        "The photo is poor (blurred, dark or cut off), so it needs a look.",
    ),
    ReasonCode.UNCHECKED_NUMBER: (
        "Ada angka tanpa pembanding: tidak ada penjumlahan atau bacaan kedua yang menguatkannya.",
        "A number has no second evidence: no sum and no second reader confirms it.",
    ),
    ReasonCode.UNPROVEN_FORM: (
        "Formulir ini masih dalam masa percobaan, jadi setiap lembarnya diperiksa orang.",
        "This form is still on probation, so a person looks at every sheet of it.",
    ),
    ReasonCode.CONFLICT: (
        "Bacaan berbeda dari angka yang sudah disahkan untuk lembar ini.",
        "The reading differs from what was already committed for this sheet.",
    ),
}


def message(code: ReasonCode, detail: str = "", *, lang: str = "id") -> str:
    """The sentence for ``code``, with ``detail`` appended in brackets if given. ``lang`` is "id" or "en"."""
    text = TEXTS[code][1 if lang == "en" else 0]
    return f"{text} ({detail})" if detail else text
