"""Every route and every role: the written table of who may do what, held against the running application, whatever a page shows.

A column is empty ("-") where the server must refuse: a visitor with login_required, a role with forbidden. A new route needs a row.
admin holds no power over results: no row lets it settle, move, withdraw or undo a sheet, or touch what the machine may accept.
"""

from __future__ import annotations

import re

import pytest

from api.access import rules
from db.types import Role
from tests.api.conftest import ROLES, Site
from tests.world import votes

VISITOR = "visitor"

WRITTEN = """
GET    /healthz                                             visitor operator reviewer supervisor staff admin
GET    /api/openapi.json                                    -       operator reviewer supervisor staff admin
GET    /vendor/{name}                                       visitor operator reviewer supervisor staff admin
GET    /                                                    -       operator reviewer supervisor staff admin
GET    /bahasa/{lang}                                       visitor operator reviewer supervisor staff admin
GET    /masuk                                               visitor operator reviewer supervisor staff admin
POST   /masuk                                               visitor operator reviewer supervisor staff admin
POST   /masuk/kode                                          visitor operator reviewer supervisor staff admin
POST   /keluar                                              -       operator reviewer supervisor staff admin
GET    /akun                                                -       operator reviewer supervisor staff admin
POST   /akun/sandi                                          -       operator reviewer supervisor staff admin
POST   /akun/sesi/{login_id}/akhiri                         -       operator reviewer supervisor staff admin
POST   /akun/sesi/akhiri-lain                               -       operator reviewer supervisor staff admin
GET    /akun/dua-langkah                                    -       operator reviewer supervisor staff admin
POST   /akun/dua-langkah                                    -       operator reviewer supervisor staff admin
POST   /akun/dua-langkah/kode-baru                          -       operator reviewer supervisor staff admin
POST   /akun/dua-langkah/mati                               -       operator reviewer supervisor staff admin
GET    /undangan/{secret}                                   visitor operator reviewer supervisor staff admin
POST   /undangan/{secret}                                   visitor operator reviewer supervisor staff admin
GET    /token                                               -       -        -        -          -     admin
POST   /token                                               -       -        -        -          -     admin
POST   /token/{token_id}/cabut                              -       -        -        -          -     admin
GET    /api/token                                           -       operator reviewer supervisor staff admin
GET    /status                                              -       -        -        supervisor -     admin
GET    /metrics                                             -       -        -        supervisor -     admin
GET    /health/live                                         visitor operator reviewer supervisor staff admin
GET    /health/ready                                        visitor operator reviewer supervisor staff admin
POST   /pengguna/undangan/{invitation_id}/batal             -       -        -        -          -     admin
GET    /pengguna/{user_id}                                  -       -        -        -          -     admin
POST   /pengguna/{user_id}/hak                              -       -        -        -          -     admin
POST   /pengguna/{user_id}/tautan                           -       -        -        -          -     admin
POST   /pengguna/{user_id}/dua-langkah                      -       -        -        -          -     admin
POST   /pengguna/{user_id}/keluarkan                        -       -        -        -          -     admin
GET    /manifest.webmanifest                                visitor operator reviewer supervisor staff admin
GET    /sw.js                                               visitor operator reviewer supervisor staff admin
GET    /api/session                                         -       operator reviewer supervisor staff admin
GET    /unggah                                              -       operator -        -          -     -
GET    /unggah/daftar                                       -       operator -        -          -     -
GET    /foto/{photo_id}                                     -       operator -        -          -     -
GET    /periksa                                             -       -        reviewer supervisor -     -
GET    /periksa/mulai                                       -       -        reviewer supervisor -     -
GET    /periksa/riwayat                                     -       -        reviewer supervisor -     -
GET    /periksa/{photo_id}                                  -       -        reviewer supervisor -     -
POST   /periksa/{photo_id}/lepas                            -       -        reviewer supervisor -     -
GET    /lembar/{photo_id}                                   -       -        reviewer supervisor staff admin
GET    /pengawas                                            -       -        -        supervisor staff admin
GET    /salah-kertas                                        -       -        reviewer supervisor staff admin
GET    /ringkasan                                          -       -        reviewer supervisor staff admin
GET    /kejanggalan                                        -       -        reviewer supervisor staff admin
GET    /kejanggalan/jumlah                                 -       -        reviewer supervisor staff admin
GET    /kejanggalan/{anomaly_id}                           -       -        reviewer supervisor staff admin
POST   /kejanggalan/{anomaly_id}/penjelasan                -       -        reviewer supervisor staff -
POST   /kejanggalan/{anomaly_id}/buka                      -       -        reviewer supervisor staff -
GET    /api/anomalies                                      -       -        reviewer supervisor staff admin
GET    /api/anomalies.csv                                  -       -        reviewer supervisor staff admin
GET    /api/anomalies/{anomaly_id}                         -       -        reviewer supervisor staff admin
POST   /api/anomalies/{anomaly_id}/explanation             -       -        reviewer supervisor staff -
POST   /api/anomalies/{anomaly_id}/reopening               -       -        reviewer supervisor staff -
GET    /ringkasan/isi                                      -       -        reviewer supervisor staff admin
GET    /layar                                              -       -        reviewer supervisor staff admin
GET    /layar/isi                                          -       -        reviewer supervisor staff admin
GET    /hasil/angka                                        -       -        reviewer supervisor staff admin
GET    /angka/{photo_id}/{number}                          -       -        reviewer supervisor staff admin
GET    /banding                                            -       -        reviewer supervisor staff admin
GET    /api/compare                                        -       -        reviewer supervisor staff admin
GET    /api/compare.csv                                    -       -        reviewer supervisor staff admin
GET    /api/compare.xlsx                                   -       -        reviewer supervisor staff admin
GET    /api/compare/imports                                -       -        reviewer supervisor staff admin
POST   /api/compare/imports                                -       -        -        supervisor -     admin
GET    /hasil                                               -       -        reviewer supervisor staff admin
GET    /pengguna                                            -       -        -        -          -     admin
POST   /pengguna                                            -       -        -        -          -     admin
POST   /pengguna/{user_id}/aktif                            -       -        -        -          -     admin
POST   /api/photos                                          -       operator -        -          -     -
GET    /api/photos/{photo_id}                               -       operator reviewer supervisor staff admin
GET    /api/photos/{photo_id}/picture.jpg                   -       operator reviewer supervisor staff admin
POST   /api/uploads                                         -       operator -        -          -     -
PATCH  /api/uploads/{key}                                   -       operator -        -          -     -
GET    /api/places                                          -       operator reviewer supervisor staff admin
GET    /api/places/{code}                                   -       operator reviewer supervisor staff admin
GET    /api/elections                                       -       operator reviewer supervisor staff admin
GET    /api/sheets                                          -       -        reviewer supervisor staff admin
GET    /api/sheets/{photo_id}                               -       -        reviewer supervisor staff admin
GET    /api/sheets/{photo_id}/history                       -       -        reviewer supervisor staff admin
GET    /api/sheets/{photo_id}/crops/{number}.png            -       -        reviewer supervisor staff admin
GET    /api/sheets/{photo_id}/crops.jpg                     -       -        reviewer supervisor staff admin
GET    /api/sheets/{photo_id}/picture.jpg                   -       -        reviewer supervisor staff admin
GET    /api/sheets/{photo_id}/photo.jpg                     -       -        reviewer supervisor staff admin
POST   /api/sheets/{photo_id}/decision                      -       -        reviewer supervisor -     -
POST   /api/sheets/next                                     -       -        reviewer supervisor -     -
POST   /api/sheets/ahead                                    -       -        reviewer supervisor -     -
POST   /api/sheets/{photo_id}/lease                         -       -        reviewer supervisor -     -
DELETE /api/sheets/{photo_id}/lease                         -       -        reviewer supervisor -     -
POST   /api/sheets/{photo_id}/heartbeat                     -       -        reviewer supervisor -     -
POST   /api/sheets/{photo_id}/alignment                     -       -        reviewer supervisor -     -
GET    /api/sheets/{photo_id}/alignment/{ticket}            -       -        reviewer supervisor -     -
POST   /api/sheets/{photo_id}/takeover                      -       -        -        supervisor -     -
POST   /api/sheets/{photo_id}/undo                          -       -        reviewer supervisor -     -
POST   /api/sheets/{photo_id}/withdrawal                    -       -        reviewer supervisor -     -
GET    /api/desk/mine                                       -       -        reviewer supervisor -     -
GET    /api/desk/overview                                   -       -        -        supervisor -     -
GET    /api/desk/quality                                    -       -        -        supervisor staff admin
POST   /api/desk/accepting/{election}                       -       -        -        supervisor -     -
GET    /api/desk/policy                                     -       -        reviewer supervisor staff admin
PUT    /api/desk/policy/{election}                          -       -        -        supervisor -     -
GET    /api/desk/paper-errors                               -       -        reviewer supervisor staff admin
GET    /api/desk/words                                      -       operator reviewer supervisor staff admin
GET    /api/totals                                          -       -        reviewer supervisor staff admin
GET    /api/totals.csv                                      -       -        reviewer supervisor staff admin
GET    /api/seats.csv                                       -       -        reviewer supervisor staff admin
GET    /api/seats                                           -       -        reviewer supervisor staff admin
GET    /kursi                                               -       -        reviewer supervisor staff admin
GET    /api/totals.xlsx                                     -       -        reviewer supervisor staff admin
GET    /api/exports/{election}/totals.csv                   -       -        reviewer supervisor staff admin
GET    /api/exports/{election}/totals.xlsx                  -       -        reviewer supervisor staff admin
GET    /api/exports/{election}/totals.json                  -       -        reviewer supervisor staff admin
GET    /api/exports/{election}/nist.json                    -       -        reviewer supervisor staff admin
GET    /api/exports/{election}/signed.zip                   -       -        reviewer supervisor staff admin
GET    /api/exports/{election}/rows                         -       -        reviewer supervisor staff admin
GET    /api/exports/{election}/recap.pdf                    -       -        reviewer supervisor staff admin
GET    /api/exports/{election}/evidence.zip                 -       -        -        supervisor staff admin
GET    /api/exports/key                                     -       operator reviewer supervisor staff admin
GET    /api/exports/key.pem                                 -       operator reviewer supervisor staff admin
GET    /rekap                                               -       -        reviewer supervisor staff admin
GET    /jejak                                               -       -        -        supervisor staff admin
GET    /api/audit                                           -       -        -        supervisor staff admin
POST   /api/audit/verify                                    -       -        -        supervisor staff admin
GET    /templat                                             -       -        -        supervisor -     admin
GET    /templat/baru                                        -       -        -        -          -     admin
GET    /templat/rancangan/{draft_id}                        -       -        -        -          -     admin
GET    /templat/rancangan/{draft_id}/coba                   -       -        -        -          -     admin
GET    /templat/formulir/{form}/coba                        -       -        -        supervisor -     admin
GET    /templat/rancangan/{draft_id}/terbit                 -       -        -        -          -     admin
GET    /templat/formulir/{form}                             -       -        -        supervisor -     admin
POST   /api/templates/drafts                                -       -        -        -          -     admin
GET    /api/templates/drafts/{draft_id}                     -       -        -        -          -     admin
PUT    /api/templates/drafts/{draft_id}                     -       -        -        -          -     admin
POST   /api/templates/drafts/{draft_id}/again               -       -        -        -          -     admin
DELETE /api/templates/drafts/{draft_id}                     -       -        -        -          -     admin
GET    /api/templates/drafts/{draft_id}/pages/{page}        -       -        -        -          -     admin
POST   /api/templates/drafts/{draft_id}/prepare             -       -        -        -          -     admin
POST   /api/templates/drafts/{draft_id}/publish             -       -        -        -          -     admin
POST   /api/templates/forms/{form}/drafts                   -       -        -        -          -     admin
POST   /api/templates/forms/{form}/trust                    -       -        -        supervisor -     -
POST   /api/templates/forms/{form}/elections                -       -        -        -          -     admin
POST   /api/templates/trials                                -       -        -        supervisor -     admin
GET    /api/templates/trials/{trial_id}                     -       -        -        supervisor -     admin
POST   /api/templates/trials/{trial_id}/again               -       -        -        supervisor -     admin
POST   /api/templates/trials/{trial_id}/typed               -       -        -        supervisor -     admin
GET    /api/templates/trials/{trial_id}/picture.jpg         -       -        -        supervisor -     admin
GET    /api/templates/trials/{trial_id}/crops/{number}.png  -       -        -        supervisor -     admin
GET    /pemilihan                                           -       -        -        -          -     admin
GET    /pemilihan/{election_id}                             -       -        -        -          -     admin
GET    /pemilihan/{election_id}/berkas.json                 -       -        -        -          -     admin
POST   /pemilihan/{election_id}                             -       -        -        -          -     admin
GET    /tanpa-tempat                                        -       -        reviewer supervisor -     -
POST   /tanpa-tempat/{unplaced_id}                          -       -        reviewer supervisor -     -
GET    /api/unplaced                                        -       -        reviewer supervisor -     -
GET    /api/unplaced/{unplaced_id}                          -       operator reviewer supervisor staff admin
GET    /api/unplaced/{unplaced_id}/picture.jpg              -       operator reviewer supervisor staff admin
POST   /api/unplaced/{unplaced_id}/place                    -       -        reviewer supervisor -     -
POST   /api/unplaced/{unplaced_id}/aside                    -       -        reviewer supervisor -     -
GET    /impor                                               -       operator -        supervisor -     -
GET    /impor/{run_id}                                      -       operator -        supervisor -     -
GET    /impor/{run_id}/baris                                -       operator -        supervisor -     -
POST   /impor/{run_id}/tempat                               -       operator -        supervisor -     -
POST   /api/imports                                         -       operator -        supervisor -     -
PATCH  /api/imports/{key}                                   -       operator -        supervisor -     -
GET    /api/imports/{run_id}                                -       operator -        supervisor -     -
GET    /api/imports/{run_id}/report.csv                     -       operator -        supervisor -     -
POST   /api/imports/{run_id}/place                          -       operator -        supervisor -     -
GET    /petugas                                             -       operator -        supervisor staff admin
GET    /api/operators.csv                                   -       operator -        supervisor staff admin
GET    /api/operators.xlsx                                  -       operator -        supervisor staff admin
GET    /nomor                                               -       -        -        -          -     admin
POST   /nomor                                               -       -        -        -          -     admin
POST   /nomor/{sender_id}/cabut                             -       -        -        -          -     admin
GET    /nomor/pesan/{message_id}/foto.jpg                   -       -        -        -          -     admin
GET    /whatsapp/webhook                                    visitor operator reviewer supervisor staff admin
POST   /whatsapp/webhook                                    visitor operator reviewer supervisor staff admin
"""

