"""How often the checks of tally.crosscheck cry wolf, and how many faults they name: ``python -m scripts.anomaly_rates [--write]``.

An imagined honest regency (every station of the shipped list of regions; five elections and a pilkada) is counted without a mistake;
whatever the checks name there is a false alarm. Then one fault is put into each of some stations, and it is counted how many are named.
The voters are imagined with more unrest than binomial chance: every kecamatan, desa and station has a turnout, a share of invalid votes
and a taste of its own (normal on the log-odds scale, with the standard deviations below).
"""

from __future__ import annotations

import argparse
import csv
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import groupby
from math import exp, log

from scripts import markers
from tally.crosscheck.ballots import REGIONAL, cap, with_reserve
from tally.crosscheck.checks import of_day, of_neighbours, of_station
from tally.crosscheck.kinds import ALL
from tally.crosscheck.station import Anomaly, Count, Sheet

PAGE = markers.DOCS / "anomalies.md"
DAY, PILKADA = "2024-02-14", "2024-11-27"
CONTESTS: dict[str, tuple[int, int, float]] = {
    "ppwp": (3, 0, 0.025),
    "dpd": (21, 0, 0.12),
    "dpr": (18, 8, 0.08),
    "dprd_prov": (18, 6, 0.08),
    "dprd_kab": (18, 8, 0.05),
    "gubernur": (3, 0, 0.05),
    "bupati": (2, 0, 0.04),
}
"""Kind -> contestants or parties, candidates of each party, usual share of invalid votes."""
UNREST = {"kecamatan": 0.35, "desa": 0.30, "tps": 0.30}
"""Standard deviation, on the log-odds scale, of what each level adds to turnout, invalid share and every contestant's strength."""


def station_codes(kecamatan: int | None = None) -> list[str]:
    """Every TPS of the shipped list, or those of the first so many kecamatan."""
    rows = csv.DictReader((files("db.regions") / "banyuasin.csv").read_text(encoding="utf-8").splitlines())
    desa = [(r["code"], int(r["tps"]), int(r["special"] or 0)) for r in rows if len(r["code"]) == 10]
    wanted = sorted({c[:6] for c, _, _ in desa})[:kecamatan]
    return [f"{c}{n:03}" for c, t, s in desa if c[:6] in wanted for n in (*range(1, t + 1), *range(901, 901 + s))]


