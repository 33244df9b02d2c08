"""Which TPS a caption means: the right one, or a question; never another one."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tally import captions
from tally.attribution import Found, Ground, Question, Unclear, attribute
from tally.gazetteer import Gazetteer, Station, letters, slips


def _stations() -> list[Station]:
    found, kecamatan = [], ""
    with (files("db.regions") / "banyuasin.csv").open(encoding="utf-8") as f:
        for row in csv.DictReader(f):
            if len(row["code"]) == 6:
                kecamatan = row["name"]
            if len(row["code"]) == 10:
                for n in [*range(1, int(row["tps"]) + 1), *range(901, 901 + int(row["special"] or 0))]:
                    found.append(Station(f"{row['code']}{n:03}", n, row["name"], kecamatan))
    return found


STATIONS = _stations()
PLACES = Gazetteer(STATIONS)
TWICE = {s.desa for s in STATIONS if len({t.code[:10] for t in STATIONS if t.desa == s.desa}) > 1}
ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5"}
NAMES = {letters(n.split()) for s in STATIONS for n in (s.desa, s.kecamatan)}


def told(text: str, *areas: str, forwarded: bool = False, answering: bool = False) -> str:
    """The code, or the question."""
    said = attribute(captions.read(text), PLACES, areas, forwarded=forwarded, answering=answering)
    return said.code if isinstance(said, Found) else said.question.value


MARIANA = "1607011016"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("TPS 5 Mariana hal 2", MARIANA + "005"),
        ("tps05 mariana", MARIANA + "005"),
        ("\u200eTPS: 005 – Ds. MARIANA, Kec. Banyuasin I", MARIANA + "005"),
        ("Hal. 2 dari Mariana TPS no. 5 dprd kab", MARIANA + "005"),
        ("Mohon izin pak, TPS 5 desa mariana hal 2 presiden", MARIANA + "005"),
        ("TPS 5 mariyana", MARIANA + "005"),
        ("TPS 5 mariana ilir", "1607011021005"),
        ("tps 3 sungsang 2", "1607022002003"),
        ("tps 3 Sungsang II hal 1", "1607022002003"),
        ("TPS 3 sei rebo", "1607012001003"),
        ("TPS 5 pulau borang", "1607012014005"),
        ("TPS 1 Karang Anyar kec Muara Padang", "1607072003001"),
        ("TPS 4 desa betung kec betung", "1607051017004"),
        ("TPS 901 Sukomoro", "1607101003901"),
        ("1607011016005 hal 3", MARIANA + "005"),
        ("foto MARIANA ; TPS 5 ; hal2.jpg", MARIANA + "005"),
        ("TPS 1 PANCA DESA", "1607192014001"),
        ("TPS 1 ds panca desa kec air kumbang", "1607192014001"),
    ],
)
def test_a_clear_caption_is_understood(text: str, code: str) -> None:
    assert told(text) == code


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("", Question.WHICH_TPS),
        ("selesai pak", Question.WHICH_TPS),
        ("Mariana hal 2", Question.WHICH_TPS),
        ("Mariana 5 hal 2", Question.WHICH_TPS),
        ("TPS 5", Question.WHICH_DESA),
        ("TPS 5 dan 6 Mariana", Question.SEVERAL_TPS),
        ("TPS 5 Mariana, TPS 7 Mariana", Question.SEVERAL_TPS),
        ("TPS 5/6 Mariana", Question.SEVERAL_TPS),
        ("1607011016005 1607011016006", Question.SEVERAL_TPS),
        ("1607011016005 TPS 6", Question.SEVERAL_TPS),
        ("1607011016005 Perajen", Question.WHICH_DESA),
        ("TPS 1 Karang Anyar", Question.WHICH_DESA),
        ("TPS 4 Betung", Question.WHICH_DESA),
        ("TPS 901", Question.WHICH_DESA),
        ("TPS khusus 1 sukomoro", Question.WHICH_TPS),
        ("TPS 99 Mariana", Question.NO_SUCH_TPS),
        ("TPS 5 Mariana kec Betung", Question.NO_SUCH_TPS),
        ("TPS 2 mariana iler", Question.WHICH_DESA),
    ],
)
def test_what_is_not_told_is_asked(text: str, question: Question) -> None:
    assert told(text) == question


def test_candidates_are_named_when_they_are_few() -> None:
    asked = attribute(captions.read("TPS 1 Karang Anyar"), PLACES)
    assert isinstance(asked, Unclear)
    assert [PLACES.stations[c].kecamatan for c in asked.candidates] == ["MUARA PADANG", "TUNGKAL ILIR", "SUMBER MARGA TELANG"]
    asked = attribute(captions.read("TPS 5 dan 6 Mariana"), PLACES)
    assert isinstance(asked, Unclear) and asked.candidates == (MARIANA + "005", MARIANA + "006")
    asked = attribute(captions.read("TPS 5"), PLACES)
    assert isinstance(asked, Unclear) and asked.candidates == ()


def test_the_assignment_speaks_where_the_caption_is_silent() -> None:
    one = MARIANA + "005"
    assert told("", one) == one
    assert attribute(captions.read(""), PLACES, [one]) == Found(one, Ground.ASSIGNMENT)
    assert told("hal 2", one) == one
    assert told("TPS 5", MARIANA) == one
    assert told("TPS 1 Karang Anyar", "160707") == "1607072003001"
    assert told("", MARIANA) == Question.WHICH_TPS
    assert told("", one, MARIANA + "006") == Question.WHICH_TPS


def test_the_assignment_never_overrules_the_caption() -> None:
    one = MARIANA + "005"
    assert told("TPS 6", one) == Question.NO_SUCH_TPS
    assert told("TPS 6 Mariana", one) == MARIANA + "006"  # outside his area: intake refuses it, nobody puts it elsewhere
    assert told("Perajen", one) == Question.WHICH_TPS


def test_a_forwarded_photo_must_state_its_tps() -> None:
    one = MARIANA + "005"
    assert told("", one, forwarded=True) == Question.WHICH_TPS
    assert told("Mariana", one, forwarded=True) == Question.WHICH_TPS
    assert told("TPS 5", one, forwarded=True) == one
    assert told("TPS 5 mariana", one, forwarded=True) == one


def test_a_bare_number_is_an_answer_only_when_asked() -> None:
    assert told("5", MARIANA) == Question.WHICH_TPS
    assert told("5", MARIANA, answering=True) == MARIANA + "005"
    assert told("sungsang 2", answering=True) == Question.WHICH_TPS


@pytest.mark.parametrize(
    ("text", "pages", "kinds"),
    [
        ("hal 2", (2,), ()),
        ("Halaman: 3 DPRD Provinsi", (3,), ("dprd_prov",)),
        ("hlm.1-3", (1, 3), ()),
        ("dprd kabupaten", (), ("dprd_kab",)),
        ("DPRD", (), ("dprd_kab", "dprd_prov")),
        ("C1 DPR RI hal 12", (12,), ("dpr",)),
        ("dpd-ri", (), ("dpd",)),
        ("PPWP / capres", (), ("ppwp",)),
        ("pilgub dan pilbup", (), ("bupati", "gubernur")),
        ("gubernur hal 2 bupati", (2,), ("bupati", "gubernur")),
    ],
)
def test_pages_and_elections(text: str, pages: tuple[int, ...], kinds: tuple[str, ...]) -> None:
    said = captions.read(text)
    assert (said.pages, said.kinds) == (pages, kinds)
    assert said.page == (pages[0] if len(pages) == 1 else None)


def spelled(s: Station) -> tuple[str, ...]:
    return s.desa.replace(" ", ""), s.kecamatan.replace(" ", "")


station = st.sampled_from(STATIONS)
case = st.sampled_from([str.upper, str.lower, str.title])


@given(
    station, case, st.sampled_from(["TPS {n} {d}", "{d} TPS{n:02}", "tps no. {n:03}, Ds. {d} hal 2", "hal 3 {d} tps: {n}"]), st.booleans()
)
def test_number_and_village_name_the_station(s: Station, write: object, pattern: str, arabic: bool) -> None:
    desa = " ".join(ROMAN.get(w, w) for w in s.desa.split()) if arabic else s.desa
    got = told(write(pattern.format(n=s.number, d=desa)))  # type: ignore[operator]
    assert got in (s.code, Question.WHICH_DESA)
    if got != s.code:
        name = s.desa.replace(" ", "")  # SIDOMULYO and SIDO MULYO are one name to whoever types them
        others = [o for o in STATIONS if o.number == s.number and o.code != s.code and name in spelled(o)]
        assert others, "asked although only one village has that name"
    got = told(write(pattern.format(n=s.number, d=f"{desa} Kec. {s.kecamatan}")))  # type: ignore[operator]
    assert got == s.code or [o for o in STATIONS if o.number == s.number and o.kecamatan == s.kecamatan and o.desa != s.desa]
    assert not got.isdigit() or got == s.code


@st.composite
def slipped(draw: st.DrawFn) -> tuple[Station, str]:
    """A station and its village's name with one letter wrong."""
    s = draw(station)
    at = draw(st.integers(0, len(s.desa) - 1))
    letter = draw(st.sampled_from("ABEHIKLMNORSTUY"))
    how = draw(st.integers(0, 2))
    name = s.desa[:at] + (letter if how else "") + s.desa[at + (how != 1) :]
    return s, name


