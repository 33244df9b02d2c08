"""The files of deploy/ name settings, commands and services that exist. No container engine runs here: what they build is not run."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from api.cli import app

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(p for p in DEPLOY.rglob("*") if p.is_file())
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
OF_THE_FILES = {"C1_DB_PASSWORD", "C1_S3_KEY", "C1_S3_SECRET"}
"""Passed on to other programs under other names."""


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.name)
def test_settings_are_documented(file: Path) -> None:
    told = set(re.findall(r"`(C1_[A-Z_0-9]+)`", (ROOT / "docs/running.md").read_text()))
    assert set(re.findall(r"\bC1_[A-Z_0-9]+", file.read_text())) - OF_THE_FILES <= told


def test_commands_exist() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    used = [s["command"] for s in compose["services"].values() if s.get("image") == "c1-banyuasin"]
    used += [line.split("=", 1)[1].split() for u in UNITS for line in u.read_text().splitlines() if line.startswith("Exec")]
    assert len(used) >= 6
    for first, *words in used:
        assert first.endswith("c1")
        known = {o for p in commands[words[0]].params for o in (*p.opts, *p.secondary_opts)}
        assert {w for w in words[1:] if w.startswith("--")} <= known


def test_compose_is_whole() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        assert {v.split(":")[0] for v in service.get("volumes", [])} <= set(compose["volumes"])
        for on, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in services[on]
    settings = services["web"]["environment"]
    assert settings["C1_QUEUE"].startswith("redis://queue:")
    assert "@database/" in settings["C1_DATABASE_URL"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda p: p.name)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    named = tmp_path / unit.name.replace("@.", "@1.")
    named.write_text(unit.read_text().replace("/opt/c1/.venv/bin/c1", "/bin/true"))
    said = subprocess.run(["systemd-analyze", "verify", named], capture_output=True, text=True)
    about = [line for line in (said.stdout + said.stderr).splitlines() if line.startswith(named.name) or named.name in line.split(":")[0]]
    assert about == []
