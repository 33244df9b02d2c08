"""What a check found, in one sentence with its numbers, in Indonesian and in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tally.crosscheck.kinds import KINDS, Two
from tally.crosscheck.station import Facts
from tally.interpretation import RuleKind
from tally.votes import For, votes_of

MANY = 6
"""Parts of a sum from which on they are counted instead of listed."""

ELECTIONS: dict[str, Two] = {
    "ppwp": ("Presiden", "President"),
    "dpd": ("DPD", "DPD"),
    "dpr": ("DPR", "DPR"),
    "dprd_prov": ("DPRD provinsi", "Province council"),
    "dprd_kab": ("DPRD kabupaten", "Regency council"),
    "gubernur": ("Gubernur", "Governor"),
    "bupati": ("Bupati", "Regent"),
}
_WORDS: dict[str, Two] = {
    "pemilih_dpt": ("pemilih DPT", "registered voters (DPT)"),
    "pemilih_dptb": ("pemilih DPTb", "registered voters (DPTb)"),
    "pemilih_dpk": ("pemilih DPK", "registered voters (DPK)"),
    "pemilih_total": ("jumlah pemilih", "all registered voters"),
    "pengguna_dpt": ("pengguna DPT", "voted (DPT)"),
    "pengguna_dptb": ("pengguna DPTb", "voted (DPTb)"),
    "pengguna_dpk": ("pengguna DPK", "voted (DPK)"),
    "pengguna_total": ("jumlah pengguna hak pilih", "all who voted"),
    "disabilitas": ("pemilih disabilitas", "voters with disability"),
    "disabilitas_terdaftar": ("disabilitas terdaftar", "registered with disability"),
    "ss_diterima": ("surat suara diterima", "ballots received"),
    "ss_digunakan": ("surat suara digunakan", "ballots used"),
    "ss_dikembalikan": ("surat suara dikembalikan", "ballots returned"),
    "ss_tidak_digunakan": ("surat suara tidak digunakan", "ballots not used"),
    "suara_sah": ("suara sah", "valid votes"),
    "suara_tidak_sah": ("suara tidak sah", "invalid votes"),
    "suara_total": ("suara sah dan tidak sah", "valid and invalid votes"),
    "suara_calon_jumlah": ("suara seluruh calon", "votes of all candidates"),
}
_SEX: dict[str, Two] = {"l": (" (L)", " (men)"), "p": (" (P)", " (women)"), "jml": ("", "")}


def label(name: str) -> Two:
    """The words for a number of a form: "suara paslon 2". A name of nobody's form stays as it is, with blanks."""
    if (found := _WORDS.get(name)) is not None:
        return found
    stem, _, sex = name.rpartition("_")
    if sex in _SEX and stem in _WORDS:
        return _WORDS[stem][0] + _SEX[sex][0], _WORDS[stem][1] + _SEX[sex][1]
    if (whose := votes_of(name)) is not None:
        if whose.what is For.PARTY_SUM:
            return f"jumlah partai{_no(whose.party)} dan calon", f"party{_no(whose.party)} and candidates together"
        return who(whose.what.value, whose.party, whose.number, pair="paslon" in name)
    return (re.sub("_", " ", name),) * 2


def who(what: str, party: int, number: int, *, pair: bool = False) -> Two:
    """A contestant in words."""
    if what == For.PARTY.value:
        return f"suara partai{_no(party)}", f"votes for party{_no(party)}"
    if party:
        return f"calon {number} partai {party}", f"candidate {number} of party {party}"
    return (f"paslon {number}", f"pair {number}") if pair else (f"calon {number}", f"candidate {number}")


def _no(number: int) -> str:
    return f" {number}" if number else ""


def percent(tenthousandths: int) -> Two:
    text = f"{tenthousandths / 100:.1f}"
    return f"{text.replace('.', ',')} %", f"{text} %"


def said(kind: str, figures: Facts, context: Facts, election: str = "") -> Two:
    """The sentence of an anomaly. ``election``: the kind of election, for contestants who are pairs.

    Raises:
        KeyError: an unknown kind, or facts that are not its own.
    """
    return _SAID.get(kind, _rule)(figures, context, election) if kind in KINDS else _unknown(kind)


def _unknown(kind: str) -> Two:
    raise KeyError(kind)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rule(f: Facts, context: Facts, election: str) -> Two:
    names: Sequence[str] = f["numbers"]
    first = label(names[0])
    if f["rule"] == RuleKind.AT_MOST.value:
        bound = label(names[1]) if len(names) > 1 else ("batas", "limit")
        return (
            f"{_capital(first[0])} {f['actual']} melebihi {bound[0]} {f['expected']}.",
            f"{_capital(first[1])} {f['actual']} is above {bound[1]} {f['expected']}.",
        )
    parts, values = names[1:], f["values"][1:]
    off = f["actual"] - f["expected"]
    if len(parts) > MANY:
        made = (f"{len(parts)} angka berjumlah {f['expected']}", f"{len(parts)} numbers add up to {f['expected']}")
    else:
        listed = [" + ".join(f"{label(n)[k]} {v}" for n, v in zip(parts, values, strict=True)) for k in (0, 1)]
        total = f" = {f['expected']}" if len(parts) > 1 else ""
        made = (listed[0] + total, listed[1] + total)
    return (
        f"{_capital(first[0])} tertulis {f['actual']}, padahal {made[0]} (selisih {off:+d}).",
        f"{_capital(first[1])}: {f['actual']} is written, but {made[1]} (off by {off:+d}).",
    )


