"""Sentences of the operators' report."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "nav.operators": ("Petugas", "Operators"),
    "op.title": ("Laporan petugas", "Operators' report"),
    "op.lead": (
        "Siapa mengirim apa dan kapan, berapa yang sekali benar, dan apa yang belum ada.",
        "Who delivered what and when, how much was right at the first try, and what is missing.",
    ),
    "op.only_own": ("Kiriman Anda sendiri.", "Your own deliveries."),
    "op.newest": ("Semua pemilihan hari terakhir", "All elections of the latest day"),
    "op.region": ("Wilayah", "Region"),
    "op.region.all": ("Seluruh wilayah Anda", "Your whole area"),
    "op.csv": ("CSV petugas", "CSV operators"),
    "op.csv.tps": ("CSV TPS", "CSV stations"),
    "op.xlsx": ("Excel (XLSX)", "Excel (XLSX)"),
    "op.tile.pages": ("Halaman masuk", "Pages in"),
    "op.tile.of": ("dari {count} yang wajib", "of {count} owed"),
    "op.tile.tps": ("TPS lengkap", "Stations complete"),
    "op.tile.tps.of": ("dari {count} TPS; {begun} sudah mulai", "of {count}; {begun} have begun"),
    "op.tile.people": ("Petugas yang mengirim", "People who delivered"),
    "op.tile.people.of": ("dari {count} yang bertugas", "of {count} on duty"),
    "op.tile.right": ("Sekali benar", "Right first time"),
    "op.tile.right.of": ("{right} dari {judged} halaman", "{right} of {judged} pages"),
    "op.people": ("Per petugas", "By person"),
    "op.stations": ("Per TPS", "By station"),
    "op.kecamatan": ("Per kecamatan", "By kecamatan"),
    "op.col.name": ("Petugas", "Person"),
    "op.col.stations": ("TPS", "Stations"),
    "op.col.photos": ("Foto", "Photos"),
    "op.col.pages": ("Halaman", "Pages"),
    "op.col.first": ("Pertama", "First"),
    "op.col.last": ("Terakhir", "Last"),
    "op.col.right": ("Sekali benar", "Right first time"),
    "op.col.missing": ("Belum ada", "Missing"),
    "op.col.begun": ("Mulai", "Begun"),
    "op.col.complete": ("Lengkap", "Complete"),
    "op.nothing": ("belum mengirim", "nothing yet"),
    "op.chat": ("dari obrolan, belum terdaftar", "from a chat, not registered"),
    "op.none": ("tidak ada", "none"),
    "op.page": ("hal {page}", "p. {page}"),
    "op.more": ("{count} lagi", "{count} more"),
    "op.choose": ("Pilih kecamatan untuk melihat daftar TPS-nya.", "Choose a kecamatan to see its stations."),
    "op.empty": ("Belum ada kiriman", "No deliveries yet"),
    "op.what.title": ("Cara menghitung", "How it is counted"),
    "op.what.right": (
        "Sekali benar: dari halaman yang dikirim dan sudah dapat dinilai, berapa yang foto pertamanya dapat dipakai. Foto tidak "
        "dapat dipakai bila petugas diminta mengirim ulang: tidak terbaca, formulir lain, atau ditolak pemeriksa. Salah baca mesin, "
        "salah tulis di kertas, dan foto yang belum dibaca tidak dihitung.",
        "Right first time: of the pages that were delivered and can be judged, how many were usable by their first photo. A photo is "
        "not usable if another was asked for: unreadable, another form, or rejected by a reviewer. What the machine misread, what the "
        "officers miswrote and what is not read yet do not count.",
    ),
    "op.what.missing": (
        "Belum ada: halaman wajib yang belum punya foto yang dapat dipakai, dari TPS di wilayah tugas petugas; tanpa wilayah tugas, "
        "dari TPS yang pernah ia kirim.",
        "Missing: owed pages without a usable photo, of the stations in the person's area; without an area, of those he delivered for.",
    ),
    "op.what.chat": (
        "Foto dari obrolan yang diimpor dihitung untuk pengirimnya di obrolan, dengan waktu kirimnya.",
        "Photos of an imported chat count for their sender in the chat, at the time he sent them.",
    ),
}
