"""Templates on the command line: drafted into a folder, tried, published into an installation, listed, and read with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from templates_c1 import published
from tests import papers
from tests.world import World


def run(*args: str | Path) -> tuple[int, str, str]:
    try:
        done = CliRunner().invoke(app, [str(a) for a in args])
    finally:
        published.use(None)
    return done.exit_code, done.stdout, done.stderr


def test_a_folder_is_drafted_tried_published_and_read_with(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C1_DATA", str(tmp_path))
    folder = tmp_path / "c-uji"
    assert run("template", "draft", papers.blank_pdf(tmp_path / "b.pdf"), "--out", folder, "--election", "bupati")[0] == 0
    file = folder / "template.json"
    file.write_text(json.dumps(papers.named(json.loads(file.read_text(encoding="utf-8")))), encoding="utf-8")
    photo = tmp_path / "foto.jpg"
    data, values = papers.photo(1)
    photo.write_bytes(data)
    (tmp_path / "truth.json").write_text(json.dumps({"foto.jpg": values}), encoding="utf-8")
    code, out, _ = run("template", "try", folder, photo, "--truth", tmp_path / "truth.json", "--keep", "--data", tmp_path)
    assert (code, out.rsplit(": ", 1)[1].strip()) == (0, "right")

    assert run("template", "publish", folder, "--as", "operator", "--reason", "uji", "--data", tmp_path)[0] == 2
    code, out, err = run("template", "publish", folder, "--as", "admin", "--reason", "uji", "--data", tmp_path)
    assert (code, out) == (0, "c-uji v1: terbit / published, masa percobaan / on probation\n"), err
    listed = run("template", "list", "--data", tmp_path)[1]
    assert "c-uji v1: masa percobaan / on probation" in listed and "c-hasil-kwk-2020 v1: bawaan / shipped" in listed

    code, out, _ = run("read", photo, "--json", "--data", tmp_path)
    reading = json.loads(out)
    assert (code, reading["form"], reading["decision"]) == (0, "c-uji", "review")
    assert "unproven_form" in [r["code"] for r in reading["reasons"]]
    assert json.loads(run("read", photo, "--json")[1])["form"] is None  # without the installation nobody knows it