class Regency:
    """Honest counts; the same seed gives the same people."""

    def __init__(self, seed: int, codes: Sequence[str], kinds: Iterable[str] = tuple(CONTESTS)) -> None:
        self._seed = seed
        self.counts: dict[tuple[str, str], Count] = {}
        for code in codes:
            for day, of_day_ in groupby(kinds, key=lambda k: k in REGIONAL):
                self._people(code, list(of_day_), PILKADA if day else DAY)

    def _rng(self, *key: object) -> random.Random:
        return random.Random(f"{self._seed}/{key}")

    def _shift(self, code: str, what: object, scale: float = 1.0) -> float:
        """What kecamatan, desa and station add to something, in log-odds."""
        cuts = (("kecamatan", code[:6]), ("desa", code[:10]), ("tps", code))
        return scale * sum(self._rng(what, area).gauss(0, UNREST[level]) for level, area in cuts)

    def _people(self, code: str, kinds: Sequence[str], day: str) -> None:
        rng = self._rng("people", code, day)
        most = cap(kinds[0])
        registered = min(most, round(most * rng.triangular(0.35, 1.0, 0.85)))
        came = _binomial(rng, registered, _odds(1.4 + self._shift(code, ("turnout", day))))
        for kind in kinds:
            used = max(0, came - rng.choice((0, 0, 0, 0, 0, 0, 0, 1, 1, 2)))
            self.counts[code, kind] = self._count(rng, code, kind, day, registered, used)

    def _count(self, rng: random.Random, code: str, kind: str, day: str, registered: int, used_dpt: int) -> Count:
        parties, candidates, invalid_share = CONTESTS[kind]
        dptb, dpk = rng.choice((0, 0, 0, 1, 2, 4)), rng.choice((0, 0, 1, 2, 3, 6))
        received = with_reserve(registered, kind) - rng.choice((0,) * 19 + (1,))
        used = min(received, used_dpt + dptb + dpk)
        used_dpt = min(used_dpt, used)
        dptb, dpk = min(dptb, used - used_dpt), used - used_dpt - min(dptb, used - used_dpt)
        returned = min(received - used, rng.choice((0, 0, 0, 1, 2)))
        invalid = _binomial(rng, used, _odds(log(invalid_share / (1 - invalid_share)) + self._shift(code, ("invalid", kind), 0.8)))
        first = {
            "pemilih_dpt_jml": registered,
            "pengguna_dpt_jml": used_dpt,
            "pengguna_dptb_jml": dptb,
            "pengguna_dpk_jml": dpk,
            "pengguna_total_jml": used,
            "ss_diterima": received,
            "ss_digunakan": used,
            "ss_dikembalikan": returned,
            "ss_tidak_digunakan": received - used - returned,
        }
        last = {"suara_sah": used - invalid, "suara_tidak_sah": invalid, "suara_total": used}
        area = code[:6] if kind == "dprd_kab" else ""
        taste = [_taste(i, parties) + self._shift(code, (kind, area, i)) for i in range(parties)]
        won = _multinomial(rng, used - invalid, [exp(t) for t in taste])
        pages = [Sheet(kind, 1, first)]
        if not candidates:
            name = "suara_calon_{}" if kind == "dpd" else "suara_paslon_{}"
            pages.append(Sheet(kind, 2, {name.format(i + 1): v for i, v in enumerate(won)}))
        for p, votes in enumerate(won if candidates else ()):
            lean = [1.0 + self._shift(code, (kind, area, p, "own"))]
            lean += [_taste(c, candidates) * 0.8 + self._shift(code, (kind, area, p, c)) for c in range(candidates)]
            own, *people = _multinomial(rng, votes, [exp(v) for v in lean])
            here = {f"suara_partai_{p + 1}": own} | {f"suara_calon_{p + 1}_{c + 1}": v for c, v in enumerate(people)}
            pages.append(Sheet(kind, 2 + p, {**here, f"suara_partai_dan_calon_{p + 1}": votes}))
        pages.append(Sheet(kind, 99, last))
        return Count(code, f"{kind}-2024", kind, day, tuple(pages))

    def anomalies(self) -> Iterator[Anomaly]:
        """What all checks name."""
        for count in self.counts.values():
            yield from of_station(count)
        days: dict[tuple[str, str], list[Count]] = defaultdict(list)
        areas: dict[tuple[str, str], list[Count]] = defaultdict(list)
        for count in self.counts.values():
            days[count.tps, count.day].append(count)
            areas[count.tps[:6], count.election].append(count)
        for of in days.values():
            yield from of_day(of)
        for of in areas.values():
            yield from of_neighbours(of)


def _odds(x: float) -> float:
    return 1 / (1 + exp(-x))


def _taste(i: int, of: int) -> float:
    """A few are strong, most are weak, in no order of their numbers."""
    return 2.2 - 2.2 * ((i * 7) % of) / max(1, of - 1)


def _binomial(rng: random.Random, n: int, p: float) -> int:
    return sum(rng.random() < p for _ in range(n))


def _multinomial(rng: random.Random, n: int, weights: Sequence[float]) -> list[int]:
    drawn = Counter(rng.choices(range(len(weights)), weights, k=n))
    return [drawn[i] for i in range(len(weights))]


@dataclass(frozen=True, slots=True)
class Fault:
    """``put``: the count with the fault; None where the station has no room for it."""

    kind: str
    put: Callable[[Count, random.Random], Count | None]


def changed(count: Count, **values: int | None) -> Count:
    """The count with other values for some numbers."""
    return replace(count, sheets=tuple(replace(s, values={n: values.get(n, v) for n, v in s.values.items()}) for s in count.sheets))


def _invalid(count: Count, rng: random.Random) -> Count | None:
    total = count.values["suara_total"] or 0
    bad = round(total * 0.35)
    votes = {
        n: round((v or 0) * (total - bad) / max(1, total))
        for s in count.sheets
        for n, v in s.values.items()
        if n.startswith("suara_paslon")
    }
    return changed(count, suara_tidak_sah=bad, suara_sah=total - bad, **votes) if total >= 60 else None


