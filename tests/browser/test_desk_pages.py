"""Every page around the desk: no serious fault for axe-core, no wider than a phone, and what each is for."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tally.interpretation import ReasonCode
from tests.browser.conftest import Desk
from tests.browser.sheets import ELECTION, Sheets, Waiting
from tests.browser.test_accessibility import faults
from tests.browser.test_desk import LOW, left, open_desk, press, shown

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def waiting(sheets: Sheets) -> Waiting:
    return sheets.put(misread={"suara_sah": 111}, doubt={ReasonCode.READERS_DISAGREE: ("suara_paslon_1",)})


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url
    assert page.locator("h1:visible").count() == 1, page.url
    assert faults(page) == [], page.url


@pytest.mark.parametrize("width", [1280, 360])
def test_the_desk_and_its_dialogs(long_desk: Desk, sheets: Sheets, waiting: Waiting, width: int) -> None:
    page = long_desk.log_in("reviewer", width=width, height=800)
    page.goto(f"/periksa?election={ELECTION}&kecamatan=160701")
    expect(page.locator(".queue-item").first).to_be_visible()
    fits(page)
    open_desk(page, waiting)
    fits(page)
    for key, dialog in (("?", "#keys"), ("r", "#reject"), ("m", "#move")):
        press(page, key)
        expect(page.locator(dialog)).to_be_visible()
        fits(page)
        press(page, "Escape")
        expect(page.locator(dialog)).to_be_hidden()
    press(page, "f")
    expect(page.locator("#corners")).to_be_visible()
    fits(page)
    page.click("#rescue-close")
    press(page, "l")
    page.wait_for_url(re.compile(r"/periksa$"))
    assert long_desk.complaints == []


@pytest.mark.parametrize("width", [1280, 360])
def test_the_pages_around_it(long_desk: Desk, sheets: Sheets, waiting: Waiting, width: int) -> None:
    done = sheets.put(doubt=LOW)
    page = long_desk.log_in("supervisor", width=width, height=800)
    open_desk(page, done)
    press(page, "Space")
    left(page, done)
    for path in (
        "/pengawas",
        f"/pengawas?election={ELECTION}",
        "/periksa/riwayat",
        "/salah-kertas",
        f"/lembar/{done.id}",
        "/periksa/99999999",
    ):
        page.goto(path)
        if "99999999" in path:
            page.wait_for_function("() => document.body.dataset.ready")
        fits(page)
    staff = long_desk.log_in("staff", width=width, height=800)
    staff.goto("/pengawas")
    expect(staff.get_by_text("Orang", exact=True)).to_have_count(0)
    fits(staff)


def test_the_supervisor_sees_who_works_and_lifts_the_stop(long_desk: Desk, sheets: Sheets) -> None:
    mine = sheets.put(doubt=LOW)
    reviewer = long_desk.log_in("reviewer2")
    open_desk(reviewer, mine)
    page = long_desk.log_in("supervisor")
    page.goto(f"/pengawas?election={ELECTION}")
    expect(page.locator("#work")).to_contain_text(mine.label)
    gate = page.locator(f"[data-gate={ELECTION}]")
    gate.get_by_role("textbox").fill("latihan")
    gate.get_by_role("button", name="Hentikan").click()
    expect(page.locator(f"[data-gate={ELECTION}]")).to_have_class(re.compile("shut"))
    expect(page.locator(f"[data-gate={ELECTION}]")).to_contain_text("latihan")
    page.locator(f"[data-gate={ELECTION}]").get_by_role("textbox").fill("selesai")
    page.get_by_role("button", name="Buka lagi").click()
    expect(page.locator(f"[data-gate={ELECTION}]")).not_to_have_class(re.compile("shut"))
    # and takes a sheet over from somebody who went away
    page.on("dialog", lambda d: d.accept("pergi makan"))
    page.locator("li", has_text=mine.label).get_by_role("button", name="Ambil alih").click()
    page.wait_for_url(re.compile(rf"/periksa/{mine.id}"))
    shown(page, mine)
    press(reviewer, "Space")
    expect(reviewer.locator("#stopped-text")).to_contain_text("supervisor")
    press(page, "Space")
    left(page, mine)


def test_one_s_own_history_takes_back(long_desk: Desk, sheets: Sheets) -> None:
    sheet = sheets.put(doubt=LOW)
    page = long_desk.log_in("reviewer")
    open_desk(page, sheet)
    press(page, "Space")
    left(page, sheet)
    page.goto("/periksa/riwayat")
    row = page.locator("tr", has_text=sheet.label)
    row.get_by_role("button", name="Urungkan").click()
    page.wait_for_url(re.compile(rf"/periksa/{sheet.id}"))
    shown(page, sheet)
    page.goto(f"/lembar/{sheet.id}")
    expect(page.locator(".timeline")).to_contain_text("Dibaca mesin")
    press(page, "Tab")
    assert page.locator(".timeline li").count() >= 4
