"""The regency's polling stations as the shipped region lists name them, for the heads of generated forms."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from templates_c1.families.declarations import Area, Declaration, declarations

FIRST_SPECIAL = 901
"""Special TPS (prisons, companies) are numbered from here."""
PROVINCES = {"16": "SUMATERA SELATAN"}


@dataclass(frozen=True, slots=True)
class Place:
    """A polling station: its 13-digit code and the names that stand on its forms."""

    code: str
    desa: str
    kecamatan: str
    kabupaten: str
    provinsi: str

    @property
    def number(self) -> int:
        return int(self.code[-3:])


@lru_cache(maxsize=1)
def _regions() -> tuple[dict[str, str], dict[str, tuple[int, int]]]:
    """Names by code, and (ordinary, special) TPS by desa."""
    names: dict[str, str] = {}
    counts: dict[str, tuple[int, int]] = {}
    for file in sorted((f for f in files("db.regions").iterdir() if f.name.endswith(".csv")), key=lambda f: f.name):
        for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
            names[row["code"]] = row["name"]
            if len(row["code"]) == 10:
                counts[row["code"]] = int(row["tps"]), int(row["special"] or 0)
    return names, counts


def place(code: str) -> Place:
    """The station with this code.

    Raises:
        ValueError: the shipped region lists do not know it.
    """
    names, counts = _regions()
    desa, number = code[:10], code[10:]
    ordinary, special = counts.get(desa, (0, 0))
    known = number.isdigit() and len(number) == 3 and (1 <= int(number) <= ordinary or 0 <= int(number) - FIRST_SPECIAL < special)
    if not known:
        raise ValueError(f"no TPS '{code}' in the shipped regions (13 digits, KPU's code)")
    return Place(code, names[desa], names[code[:6]], names[code[:4]], PROVINCES.get(code[:2], f"PROVINSI {code[:2]}"))


def declaration(kind: str) -> Declaration:
    """The newest election of a kind.

    Raises:
        ValueError: unknown kind.
    """
    known = [d for d in declarations() if d.election == kind]
    if not known:
        raise ValueError(f"no election '{kind}': {', '.join(sorted({d.election for d in declarations()}))}")
    return max(known, key=lambda d: d.year)


def area_of(kind: str, code: str) -> Area:
    """The dapil (or province, regency) in which the TPS votes. Raises ValueError if it does not vote there."""
    area = declaration(kind).area_of(code)
    if area is None:
        raise ValueError(f"TPS '{code}' has no part in '{kind}'")
    return area


def stations(kind: str, count: int, seed: int = 0, *, area: str | None = None) -> list[str]:
    """Codes of ``count`` ordinary TPS that vote in an election, each of another desa as long as there are enough of them.

    Args:
        area: code of a dapil (province, regency); None: any.

    Raises:
        ValueError: unknown kind or area, or fewer TPS than asked for.
    """
    areas = declaration(kind).areas
    if area is not None and area not in {a.code for a in areas}:
        raise ValueError(f"no area '{area}' in '{kind}': {', '.join(a.code or '(all)' for a in areas)}")
    covers = tuple(c for a in areas if area in (None, a.code) for c in a.covers)
    _, counts = _regions()
    desas = [d for d, (ordinary, _) in sorted(counts.items()) if ordinary and d.startswith(covers)]
    order = np.random.default_rng([0x7B5, seed]).permutation(len(desas))
    most = max((counts[d][0] for d in desas), default=0)
    codes = [f"{desas[i]}{n:03}" for n in range(1, most + 1) for i in order if n <= counts[desas[i]][0]]
    if not 0 <= count <= len(codes):
        raise ValueError(f"{count} TPS asked for, {len(codes)} vote there")
    return codes[:count]
