"""Log-in, sessions, throttling, languages, headers."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from api.i18n import choose
from api.sessions import COOKIE, SessionSigner
from api.texts import TEXTS
from api.throttle import FREE, Throttle
from api.web import HERE
from tests.api.conftest import Site
from tests.world import PASSWORD


def token_of(client: TestClient) -> str:
    page = client.get("/masuk", headers={"Accept": "text/html"})
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
    assert found
    return found[1]


def log_in(client: TestClient, name: str, password: str = PASSWORD, **more: str) -> object:
    return client.post("/masuk", data={"csrf": token_of(client), "username": name, "password": password, **more})


HOMES = [("operator", "/unggah"), ("reviewer", "/periksa"), ("staff", "/ringkasan"), ("admin", "/ringkasan")]


@pytest.mark.parametrize(("who", "home"), HOMES)
def test_log_in_leads_home_and_out_again(site: Site, who: str, home: str) -> None:
    client = site.client()
    answer = log_in(client, who)
    assert answer.status_code == 303 and answer.headers["location"] == "/"  # type: ignore[attr-defined]
    cookie = answer.headers["set-cookie"]  # type: ignore[attr-defined]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert client.get("/").headers["location"] == home
    page = client.get(home, headers={"Accept": "text/html"})
    assert page.status_code == 200
    token = re.search(r'<meta name="csrf" content="(\w+)">', page.text)
    assert token
    assert client.post("/keluar", data={"csrf": token[1]}).headers["location"] == "/masuk"
    assert client.get(home).status_code == 401


def test_log_in_makes_a_new_session(site: Site) -> None:
    client = site.client()
    token_of(client)
    before = site.held.signer.load(client.cookies[COOKIE])
    log_in(client, "staff")
    after = site.held.signer.load(client.cookies[COOKIE])
    assert before is not None and after is not None
    assert before.sid != after.sid and before.user_id is None and after.user_id == site.world.users["staff"]


def test_wrong_password_and_unknown_user_look_alike(site: Site) -> None:
    client = site.client()
    wrong, unknown = log_in(client, "staff", "salah"), log_in(client, "siapa", "salah")
    assert wrong.status_code == unknown.status_code == 401  # type: ignore[attr-defined]
    assert "salah" in wrong.text and client.get("/hasil").status_code == 401  # type: ignore[attr-defined]


def test_guessing_is_slowed_down(site: Site) -> None:
    client = site.client()
    for _ in range(FREE):
        assert log_in(client, "admin", "salah").status_code == 401  # type: ignore[attr-defined]
    refused = log_in(client, "admin")
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) >= 1  # type: ignore[attr-defined]
    assert log_in(client, "staff").status_code == 303  # type: ignore[attr-defined]


def test_throttle_waits_grow_and_are_forgotten() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    for _ in range(FREE - 1):
        throttle.failed("user:a")
    assert throttle.wait("user:a") == 0
    waits = []
    for _ in range(4):
        throttle.failed("user:a")
        waits.append(throttle.wait("user:a"))
    assert waits == [2, 4, 8, 16]
    now[0] += 16
    assert throttle.wait("user:a") == 0
    throttle.failed("user:a")
    assert throttle.wait("user:a") == 32
    throttle.succeeded("user:a")
    assert throttle.wait("user:a") == 0


@pytest.mark.parametrize("bad", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"])
def test_no_open_redirect(site: Site, bad: str) -> None:
    assert log_in(site.client(), "staff", lanjut=bad).headers["location"] == "/"  # type: ignore[attr-defined]
    assert site.client().get("/bahasa/en", params={"lanjut": bad}).headers["location"] == "/"


def test_a_page_without_log_in_comes_back_to_it(site: Site) -> None:
    answer = site.client().get("/hasil?code=160701", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/masuk?lanjut=%2Fhasil%3Fcode%3D160701"


def test_forged_and_expired_cookies_are_nobody(site: Site) -> None:
    signer = site.held.signer
    session = signer.fresh(site.world.users["admin"])
    good = signer.dump(session)
    for cookie in (good[:-2] + "xx", SessionSigner("another secret", 3600).dump(session), "rubbish", ""):
        client = site.client()
        client.cookies.set(COOKIE, cookie)
        assert client.get("/pengguna").status_code == 401
    assert SessionSigner("for tests only", -1).load(good) is None


def test_security_headers_are_on_everything(site: Site) -> None:
    client = site.client("staff")
    for path in ("/hasil", "/masuk", "/static/app.css", "/vendor/htmx.esm.js", "/api/elections", "/tidak-ada"):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert "default-src 'self'" in answer.headers["content-security-policy"], path
        assert "unsafe" not in answer.headers["content-security-policy"], path
        assert answer.headers["x-frame-options"] == "DENY", path
    assert client.get("/hasil").headers["cache-control"] == "no-store"


def test_pages_carry_no_inline_code() -> None:
    for file in (HERE / "templates").glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\son\w+=|\sstyle=|javascript:|https?://", text), file.name


def test_language_by_browser_and_by_switch(site: Site) -> None:
    client = site.client()
    assert "Kata sandi" in client.get("/masuk").text
    assert "Password" in client.get("/masuk", headers={"Accept-Language": "en-GB,en;q=0.8"}).text
    assert client.get("/bahasa/en?lanjut=/masuk").headers["location"] == "/masuk"
    assert 'lang="en"' in client.get("/masuk", headers={"Accept-Language": "id"}).text
    assert client.get("/bahasa/fr").status_code == 404


@pytest.mark.parametrize(
    ("cookie", "accept", "lang"),
    [(None, None, "id"), (None, "in-ID", "id"), (None, "de,en;q=0.5", "en"), ("en", "id", "en"), ("xx", "en", "en"), (None, "fr", "id")],
)
def test_choice_of_language(cookie: str | None, accept: str | None, lang: str) -> None:
    assert choose(cookie, accept) == lang


def test_every_text_of_the_pages_exists_in_both_languages() -> None:
    used = set()
    for file in (HERE / "templates").glob("*.html"):
        used |= {m for m in re.findall(r"""\bt\(\s*["']([\w.]+)["']""", file.read_text(encoding="utf-8")) if not m.endswith(".")}
    assert used and used <= set(TEXTS)
    for key, (indonesian, english) in TEXTS.items():
        assert indonesian.strip() and english.strip(), key
        assert sorted(re.findall(r"\{\w+\}", indonesian)) == sorted(re.findall(r"\{\w+\}", english)), key


def test_admin_adds_users(site: Site) -> None:
    client = site.client("admin")
    good = {"username": "Camat.Betung", "display_name": "Camat Betung", "role": "staff", "password": "cukup-panjang"}
    assert client.post("/pengguna", data=good).status_code == 303
    assert "camat.betung" in client.get("/pengguna").text
    for wrong, status in (
        (good, 409),
        ({**good, "username": "x"}, 422),
        ({**good, "username": "baru", "password": "pendek"}, 422),
        ({**good, "username": "baru", "role": "king"}, 422),
    ):
        answer = client.post("/pengguna", data=wrong)
        assert answer.status_code == status and 'role="alert"' in answer.text
    assert log_in(site.client(), "camat.betung", "cukup-panjang").status_code == 303  # type: ignore[attr-defined]
