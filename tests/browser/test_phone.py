"""The operator's phone: no signal, a closed browser, a line that breaks. Every photo arrives once."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, Route, expect

import samples
from tests.api.conftest import jpeg
from tests.browser.conftest import ARGS
from tests.live import Live, until
from tests.world import PASSWORD, World

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=30_000)

ELECTION = "bupati-2020"
FORM = "c-hasil-kwk-2020"
TPS = "TPS 003, MARIANA, BANYUASIN I"


@pytest.fixture(scope="module")
def live(make_world: Callable[[Path], World], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("phone")
    make_world(folder).db.dispose()
    server = Live(folder)
    server.start()
    yield server
    if server.running:
        server.stop()


@contextmanager
def phone(playwright: Playwright, live: Live, profile: Path, *, worker: bool = True) -> Iterator[BrowserContext]:
    """A browser whose memory is in ``profile``, so that it can be closed and opened again. Without ``worker`` the page alone sends, and
    its requests can be tampered with."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=chromium,
        args=ARGS,
        viewport={"width": 360, "height": 740},
        locale="id-ID",
        base_url=live.url,
        service_workers="allow" if worker else "block",
    )
    context.set_default_timeout(20_000)
    try:
        yield context
    finally:
        context.close()


def log_in(context: BrowserContext, user: str = "operator") -> Page:
    page = context.pages[0] if context.pages else context.new_page()
    page.goto("/masuk")
    page.fill("#username", user)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "/masuk" not in url)
    return page


def choose_place(page: Page) -> None:
    page.goto("/unggah")
    page.select_option("#election", ELECTION)
    field = page.get_by_role("combobox", name=re.compile("TPS"))
    if field.is_visible():
        field.fill("mariana 3")
        expect(page.get_by_role("option", name=TPS)).to_be_visible()
        field.press("Enter")
    expect(page.locator("[data-place] [data-label]")).to_have_text(TPS)


def ready(page: Page) -> None:
    """The service worker rules this page and has everything it keeps."""
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function(
        "async () => (await caches.keys()).some((n) => n.startsWith('c1-berkas-')) && Boolean(navigator.serviceWorker.controller)"
    )


def received(live: Live) -> dict[str, int]:
    """SHA-256 -> how often it is among the operator's photos."""
    photos = live.folder / "photos"
    found: dict[str, int] = {}
    for f in photos.rglob("*"):
        if f.is_file():
            found[f.name] = found.get(f.name, 0) + 1
    return found


def test_it_can_be_installed_and_is_light(playwright: Playwright, live: Live, tmp_path: Path) -> None:
    """What Lighthouse asks of an installable page, and the weight of the first load."""
    manifest = httpx.get(f"{live.url}/manifest.webmanifest", headers={"Accept-Language": "id"})
    assert manifest.headers["content-type"] == "application/manifest+json"
    said = json.loads(manifest.text)
    assert {"name", "short_name", "start_url", "display", "icons", "background_color", "theme_color"} <= set(said)
    assert said["display"] == "standalone" and said["start_url"].startswith(said["scope"])
    for icon in said["icons"]:
        picture = httpx.get(f"{live.url}{icon['src']}").content
        assert picture[:8] == b"\x89PNG\r\n\x1a\n"
        assert "{}x{}".format(*struct.unpack(">II", picture[16:24])) == icon["sizes"]
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= {(i["sizes"], i["purpose"]) for i in said["icons"]}
    worker = httpx.get(f"{live.url}/sw.js")
    assert worker.headers["content-type"].startswith("text/javascript") and "{{" not in worker.text
    for name in re.findall(r'"(/(?:static|vendor)/[^"]+)"', worker.text):
        assert httpx.get(f"{live.url}{name}").status_code == 200, name

    with phone(playwright, live, tmp_path / "profile") as context:
        page = log_in(context)
        client = context.new_cdp_session(page)
        client.send("Network.enable")
        client.send("Network.setCacheDisabled", {"cacheDisabled": True})
        client.send("Network.setBypassServiceWorker", {"bypass": True})
        weight: list[float] = []
        client.on("Network.loadingFinished", lambda e: weight.append(e["encodedDataLength"]))
        page.goto("/unggah", wait_until="networkidle")
        assert page.evaluate("document.querySelector('link[rel=manifest]').href").endswith("/manifest.webmanifest")
        assert sum(weight) < 150_000, f"{sum(weight):.0f} bytes"
        assert len(weight) > 5
        until(lambda: page.evaluate("navigator.serviceWorker.getRegistration().then((r) => Boolean(r && r.active))"))
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_signal_and_closed_the_photos_wait_and_arrive_once(playwright: Playwright, live: Live, tmp_path: Path) -> None:
    data, _ = samples.make(FORM, 2, 3, difficulty=0.0)
    files = [tmp_path / "hal2.jpg", tmp_path / "lain.jpg"]
    files[0].write_bytes(data)
    files[1].write_bytes(jpeg(501))
    profile = tmp_path / "profile"
    with phone(playwright, live, profile) as context:
        page = log_in(context)
        choose_place(page)
        expect(page.locator("#checklist .owed[open] .owed-page")).to_have_count(1)
        expect(page.locator("#checklist")).to_contain_text("0 dari 1 halaman")
        ready(page)
        page.reload()  # the page itself is kept from now on
        context.set_offline(True)
        live.stop()  # the browser's switch does not hold for its service worker, which would send all the same
        page.reload()
        expect(page.locator("#line")).to_contain_text("Tidak ada sinyal")
        page.set_input_files("#photos", [str(f) for f in files])
        expect(page.locator("#outbox .photo-card")).to_have_count(2)
        expect(page.locator("#line")).to_contain_text("2 foto menunggu terkirim")
        expect(page.locator("#outbox .photo-card").first).to_contain_text("Menunggu sinyal")
    assert received(live) == {}

    with phone(playwright, live, profile) as context:  # the browser was closed and is opened again, still without a signal
        context.set_offline(True)
        page = context.pages[0]
        page.goto("/unggah")
        expect(page.locator("#outbox .photo-card")).to_have_count(2)
        live.start()
        context.set_offline(False)
        expect(page.locator("#outbox .photo-card")).to_have_count(0, timeout=60_000)
        expect(page.locator("#sent .photo-card")).to_have_count(2)
        expect(page.locator("#line")).to_be_hidden()
        card = page.locator("#sent .photo-card", has_text=re.compile(r"Halaman 2 (terverifikasi|terbaca)"))
        expect(card).to_have_count(1, timeout=60_000)
        expect(card.locator(".receipt")).to_contain_text(hashlib.sha256(data).hexdigest()[:12])
        expect(page.locator("#checklist")).to_contain_text("1 dari 1 halaman", timeout=30_000)
        expect(page.locator("#sent .photo-card", has_text="tidak terbaca")).to_have_count(1, timeout=60_000)

        # the same photo chosen again costs nothing and is not doubled
        pieces: list[str] = []
        page.on("request", lambda r: pieces.append(r.method) if "/api/uploads/" in r.url else None)
        page.set_input_files("#photos", str(files[0]))
        expect(page.locator("#outbox .photo-card")).to_have_count(0)
        expect(page.locator("#sent .photo-card")).to_have_count(2)
        assert pieces == []
    assert received(live) == {hashlib.sha256(f.read_bytes()).hexdigest(): 1 for f in files}


