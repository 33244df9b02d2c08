"""Sentences of the operator's status page."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "status.title": ("Keadaan sistem", "System status"),
    "status.lead": ("Diperbarui sendiri setiap 10 detik.", "Refreshes itself every 10 seconds."),
    "status.at": ("Keadaan pada {when}", "As of {when}"),
    "status.good": ("Baik", "Good"),
    "status.wait": ("Perhatikan", "Look at it"),
    "status.bad": ("Tindak sekarang", "Act now"),
    "status.queue": ("Foto menunggu dibaca", "Photos waiting to be read"),
    "status.queue.todo": (
        "Antrean melambat: lihat pembaca di bawah, atau jalankan lebih banyak.",
        "It falls behind: look at the readers below, or run more.",
    ),
    "status.oldest": ("Foto tertua menunggu", "Oldest photo waiting"),
    "status.oldest.todo": (
        "Foto terlalu lama menunggu. Periksa pembaca dan ruang disk.",
        "A photo waits too long. Check readers and disk space.",
    ),
    "status.workers": ("Pembaca yang hidup", "Readers alive"),
    "status.workers.todo": (
        "Pembaca berhenti: jalankan ulang layanan c1-worker (atau c1 serve).",
        "A reader is gone: restart c1-worker (or c1 serve).",
    ),
    "status.review": ("Lembar menunggu orang", "Sheets waiting for people"),
    "status.review.todo": (
        "Ada lembar menunggu lebih dari satu jam: tambah pemeriksa.",
        "A sheet waits for more than an hour: add reviewers.",
    ),
    "status.failed": ("Foto gagal dibaca (1 jam)", "Photos the machine failed on (1 h)"),
    "status.failed.todo": (
        "Mesin gagal pada foto; lihat log dengan nomor permintaan.",
        "The machine failed on photos; see the log.",
    ),
    "status.disk": ("Ruang disk untuk foto", "Disk space for photos"),
    "status.disk.todo": (
        "Ruang hampir habis: tambah disk sekarang, jangan hapus foto.",
        "Space runs out: add disk now, do not delete photos.",
    ),
    "status.backup": ("Umur cadangan terakhir", "Age of the last backup"),
    "status.backup.todo": (
        "Belum ada cadangan baru: jalankan c1 backup.",
        "There is no recent backup: run c1 backup.",
    ),
    "status.accepting": ("Pemilihan yang mesinnya dihentikan", "Elections in which the machine is stopped"),
    "status.accepting.todo": (
        "Semua lembar menunggu orang sampai pengawas menyalakannya lagi.",
        "All sheets wait for people until a supervisor lets it go on.",
    ),
    "status.readers": ("Pembaca", "Readers"),
    "status.reader": ("Proses", "Process"),
    "status.reader.read": ("Dibaca", "Read"),
    "status.reader.failed": ("Gagal", "Failed"),
    "status.reader.seen": ("Terakhir terlihat", "Last seen"),
    "status.reader.none": ("Tidak ada pembaca yang tercatat.", "No reader is on record."),
    "status.alive": ("hidup", "alive"),
    "status.silent": ("diam", "silent"),
    "status.ended": ("selesai", "ended"),
    "status.stages": ("Detik per tahap (200 bacaan terakhir)", "Seconds per stage (last 200 readings)"),
    "status.stages.none": ("Belum ada bacaan.", "Nothing was read yet."),
    "status.measured": ("Kesalahan yang diukur", "Measured errors"),
    "status.measured.none": ("Belum ada lembar yang diuji buta.", "No sheet was tested blind yet."),
    "status.measured.line": ("{wrong} salah dari {checked}; batas atas {upper} %", "{wrong} wrong of {checked}; upper bound {upper} %"),
    "status.hour": ("Satu jam terakhir", "The last hour"),
    "status.hour.line": ("{read} foto dibaca, {share} % diterima tanpa orang", "{read} photos read, {share} % accepted without a person"),
}
