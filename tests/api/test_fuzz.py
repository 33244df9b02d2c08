"""Short versions of ``make fuzz`` and ``make fuzz-inputs``, the same examples every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import api, inputs


@pytest.mark.parametrize("target", sorted(inputs.TARGETS))
def test_strangers_input_is_answered_or_refused(target: str) -> None:
    assert inputs.fuzz(target) > 10


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_route_answers_with_a_server_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = api.fuzz(tmp_path, 12, ("reviewer", "admin"), seed=1)
    assert bad == 0, capsys.readouterr().out
