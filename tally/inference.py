"""What sums and bounds say about doubtful numbers: exact joint inference over the candidates of all numbers of a sheet.

Each number comes with what its readers believe (value -> probability); each rule of the paper ties some of them. A rule that the
paper breaks is possible but rare (measured: about one rule in a hundred sheets), so an assignment that breaks a rule is worth
``broken`` times one that keeps it. The result is each number's probability given the readers *and* the rules. It only judges:
what was read stays what is shown and committed (design.md section 3).

Method: variable elimination with a backward pass, that is a junction tree (Lauritzen and Spiegelhalter, "Local computations with
probabilities on graphical structures and their application to expert systems", J. R. Stat. Soc. B 50, 1988). Exact for the
candidates given; what is not among a number's candidates is kept as one state "something else" (None), so nothing is ever surer
than the readers' rest and the rules allow.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHANCE = 0.05
"""Worth of a sum that one of "something else" stands in: it may hold by luck, for mistakes come near the truth (off by one, by ten)."""
ONE_OFF = 0.1
"""Worth of a reserve that is one more or one less than usual; of 21 stations one had such."""
UNUSUAL = 0.02
"""Worth of any other."""
_MOST_STATES = 8
_LEAST = 1e-4
"""Candidates less likely than this are not told apart."""
_LARGEST_TABLE = 100_000
_LONG = 20_000
"""Combinations of a sum's numbers from which on it is told by partial sums; no sum of up to three parts has so many."""

Belief = Mapping[int | None, float]
"""Value -> probability; None = any value that is not listed."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sum:
    """``total`` is the sum of ``parts`` (one part: the two are equal)."""

    total: str
    parts: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.total, *self.parts)


@dataclass(frozen=True, slots=True)
class AtMost:
    """``number`` is no larger than ``bound``, another number or a constant."""

    number: str
    bound: str | int

    @property
    def names(self) -> tuple[str, ...]:
        return (self.number,) if isinstance(self.bound, int) else (self.number, self.bound)


@dataclass(frozen=True, slots=True)
class Reserve:
    """``number`` is as a rule ``base`` and ``share`` of it, rounded up: ballots sent to a station come with a reserve.

    A custom of those who pack them, no rule of the paper: it is never held against what is read.
    """

    number: str
    base: str
    share: float

    @property
    def names(self) -> tuple[str, ...]:
        return (self.number, self.base)

    def usual(self, base: int) -> int:
        """What ``number`` usually is."""
        return base + math.ceil(round(base * self.share, 6))


Constraint = Sum | AtMost
"""A rule of the paper."""
Tie = Constraint | Reserve
"""All that inference knows of how numbers hang together."""


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """A factor: one axis a name."""

    names: tuple[str, ...]
    values: Floats


def infer(beliefs: Mapping[str, Belief], constraints: Sequence[Tie], broken: float) -> dict[str, dict[int | None, float]]:
    """Posterior of every number.

    Args:
        beliefs: number -> what its readers believe; need not sum to 1, must not be empty or all zero.
        constraints: those that name a number without a belief are left out.
        broken: how much an assignment that breaks one rule is worth against one that keeps it, 0 < broken <= 1.

    Returns:
        number -> value -> probability, sum 1, likeliest first; always with an entry for None.

    Raises:
        ValueError: ``broken`` out of range, a belief without probability.
    """
    if not 0 < broken <= 1:
        raise ValueError(f"broken must be in (0, 1], not {broken}")
    usable = [c for c in constraints if all(n in beliefs for n in c.names)]
    floor = _LEAST
    while True:
        states = {name: _states(name, belief, floor) for name, belief in beliefs.items()}
        marginals = _marginals(states, usable, broken)
        if marginals is not None:
            break
        floor *= 4  # too many combinations: the least likely candidates join "something else"
    out = {}
    for name, (values, _) in states.items():
        pairs = sorted(zip(values, marginals[name].tolist(), strict=True), key=lambda vp: -vp[1])
        out[name] = dict(pairs)
    return out


def _states(name: str, belief: Belief, floor: float) -> tuple[list[int | None], Floats]:
    """The candidates worth telling apart, and their probabilities; the last one is None with all the rest."""
    total = sum(belief.values())
    if total <= 0:
        raise ValueError(f"{name} has no candidate")
    listed = sorted(((v, p / total) for v, p in belief.items() if v is not None and p / total >= floor), key=lambda vp: -vp[1])[
        :_MOST_STATES
    ]
    rest = max(1 - sum(p for _, p in listed), 1e-9)
    return [*(v for v, _ in listed), None], np.array([*(p for _, p in listed), rest])


def _factor(c: Tie, states: Mapping[str, tuple[list[int | None], Floats]], broken: float) -> _Table:
    names = tuple(dict.fromkeys(c.names))
    # NaN stands for "something else": every comparison with it is false, so it is told apart by what the sum becomes
    axes = {
        n: np.array([np.nan if v is None else v for v in states[n][0]], np.float64).reshape([-1 if m == n else 1 for m in names])
        for n in names
    }
    if isinstance(c, Sum):
        gap = axes[c.total] - sum((axes[p] for p in c.parts), np.zeros([1] * len(names)))
        return _Table(names, np.where(np.isnan(gap), max(CHANCE, broken), np.where(gap == 0, 1.0, broken)))
    if isinstance(c, Reserve):
        usual = np.array([np.nan if v is None else c.usual(v) for v in states[c.base][0]], np.float64)
        off = np.abs(axes[c.number] - usual.reshape(axes[c.base].shape))
        return _Table(names, np.where(np.isnan(off), CHANCE, np.select([off == 0, off == 1], [1.0, ONE_OFF], UNUSUAL)))
    bound = float(c.bound) if isinstance(c.bound, int) else axes[c.bound]
    return _Table(names, np.where(axes[c.number] > bound, broken, 1.0))


def _parted(
    constraints: Sequence[Tie], states: Mapping[str, tuple[list[int | None], Floats]]
) -> tuple[list[Tie], list[_Table], dict[str, tuple[list[int | None], Floats]]] | None:
    """Sums too long for one table as a chain of partial sums: the same constraint, told with hidden numbers.

    Returns:
        the constraints with every long sum's parts replaced by its last partial sum and last part; the tables that tie the partial sums;
        all states with theirs. None if a table would grow too large.
    """
    known = dict(states)
    short: list[Tie] = []
    ties: list[_Table] = []
    for k, c in enumerate(constraints):
        if not isinstance(c, Sum) or len(c.parts) < 3 or math.prod(len(states[n][0]) for n in c.names) <= _LONG:
            short.append(c)
            continue
        # those with the fewest candidates first: partial sums stay few
        first, *middle, last = sorted(c.parts, key=lambda n: (len(states[n][0]), n))
        for i, part in enumerate(middle):
            hidden = f"+{k}.{i}"  # no number's name has a plus
            a, b = ([v for v in known[n][0] if v is not None] for n in (first, part))
            values = sorted({x + y for x in a for y in b})
            if (len(a) + 1) * (len(b) + 1) * (len(values) + 1) > _LARGEST_TABLE:
                return None
            tie = np.zeros((len(a) + 1, len(b) + 1, len(values) + 1))
            tie[-1, :, -1] = tie[:, -1, -1] = 1.0  # "something else" in a part is something else in the sum
            for x, v in enumerate(a):
                for y, w in enumerate(b):
                    tie[x, y, bisect_left(values, v + w)] = 1.0
            ties.append(_Table((first, part, hidden), tie))
            known[hidden] = ([*values, None], np.ones(len(values) + 1))
            first = hidden
        short.append(Sum(c.total, (first, last)))
    return short, ties, known


def _product(tables: Sequence[_Table], names: tuple[str, ...]) -> Floats:
    """The tables' product over ``names`` (all their names among them)."""
    out: Floats = np.ones([1] * len(names))
    for t in tables:
        order = sorted(range(len(t.names)), key=lambda i: names.index(t.names[i]))
        shape = [1] * len(names)
        for i in order:
            shape[names.index(t.names[i])] = t.values.shape[i]
        out = out * t.values.transpose(order).reshape(shape)
    return out


