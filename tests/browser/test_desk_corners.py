"""A photo that alignment refused: a person points at its four corners and it is read; or types everything from the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from ocr.pipeline import interpret
from tally.interpretation import Unreadable
from tests.browser.conftest import Desk
from tests.browser.sheets import FORM, PAGE, Sheets, photo
from tests.browser.test_desk import counted, left, open_desk, press, values

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def torn() -> tuple[bytes, list[tuple[float, float]]]:
    """The photo with most of the page's print hidden, so that no page is found in it, and the page's corners as shares of it."""
    data, word, _ = photo()
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    high, wide = picture.shape[:2]
    corners = np.array(word.page_corners, np.float32)
    flat = np.array([[0, 0], [1560, 0], [1560, 2460], [0, 2460]], np.float32)
    to_photo = cv2.getPerspectiveTransform(flat, corners)
    for x0, y0, x1, y1 in (
        (0, 0, 1290, 2460),
        (1290, 0, 1560, 340),
        (1290, 460, 1560, 770),
        (1290, 880, 1560, 1190),
        (1290, 1300, 1560, 1690),
        (1290, 1800, 1560, 2460),
    ):
        patch = cv2.perspectiveTransform(np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]], np.float32), to_photo)
        cv2.fillPoly(picture, patch.astype(np.int32), (198, 200, 203))
    return cv2.imencode(".jpg", picture)[1].tobytes(), [(float(x) / wide, float(y) / high) for x, y in corners]


def drag(page: Page, corner: int, to: tuple[float, float]) -> None:
    """One corner to a point of the photo, given as shares of it."""
    frame = page.locator("#corners-frame").bounding_box()
    handle = page.locator(".corner").nth(corner)
    box = handle.bounding_box()
    assert frame and box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * to[0], frame["y"] + frame["height"] * to[1], steps=4)
    page.mouse.up()


def test_four_corners_rescue_a_refused_photo(long_desk: Desk, sheets: Sheets) -> None:
    data, corners = torn()
    assert isinstance(interpret(data, "robek.jpg", FORM).outcome, Unreadable)
    sheet = sheets.put(data=data, unreadable=True)
    page = long_desk.log_in("reviewer")
    open_desk(page, sheet)
    expect(page.locator("#rescue")).to_be_visible()
    page.select_option("#rescue-page", f"{FORM}|{PAGE}")
    for i, corner in enumerate(corners):
        drag(page, i, corner)
    expect(page.locator("#loupe")).to_be_visible()
    press(page, "ArrowLeft", "ArrowRight")  # fine adjustment by keyboard
    page.click("#corners-go")
    expect(page.locator("[data-number=suara_sah] svg.crop")).to_be_visible(timeout=60_000)
    page.wait_for_function("id => document.body.dataset.ready?.startsWith(`${id}/`)", arg=sheet.id)
    read = page.locator("[data-number=suara_sah] .cell").all_inner_texts()
    assert "".join(c for c in read if c.isdigit()) == str(photo()[2]["suara_sah"])
    for _ in range(3):
        if page.evaluate("id => document.body.dataset.ready.startsWith(`${id}/`)", sheet.id):
            press(page, "Space")
    left(page, sheet)
    assert values(counted(sheets, sheet)) == photo()[2]


def test_all_numbers_can_be_typed_from_the_picture(long_desk: Desk, sheets: Sheets) -> None:
    sheet = sheets.put(unreadable=True)
    page = long_desk.log_in("reviewer")
    open_desk(page, sheet)
    page.select_option("#rescue-page", f"{FORM}|{PAGE}")
    page.click("#rescue-type")
    expect(page.locator(".num")).to_have_count(4)
    for name in page.locator(".num").evaluate_all("all => all.map((e) => e.dataset.number)"):
        press(page, *str(photo()[2][name]), "Enter")
    press(page, "Space")
    left(page, sheet)
    assert values(counted(sheets, sheet)) == photo()[2]
