"""The camat's imports over the page: in pieces, worked through beside the server, within his area, the same after a kill."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.importing.jobs import Jobs
from api.settings import MIB, Settings
from db.store import storage_full
from db.tables import ImportRun, Photo, PhotoOrigin, UnplacedPhoto
from db.types import Role
from db.users import create_user
from tests.api.conftest import Site, open_site
from tests.api.test_import import tiny, zipped
from tests.world import PASSWORD, TPS, World

VILLAGE = "1607011016"
KECAMATAN = "160701"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, max_photo_bytes=2 * MIB, max_import_bytes=8 * MIB)


@pytest.fixture
def camat(site: Site) -> TestClient:
    return _client(site, "camat", (KECAMATAN,))


def _client(site: Site, name: str, areas: tuple[str, ...]) -> TestClient:
    with site.held.db.writing() as session:
        user = create_user(session, name, PASSWORD, Role.OPERATOR, areas=areas)
    users = dict(site.world.users) | {name: user.id}
    return replace(site, world=replace(site.world, users=users)).client(name)


def upload(client: TestClient, data: bytes, name: str = "chat.zip", step: int = 200_000, **said: Any) -> dict[str, Any]:
    key = hashlib.sha256(data + name.encode()).hexdigest()
    here = client.post("/api/imports", json={"key": key, "size": len(data), "name": name, "election": "ppwp-2024", **said})
    assert here.status_code == 200, here.text
    answer: dict[str, Any] = here.json()
    while answer["state"] == "open":
        at = answer["offset"]
        sent = client.patch(f"/api/imports/{key}", params={"offset": at}, content=data[at : at + step])
        assert sent.status_code == 200, sent.text
        answer = sent.json()
    return answer


def work(site: Site) -> None:
    jobs = Jobs(site.held)
    for job in jobs.waiting():
        assert jobs.work(job)


def items(client: TestClient, run: int) -> dict[str, str]:
    answer = client.get(f"/api/imports/{run}").json()
    return {i["name"]: i.get("code") or i["state"] for i in answer["items"]}


def test_in_pieces_then_attributed_within_his_area(site: Site, camat: TestClient) -> None:
    data = zipped(
        {
            "Mariana/TPS 1/hal2.jpg": tiny(1),
            "Mariana/TPS 2/a.jpg": tiny(2),
            "1607022001001/b.jpg": tiny(3),
            "lain/c.jpg": tiny(4),
            "Mariana/TPS 3/d.jpg": tiny(5)[:-300],
            "video.mp4": b"x",
        }
    )
    begun = upload(camat, data, "Kiriman.zip", step=700)
    assert begun["state"] == "begun"
    run = begun["import"]
    assert camat.get(f"/api/imports/{run}").json()["state"] == "running"
    work(site)
    assert items(camat, run) == {
        "Mariana/TPS 1/hal2.jpg": "taken",
        "Mariana/TPS 2/a.jpg": "taken",
        "1607022001001/b.jpg": "outside_area",
        "lain/c.jpg": "which_tps",
        "Mariana/TPS 3/d.jpg": "broken_image",
    }
    told = camat.get(f"/api/imports/{run}").json()
    assert told["state"] == "done" and told["total"] == told["done"] == 5 and told["source"] == "Kiriman.zip"
    assert not list((site.held.settings.data / "imports").glob("run-*"))  # neither file nor job is left
    report = camat.get(f"/api/imports/{run}/report.csv")
    assert report.headers["content-disposition"].endswith(f'"impor-{run}.csv"') and len(report.text.splitlines()) == 6
    page = camat.get(f"/impor/{run}").text
    assert "Foto ini dari TPS mana?" in page and "outside_area" not in page and "luar wilayah tugas Anda" in page
    assert "hal2.jpg" not in page and "hal2.jpg" in camat.get(f"/impor/{run}?semua=1").text
    # the same file again is the same import, and nothing comes twice
    again = upload(camat, data, "Kiriman.zip")
    assert again["import"] == run
    work(site)
    with site.held.db.reading() as session:
        assert len(list(session.scalars(select(Photo)))) == 2 and len(list(session.scalars(select(ImportRun)))) == 1


def test_his_answer_places_what_was_unclear(site: Site, camat: TestClient) -> None:
    run = upload(camat, zipped({"a.jpg": tiny(1), "b.jpg": tiny(2)}))["import"]
    work(site)
    assert set(items(camat, run).values()) == {"which_tps"}
    outside = camat.post(f"/api/imports/{run}/place", json={"name": "a.jpg", "tps": "1607022001001"})
    assert (outside.status_code, outside.json()["error"]["code"]) == (403, "outside_area")
    assert camat.post(f"/api/imports/{run}/place", json={"name": "c.jpg", "tps": TPS}).json()["error"]["code"] == "not_found"
    assert _client(site, "lain", ()).post(f"/api/imports/{run}/place", json={"name": "a.jpg", "tps": TPS}).status_code == 404
    answer = camat.post(f"/impor/{run}/tempat", data={"name": "a.jpg", "tps": TPS})
    assert answer.status_code == 303
    assert items(camat, run) == {"a.jpg": "taken", "b.jpg": "which_tps"}
    with site.held.db.reading() as session:
        rows = {r.name: r for r in session.scalars(select(UnplacedPhoto))}
        assert rows["a.jpg"].tps_id is not None and rows["b.jpg"].tps_id is None
    refused = camat.post(f"/impor/{run}/tempat", data={"name": "a.jpg", "tps": TPS})
    assert refused.status_code == 404 and "tidak ditemukan" in refused.text
    # nothing asks again about what was answered
    upload(camat, zipped({"a.jpg": tiny(1), "b.jpg": tiny(2)}))
    work(site)
    assert items(camat, run) == {"a.jpg": "taken", "b.jpg": "which_tps"}


def test_senders_and_one_tps_for_all(site: Site, camat: TestClient) -> None:
    from tests.api.chats import KINDS, Export
    from tests.api.test_import import START

    e = Export(KINDS["android-id"])
    name = e.photo(START, "Budi", tiny(1))
    run = upload(camat, e.zip(), senders=f"sender;area\nBudi;{VILLAGE}009\n")["import"]
    work(site)
    assert items(camat, run) == {name: "taken"}
    with site.held.db.reading() as session:
        (origin,) = session.scalars(select(PhotoOrigin))
        assert (origin.sent_by, origin.why) == ("Budi", "assignment")
    run = upload(camat, tiny(2), "IMG_0001.jpg", tps=TPS)["import"]
    work(site)
    assert items(camat, run) == {"IMG_0001.jpg": "taken"}
    for said, code in (({"senders": "nama,kode\nx,1\n"}, "senders_table"), ({"tps": "1607022001001"}, "outside_area")):
        answer = camat.post("/api/imports", json={"key": "0" * 64, "size": 9, "name": "x.zip", **said})
        assert answer.json()["error"]["code"] == code
    large = camat.post("/api/imports", json={"key": "0" * 64, "size": 9 * MIB, "name": "x.zip"})
    assert (large.status_code, large.json()["error"]["code"]) == (413, "import_too_large")


def test_a_file_that_is_none_is_the_report(site: Site, camat: TestClient) -> None:
    run = upload(camat, b"PK\3\4 not really", "chat.zip")["import"]
    work(site)
    assert items(camat, run) == {"chat.zip": "zip_broken"}
    assert "rusak atau terpotong" in camat.get(f"/impor/{run}").text


def test_a_full_disk_is_said_and_nothing_begins(site: Site, camat: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.importing.jobs.SPARE", 2**60)
    answer = camat.post("/api/imports", json={"key": "0" * 64, "size": 9, "name": "x.zip"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
    monkeypatch.undo()
    run = upload(camat, zipped({"TPS 1 Mariana.jpg": tiny(1)}))["import"]

    def full(*_: Any, **__: Any) -> None:
        raise storage_full()

    monkeypatch.setattr("api.importing.run.receive_photo", full)
    jobs = Jobs(site.held)
    assert not jobs.work(jobs.waiting()[0])
    assert camat.get(f"/api/imports/{run}").json()["trouble"] == "storage_full"
    assert "tempat penyimpanan penuh" in camat.get("/impor").text
    monkeypatch.undo()
    work(site)  # room again: it goes on
    assert items(camat, run) == {"TPS 1 Mariana.jpg": "taken"}


def test_somebody_elses_import_is_none(site: Site, camat: TestClient) -> None:
    run = upload(camat, zipped({"TPS 1 Mariana.jpg": tiny(1)}))["import"]
    other = _client(site, "lain", ())
    for path in (f"/api/imports/{run}", f"/api/imports/{run}/report.csv", f"/impor/{run}", f"/impor/{run}/baris"):
        assert other.get(path).status_code == 404


def test_a_server_that_ends_in_the_middle_goes_on(world: World, settings: Settings) -> None:
    """Twelve photos; the server is told to end after three, and after seven."""
    site = open_site(world, settings.data, settings)
    camat = _client(site, "camat", (KECAMATAN,))
    run = upload(camat, zipped({f"TPS {i} Mariana.jpg": tiny(i) for i in range(1, 13)}))["import"]
    for after in (3, 7):  # pictures
        steps = iter(range(100))
        jobs = Jobs(site.held)
        assert not jobs.work(jobs.waiting()[0], lambda steps=steps, after=after: next(steps) >= after)  # type: ignore[misc]
        told = camat.get(f"/api/imports/{run}").json()
        assert (told["state"], told["done"], told["total"]) == ("running", after, 12)
        site = open_site(world, settings.data, settings)  # the next process finds the job there
    work(site)
    assert set(items(camat, run).values()) == {"taken"} and len(items(camat, run)) == 12
    with world.db.reading() as session:
        assert len(list(session.scalars(select(Photo)))) == 12