def _order(sizes: Mapping[str, int], tied: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]] | None:
    """The numbers in the order in which they are eliminated, the smallest table first, each with the numbers left that it is then tied to;
    None if a table would grow too large. No table is made for it.
    """
    near: dict[str, set[str]] = {n: {n} for n in sizes}
    for names in tied:
        for n in names:
            near[n].update(names)
    size = {n: math.prod(sizes[m] for m in near[n]) for n in near}
    order: list[tuple[str, ...]] = []
    while near:
        least, name = min(zip(size.values(), size, strict=True))
        if least > _LARGEST_TABLE:
            return None
        del size[name]
        scope = near.pop(name) - {name}
        for n in scope:
            near[n] = (near[n] | scope) - {name}
            size[n] = math.prod(sizes[m] for m in near[n])
        order.append((name, *sorted(scope)))
    return order


def _marginals(
    states: Mapping[str, tuple[list[int | None], Floats]], constraints: Sequence[Tie], broken: float
) -> dict[str, Floats] | None:
    """Every number's posterior by elimination and a backward pass; None if a table would grow too large."""
    parted = _parted(constraints, states)
    if parted is None:
        return None
    short, ties, states = parted
    sizes = {n: len(v) for n, (v, _) in states.items()}
    order = _order(sizes, [t.names for t in ties] + [c.names for c in short])
    if order is None:
        return None
    factors = [_Table((n,), p) for n, (_, p) in states.items()] + ties
    factors += [_factor(c, states, broken) for c in short]
    buckets: list[tuple[str, tuple[str, ...], Floats, Floats]] = []
    for names in order:
        name = names[0]
        mine = [t for t in factors if name in t.names]
        joint = np.broadcast_to(_product(mine, names), [sizes[m] for m in names])
        message = joint.sum(axis=0)
        scale = float(message.max())
        buckets.append((name, names, joint / scale, message / scale))
        factors = [t for t in factors if name not in t.names] + [_Table(names[1:], message / scale)]
    # backwards: a bucket's belief is what it gathered times what its later neighbours came to know beyond it
    beliefs: dict[str, _Table] = {}
    for name, names, joint, message in reversed(buckets):
        if len(names) > 1:
            parent = next(beliefs[n] for n, *_ in buckets if n in names[1:])  # the first of the neighbours to be eliminated
            drop = tuple(i for i, n in enumerate(parent.names) if n not in names[1:])
            kept = tuple(n for n in parent.names if n in names[1:])
            told = _product([_Table(kept, parent.values.sum(axis=drop))], names[1:])
            # what the partial sums of a long sum rule out is 0 in both
            joint = joint * np.divide(told, message, out=np.zeros_like(joint[0]), where=message > 0)
        beliefs[name] = _Table(names, joint / joint.sum())
    return {n: t.values.reshape(t.values.shape[0], -1).sum(axis=1) for n, t in beliefs.items()}
