"""Two people, independently: the second sees neither the first's numbers nor the machine's; where they differ a third decides."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.sheets import ELECTION, Sheets, photo
from tests.browser.test_desk import LOW, counted, left, open_desk, press, values

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SET = """async ([election, body]) => (await fetch(`/api/desk/policy/${election}`, {method: "PUT", body: JSON.stringify(body),
  headers: {"Content-Type": "application/json", "X-CSRF-Token": document.querySelector("meta[name=csrf]").content}})).status"""


@pytest.fixture
def double(long_desk: Desk) -> Iterator[None]:
    """The election wants two entries of everything."""
    page = long_desk.log_in("supervisor")
    policy = page.evaluate("async (e) => (await fetch(`/api/desk/policy?election=${e}`)).json()", ELECTION)
    policy = policy.get("items", [policy])[0] if isinstance(policy, dict) else policy[0]
    known = {k: policy[k] for k in ("entry", "sample_machine", "sample_single", "sample_double", "stop_bound", "stop_errors")}
    assert page.evaluate(SET, [ELECTION, {**known, "entry": "double_all", "sample_double": 0}]) == 200
    yield
    assert page.evaluate(SET, [ELECTION, known]) == 200


def type_all(page: Page, numbers: dict[str, int]) -> None:
    """Every number, as a person does who sees only the paper."""
    for name in page.locator(".num").evaluate_all("all => all.map((e) => e.dataset.number)"):
        page.locator(f"#v-{name}").focus()
        press(page, "Delete", *str(numbers[name]).rjust(3, "x"), "Enter")


def sees_nothing(page: Page, numbers: dict[str, int]) -> None:
    """Neither on the page nor in what the server has sent is any number that somebody read."""
    expect(page.locator("#stage")).to_contain_text("ketik yang tertulis")
    assert page.locator(".cell").all_inner_texts() == [""] * (3 * len(numbers))
    assert page.locator(".readers dd").count() == 0
    sent = page.evaluate("async (id) => (await fetch(`/api/sheets/${id}`)).json()", int(page.url.split("/")[-1].split("?")[0]))
    said = json.dumps([{k: n[k] for k in ("value", "boxes", "confidence", "readers", "candidates", "doubts")} for n in sent["numbers"]])
    assert not any(f'"value": {v}' in said for v in numbers.values()) and sent["committed"] is None and sent["hints"] == []


def test_equal_entries_settle_a_sheet(long_desk: Desk, sheets: Sheets, double: None) -> None:
    written = photo()[2]
    sheet = sheets.put(doubt=LOW)
    first = long_desk.log_in("reviewer")
    open_desk(first, sheet)
    expect(first.locator("#second")).to_be_visible()
    press(first, "Space")
    left(first, sheet)
    assert counted(sheets, sheet) is None
    first.goto(f"/periksa/{sheet.id}")  # the same person can never be both
    expect(first.locator("#stopped-text")).to_be_visible()

    second = long_desk.log_in("reviewer2")
    open_desk(second, sheet)
    sees_nothing(second, written)
    type_all(second, written)
    press(second, "Space")
    left(second, sheet)
    assert values(counted(sheets, sheet)) == written


def test_a_third_person_decides_between_two(long_desk: Desk, sheets: Sheets, double: None) -> None:
    written = photo()[2]
    other = {**written, "suara_paslon_1": written["suara_paslon_1"] - 1, "suara_sah": written["suara_sah"] - 1}
    sheet = sheets.put(doubt=LOW)
    first = long_desk.log_in("reviewer")
    open_desk(first, sheet)
    press(first, "Space")
    left(first, sheet)
    second = long_desk.log_in("reviewer2")
    open_desk(second, sheet)
    type_all(second, other)
    press(second, "Space")
    left(second, sheet)
    assert counted(sheets, sheet) is None
    second.goto(f"/periksa/{sheet.id}")
    expect(second.locator("#stopped-text")).to_be_visible()

    third = long_desk.log_in("supervisor")
    open_desk(third, sheet)
    expect(third.locator("#stage")).to_contain_text("Dua entri berbeda")
    card = third.locator("[data-number=suara_paslon_1]")
    expect(card.locator(".pick-entry")).to_have_count(2)
    expect(card).to_contain_text(str(other["suara_paslon_1"]))
    at = [b.inner_text() for b in card.locator(".pick-entry b").all()].index(str(written["suara_paslon_1"]))
    for name in ("suara_paslon_1", "suara_sah"):
        third.locator(f"#v-{name}").focus()
        press(third, "ab"[at], "Enter")
    press(third, "Space")
    left(third, sheet)
    commit = counted(sheets, sheet)
    assert values(commit) == written and commit is not None and commit.user_id == sheets.user_id("supervisor")
