"""The camat's page: a folder and a chat over a line that breaks, worked through beside the server, and what could not be told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import func, select

from db.session import Database
from db.tables import Photo
from db.types import Role
from db.users import create_user
from tests.api.chats import KINDS, Export
from tests.api.test_import import START, tiny
from tests.browser.conftest import Desk
from tests.live import Live
from tests.world import PASSWORD, World

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MANY = 40


@pytest.fixture(scope="module")
def live(make_world: Callable[[Path], World], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("camat")
    world = make_world(folder)
    with world.db.writing() as session:
        create_user(session, "camat", PASSWORD, Role.OPERATOR, "Camat Banyuasin I", areas=("160701",))
    world.db.dispose()
    server = Live(folder)
    server.start()
    yield server
    if server.running:
        server.stop()


@pytest.fixture
def desk(browser: Browser, live: Live) -> Iterator[Desk]:
    made = Desk(browser, live)
    yield made
    made.close()


def photos(live: Live) -> int:
    db = Database(f"sqlite:///{live.folder / 'c1.sqlite3'}")
    try:
        with db.reading() as session:
            return session.scalar(select(func.count()).select_from(Photo)) or 0
    finally:
        db.dispose()


def choose(page: Page, element: str, what: Path) -> None:
    page.set_input_files(element, str(what))


def test_a_folder_and_a_chat(desk: Desk, live: Live, tmp_path: Path) -> None:
    folder = tmp_path / "Kecamatan Banyuasin I"
    for n in range(1, MANY + 1):
        file = folder / "Mariana" / f"TPS {n % 20 + 1}" / f"IMG_{n:04}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(tiny(n))
    (folder / "entah").mkdir()
    (folder / "entah" / "foto.jpg").write_bytes(tiny(900))
    (folder / "entah" / "rusak.jpg").write_bytes(tiny(901)[:-300])
    (folder / "video.mp4").write_bytes(b"x" * 100_000)
    page = desk.log_in("camat", width=360, height=740, touch=True)
    page.get_by_role("link", name="Impor").click()
    expect(page.get_by_text("Wilayah Anda: Kec. BANYUASIN I")).to_be_visible()
    page.locator("summary", has_text="Berlaku untuk semua foto").click()
    page.select_option("#election", "ppwp-2024")

    sent: list[tuple[int, int]] = []

    def break_often(route: Route) -> None:
        sent.append((int(re.search(r"offset=(\d+)", route.request.url)[1]), len(route.request.post_data_buffer or b"")))  # type: ignore[index]
        if len(sent) == 2:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route(re.compile(r"/api/imports/[0-9a-f]{64}"), break_often)
    choose(page, "#folder", folder)
    row = page.locator("#runs .imp-run")
    expect(row).to_have_count(1, timeout=120_000)
    expect(page.locator("#sending .imp-run")).to_have_count(0)
    expect(row).to_contain_text(f"Selesai: {MANY + 2} foto", timeout=120_000)
    expect(row).to_contain_text(f"{MANY} diterima")
    expect(row).to_contain_text("2 perlu perhatian")
    assert sent[2][0] == sent[1][0]  # what was lost is sent once more, and nothing else
    assert photos(live) == MANY
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.screenshot(path=str(tmp_path / "imports.png"), full_page=True)

    page.get_by_role("link", name="Lihat laporan").click()
    expect(page.locator(".imp-item")).to_have_count(2)
    unclear = page.locator(".imp-item", has_text="entah/foto.jpg")
    expect(unclear).to_contain_text("Foto ini dari TPS mana?")
    expect(page.locator(".imp-item", has_text="rusak.jpg")).to_contain_text("rusak atau terpotong")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    field = unclear.get_by_role("combobox")
    field.fill("mariana 7")
    expect(unclear.get_by_role("option").first).to_be_visible()
    field.press("Enter")
    page.screenshot(path=str(tmp_path / "report.png"), full_page=True)
    unclear.get_by_role("button", name="Simpan TPS").click()
    expect(page.locator(".imp-item")).to_have_count(1)
    expect(page.locator(".imp-run")).to_contain_text(f"{MANY + 1} diterima")

    # the same folder again: nothing comes twice
    page.get_by_role("link", name="Kembali ke impor").click()
    choose(page, "#folder", folder)
    expect(page.locator("#sending .imp-run")).to_have_count(0, timeout=40_000)
    expect(page.locator("#runs .imp-run")).to_have_count(1)
    expect(page.locator("#runs .imp-run")).to_contain_text(f"{MANY + 1} diterima", timeout=60_000)
    assert photos(live) <= MANY + 1
    assert [c for c in desk.complaints if "ERR_CONNECTION_RESET" not in c and "Failed to load" not in c] == []


def test_a_closed_page_goes_on_with_the_same_file(desk: Desk, live: Live, tmp_path: Path) -> None:
    e = Export(KINDS["android-id"])
    clear = [e.photo(START + timedelta(minutes=n), "Budi", tiny(2000 + n), f"TPS {n + 1} Mariana hal 2") for n in range(4)]
    two = e.photo(START + timedelta(hours=1), "Siti", tiny(2100), "TPS 5 dan 6 Mariana")
    e.media["catatan.pdf"] = b"%PDF-1.4 nothing"
    chat = tmp_path / "Chat WhatsApp dengan KPPS.zip"
    chat.write_bytes(e.zip({"besar.opus": bytes(300_000)}) + b"")
    before = photos(live)
    page = desk.log_in("camat")
    page.goto("/impor")
    seen: list[int] = []

    def only_first(route: Route) -> None:
        seen.append(len(route.request.post_data_buffer or b""))
        if len(seen) > 1:
            route.abort("internetdisconnected")
        else:
            route.continue_()

    page.route(re.compile(r"/api/imports/[0-9a-f]{64}"), only_first)
    choose(page, "#files", chat)
    expect(page.locator("#sending .imp-run")).to_contain_text("Tidak ada sinyal")
    page.close(run_before_unload=False)

    page = desk.log_in("camat", locale="id-ID")
    page.goto("/impor")
    note = page.locator("[data-unfinished]")
    expect(note).to_contain_text("Chat WhatsApp dengan KPPS.zip: baru")
    again: list[int] = []
    page.on("request", lambda r: again.append(int(r.url.split("offset=")[1])) if "offset=" in r.url else None)
    page.locator("summary", has_text="Berlaku untuk semua foto").click()
    choose(page, "#files", chat)
    row = page.locator("#runs .imp-run", has_text="Chat WhatsApp dengan KPPS.zip")
    expect(row).to_contain_text("Selesai", timeout=60_000)
    expect(note).to_have_count(0)
    assert again and again[0] == seen[0] > 0  # from where the first page stopped
    row.get_by_role("link", name="Lihat laporan").click()
    expect(page.locator(".imp-item", has_text=two)).to_contain_text("Lebih dari satu TPS disebut")
    page.get_by_role("link", name="Semua foto").click()
    for name in clear:
        expect(page.locator(".imp-item", has_text=name)).to_contain_text("diterima")
    with page.expect_download() as download:
        page.get_by_role("link", name="Unduh CSV").click()
    assert two in Path(download.value.path()).read_text("utf-8-sig")
    assert photos(live) >= before
