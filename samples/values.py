"""The true numbers of one imagined polling station, so that every rule of its form holds; or all but one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from templates_c1.schema import Rule, Template

Rng = np.random.Generator


def holds(rule: Rule, values: Mapping[str, int]) -> bool:
    """Whether ``rule`` is satisfied; every number it names must be in ``values``."""
    if rule.kind == "sum":
        return values[rule.total] == sum(values[p] for p in rule.parts)
    bound = rule.bound if isinstance(rule.bound, int) else values[rule.bound]
    return values[rule.number] <= bound


def broken(template: Template, page: int, values: Mapping[str, int]) -> list[str]:
    """Ids of the page's rules that ``values`` break."""
    return [r.id for r in template.page(page).rules if not holds(r, values)]


def _split(total: int, parts: int, rng: Rng, spread: float = 1.6) -> list[int]:
    share = rng.dirichlet(np.full(parts, spread))
    cut = [int(s * total) for s in share]
    cut[int(rng.integers(parts))] += total - sum(cut)
    return cut


def people(rng: Rng, size: float = 1.0) -> dict[str, int]:
    """Who is registered at one station and who came, by sex, list and in all; ``size`` 1 is a station of a general election."""
    v: dict[str, int] = {}
    for s in ("l", "p"):
        v[f"pemilih_dpt_{s}"] = int(rng.integers(70, 145) * size)
        v[f"pengguna_dpt_{s}"] = int(v[f"pemilih_dpt_{s}"] * rng.uniform(0.6, 0.97))
        for kind, most in (("dptb", 5), ("dpk", 7)):
            used = int(rng.integers(0, most)) if rng.random() < 0.6 else 0
            v[f"pengguna_{kind}_{s}"] = used
            v[f"pemilih_{kind}_{s}"] = used + (int(rng.integers(0, 3)) if rng.random() < 0.3 else 0)
        for who in ("pemilih", "pengguna"):
            v[f"{who}_total_{s}"] = sum(v[f"{who}_{k}_{s}"] for k in ("dpt", "dptb", "dpk"))
        listed = int(rng.integers(0, 4)) if rng.random() < 0.5 else 0
        v[f"disabilitas_terdaftar_{s}"] = listed
        v[f"disabilitas_{s}"] = int(rng.integers(0, listed + 1))
    for group in {k[:-2] for k in v}:
        v[f"{group}_jml"] = v[f"{group}_l"] + v[f"{group}_p"]
    return v


def station(template: Template, rng: Rng) -> dict[str, int]:
    """Numbers of all pages of the form for one station, consistent within and across pages."""
    v = people(rng)
    turnout = v["pengguna_total_jml"]
    if not any(n.name.startswith("pengguna_") for p in template.pages for n in p.numbers):  # regional elections have larger stations
        turnout = int(rng.integers(90, 420))
    return count(template, v, turnout, rng)


def count(template: Template, voters: Mapping[str, int], turnout: int, rng: Rng, spread: float = 1.6) -> dict[str, int]:
    """Numbers of all pages of the form, given who came.

    Args:
        voters: as ``people`` returns them.
        turnout: ballots used.
        spread: parameter of the Dirichlet distribution of the votes: small, and few get nearly all.
    """
    names = [n.name for p in template.pages for n in p.numbers]
    pairs = sorted(n for n in names if n.startswith("suara_paslon_"))
    v = dict(voters)
    v["ss_digunakan"] = turnout
    v["ss_dikembalikan"] = int(rng.integers(1, 4)) if rng.random() < 0.3 else 0
    v["ss_diterima"] = max(v["pemilih_dpt_jml"] + round(v["pemilih_dpt_jml"] * 0.02 + 0.49), turnout + v["ss_dikembalikan"])
    v["ss_tidak_digunakan"] = v["ss_diterima"] - v["ss_digunakan"] - v["ss_dikembalikan"]
    v["suara_total"] = turnout
    v["suara_tidak_sah"] = min(turnout, int(rng.integers(0, 16)))
    v["suara_sah"] = turnout - v["suara_tidak_sah"]
    if pairs:
        v |= dict(zip(pairs, _split(v["suara_sah"], len(pairs), rng), strict=True))
    _split_down(template, v, rng, spread)
    missing = [n for n in names if n not in v]
    v |= {n: int(rng.integers(0, 100)) for n in missing}
    return {n: v[n] for n in names}


def _split_down(template: Template, v: dict[str, int], rng: Rng, spread: float) -> None:
    """Parts of sums that nothing else has fixed yet, from their totals downwards: parties, then their candidates."""
    rules = [r for r in (*template.rules, *(r for p in template.pages for r in p.rules)) if r.kind == "sum"]
    rules = [r for r in rules if not any(p in v for p in r.parts)]
    parts = {p for r in rules for p in r.parts}
    for r in rules:
        if r.total not in v and r.total not in parts:
            v[r.total] = int(rng.integers(20, 300))
    while ready := [r for r in rules if r.total in v and r.parts[0] not in v]:
        for r in ready:
            v |= dict(zip(r.parts, _split(v[r.total], len(r.parts), rng, spread), strict=True))


def with_broken_sum(template: Template, page: int, values: Mapping[str, int], rng: Rng) -> dict[str, int]:
    """The same numbers with one wrong, so that exactly one rule of the page (or, where the page has no sum, of the form) breaks.

    Raises:
        ValueError: no single number of the page can do that.
    """
    here = template.page(page)
    on_page = {n.name: len(n.boxes) for n in here.numbers}
    sums = [r for r in here.rules if r.kind == "sum"]
    rules = here.rules if sums else template.rules
    # a total first; where the total stands on another page, a part
    names = [r.total for r in (sums or template.rules) if r.kind == "sum" and r.total in on_page]
    names += [p for r in (sums or template.rules) if r.kind == "sum" for p in r.parts if p in on_page]
    deltas = [d * s for d in (10, 1, 9, 2, 20, 5) for s in (1, -1)]
    trials = [(n, d) for n in dict.fromkeys(names) for d in deltas]
    order = rng.permutation(len(trials))
    for i in order:
        name, delta = trials[int(i)]
        new = dict(values) | {name: values[name] + delta}
        if not 0 <= new[name] < 10 ** on_page[name]:
            continue
        if sum(not holds(r, new) for r in rules) == 1 and all(holds(r, new) for r in here.rules if r.kind != "sum"):
            return new
    raise ValueError(f"no single number of {template.form} page {page} breaks exactly one sum")
