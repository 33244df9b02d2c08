"""The names of a regency's villages and districts, and finding them in what people write: abbreviated, misspelt, with Roman or
Arabic numbers, in one word or two.

A name is found if the letters are the same, or one slip away (two in names of nine letters and more: insertion, deletion, substitution,
transposition). If several names are that near, all of them are said; nothing is chosen here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

SHORT = {
    "SEI": "SUNGAI", "SG": "SUNGAI", "S": "SUNGAI", "SUNGEI": "SUNGAI",
    "TJ": "TANJUNG", "TJG": "TANJUNG", "TG": "TANJUNG", "TNJ": "TANJUNG",
    "MA": "MUARA", "MR": "MUARA", "TLK": "TELUK", "TL": "TELUK", "PL": "PULAU", "P": "PULAU",
    "KR": "KARANG", "KRG": "KARANG", "SBR": "SUMBER", "SMB": "SUMBER", "SK": "SUKA", "TLG": "TALANG", "MKR": "MAKARTI",
    "I": "1", "II": "2", "III": "3", "IV": "4", "V": "5",
}  # fmt: skip
"""How words of place names are shortened, and Roman numbers."""
DESA_MARKS = {"DESA", "DS", "KEL", "KELURAHAN"}
KECAMATAN_MARKS = {"KEC", "KECAMATAN"}
LONGEST = 4
"""Words of the longest name."""


@dataclass(frozen=True, slots=True)
class Station:
    """One TPS. ``desa`` and ``kecamatan`` are names; the code tells which of two villages of one name it is."""

    code: str
    number: int
    desa: str
    kecamatan: str

    @property
    def label(self) -> str:
        return f"TPS {self.number:03}, {self.desa}, {self.kecamatan}"


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of words that is, or may be, the name of these places. ``exact``: letter by letter."""

    start: int
    end: int
    desa: frozenset[str]
    """Codes of villages (10 digits)."""
    kecamatan: frozenset[str]
    """Codes of districts (6 digits)."""
    exact: bool

    def covers(self, code: str) -> bool:
        """Does the TPS with this code lie in one of the places?"""
        return code[:10] in self.desa or code[:6] in self.kecamatan


def letters(words: Sequence[str]) -> str:
    """Words as one key: shortenings written out, Roman numbers as digits, no spaces."""
    return "".join(SHORT.get(w, w) for w in words)


class Gazetteer:
    """All stations of the installation, ready for looking up."""

    def __init__(self, stations: Iterable[Station]) -> None:
        self.stations = {s.code: s for s in stations}
        self._by_number: dict[int, list[Station]] = defaultdict(list)
        names: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
        for s in self.stations.values():
            self._by_number[s.number].append(s)
            names[letters(s.desa.upper().split())][0].add(s.code[:10])
            names[letters(s.kecamatan.upper().split())][1].add(s.code[:6])
        self._names = {k: (frozenset(d), frozenset(c)) for k, (d, c) in names.items()}
        self._near: dict[str, set[str]] = defaultdict(set)
        for name in self._names:
            for cut in _cuts(name, _slips(name)):
                self._near[cut].add(name)

    def numbered(self, number: int) -> list[Station]:
        """All stations with this TPS number."""
        return list(self._by_number.get(number, ()))

    def mentions(self, words: Sequence[str]) -> list[Mention]:
        """Every place that the words may name. What lies inside an exact name is no mention of its own."""
        found = [m for start in range(len(words)) for m in self._at(words, start)]
        exact = [m for m in found if m.exact]
        return [m for m in found if not any(e is not m and _swallows(e, m) for e in exact)]

    def _at(self, words: Sequence[str], start: int) -> Iterator[Mention]:
        before = words[start - 1] if start else ""
        for end in range(start + 1, min(start + LONGEST, len(words)) + 1):
            if words[end - 1] == ";":
                return
            part = words[start:end]
            marks = DESA_MARKS | KECAMATAN_MARKS
            key = letters(part)
            if (part[0] in marks or part[-1] in marks) and key not in self._names:  # one village is named PANCA DESA
                continue
            keys = {key} if key in self._names else self._nearest(key)
            desa = frozenset().union(*(self._names[k][0] for k in keys)) if before not in KECAMATAN_MARKS else frozenset()
            kecamatan = frozenset().union(*(self._names[k][1] for k in keys)) if before not in DESA_MARKS else frozenset()
            if desa or kecamatan:
                yield Mention(start, end, desa, kecamatan, key in self._names)

    def _nearest(self, key: str) -> set[str]:
        """Names as few slips away as any, within what their length allows."""
        if key.isdigit() or len(key) < 4:
            return set()
        near = {n for cut in _cuts(key, _slips(key)) for n in self._near.get(cut, ())}
        apart = {n: slips(key, n) for n in near if n[-1:].isdigit() == key[-1:].isdigit()}
        allowed = {n: d for n, d in apart.items() if d <= _slips(n)}
        least = min(allowed.values(), default=0)
        return {n for n, d in allowed.items() if d <= least + 1}


def _swallows(exact: Mention, other: Mention) -> bool:
    inside = exact.start <= other.start and other.end <= exact.end
    longer = exact.end - exact.start > other.end - other.start
    return inside and (longer or not other.exact)


def _slips(name: str) -> int:
    return 0 if len(name) < 5 else 1 if len(name) < 9 else 2


def _cuts(name: str, most: int) -> Iterator[str]:
    """The name without up to ``most`` of its letters: two words at most ``most`` slips apart share one (Garbe's SymSpell)."""
    for count in range(most + 1):
        for left_out in combinations(range(len(name)), count):
            yield "".join(c for i, c in enumerate(name) if i not in left_out)


def slips(a: str, b: str) -> int:
    """Optimal string alignment distance: insertions, deletions, substitutions, and transpositions of neighbours."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
