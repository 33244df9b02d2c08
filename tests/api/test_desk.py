"""The desk over HTTP: one round trip from commit to the next sheet, blind answers, the second look, undo, the supervisor's routes."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from api.aligning import Aligning
from ocr.align.by_hand import ShownPage
from tally.interpretation import Interpretation, ReasonCode
from tests.api.conftest import Site, jpeg
from tests.world import FORM, OTHER_TPS, TPS, unreadable, validity, votes, word

WINDOW = {"X-Desk": "window-one"}
POLICY = {"entry": "single", "sample_machine": 0, "sample_single": 0, "sample_double": 0, "stop_bound": 0.01, "stop_errors": 3}
SECRET = ("boxes", "value", "confidence")


def waiting(site: Site, seed: int = 1, values: Any = None, page: int = 3, tps: str = TPS, **how: Any) -> int:
    receipt = site.world.upload(data=jpeg(seed), tps=tps)
    how.setdefault("doubt", (ReasonCode.SUM_MISMATCH,))
    site.world.read(receipt, validity(150, 8, 160) if values is None else values, page=page, **how)
    return receipt.photo_id


def settle(client: TestClient, sheet: dict[str, Any], values: Any, **more: Any) -> Any:
    body = {"action": "settle", "stamp": sheet["stamp"], "values": values, **more}
    return client.post(f"/api/sheets/{sheet['id']}/decision", json=body, headers=WINDOW)


def lease(client: TestClient, photo: int) -> dict[str, Any]:
    return dict(client.post(f"/api/sheets/{photo}/lease", headers=WINDOW).raise_for_status().json())


def test_commit_and_next_in_one_round_trip_with_what_was_kept_ready(site: Site) -> None:
    one, two = (waiting(site, n, tps=tps) for n, tps in ((1, TPS), (2, OTHER_TPS)))
    client = site.client("reviewer")
    sheet = client.post("/api/sheets/next", headers=WINDOW).json()["sheet"]
    ahead = client.post("/api/sheets/ahead", headers=WINDOW).json()["sheet"]
    assert (sheet["id"], ahead["id"], ahead["lease"]["ahead"], sheet["lease"]["mine"]) == (one, two, True, True)
    for address in ahead["pictures"]:
        answer = client.get(address)
        assert answer.headers["content-type"] == "image/jpeg" and "immutable" in answer.headers["cache-control"]
    assert client.post(f"/api/sheets/{one}/heartbeat", headers=WINDOW).status_code == 200
    done = settle(client, sheet, validity(150, 8)).json()
    assert (done["outcome"], done["committed"], done["next"], done["next_sheet"]["id"]) == ("committed", True, two, two)
    assert done["undo_until"] and not done["next_sheet"]["lease"]["ahead"]
    back = client.post(f"/api/sheets/{one}/undo", headers=WINDOW).json()
    assert back["previous"] == validity(150, 8) and back["stage"] == "first"
    assert client.post(f"/api/sheets/{one}/undo", headers=WINDOW).json()["error"]["code"] == "cannot_undo"


def test_the_sheet_says_in_words_what_does_not_fit(site: Site) -> None:
    sheet = lease(site.client("reviewer"), waiting(site))
    assert "jumlah 160 tidak sama dengan 150 + 8 (= 158)" in sheet["findings"][0]["text"]
    assert {"suara_total": 158} in [h["changes"] for h in sheet["hints"]] and [n["value"] for n in sheet["numbers"]] == [150, 8, 160]
    assert sheet["doubt_order"] and sheet["crop_sheet"]["width"] > 0 and len(sheet["pages"]) == 3
    assert all(len(n["crop_at"]) == 4 for n in sheet["numbers"])


def test_a_blind_answer_holds_nothing_that_anybody_read(site: Site) -> None:
    supervisor = site.client("supervisor")
    assert supervisor.put("/api/desk/policy/ppwp-2024", json={**POLICY, "entry": "double_all"}).status_code == 200
    photo = waiting(site, values=validity(151, 8, 161))
    first, second = site.client("reviewer"), site.client("reviewer2")
    done = settle(first, lease(first, photo), validity(153, 8)).json()
    assert (done["outcome"], done["committed"]) == ("entered", False)
    for answer in (
        second.get(f"/api/sheets/{photo}"),
        second.post(f"/api/sheets/{photo}/lease", headers=WINDOW),
        second.get("/api/sheets"),
    ):
        text = answer.text
        assert answer.status_code == 200
        for told in ("151", "161", "153", "low_confidence", "sum_mismatch"):
            assert told not in text, told
    sheet = lease(second, photo)
    assert sheet["blind"] and sheet["stage"] == "second" and all(n[k] is None for n in sheet["numbers"] for k in SECRET)
    assert (sheet["reasons"], sheet["findings"], sheet["hints"], sheet["committed"], sheet["entries"]) == ([], [], [], None, None)
    for path in (f"/api/sheets/{photo}/history",):
        assert second.get(path).json()["error"]["code"] == "blind_sheet"
    assert first.post(f"/api/sheets/{photo}/lease").json()["error"]["code"] == "already_entered"
    done = settle(second, sheet, validity(152, 8)).json()
    assert (done["outcome"], done["committed"]) == ("entered", False)  # whether it met the other's is not told
    third = lease(supervisor, photo)
    assert third["stage"] == "arbitration" and [e["values"] for e in third["entries"]] == [validity(153, 8), validity(152, 8)]
    assert third["differs"] == ["suara_sah", "suara_total"]
    assert settle(supervisor, third, validity(153, 8)).json()["outcome"] == "committed"
    story = supervisor.get(f"/api/sheets/{photo}/history").json()
    assert [e["data"]["kind"] for e in story["events"] if e["kind"] == "action"] == ["enter", "enter", "correct"]


def test_asked_once_more_and_then_believed(site: Site) -> None:
    photo = waiting(site, values=votes(5, 6, 7), page=2, doubt=(ReasonCode.POOR_PHOTO,), sure=True)
    client = site.client("reviewer")
    sheet = lease(client, photo)
    refused = settle(client, sheet, votes(5, 8, 7))
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["details"]["numbers"][0]["name"]) == (409, "confirm_required", "suara_paslon_2")
    assert client.get(error["details"]["numbers"][0]["crop"]).status_code == 200
    assert settle(client, sheet, votes(5, 8, 7), confirm=error["details"]["token"]).json()["committed"]


def test_the_supervisors_routes(site: Site) -> None:
    photo = waiting(site)
    lease(site.client("reviewer"), photo)
    boss = site.client("supervisor")
    told = boss.get("/api/desk/overview", params={"election": "ppwp-2024"}).json()
    assert told["waiting"]["total"] == 1 and told["in_work"][0]["by"] == "reviewer"
    assert boss.post(f"/api/sheets/{photo}/takeover", json={"note": ""}).json()["error"]["code"] == "note_required"
    assert boss.post(f"/api/sheets/{photo}/takeover", json={"note": "sakit"}).json()["lease"]["by"] == "supervisor"
    assert boss.post("/api/desk/accepting/ppwp-2024", json={"on": False, "note": "model lama"}).json()["accepting"] is False
    assert site.client("staff").get("/api/desk/quality", params={"election": "ppwp-2024"}).json()["by"] == "supervisor"
    assert boss.put("/api/desk/policy/ppwp-2024", json={**POLICY, "stop_bound": 0}).json()["error"]["code"] == "invalid_request"
    assert boss.get("/api/desk/quality", params={"election": "x"}).json()["error"]["code"] == "unknown_election"
    assert boss.get("/api/desk/words").json()["reject"][0]["text"]


def test_papers_in_error_and_own_work_are_listed(site: Site) -> None:
    photo = waiting(site)
    client = site.client("reviewer")
    settle(client, lease(client, photo), validity(150, 8, 160), paper_error=True, paper_faults=["sum", "no_initials"])
    item = client.get("/api/desk/paper-errors").json()["items"][0]
    assert item["faults"] == ["sum", "no_initials"] and "tidak sama dengan 150 + 8" in item["findings"][0]["text"]
    mine = client.get("/api/desk/mine").json()
    assert (mine["today"], mine["items"][0]["photo"], bool(mine["items"][0]["undo_until"])) == (1, photo, True)


@pytest.mark.parametrize(("found", "state"), [(True, "done"), (False, "failed")])
def test_a_page_shown_by_its_corners_is_read_anew_and_never_counts_by_itself(site: Site, found: bool, state: str) -> None:
    receipt = site.world.upload(data=jpeg(1))
    site.world.record(receipt, unreadable(receipt))
    asked: list[ShownPage] = []

    def read(data: bytes, name: str, shown: ShownPage) -> Interpretation:
        asked.append(shown)
        versions = {"cnn": "a", "corners": shown.version}
        return word(receipt, votes(5, 6, 7), versions=versions) if found else unreadable(receipt, versions=versions)

    aligning = Aligning.on(site.held.db, site.held.store, site.held.reading.huey)
    aligning._read = read
    client = site.client("reviewer")
    sheet = lease(client, receipt.photo_id)
    assert not sheet["aligned"] and sheet["numbers"] == []
    corners = [[0.1, 0.1], [0.9, 0.12], [0.88, 0.9], [-0.1, 0.91]]
    body = {"stamp": sheet["stamp"], "form": FORM, "page": 2, "corners": corners}
    assert client.post(f"/api/sheets/{receipt.photo_id}/alignment", json={**body, "corners": corners[:3]}).status_code == 422
    assert client.post(f"/api/sheets/{receipt.photo_id}/alignment", json={**body, "page": 9}).json()["error"]["code"] == "unknown_page"
    ticket = client.post(f"/api/sheets/{receipt.photo_id}/alignment", json=body, headers=WINDOW).json()["ticket"]
    look = f"/api/sheets/{receipt.photo_id}/alignment/{ticket}"
    assert client.get(look).json() == {"state": "reading"}
    huey = site.held.reading.huey
    huey.execute(huey.dequeue())
    told = client.get(look).json()
    assert told["state"] == state and asked[0].corners[3] == (-0.1, 0.91)
    assert site.client("reviewer2").get(look).json() == {"state": "reading"}  # another's ticket says nothing
    if not found:
        assert told["error"]["code"] == "corners_do_not_fit" and lease(client, receipt.photo_id)["stamp"] == sheet["stamp"]
        return
    now = told["sheet"]
    assert now["aligned"] and [n["value"] for n in now["numbers"]] == [5, 6, 7] and now["reasons"][-1]["code"] == "aligned_by_hand"
    assert client.get("/api/totals", params={"election": "ppwp-2024", "level": "regency"}).json()["rows"][0]["coverage"]["sheets_in"] == 0
    assert settle(client, now, votes(5, 6, 7)).json()["committed"]
