"""Election night on the screens: the overview follows the count, a figure leads to its crop, the wall screen, comparing, printing."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from review.intake import receive_photo, record_interpretation
from tests.browser.conftest import Desk
from tests.browser.sheets import ELECTION, Sheets, photo
from tests.browser.test_accessibility import faults
from tests.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.slow]

VILLAGE = "1607022001"
"""No other test's sheets lie there."""


def count_sheet(sheets: Sheets, tps: str) -> int:
    """A clean sheet that the machine accepts; returns its photo."""
    body, word, _ = photo()
    held = sheets.held
    receipt = receive_photo(
        held.db,
        held.store,
        data=body + tps.encode(),
        name=f"{tps}.jpg",
        media_type="image/jpeg",
        uploader_id=sheets.user_id("operator"),
        election_id=ELECTION,
        tps_code=tps,
    )
    with held.db.writing() as session:
        record_interpretation(session, receipt.photo_id, replace(word, sha256=receipt.sha256))
    return receipt.photo_id


@pytest.fixture(scope="module")
def counted(sheets: Sheets) -> int:
    return count_sheet(sheets, f"{VILLAGE}001")


@pytest.fixture(scope="module")
def staff(browser: Browser, long_live: Live) -> Iterator[Desk]:
    made = Desk(browser, long_live)
    yield made
    made.close()