@given(slipped(), st.booleans())
@settings(max_examples=300)
def test_a_slip_of_the_pen_never_names_another_village(case_: tuple[Station, str], full: bool) -> None:
    s, name = case_
    text = f"TPS {s.number} {name}" + (f" kec {s.kecamatan}" if full else "")
    got = told(text)
    if got.isdigit() and got != s.code:
        written = letters(PLACES.stations[got].desa.split())
        assert written in letters(name.upper().split()) or PLACES.stations[got].desa in name, f"{text!r} was taken for {got}"


@given(st.text(max_size=80))
def test_any_text_is_borne(text: str) -> None:
    told(text)
    told(text, MARIANA, answering=True)


@given(st.text("ABC", max_size=6), st.text("ABC", max_size=6))
def test_slips_is_a_distance(a: str, b: str) -> None:
    assert slips(a, b) == slips(b, a)
    assert (slips(a, b) == 0) == (a == b)
    assert abs(len(a) - len(b)) <= slips(a, b) <= max(len(a), len(b))


def test_the_regency_is_as_awkward_as_expected() -> None:
    assert len(STATIONS) == 2564 and len(TWICE) == 14
    assert {s.desa for s in STATIONS if s.number >= 901} == {"KEDONDONG RAYE", "SUKOMORO"}
