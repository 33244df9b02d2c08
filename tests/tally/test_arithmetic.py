from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tally.arithmetic import check_at_most, check_sum
from tally.interpretation import RuleKind, Severity

values = st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers(0, 999))


@given(values)
def test_sum(v: dict[str, int | None]) -> None:
    f = check_sum("s", "a", ("b", "c"), Severity.ERROR, v)
    a, b, c = v.get("a"), v.get("b"), v.get("c")
    if a is None or b is None or c is None:
        assert f.holds is None
    else:
        assert f.holds == (a == b + c)
        assert (f.expected, f.actual) == (b + c, a)
    assert f.kind is RuleKind.SUM
    assert f.rule == "a = b + c"
    assert f.numbers == ("a", "b", "c")


@given(values)
def test_at_most_another_number(v: dict[str, int | None]) -> None:
    f = check_at_most("m", "a", "b", Severity.WARNING, v)
    a, b = v.get("a"), v.get("b")
    assert f.holds == (None if a is None or b is None else a <= b)
    assert f.numbers == ("a", "b")


def test_at_most_a_constant_holds_at_the_bound() -> None:
    assert check_at_most("m", "a", 300, Severity.ERROR, {"a": 300}).holds is True
    assert check_at_most("m", "a", 300, Severity.ERROR, {"a": 301}).holds is False
    assert check_at_most("m", "a", 300, Severity.ERROR, {}).holds is None
