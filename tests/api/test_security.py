"""Attacks from outside, one by one: planted sessions, other people's things, paths, addresses, bombs."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from pathlib import Path

import httpx
import pytest

from api.sessions import COOKIE, SessionSigner, begin
from api.whatsapp.config import WhatsApp
from api.whatsapp.graph import Graph, GraphError
from db import logins
from db.personal import looks
from db.store import PhotoStore
from db.types import Role
from db.users import create_user
from tests.api.conftest import Site, files, jpeg
from tests.api.test_login import log_in, token_of
from tests.world import OTHER_TPS, PASSWORD, TPS, votes

ELSEWHERE = "1607022001001"


# sessions


def test_a_planted_session_is_worth_nothing_after_log_in(site: Site) -> None:
    """Fixation: the attacker knows the cookie that the victim had before logging in."""
    victim = site.client()
    token_of(victim)
    planted = victim.cookies[COOKIE]
    log_in(victim, "staff")
    assert victim.cookies[COOKIE] != planted
    attacker = site.client()
    attacker.cookies.set(COOKIE, planted)
    assert attacker.get("/hasil").status_code == 401


def test_a_well_signed_cookie_without_a_session_on_the_server_is_nobody(site: Site) -> None:
    """Whoever gets hold of the signing key still has no log-in."""
    signer = site.held.signer
    client = site.client()
    client.cookies.set(COOKIE, signer.dump(signer.fresh(site.world.users["admin"])))
    assert client.get("/pengguna").status_code == 401
    real = begin(site.held.db, signer, site.world.users["staff"])
    client.cookies.set(COOKIE, signer.dump(type(real)(real.sid, site.world.users["admin"])))  # another's session, the admin's id
    assert client.get("/pengguna").status_code == 401


def test_a_copied_cookie_ends_with_the_log_out(site: Site) -> None:
    client = site.client()
    log_in(client, "staff")
    copy = site.client()
    copy.cookies.set(COOKIE, client.cookies[COOKIE])
    assert copy.get("/hasil").status_code == 200
    client.post("/keluar", data={"csrf": site.held.signer.csrf(site.held.signer.load(client.cookies[COOKIE]))})  # type: ignore[arg-type]
    assert copy.get("/hasil").status_code == 401


@pytest.mark.parametrize(("role", "idle", "whole"), [("staff", 12, 48), ("admin", 2, 12), ("supervisor", 2, 12)])
def test_sessions_end_by_idling_and_by_age(site: Site, role: str, idle: int, whole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from db import clock

    start = clock.now()
    session = begin(site.held.db, site.held.signer, site.world.users[role])

    def alive(hours: float) -> bool:
        monkeypatch.setattr(clock, "now", lambda: start + timedelta(hours=hours))
        with site.held.db.writing() as db:
            found = logins.user_of(db, session.sid, site.world.users[role], site.held.settings.lifetime)
            if found is not None:
                logins.touch(db, session.sid)
        return found is not None

    step = idle - 0.1
    at = 0.0
    while at + step < whole:
        at += step
        assert alive(at), at
    assert not alive(whole + 0.1)  # used all the time, and over all the same
    session = begin(site.held.db, site.held.signer, site.world.users[role])
    start = clock.now()
    assert not alive(idle + 0.1)


def test_other_sites_cannot_change_anything(site: Site) -> None:
    """CSRF, beside the walk over all routes in test_permissions: cookies are Lax, tokens are of one session."""
    client, other = site.client("admin"), site.client("admin")
    del client.headers["X-CSRF-Token"]
    stolen = other.headers["X-CSRF-Token"]
    for token in ("", "x", stolen):
        assert client.post("/token", data={"csrf": token, "name": "x", "scopes": "totals"}).json()["error"]["code"] == "csrf"


# other people's things


def test_every_number_in_an_address_is_checked_for_its_owner(site: Site) -> None:
    """IDOR: photos, log-ins, uploads in pieces of somebody else."""
    with site.held.db.writing() as db:
        create_user(db, "operator9", PASSWORD, Role.OPERATOR)
    receipt = site.world.upload()
    thief = site.client()
    log_in(thief, "operator9")
    thief.headers["X-CSRF-Token"] = site.held.signer.csrf(site.held.signer.load(thief.cookies[COOKIE]))  # type: ignore[arg-type]
    for path in ("/api/photos/{}", "/api/photos/{}/picture.jpg", "/foto/{}"):
        assert thief.get(path.format(receipt.photo_id)).status_code == 404, path
    mine = site.client("operator")
    start = {"key": "a" * 64, "size": 10, "election": "ppwp-2024", "tps": TPS}
    assert mine.post("/api/uploads", json=start).status_code == 200
    assert thief.patch("/api/uploads/" + "a" * 64 + "?offset=0", content=b"12345").status_code in (404, 409)
    with site.held.db.reading() as db:
        from db.users import get_user

        user = get_user(db, site.world.users["operator"])
        assert user is not None
        theirs = logins.living(db, user, "", site.held.settings.lifetime)[0].id
    assert thief.post(f"/akun/sesi/{theirs}/akhiri").status_code == 404
    assert mine.get("/unggah").status_code == 200


@pytest.mark.parametrize("role", ["reviewer", "staff"])
def test_an_area_is_a_wall(site: Site, role: str) -> None:
    """Somebody with an area reaches what lies in it, by whatever route, and nothing else."""
    inside, outside = site.world.upload(tps=TPS), site.world.upload(tps=ELSEWHERE)
    for receipt in (inside, outside):
        site.world.read(receipt, votes(1, 2, 3), doubt=())
    with site.held.db.writing() as db:
        camat = create_user(db, "camat", PASSWORD, Role(role), areas=[TPS[:6]])
    client = site.client()
    session = begin(site.held.db, site.held.signer, camat.id)
    client.cookies.set(COOKIE, site.held.signer.dump(session))
    client.headers["X-CSRF-Token"] = site.held.signer.csrf(session)
    for path in ("/lembar/{}", "/api/sheets/{}", "/api/sheets/{}/photo.jpg", "/api/sheets/{}/history"):
        assert client.get(path.format(outside.photo_id)).status_code == 404, path
        assert client.get(path.format(inside.photo_id)).status_code not in (401, 403, 404), path
    assert client.get(f"/api/totals?election=ppwp-2024&code={TPS[:6]}").status_code == 200
    for query in ("", f"&code={TPS[:4]}", f"&code={ELSEWHERE[:6]}", f"&code={ELSEWHERE}"):
        assert client.get(f"/api/totals?election=ppwp-2024{query}").json()["error"]["code"] == "outside_area", query
    page = client.get("/hasil?election=ppwp-2024", headers={"Accept": "text/html"})
    assert page.headers["location"] == f"/hasil?election=ppwp-2024&code={TPS[:6]}"
    assert client.get("/api/totals.xlsx?election=ppwp-2024").status_code == 403


def test_a_reviewer_with_an_area_gets_only_its_sheets(site: Site) -> None:
    from tally.interpretation import ReasonCode

    for tps in (ELSEWHERE, TPS):
        site.world.read(site.world.upload(tps=tps), votes(1, 2, 3), doubt=(ReasonCode.LOW_CONFIDENCE,))
    with site.held.db.writing() as db:
        user = create_user(db, "pemeriksa9", PASSWORD, Role.REVIEWER, areas=[TPS[:6]])
    session = begin(site.held.db, site.held.signer, user.id)
    client = site.client()
    client.cookies.set(COOKIE, site.held.signer.dump(session))
    client.headers["X-CSRF-Token"] = site.held.signer.csrf(session)
    listed = client.get("/api/sheets").json()
    assert [s["tps"]["code"] for s in listed["items"]] == [TPS]
    first = client.post("/api/sheets/next").json()["sheet"]
    assert first["tps"]["code"] == TPS
    assert client.post("/api/sheets/ahead").json()["sheet"] is None


# paths and addresses


@pytest.mark.parametrize(
    "path", ["../c1.sqlite3", "..%2f..%2fsecret", "%2e%2e/secret", "....//secret", "js/../../../secret", "/etc/passwd", "a\\..\\b"]
)
def test_no_path_leads_out_of_the_served_folders(site: Site, path: str) -> None:
    for folder in ("/static/", "/vendor/"):
        answer = site.client().get(folder + path)
        assert answer.status_code == 404, (folder, path)
        assert b"SQLite" not in answer.content and b"root:" not in answer.content


def test_a_photo_store_takes_hashes_only(site: Site) -> None:
    store: PhotoStore = site.held.store
    for name in ("../secret", "a" * 63, "/etc/passwd", "g" * 64, ""):
        with pytest.raises(Exception) as raised:
            store.get(name)
        assert not isinstance(raised.value, FileNotFoundError | IsADirectoryError), name


def test_an_upload_cannot_choose_where_it_lies(site: Site) -> None:
    client = site.client("operator")
    answer = client.post("/api/photos", data={"election": "ppwp-2024", "tps": TPS}, files=files(("../../../x.jpg", jpeg(5))))
    assert answer.status_code == 202
    assert "/" not in answer.json()["results"][0]["receipt"]["name"]
    assert not (site.folder.parent / "x.jpg").exists() and not Path("/x.jpg").exists()
    bad = client.patch("/api/uploads/..%2f..%2fsecret?offset=0", content=b"x")
    assert bad.status_code in (404, 422)


CONFIG = WhatsApp(token="geheim", phone_id="1", app_secret="s", verify_token="v")
BAD_ADDRESSES = [
    "http://169.254.169.254/latest/meta-data",
    "https://127.0.0.1/x",
    "https://10.0.0.5/x",
    "https://[::1]/x",
    "https://localhost/x",
    "https://evil.example/x",
    "https://evilfacebook.com/x",
    "https://lookaside.fbsbx.com.evil.example/x",
    "https://lookaside.fbsbx.com@evil.example/x",
    "https://user:pw@lookaside.fbsbx.com/x",
    "https://lookaside.fbsbx.com:8443/x",
    "https://lookaside.fbsbx.com:x/",
    "http://lookaside.fbsbx.com/x",
    "file:///etc/passwd",
    "gopher://lookaside.fbsbx.com/x",
    "//lookaside.fbsbx.com/x",
    "",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_media_is_fetched_from_metas_hosts_only(address: str) -> None:
    """SSRF: the address in Meta's answer is not trusted, and our token is sent nowhere else."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"url": address, "file_size": 3})

    with pytest.raises(GraphError):
        Graph(CONFIG, httpx.Client(transport=httpx.MockTransport(answer))).media("5", 1000)
    assert len(asked) == 1 and asked[0].startswith(CONFIG.url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 204, 206])