def _ghosts(count: Count, rng: random.Random) -> Count | None:
    registered = count.values["pemilih_dpt_jml"] or 0
    return changed(count, pengguna_dpt_jml=round(registered * 0.15)) if registered >= 60 else None


def _all_for_one(count: Count, rng: random.Random) -> Count | None:
    valid = count.values["suara_sah"] or 0
    return changed(count, suara_paslon_1=valid, suara_paslon_2=0, suara_paslon_3=0) if valid >= 20 else None


def _none_for(count: Count, rng: random.Random) -> Count | None:
    one, two = count.values["suara_paslon_1"] or 0, count.values["suara_paslon_2"] or 0
    return changed(count, suara_paslon_1=0, suara_paslon_2=one + two) if one >= 20 else None


def _swap(count: Count, rng: random.Random) -> Count | None:
    one, three = count.values["suara_paslon_1"] or 0, count.values["suara_paslon_3"] or 0
    return changed(count, suara_paslon_1=three, suara_paslon_3=one) if abs(one - three) >= 30 else None


def _plus_ten(name: str) -> Callable[[Count, random.Random], Count | None]:
    return lambda count, rng: changed(count, **{name: (count.values[name] or 0) + 10})


FAULTS = (
    Fault("valid_invalid", _plus_ten("suara_total")),
    Fault("votes_valid", _plus_ten("suara_paslon_1")),
    Fault("users_ballots", _plus_ten("pengguna_total_jml")),
    Fault("ballot_balance", _plus_ten("ss_tidak_digunakan")),
    Fault("received_reserve", _plus_ten("ss_diterima")),
    Fault("registered_day", _plus_ten("pemilih_dpt_jml")),
    Fault("turnout_day", _plus_ten("pengguna_dpt_jml")),
    Fault("invalid_share", _invalid),
    Fault("turnout", _ghosts),
    Fault("one_takes_all", _all_for_one),
    Fault("zero_votes", _none_for),
    Fault("swapped_rows", _swap),
)


def named(seed: int, codes: Sequence[str], every: int = 25) -> dict[str, tuple[int, int]]:
    """Fault -> (stations in whose president's count it was put, those of which it was named)."""
    found: dict[str, tuple[int, int]] = {}
    honest = Regency(seed, codes, ("ppwp", "dpd", "dpr"))
    for fault in FAULTS:
        rng = random.Random(seed)
        world = Regency(seed, (), ())
        world.counts = dict(honest.counts)
        bad = []
        for code in codes[::every]:
            if (count := fault.put(honest.counts[code, "ppwp"], rng)) is not None:
                world.counts[code, "ppwp"] = count
                bad.append(code)
        hits = {a.tps for a in world.anomalies() if a.kind == fault.kind and a.election == "ppwp-2024"}
        found[fault.kind] = len(bad), len(hits & set(bad))
    return found


def table(seed: int, codes: Sequence[str]) -> str:
    """The measured rates as Markdown."""
    start = time.process_time()
    regency = Regency(seed, codes)
    made = time.process_time()
    alarms = Counter(a.kind for a in regency.anomalies())
    seconds = time.process_time() - made
    print(f"{len(regency.counts)} counts made in {made - start:.1f} s CPU, checked in {seconds:.1f} s CPU")  # noqa: T201
    faults = named(seed, codes)
    lines = [
        "| check | false alarms | of | rate | faults put in | named |",
        "|---|---|---|---|---|---|",
    ]
    for kind in ALL:
        of = len(regency.counts)
        put, hit = faults.get(kind.id, (0, 0))
        share = f"{hit} ({100 * hit / put:.0f} %)" if put else "–"
        lines.append(f"| `{kind.id}` | {alarms[kind.id]} | {of} | {100 * alarms[kind.id] / of:.2f} % | {put or '–'} | {share} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1607)
    parser.add_argument("--kecamatan", type=int, help="only the first so many")
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.name}")
    args = parser.parse_args()
    text = table(args.seed, station_codes(args.kecamatan))
    print(text)  # noqa: T201
    if args.write:
        markers.write(PAGE, "rates", text)


if __name__ == "__main__":
    main()
