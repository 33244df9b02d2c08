"""Indonesian number words and names that never belonged to anybody in particular."""

from __future__ import annotations

_UNITS = ("NOL", "SATU", "DUA", "TIGA", "EMPAT", "LIMA", "ENAM", "TUJUH", "DELAPAN", "SEMBILAN", "SEPULUH", "SEBELAS")

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
    if n < 12:
        return _UNITS[n]
    if n < 20:
        return f"{_UNITS[n - 10]} BELAS"
    if n < 100:
        tens, rest = divmod(n, 10)
        return f"{_UNITS[tens]} PULUH" + (f" {spell(rest)}" if rest else "")
    if n < 1000:
        hundreds, rest = divmod(n, 100)
        head = "SERATUS" if hundreds == 1 else f"{_UNITS[hundreds]} RATUS"
        return head + (f" {spell(rest)}" if rest else "")
    thousands, rest = divmod(n, 1000)
    head = "SERIBU" if thousands == 1 else f"{spell(thousands)} RIBU"
    return head + (f" {spell(rest)}" if rest else "")
