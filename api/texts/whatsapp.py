"""What the WhatsApp bot says. It speaks Indonesian; the English is for whoever reads over the shoulder."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "wa.receipt": (
        "✅ Foto diterima {when}\n{label}{page}\nTanda terima *{number}*{chain}",
        "✅ Photo received {when}\n{label}{page}\nReceipt *{number}*{chain}",
    ),
    "wa.chain": ("\nJejak audit {chain}", "\nAudit log {chain}"),
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
    "wa.unclear": (
        "Bila kertasnya masih di depan Anda, mohon foto ulang seluruh halaman; bagian {part} harus jelas.",
        "If the paper is still before you, please photograph the whole page again, sharp {part}.",
    ),
    "wa.result.unreadable": ("⚠️ {label}: foto tidak terbaca, mohon foto ulang.{why}", "⚠️ {label}: unreadable, please take it again.{why}"),
    "wa.result.wrong_form": ("⚠️ {label}: ini formulir lain. Periksa pemilihan dan halamannya.", "⚠️ {label}: this is another form."),
    "wa.result.rejected": ("⚠️ {label}: foto ditolak, mohon foto ulang. {why}", "⚠️ {label}: photo rejected, please take it again. {why}"),
    # the admin's page
    "nav.numbers": ("WhatsApp", "WhatsApp"),
    "wanum.title": ("Nomor WhatsApp", "WhatsApp numbers"),
    "wanum.lead": (
        "Nomor siapa milik petugas mana. Kiriman nomor yang tidak dikenal disimpan terpisah sampai Anda memutuskan.",
        "Which number is whose. What unknown numbers send is kept apart until you decide.",
    ),
    "wanum.off": (
        "WhatsApp belum diatur di server ini; nomor tetap dapat didaftarkan.",
        "WhatsApp is not set up here; numbers can be registered.",
    ),
    "wanum.unknown": ("Nomor tidak dikenal", "Unknown numbers"),
    "wanum.unknown.text": (
        "Foto dari nomor ini belum masuk hitungan. Daftarkan hanya bila Anda tahu pemiliknya; nama di WhatsApp dapat ditulis siapa saja.",
        "No photo of these numbers counts. Register one only if you know whose it is; anybody may call himself anything.",
    ),
    "wanum.calls_himself": ("menyebut diri \u201c{name}\u201d", "calls himself \u201c{name}\u201d"),
    "wanum.no_name": ("tanpa nama", "no name"),
    "wanum.held": ("{count} pesan menunggu", "{count} messages wait"),
    "wanum.picture": ("Foto yang dikirim {when}", "Photo sent {when}"),
    "wanum.forwarded": ("diteruskan", "forwarded"),
    "wanum.no_text": ("(tanpa keterangan)", "(no caption)"),
    "wanum.belongs": ("Nomor ini milik", "This number is"),
    "wanum.owner": ("Petugas", "Operator"),
    "wanum.owner.choose": ("Pilih petugas\u2026", "Choose an operator\u2026"),
    "wanum.owner.hint": (
        "TPS atau wilayahnya diambil dari akun petugas ini.",
        "TPS and area are those of this operator's account.",
    ),
    "wanum.register": ("Daftarkan", "Register"),
    "wanum.block": ("Blokir nomor ini", "Block this number"),
    "wanum.known": ("Nomor terdaftar", "Registered numbers"),
    "wanum.none": ("Belum ada nomor.", "No numbers yet."),
    "wanum.number": ("Nomor", "Number"),
    "wanum.state": ("Keadaan", "State"),
    "wanum.last": ("Pesan terakhir", "Last message"),
    "wanum.active": ("aktif", "active"),
    "wanum.revoked": ("dicabut", "revoked"),
    "wanum.revoke": ("Cabut", "Revoke"),
    "wanum.revoke.text": (
        "Semua foto dari nomor ini diperiksa orang, juga yang sudah dihitung mesin. Tidak ada yang dihapus.",
        "A person looks at every photo of this number, also at those that the machine counted. Nothing is deleted.",
    ),
    "wanum.revoke.do": ("Cabut nomor", "Revoke the number"),
    "wanum.note": ("Alasan (boleh kosong)", "Reason (may be empty)"),
    "wanum.again": ("Daftarkan lagi", "Register again"),
    "wanum.new": ("Daftarkan nomor", "Register a number"),
    "wanum.done.registered": (
        "Nomor terdaftar. Kiriman yang menunggu sedang diproses.",
        "Registered. What waited is being worked on.",
    ),
    "wanum.done.revoked": ("Nomor dicabut; foto darinya menunggu pemeriksa.", "Revoked; its photos wait for a reviewer."),
}