def _illegible(f: Facts, context: Facts, election: str) -> Two:
    names: Sequence[str] = f["numbers"]
    listed = [", ".join(label(n)[k] for n in names[:MANY]) + (f" +{len(names) - MANY}" if len(names) > MANY else "") for k in (0, 1)]
    return f"Halaman {f['page']}: tidak terbaca di kertas: {listed[0]}.", f"Page {f['page']}: not legible on paper: {listed[1]}."


def _received(f: Facts, context: Facts, election: str) -> Two:
    share = percent(context["permille"] * 10)
    span = str(f["expected"]) if f["most"] == f["expected"] else f"{f['expected']}–{f['most']}"
    return (
        f"Surat suara diterima {f['received']}, padahal DPT {f['registered']} + cadangan {share[0]} = {span}.",
        f"Ballots received {f['received']}, but DPT {f['registered']} + reserve {share[1]} = {span}.",
    )


def _cap(f: Facts, context: Facts, election: str) -> Two:
    name = label(f["number"])
    return (
        f"{_capital(name[0])} {f['value']}, paling banyak {f['limit']} di satu TPS.",
        f"{_capital(name[1])}: {f['value']}, at most {f['limit']} in one TPS.",
    )


def _day(f: Facts, context: Facts, election: str) -> Two:
    name = label(f["number"])
    listed = [", ".join(f"{ELECTIONS.get(kind, (kind, kind))[k]} {v}" for kind, v in f["elections"]) for k in (0, 1)]
    return (
        f"{_capital(name[0])} {f['value']} berbeda dari pemilihan lain di TPS ini ({f['middle']}): {listed[0]}.",
        f"{_capital(name[1])}: {f['value']} differs from this TPS's other elections ({f['middle']}): {listed[1]}.",
    )


def _area(context: Facts) -> Two:
    near = ("desa", "desa") if len(context["area"]) == 10 else ("kecamatan", "kecamatan")
    return f"{context['neighbours']} TPS lain di {near[0]} ini", f"{context['neighbours']} other TPS of this {near[1]}"


def _share(words: Two) -> Callable[[Facts, Facts, str], Two]:
    def text(f: Facts, context: Facts, election: str) -> Two:
        here, middle = percent(round(10_000 * f["part"] / f["of"])), percent(context["middle"])
        area = _area(context)
        return (
            f"{words[0]} {here[0]} ({f['part']} dari {f['of']}); median {area[0]} {middle[0]}.",
            f"{words[1]} {here[1]} ({f['part']} of {f['of']}); the median of {area[1]} is {middle[1]}.",
        )

    return text


def _pair(election: str) -> bool:
    return election in ("ppwp", "gubernur", "bupati")


def _all(f: Facts, context: Facts, election: str) -> Two:
    name = who(*f["whose"], pair=_pair(election))
    return f"Semua {f['valid']} suara sah untuk {name[0]}.", f"All {f['valid']} valid votes are for {name[1]}."


def _zero(f: Facts, context: Facts, election: str) -> Two:
    name, tenth, area = who(*f["whose"], pair=_pair(election)), percent(context["tenth"]), _area(context)
    return (
        f"{_capital(name[0])}: 0 dari {f['valid']} suara sah, padahal 90 % dari {area[0]} memberinya lebih dari {tenth[0]}.",
        f"{_capital(name[1])}: 0 of {f['valid']} valid votes, but 90 % of {area[1]} give more than {tenth[1]}.",
    )


def _swap(f: Facts, context: Facts, election: str) -> Two:
    a, b = (who(*w, pair=_pair(election)) for w in f["rows"])
    area = _area(context)
    one, two = f["votes"]
    return (
        f"{_capital(a[0])} {one} dan {b[0]} {two}: cocok dengan {area[0]} bila kedua angka ditukar.",
        f"{_capital(a[1])} {one} and {b[1]} {two}: this fits {area[1]} once the two are exchanged.",
    )


_SAID: dict[str, Callable[[Facts, Facts, str], Two]] = {
    "illegible": _illegible,
    "received_reserve": _received,
    "voters_cap": _cap,
    "registered_day": _day,
    "turnout_day": _day,
    "invalid_share": _share(("Suara tidak sah", "Invalid votes")),
    "turnout": _share(("Kehadiran pemilih DPT", "Turnout of the DPT")),
    "one_takes_all": _all,
    "zero_votes": _zero,
    "swapped_rows": _swap,
}
