"""Photos of one station sent in one go, without election or TPS: sorted by their forms; what is not said, a person says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from review.receipt import Receipt
from tally.interpretation import Interpretation, PrintedPlace, Reason, ReasonCode, Unreadable
from templates_c1.registry import page as template_page
from tests.api.conftest import Site, files, jpeg
from tests.world import OTHER_TPS, TPS, word

HTML = {"Accept": "text/html"}
BUPATI, GUBERNUR, OFFICIAL = "desk-bupati-1607-2024", "desk-gubernur-16-2024", "c-hasil-ppwp-2024"


def teach(site: Site, monkeypatch: pytest.MonkeyPatch, says: dict[str, tuple[str, int, str | None] | None]) -> None:
    """Let the machine say this of files by name: form, page, printed TPS; None: it cannot read them."""

    def interpret(data: bytes, name: str) -> Interpretation:
        import hashlib

        sha256 = hashlib.sha256(data).hexdigest()
        said = says[name]
        if said is None:
            return Interpretation(name, sha256, Unreadable((Reason(ReasonCode.FORM_NOT_RECOGNISED, (), ""),)))
        form, page, tps = said
        values = {n.name: 0 for n in template_page(form, page).numbers}
        receipt = Receipt(0, "", sha256, len(data), name, "", None, None)  # type: ignore[arg-type]
        read = word(receipt, values, form=form, page=page)
        return replace(read, place=PrintedPlace(form, page, tps) if tps else None)

    monkeypatch.setattr(site.held.reading, "_interpret", interpret)


def sent(site: Site, names: list[str], **where: str) -> list[dict[str, object]]:
    photos = files(*((name, jpeg(i)) for i, name in enumerate(names)))
    answer = site.client("operator").post("/api/photos", data={"election": "auto", "tps": "auto", **where}, files=photos)
    assert answer.status_code == 202, answer.text
    receipts = [r["receipt"] for r in answer.json()["results"]]
    for r in receipts:
        site.held.reading.read_open(r["unplaced"])
    return [site.client("operator").get(f"/api/unplaced/{r['unplaced']}").json() for r in receipts]


def where(site: Site, photo: object) -> tuple[str, str]:
    receipt = site.client("operator").get(f"/api/photos/{photo}").json()["receipt"]
    return receipt["election"], receipt["tps"]["code"]


def test_mixed_pages_of_one_station_are_sorted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    teach(
        site,
        monkeypatch,
        {"a.jpg": (BUPATI, 2, None), "b.jpg": (OFFICIAL, 2, None), "c.jpg": (GUBERNUR, 1, None), "d.jpg": (BUPATI, 1, None)},
    )
    found = sent(site, ["a.jpg", "b.jpg", "c.jpg", "d.jpg"], tps=TPS)
    assert [where(site, f["photo"]) for f in found] == [
        ("bupati-2024", TPS),
        ("ppwp-2024", TPS),
        ("gubernur-2024", TPS),
        ("bupati-2024", TPS),
    ]
    assert [(f["form"], f["page"]) for f in found] == [(BUPATI, 2), (OFFICIAL, 2), (GUBERNUR, 1), (BUPATI, 1)]


def test_print_alone_names_the_station(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    teach(site, monkeypatch, {"a.jpg": (BUPATI, 2, TPS), "b.jpg": (BUPATI, 2, OTHER_TPS)})
    found = sent(site, ["a.jpg", "b.jpg"])
    assert [where(site, f["photo"]) for f in found] == [("bupati-2024", TPS), ("bupati-2024", OTHER_TPS)]


def test_what_is_not_said_waits_for_a_person(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    teach(site, monkeypatch, {"a.jpg": (OFFICIAL, 2, None), "b.jpg": None})
    official, unreadable = sent(site, ["a.jpg", "b.jpg"])
    assert (official["state"], official["reason"], unreadable["reason"]) == ("waiting", "no_tps", "unreadable")
    reviewer = site.client("reviewer")
    ids = [p["receipt"]["unplaced"] for p in reviewer.get("/api/unplaced").json()["photos"]]
    shown = reviewer.get("/tanpa-tempat", headers=HTML).text
    assert "Formulir ini tidak menyebut TPS yang dikenal." in shown and "Formulir tidak dikenali." in shown
    assert reviewer.get(f"/api/unplaced/{ids[0]}/picture.jpg", params={"width": 240}).headers["content-type"] == "image/jpeg"
    token = reviewer.headers["X-CSRF-Token"]
    refused = reviewer.post(f"/tanpa-tempat/{ids[0]}", data={"csrf": token, "election": "ppwp-2024", "tps": "123"}, headers=HTML)
    assert refused.status_code == 404 and "TPS ini tidak dikenal" in refused.text
    assert f'id="tps{ids[0]}-search"' in refused.text and 'name="tps"' in refused.text
    placed = reviewer.post(f"/tanpa-tempat/{ids[0]}", data={"csrf": token, "election": "ppwp-2024", "tps": TPS}, headers=HTML)
    assert placed.status_code == 303
    assert reviewer.post(f"/api/unplaced/{ids[1]}/aside").status_code == 204
    assert reviewer.get("/api/unplaced").json() == {"photos": []}
    assert "Tidak ada foto tanpa tempat" in reviewer.get("/tanpa-tempat", headers=HTML).text


def test_an_operator_sees_only_his_own(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    teach(site, monkeypatch, {"a.jpg": None})
    (mine,) = sent(site, ["a.jpg"])
    number = mine["receipt"]["unplaced"]  # type: ignore[index]
    assert site.client("operator").get("/api/unplaced/999").status_code == 404
    assert site.client("reviewer").get(f"/api/unplaced/{number}").status_code == 200
    assert site.client("operator").post(f"/api/unplaced/{number}/place", json={"election": "ppwp-2024", "tps": TPS}).status_code == 403


def test_elections_are_changed_under_the_checks_of_a_file(site: Site) -> None:
    admin = site.client("admin")
    assert "3 tanpa nama" in admin.get("/pemilihan", headers=HTML).text
    form = admin.get("/pemilihan/bupati-2020", headers=HTML).text
    assert "Nama tidak dikarang" in form
    token = admin.headers["X-CSRF-Token"]
    said = {"csrf": token, "name": "Pilkada Banyuasin", "name_en": "Banyuasin", "date": "2024-11-27", "names|1607|0": "SATU - DUA\r\n"}
    assert admin.post("/pemilihan/bupati-2024", data=said).status_code == 303
    file = admin.get("/pemilihan/bupati-2024/berkas.json").json()
    assert file["name"]["id"] == "Pilkada Banyuasin" and file["areas"][0]["contestants"] == ["SATU - DUA", ""]
    wrong = admin.post("/pemilihan/bupati-2024", data={**said, "pages|1607": "formulir-gaib: 1, 2"}, headers=HTML)
    assert wrong.status_code == 422 and "formulir-gaib" in wrong.text and "is not known" in wrong.text
    bad = admin.post("/pemilihan/bupati-2024", data={**said, "pages|1607": "1, 2"}, headers=HTML)
    assert bad.status_code == 422 and "is not of the shape" in bad.text
    assert admin.get("/pemilihan/bupati-2024/berkas.json").json() == file
    assert site.client("staff").get("/pemilihan").status_code == 403
