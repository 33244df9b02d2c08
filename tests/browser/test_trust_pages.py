"""Recap and audit trail in Chromium: what is printed, the check with its progress, a telephone's width."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Browser, expect
from sqlalchemy import select

from db.config import Settings
from db.session import Database
from db.store import open_store
from db.tables import User
from tests.live import Live
from tests.world import PASSWORD, World, validity, votes

PICTURES = os.environ.get("C1_PICTURES")
"""A folder for pictures of the pages, where they are wanted."""


def world_of(live: Live) -> World:
    db = Database(f"sqlite:///{live.folder / 'c1.sqlite3'}")
    with db.reading() as s:
        users = dict(s.execute(select(User.username, User.id)).all())
    photos = str(live.folder / "photos")
    return World(Settings(f"sqlite:///{live.folder / 'c1.sqlite3'}", photos), db, open_store(photos), users)


def picture(page: object, name: str, whole: bool = False) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / name), full_page=whole)  # type: ignore[attr-defined]


def test_recap_and_trail(live: Live, browser: Browser) -> None:
    world = world_of(live)
    for n in range(1, 12):
        world.read(world.upload(tps=f"1607011016{n:03}"), votes(100 + n, 90, 7 * n))
        world.read(world.upload(tps=f"1607011016{n:03}"), validity(190 + 8 * n, n), page=3)
    world.close()
    context = browser.new_context(locale="id-ID", viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(live.url + "/masuk?lanjut=/rekap")
    page.fill("input[name=username]", "staff")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit], main form button")
    page.wait_for_url("**/rekap*")
    page.goto(live.url + "/rekap?election=ppwp-2024&code=160701")
    expect(page.locator("#unverified")).to_contain_text("Belum terverifikasi")
    first = page.locator("tbody tr", has_text="Anies").locator("td.sum")
    expect(first).to_have_text("1.166")
    anchor = page.locator("#anchor code").inner_text().split()[-1]
    picture(page, "recap.png")
    page.emulate_media(media="print")
    expect(page.locator(".top")).to_be_hidden()
    expect(page.locator(".signs")).to_be_visible()
    picture(page, "recap-print.png", whole=True)
    page.emulate_media(media="screen")

    page.goto(live.url + "/jejak")
    expect(page.locator("#chain-end")).to_have_text(anchor)
    page.fill("input[name=anchor]", anchor)
    page.keyboard.press("Enter")
    expect(page.locator("#verify-state .tag.good")).to_have_text("Utuh")
    expect(page.locator("#verify-state")).to_contain_text("22 lembar")
    picture(page, "trail.png")
    page.fill("input[name=anchor]", anchor[:-4] + ("0000" if anchor[-4:] != "0000" else "1111"))
    page.keyboard.press("Enter")
    expect(page.locator("#verify-state .note.bad")).to_contain_text("TIDAK UTUH")
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/jejak", "/rekap?election=ppwp-2024&code=160701"):
        page.goto(live.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        picture(page, f"phone{path[1:6]}.png")
    context.close()
