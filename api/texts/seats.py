"""Sentences of the page of seats."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "nav.seats": ("Kursi", "Seats"),
    "seats.title": ("Perolehan kursi", "Seats"),
    "seats.lead": (
        "Sainte-Laguë (UU 7/2017 pasal 414, 415, 420) dari suara terverifikasi. Hitungan internal, bukan penetapan kursi.",
        "Sainte-Laguë (UU 7/2017, articles 414, 415, 420) from verified votes. An internal count, no official allocation.",
    ),
    "seats.party": ("Partai", "Party"),
    "seats.votes": ("Suara", "Votes"),
    "seats.seats": ("Kursi", "Seats"),
    "seats.all": ("Semua dapil", "All districts"),
    "seats.of": ("{count} kursi", "{count} seats"),
    "seats.divided": ("Suara dibagi", "Votes divided by"),
    "seats.seat": ("kursi ke-{n}", "seat {n}"),
    "seats.csv": ("Unduh tabel CSV", "Download as CSV"),
    "seats.open": (
        "Belum final: {got} dari {want} lembar masuk.",
        "Not final: {got} of {want} sheets are in.",
    ),
    "seats.part": (
        "Dapil ini lebih luas daripada wilayah yang dihitung di sini: kursinya tidak dapat ditentukan dari suara ini saja.",
        "This district is larger than the regions counted here: its seats do not follow from these votes alone.",
    ),
    "seats.tie": (
        "Hasil bagi sama: {parties}. {count} kursi belum diberikan; diputuskan oleh orang, bukan oleh program.",
        "Equal quotients: {parties}. {count} seats are not given; a person decides, not the program.",
    ),
    "seats.unset": ("Jumlah kursi dapil ini belum diisi.", "How many seats this district has is not filled in yet."),
    "seats.threshold": (
        "Hanya partai dengan paling sedikit 4 % suara sah nasional yang ikut (pasal 414).",
        "Only parties with at least 4 % of the nation's valid votes take part (article 414).",
    ),
    "seats.threshold.unknown": (
        "Belum diketahui partai mana yang mencapai 4 % suara sah nasional: semua partai ikut dihitung.",
        "Which parties have 4 % of the nation's valid votes is not known yet: all of them take part.",
    ),
    "seats.below": ("di bawah ambang batas", "below the threshold"),
}
