"""Sainte-Laguë against published examples and against what defines it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.seats import above_threshold, sainte_lague

PUBLISHED = [
    # detikManado, "Metode Sainte Lague dan Cara Pembagian Kursi DPR dan DPRD di Pemilu 2024": six seats
    (
        {"Apel": 40_000, "Blimbing": 25_000, "Cempedak": 15_000, "Duku": 12_000, "Enau": 9_000, "Fantasi": 6_000},
        {"Apel": 2, "Blimbing": 1, "Cempedak": 1, "Duku": 1, "Enau": 1, "Fantasi": 0},
        ["Apel", "Blimbing", "Cempedak", "Apel", "Duku", "Enau"],
    ),
    # BolaSport, "Cara Hitung Suara Lolos ke DPR" (2024): A and B two each, C and D one, E none; the article's walk through the seats
    (
        {"A": 30_000, "B": 20_000, "C": 15_000, "D": 7_000, "E": 5_000},
        {"A": 2, "B": 2, "C": 1, "D": 1, "E": 0},
        ["A", "B", "C", "A", "D", "B"],
    ),
]


@pytest.mark.parametrize(("votes", "seats", "order"), PUBLISHED)
def test_published_examples(votes: dict[str, int], seats: dict[str, int], order: list[str]) -> None:
    result = sainte_lague(votes, len(order))
    assert result.seats == seats
    assert (result.undecided, result.tied, result.excluded) == (0, (), ())
    winners = {q.seat: q.party for row in result.table for q in row if q.seat is not None}
    assert [winners[i + 1] for i in range(len(order))] == order


def test_table_shows_one_quotient_past_the_last_seat() -> None:
    row = sainte_lague({"A": 40_000, "B": 25_000}, 3).table[0]
    assert [(q.divisor, q.value, q.seat) for q in row] == [(1, 40_000, 1), (3, Fraction(40_000, 3), 3), (5, 8_000, None)]


def test_equal_quotients_at_the_last_seat_are_left_to_a_person() -> None:
    result = sainte_lague({"A": 90, "B": 30, "C": 10}, 2)
    assert result.seats == {"A": 1, "B": 0, "C": 0}
    assert (result.undecided, result.tied) == (1, ("A", "B"))


def test_nobody_gets_a_seat_without_a_vote() -> None:
    result = sainte_lague({"A": 0, "B": 0}, 2)
    assert (result.seats, result.undecided, result.tied) == ({"A": 0, "B": 0}, 2, ())


def test_threshold_is_of_the_whole_and_keeps_a_party_out() -> None:
    country = {"A": 50_000, "B": 46_000, "C": 3_999, "D": 1}
    assert above_threshold(country) == {"A", "B"}
    assert above_threshold({"A": 96, "C": 4}) == {"A", "C"}
    assert above_threshold({}) == set()
    result = sainte_lague({"A": 10, "B": 20, "C": 900}, 2, eligible=above_threshold(country))
    assert (result.seats, result.excluded) == ({"A": 1, "B": 1, "C": 0}, ("C",))


@pytest.mark.parametrize(("votes", "seats"), [({"A": -1}, 1), ({"A": 1}, -1)])
def test_negative_figures_are_refused(votes: dict[str, int], seats: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        sainte_lague(votes, seats)


@given(st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(0, 100_000), min_size=1), st.integers(0, 20))
def test_no_party_without_a_seat_has_a_better_quotient_than_one_that_got_it(votes: dict[str, int], seats: int) -> None:
    result = sainte_lague(votes, seats)
    assert sum(result.seats.values()) + result.undecided == seats
    lowest_won = min((Fraction(votes[p], 2 * s - 1) for p, s in result.seats.items() if s), default=None)
    highest_lost = max(Fraction(votes[p], 2 * s + 1) for p, s in result.seats.items())
    if lowest_won is not None:
        assert lowest_won >= highest_lost
    if result.undecided:
        assert highest_lost == 0 or len(result.tied) > result.undecided
