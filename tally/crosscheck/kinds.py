"""Every check: how grave it is, its name, what it holds against what, and where that comes from (law, form, or method)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Two = tuple[str, str]
"""Indonesian, English."""


class Severity(StrEnum):
    HIGH = "high"
    """Cannot be right: numbers that are one and the same count differ."""
    MEDIUM = "medium"
    """Against a rule or a custom that honest stations nearly always keep."""
    LOW = "low"
    """Possible, but unlike the neighbours."""

    @property
    def rank(self) -> int:
        """The gravest first."""
        return list(Severity).index(self)


class Group(StrEnum):
    """What a check holds against what."""

    STATION = "station"
    """The pages of one TPS and election."""
    DAY = "day"
    """The elections of one day at one TPS."""
    NEIGHBOURS = "neighbours"
    """A TPS against the others of its desa or kecamatan."""


@dataclass(frozen=True, slots=True)
class Kind:
    id: str
    severity: Severity
    group: Group
    title: Two
    rule: Two
    source: str


FORM = "Form C.HASIL (lampiran PKPU 25/2023; pilkada PKPU 17/2024)"
_HIGH, _MEDIUM, _LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW
_STATION, _DAY, _NEAR = Group.STATION, Group.DAY, Group.NEIGHBOURS

ALL: tuple[Kind, ...] = (
    Kind(
        "users_ballots",
        _HIGH,
        _STATION,
        ("Pengguna hak pilih ≠ surat suara digunakan", "Voters who voted ≠ ballots used"),
        ("Jumlah pengguna hak pilih = surat suara yang digunakan", "Voters who voted = ballots used"),
        f"{FORM}, bagian I dan II",
    ),
    Kind(
        "users_votes",
        _HIGH,
        _STATION,
        ("Pengguna hak pilih ≠ suara sah + tidak sah", "Voters who voted ≠ valid + invalid votes"),
        ("Jumlah pengguna hak pilih = suara sah dan tidak sah", "Voters who voted = valid and invalid votes"),
        f"{FORM}, bagian I dan V",
    ),
    Kind(
        "ballots_votes",
        _HIGH,
        _STATION,
        ("Surat suara digunakan ≠ suara sah + tidak sah", "Ballots used ≠ valid + invalid votes"),
        ("Surat suara yang digunakan = suara sah dan tidak sah", "Ballots used = valid and invalid votes"),
        f"{FORM}, bagian II dan V",
    ),
    Kind(
        "valid_invalid",
        _HIGH,
        _STATION,
        ("Sah + tidak sah salah dijumlah", "Valid + invalid votes added up wrongly"),
        ("Suara sah + suara tidak sah = jumlahnya", "Valid + invalid votes = their total"),
        f"{FORM}, bagian V",
    ),
    Kind(
        "votes_valid",
        _HIGH,
        _STATION,
        ("Perolehan suara ≠ suara sah", "Contestants' votes ≠ valid votes"),
        ("Jumlah suara paslon, calon, atau partai = suara sah", "Votes of all pairs, candidates or parties = valid votes"),
        f"{FORM}, bagian IV dan V",
    ),
    Kind(
        "party_sum",
        _HIGH,
        _STATION,
        ("Jumlah partai dan calon salah", "Party total is wrong"),
        ("Suara partai + suara calonnya = jumlah suara partai dan calon", "Party's own + its candidates' votes = party total"),
        "Form C.HASIL-DPR/DPRD, bagian IV",
    ),
    Kind(
        "users_registered",
        _HIGH,
        _STATION,
        ("Pengguna lebih banyak dari yang terdaftar", "More voted than were registered"),
        ("Pengguna dari suatu daftar ≤ pemilih dalam daftar itu", "Voted from a list ≤ registered on that list"),
        "Form C.HASIL, bagian I: pengguna adalah bagian dari yang terdaftar",
    ),
    Kind(
        "over_limit",
        _HIGH,
        _STATION,
        ("Melebihi yang mungkin di satu TPS", "More than one TPS can have"),
        ("Angka ≤ batas pada templat formulir", "Number ≤ the limit in the form's template"),
        "Batas pada template.json formulir (400, pilkada 800)",
    ),
    Kind(
        "ballot_balance",
        _MEDIUM,
        _STATION,
        ("Surat suara tidak seimbang", "Ballots do not balance"),
        (
            "Diterima = digunakan + dikembalikan + tidak digunakan",
            "Received = used + returned + not used",
        ),
        f"{FORM}, bagian II",
    ),
    Kind(
        "received_reserve",
        _MEDIUM,
        _STATION,
        ("Surat suara diterima ≠ DPT + cadangan", "Ballots received ≠ DPT + reserve"),
        (
            "Diterima = DPT + 2 % DPT (pilkada 2,5 %), dibulatkan ke atas, ±1",
            "Received = DPT + 2 % of it (pilkada 2.5 %), rounded up, ±1",
        ),
        "UU 7/2017 pasal 344 (2); pilkada: UU 1/2015 pasal 80 dan 87; 20 dari 21 kertas 2019 yang dipakai menguji tepat, satu kurang 1",
    ),
    Kind(
        "voters_cap",
        _MEDIUM,
        _STATION,
        ("Pemilih melebihi batas per TPS", "More voters than a TPS may have"),
        (
            "DPT ≤ 300 (pilkada 600); pengguna dan suara ≤ itu + cadangan",
            "DPT ≤ 300 (pilkada 600); voters and votes ≤ that + reserve",
        ),
        "UU 7/2017: 500, oleh KPU dibatasi 300 (PKPU 7/2022); pilkada: UU 1/2015 dan 10/2016: 800, dibatasi 600 (PKPU 7/2024)",
    ),
    Kind(
        "form_sum",
        _MEDIUM,
        _STATION,
        ("Jumlah lain pada formulir salah", "Another sum of the form is wrong"),
        ("Aturan lain pada templat formulir (L + P = jumlah, kolom)", "The template's other rules (men + women = all, columns)"),
        "template.json formulir",
    ),
    Kind(
        "illegible",
        _MEDIUM,
        _STATION,
        ("Angka tidak terbaca di kertas", "A number is not legible on paper"),
        (
            "Lembar disahkan seperti tertulis, tanpa angka itu",
            "The sheet was committed as written, without that number",
        ),
        "docs/reviewers.md (salah di kertas)",
    ),
    Kind(
        "registered_day",
        _MEDIUM,
        _DAY,
        ("DPT berbeda antarpemilihan", "DPT differs between elections"),
        ("DPT satu TPS sama di semua pemilihan pada hari itu", "A TPS has one DPT for all elections of the day"),
        "PKPU 7/2022: DPT disusun sekali, per TPS",
    ),
    Kind(
        "turnout_day",
        _MEDIUM,
        _DAY,
        ("Pengguna berbeda antarpemilihan", "Turnout differs between elections"),
        (
            "Pengguna DPT satu TPS hampir sama di semua pemilihan pada hari itu (beda ≤ 3 atau 2 %)",
            "Nearly the same voters of the DPT voted in all elections of the day (difference ≤ 3 or 2 %)",
        ),
        "PKPU 25/2023: pemilih DPT menerima semua jenis surat suara; ambang: metode",
    ),
    Kind(
        "one_takes_all",
        _MEDIUM,
        _NEAR,
        ("Semua suara untuk satu peserta", "One contestant has every vote"),
        ("100 % suara sah untuk satu peserta, paling sedikit 20 suara", "100 % of the valid votes for one, at least 20 votes"),
        "Klimek dkk., PNAS 109 (2012) 16469: 100 % sebagai tanda",
    ),
    Kind(
        "zero_votes",
        _MEDIUM,
        _NEAR,
        ("Peserta tanpa suara, padahal kuat di sekitarnya", "No votes for a contestant who is strong nearby"),
        (
            "0 suara, padahal persentil ke-10 TPS sekitar memberi paling sedikit 8",
            "0 votes where the 10th percentile of the neighbours would give at least 8",
        ),
        "Metode: Poisson, P(0) ≤ e⁻⁸ pada persentil ke-10",
    ),
    Kind(
        "swapped_rows",
        _MEDIUM,
        _NEAR,
        ("Dua baris mungkin tertukar", "Two rows may be swapped"),
        (
            "Perbandingan suara dua baris menyimpang jauh (|z| > 5), dan cocok bila keduanya ditukar (|z| < 2)",
            "The ratio of two rows is far off (|z| > 5) and fits when they are exchanged (|z| < 2)",
        ),
        "Metode: z dari median dan MAD log-rasio (Iglewicz dan Hoaglin 1993)",
    ),
    Kind(
        "invalid_share",
        _LOW,
        _NEAR,
        ("Suara tidak sah tidak biasa", "Unusual share of invalid votes"),
        (
            "|z| > 4 terhadap TPS sekitar, dan paling sedikit 4 poin persen",
            "|z| > 4 against the neighbours, and at least 4 percentage points",
        ),
        "Metode: z dari median dan MAD (Iglewicz dan Hoaglin 1993)",
    ),
    Kind(
        "turnout",
        _LOW,
        _NEAR,
        ("Kehadiran tidak biasa", "Unusual turnout"),
        (
            "|z| > 4 terhadap TPS sekitar, dan paling sedikit 10 poin persen",
            "|z| > 4 against the neighbours, and at least 10 percentage points",
        ),
        "Metode: z dari median dan MAD (Iglewicz dan Hoaglin 1993)",
    ),
)

KINDS: dict[str, Kind] = {k.id: k for k in ALL}
