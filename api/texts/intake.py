"""What senders are told by WhatsApp, and what imports report."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    # what cannot be told
    "intake.which_tps": ("Foto ini dari TPS mana?", "Which TPS is this photo from?"),
    "intake.which_desa": (
        "Desa atau kecamatan mana? Nama itu ada di beberapa tempat.",
        "Which village or district? The name exists more than once.",
    ),
    "intake.several_tps": (
        "Lebih dari satu TPS disebut. Foto ini dari TPS mana?",
        "More than one TPS is named. Which one is this photo from?",
    ),
    "intake.no_such_tps": ("TPS dengan nomor dan nama itu tidak ada.", "There is no TPS of that number and name."),
    "intake.which_election": ("Foto ini untuk pemilihan yang mana?", "Which election is this photo for?"),
    # imports: why a picture was not taken
    "import.not_there": ("Berkas atau folder ini tidak ada.", "There is no such file or folder."),
    "import.zip_broken": ("Berkas zip rusak atau terpotong.", "The zip file is damaged or cut short."),
    "import.zip_encrypted": (
        "Berkas zip ini memakai kata sandi. Buat zip tanpa kata sandi.",
        "The zip file has a password. Make one without.",
    ),
    "import.zip_too_many": ("Isi berkas zip terlalu banyak.", "The zip file holds too many files."),
    "import.zip_bomb": (
        "Isi berkas zip jauh lebih besar daripada berkasnya; sisanya tidak dibuka.",
        "The zip file grows without end; the rest was not opened.",
    ),
    "import.zip_in_zip": ("Zip di dalam zip tidak dibuka. Keluarkan dahulu.", "A zip inside a zip is not opened. Unpack it first."),
    "import.pdf_broken": ("Berkas PDF rusak, kosong, atau memakai kata sandi.", "The PDF file is damaged, empty or has a password."),
    "import.pdf_too_long": ("Berkas PDF terlalu panjang.", "The PDF file has too many pages."),
    "import.too_large": ("Berkas foto terlalu besar.", "The photo file is too large."),
    "import.senders_table": (
        "Tabel pengirim harus berkolom sender dan area; area berisi kode wilayah.",
        "The table of senders needs the columns sender and area; area holds region codes.",
    ),
    "import.media_missing": (
        "Foto disebut dalam obrolan tetapi tidak ada dalam ekspor.",
        "The chat names this photo, but the export lacks it.",
    ),
    "import.media_omitted": (
        "Obrolan diekspor tanpa media. Ekspor ulang dengan memilih \u201cSertakan media\u201d.",
        "The chat was exported without media. Export it again and choose \u201cInclude media\u201d.",
    ),
    "import.disputed": (
        "Berkas yang sama sudah ada untuk {label}; pemeriksa akan memutuskan.",
        "The same file is here for {label}; a reviewer will decide.",
    ),
    "import.state.taken": ("diterima", "taken"),
    "import.state.known": ("sudah ada", "known already"),
    "import.state.disputed": ("dua TPS", "two TPS"),
    "import.state.unclear": ("TPS tidak jelas", "TPS unclear"),
    "import.state.refused": ("ditolak", "refused"),
    "import.state.missing": ("foto hilang", "missing"),
}
