"""Totals equal an independent recomputation from the raw rows, whatever happened before."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from db.queries import UnknownElection, UnknownRegion
from db.totals import Coverage, contributing_sheets, coverage, totals
from db.types import Disposition, Level
from review.errors import ServiceError
from review.queue import open_sheet
from review.resolve import Action, Assign, Confirm, Correct, RejectPhoto, resolve, withdraw
from tally.interpretation import ReasonCode
from tests.world import OTHER_TPS, TPS, World, unreadable, validity, votes

PLACES = [TPS, OTHER_TPS, "1607011021001", "1607031033901"]


def test_nothing_in_yet(world: World) -> None:
    with world.db.reading() as s:
        (row,) = totals(s, "ppwp-2024", Level.REGENCY)
    assert row.coverage == Coverage(0, 3 * 2564, 0, 0, 2564, 0)
    assert row.value("suara_paslon_1") is None and row.coverage.share == 0
    assert [n.name for n in row.votes] == ["suara_paslon_1", "suara_paslon_2", "suara_paslon_3"]
    assert row.votes[1].label.startswith("Prabowo")


def test_levels_and_limits(world: World) -> None:
    for n, tps in enumerate(PLACES, 1):
        world.read(world.upload(tps=tps), votes(n, 10 * n, 0))
    world.read(world.upload(), validity(11, 2), page=3)
    thirteen = ("pemilih_dpt", "pengguna_dpt", "pengguna_total")
    came = {f"{n}_{s}": 13 for n in thirteen for s in ("l", "jml")} | {"ss_diterima": 13, "ss_digunakan": 13}
    world.read(world.upload(), dict.fromkeys(page_one(), 0) | came, page=1)
    with world.db.reading() as s:
        by = {level: {r.region.code: r for r in totals(s, "ppwp-2024", level)} for level in Level}
        assert not by.pop(Level.NATION) and not by.pop(Level.PROVINCE)  # one regency stands alone
        assert {k: len(v) for k, v in by.items()} == {Level.REGENCY: 1, Level.KECAMATAN: 21, Level.DESA: 313, Level.TPS: 2564}
        assert by[Level.REGENCY]["1607"].value("suara_paslon_2") == 100
        assert by[Level.KECAMATAN]["160701"].value("suara_paslon_2") == 60
        assert by[Level.DESA]["1607011016"].value("suara_paslon_2") == 30
        assert by[Level.TPS][TPS].value("suara_paslon_2") == 10
        assert by[Level.KECAMATAN]["160702"].value("suara_paslon_2") is None
        assert by[Level.TPS][TPS].coverage == Coverage(3, 3, 1, 1, 1, 0)
        assert by[Level.REGENCY]["1607"].coverage == coverage(s, "ppwp-2024") == Coverage(6, 7692, 4, 1, 2564, 0)
        below = totals(s, "ppwp-2024", Level.TPS, "1607011016")
        assert len(below) == 28 and below[0].value("suara_sah") == 11
        assert coverage(s, "ppwp-2024", "1607011016") == Coverage(4, 84, 2, 1, 28, 0)
        assert totals(s, "ppwp-2019", Level.REGENCY)[0].value("suara_paslon_1") is None
        assert [(c.form, c.page) for c in contributing_sheets(s, "ppwp-2024", TPS)] == [("c-hasil-ppwp-2024", p) for p in (1, 2, 3)]
        with pytest.raises(UnknownElection):
            totals(s, "x", Level.TPS)
        with pytest.raises(UnknownRegion):
            totals(s, "ppwp-2024", Level.TPS, "9")


def page_one() -> list[str]:
    from templates_c1.registry import page

    return [n.name for n in page("c-hasil-ppwp-2024", 1).numbers]


def recompute(world: World) -> dict[str, Any]:
    """From the raw rows, in plain Python: the last version of each sheet, unless void."""
    with world.db.reading() as s:
        commits = s.execute(
            text("SELECT id, tps_id, form, page, version, void, paper_error FROM sheet_commit WHERE election_id = 'ppwp-2024'")
        ).all()
        counts = s.execute(text("SELECT commit_id, name, value FROM committed_count")).all()
        codes = dict(tuple(r) for r in s.execute(text("SELECT id, code FROM region")).all())
    last: dict[tuple[Any, ...], Any] = {}
    for c in commits:
        key = (c.tps_id, c.form, c.page)
        if key not in last or c.version > last[key].version:
            last[key] = c
    kept = {c.id: c for c in last.values() if not c.void}
    sums: dict[tuple[str, str], int] = defaultdict(int)
    seen: dict[tuple[str, str], int] = defaultdict(int)
    for row in counts:
        if row.commit_id in kept:
            code = codes[kept[row.commit_id].tps_id]
            for region in (code[:4], code[:6], code[:10], code):
                sums[region, row.name] += row.value or 0
                seen[region, row.name] += 1
    sheets: dict[str, int] = defaultdict(int)
    errors: dict[str, int] = defaultdict(int)
    for c in kept.values():
        code = codes[c.tps_id]
        for region in (code[:4], code[:6], code[:10], code):
            sheets[region] += 1
            errors[region] += bool(c.paper_error)
    return {"sums": dict(sums), "seen": dict(seen), "sheets": dict(sheets), "errors": dict(errors)}


def queried(world: World) -> dict[str, Any]:
    got: dict[str, Any] = {"sums": {}, "seen": {}, "sheets": {}, "errors": {}}
    with world.db.reading() as s:
        rows = [r for level in (Level.REGENCY, Level.KECAMATAN, Level.DESA) for r in totals(s, "ppwp-2024", level)]
        for desa in {p[:10] for p in PLACES}:
            rows += totals(s, "ppwp-2024", Level.TPS, desa)
    for row in rows:
        for n in row.numbers:
            if n.sheets:
                got["sums"][row.region.code, n.name] = n.value
                got["seen"][row.region.code, n.name] = n.sheets
        if row.coverage.sheets_in:
            got["sheets"][row.region.code] = row.coverage.sheets_in
            got["errors"][row.region.code] = row.coverage.paper_errors
    return got


small = st.integers(0, 300)
page2 = st.tuples(small, small, small).map(lambda v: votes(*v))
page3 = st.tuples(small, st.integers(0, 50), st.sampled_from([0, 0, 0, 1])).map(lambda v: validity(v[0], v[1], v[0] + v[1] + v[2]))
upload = st.tuples(
    st.just("upload"), st.sampled_from(PLACES), st.one_of(st.tuples(st.just(2), page2), st.tuples(st.just(3), page3)), st.integers(0, 3)
)
person = st.tuples(
    st.just("act"),
    st.integers(0, 9),
    st.one_of(
        st.booleans().map(Confirm),
        page3.map(lambda v: Correct(v | {"suara_sah": None}, "c-hasil-ppwp-2024", 3, paper_error=True)),
        st.tuples(page2, st.booleans()).map(lambda v: Correct(v[0], "c-hasil-ppwp-2024", 2, v[1])),
        page3.map(lambda v: Correct(v, "c-hasil-ppwp-2024", 3)),
        st.just(RejectPhoto("buram")),
        st.sampled_from(PLACES).map(lambda p: Assign(tps_code=p)),
    ),
)
takeback = st.tuples(st.just("withdraw"), st.integers(0, 9))


def play(world: World, history: list[Any]) -> int:
    """Run the history; what the rules refuse is part of it. Returns how many sheets the machine committed by itself."""
    photos: list[int] = []
    alone = 0
    reviewer = world.users["reviewer"]
    for kind, *what in history:
        if kind == "upload":
            tps, (page, values), how = what
            receipt = world.upload(tps=tps)
            photos.append(receipt.photo_id)
            if how == 0:
                world.record(receipt, unreadable(receipt))
            else:
                done = world.read(receipt, values, page=page, doubt=(ReasonCode.LOW_CONFIDENCE,) if how == 1 else ())
                alone += done.disposition is Disposition.COMMITTED
        elif photos:
            photo = photos[what[0] % len(photos)]
            try:
                with world.db.writing() as s:
                    if kind == "withdraw":
                        withdraw(s, reviewer, photo, "salah")
                    else:
                        action: Action = what[1]
                        view = open_sheet(s, reviewer, photo)
                        resolve(s, reviewer, photo, action, stamp=view.stamp)
            except ServiceError:
                pass
    return alone


def test_totals_equal_recomputation(make_world: Callable[[Path], World], tmp_path_factory: pytest.TempPathFactory) -> None:
    played = {"commits": 0, "superseded": 0, "void": 0, "person": 0, "errors": 0}

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.lists(st.one_of(upload, upload, person, person, takeback), min_size=4, max_size=14))
    def run(history: list[Any]) -> None:
        folder = tmp_path_factory.mktemp("history")
        world = make_world(folder)
        try:
            play(world, history)
            assert queried(world) == recompute(world)
            with world.db.reading() as s:
                columns = "count(*), count(supersedes_id), sum(CAST(void AS INT)), count(user_id), sum(CAST(paper_error AS INT))"
                row = s.execute(text(f"SELECT {columns} FROM sheet_commit")).one()  # noqa: S608
            for key, n in zip(played, row, strict=True):
                played[key] += n or 0
        finally:
            world.close()
            shutil.rmtree(folder)

    run()
    assert all(played.values()), f"the histories never reached: {played}"  # else the comparison proves little
