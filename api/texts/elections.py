"""Sentences of the admin's elections and of photos without a place."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "nav.elections": ("Pemilihan", "Elections"),
    "nav.unplaced": ("Tanpa tempat", "Unplaced"),
    "elections.title": ("Pemilihan", "Elections"),
    "elections.lead": (
        "Setiap pemilihan: tanggal, daerah pemilihan, peserta, dan halaman yang harus dikirim setiap TPS. Pemilihan baru: c1 load.",
        "Every election: its date, districts, contestants, and the pages each TPS owes. A new election: c1 load.",
    ),
    "elections.date": ("Tanggal", "Date"),
    "elections.areas": ("Dapil", "Districts"),
    "elections.pages": ("Halaman per TPS", "Pages per TPS"),
    "elections.contestants": ("Peserta", "Contestants"),
    "elections.unnamed": ("{count} tanpa nama", "{count} without a name"),
    "elections.placeholders": (
        "{count} peserta belum bernama dan tampil dengan nomornya saja. Nama tidak dikarang: isi di bawah ini bila sudah pasti.",
        "{count} contestants have no name yet and show as their number. Names are never invented: fill them in below once known.",
    ),
    "elections.file": ("Unduh berkas JSON", "Download as JSON"),
    "elections.saved": ("Tersimpan.", "Saved."),
    "elections.name": ("Nama", "Name (Indonesian)"),
    "elections.name.en": ("Nama dalam bahasa Inggris", "Name in English"),
    "elections.names": ("Peserta", "Contestants"),
    "elections.names.hint": (
        "Peserta: satu nama per baris, menurut nomor urut; baris kosong berarti nama belum diketahui.",
        "Contestants: one name a line, in the order of their numbers; an empty line is a name not known.",
    ),
    "elections.pages.hint": (
        "Halaman: satu formulir per baris, misalnya c-hasil-ppwp-2024: 1, 2, 3. Halaman satu partai: 2=1 (halaman 2 milik partai 1).",
        "Pages: one form a line, such as c-hasil-ppwp-2024: 1, 2, 3. A page of one party: 2=1 (page 2 is party 1's).",
    ),
    "elections.owed": ("Halaman yang harus dikirim setiap TPS", "Pages that each TPS owes"),
    "elections.save": ("Simpan", "Save"),
    "unplaced.title": ("Foto tanpa tempat", "Photos without a place"),
    "unplaced.lead": (
        "Foto yang dikirim tanpa TPS atau pemilihan, dan formulirnya tidak menyebutkannya. Sebutkan tempatnya; mesin tidak menebak.",
        "Photos sent without TPS or election, whose form does not say it. Say where they belong; the machine does not guess.",
    ),
    "unplaced.none": ("Tidak ada foto tanpa tempat", "No photos without a place"),
    "unplaced.none.text": ("Semua foto sudah punya TPS dan pemilihan.", "Every photo has its TPS and election."),
    "unplaced.picture": ("Foto {name}", "Photo {name}"),
    "unplaced.seen": ("Dikenali: {form}, halaman {page}.", "Recognised: {form}, page {page}."),
    "unplaced.printed": ("Tercetak: {tps}.", "Printed: {tps}."),
    "unplaced.place": ("Tempatkan", "Place it"),
    "unplaced.aside": ("Bukan formulir, sisihkan", "Not a form, put aside"),
    "unplaced.why.unreadable": ("Formulir tidak dikenali.", "The form was not recognised."),
    "unplaced.why.no_tps": ("Formulir ini tidak menyebut TPS yang dikenal.", "The form names no TPS that is known."),
    "unplaced.why.no_election": ("Tidak ada pemilihan di TPS ini yang memakai halaman ini.", "No election of this TPS uses this page."),
    "unplaced.why.several_elections": (
        "Lebih dari satu pemilihan di TPS ini memakai halaman ini.",
        "More than one election of this TPS uses this page.",
    ),
    "unplaced.why.outside_area": (
        "TPS yang tercetak di luar wilayah tugas pengirim.",
        "The TPS in print is outside the sender's area.",
    ),
}
