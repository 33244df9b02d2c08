"""Accounts: password policy, invitations, second factor, own sessions, rights."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pyotp
import pytest
from starlette.testclient import TestClient

from api.sessions import COOKIE
from db.passwords import WeakPassword, check_password
from db.types import Role
from tests.api.conftest import Site, open_site
from tests.api.test_login import log_in, token_of
from tests.world import PASSWORD, TPS

GOOD = "kuda besi makan awan"


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("pendek", "short"),
        ("x" * 129, "long"),
        ("aaaaaaaaaaaaaa", "pattern"),
        ("abcabcabcabcabc", "pattern"),
        ("abcdefghijklmnop", "pattern"),
        ("qwertyuiopasdf", "pattern"),
        ("1234567890123", "pattern"),
        ("bismillahirrahmanirrahim", "common"),
        ("Banyuasin20242024", "common"),
        ("rahasiaku12345", "common"),
        ("passwordpassword", "common"),
        ("saya camat.betung!", "name"),
    ],
)
def test_weak_passwords_are_refused_with_the_reason(password: str, why: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        check_password(password, "camat.betung")
    assert refused.value.details["why"] == why


@pytest.mark.parametrize("password", [GOOD, "hanya-untuk-uji", "kucing hijau 7 lari", "пароль-не-слаб-9", "x9$" * 3 + "qT7!mm", GOOD * 5])
def test_good_passwords_of_any_kind_are_taken(password: str) -> None:
    check_password(password, "camat.betung")


def test_an_invitation_works_once(site: Site) -> None:
    admin = site.client("admin")
    page = admin.post("/pengguna", data={"username": "camat.betung", "role": "staff", "areas": TPS[:6]})
    link = re.search(r"/undangan/[\w-]{40,}", page.text)
    assert page.status_code == 200 and link
    assert link[0] not in admin.get("/pengguna").text and "camat.betung" in admin.get("/pengguna").text
    new = site.client()
    token = token_of(new)
    assert "camat.betung" in new.get(link[0], headers={"Accept": "text/html"}).text
    said = {"csrf": token, "password": GOOD, "again": GOOD}
    assert new.post(link[0], data={**said, "again": "anders"}).status_code == 422
    assert new.post(link[0], data={**said, "password": "pendek", "again": "pendek"}).status_code == 422
    assert new.post(link[0], data=said).headers["location"] == "/"
    assert new.get("/api/session").json()["username"] == "camat.betung"
    assert site.client().get(link[0]).json()["error"]["code"] == "invitation_over"


def test_invitations_expire_and_can_be_cancelled(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from db import accounts, clock

    with site.held.db.writing() as session:
        one = accounts.invite(session, site.world.users["admin"], "satu", Role.STAFF)
        two = accounts.invite(session, site.world.users["admin"], "dua", Role.STAFF)
        number = accounts.invitation(session, two).id
    assert site.client("admin").post(f"/pengguna/undangan/{number}/batal").status_code == 303
    assert site.client().get(f"/undangan/{two}").status_code == 410
    later = clock.now() + timedelta(hours=73)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert site.client().get(f"/undangan/{one}").status_code == 410


def test_a_new_password_ends_the_other_sessions(site: Site) -> None:
    here, there = site.client(), site.client()
    log_in(here, "staff")
    log_in(there, "staff")
    before = here.cookies[COOKIE]
    wrong = here.post("/akun/sandi", data={"csrf": token_now(site, here), "now": "salah", "new": GOOD})
    assert wrong.status_code == 422
    changed = here.post("/akun/sandi", data={"csrf": token_now(site, here), "now": PASSWORD, "new": GOOD})
    assert changed.status_code == 303 and here.cookies[COOKIE] != before
    assert here.get("/hasil").status_code == 200 and there.get("/hasil").status_code == 401
    assert log_in(site.client(), "staff").status_code == 401  # type: ignore[attr-defined]
    assert log_in(site.client(), "staff", GOOD).status_code == 303  # type: ignore[attr-defined]


def token_now(site: Site, client: TestClient) -> str:
    session = site.held.signer.load(client.cookies[COOKIE])
    assert session is not None
    return site.held.signer.csrf(session)


def test_own_sessions_are_listed_and_ended(site: Site) -> None:
    here, there = site.client(), site.client()
    log_in(here, "staff")
    there.headers["User-Agent"] = "Mozilla/5.0 (Linux; Android 13) Chrome/120.0 Mobile Safari/537.36"
    log_in(there, "staff")
    page = here.get("/akun").text
    assert "Chrome, Android" in page
    number = re.search(r"/akun/sesi/(\d+)/akhiri", page)
    assert number
    assert here.post(f"/akun/sesi/{number[1]}/akhiri", data={"csrf": token_now(site, here)}).status_code == 303
    assert there.get("/hasil").status_code == 401 and here.get("/hasil").status_code == 200


def set_up(site: Site, client: TestClient) -> tuple[pyotp.TOTP, list[str]]:
    page = client.get("/akun/dua-langkah").text
    assert '<svg class="qr"' in page
    key = re.search(r'class="key">([A-Z2-7 ]+)<', page)
    assert key
    totp = pyotp.TOTP(key[1].replace(" ", ""))
    assert client.post("/akun/dua-langkah", data={"csrf": token_now(site, client), "code": "000000"}).status_code in (200, 422)
    done = client.post("/akun/dua-langkah", data={"csrf": token_now(site, client), "code": totp.now()})
    codes = re.findall(r"<code>((?:[a-z2-9]{5}-){3}[a-z2-9]{5})</code>", done.text)
    assert len(codes) == 10
    return totp, codes


def test_the_second_factor_is_asked_for_and_no_code_works_twice(site: Site) -> None:
    client = site.client()
    log_in(client, "admin")
    totp, codes = set_up(site, client)

    def half() -> TestClient:
        fresh = site.client()
        answer = log_in(fresh, "admin")
        assert answer.status_code == 200 and "/masuk/kode" in answer.text  # type: ignore[attr-defined]
        assert fresh.get("/pengguna").status_code == 401  # the password alone opens nothing
        return fresh

    def step(browser: TestClient, code: str) -> int:
        return browser.post("/masuk/kode", data={"csrf": token_now(site, browser), "code": code}).status_code

    assert step(half(), totp.now()) == 422  # used up by the set-up
    later = totp.at(int(time.time()) + 30)
    first = half()
    assert step(first, later) == 303 and first.get("/pengguna").status_code == 200
    assert step(half(), later) == 422
    by_hand = half()
    assert step(by_hand, codes[3].upper()) == 303
    assert step(half(), codes[3]) == 422
    with site.held.db.reading() as session:
        from db.tables import RecoveryCode, User

        assert session.query(User).filter_by(username="admin").one().totp_secret != totp.secret
        assert not {r.hash for r in session.query(RecoveryCode)} & set(codes)


def test_codes_cannot_be_guessed(site: Site) -> None:
    client = site.client()
    log_in(client, "admin")
    set_up(site, client)
    browser = site.client()
    log_in(browser, "admin")
    answers = [browser.post("/masuk/kode", data={"csrf": token_now(site, browser), "code": f"{i:06}"}).status_code for i in range(8)]
    assert 429 in answers


def test_roles_that_must_have_it_reach_nothing_before(site: Site) -> None:
    strict = open_site(site.world, site.folder, replace(site.held.settings, two_factor=frozenset({Role.ADMIN, Role.SUPERVISOR})))
    client = strict.client()
    log_in(client, "admin")
    assert client.get("/pengguna").json()["error"]["code"] == "second_factor_needed"
    assert client.get("/pengguna", headers={"Accept": "text/html"}).headers["location"] == "/akun/dua-langkah"
    assert client.get("/akun").status_code == 200
    set_up(strict, client)
    assert client.get("/pengguna").status_code == 200
    assert strict.client("staff").get("/hasil").status_code == 200
    basic = strict.client().get("/api/elections", auth=("supervisor", PASSWORD))
    assert basic.json()["error"]["code"] == "second_factor_needed"


def test_other_rights_log_out_at_once(site: Site) -> None:
    person = site.client("staff")
    admin, number = site.client("admin"), site.world.users["staff"]
    assert admin.post(f"/pengguna/{number}/hak", data={"role": "reviewer", "areas": TPS[:6]}).status_code == 303
    assert person.get("/hasil").status_code == 401
    assert admin.post(f"/pengguna/{number}/hak", data={"role": "admin", "areas": TPS[:6]}).status_code == 422
    assert admin.post(f"/pengguna/{site.world.users['admin']}/hak", data={"role": "staff"}).status_code == 409
    link = re.search(r"/undangan/[\w-]{40,}", admin.post(f"/pengguna/{number}/tautan").text)
    assert link and site.client().get(link[0]).status_code == 200