def test_media_follows_no_redirect(status: int) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if request.url.host.endswith("fbsbx.com"):
            return httpx.Response(status, headers={"Location": "http://169.254.169.254/"}, content=b"" if status == 204 else b"abc")
        return httpx.Response(200, json={"url": "https://lookaside.fbsbx.com/x"})

    with pytest.raises(GraphError):
        Graph(CONFIG, httpx.Client(transport=httpx.MockTransport(answer))).media("5", 1000)
    assert "169.254.169.254" not in asked


# bombs


def _png(width: int, height: int, idat: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", idat) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (2**31 - 1, 1), (12_000, 12_000)])
def test_a_picture_bomb_is_refused_before_it_is_decoded(site: Site, width: int, height: int) -> None:
    bomb = _png(width, height, zlib.compress(b"\0" * 100_000, 9))
    client = site.client("operator")
    answer = client.post("/api/photos", data={"election": "ppwp-2024", "tps": TPS}, files=files(("b.png", bomb)))
    assert answer.status_code in (413, 422) and answer.json()["error"]["code"].startswith("image_")
    assert site.stored_files() == []


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    from api.importing.sources import ImportFault, open_source

    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as z:
        for i in range(12):
            z.writestr(f"IMG-{i}.jpg", b"\0" * 20_000_000)
    file = tmp_path / "bomb.zip"
    file.write_bytes(held.getvalue())
    assert file.stat().st_size < 400_000
    said = []
    for piece in open_source(file, 25 * 1024 * 1024).pieces:
        try:
            piece.load()
        except ImportFault as e:
            said.append(e.code)
    assert said and set(said) == {"zip_bomb"}
    with pytest.raises(ImportFault, match="too_large"):
        open_source(file, 1_000_000).pieces[0].load()


# what may be seen by whom is written down


def test_looking_at_a_photo_is_noted_once(site: Site) -> None:
    receipt = site.world.upload(data=jpeg(3))
    site.world.read(receipt, votes(1, 2, 3))
    client = site.client("reviewer")
    for _ in range(3):
        assert client.get(f"/api/sheets/{receipt.photo_id}/photo.jpg").status_code == 200
    assert site.client("operator").get(f"/api/photos/{receipt.photo_id}/picture.jpg").status_code == 200  # his own
    with site.held.db.reading() as db:
        noted = looks(db, f"photo:{receipt.photo_id}")
    assert [(n.what, n.who) for n in noted] == [("photo", "reviewer")]


def test_what_cannot_be_noted_is_not_shown(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = site.world.upload(data=jpeg(3))

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(site.app.state.looks, "note", full)
    assert site.client("staff").get(f"/api/photos/{receipt.photo_id}/picture.jpg").status_code == 500


def test_logs_hold_no_personal_data() -> None:
    import logging

    from api.logs import JsonLines

    said = (
        "from +6281234567890 and 081234567890 by budi@example.org with Bearer abcdefghijk, /undangan/aBc-123, c1_abcdefghijklmnopqrstuvwxyz"
    )
    record = logging.LogRecord("c1", logging.INFO, "f", 1, said, None, None)
    line = json.loads(JsonLines().format(record))
    assert not re.search(r"8123456|budi|abcdefghijk|aBc-123", line["text"]), line["text"]
    assert line["level"] == "info" and line["at"].endswith("+00:00")


def test_requests_are_logged_by_route_not_by_address(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="c1.request"):
        answer = site.client("staff").get(f"/api/places/{TPS}")
    record = next(r for r in caplog.records if r.name == "c1.request")
    assert record.facts["route"] == "/api/places/{code}" and TPS not in record.getMessage()  # type: ignore[attr-defined]
    assert record.facts["user"] != str(site.world.users["staff"])  # type: ignore[attr-defined]
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])


