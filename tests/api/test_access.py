"""Rules of access: none is forgotten, none stands twice, and log-ins by cookie and by HTTP Basic. (Who may do what: test_permissions.)"""

from __future__ import annotations

import base64

import pytest
from fastapi import APIRouter, Depends
from starlette.testclient import TestClient

from api.access import RuleMissing, public, rules, signed_in
from api.app import create_app
from api.sessions import begin
from tests.api.conftest import Site
from tests.world import PASSWORD


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
    mine = begin(site.held.db, site.held.signer, other)
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
