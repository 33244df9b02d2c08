"""Scoring: what counts as right, and above all what counts as a silent error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scripts import accuracy, markers
from tally.glyphs import GLYPHS, value_of
from tally.interpretation import Accepted, Interpretation, NeedsReview, NumberReading, Outcome, Reason, ReasonCode, Unreadable

FORM = "c1-ppwp-2019"


def _got(outcome: Outcome) -> Interpretation:
    return Interpretation("a.jpg", "0" * 64, outcome, seconds={"total": 0.5})


def _numbers(**boxes: str) -> tuple[NumberReading, ...]:
    return tuple(NumberReading(name, b, value_of(b), 0.99) for name, b in boxes.items())


def _truth(doubtful: tuple[str, ...] = (), **boxes: str) -> dict[str, object]:
    return {"form": FORM, "page": 2, "numbers": boxes, "doubtful": list(doubtful)}


def _accepted(**boxes: str) -> Interpretation:
    return _got(Accepted(FORM, 2, _numbers(**boxes), ()))


def test_right_by_value_not_by_shape() -> None:
    s = accuracy.score(_truth(a="X27", b="XXX"), _accepted(a="027", b="__0"))
    assert (s.recognised, s.clean, s.clean_right, s.accepted, s.silent) == (1, 2, 2, 1, 0)
    assert s.misread == []


def test_accepted_with_a_wrong_number_is_silent() -> None:
    s = accuracy.score(_truth(a="X27"), _accepted(a="X21"))
    assert (s.clean_right, s.accepted, s.silent) == (0, 1, 1)
    assert "a is X27, read as X21" in s.misread[0]


def test_accepted_with_a_number_nobody_can_read_is_silent() -> None:
    s = accuracy.score(_truth(a="X2?"), _accepted(a="X27"))
    assert (s.clean, s.doubtful, s.silent) == (0, 0, 1)


def test_accepted_with_a_wrong_doubtful_number_is_silent_too() -> None:
    s = accuracy.score(_truth(("a",), a="X27"), _accepted(a="X21"))
    assert (s.clean, s.doubtful, s.doubtful_right, s.silent) == (0, 1, 0, 1)


def test_accepted_with_a_number_missing_is_silent_and_not_recognised() -> None:
    s = accuracy.score(_truth(a="X27", b="XX1"), _accepted(a="X27"))
    assert (s.recognised, s.silent) == (0, 1)


def test_wrong_in_review_is_not_silent() -> None:
    reasons = (Reason(ReasonCode.SUM_MISMATCH, ("a",), ""),)
    s = accuracy.score(_truth(a="X27"), _got(NeedsReview(FORM, 2, _numbers(a="X21"), (), reasons)))
    assert (s.recognised, s.clean_right, s.accepted, s.silent) == (1, 0, 0, 0)
    assert s.reasons == {"sum_mismatch": 1}


def test_unreadable_counts_its_numbers_as_not_read() -> None:
    s = accuracy.score(_truth(a="X27"), _got(Unreadable((Reason(ReasonCode.FORM_NOT_RECOGNISED, (), ""),))))
    assert (s.unreadable, s.recognised, s.clean, s.clean_right, s.silent) == (1, 0, 1, 0, 0)


def test_other_page_is_not_recognised() -> None:
    s = accuracy.score(_truth(a="X27"), _got(Accepted(FORM, 1, _numbers(a="X27"), ())))
    assert s.recognised == 0


@pytest.mark.parametrize(("events", "trials", "limit"), [(0, 299, 0.00997), (0, 10, 0.2589), (1, 10, 0.3942), (3, 3, 1.0), (0, 0, 1.0)])
def test_upper_bound(events: int, trials: int, limit: float) -> None:
    """Against tabulated one-sided 95 % Clopper-Pearson limits; 0 of n is 1 - 0.05**(1/n)."""
    assert accuracy.upper_bound(events, trials) == pytest.approx(limit, abs=2e-4)


def test_table_adds_sets_up() -> None:
    one = accuracy.score(_truth(a="X27"), _accepted(a="X27"))
    two = accuracy.score(_truth(a="X27"), _accepted(a="X21"))
    lines = accuracy.table({"one": one, "two": two}).splitlines()
    assert lines[2].startswith("| one | 1 | 100.0 % (1/1) | 100.0 % (1/1) | - | 100.0 % (1/1) | 0 |")
    assert lines[4].startswith("| **all** | 2 | 100.0 % (2/2) | 50.0 % (1/2) | - | 100.0 % (2/2) | 1 |")


def test_cross_validated_table_has_no_seconds() -> None:
    one = accuracy.score(_truth(a="X27"), _accepted(a="X27"))
    assert (
        accuracy.table({"one": one}, timed=False).splitlines()[2] == "| one | 1 | 100.0 % (1/1) | 100.0 % (1/1) | - | 100.0 % (1/1) | 0 |"
    )


def test_boxes_are_right_by_value_and_junk_only_when_sure(tmp_path: Path) -> None:
    def scores(**p: float) -> list[float]:
        return [p.get({"X": "cross", "_": "blank", "?": "junk"}.get(g, f"n{g}"), 0.0) for g in GLYPHS]

    rows = [("7", scores(n7=0.9)), ("X", scores(blank=0.8, n1=0.1)), ("4", scores(junk=0.6, n4=0.4)), ("5", scores(junk=0.97, n5=0.03))]
    file = tmp_path / "heldout.npz"
    names = [f"b{i}.png" for i in range(len(rows))]
    np.savez(
        file,
        source=["boxes"] * len(rows),
        photo=names,
        number=names,
        index=[0] * len(rows),
        truth=[g for g, _ in rows],
        scores=np.array([s for _, s in rows]),
    )
    assert accuracy.box_table(file, file).splitlines()[2] == "| boxes | 75.0 % (3/4) | 75.0 % (3/4) |"


def test_only_the_marked_part_of_a_page_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- x:begin -->\nold\n<!-- x:end -->\nbelow\n", encoding="utf-8")
    markers.write(page, "x", "new")
    assert page.read_text(encoding="utf-8") == "above\n<!-- x:begin -->\n\nnew\n\n<!-- x:end -->\nbelow\n"
    assert markers.read(page, "x") == "new"
    with pytest.raises(ValueError, match="y:begin"):
        markers.write(page, "y", "new")
