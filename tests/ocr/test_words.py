"""Number words: the likelihoods against brute force, strips cut from drawn sheets, and what the shipped reader says of them."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr.readers.word_strips import AREA, HEIGHT, LETTER, WIDEST, small_print, strip, strips
from ocr.readers.words import MODEL, Speller, WordsReader, default_reader, judged, read_words
from ocr.types import AlignedSheet, Floats, Gray, Photo
from samples.sheet import draw
from tally.glyphs import value_of
from tally.words import LETTERS, phrases
from templates_c1.registry import template

KWK, PPWP = ("c-hasil-kwk-2020", 2), ("c1-ppwp-2019", 2)
SPELL = Speller()


def flat(form: str, page: int, gray: Gray) -> AlignedSheet:
    """A picture that shows nothing but the page."""
    t = template(form)
    k = gray.shape[1] / t.page(page).size.width
    return AlignedSheet(Photo("", "", gray), t, t.page(page), np.diag([k, k, 1.0]), 1.0, "test")


@lru_cache(maxsize=8)
def drawn(form: str, page: int, seed: int) -> tuple[Gray, dict[str, int | None]]:
    s = draw(form, page, seed, difficulty=0.2)
    return np.asarray(cv2.cvtColor(s.image, cv2.COLOR_BGR2GRAY), np.uint8), {n: value_of(b) for n, b in s.numbers.items()}


def ctc(said: NDArray[np.float32], text: str) -> float:
    """Probability of one wording, all paths, the textbook way."""
    states = [0] + [s for c in text.replace(" ", "") for s in (1 + LETTERS.index(c), 0)]
    p = np.exp(said.astype(np.float64))
    at = np.zeros(len(states))
    at[0], at[1] = p[0, 0], p[0, states[1]]
    for frame in p[1:]:
        at = frame[states] * [
            at[i] + (at[i - 1] if i else 0) + (at[i - 2] if i > 1 and s and s != states[i - 2] else 0) for i, s in enumerate(states)
        ]
    return float(at[-1] + at[-2])


def said_of(text: str, seed: int, noise: float = 1.0) -> NDArray[np.float32]:
    """Frames that say ``text``, two for each letter and a blank between, not too surely."""
    rng = np.random.default_rng(seed)
    wanted = [s for c in text.replace(" ", "") for s in (1 + LETTERS.index(c),) * 2 + (0,)]
    logits = rng.normal(0, noise, (len(wanted), 1 + len(LETTERS)))
    logits[np.arange(len(wanted)), wanted] += 3
    return np.asarray(logits - np.log(np.exp(logits).sum(1, keepdims=True)), np.float32)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999), st.integers(0, 10**6), st.data())
def test_likelihoods_agree_with_brute_force(value: int, seed: int, data: st.DataObject) -> None:
    said = said_of(data.draw(st.sampled_from(phrases(value))), seed)
    got = SPELL(said)
    for v in (value, *data.draw(st.lists(st.integers(0, 999), min_size=2, max_size=2))):
        usual = [1.0 if k == 0 or v == 0 else math.exp(-4) for k in range(len(phrases(v)))]
        brute = sum(w * ctc(said, p) for w, p in zip(usual, phrases(v), strict=True))
        if brute > math.exp(got.max() - 60):
            assert got[v] == pytest.approx(math.log(brute), abs=0.02)
    assert np.exp(got).sum() <= 1.0001


def test_a_letter_twice_needs_a_blank_between() -> None:
    text = "SERATUS SATU"
    said = said_of(text, 1, 0.1)
    assert SPELL(said).argmax() == 101
    s = 1 + LETTERS.index("S")
    k = 3 * len("SERATUS") - 1
    stuck = said.copy()
    stuck[k] = said[k - 1]  # no blank between the two S: they are one
    assert stuck[k].argmax() == s
    assert SPELL(stuck)[101] < SPELL(said)[101] - 1.5


def test_too_short_a_strip_says_nothing() -> None:
    said = np.log(np.full((2, 1 + len(LETTERS)), 1 / (1 + len(LETTERS)), np.float32))
    assert judged(SPELL(said), 0.5, (3.0, 2.0)) == {}


@given(st.integers(0, 10**6), st.sampled_from([0.3, 0.6, 1.0]), st.sampled_from([1.0, 4.0]))
def test_judged_is_ordered_and_keeps_its_doubt(seed: int, temperature: float, slope: float) -> None:
    rng = np.random.default_rng(seed)
    log: Floats = -np.abs(rng.normal(0, 20, 1000)) - 1
    p = judged(log - 12 * rng.random(), temperature, (3.0, slope))
    fainter = judged(log - 60, temperature, (3.0, slope))
    assert list(p.values()) == sorted(p.values(), reverse=True)
    assert sum(p.values()) < 1
    if p:  # else all are less likely than LEAST
        assert next(iter(p)) == int(log.argmax())
        assert sum(fainter.values()) < sum(p.values())
    else:
        assert fainter == {}


@pytest.mark.parametrize("form", [KWK, PPWP])
def test_an_empty_page_has_no_strips(form: tuple[str, int]) -> None:
    from samples.blank import draw as blank

    page = template(form[0]).page(form[1])
    sheet = flat(*form, blank(page, 1800 / page.size.height))
    assert strips(sheet) == {}
    assert read_words(sheet) == {}


@pytest.mark.parametrize(("form", "seed"), [(KWK, 900), (PPWP, 900)])
def test_words_are_cut_to_one_level_line(form: tuple[str, int], seed: int) -> None:
    gray, values = drawn(*form, seed)
    found = strips(flat(*form, gray))
    assert set(found) == set(values)
    for s in found.values():
        assert s.shape[0] == HEIGHT
        assert s.shape[1] <= WIDEST
        rows = np.flatnonzero((s > 100).sum(1) > 0)
        assert LETTER - 4 <= rows[-1] - rows[0] + 1 <= HEIGHT


def test_lines_of_a_narrow_cell_follow_each_other_top_to_bottom() -> None:
    cell = np.full((5 * AREA, 2 * AREA + 30), 200, np.uint8)
    for k, width in enumerate((60, 30, 90)):  # three bars of letters, slightly rising
        for x in range(10, 10 + width, 10):
            cv2.line(cell, (x, 50 + 40 * k - x // 20), (x, 72 + 40 * k - x // 20), 40, 3)
    s = strip(cell, [], one_line=False)
    assert s is not None
    columns = (s > 128).any(0)
    strokes = np.flatnonzero(np.diff(np.r_[0, columns.astype(int), 0]) == 1)
    gaps = np.diff(strokes)
    assert len(strokes) == 6 + 3 + 9
    assert sorted(np.argsort(gaps)[-2:]) == [5, 8]


def test_lines_and_small_print_are_no_writing() -> None:
    page = template(KWK[0]).page(KWK[1])
    rect = page.words["suara_paslon_1"]
    scale = AREA / min(r.h for r in page.words.values())
    (hint,) = [b for b in small_print(page, rect, scale) if b[3] > rect.h * scale * 0.9]
    cell = np.full((round(rect.h * scale) + 8, round(rect.w * scale) + 4), 200, np.uint8)
    cv2.rectangle(cell, (1, 2), (cell.shape[1] - 2, cell.shape[0] - 5), 60, 2)
    for x in range(math.ceil(hint[0]) + 1, math.floor(hint[2]) - 3, 6):
        cv2.line(cell, (x, math.ceil(hint[1]) + 1), (x, math.floor(hint[3]) - 2), 60, 2)
    assert strip(cell, small_print(page, rect, scale), one_line=False) is None


def test_a_sheet_whose_writer_left_the_words_out_says_nothing() -> None:
    gray, _ = drawn(*KWK, 905)
    assert read_words(flat(*KWK, gray)) == {}


@pytest.mark.parametrize(("form", "seed"), [(KWK, 900), (KWK, 903), (PPWP, 900), (PPWP, 902)])
def test_a_drawn_sheet_is_read(form: tuple[str, int], seed: int) -> None:
    gray, values = drawn(*form, seed)
    said = read_words(flat(*form, gray))
    assert {n: next(iter(p)) for n, p in said.items()} == values
    assert min(next(iter(p.values())) for p in said.values()) > 0.5


@pytest.mark.parametrize("damage", ["blur", "shadow", "noise", "small"])
def test_a_damaged_sheet_is_read(damage: str) -> None:
    gray, values = drawn(*KWK, 900)
    if damage == "blur":
        gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.2), np.uint8)
    elif damage == "shadow":
        gray = np.asarray(gray * np.linspace(0.35, 1.0, gray.shape[1])[None], np.uint8)
    elif damage == "noise":
        gray = np.asarray(np.clip(gray + np.random.default_rng(1).normal(0, 8, gray.shape), 0, 255), np.uint8)
    else:
        gray = np.asarray(cv2.resize(gray, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA), np.uint8)
    said = read_words(flat(*KWK, gray))
    assert {n: next(iter(p)) for n, p in said.items()} == values


def test_scribble_is_doubted() -> None:
    rng = np.random.default_rng(3)
    sure = []
    for _ in range(8):
        scribble = np.zeros((HEIGHT, 160), np.uint8)
        points = np.c_[np.linspace(4, 156, 40), rng.uniform(4, 28, 40)].round().astype(np.int32)
        cv2.polylines(scribble, [points], False, 255, 2)
        sure.append(max(default_reader().values(scribble)[0].values(), default=0.0))
    assert max(sure) < 0.9
    assert float(np.median(sure)) < 0.6


def test_forms_it_was_not_measured_on_are_not_read() -> None:
    gray, _ = drawn("c-hasil-ppwp-2024", 2, 900)
    assert read_words(flat("c-hasil-ppwp-2024", 2, gray)) == {}


def test_model_is_small_and_its_side_car_fits(tmp_path: Path) -> None:
    assert MODEL.stat().st_size < 1_000_000
    told = json.loads(MODEL.with_suffix(".json").read_text(encoding="utf-8"))
    assert told["letters"] == LETTERS
    (tmp_path / "words.json").write_text(json.dumps(told | {"letters": "ABC"}), encoding="utf-8")
    with pytest.raises(ValueError, match="trained for the letters"):
        WordsReader(tmp_path / "words.onnx")
    (tmp_path / "words.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(FileNotFoundError):
        WordsReader(tmp_path / "words.onnx")
