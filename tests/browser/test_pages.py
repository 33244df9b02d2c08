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
        "staff": ["/hasil", "/hasil?code=160701", "/hasil?code=1607011016001", f"/lembar/{photo}", "/pengawas", "/tidak-ada"],
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
