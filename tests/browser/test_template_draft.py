"""A form that nobody knows, from its blank PDF to a photo that is read with it: drafted, named, tried, published by an admin in the
browser; the photo goes to a reviewer, since the form is on probation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import papers
from tests.browser.conftest import Desk
from tests.live import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = ["suara_paslon_1", "suara_paslon_2", "suara_sah", "suara_tidak_sah", "suara_total"]


def drafted(page: Page, file: Path) -> None:
    page.goto("/templat")
    page.get_by_role("link", name="Rancang templat").click()
    page.set_input_files("#files", str(file))
    page.fill("#title_text", "C.HASIL UJI 2029")
    expect(page.locator("#form-id")).to_have_value("c-hasil-uji-2029")
    page.select_option("#election", "bupati")
    page.get_by_role("button", name="Mulai rancang").click()
    page.wait_for_url(re.compile(r"/templat/rancangan/\d+$"))
    expect(page.locator("#page .number")).to_have_count(5, timeout=120_000)


def x_of(page: Page) -> float:
    return float(page.locator("[data-axis=x]").input_value())


def test_a_form_is_drafted_named_published_and_read_in_one_go(desk: Desk, tmp_path: Path) -> None:
    admin = desk.log_in("admin")
    drafted(admin, papers.blank_pdf(tmp_path / "blangko.pdf"))

    # with the keyboard alone: choose the first number on the page, move it, and take that back
    admin.locator("#page .number").first.focus()
    expect(admin.locator("#place [data-what]")).to_have_text("Angka")
    start = x_of(admin)
    admin.keyboard.press("Shift+ArrowRight")
    assert x_of(admin) == pytest.approx(start + 2.5)
    admin.keyboard.press("Control+z")
    assert x_of(admin) == pytest.approx(start)
    admin.keyboard.press("n")  # a number too many, and gone again
    expect(admin.locator("#page .number")).to_have_count(6)
    admin.keyboard.press("Delete")
    expect(admin.locator("#page .number")).to_have_count(5)
    admin.keyboard.press("Escape")

    # with the mouse: drag the second number off its place, see the check complain, undo
    admin.locator("#page .number .box").nth(3).hover()
    admin.mouse.down()
    box = admin.locator("#page .number .box").first.bounding_box()
    assert box is not None
    admin.mouse.move(box["x"] + 6, box["y"] + 6, steps=4)
    admin.mouse.up()
    expect(admin.locator("#faults")).to_contain_text("bertindihan")
    admin.get_by_role("button", name="Batalkan").click()
    expect(admin.locator("#faults")).not_to_contain_text("bertindihan")

    # names from the vocabulary bring their labels where the print was not read; a rule is added
    for i, name in enumerate(NAMES):
        admin.locator(".n-card").nth(i).locator("[data-f=name]").fill(name)
    expect(admin.locator("[data-f=id]").first).to_have_value(re.compile("asangan calon 1"))
    expect(admin.locator("#fault-count")).to_have_text("Tidak ada kesalahan")
    admin.get_by_role("tab", name="Aturan").click()
    admin.locator("#rules-page [data-sum]").click()
    rule = admin.locator("#rules-page .rule").last
    rule.get_by_label("Keluarkan suara_paslon_1").click()
    rule.get_by_label("Tambah bagian").select_option("suara_sah")
    rule.get_by_label("Tambah bagian").select_option("suara_tidak_sah")
    expect(admin.locator("#saved")).to_have_text("Tersimpan")

    # tried on a photo: typed first, then compared
    admin.get_by_role("link", name="Coba").click()
    expect(admin.locator("#trials:not([inert])")).to_be_visible(timeout=120_000)
    data, written = papers.photo(1)
    (tmp_path / "uji.jpg").write_bytes(data)
    admin.set_input_files("#trial-photos", str(tmp_path / "uji.jpg"))
    expect(admin.locator(".trial[data-state=read]")).to_be_visible(timeout=60_000)
    for name, value in written.items():
        admin.locator(f".trial [name={name}]").fill(str(value))
    admin.get_by_role("button", name="Bandingkan").click()
    expect(admin.locator(".trial tbody tr")).to_have_count(5)
    expect(admin.locator("[data-count=wrong]")).to_have_text("0")

    # published, and in an election
    admin.get_by_role("link", name="Terbitkan").click()
    expect(admin.get_by_text("tidak tertukar dengan formulir lain")).to_be_visible(timeout=60_000)
    admin.fill("#reason", "Keputusan KPU 1/2029")
    admin.select_option("#election", "bupati-2020")
    admin.get_by_role("button", name="Terbitkan versi 1").click()
    admin.wait_for_url("**/templat/formulir/c-hasil-uji-2029")
    expect(admin.get_by_text("Masa percobaan").first).to_be_visible()

    # a photo of it is read at once, by a server and a reader that were never restarted
    operator = desk.log_in("operator")
    token = operator.locator("meta[name=csrf]").get_attribute("content") or ""
    (tmp_path / "tps.jpg").write_bytes(papers.photo(2)[0])
    answer = operator.request.post(
        "/api/photos",
        headers={"X-CSRF-Token": token},
        multipart={
            "election": "bupati-2020",
            "tps": "1607011016003",
            "photos": {"name": "tps.jpg", "mimeType": "image/jpeg", "buffer": (tmp_path / "tps.jpg").read_bytes()},
        },
    )
    assert answer.status == 202, answer.text()
    number = answer.json()["results"][0]["receipt"]["id"]
    status = until(lambda: (s := operator.request.get(f"/api/photos/{number}").json())["state"] != "reading" and s)
    assert (status["state"], status["form"], status["page"]) == ("in_review", "c-hasil-uji-2029", 1)
    assert "unproven_form" in [r["code"] for r in status["reasons"]]
    assert desk.complaints == []


@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_have_no_serious_fault(desk: Desk, tmp_path: Path, width: int) -> None:
    from tests.browser.test_accessibility import faults

    admin = desk.log_in("admin", width=width, height=780)
    drafted(admin, papers.blank_pdf(tmp_path / "blangko.pdf", 5.0))
    assert faults(admin) == []
    assert admin.evaluate("() => document.documentElement.scrollWidth") <= width
    for tab in ("Aturan", "Formulir"):
        admin.get_by_role("tab", name=tab).click()
        assert faults(admin) == [], tab
    for path in ("/templat", "/templat/baru", admin.url + "/coba", admin.url + "/terbit"):
        admin.goto(path)
        assert faults(admin) == [], path
        assert admin.evaluate("() => document.documentElement.scrollWidth") <= width, path
