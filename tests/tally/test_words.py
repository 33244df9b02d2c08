"""Numbers in words: said and read back, every wording of one number only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.words import LARGEST, LETTERS, phrase, phrases, value_of_words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "NOL"),
        (7, "TUJUH"),
        (10, "SEPULUH"),
        (11, "SEBELAS"),
        (18, "DELAPAN BELAS"),
        (20, "DUA PULUH"),
        (100, "SERATUS"),
        (101, "SERATUS SATU"),
        (110, "SERATUS SEPULUH"),
        (251, "DUA RATUS LIMA PULUH SATU"),
        (999, "SEMBILAN RATUS SEMBILAN PULUH SEMBILAN"),
    ],
)
def test_standard_wording(value: int, words: str) -> None:
    assert phrase(value) == words
    assert phrases(value)[0] == words


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("Tigapuluh dua", 32),
        ("SE RATUS LIMA", 105),
        ("( Satu ratus dua belas )", 112),
        ("NIHIL", 0),
        ("kosong kosong kosong", 0),
        ("DUA SATU SEMBILAN", 219),
        ("SATU NOL DUA", 102),
        ("NOL ENAM DUA", 62),
        ("KOSONG DUA PULUH SEMBILAN", 29),
        ("SATU PULUH", 10),
        ("RATUS", None),
        ("PULUH DUA", None),
        ("DUA BELAS RATUS", None),
        ("SERATUS SERATUS", None),
        ("", None),
    ],
)
def test_slips(words: str, value: int | None) -> None:
    assert value_of_words(words) == value


def test_no_two_numbers_share_a_wording() -> None:
    said = [p.replace(" ", "") for v in range(LARGEST + 1) for p in phrases(v)]
    assert len(said) == len(set(said)) == 2910
    assert "".join(sorted(set("".join(said)))) == LETTERS


@given(st.integers(0, LARGEST), st.data())
def test_every_wording_is_read_back(value: int, data: st.DataObject) -> None:
    words = data.draw(st.sampled_from(phrases(value)))
    spaced = data.draw(st.booleans())
    assert value_of_words(words.lower() if spaced else words.replace(" ", "")) == value


@given(st.text(alphabet=LETTERS + " ", max_size=30))
def test_what_has_a_value_is_one_of_its_wordings(text: str) -> None:
    value = value_of_words(text)
    assert value is None or text.replace(" ", "") in {p.replace(" ", "") for p in phrases(value)}


@pytest.mark.parametrize("value", [-1, LARGEST + 1])
def test_out_of_range(value: int) -> None:
    with pytest.raises(ValueError, match=r"not in 0\.\.999"):
        phrase(value)
    with pytest.raises(ValueError, match=r"not in 0\.\.999"):
        phrases(value)
