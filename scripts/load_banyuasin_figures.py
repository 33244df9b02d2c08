"""Figures of a whole election night, drawn: voters, ballots and votes of every TPS as papers would have them, sums that hold.

What is drawn follows what is known of Banyuasin 2024: 625,988 voters on 2,564 TPS, four in five came, one vote in twenty was invalid, fewer
valid ones the longer the ballot; how a village votes is like its kecamatan, with a turn of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from db.views import ElectionView, OwedPage
from tally.votes import For, Votes, votes_of
from templates_c1.registry import page as form_page

Values = dict[str, int | None]
VOTERS, SPREAD, MOST = 244, 34, 300
"""Of an ordinary TPS; a special one (prison, company) draws most of its voters from elsewhere."""
INVALID = {"ppwp": 0.03, "dpd": 0.11, "dpr": 0.08, "dprd_prov": 0.09, "dprd_kab": 0.06, "gubernur": 0.06, "bupati": 0.05}
PARTY_ITSELF = 0.28
"""Share of a party's votes that goes to no candidate of it."""


@dataclass(frozen=True, slots=True)
class Station:
    """A TPS on election day; (men, women) each. ``came``: on the voters' list, ``moved``, ``by_card``: not on it."""

    code: str
    listed: tuple[int, int]
    came: tuple[int, int]
    moved: tuple[int, int]
    by_card: tuple[int, int]
    disabled: tuple[int, int]
    spoiled: int

    @property
    def users(self) -> int:
        return sum(self.came) + sum(self.moved) + sum(self.by_card)


def station(code: str, seed: int) -> Station:
    """The same TPS for the same seed, whatever else is drawn."""
    rng = default_rng([seed, int(code)])
    special = int(code[10:]) >= 900
    listed = int(rng.integers(20, 120)) if special else int(np.clip(rng.normal(VOTERS, SPREAD), 60, MOST))
    men = int(rng.binomial(listed, 0.509))
    lists = (men, listed - men)
    turnout = float(np.clip(rng.normal(0.81, 0.06), 0.45, 0.98))
    came = (int(rng.binomial(men, turnout * 0.98)), int(rng.binomial(listed - men, min(1.0, turnout * 1.02))))
    moved = int(rng.poisson(40 if special else 1.5))
    by_card = int(rng.poisson(3))
    disabled = int(rng.poisson(1.2))

    def split(n: int) -> tuple[int, int]:
        a = int(rng.binomial(n, 0.5))
        return a, n - a

    return Station(code, lists, came, split(moved), split(by_card), split(disabled), int(rng.poisson(0.15)))


class Ballot:
    """How the votes of one election fall, by electoral district and region."""

    def __init__(self, view: ElectionView, seed: int) -> None:
        self.view, self.seed = view, seed
        self._rows: dict[str, list[Votes]] = {}
        self._shares: dict[str, NDArray[np.float64]] = {}

    def sheets(self, at: Station, owed: Sequence[OwedPage]) -> Iterator[tuple[OwedPage, Values]]:
        """The pages that this TPS owes, as an officer without a mistake fills them in."""
        rng = default_rng([self.seed, int(at.code), zlib.crc32(self.view.id.encode())])
        users = at.users - int(rng.binomial(min(at.users, 3), 0.1))  # a few do not take every ballot
        invalid = int(rng.binomial(users, float(np.clip(rng.normal(INVALID[self.view.kind], 0.02), 0.002, 0.5))))
        area = self.view.area_of(at.code)
        rows = self._contestants(area.code if area else "", owed)
        fell = dict(
            zip(rows, map(int, rng.multinomial(users - invalid, self._share(at.code, rows, area.code if area else ""))), strict=True)
        )
        for p in owed:
            yield p, self._page(p, at, users, invalid, fell)

    def _contestants(self, area: str, owed: Sequence[OwedPage]) -> list[Votes]:
        if area not in self._rows:
            found = (votes_of(n, p.party) for p in owed for n in names_of(p.form, p.page))
            self._rows[area] = [v for v in found if v is not None and v.what is not For.PARTY_SUM]
        return self._rows[area]

    def _share(self, tps: str, rows: Sequence[Votes], area: str) -> NDArray[np.float64]:
        """Of the votes, row by row; of a village, with a part of chance of its own."""
        desa = tps[:10] + area
        if desa not in self._shares:
            base = np.array([self._weight(v) for v in rows])
            lean = _lean(self.seed, tps[:6], len(rows), 0.35) * _lean(self.seed, tps[:10], len(rows), 0.25)
            self._shares[desa] = base * lean / (base * lean).sum()
        return self._shares[desa]

    def _weight(self, v: Votes) -> float:
        """How strong before any region's lean: parties by their number's luck, candidates the stronger the further up the list."""
        luck = float(default_rng([self.seed, v.party, zlib.crc32(self.view.kind.encode())]).gamma(1.2)) + 0.02 if v.party else 1.0
        if v.what is For.PARTY:
            return luck * PARTY_ITSELF
        if v.party:
            return luck * (1 - PARTY_ITSELF) * 2.0 ** (1 - v.number)
        return float(default_rng([self.seed, v.number, zlib.crc32(self.view.id.encode())]).gamma(2.0)) + 0.05

    def _page(self, p: OwedPage, at: Station, users: int, invalid: int, fell: Mapping[Votes, int]) -> Values:
        everything = _facts(at, users, invalid)
        values: Values = {}
        for name in names_of(p.form, p.page):
            whose = votes_of(name, p.party)
            if whose is None:
                values[name] = sum(fell.values()) if name == "suara_calon_jumlah" else everything[name]
            elif whose.what is For.PARTY_SUM:
                values[name] = sum(n for v, n in fell.items() if v.party == whose.party)
            else:
                values[name] = fell[whose]
        return values


@cache
def names_of(form: str, number: int) -> tuple[str, ...]:
    return tuple(n.name for n in form_page(form, number).numbers)


def _lean(seed: int, region: str, size: int, strength: float) -> NDArray[np.float64]:
    drawn: NDArray[np.float64] = np.exp(_rng(seed, region).normal(0, strength, size))
    return drawn


def _rng(seed: int, region: str) -> Generator:
    return default_rng([seed, int(region), len(region)])


def _facts(at: Station, users: int, invalid: int) -> dict[str, int]:
    """What is nobody's votes, by the forms' names. ``users`` who took this ballot: the missing are taken off the list's women."""
    missing = at.users - users
    came = (at.came[0], at.came[1] - missing) if at.came[1] >= missing else (at.came[0] - missing, at.came[1])
    groups = {"pemilih_dpt": at.listed, "pengguna_dpt": came, "pengguna_dptb": at.moved, "pengguna_dpk": at.by_card}
    groups["pengguna_total"] = (came[0] + at.moved[0] + at.by_card[0], came[1] + at.moved[1] + at.by_card[1])
    groups["disabilitas"] = at.disabled
    found = {f"{name}_{part}": n for name, (men, women) in groups.items() for part, n in (("l", men), ("p", women), ("jml", men + women))}
    given = sum(at.listed) + -(-sum(at.listed) * 2 // 100)
    given = max(given, users + at.spoiled)  # a special TPS is given more
    found |= {"ss_diterima": given, "ss_digunakan": users, "ss_dikembalikan": at.spoiled, "ss_tidak_digunakan": given - users - at.spoiled}
    return found | {"suara_sah": users - invalid, "suara_tidak_sah": invalid, "suara_total": users}
