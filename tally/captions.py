"""What a sender wrote beside a photo: "TPS 5 Mariana hal 2", "tps 03 ds sungsang 2 dprd kab", or nothing that helps.

Only what is said is taken down; what it means is ``tally.attribution``'s business. Two numbers stay two numbers.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_LIST = r"(\d{1,3}(?!\d)(?:\s*(?:,|;|&|/|\+|-|DAN|AND|S/?D|SAMPAI)\s*(?:TPS\s*)?\d{1,3}(?!\d))*)"
_TPS = re.compile(r"\bTPS(?:\s*(?:NOMOR|NO|KHUSUS|LOKSUS))*[\s.:=#_-]*" + _LIST)
_BARE_TPS = re.compile(r"\bTPS\b")
_SPECIAL = re.compile(r"\b(?:KHUSUS|LOKSUS)\b")
_PAGE = re.compile(r"\b(?:HALAMAN|HALMN|HALM|HAL|HLMN|HLM|PAGE|PG)[\s.:=#_-]*" + _LIST.replace("{1,3}", "{1,2}"))
_CODE = re.compile(r"(?<!\d)\d{13}(?!\d)")
_NUMBER = re.compile(r"\d+")
_MARKS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

_KINDS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(rf"\b(?:{words})\b"), kinds)
    for words, kinds in (
        (r"DPRD[\s_-]*(?:PROVINSI|PROV|PROPINSI|PROP|TK\.?\s*(?:I|1)|I|1)", ("dprd_prov",)),
        (r"DPRD[\s_-]*(?:KABUPATEN|KAB|KOTA|TK\.?\s*(?:II|2)|II|2)", ("dprd_kab",)),
        (r"DPRD", ("dprd_kab", "dprd_prov")),
        (r"DPR(?:[\s_-]*RI)?", ("dpr",)),
        (r"DPD(?:[\s_-]*RI)?", ("dpd",)),
        (r"PPWP|PILPRES|CAPRES|PRESIDEN|PRES", ("ppwp",)),
        (r"PILGUB|CAGUB|GUBERNUR|GUB", ("gubernur",)),
        (r"PILBUP|CABUP|BUPATI|BUP", ("bupati",)),
        (r"PILKADA|PEMILUKADA", ("bupati", "gubernur")),
    )
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a text says.

    Attributes:
        tps: every TPS number, in order, each once.
        codes: 13-digit KPU codes.
        pages: every page number.
        kinds: elections named, as the election's ``kind``; more than one where the words fit several ("DPRD").
        words: the rest, upper case, without punctuation: place names are looked for here.
        special: "TPS khusus": numbers from 901.
    """

    tps: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    pages: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    special: bool = False

    @property
    def page(self) -> int | None:
        """The page, if exactly one is named."""
        return self.pages[0] if len(self.pages) == 1 else None

    @property
    def empty(self) -> bool:
        """Nothing about a station: no number, no code, no word."""
        return not (self.tps or self.codes or self.words or self.special)


def plain(text: str) -> str:
    """Upper case, compatibility forms folded, invisible direction marks away."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", text)).upper()


def read(text: str) -> Said:
    """Take down what ``text`` says. Never raises; rubbish says nothing."""
    rest = plain(text)
    codes, rest = _take(_CODE, rest)
    special = _SPECIAL.search(rest) is not None
    stations, rest = _take(_TPS, rest)
    pages, rest = _take(_PAGE, rest)
    kinds: list[str] = []
    for pattern, meant in _KINDS:
        if pattern.search(rest):
            kinds += meant
            rest = pattern.sub(" ; ", rest)
    rest = _SPECIAL.sub(" ", _BARE_TPS.sub(" ; ", rest))
    return Said(
        tps=_numbers(stations),
        codes=tuple(dict.fromkeys(codes)),
        pages=_numbers(pages),
        kinds=tuple(sorted(set(kinds))),
        words=tuple(re.findall(r"[^\W_]+|;", rest.replace("'", ""))),
        special=special,
    )


def _take(pattern: re.Pattern[str], text: str) -> tuple[list[str], str]:
    """What the pattern found, and the text without it; a break (";") is left there, so that no name is read across it."""
    return [m[0] if pattern.groups == 0 else m[1] for m in pattern.finditer(text)], pattern.sub(" ; ", text)


def _numbers(found: list[str]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(n) for part in found for n in _NUMBER.findall(part)))
