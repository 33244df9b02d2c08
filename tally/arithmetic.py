"""Sums and bounds over the numbers of a sheet. Pure functions on plain integers.

Arithmetic judges readings, it never changes one (design.md section 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tally.interpretation import Finding, RuleKind, Severity

Values = Mapping[str, int | None]
"""Number name -> what it is worth; None (or no entry) if it has no value."""


def check_sum(rule_id: str, total: str, parts: Sequence[str], severity: Severity, values: Values) -> Finding:
    """Does ``total`` equal the sum of ``parts``?

    Returns:
        Finding with expected = sum of the parts as read, actual = the total as read, holds None if any of them has no value.
    """
    have = [values.get(p) for p in parts]
    known = [v for v in have if v is not None]
    expected = sum(known) if len(known) == len(have) else None
    actual = values.get(total)
    return Finding(
        rule=f"{total} = {' + '.join(parts)}",
        rule_id=rule_id,
        kind=RuleKind.SUM,
        numbers=(total, *parts),
        severity=severity,
        holds=None if expected is None or actual is None else expected == actual,
        expected=expected,
        actual=actual,
    )


def check_at_most(rule_id: str, number: str, bound: str | int, severity: Severity, values: Values) -> Finding:
    """Is ``number`` no larger than ``bound`` (another number's name, or a constant)?

    Returns:
        Finding with expected = the bound, actual = the number, holds None if either has no value.
    """
    limit = bound if isinstance(bound, int) else values.get(bound)
    actual = values.get(number)
    return Finding(
        rule=f"{number} <= {bound}",
        rule_id=rule_id,
        kind=RuleKind.AT_MOST,
        numbers=(number,) if isinstance(bound, int) else (number, bound),
        severity=severity,
        holds=None if limit is None or actual is None else actual <= limit,
        expected=limit,
        actual=actual,
    )
