"""Sums and bounds of one station across its pages. The rules are those of the form's template where it has them (their findings come in);
what every form of the house knows by name is held against each other in any case, so that a form without rules across its pages is
checked too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tally.arithmetic import check_at_most, check_sum
from tally.crosscheck.station import Anomaly, Count, Place, whose_of
from tally.interpretation import Finding, RuleKind, Severity
from tally.votes import For

STANDARD: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("users_ballots", "ss_digunakan", ("pengguna_total_jml",)),
    ("users_votes", "suara_total", ("pengguna_total_jml",)),
    ("ballots_votes", "suara_total", ("ss_digunakan",)),
    ("valid_invalid", "suara_total", ("suara_sah", "suara_tidak_sah")),
    ("ballot_balance", "ss_diterima", ("ss_digunakan", "ss_dikembalikan", "ss_tidak_digunakan")),
)
"""Kind, total, parts."""
_BY_NAMES = {(total, frozenset(parts)): kind for kind, total, parts in STANDARD} | {
    (parts[0], frozenset({total})): kind for kind, total, parts in STANDARD if len(parts) == 1
}


def kind_of(finding: Finding) -> str | None:
    """Which check a broken rule of a template belongs to; None: it is a mere warning of the reader, no anomaly."""
    first, rest = finding.numbers[0], finding.numbers[1:]
    if finding.kind is RuleKind.AT_MOST:
        if not rest:
            return "over_limit" if finding.severity is Severity.ERROR else None
        return "users_registered" if first.startswith("pengguna_") and rest[0].startswith("pemilih_") else "form_sum"
    if (known := _BY_NAMES.get((first, frozenset(rest)))) is not None:
        return known
    whose = whose_of(first)
    if whose is not None and whose.what is For.PARTY_SUM:
        return "party_sum"
    if first == "suara_sah" or first == "suara_calon_jumlah":
        return "votes_valid"
    return "form_sum"


def broken_rules(count: Count, across: Iterable[Finding], pages: Iterable[tuple[int, Finding]]) -> Iterator[Anomaly]:
    """Every rule that the committed numbers of a station break.

    Args:
        across: the template's rules across pages, held against ``count.values``.
        pages: (index into ``count.sheets``, finding) of each page's own rules, held against that page's values.
    """
    told: set[tuple[str, frozenset[str]]] = set()
    for finding in across:
        told.add((finding.numbers[0], frozenset(finding.numbers[1:])))
        yield from _anomaly(count, finding, count.places(*finding.numbers), "")
    for i, finding in pages:
        sheet = count.sheets[i]
        told.add((finding.numbers[0], frozenset(finding.numbers[1:])))
        places = tuple(Place(count.election, sheet.form, sheet.page, n) for n in finding.numbers)
        yield from _anomaly(count, finding, places, f"{sheet.page}.")
    for finding in _standard(count):
        first, rest = finding.numbers[0], frozenset(finding.numbers[1:])
        if (first, rest) not in told and not (len(rest) == 1 and (next(iter(rest)), frozenset({first})) in told):
            yield from _anomaly(count, finding, count.places(*finding.numbers), "")


def _standard(count: Count) -> Iterator[Finding]:
    for kind, total, parts in STANDARD:
        yield check_sum(kind, total, parts, Severity.ERROR, count.values)
    for sex in ("l", "p", "jml"):
        yield check_at_most(f"users_registered_{sex}", f"pengguna_dpt_{sex}", f"pemilih_dpt_{sex}", Severity.ERROR, count.values)
    yield from _votes_valid(count)


def _votes_valid(count: Count) -> Iterator[Finding]:
    """The votes of everybody against the valid votes, where every page is in. Parties by the totals that their pages give."""
    names = [(n, w) for s in count.sheets for n in s.values if (w := whose_of(n, s.party)) is not None]
    if not count.complete or not names:
        return
    totals = [n for n, w in names if w.what is For.PARTY_SUM]
    parts = totals or [n for n, w in names if not w.party]
    if parts and len(set(parts)) == len(parts):
        yield check_sum("votes_valid", "suara_sah", parts, Severity.ERROR, count.values)


def _anomaly(count: Count, finding: Finding, places: tuple[Place, ...], where: str) -> Iterator[Anomaly]:
    kind = kind_of(finding) if finding.holds is False else None
    if kind is None or finding.actual is None or finding.expected is None:
        return
    values = {
        p.number: v
        for p in places
        for s in count.sheets
        if (s.form, s.page) == (p.form, p.page) and (v := s.values.get(p.number)) is not None
    }
    figures = {
        "rule": finding.kind.value,
        "numbers": list(finding.numbers),
        "values": [values.get(n, -1) for n in finding.numbers],
        "actual": finding.actual,
        "expected": finding.expected,
    }
    yield Anomaly(kind, count.election, count.tps, where + finding.rule_id, figures, {}, places)


def illegible(count: Count) -> Iterator[Anomaly]:
    """Numbers that count as nothing because nobody could read them on the paper."""
    for sheet in count.sheets:
        names = sorted(n for n, v in sheet.values.items() if v is None)
        if names:
            places = tuple(Place(count.election, sheet.form, sheet.page, n) for n in names)
            yield Anomaly("illegible", count.election, count.tps, f"{sheet.page}", {"page": sheet.page, "numbers": names}, {}, places)
