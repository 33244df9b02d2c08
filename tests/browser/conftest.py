"""Chromium against a real server with its reader process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser.sheets import Sheets
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

expect.set_options(timeout=20_000)  # on a busy machine a page takes its time; a quick one loses none by it


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "Chromium is needed for the browser tests; 'make test' installs it"
    return found


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
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


@pytest.fixture(scope="session")
def long_live(make_world: Callable[[Path], World], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One server for all tests that bring their own sheets."""
    folder = tmp_path_factory.mktemp("desk")
    make_world(folder).db.dispose()
    server = Live(folder)
    server.start()
    yield server
    if server.running:
        server.stop()


@pytest.fixture(scope="session")
def sheets(long_live: Live) -> Iterator[Sheets]:
    made = Sheets(long_live.folder)
    yield made
    made.close()


class Desk:
    """Opens pages as somebody, and remembers what the browser complained about."""

    def __init__(self, browser: Browser, live: Live) -> None:
        self.live = live
        self.complaints: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def open(self, *, width: int = 1280, height: int = 800, locale: str = "id-ID", touch: bool = False) -> Page:
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, locale=locale, base_url=self.live.url, has_touch=touch, is_mobile=touch
        )
        context.set_default_timeout(30_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        return page

    def log_in(self, user: str, *, width: int = 1280, height: int = 800, locale: str = "id-ID", touch: bool = False) -> Page:
        page = self.open(width=width, height=height, locale=locale, touch=touch)
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
def long_desk(browser: Browser, long_live: Live) -> Iterator[Desk]:
    made = Desk(browser, long_live)
    yield made
    made.close()


@pytest.fixture
def desk(browser: Browser, live: Live) -> Iterator[Desk]:
    made = Desk(browser, live)
    yield made
    made.close()
