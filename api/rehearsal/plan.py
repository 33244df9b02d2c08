"""When which photo leaves which hand. Pure: the same arguments give the same night.

Stations close at the same hour and then count one election after the other, so pages come in waves: the first within an hour or so, the
last deep in the night, each station at its own pace (log-normal, as the duration of human work usually is). Some villages have no signal:
all of theirs arrive at once, when the boat is back. Some photos are sent again by people who do not trust the receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FIRST_PAGE = 0.18
"""Median share of the night after which a station has its first page."""
SPREAD = 0.45
"""Standard deviation of the logarithm of a station's pace."""
ALL_PAGES = 0.5
"""Median share of the night between a station's first and last page."""
FLOOD_AT = 0.7
"""Share of the night after which the villages without signal are heard of."""
FLOOD_SECONDS = 60.0
"""All of them within this time of the night's own clock."""
AGAIN_SECONDS = 120.0
"""Mean time until an impatient sender sends the same photo again."""


@dataclass(frozen=True, slots=True)
class Sending:
    """``at``: seconds of the night; ``sheet``: index into the sheets; ``again``: the same bytes once more; ``late``: part of the flood."""

    at: float
    sheet: int
    again: bool = False
    late: bool = False


def plan(stations: Sequence[str], hours: float, seed: int = 0, *, late: float = 0.2, again: float = 0.03) -> list[Sending]:
    """The night in order of time.

    Args:
        stations: the TPS code (13 digits) of every sheet, a station's sheets in the order in which they are counted.
        hours: length of the night, more than 0.
        late: share of the villages without signal. again: share of the photos that are sent twice.

    Raises:
        ValueError: an argument out of its range.
    """
    if not (hours > 0 and 0 <= late <= 1 and 0 <= again <= 1):
        raise ValueError("hours must be positive, late and again shares from 0 to 1")
    rng = np.random.default_rng([0x9EA, seed])
    night = hours * 3600
    pages: dict[str, list[int]] = {}
    for index, code in enumerate(stations):
        pages.setdefault(code, []).append(index)
    villages = sorted({c[:10] for c in pages})
    silent = {v for v, x in zip(villages, rng.random(len(villages)), strict=True) if x < late}
    sent: list[Sending] = []
    for code, sheets in pages.items():
        pace = float(np.exp(rng.normal(0, SPREAD)))
        steps = rng.exponential(size=len(sheets))
        steps[0] = 0
        through = np.cumsum(steps) / max(steps.sum(), 1e-9) if len(sheets) > 1 else steps
        times = night * np.minimum(pace * (FIRST_PAGE + ALL_PAGES * through), 1.0)
        for index, at in zip(sheets, times, strict=True):
            flood = code[:10] in silent and at < FLOOD_AT * night
            when = FLOOD_AT * night + rng.uniform(0, FLOOD_SECONDS) if flood else float(at)
            sent.append(Sending(float(when), index, late=flood))
            if rng.random() < again:
                sent.append(Sending(float(when + rng.exponential(AGAIN_SECONDS)), index, again=True, late=flood))
    return sorted(sent, key=lambda s: (s.at, s.sheet, s.again))


def peak(sendings: Sequence[Sending], seconds: float = 60.0) -> float:
    """Most photos per second within any window of ``seconds`` of the night."""
    times = np.array([s.at for s in sendings])
    if not len(times):
        return 0.0
    upto = np.searchsorted(times, times + seconds, side="left")
    return float((upto - np.arange(len(times))).max() / seconds)
