"""How large an error rate may be, by so many errors found among so many looked at. Pure arithmetic."""

from __future__ import annotations

from math import exp, lgamma, log, log1p

LEVEL = 0.95


def upper_bound(errors: int, looked_at: int, level: float = LEVEL) -> float:
    """The largest error rate that is not ruled out at ``level``: Clopper and Pearson's exact one-sided bound (Biometrika 26, 1934).

    1.0 when nothing was looked at. Without any error it is 1 - (1 - level)^(1/n), which the "rule of three" (3/n) approximates.

    Raises:
        ValueError: errors out of 0..looked_at, level out of (0, 1).
    """
    if not 0 <= errors <= looked_at or not 0 < level < 1:
        raise ValueError(f"{errors} errors of {looked_at} at {level}")
    if errors == looked_at:
        return 1.0
    if errors == 0:
        return float(1 - (1 - level) ** (1 / looked_at))
    low, high = errors / looked_at, 1.0
    for _ in range(60):  # P(at most so many errors | rate) falls with the rate: halve until it is 1 - level
        middle = (low + high) / 2
        if _at_most(errors, looked_at, middle) > 1 - level:
            low = middle
        else:
            high = middle
    return high


def _at_most(k: int, n: int, p: float) -> float:
    """P(X <= k) of a binomial."""
    if p >= 1:
        return 0.0
    whole = lgamma(n + 1)
    return sum(exp(whole - lgamma(i + 1) - lgamma(n - i + 1) + i * log(p) + (n - i) * log1p(-p)) for i in range(k + 1))
