"""The X rule: empties, then digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.glyphs import DIGITS, EMPTY, GLYPHS, JUNK, boxes_of, is_well_formed, value_of


@pytest.mark.parametrize(
    ("boxes", "value"),
    [
        ("X27", 27),
        ("XXX", 0),
        ("027", 27),
        ("-27", 27),
        ("_27", 27),
        ("___", 0),
        ("000", 0),
        ("X00", 0),
        ("100", 100),
        ("1X0", None),
        ("12X", None),
        ("1_3", None),
        ("?27", None),
        ("X?7", None),
        ("", None),
    ],
)
def test_value(boxes: str, value: int | None) -> None:
    assert value_of(boxes) == value
    assert is_well_formed(boxes) == (value is not None)


@given(st.integers(0, 999), st.integers(3, 4))
def test_boxes_of_is_read_back(value: int, width: int) -> None:
    boxes = boxes_of(value, width)
    assert len(boxes) == width
    assert value_of(boxes) == value


def test_boxes_of_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="1000"):
        boxes_of(1000, 3)
    with pytest.raises(ValueError, match="-1"):
        boxes_of(-1, 3)


@given(st.text(alphabet=GLYPHS, min_size=1, max_size=4))
def test_value_agrees_with_the_rule_spelt_out(boxes: str) -> None:
    seen_digit = False
    good = True
    for c in boxes:
        if c == JUNK or (seen_digit and c in EMPTY):
            good = False
        seen_digit = seen_digit or c in DIGITS
    assert (value_of(boxes) is not None) == good
    if good:
        digits = "".join(c for c in boxes if c in DIGITS)
        assert value_of(boxes) == int(digits or "0")
