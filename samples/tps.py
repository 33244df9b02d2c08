"""One polling station at a time: every page of a form, with numbers that agree across pages and across the elections of one night."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from samples import values
from samples.places import area_of, declaration, place, stations
from templates_c1.registry import template as template_of
from templates_c1.schema import Template

__all__ = ["Sheet", "form_of", "stations", "totals", "whole_tps"]

REGIONAL = ("gubernur", "bupati")
"""Held on another day, with stations about twice as large."""
SPREAD = {"dpr": 0.55, "dprd_prov": 0.45, "dprd_kab": 0.4, "dpd": 0.6}
"""Of the votes (samples.values.count): where many stand, most get none."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of one TPS before anybody has written on it.

    Attributes:
        election: kind of election, such as "dprd_kab".
        tps: KPU's 13-digit code.
        values: number name -> what is to be written, mistakes in arithmetic included.
        errors: rules of the form (page's or across pages) that ``values`` break on purpose.
        seed: of the station; the same seed gives the same people, votes and handwriting.
    """

    election: str
    form: str
    page: int
    tps: str
    values: dict[str, int]
    errors: tuple[str, ...] = ()
    seed: int = 0


def rng_of(*key: object) -> np.random.Generator:
    """A generator that depends on nothing but ``key``."""
    return np.random.default_rng(list("\x1f".join(map(str, key)).encode()))


def form_of(kind: str, code: str) -> str:
    """Id of the desk form on which the TPS counts an election. Raises ValueError: unknown kind, or it has no part in it."""
    return declaration(kind).form_of(area_of(kind, code))


def whole_tps(
    kind: str, code: str, seed: int = 0, *, form: str | None = None, pages: Sequence[int] | None = None, errors: float = 0.0
) -> tuple[Sheet, ...]:
    """Every page of one TPS in one election; nothing is drawn yet.

    The same ``code`` and ``seed`` are the same voters in every election of the day: registered, came, ballots used.

    Args:
        form: an official form instead of the desk form.
        pages: only these.
        errors: probability that a page carries one wrong sum.

    Raises:
        ValueError: unknown kind or TPS, or a form of another election.
        KeyError: unknown form or page.
    """
    place(code)
    template = template_of(form or form_of(kind, code))
    if kind not in template.elections:
        raise ValueError(f"form '{template.form}' is not of '{kind}' but of {', '.join(template.elections)}")
    true = _numbers(template, kind, code, seed)
    sheets = []
    for page in template.pages if pages is None else [template.page(p) for p in pages]:
        here: dict[str, int] = true
        broken: tuple[str, ...] = ()
        rng = rng_of("errors", template.form, code, seed, page.number)
        if rng.random() < errors:
            here, broken = _with_error(template, page.number, true, rng)
        written = {n.name: here[n.name] for n in page.numbers}
        sheets.append(Sheet(kind, template.form, page.number, code, written, broken, seed))
    return tuple(sheets)


def _numbers(template: Template, kind: str, code: str, seed: int) -> dict[str, int]:
    day = "regional" if kind in REGIONAL else "general"
    voters = values.people(rng_of("voters", day, code, seed), 1.7 if kind in REGIONAL else 1.0)
    rng = rng_of("votes", template.form, code, seed)
    return values.count(template, voters, voters["pengguna_total_jml"], rng, SPREAD.get(kind, 1.6))


def _with_error(template: Template, page: int, true: dict[str, int], rng: np.random.Generator) -> tuple[dict[str, int], tuple[str, ...]]:
    """One number of the page made wrong; as it was where no single number can break a sum."""
    try:
        wrong = values.with_broken_sum(template, page, true, rng)
    except ValueError:
        return true, ()
    across = [r.id for r in template.rules if not values.holds(r, wrong)]
    return wrong, (*values.broken(template, page, wrong), *across)


def totals(sheets: Iterable[Sheet]) -> dict[str, int]:
    """What the numbers of ``sheets`` add up to, by name: what totals pages must show once every sheet is counted."""
    added: Counter[str] = Counter()
    for sheet in sheets:
        added.update(sheet.values)
    return dict(added)
