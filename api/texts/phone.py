"""Sentences of the operator's phone page."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "phone.offline": (
        "Tidak ada sinyal. Foto tetap bisa diambil: disimpan di HP dan terkirim sendiri begitu sinyal kembali.",
        "No signal. You can still take photos: they are kept on the phone and go out by themselves when it returns.",
    ),
    "phone.waiting": ("{count} foto menunggu terkirim", "{count} photos wait to be sent"),
    "phone.login": (
        "Silakan masuk lagi. Foto yang belum terkirim tetap tersimpan di HP ini.",
        "Please log in again. Unsent photos are safe here.",
    ),
    "phone.login.do": ("Masuk", "Log in"),
    "phone.others": (
        "{count} foto milik {user} menunggu di HP ini sampai ia masuk lagi.",
        "{count} photos of {user} wait on this phone until that user logs in again.",
    ),
    "phone.waits": ("Menunggu sinyal", "Waiting for a signal"),
    "phone.queued": ("Menunggu giliran", "Waiting for its turn"),
    "phone.resting": ("Terkirim {percent} %, menunggu sinyal", "{percent} % sent, waiting for a signal"),
    "phone.twice": ("Foto ini sudah ada dalam antrean.", "This photo is in the list already."),
    "phone.again": ("Foto ini sudah diterima sebelumnya.", "This photo was received before."),
    "phone.full": (
        "Memori HP penuh: foto ini tidak dapat disimpan untuk dikirim nanti. Kosongkan sedikit memori, lalu pilih lagi.",
        "The phone's memory is full: this photo cannot be kept for sending. Free some space and choose it again.",
    ),
    "phone.drop": ("Hapus dari HP", "Remove from the phone"),
    "phone.retake": ("Foto ulang", "Take it again"),
    "phone.hint.blurred": ("Tampak kabur. Bila bisa, foto ulang.", "It looks blurred. Take it again if you can."),
    "phone.hint.dark": (
        "Tampak gelap. Bila bisa, foto ulang di tempat terang.",
        "It looks dark. If you can, take it again in good light.",
    ),
    "phone.hint.glare": (
        "Ada silau pada kertas. Bila bisa, foto ulang tanpa lampu kilat.",
        "Glare on the paper. If you can, take it again without flash.",
    ),
    "phone.hint.small": ("Ukuran foto kecil. Kirim foto asli bila ada.", "The photo is small. Send the original if there is one."),
    "phone.hint.cut_top": ("Sisi atas formulir tampaknya terpotong.", "The top of the form seems to be cut off."),
    "phone.hint.cut_bottom": ("Sisi bawah formulir tampaknya terpotong.", "The bottom of the form seems to be cut off."),
    "phone.hint.cut_left": ("Sisi kiri formulir tampaknya terpotong.", "The left side of the form seems to be cut off."),
    "phone.hint.cut_right": ("Sisi kanan formulir tampaknya terpotong.", "The right side of the form seems to be cut off."),
    "phone.list": ("Daftar halaman TPS ini", "This station's pages"),
    "phone.list.none": ("Pilih TPS untuk melihat halaman yang harus dikirim.", "Choose the TPS to see which pages are to be sent."),
    "phone.list.reading": ("{count} foto sedang dibaca", "{count} photos are being read"),
    "phone.list.done": ("{done} dari {all} halaman", "{done} of {all} pages"),
    "phone.list.take": ("Foto", "Photo"),
    "phone.list.take.label": ("Foto {title}", "Take a photo: {title}"),
    "phone.page.missing": ("Belum ada", "Not in yet"),
    "phone.page.in_review": ("Terbaca, menunggu pemeriksaan", "Read, waiting for review"),
    "phone.page.again": ("Mohon foto ulang: {note}", "Please take it again: {note}"),
    "phone.page.counted": ("Terverifikasi", "Verified"),
    "phone.better": (
        "Halaman ini dihitung dari foto lain yang lebih jelas. Foto ini tetap disimpan.",
        "The page counts by another, clearer photo. This one is kept as well.",
    ),
    "phone.unclear": (
        "Yang kurang jelas ada di bagian {part}. Bila kertasnya masih di depan Anda, foto ulang bagian itu dari dekat.",
        "What is unclear lies {part}. If the paper is still before you, photograph it again from closer.",
    ),
    "phone.part.left": ("kiri", "on the left"),
    "phone.part.right": ("kanan", "on the right"),
    "phone.part.top": ("atas", "at the top"),
    "phone.part.bottom": ("bawah", "at the bottom"),
    "phone.part.top-left": ("kiri atas", "at the top left"),
    "phone.part.top-right": ("kanan atas", "at the top right"),
    "phone.part.bottom-left": ("kiri bawah", "at the bottom left"),
    "phone.part.bottom-right": ("kanan bawah", "at the bottom right"),
    "phone.part.middle": ("tengah", "in the middle"),
}
