"""Template drafts over HTTP: drawn up, saved and checked, tried, published, put on and off probation; what the pages say."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from db import drafts, forms
from db.forms import PublishedForms
from review.sheet import sheet_view
from tally.interpretation import ReasonCode
from templates_c1 import published, registry
from tests import papers
from tests.api.conftest import Site
from tests.world import word

TRIALS = "/api/templates/trials"


@pytest.fixture
def admin(site: Site) -> Iterator[TestClient]:
    published.use(PublishedForms(site.held.db, site.held.store))
    yield site.client("admin")
    published.use(None)


def sent(admin: TestClient, data: bytes, name: str = "blangko.pdf", **fields: str) -> Any:
    said = {"form": "c-uji", "title": "C.UJI", "election": "bupati", **fields}
    return admin.post("/api/templates/drafts", data=said, files=[("files", (name, io.BytesIO(data), "application/pdf"))])


def body(**changes: Any) -> dict[str, Any]:
    return papers.paper().model_dump(mode="json", exclude_defaults=True) | {"form": "c-uji"} | changes


def ready(site: Site, raw: dict[str, Any] | None = None, based_on: int = 0) -> int:
    """A draft that was drawn up and prepared, without the minutes of work."""
    with site.held.db.writing() as s:
        d = drafts.start(s, site.world.users["admin"], "c-uji", [], {"based_on": based_on} if based_on else {})
        drafts.drawn_up(s, d.id, raw or body(), [])
        prepare(site, s, d.id)
    return d.id


def prepare(site: Site, s: Any, draft_id: int, verdicts: list[dict[str, Any]] | None = None) -> None:
    from ocr.draft.references import key_of

    raw = drafts.draft(s, draft_id).body
    assert raw is not None
    known = str(PublishedForms(site.held.db, site.held.store).token())
    judged = {"digest": forms.digest_of(raw, None), "known": known, "verdicts": verdicts or []}
    drafts.remember_features(s, draft_id, {"key": key_of(raw, {}), "sha256": None, **judged})


def publish(admin: TestClient, draft_id: int, **said: str) -> Any:
    return admin.post(f"/api/templates/drafts/{draft_id}/publish", json={"reason": "uji", **said})


def code(answer: Any) -> str:
    return str(answer.json()["error"]["code"])


def test_a_blank_pdf_becomes_a_draft_that_pages_show(site: Site, admin: TestClient, tmp_path: Any) -> None:
    answer = sent(admin, papers.blank_pdf(tmp_path / "b.pdf", 5.0).read_bytes())
    assert answer.status_code == 202
    number = answer.json()["id"]
    assert "Menunggu giliran" in admin.get(answer.json()["page"]).text
    site.app.state.drafting.draw_up(number)
    state = admin.get(f"/api/templates/drafts/{number}").json()
    assert (state["state"], state["prepared"]) == ("ready", False)
    page = admin.get(answer.json()["page"])
    assert "draft-data" in page.text
    picture = admin.get(f"/api/templates/drafts/{number}/pages/1")
    assert picture.headers["content-type"] == "image/png" and picture.content[:4] == b"\x89PNG"
    assert admin.get(f"/api/templates/drafts/{number}/pages/7").status_code == 404
    with site.held.db.reading() as s:
        drawn = drafts.draft(s, number)
    assert drawn.body is not None and [len(n["boxes"]) for n in drawn.body["pages"][0]["numbers"]] == [3] * 5
    saved = admin.put(f"/api/templates/drafts/{number}", json={"revision": drawn.revision, "body": papers.named(drawn.body)}).json()
    assert saved["faults"] == []
    again = admin.put(f"/api/templates/drafts/{number}", json={"revision": drawn.revision, "body": drawn.body})
    assert (again.status_code, code(again)) == (409, "stale_draft")
    assert "C.UJI" in admin.get("/templat").text


def test_a_source_without_boxes_says_so_and_can_be_tried_again(site: Site, admin: TestClient, tmp_path: Any) -> None:
    from PIL import Image

    Image.new("L", (700, 1000), 255).save(tmp_path / "e.pdf", resolution=100)
    number = sent(admin, (tmp_path / "e.pdf").read_bytes()).json()["id"]
    site.app.state.drafting.draw_up(number)
    state = admin.get(f"/api/templates/drafts/{number}").json()
    assert (state["state"], state["progress"]["error"]["message"]) == ("failed", "tidak ditemukan kotak angka")
    assert admin.post(f"/api/templates/drafts/{number}/again").json()["state"] == "working"
    assert admin.delete(f"/api/templates/drafts/{number}").status_code == 204
    assert code(admin.post(f"/api/templates/drafts/{number}/again")) == "draft_closed"


@pytest.mark.parametrize(
    ("fields", "status", "expected"),
    [
        ({"form": "Bukan Id!"}, 422, "bad_form_id"),
        ({"form": "c-hasil-kwk-2020"}, 409, "template_taken"),
        ({"form": "desk-bupati-1607-2024"}, 409, "template_taken"),
        ({"election": "rt"}, 422, "invalid_request"),
        ({"paper": "besar"}, 422, "invalid_request"),
        ({"first": "0"}, 422, "invalid_request"),
    ],
)
def test_a_bad_beginning_is_refused_in_words(admin: TestClient, fields: dict[str, str], status: int, expected: str) -> None:
    answer = sent(admin, b"%PDF-1.4", **fields)
    assert (answer.status_code, code(answer)) == (status, expected)


def test_what_is_neither_pdf_nor_photo_is_refused(admin: TestClient) -> None:
    assert code(sent(admin, b"halo", "a.txt")) == "not_an_image"
    assert code(admin.post("/api/templates/drafts", data={"form": "c-uji", "election": "dpr"})) == "no_files"


def test_nothing_is_published_that_is_faulty_unprepared_or_unfit(site: Site, admin: TestClient) -> None:
    number = ready(site)
    with site.held.db.writing() as s:
        drafts.remember_features(s, number, {})
    assert code(publish(admin, number)) == "template_not_ready"
    with site.held.db.writing() as s:
        prepare(site, s, number, [{"page": 1, "fatal": True, "id": "terlihat sama dengan X", "en": "looks the same as X"}])
    refused = publish(admin, number)
    assert (refused.status_code, code(refused)) == (422, "template_refused")
    assert "terlihat sama dengan X" in refused.json()["error"]["message"]
    faulty = body()
    faulty["pages"][0]["numbers"][0]["label"] = {"id": "", "en": ""}
    answer = publish(admin, ready(site, faulty))
    assert code(answer) == "template_faulty"
    assert [f["en"] for f in answer.json()["error"]["details"]["faults"]] == ["page 1: 'suara_paslon_1' has no label"]
    assert code(publish(admin, ready(site), reason="")) == "reason_missing"
    assert registry.all_templates().get("c-uji") is None


def test_a_published_form_is_known_at_once_and_a_second_draft_of_it_is_not(site: Site, admin: TestClient) -> None:
    answer = publish(admin, ready(site), election="bupati-2020")
    assert answer.json() == {"form": "c-uji", "version": 1, "proven": False, "page": "/templat/formulir/c-uji"}
    assert registry.template("c-uji").version == 1
    page = admin.get("/templat/formulir/c-uji").text
    assert "Masa percobaan" in page and "Pemilihan Bupati 2020" in page
    assert code(publish(admin, ready(site))) == "template_faulty"  # the id is taken now
    first = admin.post("/api/templates/forms/c-uji/drafts").json()["id"]
    with site.held.db.writing() as s:
        prepare(site, s, first)
    assert publish(admin, first).json()["version"] == 2
    assert code(publish(admin, ready(site, based_on=1))) == "stale_draft"
    assert code(admin.post("/api/templates/forms/c-lain/drafts")) == "unknown_form"


def test_older_sheets_keep_their_version(site: Site, admin: TestClient) -> None:
    publish(admin, ready(site), election="bupati-2020")
    receipt = site.world.upload(election="bupati-2020")
    values = {"suara_paslon_1": 10, "suara_paslon_2": 20, "suara_sah": 30, "suara_tidak_sah": 1, "suara_total": 31}
    read = word(receipt, values, form="c-uji", page=1, doubt=(ReasonCode.LOW_CONFIDENCE,), versions={"template": "1"})
    site.world.record(receipt, read)
    raw = body()
    raw["pages"][0]["numbers"] = [n for n in raw["pages"][0]["numbers"] if n["name"] != "suara_paslon_2"]
    raw["pages"][0]["rules"] = []
    number = admin.post("/api/templates/forms/c-uji/drafts").json()["id"]
    with site.held.db.writing() as s:
        drafts.save(s, number, site.world.users["admin"], 1, raw)
        prepare(site, s, number)
    assert publish(admin, number).json()["version"] == 2
    assert len(registry.page("c-uji", 1).numbers) == 4
    with site.held.db.reading() as s:
        view = sheet_view(s, receipt.photo_id)
    assert [f.name for f in view.fields] == list(values)
    assert {f.name: f.value for f in view.fields} == values


def test_only_a_supervisor_ends_the_probation(site: Site, admin: TestClient) -> None:
    publish(admin, ready(site))
    said = {"version": 1, "proven": True, "reason": "diuji di lapangan"}
    assert code(admin.post("/api/templates/forms/c-uji/trust", json=said)) == "forbidden"
    supervisor = site.client("supervisor")
    assert supervisor.post("/api/templates/forms/c-uji/trust", json=said).json()["proven"] is True
    assert registry.is_proven(registry.template("c-uji"))
    assert "diuji di lapangan" in supervisor.get("/templat/formulir/c-uji").text


def test_a_test_photo_is_read_typed_and_scored(site: Site, admin: TestClient) -> None:
    number = ready(site)
    data, _ = papers.photo(3)
    answer = admin.post(TRIALS, data={"draft": str(number)}, files=[("photos", ("f.jpg", io.BytesIO(data), "image/jpeg"))])
    assert answer.status_code == 202
    trial = answer.json()["trials"][0]
    assert trial["state"] == "waiting"
    site.app.state.drafting.read_trial(trial["id"])  # no features, no tag: it cannot be recognised
    assert admin.get(f"{TRIALS}/{trial['id']}").json()["state"] == "unreadable"
    assert code(admin.post(f"{TRIALS}/{trial['id']}/typed", json={"values": {}})) == "trial_scored"
    assert admin.get(f"{TRIALS}/{trial['id']}/picture.jpg").headers["content-type"] == "image/jpeg"
    assert admin.get(f"{TRIALS}/{trial['id']}/crops/suara_sah.png").status_code == 404
    assert "Coba pada foto" in admin.get(f"/templat/rancangan/{number}/coba").text
    assert "Terbitkan versi 1" in admin.get(f"/templat/rancangan/{number}/terbit").text
