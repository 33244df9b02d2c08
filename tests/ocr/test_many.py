"""Many files: each gets its answer, in order, by one process or by several."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocr import many
from tally.codec import to_json
from tally.interpretation import Interpretation, ReasonCode

SAMPLE = Path(__file__).parents[2] / "samples" / "photos" / "c-hasil-kwk-2020_303_p2.jpg"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Seven that are no photos, one that is, one that is not there."""
    texts = [tmp_path / f"{i}.jpg" for i in range(7)]
    for path in texts:
        path.write_text(f"no photo {path}")
    return [*texts[:3], SAMPLE, tmp_path / "gone.jpg", *texts[3:]]


def without_times(answers: list[Interpretation]) -> list[dict[str, object]]:
    return [{**to_json(a), "seconds": None} for a in answers]


def test_several_processes_answer_as_one_does_and_in_the_files_order(files: list[Path], tmp_path: Path) -> None:
    one = list(many.read_files(files, jobs=1))
    assert [a.photo for a in one] == [str(f) for f in files]
    codes = [a.outcome.reasons[0].code if a.outcome.reasons else None for a in one]
    no_image = ReasonCode.NOT_AN_IMAGE
    assert codes == [no_image] * 3 + [None, ReasonCode.FILE_NOT_OPENED] + [no_image] * 4
    pictures = tmp_path / "seen"
    two = list(many.read_files(files, jobs=2, debug=pictures))
    assert without_times(two) == without_times(one)
    assert sorted(p.name for p in pictures.iterdir()) == [f"{SAMPLE.stem}_boxes.jpg", f"{SAMPLE.stem}_crops.png"]


def test_few_files_start_no_process(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "ProcessPoolExecutor", None)
    assert len(list(many.read_files(files[:3], jobs=8))) == 3
    with pytest.raises(TypeError):
        list(many.read_files(files, jobs=2))


def test_another_form_than_asked_for(tmp_path: Path) -> None:
    (answer,) = many.read_files([SAMPLE], "c1-ppwp-2019")
    assert [r.code for r in answer.outcome.reasons] == [ReasonCode.WRONG_FORM]