TABLE: dict[tuple[str, str], frozenset[str]] = {
    (line.split()[0], line.split()[1]): frozenset(line.split()[2:]) - {"-"} for line in WRITTEN.strip().splitlines()
}

FILLED = {
    "number": "suara_paslon_1",
    "code": "1607",
    "name": "htmx.esm.js",
    "lang": "en",
    "user_id": "999",
    "login_id": "999",
    "token_id": "999",
    "invitation_id": "999",
    "secret": "x",
    "draft_id": "999",
    "trial_id": "999",
    "unplaced_id": "999",
    "anomaly_id": "999",
    "election_id": "ppwp-2024",
    "election": "ppwp-2024",
    "form": "c-tidak-ada",
    "page": "1",
    "ticket": "x",
    "run_id": "999",
    "sender_id": "999",
    "message_id": "999",
    "key": "0" * 64,
}
"""What stands for the parameters of an address."""


def address(path: str, photo_id: int) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: {**FILLED, "photo_id": str(photo_id)}[m[1]], path)


def test_the_table_is_about_the_roles_there_are() -> None:
    assert set(ROLES) == {r.value for r in Role}
    assert {who for row in TABLE.values() for who in row} == {VISITOR, *ROLES}
    assert len(TABLE) == len(WRITTEN.strip().splitlines())


