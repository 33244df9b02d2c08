"""The rehearsed night: its plan, its report, and the whole of it in small."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli import app
from api.rehearsal.outcome import outcome
from api.rehearsal.papers import draw, papers
from api.rehearsal.plan import FLOOD_AT, FLOOD_SECONDS, peak, plan
from api.rehearsal.play import Sent
from db.elections import ready_made
from tests.world import World

VILLAGES = ("1607011016", "1607012014", "1607072003")


@given(
    st.lists(st.tuples(st.sampled_from(VILLAGES), st.integers(1, 5)), min_size=1, max_size=12),
    st.floats(0.1, 12),
    st.integers(0, 99),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_plan_sends_every_sheet_once_and_repeats_after_it(
    places: list[tuple[str, int]], hours: float, seed: int, late: float, again: float
) -> None:
    codes = [f"{village}{n:03}" for village, n in places]
    night = plan(codes, hours, seed, late=late, again=again)
    first = {s.sheet: s.at for s in night if not s.again}
    assert sorted(s.sheet for s in night if not s.again) == list(range(len(codes)))
    assert all(s.at >= first[s.sheet] for s in night if s.again)
    assert [s.at for s in night] == sorted(s.at for s in night)
    assert all(0 <= at <= hours * 3600 + FLOOD_SECONDS for at in first.values())
    assert night == plan(codes, hours, seed, late=late, again=again)


def test_villages_without_signal_come_in_one_flood() -> None:
    codes = [f"{v}{n:03}" for v in VILLAGES for n in range(1, 21)]
    silent = plan(codes, 6, 3, late=1, again=0)
    floods = [s for s in silent if s.late]
    assert len(floods) > 40  # the others were later than the flood anyhow
    assert max(s.at for s in floods) - FLOOD_AT * 6 * 3600 <= FLOOD_SECONDS
    assert peak(silent) > 5 * peak(plan(codes, 6, 3, late=0, again=0))


def test_a_receipt_without_a_photo_is_a_loss(world: World, tmp_path: Path) -> None:
    (election,) = (e for e in ready_made() if e.id == "bupati-2020")
    sheets = papers([election], 1, tmp_path, 1)
    sent = [Sent(s, 4711, False, 202, "", 1, 0.1, 0.0) for s in plan([p.sheet.tps for p in sheets], 1, again=0)]
    with world.db.reading() as session:
        found = outcome(session, sheets, sent, datetime.now(UTC))
    assert found.lost == [f"{sheets[0].file.name}: 4711"]
    assert not found.good


def test_drawing_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    (election,) = (e for e in ready_made() if e.id == "bupati-2020")
    sheets = papers([election], 1, tmp_path, 1)
    draw(sheets, 0.2, 1, lambda: None, workers=1)
    drawn = sheets[0].file.read_bytes()
    sheets[0].file.write_bytes(b"not drawn again")
    steps: list[int] = []
    draw(sheets, 0.2, 1, lambda: steps.append(1), workers=1)
    assert sheets[0].file.read_bytes() == b"not drawn again" != drawn
    assert len(steps) == len(sheets)


@pytest.mark.timeout(180)
def test_a_night_in_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("C1_DATABASE_URL", raising=False)
    report, data = tmp_path / "report.json", tmp_path / "data"
    args = ["--tps", "3", "--hours", "0.05", "--speed", "60", "--elections", "bupati-2020", "--again", "1", "--late", "0.5"]
    args += ["--difficulty", "0.2", "--data", str(data), "--papers", str(tmp_path / "papers"), "--json", str(report)]
    with ThreadPoolExecutor(1) as pool:  # the browser tests keep an event loop in the main thread
        done = pool.submit(CliRunner().invoke, app, ["rehearse", *args]).result()
    assert done.exit_code == 0, done.output
    told = json.loads(report.read_text())
    assert (told["sent"], told["receipts"], told["repeats"]) == (6, 6, 3)
    assert told["stored"] == told["read"] == told["recognised"] == told["accepted"] + told["waiting"] == 3
    assert told["lost"] == told["double"] == told["silent"] == []
    assert told["audit_clean"] is True
    again = CliRunner().invoke(app, ["rehearse", *args])
    assert again.exit_code == 2  # never into a folder with data


@pytest.mark.parametrize("args", [["--elections", "ppwp-1955"], ["--elections", ""], ["--tps", "100000"], ["--difficulty", "ordeal"]])
def test_what_cannot_be_rehearsed_is_said(args: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["rehearse", "--data", str(tmp_path / "d"), "--papers", str(tmp_path / "p"), *args])
    assert done.exit_code == 2, done.output
    assert not (tmp_path / "d").exists()