def test_a_line_that_breaks_goes_on_where_it_stood(playwright: Playwright, live: Live, tmp_path: Path) -> None:
    file = tmp_path / "besar.jpg"
    file.write_bytes(jpeg(502, (2400, 1800)))
    assert file.stat().st_size > 1_000_000
    sent: list[int] = []

    def break_often(route: Route) -> None:
        body = route.request.post_data_buffer or b""
        sent.append(len(body))
        if len(sent) % 3 == 2:
            route.abort("connectionreset")
        else:
            route.continue_()

    with phone(playwright, live, tmp_path / "profile", worker=False) as context:
        page = log_in(context)
        choose_place(page)
        page.route(re.compile("/api/uploads/"), break_often)
        page.set_input_files("#photos", str(file))
        card = page.locator("#sent .photo-card").first
        expect(card).to_contain_text(hashlib.sha256(file.read_bytes()).hexdigest()[:12], timeout=60_000)
    assert len(sent) >= 4
    lost = sum(n for i, n in enumerate(sent, 1) if i % 3 == 2)
    assert sum(sent) - lost == file.stat().st_size  # no byte that arrived was sent twice


def test_a_session_that_ended_keeps_the_photos(playwright: Playwright, live: Live, tmp_path: Path) -> None:
    file = tmp_path / "foto.jpg"
    file.write_bytes(jpeg(503))
    with phone(playwright, live, tmp_path / "profile") as context:
        page = log_in(context)
        choose_place(page)
        page.wait_for_load_state("networkidle")
        for _ in range(20):  # an answer that is under way may bring the cookie back
            context.clear_cookies()
            page.wait_for_timeout(300)
            if not context.cookies():
                break
        page.set_input_files("#photos", str(file))
        expect(page.locator("#line")).to_contain_text("Silakan masuk lagi")
        expect(page.locator("#line [data-login]")).to_be_visible()
        context.clear_cookies()  # an answer that was under way may have brought the old one back
        log_in(context, "operator")
        page.goto("/unggah")
        expect(page.locator("#outbox .photo-card")).to_have_count(0, timeout=30_000)
    assert received(live)[hashlib.sha256(file.read_bytes()).hexdigest()] == 1


def test_the_phone_says_what_it_sees_and_sends_all_the_same(playwright: Playwright, live: Live, tmp_path: Path) -> None:
    import cv2
    import numpy as np

    data, _ = samples.make(FORM, 2, 4, difficulty=0.0)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    poor = cv2.GaussianBlur(image, (0, 0), 4 * max(image.shape) / 1600)
    poor = (poor * 0.35).astype(np.uint8)
    file = tmp_path / "kabur.jpg"
    file.write_bytes(cv2.imencode(".jpg", poor)[1].tobytes())
    good = tmp_path / "baik.jpg"
    good.write_bytes(data)
    with phone(playwright, live, tmp_path / "profile", worker=False) as context:
        page = log_in(context)
        choose_place(page)
        page.route(re.compile("/api/uploads"), lambda route: route.abort())
        page.set_input_files("#photos", [str(file), str(good)])
        card = page.locator("#outbox .photo-card", has_text="kabur.jpg")
        expect(card).to_contain_text("Tampak kabur")
        expect(card).to_contain_text("Tampak gelap")
        expect(page.locator("#outbox .photo-card", has_text="baik.jpg").locator(".hints")).to_be_hidden()
        page.unroute(re.compile("/api/uploads"))
        page.evaluate("window.dispatchEvent(new Event('online'))")
        expect(page.locator("#outbox .photo-card")).to_have_count(0, timeout=60_000)
