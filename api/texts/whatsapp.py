"""What the WhatsApp bot says. It speaks Indonesian; the English is for whoever reads over the shoulder."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "wa.receipt": (
        "✅ Foto diterima {when}\n{label}{page}\nTanda terima *{number}*",
        "✅ Photo received {when}\n{label}{page}\nReceipt *{number}*",
    ),
    "wa.page": (", halaman {page}", ", page {page}"),
    "wa.documents": (
        "\n\nTips: kirim foto sebagai *Dokumen* (lampiran > Dokumen) agar ketajamannya utuh.",
        "\n\nTip: send photos as a *document* (attach > Document) to keep their full resolution.",
    ),
    "wa.known": (
        "Foto ini sudah diterima sebelumnya, {when}\n{label}\nTanda terima *{number}*. Tidak perlu dikirim lagi.",
        "This photo was received before, {when}\n{label}\nReceipt *{number}*. It need not be sent again.",
    ),
    "wa.disputed": (
        "Foto yang sama sudah diterima untuk {label}. Pemeriksa akan memutuskan TPS mana yang benar.",
        "The same photo was received for {label}. A reviewer will decide which TPS is right.",
    ),
    "wa.how": (
        "Balas foto ini dengan TPS dan desanya, misalnya: *TPS 5 Mariana*.",
        "Reply to this photo with its TPS and village, e.g. *TPS 5 Mariana*.",
    ),
    "wa.choose": ("Pilih", "Choose"),
    "wa.many_waiting": (
        "{count} foto menunggu keterangan TPS. Balas setiap foto dengan TPS dan desanya, misalnya: *TPS 5 Mariana*.",
        "{count} photos wait for their TPS. Reply to each with TPS and village, e.g. *TPS 5 Mariana*.",
    ),
    "wa.all_of_them": ("{count} foto menunggu. Semuanya dari {label}?", "{count} photos wait. Are all of them from {label}?"),
    "wa.yes_all": ("Ya, semua {count} foto", "Yes, all {count}"),
    "wa.only_last": ("Hanya yang terakhir", "Only the last one"),
    "wa.not_taken": ("❌ {why}", "❌ {why}"),
    "wa.not_had": (
        "❌ Foto ini tidak dapat diambil dari WhatsApp. Kirim ulang fotonya.",
        "❌ This photo could not be fetched from WhatsApp. Send it again.",
    ),
    "wa.later": (
        "Server sedang tidak dapat menyimpan foto. Foto Anda akan diambil lagi otomatis; jangan hapus dari ponsel.",
        "The server cannot store photos right now. Yours will be fetched again by itself; do not delete it from the phone.",
    ),
    "wa.unknown": (
        "Nomor ini belum terdaftar. Kiriman Anda disimpan terpisah sampai admin mendaftarkan nomor ini.",
        "This number is not registered. What you send is kept apart until an admin registers it.",
    ),
    "wa.help": (
        "Kirim foto formulir hasil TPS dengan keterangan, misalnya: *TPS 5 Mariana hal 2*. Satu foto satu halaman.",
        "Send photos of the TPS result forms with a caption, e.g. *TPS 5 Mariana hal 2*. One photo per page.",
    ),
    "wa.result.open": (
        "⚠️ Formulir pada foto belum dikenali. Pemeriksa akan melihatnya; bila foto kabur atau terpotong, mohon foto ulang.",
        "⚠️ The form was not recognised. A reviewer will look; if the photo is blurred or cut off, please take it again.",
    ),
    "wa.result.counted": ("{label}: halaman {page} terverifikasi. Terima kasih.", "{label}: page {page} verified. Thank you."),
    "wa.result.in_review": (
        "{label}: halaman {page} terbaca, menunggu pemeriksaan.{why}",
        "{label}: page {page} read, waiting for review.{why}",
    ),
    "wa.result.unreadable": ("⚠️ {label}: foto tidak terbaca, mohon foto ulang.{why}", "⚠️ {label}: unreadable, please take it again.{why}"),
    "wa.result.wrong_form": ("⚠️ {label}: ini formulir lain. Periksa pemilihan dan halamannya.", "⚠️ {label}: this is another form."),
    "wa.result.rejected": ("⚠️ {label}: foto ditolak, mohon foto ulang. {why}", "⚠️ {label}: photo rejected, please take it again. {why}"),
}
