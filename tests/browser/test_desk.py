"""The reviewer's desk as it is worked at night: by keyboard, sheet after sheet; and everything that may come in between."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from db import clock
from db.tables import QueueEntry, SheetCommit
from tally.interpretation import ReasonCode
from tests.browser.conftest import Desk
from tests.browser.sheets import ELECTION, Sheets, Waiting, photo
from tests.live import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COUNT_KEYS = "window.pressed = 0; addEventListener('keydown', () => { window.pressed += 1; }, true)"
LOW = {ReasonCode.LOW_CONFIDENCE: ("suara_paslon_2",)}


def shown(page: Page, sheet: Waiting) -> None:
    """The sheet is on the screen, and takes keys."""
    page.wait_for_function("id => document.body.dataset.ready?.startsWith(`${id}/`)", arg=sheet.id)


def open_desk(page: Page, sheet: Waiting) -> None:
    page.goto(f"/periksa/{sheet.id}")
    shown(page, sheet)
    page.evaluate(COUNT_KEYS)


def left(page: Page, sheet: Waiting) -> None:
    """The desk is done with the sheet: another one is shown, or none waits."""
    page.wait_for_function("id => document.body.dataset.ready && !document.body.dataset.ready.startsWith(`${id}/`)", arg=sheet.id)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def counted(sheets: Sheets, sheet: Waiting) -> SheetCommit | None:
    """The last version of what counts from the sheet's photo."""
    with sheets.held.db.reading() as session:
        found = session.scalar(select(SheetCommit).where(SheetCommit.photo_id == sheet.id).order_by(SheetCommit.id.desc()).limit(1))
        if found is not None:
            session.expunge(found)
        return found


def values(commit: SheetCommit | None) -> dict[str, int | None]:
    assert commit is not None
    return {c.name: c.value for c in commit.counts}


def test_one_digit_of_a_broken_sum_takes_at_most_four_keys(long_desk: Desk, sheets: Sheets) -> None:
    _, _, written = photo()
    right = written["suara_sah"]
    wrong = right + (1 if right % 10 < 9 else -1)
    sheet = sheets.put(misread={"suara_sah": wrong})
    page = long_desk.log_in("reviewer")
    open_desk(page, sheet)
    # the sum is said in plain words, the likeliest culprit and its doubtful cell have the cursor, a hint says what would fit
    card = page.locator("[data-number=suara_sah]")
    expect(card).to_contain_text(re.compile(rf"{wrong} tidak sama dengan [\d + ]+ = {right}"))
    expect(card.locator(".cells-in")).to_be_focused()
    expect(card.locator(".cell").nth(2)).to_have_class(re.compile("here"))
    expect(page.locator("#hints")).to_contain_text(str(right))
    expect(card.locator(".cell").nth(2)).to_have_text(str(wrong % 10))  # never filled in
    press(page, str(right % 10))
    expect(page.locator("#sums .broken")).to_have_count(0)
    press(page, "Space")
    left(page, sheet)
    assert page.evaluate("window.pressed") <= 4
    assert values(counted(sheets, sheet)) == written
    assert long_desk.complaints == []


def test_a_correct_sheet_takes_one_key(long_desk: Desk, sheets: Sheets) -> None:
    sheet = sheets.put(doubt=LOW)
    page = long_desk.log_in("reviewer")
    open_desk(page, sheet)
    expect(page.locator("#doubtful .num")).to_have_count(1)
    expect(page.locator("#others .num")).to_have_count(3)
    expect(page.locator("[data-number=suara_paslon_2] .readers")).to_contain_text("Jaringan")
    press(page, "Space")
    left(page, sheet)
    assert page.evaluate("window.pressed") == 1
    assert values(counted(sheets, sheet)) == photo()[2]


def test_enter_walks_the_doubts_and_letters_never_collide_with_typing(long_desk: Desk, sheets: Sheets) -> None:
    written = photo()[2]
    sheet = sheets.put(doubt={ReasonCode.LOW_CONFIDENCE: ("suara_paslon_1", "suara_paslon_3")})
    page = long_desk.log_in("reviewer")
    open_desk(page, sheet)
    first, second = (page.locator("#doubtful .num").nth(i) for i in (0, 1))
    expect(first.locator(".cells-in")).to_be_focused()
    press(page, "z", "k", "i", "g", "[", "]")  # the picture's keys change nothing in the cells
    before = "".join(first.locator(".cell").all_inner_texts())
    press(page, "?")
    expect(page.locator("#keys")).to_be_visible()
    press(page, "5", "x", "Escape")  # nothing of this lands in a cell
    assert "".join(first.locator(".cell").all_inner_texts()) == before
    press(page, "Enter")
    expect(first).to_have_class(re.compile("seen"))
    expect(second.locator(".cells-in")).to_be_focused()
    press(page, "Delete", "2", "7", "Enter")  # digits typed from the left move to where the paper has them
    assert second.locator(".cell").all_inner_texts() == ["", "2", "7"]
    press(page, "u", "u", "u", "u")  # undo, step by step
    assert "".join(c for c in second.locator(".cell").all_inner_texts() if c.isdigit()) == str(
        written[str(second.get_attribute("data-number"))]
    )
    press(page, "r")
    expect(page.locator("#reject")).to_be_visible()
    page.fill("#reject-note", "z u t 5")
    assert page.input_value("#reject-note") == "z u t 5"
    press(page, "Escape", "Space")
    left(page, sheet)
    assert values(counted(sheets, sheet)) == written


