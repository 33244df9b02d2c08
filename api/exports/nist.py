"""Totals as NIST SP 1500-100 version 2 JSON (Election Results Common Data Format), of use to any program that speaks it.

What has no word there: kecamatan and dapil are units of type ``other`` with ``OtherType``; the codes are KPU's. Only verified counts are in
it, so the report's status is "unofficial", and it is no official result in any case (``Notes``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from api.exports.gather import Gathered
from db.totals import NumberTotal, TotalsRow
from db.types import Level
from db.views import AreaView
from tally.votes import For, Votes

KINDS = {"ppwp": ("majority", 1), "gubernur": ("plurality", 1), "bupati": ("plurality", 1), "dpd": ("n-of-m", 4)}
"""Kind of election -> how votes become seats, and how many are elected; the others are by list (proportional), each district its seats."""
_UNITS = {
    Level.REGENCY: ("county", None),
    Level.KECAMATAN: ("other", "kecamatan"),
    Level.DESA: ("village", None),
    Level.TPS: ("precinct", None),
}
_ABOVE = {Level.KECAMATAN: 4, Level.DESA: 6, Level.TPS: 10}
_VOTES = ("suara_total", "ss_digunakan")
"""Numbers that tell how many ballots were cast, the first that is known."""


def report(got: Gathered, issuer: str = "C1 Banyuasin") -> dict[str, Any]:
    """An ``ElectionResults.ElectionReport``."""
    complete = got.unverified == 0
    return {
        "@type": "ElectionResults.ElectionReport",
        "Format": "precinct-level",
        "GeneratedDate": got.at.isoformat(timespec="seconds"),
        "Issuer": issuer,
        "IssuerAbbreviation": "C1",
        "SequenceStart": 1,
        "SequenceEnd": 1,
        "Status": "unofficial-complete" if complete else "unofficial-partial",
        "VendorApplicationId": "c1-banyuasin",
        "Notes": f"Verified counts only, internal and not official. {got.unverified} polling stations not complete. "
        f"Audit log {got.end.seq}:{got.end.hash}",
        "GpUnit": list(_units(got)),
        "Party": [
            {"@type": "ElectionResults.Party", "@id": f"party-{n}", "Name": text(name or str(n))}
            for n, name in sorted(got.contest.parties.items())
        ],
        "Election": [_election(got)],
    }


def text(id_: str, en: str | None = None) -> dict[str, Any]:
    strings = [("id", id_), *([("en", en)] if en and en != id_ else [])]
    return {
        "@type": "ElectionResults.InternationalizedText",
        "Text": [{"@type": "ElectionResults.LanguageString", "Language": lang, "Content": said} for lang, said in strings],
    }


def _unit_id(code: str) -> str:
    return f"gp-{code or '0'}"


def _units(got: Gathered) -> Iterator[dict[str, Any]]:
    parts: dict[str, list[str]] = {}
    for level, digits in _ABOVE.items():
        for r in got.levels[level]:
            parts.setdefault(r.region.code[:digits], []).append(_unit_id(r.region.code))
    for level, (kind, other) in _UNITS.items():
        for r in got.levels[level]:
            unit = _unit(r, _unit_id(r.region.code), kind, other, r.region.name)
            if below := parts.get(r.region.code):
                unit["ComposingGpUnitIds"] = below
            if level is Level.TPS:
                unit["Number"] = r.region.code[10:]
            unit["ExternalIdentifier"] = [
                {"@type": "ElectionResults.ExternalIdentifier", "Type": "other", "OtherType": "KPU", "Value": r.region.code}
            ]
            yield unit
    for r in got.areas:
        if r.area is not None:
            unit = _unit(r, f"dapil-{r.area.code}", "other", "dapil", r.area.name)
            unit["ComposingGpUnitIds"] = [
                _unit_id(c) for c in r.area.covers if any(c == x.region.code for rows in got.levels.values() for x in rows)
            ]
            if not unit["ComposingGpUnitIds"]:  # it reaches beyond the regions that are loaded: those in it
                unit["ComposingGpUnitIds"] = [_unit_id(x.region.code) for x in got.levels[Level.REGENCY]]
            unit["IsDistricted"] = True
            yield unit


def _unit(r: TotalsRow, id_: str, kind: str, other: str | None, name: str) -> dict[str, Any]:
    c = r.coverage
    state = "completed" if c.tps_all and c.tps_complete == c.tps_all else "in-process" if c.tps_any else "not-processed"
    unit: dict[str, Any] = {
        "@type": "ElectionResults.ReportingUnit",
        "@id": id_,
        "Type": kind,
        "Name": name,
        "SubUnitsReported": c.tps_complete,
        "TotalSubUnits": c.tps_all,
        "CountStatus": [{"@type": "ElectionResults.CountStatus", "Type": "total", "Status": state}],
    }
    if other:
        unit["OtherType"] = other
    for key, names in (("VotersRegistered", ("pemilih_dpt_jml",)), ("VotersParticipated", ("pengguna_total_jml",))):
        if (value := _known(r, names)) is not None:
            unit[key] = value
    return unit


def _known(r: TotalsRow, names: Iterable[str]) -> int | None:
    return next((v for n in names if (v := r.value(n)) is not None), None)


def _election(got: Gathered) -> dict[str, Any]:
    contest = got.contest
    areas: list[AreaView | None] = list(contest.areas) or [None]
    found: dict[str, Any] = {
        "@type": "ElectionResults.Election",
        "ElectionScopeId": _unit_id(got.levels[Level.REGENCY][0].region.code),
        "Name": text(contest.name, contest.name_en),
        "StartDate": contest.date.isoformat(),
        "EndDate": contest.date.isoformat(),
        "Type": "general",
        "Candidate": [],
        "Contest": [],
    }
    for area in areas:
        numbers = [n for n in got.columns.values() if n.votes is not None and n.votes.what is not For.PARTY_SUM and _in(n, area)]
        who = {n.votes: n for n in numbers if n.votes is not None}
        people = {v: n for v, n in sorted(who.items()) if v.what is For.CONTESTANT}
        parties = {v: n for v, n in sorted(who.items()) if v.what is For.PARTY}
        found["Candidate"] += [_candidate(area, v, n) for v, n in people.items()]
        if people:
            found["Contest"].append(_contest(got, area, people, "CandidateContest"))
        if parties:
            found["Contest"].append(_contest(got, area, parties, "PartyContest"))
    return found


def _in(n: NumberTotal, area: AreaView | None) -> bool:
    return n.area == "" or (area is not None and n.area == area.code)


def _key(area: AreaView | None, v: Votes) -> str:
    return f"{area.code if area else 'all'}-{v.party}-{v.number}"


def _candidate(area: AreaView | None, v: Votes, n: NumberTotal) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "ElectionResults.Candidate",
        "@id": f"candidate-{_key(area, v)}",
        "BallotName": text(n.label, n.label_en),
    }
    if v.party:
        found["PartyId"] = f"party-{v.party}"
    return found


def _contest(got: Gathered, area: AreaView | None, who: dict[Votes, NumberTotal], kind: str) -> dict[str, Any]:
    here = [r for r in got.levels[Level.TPS] if area is None or got.contest.area_of(r.region.code) == area]
    whole = next((r for r in got.areas if r.area == area), None) if area else got.levels[Level.REGENCY][0]
    whole_id = f"dapil-{area.code}" if area else _unit_id(got.levels[Level.REGENCY][0].region.code)
    rows = [*([(whole_id, whole)] if whole is not None else []), *((_unit_id(r.region.code), r) for r in here)]
    name = got.contest.name + (f" {area.name}" if area else "") + (" (partai)" if kind == "PartyContest" else "")
    variation, seats = KINDS.get(got.contest.kind, ("proportional", None))
    found: dict[str, Any] = {
        "@type": f"ElectionResults.{kind}",
        "@id": f"contest-{area.code if area else 'all'}-{kind}",
        "Name": name,
        "ElectoralDistrictId": whole_id,
        "VoteVariation": variation,
        "SubUnitsReported": whole.coverage.tps_complete if whole else 0,
        "TotalSubUnits": whole.coverage.tps_all if whole else 0,
        "SummaryCounts": [s for unit, r in rows if (s := _summary(unit, r)) is not None],
        "BallotSelection": [],
    }
    if kind == "CandidateContest":
        found["VotesAllowed"] = 1
        if seats:
            found["NumberElected"] = seats
    votes = [(unit, _votes(r, area)) for unit, r in rows]
    for order, v in enumerate(who, 1):
        selection: dict[str, Any] = {
            "@type": "ElectionResults.CandidateSelection" if kind == "CandidateContest" else "ElectionResults.PartySelection",
            "@id": f"selection-{kind[0]}-{_key(area, v)}",
            "SequenceOrder": order,
            "VoteCounts": [
                {"@type": "ElectionResults.VoteCounts", "Type": "total", "GpUnitId": unit, "Count": have[v]}
                for unit, have in votes
                if v in have
            ],
        }
        if kind == "CandidateContest":
            selection["CandidateIds"] = [f"candidate-{_key(area, v)}"]
            if v.party:
                selection["EndorsementPartyIds"] = [f"party-{v.party}"]
        else:
            selection["PartyIds"] = [f"party-{v.party}"]
        found["BallotSelection"].append(selection)
    return found


def _votes(r: TotalsRow, area: AreaView | None) -> dict[Votes, int]:
    found: dict[Votes, int] = {}
    for n in r.numbers:
        if n.votes is not None and n.sheets and _in(n, area):
            found[n.votes] = found.get(n.votes, 0) + n.value
    return found


def _summary(unit: str, r: TotalsRow) -> dict[str, Any] | None:
    cast, rejected = _known(r, _VOTES), _known(r, ("suara_tidak_sah",))
    if cast is None and rejected is None:
        return None
    found: dict[str, Any] = {"@type": "ElectionResults.SummaryCounts", "Type": "total", "GpUnitId": unit}
    if cast is not None:
        found["BallotsCast"] = cast
    if rejected is not None:
        found["BallotsRejected"] = rejected
    return found
