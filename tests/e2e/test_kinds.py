"""Every kind of election from photos to totals per party and candidate.

A few photos of each in the ordinary run; ``make e2e`` (C1_E2E=full) sends at least 30 of each, every page of the stations.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import pytest

from samples import tps
from samples.tps import Sheet
from tests.api.conftest import Site, open_site
from tests.e2e.night import Night, sums
from tests.world import World

FULL = os.environ.get("C1_E2E") == "full"
LEAST = 30
KINDS = ("ppwp", "dpd", "dpr", "dprd_prov", "dprd_kab", "gubernur", "bupati")
OFFICIAL = {"ppwp": "c-hasil-ppwp-2024"}
"""Where the official form is the election's; elsewhere our desk form is."""
FEW = {"ppwp": (1, 2, 3), "dpd": (2, 3), "dpr": (1, 5), "dprd_prov": (), "dprd_kab": (2, 4), "gubernur": (2,), "bupati": (1,)}
"""Pages of the ordinary run: each family once, each district's form twice."""


@pytest.fixture(scope="module")
def night_site(make_world: Callable[[Path], World], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("night")
    world = make_world(folder)
    yield open_site(world, folder)
    world.close()


def whole_stations(kind: str) -> list[Sheet]:
    """Full: whole stations until there are enough photos, in the regency council of two districts. Else a few pages of two."""
    if not FULL:
        stations = (
            tps.stations(kind, 1, seed=2, area="160701") + tps.stations(kind, 1, seed=2, area="160706")
            if kind == "dprd_kab"
            else (tps.stations(kind, 1, seed=2))
        )
        return [s for code in stations for s in tps.whole_tps(kind, code, seed=2, form=OFFICIAL.get(kind), pages=FEW[kind])]
    areas = cycle(["160701", "160706"] if kind == "dprd_kab" else [None])
    found: list[Sheet] = []
    for n, area in enumerate(islice(areas, 60)):
        if len(found) >= LEAST:
            break
        code = tps.stations(kind, 1, seed=100 + n, area=area)[0]
        if code not in {s.tps for s in found}:
            found += tps.whole_tps(kind, code, seed=7, form=OFFICIAL.get(kind), errors=0.05)
    return found


@pytest.mark.timeout(3600 if FULL else 300)
@pytest.mark.parametrize("kind", [k for k in KINDS if FULL or FEW[k]])
def test_from_photos_to_totals(night_site: Site, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    election = f"{kind.replace('_', '-')}-2024"
    sheets = whole_stations(kind)
    night = Night(night_site, election, sheets, "moderate" if FULL else 0.3, seed=3)
    night.send(open_place=kind not in OFFICIAL)
    f = night.figures()
    with capsys.disabled():
        if FULL:
            sys.stdout.write("\n  ".join([f"\n{kind}: {f}", *f.missed]) + "\n")
    assert f.silent == []
    assert f.share(f.recognised, f.photos) >= 0.98, f.missed
    assert f.share(f.clean_right, f.clean) >= 0.99
    if kind not in OFFICIAL:
        assert f.placed == f.photos
    night.review()
    totals_are(night_site, election, sheets)


def totals_are(site: Site, election: str, sheets: list[Sheet]) -> None:
    """The API's totals of all levels, and the page's, are the sums of the papers."""
    staff = site.client("staff")
    want = sums(sheets)
    for params in ({"level": "regency"}, {"level": "kecamatan"}, {"level": "tps"}):
        rows = staff.get("/api/totals", params={"election": election, **params}).json()["rows"]
        got: Counter[tuple[str, str]] = Counter()
        for row in rows:
            for n in row["numbers"]:
                got[n["form"], n["name"]] += n["value"]
        assert {k: v for k, v in got.items() if v or k in want} == want, params
        assert sum(r["coverage"]["sheets_in"] for r in rows) == len(sheets)
    (whole,) = staff.get("/api/totals", params={"election": election, "level": "regency"}).json()["rows"]
    for party in whole["parties"]:
        form = next(n["form"] for n in whole["numbers"] if n["dapil"] == party["dapil"])
        p = party["number"]
        candidates = {c["number"]: c["value"] for c in party["candidates"]}
        assert candidates == {c: want.get((form, f"suara_calon_{p}_{c}"), 0) for c in candidates}
        assert party["own"] == want.get((form, f"suara_partai_{p}"), 0)
        assert party["value"] == party["own"] + sum(candidates.values())
    page = staff.get("/hasil", params={"election": election}, headers={"Accept": "text/html"}).text
    if whole["parties"]:
        by_party: Counter[str] = Counter()
        for party in whole["parties"]:
            by_party[str(party["number"])] += party["value"]
        shown = {k: int(v.replace(".", "")) for k, v in re.findall(r'data-party="(\d+)">([\d.]+)<', page)}
        assert shown == {k: v for k, v in by_party.items() if k in shown}
        assert set(shown) == {str(p["number"]) for p in whole["parties"] if p["sheets"]}
    else:
        shown = {k: int(v.replace(".", "")) for k, v in re.findall(r'data-total="(suara_(?:paslon|calon)_\d+)">([\d.]+)<', page)}
        votes = {name: v for (_, name), v in want.items() if re.fullmatch(r"suara_(paslon|calon)_\d+", name)}
        assert shown == votes
    district_rows = staff.get("/api/totals", params={"election": election, "level": "dapil"}).json()["rows"]
    assert sum(r["coverage"]["sheets_in"] for r in district_rows) == (len(sheets) if whole["parties"] or district_rows else 0)