def is_narrow(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_overview_follows_the_count(staff: Desk, sheets: Sheets, counted: int) -> None:
    page = staff.log_in("staff")
    page.goto(f"/ringkasan?election={ELECTION}")
    assert faults(page) == []
    chart = page.locator("svg.bars.wide").first
    expect(chart).to_be_visible()
    assert chart.evaluate("s => [...s.children].slice(0, 2).map((e) => e.tagName)") == ["title", "desc"]
    before = int(page.locator("#pages-in").inner_text().replace(".", ""))
    page.locator("#tabel-suara summary").click()
    head = page.locator("#tabel-kecamatan thead th").first
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(page.locator("#tabel-kecamatan tbody th").first).to_have_text("TUNGKAL ILIR")
    page.locator("#tabel-kecamatan-filter").fill("talang")
    expect(page.locator("#tabel-kecamatan tbody tr:visible")).to_have_count(1)

    count_sheet(sheets, f"{VILLAGE}002")
    expect(page.locator("#pages-in")).to_have_text(str(before + 1))  # by itself
    expect(page.locator("#tabel-suara")).to_have_attribute("open", "")
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(page.locator("#tabel-kecamatan tbody tr:visible")).to_have_count(1)

    page.context.set_offline(True)
    line = page.locator("[data-live]")
    expect(line).to_have_attribute("data-state", "gone")
    expect(line).to_contain_text("Angka terakhir".lower())
    expect(page.locator("#pages-in")).to_have_text(str(before + 1))  # the last figures stay
    page.context.set_offline(False)
    expect(line).to_have_attribute("data-state", "on")
    page.get_by_role("button", name="Jeda").click()
    expect(line).to_have_attribute("data-state", "paused")
    page.context.close()


def test_from_the_regency_to_the_crop_by_keyboard(staff: Desk, counted: int) -> None:
    page = staff.log_in("staff")
    page.goto(f"/hasil?election={ELECTION}")
    assert faults(page) == []
    page.locator("a.figure[data-total=suara_paslon_1]").press("Enter")
    for code in ("160702", VILLAGE):
        expect(page.locator("#jumlah")).not_to_have_text("–")
        page.locator(f"#tabel-angka a[href*='code={code}&']").press("Enter")
        page.wait_for_url(re.compile(f"code={code}"))
    assert faults(page) == []
    page.locator(f"#tabel-angka a[href*='code={VILLAGE}001&']").press("Enter")
    page.wait_for_url(re.compile(f"/angka/{counted}/suara_paslon_1"))
    written = photo()[2]
    expect(page.locator("#nilai")).to_have_text(str(written["suara_paslon_1"]))
    crop = page.locator("#potongan")
    expect(crop).to_be_visible()
    assert crop.evaluate("async (i) => { await i.decode(); return i.naturalWidth; }") > 50
    expect(page.locator("#penanggung")).to_contain_text("Dibaca mesin")
    expect(page.locator("#penanggung")).to_contain_text("Disahkan, versi 1")
    assert faults(page) == []
    page.locator("a[rel=next]").press("Enter")
    page.wait_for_url(re.compile("/suara_paslon_2"))
    page.goto(f"/hasil?election={ELECTION}&code={VILLAGE}001")
    expect(page.locator(".number-list a")).to_have_count(4)
    assert faults(page) == []
    page.context.close()


def test_on_a_phone(staff: Desk, counted: int) -> None:
    page = staff.log_in("staff", width=360, height=740)
    places = [f"/ringkasan?election={ELECTION}", f"/hasil?election={ELECTION}", f"/hasil/angka?election={ELECTION}&angka=suara_sah"]
    for path in (*places, f"/angka/{counted}/suara_sah", f"/banding?election={ELECTION}", f"/layar?election={ELECTION}"):
        page.goto(path)
        is_narrow(page)
        assert faults(page) == [], path
        assert page.locator("h1").count() == 1, path
    page.context.close()


def test_the_wall_goes_round_and_keeps_its_figures(staff: Desk, counted: int) -> None:
    page = staff.log_in("staff")
    page.goto(f"/layar?election={ELECTION}&detik=3")
    assert faults(page) == []
    for word in ("staff", "Staf Kabupaten", "Keluar"):
        assert word not in page.content()
    shown = page.locator(".slide:visible")
    expect(shown).to_have_attribute("data-slide", f"{ELECTION}-1607")
    expect(shown).to_have_attribute("data-slide", f"{ELECTION}-cakupan")  # by itself
    page.keyboard.press("Space")
    expect(page.locator("#jalan")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("ArrowLeft")
    expect(shown).to_have_attribute("data-slide", f"{ELECTION}-1607")
    page.wait_for_timeout(3500)
    expect(shown).to_have_attribute("data-slide", f"{ELECTION}-1607")  # it stands still
    page.context.set_offline(True)
    expect(page.locator("#garis")).to_contain_text("Angka terakhir per")
    expect(shown.locator("svg.bars")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#garis")).to_be_hidden()
    page.keyboard.press("Escape")
    page.wait_for_url("**/ringkasan")
    page.context.close()


def test_the_wall_waits_for_who_wants_no_motion(browser: Browser, long_live: Live, staff: Desk, counted: int) -> None:
    page = staff.log_in("staff")
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"/layar?election={ELECTION}&detik=3")
    expect(page.locator("#jalan")).to_have_attribute("aria-pressed", "false")
    page.locator("#jalan").click()
    expect(page.locator(".slide:visible")).to_have_attribute("data-slide", f"{ELECTION}-cakupan")
    page.context.close()


def test_published_figures_are_brought_in_and_compared(staff: Desk, counted: int, tmp_path: Path) -> None:
    page = staff.log_in("supervisor")
    page.goto(f"/banding?election={ELECTION}")
    written = photo()[2]
    table = tmp_path / "kpu.csv"
    head = "tps,suara_paslon_1,suara_paslon_2,suara_sah\n"
    table.write_text(head + f"{VILLAGE}001,banyak,1,1\n")
    page.set_input_files("#berkas", table)
    page.get_by_role("button", name="Impor", exact=True).click()
    expect(page.locator("#hasil-impor")).to_contain_text("baris 2, kolom suara_paslon_1")
    table.write_text(head + f"{VILLAGE}001,{written['suara_paslon_1'] + 500},{written['suara_paslon_2']},{written['suara_sah']}\n")
    page.set_input_files("#berkas", table)
    page.get_by_role("button", name="Impor", exact=True).click()
    page.wait_for_url(re.compile("impor="))
    rows = page.locator("#tabel-selisih tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.locator(".delta")).to_have_text("+500")
    assert faults(page) == []
    page.select_option("#kind", "validity")
    page.get_by_role("button", name="Terapkan").click()
    expect(page.locator("#banyaknya")).to_have_text("0 selisih")
    page.goto(f"/banding?election={ELECTION}")
    rows.locator("a.figure").click()
    page.wait_for_url(re.compile(f"/angka/{counted}/suara_paslon_1"))
    page.context.close()


def test_the_overview_prints(staff: Desk, counted: int, tmp_path: Path) -> None:
    page = staff.log_in("staff")
    page.goto(f"/ringkasan?election={ELECTION}")
    made = tmp_path / "ringkasan.pdf"
    page.pdf(path=made, prefer_css_page_size=True)
    page.emulate_media(media="print")
    for hidden in (".top", ".filter", ".live-checked", ".table-filter", "[data-print]"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator("svg.bars.wide").first).to_be_visible()
    expect(page.locator(".foot")).to_contain_text("Bukan hasil resmi")
    assert made.read_bytes().startswith(b"%PDF") and made.stat().st_size > 10_000
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", "-layout", made, "-"], capture_output=True, text=True, check=True).stdout
        assert "TALANG KELAPA" in text and "Belum terverifikasi" in text and "Cetak" not in text
    page.context.close()


def test_nobody_complained(staff: Desk) -> None:
    assert [c for c in staff.complaints if "ERR_INTERNET_DISCONNECTED" not in c and "422" not in c] == []
