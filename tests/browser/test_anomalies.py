"""Anomalies in Chromium: found by the worker within seconds, filtered, explained with the keyboard, opened again, on a phone, printed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from review.lease import open_sheet
from review.resolve import Correct, resolve
from tests.browser.conftest import Desk as Windows
from tests.browser.sheets import Sheets, photo
from tests.live import Live, until
from tests.review.desk import Desk
from tests.world import TPS, open_world, validity

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
PICTURES = os.environ.get("C1_PICTURES", "")
"""A folder: keep the screenshots of docs/img there."""


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / name), full_page=True)


def seeds(live: Live) -> list[int]:
    """Two real sheets with a wrong sum and a station unlike its neighbours, committed while the server runs. Returns the wrong sums."""
    sheets, world = Sheets(live.folder), open_world(f"sqlite:///{live.folder / 'c1.sqlite3'}", live.folder, fresh=False)
    try:
        written = photo()[2]
        wrong = [written["suara_sah"] + 1, written["suara_sah"] + 10]
        for total in wrong:
            waiting = sheets.put(misread={"suara_sah": total})
            with world.db.writing() as s:
                view = open_sheet(s, world.users["reviewer"], waiting.id)
            with world.db.writing() as s:
                typed = Correct({**written, "suara_sah": total}, paper_error=True, note="uji")
                resolve(s, world.users["reviewer"], waiting.id, typed, stamp=view.stamp)
        desk = Desk(world)
        for n in range(3, 15):
            desk.accepted(validity(180 + n % 3, 4 + n % 2), page=3, tps=f"{TPS[:10]}{n:03}")
        desk.accepted(validity(110, 60), page=3, tps=f"{TPS[:10]}015")
        return wrong
    finally:
        sheets.close()
        world.close()


def axe(page: Page) -> list[dict[str, Any]]:
    page.evaluate((ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(r => r.violations)")
    return [v for v in found if v["impact"] in ("serious", "critical")]


def test_anomalies_from_the_count_to_the_explanation(desk: Windows, live: Live) -> None:
    page = desk.log_in("supervisor", width=1360)
    page.goto("/kejanggalan")
    expect(page.locator(".empty-title")).to_have_text("Tidak ada kejanggalan")
    wrong = seeds(live)

    def shown() -> bool:
        page.goto("/kejanggalan")
        return page.locator("#anomalies li").count() == 3

    until(shown, 60, 1.0)
    expect(page.locator('[data-open="high"]')).to_have_text("2")
    expect(page.locator(".menu .badge-count")).to_have_text("2")
    expect(page.locator("#anomalies")).to_contain_text(f"Suara sah tertulis {wrong[0]}, padahal paslon 1")
    assert axe(page) == []
    picture(page, "anomalies.png")

    page.select_option("#severity", "low")
    expect(page.locator("#anomalies li")).to_have_count(1)
    expect(page.locator("#anomalies")).to_contain_text("35,3 % (60 dari 170)")
    page.goto("/kejanggalan?order=place&severity=high")

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Perolehan suara ≠ suara sah")
    expect(page.locator('[data-number="suara_sah"]')).to_have_text(str(wrong[0]))
    expect(page.locator("img.crop-small")).to_have_count(4)
    page.locator("table.numbers a").first.click()
    page.wait_for_url("**/lembar/*")
    page.go_back()
    page.locator("#note").focus()
    page.keyboard.type("KPPS membenarkan: salah menjumlah. C.Hasil dibetulkan di kecamatan.")
    assert axe(page) == []
    picture(page, "anomaly.png")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#state")).to_have_text("Dijelaskan")
    expect(page.locator(".explained")).to_contain_text("KPPS membenarkan")
    picture(page, "anomaly-explained.png")

    page.goto("/kejanggalan")
    expect(page.locator("#anomalies li")).to_have_count(2)
    page.select_option("#state", "explained")
    expect(page.locator("#anomalies li")).to_have_count(1)
    page.locator("#anomalies a").click()
    page.fill("#note", "belum jelas")
    page.click("#say-form button")
    expect(page.locator("#state")).to_have_text("Terbuka")
    expect(page.locator(".timeline li")).to_have_count(3)

    page.emulate_media(media="print")
    expect(page.locator(".menu")).to_be_hidden()
    expect(page.locator("#say-form")).to_be_hidden()
    expect(page.locator("table.numbers")).to_be_visible()

    phone = desk.log_in("staff", width=360, height=740, locale="en-GB", touch=True)
    phone.goto("/kejanggalan")
    expect(phone.locator("h1")).to_have_text("Anomalies")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    picture(phone, "anomalies-phone.png")
    phone.locator("#anomalies a").first.click()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    assert axe(phone) == []
    watcher = desk.log_in("admin")
    watcher.goto(page.url)
    expect(watcher.locator("#state")).to_have_text("Terbuka")
    expect(watcher.locator("#say-form")).to_have_count(0)
    assert desk.complaints == []
