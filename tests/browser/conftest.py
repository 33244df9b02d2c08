"""Chromium against a real server with its reader process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.live import Live
from tests.world import PASSWORD, World

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "Chromium is needed for the browser tests; 'make test' installs it"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield started
        started.close()


@pytest.fixture
def live(make_world: Callable[[Path], World], tmp_path: Path) -> Iterator[Live]:
    make_world(tmp_path).db.dispose()
    server = Live(tmp_path)
    server.start()
    yield server
    if server.running:
        server.stop()


class Desk:
    """Opens pages as somebody, and remembers what the browser complained about."""

    def __init__(self, browser: Browser, live: Live) -> None:
        self.live = live
        self.complaints: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def log_in(self, user: str, *, width: int = 1280, height: int = 800, locale: str = "id-ID") -> Page:
        context = self._browser.new_context(viewport={"width": width, "height": height}, locale=locale, base_url=self.live.url)
        context.set_default_timeout(20_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        page.goto("/masuk")
        page.fill("#username", user)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(lambda url: "/masuk" not in url)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def desk(browser: Browser, live: Live) -> Iterator[Desk]:
    made = Desk(browser, live)
    yield made
    made.close()