def test_what_was_never_on_the_screen_is_not_confirmed(long_desk: Desk, sheets: Sheets) -> None:
    sheet = sheets.put(doubt={ReasonCode.LOW_CONFIDENCE: ("suara_paslon_1", "suara_paslon_2", "suara_paslon_3", "suara_sah")})
    page = long_desk.log_in("reviewer", height=560)
    open_desk(page, sheet)
    press(page, "Space")
    expect(page.locator("#desk-error")).to_contain_text("baru tampak sekarang")
    assert counted(sheets, sheet) is None
    for _ in range(3):
        if page.evaluate("document.body.dataset.ready").startswith(f"{sheet.id}/"):
            page.wait_for_timeout(150)
            press(page, "Space")
    left(page, sheet)
    assert values(counted(sheets, sheet)) == photo()[2]


def test_wrong_on_paper_is_committed_as_written(long_desk: Desk, sheets: Sheets) -> None:
    written = photo()[2]
    wrong = written["suara_sah"] - 1
    sheet = sheets.put(misread={"suara_sah": wrong})
    page = long_desk.log_in("reviewer")
    open_desk(page, sheet)
    press(page, "Space")
    expect(page.locator("#desk-error")).to_contain_text("Jumlah belum cocok")
    assert counted(sheets, sheet) is None
    press(page, "p")
    expect(page.locator("#paper-note")).to_contain_text("jumlah di kertas salah")
    press(page, "Space")
    left(page, sheet)
    commit = counted(sheets, sheet)
    assert values(commit) == {**written, "suara_sah": wrong} and commit is not None and commit.paper_error
    page.goto(f"/salah-kertas?election={ELECTION}")
    expect(page.get_by_role("link", name=re.compile(sheet.label))).to_be_visible()


def test_a_number_nobody_can_read(long_desk: Desk, sheets: Sheets) -> None:
    sheet = sheets.put(doubt=LOW)
    page = long_desk.log_in("reviewer")
    open_desk(page, sheet)
    press(page, "t")
    expect(page.locator("[data-number=suara_paslon_2]")).to_contain_text("Tidak terbaca")
    press(page, "Space")
    left(page, sheet)
    commit = counted(sheets, sheet)
    assert values(commit)["suara_paslon_2"] is None and commit is not None and commit.paper_error


def test_contradicting_a_confident_reading_is_asked_about_once_more(long_desk: Desk, sheets: Sheets) -> None:
    written = photo()[2]
    sheet = sheets.put(doubt=LOW)
    page = long_desk.log_in("reviewer")
    open_desk(page, sheet)
    one, total = (f"{written[n] + 1:03}" for n in ("suara_paslon_1", "suara_sah"))
    for name, typed in (("suara_paslon_1", one), ("suara_sah", total)):
        page.locator(f"[data-number={name}] .crop").click(position={"x": 25, "y": 20})
        press(page, *typed, "Enter")
    press(page, "Space")
    asked = page.locator("#confirm")
    expect(asked).to_be_visible()
    expect(asked.locator("svg.crop").first).to_be_visible()
    expect(asked).to_contain_text(str(written["suara_sah"]))
    press(page, "Enter")  # the careless key looks again
    expect(asked).to_be_hidden()
    assert counted(sheets, sheet) is None
    press(page, "Space")
    expect(asked).to_be_visible()
    press(page, "y")
    left(page, sheet)
    assert values(counted(sheets, sheet))["suara_sah"] == written["suara_sah"] + 1


def test_undo_takes_the_last_sheet_back(long_desk: Desk, sheets: Sheets) -> None:
    sheet = sheets.put(doubt=LOW)
    page = long_desk.log_in("reviewer")
    open_desk(page, sheet)
    press(page, "Space")
    left(page, sheet)
    expect(page.locator("#toast")).to_contain_text(sheet.label)
    press(page, "u")
    shown(page, sheet)
    withdrawn = counted(sheets, sheet)
    assert withdrawn is not None and withdrawn.void
    press(page, "Space")
    left(page, sheet)
    again = counted(sheets, sheet)
    assert again is not None and not again.void and again.version == 3


