"""scripts/setup: its answers to bad usage, and that a second run is quick."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _copy(folder: Path) -> Path:
    """A folder with the script and lock files but nothing installed."""
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "setup", folder / "scripts" / "setup")
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder / "scripts" / "setup"


def _run(script: Path, *words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": str(path) if path else os.environ["PATH"]}
    return subprocess.run(["/bin/sh", str(script), *words], capture_output=True, text=True, env=env, timeout=60, check=False)


def test_unknown_option_is_refused_with_the_usage(tmp_path: Path) -> None:
    done = _run(_copy(tmp_path), "--frobnicate")
    assert done.returncode == 2
    assert "usage: scripts/setup" in done.stderr


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH with the few tools every Debian has, but without Tesseract, Chromium, apt-get or sudo."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "dirname", "mkdir", "grep", "cat", "id", "cut", "sha256sum", "tail", "env"):
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    return folder


def test_without_apt_it_says_what_to_install(tmp_path: Path, bare_path: Path) -> None:
    done = _run(_copy(tmp_path / "project"), "--browser", path=bare_path)
    assert done.returncode == 1
    assert "tesseract-ocr: one of the readers" in done.stdout
    assert "chromium: the browser" in done.stdout
    assert "no Debian" in done.stderr
    assert "tesseract-ocr" in done.stderr
    assert "chromium" in done.stderr


def test_without_root_it_says_the_command(tmp_path: Path, bare_path: Path) -> None:
    (bare_path / "id").unlink()
    (bare_path / "id").write_text("#!/bin/sh\necho 1000\n", encoding="utf-8")
    (bare_path / "apt-get").write_text("#!/bin/sh\nexit 99\n", encoding="utf-8")
    for tool in ("id", "apt-get"):
        (bare_path / tool).chmod(0o755)
    done = _run(_copy(tmp_path / "project"), path=bare_path)
    assert done.returncode == 1
    assert "apt-get update && apt-get install -y --no-install-recommends" in done.stderr
    assert "chromium" not in done.stderr  # not asked for


def test_a_finished_setup_is_remembered(tmp_path: Path) -> None:
    """With the stamp of the same lock file and a .venv in place nothing is installed; with another it would be."""
    script = _copy(tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    c1 = tmp_path / ".venv" / "bin" / "c1"
    c1.write_text("#!/bin/sh\n", encoding="utf-8")
    c1.chmod(0o755)
    stamp = subprocess.run(
        ["/bin/sh", "-c", "{ pwd -P; cat requirements.lock pyproject.toml scripts/setup; } | sha256sum | cut -d' ' -f1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (tmp_path / ".setup").mkdir()
    (tmp_path / ".setup" / "python").write_text(stamp, encoding="utf-8")
    done = _run(script)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
