"""Generated samples: the same seed gives the same photo, the truth obeys the rules, and the picture shows what the truth says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import samples
from samples import boxes, values
from samples.__main__ import main
from samples.blank import draw as draw_blank
from samples.sheet import draw
from samples.words import spell
from tally.glyphs import GLYPHS, boxes_of, value_of
from templates_c1.registry import all_templates, template

PAGES = [(f, p.number) for f, t in all_templates().items() for p in t.pages]
PHOTOS = Path(samples.__file__).parent / "photos"


def _values(numbers: dict[str, str]) -> dict[str, int]:
    out = {}
    for name, b in numbers.items():
        value = value_of(b)
        assert value is not None, (name, b)
        out[name] = value
    return out


@pytest.mark.parametrize(("form", "page"), PAGES)
def test_rules_hold_and_one_can_be_broken(form: str, page: int) -> None:
    t = template(form)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        true = values.station(t, rng)
        for p in t.pages:
            assert values.broken(t, p.number, true) == []
        assert all(values.holds(r, true) for r in t.rules)
        wrong = values.with_broken_sum(t, page, true, rng)
        assert sum(true[n] != wrong[n] for n in true) == 1
        rules = t.page(page).rules if any(r.kind == "sum" for r in t.page(page).rules) else t.rules
        assert sum(not values.holds(r, wrong) for r in rules) == 1


@pytest.mark.parametrize(("form", "page"), PAGES)
def test_photo_decodes_and_is_the_same_for_the_same_seed(form: str, page: int) -> None:
    data, truth = samples.make(form, page, 4, difficulty=0.5)
    again, _ = samples.make(form, page, 4, difficulty=0.5)
    assert hashlib.sha256(data).digest() == hashlib.sha256(again).digest()
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and max(picture.shape) >= 1280 and picture.std() > 10
    assert set(truth["numbers"]) == {n.name for n in template(form).page(page).numbers}
    for n in template(form).page(page).numbers:
        b = truth["numbers"][n.name]
        assert len(b) == len(n.boxes) and set(b) <= set(GLYPHS)
    assert values.broken(template(form), page, _values(truth["numbers"])) == []


def test_another_seed_is_another_photo() -> None:
    assert samples.make("c-hasil-kwk-2020", 2, 5)[0] != samples.make("c-hasil-kwk-2020", 2, 6)[0]


def test_pages_of_one_seed_are_one_station() -> None:
    t = template("c-hasil-ppwp-2024")
    all_numbers: dict[str, str] = {}
    for p in t.pages:
        all_numbers |= draw(t.form, p.number, 21).numbers
    assert all(values.holds(r, _values(all_numbers)) for r in t.rules)


def test_broken_sum_reaches_the_picture() -> None:
    _, good = samples.make("c-hasil-kwk-2020", 2, 8)
    _, bad = samples.make("c-hasil-kwk-2020", 2, 8, break_sum=True)
    assert good["numbers"] != bad["numbers"]
    assert values.broken(template("c-hasil-kwk-2020"), 2, _values(bad["numbers"])) == ["sah_paslon"]


def test_given_values_are_written() -> None:
    s = draw("c-hasil-kwk-2020", 2, 3, values={"suara_paslon_1": 152, "suara_paslon_2": 0})
    assert value_of(s.numbers["suara_paslon_1"]) == 152
    assert value_of(s.numbers["suara_paslon_2"]) == 0
    with pytest.raises(KeyError):
        draw("c-hasil-kwk-2020", 2, 3, values={"suara_hantu": 1})
    with pytest.raises(ValueError, match="does not fit"):
        draw("c-hasil-kwk-2020", 2, 3, values={"suara_sah": 1000})


def test_ink_lies_in_the_boxes_that_hold_digits() -> None:
    """Against the blank: a box with a digit or a cross has new ink, a blank one has none."""
    form, number = "c-hasil-ppwp-2024", 1
    page = template(form).page(number)
    s = draw(form, number, 2, difficulty=0)
    gray = cv2.cvtColor(s.image, cv2.COLOR_BGR2GRAY).astype(float)
    k = gray.shape[0] / page.size.height
    blank = draw_blank(page, k)
    seen = 0
    for n in page.numbers:
        for c, b in zip(s.numbers[n.name], n.boxes, strict=True):
            area = np.s_[round((b.y + 2) * k) : round((b.y + b.h - 2) * k), round((b.x + 2) * k) : round((b.x + b.w - 2) * k)]
            assert blank[area].min() > 200  # the blank's box is empty
            dark = (gray[area] < 140).mean()
            if c in "0123456789X":
                seen += 1
                assert dark > 0.015, (n.name, c)
            elif c == "_":
                assert dark == 0
    assert seen >= 40


def test_marks_agree_with_the_boxes() -> None:
    page = template("c-hasil-ppwp-2024").page(2)
    s = draw("c-hasil-ppwp-2024", 2, 17)
    k = s.image.shape[0] / page.size.height
    gray = cv2.cvtColor(s.image, cv2.COLOR_BGR2GRAY)
    for n in page.numbers:
        for i, mark in enumerate(s.marks[n.name]):
            assert mark == s.numbers[n.name][i] or (s.numbers[n.name][i] in "X-_" and mark in "0_")
            for digit, (x, y) in enumerate(n.bubbles[i].centres):
                r = int(n.bubbles[i].radius * 0.5 * k)
                spot = gray[int(y * k) - r : int(y * k) + r, int(x * k) - r : int(x * k) + r].mean()
                assert (spot < 130) == (str(digit) == mark)


def test_april_tag_is_found_on_the_drawn_blank() -> None:
    """The tag of every 2024 page reads back with its own id, turned as the template says."""
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h10))
    for p in template("c-hasil-ppwp-2024").pages:
        tag = p.recognition.tag
        assert tag is not None
        corners, ids, _ = detector.detectMarkers(draw_blank(p, 2.0))
        assert ids is not None and ids.ravel().tolist() == [tag.id]
        # turned 180: OpenCV's first corner is the printed bottom right
        assert np.abs(corners[0][0][0] / 2.0 - np.array(tag.corners[2])).max() < 1.0


def test_crops(tmp_path: Path) -> None:
    assert main(["boxes", "--out", str(tmp_path), "--count", "60", "--seed", "9"]) == 0
    rows = (tmp_path / "labels.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "file,box" and len(rows) == 61
    assert len({r.split(",")[1] for r in rows[1:]}) >= 8
    for glyph in GLYPHS:
        image, label = boxes.crop(1, "2024-guide", glyph, 0.2)
        assert label == glyph and image.ndim == 3 and min(image.shape[:2]) >= 24
    a, _ = boxes.crop(77)
    b, _ = boxes.crop(77)
    assert np.array_equal(a, b)
    with pytest.raises(ValueError, match="no glyph"):
        boxes.crop(1, glyph="Q")


def test_command_line_writes_truth(tmp_path: Path) -> None:
    line = ["photos", "--form", "c-hasil-kwk-2020", "--page", "2", "--count", "2", "--seed", "30", "--out", str(tmp_path)]
    assert main(line) == 0
    assert main([*line, "--break-sum"]) == 0
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["photos"]
    assert len(truth) == 4 and all((tmp_path / name).is_file() for name in truth)


def test_committed_photos_match_their_truth() -> None:
    truth = json.loads((PHOTOS / "truth.json").read_text(encoding="utf-8"))["photos"]
    files = {f.name for f in PHOTOS.glob("*.jpg")}
    assert files == set(truth) and len(files) >= 6
    assert sum((PHOTOS / f).stat().st_size for f in files) < 2_500_000
    for name, facts in truth.items():
        t = template(facts["form"])
        assert cv2.imread(str(PHOTOS / name)) is not None
        broken = values.broken(t, facts["page"], _values(facts["numbers"]))
        assert len(broken) == (1 if "_broken" in name else 0), name


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (0, "NOL"),
        (11, "SEBELAS"),
        (17, "TUJUH BELAS"),
        (90, "SEMBILAN PULUH"),
        (100, "SERATUS"),
        (127, "SERATUS DUA PULUH TUJUH"),
        (1500, "SERIBU LIMA RATUS"),
    ],
)
def test_number_words(n: int, words: str) -> None:
    assert spell(n) == words


def test_boxes_of_is_what_a_tidy_writer_writes() -> None:
    assert boxes_of(27, 3) == "X27"