def test_a_sheet_of_another_station_is_moved(long_desk: Desk, sheets: Sheets) -> None:
    sheet = sheets.put(doubt=LOW)
    page = long_desk.log_in("reviewer")
    open_desk(page, sheet)
    press(page, "m")
    field = page.locator("#move").get_by_role("combobox", name=re.compile("TPS"))
    expect(field).to_be_focused()
    page.keyboard.type("mariana 28")
    # marked, not only visible: it is in the list of "mariana 2" too
    expect(page.get_by_role("option", name="TPS 028, MARIANA, BANYUASIN I")).to_have_attribute("aria-selected", "true")
    press(page, "Enter")
    expect(page.locator("#move [data-label]")).to_have_text("TPS 028, MARIANA, BANYUASIN I")
    page.click("#move-do")
    expect(page.locator("#desk-title")).to_have_text("TPS 028, MARIANA, BANYUASIN I")
    shown(page, sheet)
    press(page, "Space")
    left(page, sheet)
    page.goto(f"/lembar/{sheet.id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("TPS 028, MARIANA, BANYUASIN I")
    expect(page.get_by_text("Dipindahkan ke tempat yang benar")).to_be_visible()


def test_a_rejected_photo_reaches_the_operator(long_desk: Desk, sheets: Sheets) -> None:
    sheet = sheets.put(doubt=LOW)
    page = long_desk.log_in("reviewer")
    open_desk(page, sheet)
    press(page, "r", "1", "Enter")
    left(page, sheet)
    operator = long_desk.log_in("operator")
    operator.goto(f"/foto/{sheet.id}")
    expect(operator.locator(".photo-card")).to_contain_text("mohon foto ulang")
    expect(operator.locator(".photo-card")).to_contain_text("Foto kabur")


def test_a_lease_that_ran_out_is_taken_over(long_desk: Desk, sheets: Sheets) -> None:
    sheet = sheets.put(doubt=LOW)
    slow = long_desk.log_in("reviewer")
    open_desk(slow, sheet)
    other = long_desk.log_in("reviewer2")
    other.goto(f"/periksa/{sheet.id}")
    expect(other.locator("#stopped-text")).to_contain_text("dikerjakan reviewer")
    with sheets.held.db.writing() as session:
        session.get_one(QueueEntry, sheet.id).lease_until = clock.now() - timedelta(seconds=1)
    other.click("#stopped-again")
    shown(other, sheet)
    press(slow, "Space")
    expect(slow.locator("#stopped-text")).to_contain_text("reviewer2")
    assert counted(sheets, sheet) is None
    press(other, "Space")
    left(other, sheet)
    commit = counted(sheets, sheet)
    assert commit is not None and commit.user_id == sheets.user_id("reviewer2")


def test_the_next_sheet_s_pictures_are_there_before_it_is_needed(long_desk: Desk, sheets: Sheets) -> None:
    one, two = sheets.put(doubt=LOW), sheets.put(doubt=LOW)
    page = long_desk.log_in("reviewer")
    open_desk(page, one)
    coming = until(lambda: page.evaluate("document.body.dataset.ahead"))
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if re.search(rf"/api/sheets/{coming}/.*\.jpg", r.url) else None)
    press(page, "Space")
    page.wait_for_function("id => document.body.dataset.ready?.startsWith(`${id}/`)", arg=coming)
    assert page.locator("#canvas img").evaluate("i => i.complete && i.naturalWidth > 500")
    assert asked == []  # from memory
    assert int(coming) == two.id or int(coming) != one.id


def test_a_finger_does_it_too(long_desk: Desk, sheets: Sheets) -> None:
    written = photo()[2]
    wrong = written["suara_sah"] + (1 if written["suara_sah"] % 10 < 9 else -1)
    sheet = sheets.put(misread={"suara_sah": wrong})
    page = long_desk.log_in("reviewer", width=820, height=1180, touch=True)
    page.goto(f"/periksa/{sheet.id}")
    shown(page, sheet)
    expect(page.locator("#keypad")).to_be_visible()
    assert page.locator("#v-suara_sah").get_attribute("inputmode") == "none"
    fingers = page.locator("#keypad button, .main-row .btn, .big .cell")
    assert all((b.bounding_box() or {"height": 0})["height"] >= 40 for b in fingers.all() if b.is_visible())
    page.locator("[data-number=suara_sah] .cell").nth(2).tap(force=True)
    page.locator("#keypad").get_by_role("button", name=str(written["suara_sah"] % 10), exact=True).tap()
    page.locator("#commit").tap()
    left(page, sheet)
    assert values(counted(sheets, sheet)) == written