def test_secure_cookies_are_bound_to_this_host(site: Site) -> None:
    from dataclasses import replace

    from tests.api.conftest import open_site

    safe = open_site(site.world, site.folder, replace(site.held.settings, secure_cookies=True))
    cookie = safe.client().get("/masuk").headers["set-cookie"]
    assert cookie.startswith(f"__Host-{COOKIE}=") and "; Secure" in cookie and "Path=/;" in cookie and "Domain" not in cookie
    assert "max-age" in safe.client().get("/masuk").headers["strict-transport-security"]


def test_the_secret_seals_second_factors_for_itself_only() -> None:
    from api.second_factor import Seal

    one, two = Seal(SessionSigner("one", 10)), Seal(SessionSigner("two", 10))
    sealed = one.close("JBSWY3DPEHPK3PXP")
    assert one.open(sealed) == "JBSWY3DPEHPK3PXP" and two.open(sealed) is None and "JBSW" not in sealed
    assert OTHER_TPS != TPS


def test_a_reading_process_cannot_take_the_machines_memory() -> None:
    """In a process of its own: the bound holds, and what goes beyond it is an exception there."""
    import subprocess
    import sys

    code = (
        "from api.limited import limit_memory, GIB\n"
        "assert limit_memory(1) == 4 * GIB\n"
        "import numpy as np\n"
        "np.zeros(100_000_000, np.uint8)\n"
        "try:\n    np.zeros(6 * GIB, np.uint8)\n"
        "except MemoryError:\n    print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "refused", done.stderr
