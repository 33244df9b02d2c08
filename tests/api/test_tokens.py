"""API tokens: what they open, what they do not, and how they end."""

from __future__ import annotations

import re
from dataclasses import replace

from api.access import rules
from api.limits import OWN_AREA_ONLY, PERSONAL, SAME_EVERYWHERE, TOKEN_ROUTES
from db import tokens
from db.tables import ApiToken
from tests.api.conftest import Site, open_site
from tests.world import TPS


def token(site: Site, *scopes: str, areas: tuple[str, ...] = ()) -> dict[str, str]:
    with site.held.db.writing() as session:
        secret, _ = tokens.create(session, site.world.users["admin"], "portal", scopes, areas)
    return {"Authorization": f"Bearer {secret}"}


def test_the_lists_of_limits_name_routes_that_exist(site: Site) -> None:
    paths = {path for _, path in rules(site.app)}
    for named in (TOKEN_ROUTES, SAME_EVERYWHERE, OWN_AREA_ONLY, PERSONAL):
        assert set(named) <= paths, set(named) - paths


def test_every_route_for_every_token(site: Site) -> None:
    """Only what is listed opens, only by its scope, and nothing can be changed."""
    client = site.client()
    for scope in tokens.Scope:
        headers = token(site, scope)
        for method, path in rules(replace(site).app):
            if not path.startswith("/api/"):
                continue
            at = re.sub(r"\{\w+\}", "1", path.replace("{code}", TPS).replace("{election}", "ppwp-2024"))
            answer = client.request(method, at, headers=headers, params={"election": "ppwp-2024", "code": "160701"})
            if method == "GET" and scope in TOKEN_ROUTES.get(path, ()):
                assert answer.status_code == 200, (scope, path, answer.text)
            else:
                assert (answer.status_code, answer.json()["error"]["code"]) == (403, "token_scope"), (scope, method, path)


def test_pages_take_no_token(site: Site) -> None:
    assert site.client().get("/hasil", headers=token(site, "totals")).status_code == 401


def test_a_token_of_an_area_reads_that_area(site: Site) -> None:
    headers, client = token(site, "totals", areas=(TPS[:6],)), site.client()
    assert client.get(f"/api/totals?election=ppwp-2024&code={TPS[:6]}", headers=headers).status_code == 200
    for query in ("", f"&code={TPS[:4]}", "&code=160702"):
        answer = client.get(f"/api/totals?election=ppwp-2024{query}", headers=headers)
        assert answer.json()["error"]["code"] == "outside_area", query
    assert client.get("/api/token", headers=headers).json()["areas"] == [TPS[:6]]


def test_only_the_hash_is_kept_and_the_use_is_noted(site: Site) -> None:
    headers = token(site, "totals")
    secret = headers["Authorization"].split()[1]
    site.client().get("/api/totals?election=ppwp-2024", headers=headers)
    with site.held.db.reading() as session:
        row = session.query(ApiToken).one()
        assert row.used_at is not None and secret not in (row.hash, row.hint) and len(row.hint) < 12
    assert secret.encode() not in (site.folder / "c1.sqlite3").read_bytes() if (site.folder / "c1.sqlite3").exists() else True


def test_admins_make_and_revoke_them(site: Site) -> None:
    admin = site.client("admin")
    page = admin.post("/token", data={"name": "Dasbor", "scopes": ["totals", "exports"], "areas": TPS[:6], "days": "30"})
    secret = re.search(r"c1_[\w-]{40,}", page.text)
    assert page.status_code == 200 and secret
    assert secret[0] not in admin.get("/token").text
    headers = {"Authorization": f"Bearer {secret[0]}"}
    assert site.client().get("/api/token", headers=headers).json()["scopes"] == ["exports", "totals"]
    with site.held.db.reading() as session:
        number = tokens.tokens(session)[0].id
    assert admin.post(f"/token/{number}/cabut").status_code == 303
    assert site.client().get("/api/token", headers=headers).json()["error"]["code"] == "bad_token"
    for wrong in ({"name": ""}, {"scopes": "write"}, {"areas": "999999"}, {"days": "0"}, {"days": "9999"}, {"days": "x"}):
        assert admin.post("/token", data={"name": "x", "scopes": "totals", "days": "30", **wrong}).status_code == 422, wrong


def test_guessing_and_flooding_are_slowed_down(site: Site) -> None:
    slow = open_site(site.world, site.folder, replace(site.held.settings, token_requests_per_minute=3))
    headers, client = token(slow, "totals"), slow.client()
    assert [client.get("/api/token", headers=headers).status_code for _ in range(4)] == [200, 200, 200, 429]
    for _ in range(5):
        client.get("/api/token", headers={"Authorization": "Bearer c1_wrong"})
    assert client.get("/api/token", headers={"Authorization": "Bearer c1_wrong"}).json()["error"]["code"] == "too_many_attempts"
