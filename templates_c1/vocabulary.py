"""The names that the elections' numbers have everywhere, with their labels: what a person is offered who names a number."""

from __future__ import annotations

from templates_c1.schema import Label

_GROUPS = (
    ("pemilih_dpt", "Pemilih dalam DPT", "Voters on the fixed list (DPT)"),
    ("pemilih_dptb", "Pemilih dalam DPTb", "Voters on the additional list (DPTb)"),
    ("pemilih_dpk", "Pemilih dalam DPK", "Voters on the special list (DPK)"),
    ("pemilih_total", "Jumlah pemilih", "All voters"),
    ("pengguna_dpt", "Pengguna hak pilih dalam DPT", "Voted, fixed list (DPT)"),
    ("pengguna_dptb", "Pengguna hak pilih dalam DPTb", "Voted, additional list (DPTb)"),
    ("pengguna_dpk", "Pengguna hak pilih dalam DPK", "Voted, special list (DPK)"),
    ("pengguna_total", "Jumlah pengguna hak pilih", "All who voted"),
    ("disabilitas", "Pemilih disabilitas yang menggunakan hak pilih", "Voters with disabilities who voted"),
    ("disabilitas_terdaftar", "Pemilih disabilitas terdaftar", "Registered voters with disabilities"),
)
_SEXES = (("l", "laki-laki", "men"), ("p", "perempuan", "women"), ("jml", "jumlah", "total"))
_SINGLE = (
    ("ss_diterima", "Surat suara yang diterima", "Ballots received"),
    ("ss_digunakan", "Surat suara yang digunakan", "Ballots used"),
    ("ss_dikembalikan", "Surat suara yang dikembalikan karena rusak atau keliru dicoblos", "Ballots returned as damaged or wrongly marked"),
    ("ss_tidak_digunakan", "Surat suara yang tidak digunakan", "Ballots not used"),
    ("suara_sah", "Jumlah seluruh suara sah", "All valid votes"),
    ("suara_tidak_sah", "Jumlah suara tidak sah", "Invalid votes"),
    ("suara_total", "Jumlah suara sah dan tidak sah", "Valid and invalid votes"),
    ("suara_partai", "Suara partai politik", "Votes for the party"),
    ("suara_partai_dan_calon", "Jumlah suara partai dan calon", "Votes for party and candidates"),
    ("suara_calon_jumlah", "Jumlah suara semua calon", "Votes for all candidates"),
)


def vocabulary(pairs: int = 8, candidates: int = 40) -> dict[str, Label]:
    """Name -> label."""
    out = {
        f"{name}_{sex}": Label(id=f"{label}, {said}", en=f"{label_en}, {said_en}")
        for name, label, label_en in _GROUPS
        for sex, said, said_en in _SEXES
    }
    out |= {name: Label(id=label, en=label_en) for name, label, label_en in _SINGLE}
    out |= {f"suara_paslon_{i}": Label(id=f"Suara pasangan calon {i}", en=f"Votes for pair {i}") for i in range(1, pairs + 1)}
    out |= {f"suara_calon_{i}": Label(id=f"Suara calon {i}", en=f"Votes for candidate {i}") for i in range(1, candidates + 1)}
    return out
