"""From upload to verified total through the API and the pages, with the machine's word given."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from review.receipt import Receipt
from tally.interpretation import ReasonCode
from tests.api.conftest import Site, files, jpeg
from tests.world import OTHER_TPS, TPS, unreadable, validity, votes, word

HTML = {"Accept": "text/html"}


def sheet_of(reviewer: TestClient, photo: int, **page: Any) -> dict[str, Any]:
    answer = reviewer.get(f"/api/sheets/{photo}", params=page)
    assert answer.status_code == 200
    return dict(answer.json())


def upload(site: Site, seed: int = 1, tps: str = TPS) -> Receipt:
    return site.world.upload(data=jpeg(seed), tps=tps)


def doubted(site: Site, seed: int = 1, page: int = 3, values: Any = None, tps: str = TPS) -> Receipt:
    receipt = upload(site, seed, tps)
    site.world.read(receipt, values or validity(150, 8, 160), page=page, doubt=(ReasonCode.SUM_MISMATCH,))
    return receipt


def decide(client: TestClient, photo: int, body: dict[str, Any]) -> Any:
    return client.post(f"/api/sheets/{photo}/decision", json=body)


def totals(site: Site, **params: str) -> Any:
    return site.client("staff").get("/api/totals", params={"election": "ppwp-2024", **params}).json()


def value(answer: Any, row: int, name: str) -> int:
    return int(next(n["value"] for n in answer["rows"][row]["numbers"] if n["name"] == name))


def test_the_whole_way(site: Site) -> None:
    operator, reviewer = site.client("operator"), site.client("reviewer")
    sent = operator.post("/api/photos", data={"election": "ppwp-2024", "tps": TPS, "page": "3"}, files=files(("hal3.jpg", jpeg(1))))
    photo = sent.json()["results"][0]["receipt"]["id"]
    assert operator.get(f"/api/photos/{photo}").json()["state"] == "reading"
    part = operator.get(f"/foto/{photo}", headers={**HTML, "HX-Request": "true"}).text
    assert "Sedang dibaca" in part and "hx-trigger" in part

    with site.held.db.reading() as session:
        from review.status import photo_status

        receipt = photo_status(session, photo).receipt
    site.world.read(receipt, validity(150, 8, 160), page=3, doubt=(ReasonCode.SUM_MISMATCH,))
    part = operator.get(f"/foto/{photo}", headers={**HTML, "HX-Request": "true"}).text
    assert "Halaman 3 terbaca, menunggu pemeriksaan" in part and "hx-trigger" not in part
    assert value(totals(site, level="regency"), 0, "suara_sah") == 0

    desk = reviewer.get("/periksa", headers=HTML).text
    assert "TPS 001, MARIANA, BANYUASIN I" in desk and "Halaman 3" in desk
    sheet = reviewer.post("/api/sheets/next", json={}).json()["sheet"]
    assert sheet["id"] == photo
    assert {n["name"]: n["value"] for n in sheet["numbers"]} == validity(150, 8, 160)
    right = validity(150, 8, 158)
    done = decide(reviewer, photo, {"action": "settle", "stamp": sheet["stamp"], "values": right})
    assert done.status_code == 200 and done.json()["committed"] and done.json()["next"] is None

    assert "Halaman 3 terverifikasi" in operator.get(f"/foto/{photo}", headers=HTML).text
    for level in ("regency", "kecamatan", "desa", "tps"):
        rows = totals(site, level=level)
        at = next(i for i, r in enumerate(rows["rows"]) if TPS.startswith(r["region"]["code"]))
        assert value(rows, at, "suara_sah") == 150 and value(rows, at, "suara_total") == 158
        assert rows["rows"][at]["coverage"]["sheets_in"] == 1
    page = site.client("staff").get(f"/lembar/{photo}", headers=HTML).text
    assert "158" in page and "Disahkan reviewer" in page
    for code in ("", "160701", "1607011016", TPS):
        shown = site.client("staff").get("/hasil", params={"election": "ppwp-2024", **({"code": code} if code else {})}, headers=HTML)
        assert re.search(r'data-total="suara_total">158<', shown.text), code


def test_confirming_unchanged_values_is_a_confirmation(site: Site) -> None:
    photo = doubted(site, values=validity(150, 8), page=3).photo_id
    reviewer = site.client("reviewer")
    stamp = reviewer.post(f"/api/sheets/{photo}/lease").json()["stamp"]
    assert decide(reviewer, photo, {"action": "settle", "stamp": stamp, "values": validity(150, 8)}).status_code == 200
    with site.held.db.reading() as session:
        from sqlalchemy import select

        from db.tables import ReviewAction

        assert [a.kind.value for a in session.scalars(select(ReviewAction))] == ["confirm"]


def test_a_sum_that_is_wrong_on_paper_needs_to_be_said(site: Site) -> None:
    photo = doubted(site).photo_id
    reviewer = site.client("reviewer")
    stamp = reviewer.post(f"/api/sheets/{photo}/lease").json()["stamp"]
    body = {"action": "settle", "stamp": stamp, "values": validity(150, 8, 160)}
    refused = decide(reviewer, photo, body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "rules_broken")
    assert totals(site, level="regency")["rows"][0]["coverage"]["sheets_in"] == 0
    assert decide(reviewer, photo, {**body, "paper_error": True, "note": "tertulis begitu"}).status_code == 200
    answer = totals(site, level="regency")
    assert value(answer, 0, "suara_total") == 160 and answer["rows"][0]["coverage"]["paper_errors"] == 1


@pytest.mark.parametrize(
    "values",
    [
        {"suara_sah": 1},
        {**validity(150, 8), "suara_gaib": 1},
        {**validity(150, 8), "suara_sah": 1000},
        {**validity(150, 8), "suara_sah": None},
    ],
)
def test_values_that_cannot_stand(site: Site, values: dict[str, Any]) -> None:
    photo = doubted(site).photo_id
    reviewer = site.client("reviewer")
    stamp = reviewer.post(f"/api/sheets/{photo}/lease").json()["stamp"]
    answer = decide(reviewer, photo, {"action": "settle", "stamp": stamp, "values": values})
    assert answer.status_code == 422 and answer.json()["error"]["code"] in ("bad_values", "rules_broken")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "erase"},
        {"action": "settle"},
        {"action": "settle", "stamp": "x", "values": {"suara_sah": -1}},
        {"action": "settle", "stamp": "x", "values": {"suara_sah": 1.5}},
        {"action": "settle", "stamp": "x", "values": {"suara_sah": "1"}},
        {"action": "reject", "stamp": "x", "note": "x" * 2000},
    ],
)
def test_malformed_decisions(site: Site, body: dict[str, Any]) -> None:
    photo = doubted(site).photo_id
    answer = decide(site.client("reviewer"), photo, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")


def test_one_sheet_one_reviewer(site: Site) -> None:
    photo = doubted(site).photo_id
    first, second = site.client("reviewer"), site.client("reviewer2")
    stamp = first.post(f"/api/sheets/{photo}/lease").json()["stamp"]
    assert second.post(f"/api/sheets/{photo}/lease").json()["error"]["code"] == "lease_lost"
    assert second.post("/api/sheets/next").json() == {"next": None, "sheet": None}
    body = {"action": "settle", "stamp": stamp, "values": validity(150, 8)}
    assert decide(second, photo, body).json()["error"]["code"] == "lease_lost"
    assert "Sedang diperiksa reviewer" in second.get("/periksa", headers=HTML).text
    assert first.delete(f"/api/sheets/{photo}/lease").status_code == 204
    stamp = second.post(f"/api/sheets/{photo}/lease").json()["stamp"]
    assert decide(second, photo, {**body, "stamp": "i9-a9-c9"}).json()["error"]["code"] == "stale_sheet"
    assert decide(second, photo, {**body, "stamp": stamp}).status_code == 200
    assert decide(second, photo, {**body, "stamp": stamp}).json()["error"]["code"] == "already_settled"


def test_the_next_sheet_follows(site: Site) -> None:
    photos = [doubted(site, seed, tps=tps).photo_id for seed, tps in ((1, TPS), (2, OTHER_TPS))]
    reviewer = site.client("reviewer")
    assert reviewer.post("/api/sheets/next").json()["next"] == photos[0]
    stamp = reviewer.get(f"/api/sheets/{photos[0]}").json()["stamp"]
    done = decide(reviewer, photos[0], {"action": "settle", "stamp": stamp, "values": validity(150, 8)})
    assert done.json()["next"] == photos[1]
    assert site.client("reviewer2").post("/api/sheets/next").json()["next"] is None  # leased to the first already


def test_a_rejection_reaches_the_operator(site: Site) -> None:
    photo = doubted(site).photo_id
    reviewer = site.client("reviewer")
    stamp = reviewer.post(f"/api/sheets/{photo}/lease").json()["stamp"]
    assert decide(reviewer, photo, {"action": "reject", "stamp": stamp, "note": " "}).json()["error"]["code"] == "note_required"
    assert decide(reviewer, photo, {"action": "reject", "stamp": stamp, "note": "Kabur & <gelap>"}).status_code == 200
    card = site.client("operator").get(f"/foto/{photo}", headers=HTML).text
    assert "mohon foto ulang" in card and "Kabur &amp; &lt;gelap&gt;" in card


def test_hand_entry_of_an_unreadable_photo(site: Site) -> None:
    receipt = upload(site)
    site.world.record(receipt, unreadable(receipt))
    photo = receipt.photo_id
    assert "Foto tidak terbaca" in site.client("operator").get(f"/foto/{photo}", headers=HTML).text
    reviewer = site.client("reviewer")
    sheet = sheet_of(reviewer, photo)
    assert sheet["numbers"] == [] and {"c-hasil-ppwp-2024"} == {c["form"] for c in sheet["pages"]}
    assert reviewer.post(f"/api/sheets/{photo}/lease").status_code == 200
    chosen = sheet_of(reviewer, photo, form="c-hasil-ppwp-2024", page=2)
    assert [(n["name"], n["value"], n["crop"]) for n in chosen["numbers"]] == [(f"suara_paslon_{i}", None, None) for i in (1, 2, 3)]
    body = {"action": "settle", "stamp": chosen["stamp"], "values": votes(5, 6, 7), "form": "c-hasil-ppwp-2024", "page": 2}
    assert decide(reviewer, photo, body).status_code == 200
    assert value(totals(site, level="regency"), 0, "suara_paslon_3") == 7


def test_a_sheet_is_moved_to_its_own_tps(site: Site) -> None:
    photo = doubted(site, values=validity(150, 8)).photo_id
    reviewer = site.client("reviewer")
    stamp = reviewer.post(f"/api/sheets/{photo}/lease").json()["stamp"]
    moved = decide(reviewer, photo, {"action": "move", "stamp": stamp, "tps": OTHER_TPS})
    assert moved.status_code == 200 and (moved.json()["outcome"], moved.json()["next"]) == ("moved", photo)
    sheet = reviewer.get(f"/api/sheets/{photo}").json()
    assert sheet["tps"]["code"] == OTHER_TPS
    assert decide(reviewer, photo, {"action": "settle", "stamp": sheet["stamp"], "values": validity(150, 8)}).status_code == 200
    rows = totals(site, level="tps", code="1607011016")["rows"]
    assert [r["region"]["code"] for r in rows if r["coverage"]["sheets_in"]] == [OTHER_TPS]


def test_a_withdrawn_sheet_counts_no_more(site: Site) -> None:
    receipt = upload(site)
    site.world.read(receipt, votes(5, 6, 7))
    assert value(totals(site, level="regency"), 0, "suara_paslon_1") == 5
    done = site.client("reviewer").post(f"/api/sheets/{receipt.photo_id}/withdrawal", json={"note": "foto salah"})
    assert done.status_code == 200
    assert totals(site, level="regency")["rows"][0]["coverage"]["sheets_in"] == 0


def test_a_second_photo_that_says_otherwise_is_shown_beside_what_counts(site: Site) -> None:
    first, second = upload(site, 1), upload(site, 2)
    site.world.read(first, votes(5, 6, 7))
    site.world.read(second, votes(5, 6, 9))
    reviewer = site.client("reviewer")
    sheet = reviewer.post(f"/api/sheets/{second.photo_id}/lease").json()
    assert sheet["committed"] == votes(5, 6, 7) and sheet["kind"] == "conflict"
    assert value(totals(site, level="regency"), 0, "suara_paslon_3") == 7  # nothing changes before a person decides
    body = {"action": "settle", "stamp": sheet["stamp"], "values": votes(5, 6, 9)}
    assert decide(reviewer, second.photo_id, body).status_code == 200
    assert value(totals(site, level="regency"), 0, "suara_paslon_3") == 9


def test_pictures_are_cut_where_the_boxes_are(site: Site) -> None:
    big = np.full((1200, 900, 3), 255, np.uint8)
    cv2.rectangle(big, (300, 400), (480, 460), (0, 0, 200), -1)  # three red boxes in a row
    receipt = site.world.upload(data=cv2.imencode(".jpg", big, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes())
    said = word(receipt, votes(5, 6, 7), doubt=(ReasonCode.LOW_CONFIDENCE,))
    row = tuple(((x, 400.0), (x + 60.0, 400.0), (x + 60.0, 460.0), (x, 460.0)) for x in (300.0, 360.0, 420.0))
    corners = ((50.0, 50.0), (850.0, 50.0), (850.0, 1150.0), (50.0, 1150.0))
    site.world.record(receipt, replace(said, boxes={**said.boxes, "suara_paslon_1": row, "suara_paslon_3": ()}, page_corners=corners))
    reviewer = site.client("reviewer")
    sheet = reviewer.get(f"/api/sheets/{receipt.photo_id}").json()
    first, _, third = sheet["numbers"]

    crop = cv2.imdecode(np.frombuffer(reviewer.get(first["crop"]).content, np.uint8), cv2.IMREAD_COLOR)
    assert crop.shape == (204, 444, 3)  # three boxes of 120 px and a third of a box of paper around
    assert crop[102, 222, 2] > 180 and crop[102, 222, 0] < 40  # red inside
    assert crop[8, 8].min() > 240  # paper outside

    page = cv2.imdecode(np.frombuffer(reviewer.get(sheet["picture"]).content, np.uint8), cv2.IMREAD_COLOR)
    assert [page.shape[1], page.shape[0]] == sheet["picture_size"] == [1309, 1800]
    x, y, w, h = (round(v) for v in first["place"])
    assert page[y + h // 2, x + w // 2, 2] > 180 and page[y + h // 2, x + w // 2, 0] < 60
    assert page[y - 8, x - 8].min() > 230

    # nobody is shown a number without its picture
    assert third["crop"] is None and third["value"] is None and third["boxes"] is None and third["readers"] == {} and third["doubtful"]
    assert reviewer.get(f"/api/sheets/{receipt.photo_id}/crops/suara_paslon_3.png").status_code == 404
    assert reviewer.get(f"/api/sheets/{receipt.photo_id}/crops/suara_gaib.png").status_code == 404


def test_csv_has_every_region_once(site: Site) -> None:
    receipt = upload(site)
    site.world.read(receipt, votes(5, 6, 7))
    answer = site.client("staff").get("/api/totals.csv", params={"election": "ppwp-2024"})
    assert answer.headers["content-disposition"] == 'attachment; filename="ppwp-2024_kecamatan_banyuasin.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 21 and sum(int(r["lembar_masuk"]) for r in rows) == 1
    assert rows[0]["hal2.suara_paslon_3"] == "7" and rows[0]["kode"] == "160701"


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"election": "x"}, 404, "unknown_election"),
        ({"election": "ppwp-2024", "code": "99"}, 404, "unknown_region"),
        ({"election": "ppwp-2024", "level": "planet"}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
    ],
)
def test_bad_questions(site: Site, params: dict[str, str], status: int, code: str) -> None:
    for path in ("/api/totals", "/api/totals.csv"):
        answer = site.client("staff").get(path, params=params)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_places_are_found_by_words_and_by_walking(site: Site) -> None:
    client = site.client("operator")
    top = client.get("/api/places").json()["items"]
    assert len(top) == 21 and top[0]["level"] == "kecamatan"
    villages = client.get("/api/places", params={"within": top[0]["code"]}).json()["items"]
    stations = client.get("/api/places", params={"within": villages[0]["code"]}).json()["items"]
    assert {v["level"] for v in villages} == {"desa"} and {s["level"] for s in stations} == {"tps"}
    found = client.get("/api/places", params={"q": "mariana 1"}).json()["items"]
    assert TPS in [f["code"] for f in found]
    assert client.get("/api/places", params={"q": "%"}).json()["items"] == []


def test_empty_pages_say_what_is_missing(site: Site) -> None:
    assert "Belum ada foto" in site.client("operator").get("/unggah", headers=HTML).text
    assert "Semua sudah diperiksa" in site.client("reviewer").get("/periksa", headers=HTML).text
    assert "Belum ada lembar terverifikasi" in site.client("staff").get("/hasil", headers=HTML).text
