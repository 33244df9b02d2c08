"""The anomalies' pages and API: who sees what, filters, CSV, a person's word."""

from __future__ import annotations

import csv
import io
import re

import pytest
from starlette.testclient import TestClient

from db.types import Role
from db.users import create_user
from review.anomaly_look import look_through
from tests.api.conftest import Site
from tests.review.desk import Desk
from tests.world import OTHER_TPS, PASSWORD, TPS, validity

FAR = "1607031008001"


@pytest.fixture
def desk(site: Site) -> Desk:
    return Desk(site.world)


@pytest.fixture
def found(site: Site, desk: Desk) -> Site:
    """Three stations with a wrong sum on page 3, one of them far away; everything looked through."""
    for tps, total in ((TPS, 183), (OTHER_TPS, 190), (FAR, 200)):
        receipt = desk.waiting(validity(178, 4, total), tps=tps)
        desk.enter(receipt, validity(178, 4, total), "reviewer", paper_error=True, note="uji")
    look_through(site.world.db)
    return site


def items(client: TestClient, **params: str) -> list[dict[str, object]]:
    answer = client.get("/api/anomalies", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_the_list_filters_and_pages(found: Site) -> None:
    staff = found.client("staff")
    every = items(staff)
    assert {(i["kind"], i["severity"], i["state"]) for i in every} == {
        ("valid_invalid", "high", "open"),
        ("votes_valid", "high", "open"),
    } - {("votes_valid", "high", "open")}
    assert [i["tps"]["code"] for i in items(staff, order="place")] == [TPS, OTHER_TPS, FAR]  # type: ignore[index]
    assert [i["tps"]["code"] for i in items(staff, code="160703")] == [FAR]  # type: ignore[index]
    assert (
        items(staff, state="gone")
        == items(staff, severity="low")
        == items(staff, kind="turnout")
        == items(staff, election="dpr-2024")
        == []
    )
    assert len(items(staff, state="all", limit="2")) == 2
    assert staff.get("/api/anomalies", params={"limit": "2"}).json()["total"] == 3
    for wrong in ({"severity": "huge"}, {"kind": "x"}, {"state": "x"}, {"order": "x"}):
        answer = staff.get("/api/anomalies", params=wrong)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request"), wrong
    assert staff.get("/api/anomalies", params={"code": "99"}).json()["error"]["code"] == "unknown_region"


def test_a_camat_sees_and_explains_his_own_area_only(found: Site) -> None:
    with found.world.db.writing() as s:
        camat = create_user(s, "camat3", PASSWORD, Role.STAFF, areas=["160703"])
    found.world.users["camat3"] = camat.id  # type: ignore[index]
    his, staff = found.client("camat3"), found.client("staff")
    assert [i["tps"]["code"] for i in items(his)] == [FAR]  # type: ignore[index]
    assert FAR[:6] in his.get("/kejanggalan").text
    assert TPS not in his.get("/api/anomalies.csv").text
    mine, others = items(his)[0], items(staff, code=TPS)[0]
    assert his.get(f"/kejanggalan/{mine['id']}").status_code == 200
    for path in (f"/kejanggalan/{others['id']}", f"/api/anomalies/{others['id']}"):
        assert his.get(path).status_code == 403
    word = {"note": "Sudah dicek di kecamatan.", "number": 1}
    assert his.post(f"/api/anomalies/{others['id']}/explanation", json=word).status_code == 403
    assert his.post(f"/api/anomalies/{mine['id']}/explanation", json=word).json()["state"] == "explained"
    assert his.get("/api/anomalies", params={"code": "160701"}).status_code == 403


def test_an_explanation_over_the_api_and_the_page(found: Site) -> None:
    staff, reviewer, admin = found.client("staff"), found.client("reviewer"), found.client("admin")
    first, second, _ = items(staff, order="place")
    done = staff.post(f"/api/anomalies/{first['id']}/explanation", json={"note": "Salah tulis KPPS.", "number": 1})
    assert (done.status_code, done.json()["state"], done.json()["by"]) == (200, "explained", "staff")
    stale = staff.post(f"/api/anomalies/{first['id']}/explanation", json={"note": "lagi", "number": 1})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "anomaly_changed")
    assert [i["id"] for i in items(admin, state="explained")] == [first["id"]]
    assert admin.post(f"/api/anomalies/{second['id']}/explanation", json={"note": "x", "number": 1}).status_code == 403

    page = reviewer.get(f"/kejanggalan/{second['id']}")
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token is not None and "190" in page.text
    form = {"csrf": token[1], "number": "1", "note": "  "}
    refused = reviewer.post(f"/kejanggalan/{second['id']}/penjelasan", data=form)
    assert refused.status_code == 422 and 'id="refused"' in refused.text
    assert reviewer.post(f"/kejanggalan/{second['id']}/penjelasan", data=form | {"note": "Sudah ditanya"}).status_code == 303
    shown = reviewer.get(f"/kejanggalan/{second['id']}").text
    assert "Sudah ditanya" in shown and "Buka lagi" in shown
    assert reviewer.post(f"/kejanggalan/{second['id']}/buka", data=form | {"note": "belum jelas", "number": "2"}).status_code == 303
    events = [e["event"] for e in staff.get(f"/api/anomalies/{second['id']}").json()["history"]]
    assert events == ["reopened", "explained", "found"]
    assert 'id="say-form"' not in admin.get(f"/kejanggalan/{second['id']}").text


def test_the_table_opens_in_a_spreadsheet_and_holds_no_formula(found: Site) -> None:
    staff = found.client("staff")
    one = items(staff, order="place")[0]
    staff.post(f"/api/anomalies/{one['id']}/explanation", json={"note": "=1+1", "number": 1})
    text = staff.get("/api/anomalies.csv", params={"state": "all"}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [r["kode_tps"] for r in rows] == [TPS, OTHER_TPS, FAR]
    assert rows[0]["penjelasan"] == "'=1+1" and "183" in rows[0]["keterangan"]


def test_the_number_in_the_menu(found: Site) -> None:
    answer = found.client("staff").get("/kejanggalan/jumlah")
    assert (answer.text, answer.headers["content-type"].split(";")[0]) == ("3", "text/plain")


def test_what_a_reviewer_may_have_to_enter_blind_is_hidden_from_him(found: Site, desk: Desk) -> None:
    desk.policy(sample_machine=1000, sample_single=1000)
    receipt = desk.waiting(validity(150, 4, 160), tps="1607011016003")
    desk.enter(receipt, validity(150, 4, 160), "reviewer2", paper_error=True, note="uji")
    look_through(found.world.db)
    of_sample = items(found.client("staff"), code="1607011016003")[0]
    assert "160" in str(of_sample["text"])
    (hidden,) = items(found.client("reviewer"), code="1607011016003")
    assert (hidden["hidden"], hidden["text"], hidden["figures"]) == (True, "", {})
    reviewer = found.client("reviewer")
    assert "data-number" not in reviewer.get(f"/kejanggalan/{hidden['id']}").text
    rows = list(csv.DictReader(io.StringIO(reviewer.get("/api/anomalies.csv?code=1607011016003").content.decode("utf-8-sig"))))
    assert rows[0]["keterangan"] == ""
