"""Who may do what: every route has a rule, and the rule holds whatever a page shows."""

from __future__ import annotations

import base64
import re

import pytest
from fastapi import APIRouter, Depends
from starlette.testclient import TestClient

from api.access import RuleMissing, public, rules, signed_in
from api.app import create_app
from tests.api.conftest import ROLES, Site
from tests.world import PASSWORD, votes

ANYONE = "anyone"
OPERATOR, REVIEWER, STAFF, ADMIN = ({r} for r in ROLES)
SIGNED_IN = set(ROLES)
SEERS = REVIEWER | STAFF | ADMIN

TABLE: dict[tuple[str, str], object] = {
    ("GET", "/healthz"): ANYONE,
    ("GET", "/vendor/{name}"): ANYONE,
    ("GET", "/bahasa/{lang}"): ANYONE,
    ("GET", "/masuk"): ANYONE,
    ("POST", "/masuk"): ANYONE,
    ("POST", "/keluar"): SIGNED_IN,
    ("GET", "/"): SIGNED_IN,
    ("GET", "/api/openapi.json"): SIGNED_IN,
    ("GET", "/api/places"): SIGNED_IN,
    ("GET", "/api/places/{code}"): SIGNED_IN,
    ("GET", "/api/elections"): SIGNED_IN,
    ("GET", "/unggah"): OPERATOR,
    ("GET", "/foto/{photo_id}"): OPERATOR,
    ("POST", "/api/photos"): OPERATOR,
    ("GET", "/api/photos/{photo_id}"): SIGNED_IN,
    ("GET", "/api/unplaced"): REVIEWER,
    ("GET", "/api/unplaced/{unplaced_id}"): SIGNED_IN,
    ("GET", "/api/unplaced/{unplaced_id}/picture.jpg"): SIGNED_IN,
    ("POST", "/api/unplaced/{unplaced_id}/place"): REVIEWER,
    ("POST", "/api/unplaced/{unplaced_id}/aside"): REVIEWER,
    ("GET", "/tanpa-tempat"): REVIEWER,
    ("POST", "/tanpa-tempat/{unplaced_id}"): REVIEWER,
    ("GET", "/pemilihan"): ADMIN,
    ("GET", "/pemilihan/{election_id}"): ADMIN,
    ("POST", "/pemilihan/{election_id}"): ADMIN,
    ("GET", "/pemilihan/{election_id}/berkas.json"): ADMIN,
    ("GET", "/api/photos/{photo_id}/picture.jpg"): SIGNED_IN,
    ("GET", "/whatsapp/webhook"): ANYONE,
    ("POST", "/whatsapp/webhook"): ANYONE,  # proves itself by its signature
    ("GET", "/periksa"): REVIEWER,
    ("POST", "/periksa/berikutnya"): REVIEWER,
    ("GET", "/periksa/{photo_id}"): REVIEWER,
    ("POST", "/periksa/{photo_id}/lepas"): REVIEWER,
    ("GET", "/api/sheets"): SEERS,
    ("GET", "/api/sheets/{photo_id}"): SEERS,
    ("GET", "/api/sheets/{photo_id}/crops/{number}.png"): SEERS,
    ("GET", "/api/sheets/{photo_id}/picture.jpg"): SEERS,
    ("POST", "/api/sheets/{photo_id}/decision"): REVIEWER,
    ("POST", "/api/sheets/next"): REVIEWER,
    ("POST", "/api/sheets/{photo_id}/lease"): REVIEWER,
    ("DELETE", "/api/sheets/{photo_id}/lease"): REVIEWER,
    ("POST", "/api/sheets/{photo_id}/withdrawal"): REVIEWER,
    ("GET", "/hasil"): SEERS,
    ("GET", "/lembar/{photo_id}"): SEERS,
    ("GET", "/api/totals"): SEERS,
    ("GET", "/api/totals.csv"): SEERS,
    ("GET", "/templat"): ADMIN | {"supervisor"},
    ("GET", "/templat/baru"): ADMIN,
    ("GET", "/templat/rancangan/{draft_id}"): ADMIN,
    ("GET", "/templat/rancangan/{draft_id}/coba"): ADMIN,
    ("GET", "/templat/rancangan/{draft_id}/terbit"): ADMIN,
    ("GET", "/templat/formulir/{form}"): ADMIN | {"supervisor"},
    ("GET", "/templat/formulir/{form}/coba"): ADMIN | {"supervisor"},
    ("POST", "/api/templates/drafts"): ADMIN,
    ("GET", "/api/templates/drafts/{draft_id}"): ADMIN,
    ("PUT", "/api/templates/drafts/{draft_id}"): ADMIN,
    ("DELETE", "/api/templates/drafts/{draft_id}"): ADMIN,
    ("POST", "/api/templates/drafts/{draft_id}/again"): ADMIN,
    ("GET", "/api/templates/drafts/{draft_id}/pages/{page}"): ADMIN,
    ("POST", "/api/templates/drafts/{draft_id}/prepare"): ADMIN,
    ("POST", "/api/templates/drafts/{draft_id}/publish"): ADMIN,
    ("POST", "/api/templates/forms/{form}/drafts"): ADMIN,
    ("POST", "/api/templates/forms/{form}/trust"): {"supervisor"},
    ("POST", "/api/templates/forms/{form}/elections"): ADMIN,
    ("POST", "/api/templates/trials"): ADMIN | {"supervisor"},
    ("GET", "/api/templates/trials/{trial_id}"): ADMIN | {"supervisor"},
    ("POST", "/api/templates/trials/{trial_id}/again"): ADMIN | {"supervisor"},
    ("POST", "/api/templates/trials/{trial_id}/typed"): ADMIN | {"supervisor"},
    ("GET", "/api/templates/trials/{trial_id}/picture.jpg"): ADMIN | {"supervisor"},
    ("GET", "/api/templates/trials/{trial_id}/crops/{number}.png"): ADMIN | {"supervisor"},
    ("GET", "/pengguna"): ADMIN,
    ("POST", "/pengguna"): ADMIN,
    ("POST", "/pengguna/{user_id}/aktif"): ADMIN,
}


