"""Names and sums proposed from printed labels."""

from __future__ import annotations

import pytest

from ocr.draft.naming import Labelled, named, ordinal_of, rules, snake, terms


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Jumlah Pengguna Hak Pilih (B.1 + B.2 + B.3)", ["1", "2", "3"]),
        ("JUMLAH SELURUH SUARA SAH ( IV.1 + IV.2 + IV.10 )", ["1", "2", "10"]),
        ("JUMLAH SUARA SAH (1IV.1 +1V.2 + M3)", ["1", "2", "3"]),  # as Tesseract misreads it
        ("SUARA SAH DAN SUARA TIDAK SAH (A + B)", ["A", "B"]),
        ("SUARA SAH DAN SUARA TIDAK SAH ( V.A + V.B )", ["A", "B"]),
        ("Total 1+2+3", ["1", "2", "3"]),
        ("JUMLAH (L+P)", []),  # of the columns, not of rows
        ("Jumlah surat suara yang diterima (cadangan 2%)", []),
        ("", []),
    ],
)
def test_what_a_label_adds_up(label: str, expected: list[str]) -> None:
    assert terms(label) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4. Jumlah surat suara", ("4", "Jumlah surat suara")),
        ("a. Laki-laki", ("A", "Laki-laki")),
        ("12", ("12", "")),
        ("B", ("B", "")),
        ("Jumlah", ("", "Jumlah")),
        ("2024 adalah", ("", "2024 adalah")),
    ],
)
def test_what_counts_a_row(text: str, expected: tuple[str, str]) -> None:
    assert ordinal_of(text) == expected


def test_snake_begins_with_a_letter_and_ends_with_a_word() -> None:
    assert snake("2. Jumlah Suara-Sah (A)") == "jumlah_suara_sah_a"
    assert snake("--- 12 ---") == ""
    assert len(snake("kata " * 40)) <= 40


def _column(page: int, rows: list[tuple[str, str]], head: str = "", column: int = 0) -> list[Labelled]:
    return [Labelled(page, row, ordinal, head, i, column) for i, (ordinal, row) in enumerate(rows)]


def test_known_labels_get_the_elections_names_and_the_columns_their_endings() -> None:
    heads = ("LAKI-LAKI (L)", "PEREMPUAN (P)", "JUMLAH (L+P)")
    line = [Labelled(1, "Jumlah pengguna hak pilih dalam DPTb", "2", h, 0, c) for c, h in enumerate(heads)]
    done = named([*line, Labelled(1, "Jumlah surat suara yang digunakan", "2", "JUMLAH", 1, 2)])
    assert [n.name for n in done] == ["pengguna_dptb_l", "pengguna_dptb_p", "pengguna_dptb_jml", "ss_digunakan"]
    assert done[0].label == "Jumlah pengguna hak pilih dalam DPTb - LAKI-LAKI (L)"
    assert done[2].label_en == "Voted, additional list (DPTb), all"
    assert rules(done)[0] == {
        1: [
            {
                "kind": "sum",
                "id": "pengguna_dptb_jml_lp",
                "total": "pengguna_dptb_jml",
                "parts": ["pengguna_dptb_l", "pengguna_dptb_p"],
                "severity": "error",
            }
        ]
    }


def test_names_are_unique_also_without_labels() -> None:
    done = named(_column(1, [("", "Catatan"), ("", "Catatan"), ("", ""), ("", "")]))
    assert [n.name for n in done] == ["catatan", "catatan_2", "angka_h1_1", "angka_h1_2"]
    assert [n.label for n in done] == ["Catatan", "Catatan", "", ""]


def test_candidates_are_counted_and_added_up_on_the_next_page() -> None:
    votes = _column(2, [("", "NAMA CALON"), ("", "NAMA CALON")], "SUARA SAH")
    after = _column(3, [("A", "JUMLAH SUARA SAH (IV.1 + IV.2)"), ("B", "JUMLAH SUARA TIDAK SAH"), ("", "SUARA SAH DAN TIDAK SAH (A + B)")])
    done = named([*votes, *after])
    assert [n.name for n in done] == ["suara_paslon_1", "suara_paslon_2", "suara_sah", "suara_tidak_sah", "suara_total"]
    by_page, across = rules(done)
    assert [(r["total"], r["parts"]) for r in by_page[3]] == [("suara_total", ["suara_sah", "suara_tidak_sah"])]
    assert [(r["total"], r["parts"]) for r in across] == [("suara_sah", ["suara_paslon_1", "suara_paslon_2"])]


def test_a_plain_total_adds_up_the_rows_above_it() -> None:
    done = named(_column(1, [("1", "Partai"), ("2", "Calon Satu"), ("", "JUMLAH")]))
    by_page, _ = rules(done)
    assert [(r["total"], r["parts"]) for r in by_page[1]] == [("jumlah", ["partai", "calon_satu"])]


def test_a_sum_whose_parts_are_not_there_is_not_proposed() -> None:
    done = named(_column(1, [("A", "Suara masuk"), ("", "JUMLAH (A + B)")]))
    assert rules(done) == ({}, [])
