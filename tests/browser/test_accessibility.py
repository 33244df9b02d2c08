"""axe-core finds no serious fault on any page, at desk and at phone size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.test_pages import load
from tests.live import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"


def faults(page: Page) -> list[str]:
    """Serious and critical violations, as "rule: element"."""
    page.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")  # through the debugger: the pages' own CSP lets no foreign script in
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [f"{v['id']}: {n['html'][:120]}" for v in found if v["impact"] in ("serious", "critical") for n in v["nodes"]]


@pytest.mark.parametrize("width", [1280, 360])
def test_no_serious_fault(desk: Desk, tmp_path: Path, width: int) -> None:
    assert AXE.is_file(), "axe-core comes with 'npm ci'"
    photo = load(desk, tmp_path, 3, "c-hasil-kwk-2020")
    visits = {
        "operator": ["/unggah", f"/foto/{photo}"],
        "staff": ["/hasil", "/hasil?code=1607011016001", f"/lembar/{photo}", "/tidak-ada"],
        "admin": ["/pengguna"],
    }
    for user, paths in visits.items():
        page = desk.log_in(user, width=width, height=800)
        if user == "operator":
            card = page.locator("#sent .photo-card").first
            expect(card).to_be_visible()
            until(lambda c=card: c.get_attribute("data-state") != "reading")  # type: ignore[misc]
        for path in paths:
            page.goto(path)
            page.wait_for_load_state("networkidle") if path != "/periksa" else None
            assert faults(page) == [], path
        page.context.clear_cookies()
        page.goto("/masuk")
        assert faults(page) == []