def test_the_table_names_every_route(site: Site) -> None:
    assert set(rules(site.app)) == set(TABLE)


def test_the_rules_are_the_table(site: Site) -> None:
    declared = {route: {VISITOR, *ROLES} if rule.public else {r.value for r in rule.roles} for route, rule in rules(site.app).items()}
    assert declared == TABLE


@pytest.mark.parametrize("who", [VISITOR, *ROLES])
def test_every_route_for_everybody(site: Site, who: str) -> None:
    receipt = site.world.upload()
    site.world.read(receipt, votes(1, 2, 3))
    for (method, path), allowed in TABLE.items():
        client = site.client(None if who == VISITOR else who)
        answer = client.request(method, address(path, receipt.photo_id), params={"election": "ppwp-2024"})
        body = answer.json() if answer.headers.get("content-type") == "application/json" else {}
        code = body["error"]["code"] if "error" in body else ""
        if VISITOR in allowed:  # the form token of the log-in itself is looked at, who asks is not
            assert code not in ("login_required", "forbidden"), (method, path, code)
        elif who in allowed:
            assert code not in ("login_required", "forbidden", "csrf"), (method, path, code)
            assert answer.status_code < 500 or code == "unavailable", (method, path, answer.text)
        elif who == VISITOR:
            assert (answer.status_code, code) == (401, "login_required"), (method, path)
        else:
            assert (answer.status_code, code) == (403, "forbidden"), (method, path)


def test_admin_holds_no_power_over_results() -> None:
    powers = {"decision", "withdrawal", "undo", "lease", "takeover", "alignment", "trust", "next", "ahead", "heartbeat"}
    held = [r for r in TABLE if r[0] != "GET" and (r[1].split("/")[-1] in powers or r[1].startswith(("/api/desk/", "/periksa")))]
    assert len(held) > 12
    for route in held:
        assert not TABLE[route] & {"admin", "staff", "operator"}, route


def test_changing_routes_need_the_form_token(site: Site) -> None:
    for (method, path), allowed in TABLE.items():
        if method == "GET" or path == "/whatsapp/webhook":  # that one is signed by its sender
            continue
        who = "operator" if VISITOR in allowed else sorted(allowed)[0]
        client = site.client(who)
        for token in (None, "wrong", site.held.signer.csrf(site.held.signer.fresh())):
            client.headers.pop("X-CSRF-Token", None)
            if token is not None:
                client.headers["X-CSRF-Token"] = token
            answer = client.request(method, re.sub(r"\{\w+\}", "1", path))
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf"), (method, path, token)
