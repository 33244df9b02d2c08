"""A template's rules held against values: the one place where a declared rule becomes a Finding."""

from __future__ import annotations

from collections.abc import Iterable

from tally.arithmetic import Values, check_at_most, check_sum
from tally.inference import AtMost, Constraint, Reserve, Sum
from tally.interpretation import Finding, Severity
from templates_c1.schema import Page, Rule, SumRule, Template


def check(page: Page, values: Values) -> tuple[Finding, ...]:
    """Every rule of ``page`` against ``values`` (number name -> integer or None), in the template's order."""
    return _check(page.rules, values)


def check_across(template: Template, values: Values) -> tuple[Finding, ...]:
    """Every rule across the pages of one TPS against the values of all its pages together; undecided where a page is missing."""
    return _check(template.rules, values)


def constraints(page: Page) -> tuple[Constraint, ...]:
    """The rules of ``page`` that no right paper breaks (severity ``error``), for joint inference over its numbers."""
    return _constraints(page.rules)


def customs(page: Page) -> tuple[Reserve, ...]:
    """What right papers usually keep without having to, for joint inference only: no finding comes of it."""
    return tuple(Reserve(r.number, r.base, r.share) for r in page.reserves)


def constraints_across(template: Template) -> tuple[Constraint, ...]:
    """The same for the rules across the pages of one TPS."""
    return _constraints(template.rules)


def _constraints(rules: Iterable[Rule]) -> tuple[Constraint, ...]:
    return tuple(
        Sum(r.total, tuple(r.parts)) if isinstance(r, SumRule) else AtMost(r.number, r.bound)
        for r in rules
        if Severity(r.severity) is Severity.ERROR
    )


def _check(rules: Iterable[Rule], values: Values) -> tuple[Finding, ...]:
    return tuple(
        check_sum(r.id, r.total, r.parts, Severity(r.severity), values)
        if isinstance(r, SumRule)
        else check_at_most(r.id, r.number, r.bound, Severity(r.severity), values)
        for r in rules
    )
