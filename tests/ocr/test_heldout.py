"""Held-out scores in place of the readers' own word: everything around them runs as shipped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import samples
from ocr.policy import default
from ocr.training import heldout, virtual
from ocr.types import Floats
from tally.glyphs import GLYPHS, JUNK
from tally.interpretation import Accepted, ReasonCode

FORM, PAGE = "c1-ppwp-2019", 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data as the trainings know it: one sheet that will be recognised and one photo that is no form at all."""
    root = tmp_path_factory.mktemp("data") / "made"
    root.mkdir()
    photo, truth = samples.make(FORM, PAGE, 3)
    (root / "sheet.jpg").write_bytes(photo)
    (root / "nothing.jpg").write_bytes((Path(__file__).parent.parent.parent / "README.md").read_bytes())
    entry = {"form": FORM, "page": PAGE, "numbers": truth["numbers"], "group": "station-1"}
    (root / "truth.json").write_text(json.dumps({"photos": {"sheet.jpg": entry, "nothing.jpg": entry}}))
    return root.parent


def said(numbers: dict[str, str], photo: str, p: float = 0.995, **wrong: str) -> heldout.Heldout:
    """A reader that reads every box right with probability ``p``; ``wrong`` gives other boxes for some numbers."""
    out: dict[heldout.Key, Floats] = {}
    for name, written in (numbers | wrong).items():
        for i, glyph in enumerate(written.replace(" ", "_")):
            scores = np.full(len(GLYPHS), (1 - p) / (len(GLYPHS) - 1))
            scores[GLYPHS.index(glyph)] = p
            scores[GLYPHS.index(JUNK)] = 1e-5
            out["made", photo, name, i] = scores / scores.sum()
    return out


def test_the_machine_on_readers_words_it_did_not_make(folder: Path) -> None:
    numbers = json.loads((folder / "made" / "truth.json").read_text())["photos"]["sheet.jpg"]["numbers"]
    words = {**said(numbers, "sheet.jpg"), **said(numbers, "nothing.jpg")}
    policy = replace(default(), confident_checked=0.9, confident_alone=0.9)
    found, missed = list(heldout.sheet_cases(folder, {"cnn": words, "tesseract": words}, jobs=1))
    assert (found.photo, found.group, found.form, found.page.number) == ("sheet.jpg", "station-1", FORM, PAGE)
    read = found.numbers(policy)
    assert found.wrong(read) == []
    assert isinstance(found.decision(read, policy), Accepted)
    assert missed.sheet is None
    with pytest.raises(ValueError, match="not recognised"):
        missed.decision(missed.numbers(policy), policy)


def test_a_wrong_word_is_a_wrong_number_and_a_broken_sum(folder: Path) -> None:
    numbers = json.loads((folder / "made" / "truth.json").read_text())["photos"]["sheet.jpg"]["numbers"]
    words = said(numbers, "sheet.jpg", suara_sah="999")
    (case,) = heldout.sheet_cases(folder, {"cnn": words, "tesseract": words}, jobs=1)
    read = case.numbers(default())
    assert case.wrong(read) == ["suara_sah"]
    assert ReasonCode.SUM_MISMATCH in {r.code for r in case.decision(read, default()).reasons}
    bank = virtual.bank_of([case])
    assert set(bank.clean) == {"station-1"}
    assert sum(len(w) for w in bank.clean["station-1"].values()) == sum(len(b) for b in numbers.values())


def test_sheets_the_network_said_nothing_of_are_left_out(folder: Path) -> None:
    assert list(heldout.sheet_cases(folder, {"cnn": {}, "tesseract": {}}, jobs=1)) == []
