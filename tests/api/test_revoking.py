"""Accounts and numbers taken back on election night, and senders that are too quick."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.throttle import Throttle
from review.status import PhotoState, photo_status
from tests.api.conftest import Site, files, jpeg
from tests.world import TPS, World, votes

GOOD = {"election": "ppwp-2024", "tps": TPS}


def test_an_admin_revokes_an_account_on_the_users_page(site: Site) -> None:
    operator, admin = site.client("operator"), site.client("admin")
    receipt = site.world.upload()
    site.world.read(receipt, votes(1, 2, 3))
    assert "Cabut dan tahan fotonya" in admin.get("/pengguna", headers={"Accept": "text/html"}).text
    path = f"/pengguna/{site.world.users['operator']}/aktif"
    assert site.client("reviewer").post(path, data={"active": "quarantine"}).status_code == 403
    with site.held.db.reading() as s:
        assert photo_status(s, receipt.photo_id).state is PhotoState.COUNTED
    assert admin.post(path, data={"active": "quarantine"}).status_code == 303
    with site.held.db.reading() as s:
        assert photo_status(s, receipt.photo_id).state is PhotoState.IN_REVIEW
    assert operator.post("/api/photos", data=GOOD, files=files(("a.jpg", jpeg()))).status_code == 401


def test_numbers_on_the_command_line(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C1_DATA", str(tmp_path))

    def c1(*args: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, ["sender", *args])
        assert done.exit_code == status, done.output
        return done.output

    assert "6281234567890: operator" in c1("add", "0812-3456-7890", "operator", "--by", "admin")
    assert "6281234567890" in c1("list") and "active" in c1("list")
    c1("add", "0812-3456-7890", "operator", "--by", "reviewer", status=2)
    c1("add", "0812-3456-7890", "nobody", "--by", "admin", status=2)
    c1("revoke", "0899-9999-9999", "--by", "admin", status=2)
    assert "0 photos held" in c1("revoke", "+62 812 3456 7890", "--by", "admin", "--note", "hilang")
    assert "revoked" in c1("list")
    receipt = world.upload()
    world.read(receipt, votes(1, 2, 3))
    assert "1 photos held, 1 counts withdrawn" in c1("quarantine", "operator", "--by", "admin")


def test_a_bucket_fills_evenly() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    assert throttle.spend("user:1", 60, 60) == 0
    assert throttle.spend("user:1", 1, 60) == 1
    assert throttle.spend("user:2", 1, 60) == 0
    now[0] += 10
    assert throttle.spend("user:1", 11, 60) == 1
    assert throttle.spend("user:1", 10, 60) == 0
    now[0] += 3600
    assert throttle.spend("user:1", 500, 60) == 0  # more than a bucket holds: a full one is enough
    assert throttle.spend("user:1", 1, 60) == 1


def test_a_sender_who_is_too_quick_is_told_to_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.rest.photos.CROWD", 2)
    object.__setattr__(site.held.settings, "uploads_per_minute", 3)
    client = site.client("operator")
    for i in range(3):
        assert client.post("/api/photos", data=GOOD, files=files((f"{i}.jpg", jpeg(i)))).status_code == 202
    answer = client.post("/api/photos", data=GOOD, files=files(("4.jpg", jpeg(4))))
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_photos")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60 and "belum diterima" in answer.json()["error"]["message"]
    assert len(site.stored_files()) == 3