def test_the_table_names_every_route(site: Site) -> None:
    assert set(rules(site.app)) == set(TABLE)


@pytest.mark.parametrize("who", [None, *ROLES])
def test_every_route_for_every_role(site: Site, who: str | None) -> None:
    receipt = site.world.upload()
    site.world.read(receipt, votes(1, 2, 3))
    values = {
        "photo_id": str(receipt.photo_id),
        "number": "suara_paslon_1",
        "code": "1607",
        "name": "htmx.esm.js",
        "lang": "en",
        "user_id": "999",
        "draft_id": "999",
        "trial_id": "999",
        "form": "c-tidak-ada",
        "page": "1",
    }
    for (method, path), allowed in TABLE.items():
        client = site.client(who)
        address = re.sub(r"\{(\w+)\}", lambda m: values[m[1]], path)
        answer = client.request(method, address, params={"election": "ppwp-2024"})
        body = answer.json() if answer.headers.get("content-type") == "application/json" else {}
        code = body["error"]["code"] if "error" in body else ""
        if allowed == ANYONE:
            assert code not in ("login_required", "forbidden"), (method, path)
        elif who is None:
            assert (answer.status_code, code) == (401, "login_required"), (method, path)
        elif who in allowed:  # type: ignore[operator]
            assert code not in ("login_required", "forbidden", "csrf"), (method, path, code)
            assert answer.status_code < 500, (method, path)
        else:
            assert (answer.status_code, code) == (403, "forbidden"), (method, path)


def test_changing_routes_need_the_form_token(site: Site) -> None:
    for (method, path), allowed in TABLE.items():
        if method == "GET":
            continue
        who = "operator" if allowed == ANYONE else sorted(allowed)[0]  # type: ignore[call-overload]
        client = site.client(who)
        address = re.sub(r"\{\w+\}", "1", path)
        for token in (None, "wrong", site.held.signer.csrf(site.held.signer.fresh())):
            client.headers.pop("X-CSRF-Token", None)
            if token is not None:
                client.headers["X-CSRF-Token"] = token
            answer = client.request(method, address)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf"), (method, path, token)


def test_refuses_to_start_with_a_route_without_a_rule(site: Site) -> None:
    app = create_app(site.held)

    @app.get("/forgotten")
    def forgotten() -> None: ...

    with pytest.raises(RuleMissing, match="/forgotten"):
        rules(app)
    with pytest.raises(RuleMissing, match="/forgotten"), TestClient(app):
        pass


def test_refuses_two_rules_and_routes_of_included_routers(site: Site) -> None:
    app = create_app(site.held)
    router = APIRouter()

    @router.get("/inner", dependencies=[Depends(public()), Depends(signed_in())])
    def inner() -> None: ...

    app.include_router(router, prefix="/outer")
    with pytest.raises(RuleMissing, match="/outer/inner: 2 rules"):
        rules(app)


def test_an_operator_sees_only_his_own_photos(site: Site) -> None:
    with site.held.db.writing() as session:
        from db.types import Role
        from db.users import create_user

        other = create_user(session, "operator9", PASSWORD, Role.OPERATOR).id
    receipt = site.world.upload()
    client = site.client()
    mine = site.held.signer.fresh(other)
    client.cookies.set("c1_session", site.held.signer.dump(mine))
    for path in ("/api/photos/{}", "/api/photos/{}/picture.jpg", "/foto/{}"):
        assert client.get(path.format(receipt.photo_id)).status_code == 404
        assert site.client("operator").get(path.format(receipt.photo_id)).status_code != 404


def test_scripts_use_http_basic(site: Site) -> None:
    def basic(name: str, password: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}

    client = site.client()
    assert client.get("/api/elections", headers=basic("staff", PASSWORD)).status_code == 200
    assert client.get("/api/totals?election=ppwp-2024", headers=basic("operator", PASSWORD)).status_code == 403
    assert client.get("/api/elections", headers=basic("staff", "wrong")).json()["error"]["code"] == "login_failed"
    assert client.get("/api/elections", headers={"Authorization": "Basic %%%"}).status_code == 401
    post = basic("reviewer", PASSWORD)
    assert client.post("/api/sheets/next", headers=post).status_code == 200
    assert client.post("/api/sheets/next", headers={**post, "Sec-Fetch-Site": "cross-site"}).json()["error"]["code"] == "csrf"
    # a browser sends stored Basic credentials by itself: pages, which change things by form, do not take them
    assert client.get("/hasil", headers=basic("staff", PASSWORD)).status_code == 401


def test_a_disabled_user_is_out_at_once(site: Site) -> None:
    client = site.client("staff")
    assert client.get("/hasil").status_code == 200
    admin = site.client("admin")
    answer = admin.post(f"/pengguna/{site.world.users['staff']}/aktif", data={"active": "0"})
    assert answer.status_code == 303
    assert client.get("/hasil").status_code == 401
    assert admin.post(f"/pengguna/{site.world.users['admin']}/aktif", data={"active": "0"}).json()["error"]["code"] == "own_account"
