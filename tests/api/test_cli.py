"""The command line: what it refuses and how, and the demo as a newcomer meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from api.cli.demo import PASSWORD, sample_photos
from db.seed import DEMO_USERS
from tests.live import free_port, until

HOME = Path(__file__).parents[2]


def c1(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "api.cli", *args]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    "args",
    [
        ["rubbish"],
        ["serve", "--port", "99999"],
        ["serve", "--port", "x"],
        ["read"],
        ["read", "--form", "no-such-form", "a.jpg"],
        ["template", "check"],
        ["user", "budi"],
    ],
)
def test_bad_usage_is_status_2_and_no_stack_trace(args: list[str], tmp_path: Path) -> None:
    done = c1(*args, C1_DATA=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr and "Traceback" not in done.stderr


def test_bad_settings_name_the_variable(tmp_path: Path) -> None:
    done = c1("init", C1_DATA=str(tmp_path), C1_MAX_FILES="many")
    assert done.returncode == 2 and "C1_MAX_FILES" in done.stderr
    done = c1("init", C1_DATA=str(tmp_path), C1_MAX_FILES="0")
    assert done.returncode == 2 and "C1_MAX_FILES" in done.stderr


def test_serving_without_a_database_says_what_to_do(tmp_path: Path) -> None:
    done = c1("serve", "--data", str(tmp_path))
    assert done.returncode == 2 and "c1 init" in done.stderr
    assert "Traceback" not in done.stderr


def test_init_and_user_by_hand(tmp_path: Path) -> None:
    for _ in range(2):
        done = c1("init", "--data", str(tmp_path))
        assert done.returncode == 0 and "2899" in done.stdout  # 1 regency, 21 kecamatan, 313 desa, 2564 TPS
    assert c1("user", "budi", "operator", "--data", str(tmp_path), C1_PASSWORD="cukup-panjang").returncode == 0
    again = c1("user", "budi", "operator", "--data", str(tmp_path), C1_PASSWORD="cukup-panjang")
    assert again.returncode == 1 and "sudah dipakai" in again.stderr and "Traceback" not in again.stderr
    king = c1("user", "raja", "king", "--data", str(tmp_path), C1_PASSWORD="cukup-panjang")
    assert king.returncode == 2


def test_template_check(tmp_path: Path) -> None:
    good = HOME / "templates_c1" / "c-hasil-kwk-2020" / "template.json"
    done = c1("template", "check", str(good))
    assert done.returncode == 0 and "c-hasil-kwk-2020" in done.stdout
    raw = json.loads(good.read_text(encoding="utf-8"))
    raw["pages"][0]["numbers"][0]["boxes"][0]["x"] = -5
    bad = tmp_path / "template.json"
    bad.write_text(json.dumps(raw), encoding="utf-8")
    done = c1("template", "check", str(bad))
    assert done.returncode == 1 and "outside the page" in done.stderr and "Traceback" not in done.stderr
    done = c1("template", "check", str(tmp_path / "none.json"))
    assert done.returncode == 1 and "none.json" in done.stderr


@pytest.mark.slow
def test_demo_shows_sheets_being_read_waiting_and_counted(tmp_path: Path) -> None:
    samples = sample_photos()
    assert len(samples) >= 4
    port = free_port()
    with (tmp_path / "out").open("wb") as out:
        demo = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "demo", "--data", str(tmp_path / "data"), "--port", str(port)], stdout=out, stderr=out
        )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert demo.poll() is None, (tmp_path / "out").read_text()
        try:
            return httpx.get(f"{url}/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    try:
        until(answers)
        until(lambda: f"{len(samples)} foto contoh" in (tmp_path / "out").read_text())
        said = (tmp_path / "out").read_text()
        assert url in said and "Traceback" not in said
        for user in DEMO_USERS:
            assert user in said
            assert httpx.get(f"{url}/api/elections", auth=(user, PASSWORD)).status_code == 200

        def waiting_and_counted() -> tuple[int, int]:
            waiting = httpx.get(f"{url}/api/sheets", auth=("reviewer", PASSWORD)).json()["total"]
            counted = 0
            for election in ("ppwp-2024", "ppwp-2019", "bupati-2020"):
                answer = httpx.get(f"{url}/api/totals", params={"election": election, "level": "regency"}, auth=("staff", PASSWORD))
                counted += answer.json()["rows"][0]["coverage"]["sheets_in"]
            return waiting, counted

        until(lambda: sum(waiting_and_counted()) == len(samples), 90, 0.5)
        waiting, counted = waiting_and_counted()
        assert waiting > 0 and counted > 0
    finally:
        demo.send_signal(signal.SIGINT)
        status = demo.wait(40)
    assert status == 0, (tmp_path / "out").read_text()
