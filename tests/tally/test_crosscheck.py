"""The checks across sheets: silent on what is right, exact on what is wrong, and never more than that."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.anomaly_rates import FAULTS, Regency, changed, station_codes
from tally.crosscheck.ballots import cap, received_reserve, voters_cap, with_reserve
from tally.crosscheck.checks import of_day, of_neighbours, of_station
from tally.crosscheck.kinds import ALL, KINDS, Group
from tally.crosscheck.robust import median, neighbours, without
from tally.crosscheck.said import said
from tally.crosscheck.station import Anomaly, Count, Sheet
from tally.crosscheck.sums import broken_rules

CODES = station_codes(1)[:40]
TPS = CODES[0]


@pytest.fixture(scope="module")
def honest() -> Regency:
    return Regency(7, CODES)


def test_honest_stations_have_no_anomaly_of_their_own(honest: Regency) -> None:
    assert [a for a in honest.anomalies() if KINDS[a.kind].group is not Group.NEIGHBOURS] == []


def test_few_honest_stations_are_unlike_their_neighbours(honest: Regency) -> None:
    found = [a for a in honest.anomalies() if KINDS[a.kind].group is Group.NEIGHBOURS]
    assert len(found) <= 0.01 * len(honest.counts)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.kind)
def test_every_fault_is_named_with_its_numbers(honest: Regency, fault: object) -> None:
    put = next(f for f in FAULTS if f is fault)
    for code in CODES:
        if (bad := put.put(honest.counts[code, "ppwp"], random.Random(1))) is None:
            continue
        world = Regency(7, (), ())
        world.counts = {**honest.counts, (code, "ppwp"): bad}
        named = [a for a in world.anomalies() if a.kind == put.kind and a.tps == code and a.election == "ppwp-2024"]
        if not named and put.kind == "swapped_rows":
            continue  # where the two are nearly as strong all around, an exchange cannot be seen
        assert named, code
        for text in said(put.kind, named[0].figures, named[0].context, "ppwp"):
            assert len(text) > 20 and any(c.isdigit() for c in text)
        return
    pytest.fail("no station has room for this fault")


@given(total=st.integers(0, 400), valid=st.integers(0, 400), invalid=st.integers(0, 400))
def test_a_sum_is_named_exactly_when_it_is_wrong(total: int, valid: int, invalid: int) -> None:
    count = Count(TPS, "e", "ppwp", "2024-02-14", (Sheet("f", 3, {"suara_total": total, "suara_sah": valid, "suara_tidak_sah": invalid}),))
    found = [a for a in broken_rules(count, (), ()) if a.kind == "valid_invalid"]
    assert bool(found) == (total != valid + invalid)
    for a in found:
        assert (a.figures["actual"], a.figures["expected"]) == (total, valid + invalid)
        assert str(total) in said(a.kind, a.figures, a.context)[0]


@given(registered=st.integers(1, 900), extra=st.integers(-5, 60), kind=st.sampled_from(["ppwp", "dpr", "gubernur", "bupati"]))
def test_the_reserve_is_two_percent_or_two_and_a_half_rounded_up_within_one(registered: int, extra: int, kind: str) -> None:
    count = Count(TPS, "e", kind, "d", (Sheet("f", 1, {"pemilih_dpt_jml": registered, "ss_diterima": registered + extra}),))
    share = 2.5 if kind in ("gubernur", "bupati") else 2.0
    reserve = -(-int(registered * share * 10) // 1000)
    assert with_reserve(registered, kind) == registered + reserve
    assert bool(list(received_reserve(count))) == (abs(extra - reserve) > 1)


@given(registered=st.integers(0, 999), kind=st.sampled_from(["ppwp", "bupati"]))
def test_a_tps_has_300_voters_at_most_and_600_in_regional_elections(registered: int, kind: str) -> None:
    count = Count(TPS, "e", kind, "d", (Sheet("f", 1, {"pemilih_dpt_jml": registered}),))
    assert bool(list(voters_cap(count))) == (registered > (600 if kind == "bupati" else 300)) == (registered > cap(kind))


@given(st.lists(st.one_of(st.none(), st.integers(0, 300)), min_size=2, max_size=5))
def test_one_dpt_on_one_day(registered: list[int | None]) -> None:
    counts = [Count(TPS, f"e{i}", "dpr", "d", (Sheet("f", 1, {"pemilih_dpt_jml": v}),)) for i, v in enumerate(registered)]
    known = {v for v in registered if v is not None}
    assert bool(list(of_day(counts))) == (len(known) > 1)


@given(st.lists(st.floats(0, 1), min_size=10, max_size=60), st.data())
def test_a_few_wild_values_do_not_move_the_middle(values: list[float], data: st.DataObject) -> None:
    ordered = sorted(values)
    found = neighbours(ordered)
    assert found is not None and ordered[0] <= found.middle <= ordered[-1] and found.spread >= 0
    wild = sorted([*ordered[:-1], 1e6])
    moved = neighbours(wild)
    assert moved is not None and ordered[0] <= moved.middle <= ordered[-1]
    one = data.draw(st.sampled_from(ordered))
    assert sorted([*without(ordered, one), one]) == ordered
    assert median(ordered) == pytest.approx(found.middle)


def test_too_few_neighbours_say_nothing(honest: Regency) -> None:
    few = [honest.counts[c, "ppwp"] for c in CODES[:10]]
    odd = changed(few[0], suara_tidak_sah=150, suara_total=180)
    assert list(of_neighbours([odd, *few[1:]])) == []


def test_what_is_missing_is_not_wrong(honest: Regency) -> None:
    """A page that is not in, or a number nobody could read, breaks no sum; only the missing number itself is named."""
    whole = honest.counts[TPS, "dpr"]
    for i, sheet in enumerate(whole.sheets):
        assert list(of_station(replace(whole, sheets=(*whole.sheets[:i], *whole.sheets[i + 1 :]), complete=False))) == []
        blind = replace(sheet, values={**sheet.values, next(iter(sheet.values)): None})
        kinds = {a.kind for a in of_station(replace(whole, sheets=(*whole.sheets[:i], blind, *whole.sheets[i + 1 :])))}
        assert kinds == {"illegible"}


def test_parties_add_up_to_the_valid_votes(honest: Regency) -> None:
    whole = honest.counts[TPS, "dprd_kab"]
    wrong = changed(whole, suara_partai_dan_calon_3=(whole.values["suara_partai_dan_calon_3"] or 0) + 5)
    assert {a.kind for a in of_station(wrong)} == {"votes_valid"}


def test_facts_are_json_without_floats_and_every_kind_can_be_said(honest: Regency) -> None:
    found: dict[str, Anomaly] = {}
    for fault in FAULTS:
        world = Regency(7, (), ())
        world.counts = dict(honest.counts)
        for code in CODES[::3]:
            if (bad := fault.put(honest.counts[code, "ppwp"], random.Random(1))) is not None:
                world.counts[code, "ppwp"] = bad
        found |= {a.kind: a for a in world.anomalies()}
    assert len(found) >= len(FAULTS)
    for a in found.values():
        for facts in (a.figures, a.context):
            assert json.loads(json.dumps(facts), parse_float=lambda text: pytest.fail(text)) == facts
        assert len(a.what) <= 100


def test_every_check_has_a_source_and_two_languages() -> None:
    assert len({k.id for k in ALL}) == len(ALL)
    for k in ALL:
        assert all(len(text) > 5 for text in (*k.title, *k.rule, k.source)), k.id
        assert k.title[0] != k.title[1]
    with pytest.raises(KeyError):
        said("no_such_check", {}, {})
