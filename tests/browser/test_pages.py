"""Every page at 360 px and by keyboard; what the desk does with bad entries, refusals and other people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

import samples
from api.build import open_services
from api.settings import Settings
from review.intake import receive_photo
from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def load(desk: Desk, tmp_path: Path, seed: int, form: str = "c-hasil-ppwp-2024", page: int = 2, data: bytes | None = None) -> int:
    """A photo in the queue of a running server, past the upload page."""
    held = open_services(Settings(data=tmp_path))
    election = {"c-hasil-ppwp-2024": "ppwp-2024", "c-hasil-kwk-2020": "bupati-2020"}[form]
    body = data or samples.make(form, page, seed, difficulty=0.2, break_sum=True)[0]
    with held.db.reading() as session:
        from sqlalchemy import select

        from db.tables import User

        operator = session.scalars(select(User.id).where(User.username == "operator")).one()
    receipt = receive_photo(
        held.db,
        held.store,
        data=body,
        name=f"{seed}.jpg",
        media_type="image/jpeg",
        uploader_id=operator,
        election_id=election,
        tps_code=f"1607011016{seed:03}",
    )
    held.reading.enqueue(receipt.photo_id)
    held.db.dispose()
    return receipt.photo_id


def test_no_page_is_wider_than_a_phone(desk: Desk, tmp_path: Path) -> None:
    photo = load(desk, tmp_path, 1, "c-hasil-kwk-2020")
    visits = {
        "operator": ["/unggah", f"/foto/{photo}"],
        "reviewer": ["/periksa", f"/periksa/{photo}"],
        "staff": ["/hasil", "/hasil?code=160701", "/hasil?code=1607011016001", f"/lembar/{photo}", "/tidak-ada"],
        "admin": ["/pengguna"],
    }
    for user, paths in visits.items():
        page = desk.log_in(user, width=360, height=740)
        if user == "operator":
            page.goto(f"/foto/{photo}")
            expect(page.locator(".photo-card")).to_have_attribute("data-state", re.compile("in_review|counted"), timeout=60_000)
        for path in paths:
            page.goto(path)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (path, wide)
            unnamed = page.evaluate(
                """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href]")].filter((e) => {
                    const named = (e.labels && e.labels.length) || e.getAttribute("aria-label") || e.textContent.trim();
                    return !(named || e.querySelector("img[alt]"));
                }).map((e) => e.outerHTML.slice(0, 80))"""
            )
            assert unnamed == [], path
            assert page.locator("h1").count() == 1, path
    assert [c for c in desk.complaints if "404" not in c] == []


def test_skip_link_and_focus_are_visible(desk: Desk) -> None:
    page = desk.log_in("staff")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Langsung ke isi")
    expect(skip).to_be_focused()
    assert skip.evaluate("e => e.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "isi"


def test_the_place_is_chosen_by_walking_down(desk: Desk) -> None:
    page = desk.log_in("operator")
    field = page.get_by_role("combobox", name=re.compile("TPS"))
    field.focus()
    expect(page.locator("[role=option]")).to_have_count(21)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("option", name="Kembali: BANYUASIN II")).to_be_visible()
    page.keyboard.press("Backspace")
    expect(page.locator("[role=option]")).to_have_count(21)
    field.fill("tidak ada desa ini")
    expect(page.get_by_text("Tidak ada yang cocok")).to_be_visible()
    page.set_input_files("#photos", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"x"})
    expect(page.locator("#send-error")).to_have_text("Pilih TPS dahulu.")


def test_a_bad_file_is_explained(desk: Desk) -> None:
    page = desk.log_in("operator")
    field = page.get_by_role("combobox", name=re.compile("TPS"))
    field.fill("mariana 1")
    expect(page.get_by_role("option", name="TPS 001, MARIANA, BANYUASIN I")).to_be_visible()
    field.press("Enter")
    page.set_input_files("#photos", {"name": "catatan.txt", "mimeType": "image/jpeg", "buffer": b"bukan foto " * 50})
    expect(page.locator("#outbox .photo-card")).to_contain_text("bukan foto")


def test_the_reviewer_s_keys_and_refusals(desk: Desk, tmp_path: Path) -> None:
    photo = load(desk, tmp_path, 2, "c-hasil-kwk-2020")
    operator = desk.log_in("operator")
    operator.goto(f"/foto/{photo}")
    expect(operator.locator(".photo-card")).to_have_attribute("data-state", "in_review", timeout=60_000)

    page = desk.log_in("reviewer")
    page.goto(f"/periksa/{photo}")
    inputs = page.locator(".num-input")
    inputs.first.focus()
    page.keyboard.press("ArrowDown")
    expect(inputs.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(inputs.first).to_be_focused()

    page.keyboard.type("2X1"[:3])  # a cross after a digit is no number
    page.keyboard.press("Enter")
    expect(inputs.first).to_have_class(re.compile("wrong"))
    expect(page.locator("#review-error")).to_be_visible()
    inputs.first.fill("X27")
    page.keyboard.press("Enter")
    expect(page.locator("[data-number]").first).to_have_class(re.compile("seen"))

    for name, value in (("suara_paslon_1", "10"), ("suara_paslon_2", "20"), ("suara_paslon_3", "30"), ("suara_sah", "61")):
        page.fill(f"#v-{name}", value)
        page.press(f"#v-{name}", "Enter")
    expect(page.locator("#broken")).to_contain_text("61, seharusnya 10 + 20 + 30 = 60")
    expect(page.locator("#paper")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#review-error")).to_contain_text("salah di kertas")

    other = desk.log_in("reviewer2")
    expect(other.get_by_text("Sedang diperiksa reviewer")).to_be_visible()
    other.goto(f"/periksa/{photo}")
    expect(other.get_by_role("alert")).to_be_visible()

    page.check("#paper-error")
    page.click("#commit")
    page.wait_for_url(lambda url: url.endswith("/periksa"))
    staff = desk.log_in("staff")
    staff.goto(f"/lembar/{photo}")
    expect(staff.get_by_text("Salah di kertas: disimpan seperti tertulis")).to_be_visible()


def test_a_photo_nobody_can_read_is_rejected_and_the_operator_told(desk: Desk, tmp_path: Path) -> None:
    import cv2
    import numpy as np

    noise = np.random.default_rng(1).integers(120, 200, (900, 700, 3), dtype=np.uint8)
    photo = load(desk, tmp_path, 5, data=cv2.imencode(".jpg", noise)[1].tobytes())
    operator = desk.log_in("operator")
    operator.goto(f"/foto/{photo}")
    expect(operator.locator(".photo-card")).to_have_attribute("data-state", "unreadable", timeout=60_000)
    expect(operator.locator(".photo-card")).to_contain_text("Foto tidak terbaca")

    page = desk.log_in("reviewer")
    page.goto(f"/periksa/{photo}")
    page.get_by_role("combobox", name="Halaman", exact=True).select_option("c-hasil-ppwp-2024|3")
    page.get_by_role("button", name="Isi angka").click()
    expect(page.locator(".num-input")).to_have_count(3)
    page.click("#reject-open")
    page.get_by_role("button", name="Foto kabur").click()
    page.keyboard.type(" sekali")
    page.click("#reject-do")
    page.wait_for_url(lambda url: url.endswith("/periksa"))
    operator.reload()
    expect(operator.locator(".photo-card")).to_contain_text("mohon foto ulang")
    expect(operator.locator(".photo-card")).to_contain_text("Foto kabur sekali")
