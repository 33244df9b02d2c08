"""Banyuasin as it is, and the ways to look it up."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from db.queries import UnknownElection, UnknownRegion, UnknownTps, children, election, elections, find_tps, region, tps
from db.tables import Region
from db.types import Level
from tests.world import TPS, World


def test_all_regions_are_there(world: World) -> None:
    with world.db.reading() as s:
        counts = dict(s.execute(select(Region.level, func.count()).group_by(Region.level)).all())
        special = s.scalars(select(Region.code).where(Region.number > 900)).all()
    assert counts == {Level.REGENCY: 1, Level.KECAMATAN: 21, Level.DESA: 313, Level.TPS: 2564}
    assert len(special) == 7


def test_tree(world: World) -> None:
    with world.db.reading() as s:
        (top,) = children(s, None)
        kecamatan = children(s, top.code)
        tps_of_mariana = children(s, "1607011016")
        assert region(s, "160701").name == "BANYUASIN I"
        with pytest.raises(UnknownRegion):
            children(s, "16079")
    assert (top.code, len(kecamatan), kecamatan[0].level) == ("1607", 21, Level.KECAMATAN)
    assert [t.name for t in tps_of_mariana[:2]] == ["TPS 001", "TPS 002"] and len(tps_of_mariana) == 28


def test_tps(world: World) -> None:
    with world.db.reading() as s:
        assert tps(s, TPS).label == "TPS 001, MARIANA, BANYUASIN I"
        for code in ("1607011016", "", "1607011016029", "' OR 1=1"):
            with pytest.raises(UnknownTps):
                tps(s, code)


@pytest.mark.parametrize(
    ("text", "first", "at_least"),
    [
        ("mariana 3", "1607011016003", 2),
        ("Mariana TPS 003", "1607011016003", 1),
        ("1607011016003", "1607011016003", 1),
        ("16070110160", "1607011016001", 20),
        ("901 kedondong", "1607031033901", 1),
    ],
)
def test_search(world: World, text: str, first: str, at_least: int) -> None:
    with world.db.reading() as s:
        found = find_tps(s, text)
    assert found[0].code == first and len(found) >= at_least


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "nowhere", "mariana 999"])
def test_search_finds_nothing(world: World, text: str) -> None:
    with world.db.reading() as s:
        assert find_tps(s, text) == []


def test_elections(world: World) -> None:
    with world.db.reading() as s:
        assert [e.id for e in elections(s)] == [
            "bupati-2024",
            "gubernur-2024",
            "dpd-2024",
            "dpr-2024",
            "dprd-kab-2024",
            "dprd-prov-2024",
            "ppwp-2024",
            "bupati-2020",
            "ppwp-2019",
        ]
        e = election(s, "ppwp-2024")
        with pytest.raises(UnknownElection):
            election(s, "x")
    assert e.forms == ("c-hasil-ppwp-2024",) and [p.page for p in e.pages] == [1, 2, 3]
    assert e.label_of("", 0, 2).startswith("Prabowo")
