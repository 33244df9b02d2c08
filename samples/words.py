"""Indonesian number words and names that never belonged to anybody in particular."""

from __future__ import annotations

from tally.words import LARGEST, phrase

FIRST = ("BUDI", "SITI", "AGUS", "RINA", "DEDI", "SRI", "EKO", "YULI", "HENDRA", "NUR", "RUDI", "WATI", "ANDI", "LINA", "JOKO", "FITRI")
LAST = ("SANTOSO", "AMINAH", "SAPUTRA", "LESTARI", "HIDAYAT", "WULAN", "KURNIA", "SARI", "PRATAMA", "HASAN", "UTAMI", "RAHMAN")

REGIONS = (
    ("SUMATERA SELATAN", "BANYUASIN", "TALANG KELAPA", "SUKAJADI"),
    ("SUMATERA SELATAN", "BANYUASIN", "BANYUASIN III", "PANGKALAN BALAI"),
    ("SUMATERA SELATAN", "BANYUASIN", "MAKARTI JAYA", "MAKARTI JAYA"),
    ("SUMATERA SELATAN", "BANYUASIN", "RAMBUTAN", "SAKO"),
    ("SUMATERA SELATAN", "BANYUASIN", "BETUNG", "BETUNG"),
)


def spell(n: int) -> str:
    """0 <= n < 1,000,000 in capitals: spell(127) == "SERATUS DUA PULUH TUJUH".

    Raises:
        ValueError: n out of range.
    """
    if not 0 <= n < 1_000_000:
        raise ValueError(f"{n} is not between 0 and 999999")
    if n <= LARGEST:
        return phrase(n)
    thousands, rest = divmod(n, 1000)
    head = "SERIBU" if thousands == 1 else f"{spell(thousands)} RIBU"
    return head + (f" {spell(rest)}" if rest else "")
