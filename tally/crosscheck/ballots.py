"""Ballots and voters of one station against the law: the reserve that comes with the ballots, and how many voters a TPS may have."""

from __future__ import annotations

from collections.abc import Iterator

from tally.crosscheck.station import Anomaly, Count

REGIONAL = ("gubernur", "bupati")
"""Kinds of election held under the law on regional elections (UU 1/2015)."""
TOLERANCE = 1
"""Ballots: a station that rounded down, or was given one more, is none to look at."""


def reserve_permille(kind: str) -> int:
    """Reserve ballots, in thousandths of the DPT: 2 % (UU 7/2017), 2.5 % in regional elections (UU 1/2015)."""
    return 25 if kind in REGIONAL else 20


def cap(kind: str) -> int:
    """Voters that a TPS may have."""
    return 600 if kind in REGIONAL else 300


def with_reserve(voters: int, kind: str) -> int:
    """``voters`` and their reserve, rounded up to whole ballots."""
    return voters + -(-voters * reserve_permille(kind) // 1000)


def received_reserve(count: Count) -> Iterator[Anomaly]:
    """Ballots received = DPT + reserve, within one; where the form counts registered DPTb, up to that many more."""
    registered, received = count.known("pemilih_dpt_jml"), count.known("ss_diterima")
    if registered is None or received is None:
        return
    least = with_reserve(registered, count.kind)
    most = least + (count.known("pemilih_dptb_jml") or 0)
    if least - TOLERANCE <= received <= most + TOLERANCE:
        return
    figures = {"registered": registered, "received": received, "expected": least, "most": most}
    yield Anomaly(
        "received_reserve",
        count.election,
        count.tps,
        "",
        figures,
        {"permille": reserve_permille(count.kind)},
        count.places("ss_diterima", "pemilih_dpt_jml"),
    )


def voters_cap(count: Count) -> Iterator[Anomaly]:
    """No more voters on the list than a TPS may have, and no more who voted than that and the reserve."""
    limit = cap(count.kind)
    for name, most in (
        ("pemilih_dpt_jml", limit),
        ("pengguna_total_jml", with_reserve(limit, count.kind)),
        ("suara_total", with_reserve(limit, count.kind)),
    ):
        value = count.values.get(name)
        if value is not None and value > most:
            yield Anomaly(
                "voters_cap", count.election, count.tps, name, {"number": name, "value": value, "limit": most}, {}, count.places(name)
            )
