"""Photos of filled pages: the truth is what the picture shows, the dial turns, effects do what they say."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import samples
from ocr.pipeline import interpret
from samples import contact, effects, tps
from samples.blank import draw as draw_blank
from samples.desk import printed
from samples.dial import NAMED, Dial, difficulty
from samples.effects import befall
from samples.fill import LONG_SIDE, fill
from samples.hands import Hand
from samples.measure import Picture, jpeg_quality, measure
from samples.pens import Layers, Pen
from samples.places import place
from samples.shoot import lens, output, pose, shoot
from samples.slips import strike_out, whiten, write_over
from scripts import markers
from tally.glyphs import GLYPHS, value_of
from templates_c1.desk_form import qr_text
from templates_c1.registry import template
from templates_c1.schema import Number, Rect

Gray = NDArray[np.uint8]
PRESIDENT = "c-hasil-ppwp-2024"


def _sheet(kind: str, page: int, seed: int = 1, form: str | None = None) -> tps.Sheet:
    return tps.whole_tps(kind, tps.stations(kind, 1, seed)[0], seed, form=form, pages=[page])[0]


def _decoded(data: bytes) -> Gray:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)


@pytest.mark.parametrize(
    ("kind", "form", "page"),
    [("dprd_kab", None, 3), ("ppwp", PRESIDENT, 2), ("bupati", "c-hasil-kwk-2020", 2), ("ppwp", "c1-ppwp-2019", 1)],
)
def test_truth_holds_what_was_to_be_written(kind: str, form: str | None, page: int) -> None:
    sheet = _sheet(kind, page, form=form)
    data, truth = samples.photograph(sheet, "moderate", 2)
    again, _ = samples.photograph(sheet, "moderate", 2)
    assert hashlib.sha256(data).digest() == hashlib.sha256(again).digest()
    assert data != samples.photograph(sheet, "moderate", 3)[0]
    assert (truth["form"], truth["page"], truth["tps"], truth["generated"]) == (sheet.form, page, sheet.tps, True)
    assert {name: value_of(b.replace("-", "X").replace("_", "X")) for name, b in truth["numbers"].items()} == sheet.values
    assert all(set(b) <= set(GLYPHS) for b in truth["numbers"].values())
    assert set(truth["doubtful"]) <= set(truth["corrected"]) <= set(sheet.values)
    assert min(_decoded(data).shape) > 600


def test_ink_lies_in_the_boxes_that_hold_digits() -> None:
    """Against the printed page: a box with a digit or a cross has new ink, a blank one has none."""
    seen = set()
    for seed in range(6):
        sheet = _sheet("ppwp", 1, seed, PRESIDENT)
        filled = fill(sheet, Dial(0.0), seed)
        page = template(sheet.form).page(1)
        k = LONG_SIDE / page.size.height
        gray = cv2.cvtColor(filled.image, cv2.COLOR_BGR2GRAY)
        for n in page.numbers:
            for glyph, b in zip(filled.numbers[n.name], n.boxes, strict=True):
                seen.add(glyph)
                area = gray[round((b.y + 2) * k) : round((b.y + b.h - 2) * k), round((b.x + 2) * k) : round((b.x + b.w - 2) * k)]
                share = float((area < 150).mean())
                assert share == 0 if glyph == "_" else share > 0.008, (n.name, glyph)
    assert set("0123456789X") <= seen


def test_desk_form_carries_its_station() -> None:
    """The QR code of what is printed, and of the photo of it, says form, page and TPS."""
    sheet = _sheet("dpr", 5)
    at = place(sheet.tps)
    flat = printed(sheet.form, 5, at, 8.0)
    wanted = qr_text(sheet.form, 5, sheet.tps)
    assert cv2.QRCodeDetector().detectAndDecode(flat)[0] == wanted
    assert (flat != draw_blank(template(sheet.form).page(5), 8.0)).any()
    read = interpret(samples.photograph(sheet, "easy", 1)[0], "photo.jpg")
    assert read.place is not None and read.place.tps == sheet.tps
    official = printed(PRESIDENT, 1, at, 2.0)
    assert np.array_equal(official, draw_blank(template(PRESIDENT).page(1), 2.0))


def test_marks_agree_with_the_boxes() -> None:
    for seed in range(4):
        sheet = _sheet("ppwp", 2, seed, PRESIDENT)
        filled = fill(sheet, Dial(0.5), seed)
        for name, said in filled.marks.items():
            for mark, glyph in zip(said, filled.numbers[name], strict=True):
                assert mark == glyph or (glyph in "X-_" and mark in "0_")


def test_hands_differ_and_stay_the_same_over_a_station() -> None:
    def hand(seed: int) -> Hand:
        return Hand.of(np.random.default_rng(seed), Dial(0.5))

    people = [hand(seed) for seed in range(60)]
    assert hand(7) == people[7]
    assert len({str(p.writer.own) for p in people}) == 60
    assert {p.empty for p in people} >= {"X", "0", "0X"} and {p.pen.kind for p in people} >= {"ballpoint", "gel", "marker"}
    assert {p.writer.segments for p in people} == {True, False}
    spread = [np.std([Hand.of(np.random.default_rng(s), Dial(d)).writer.slant for s in range(60)]) for d in (0, 0.5, 1)]
    assert spread[0] < spread[1] < spread[2]


@pytest.mark.parametrize("way", ["over", "fluid", "struck"])
def test_slips_are_put_right(way: str) -> None:
    number: Number = template(PRESIDENT).page(2).numbers[0]
    page = template(PRESIDENT).page(2)
    who = Hand.of(np.random.default_rng(5), Dial(0.0), pen=Pen("gel", (30, 30, 30), 0.95, 1.0, 0.0, 0.0, 1.0))
    layers, rng = Layers(page.size.width, page.size.height, 2.0), np.random.default_rng(1)
    box = number.boxes[1]
    if way == "over":
        write_over(layers, who, rng, "4", box, False)
    elif way == "fluid":
        whiten(layers, who, rng, "4", box, False)
    else:
        strike_out(layers, who, rng, "4", number, 1, Rect(x=0, y=0, w=page.size.width, h=page.size.height))
    blank = np.full((round(page.size.height * 2), round(page.size.width * 2)), 250, np.uint8)
    gray = cv2.cvtColor(layers.onto(blank, rng), cv2.COLOR_BGR2GRAY)
    inside = gray[round(box.y * 2) : round((box.y + box.h) * 2), round(box.x * 2) : round((box.x + box.w) * 2)]
    above = gray[round((box.y - 0.7 * box.h) * 2) : round(box.y * 2) - 2, round(box.x * 2) : round((box.x + box.w) * 2)]
    assert (inside < 100).mean() > 0.02
    assert ((above < 100).sum() > 20) == (way == "struck")
    assert (((inside > 243) & (inside < 249)).mean() > 0.2) == (way == "fluid")  # the white of the fluid is not the paper's


def test_dial() -> None:
    assert [difficulty(n) for n in NAMED] == [0.0, 0.5, 1.0] and difficulty("0.3") == 0.3
    for bad in ("awful", "1.2", -0.1):
        with pytest.raises(ValueError, match="difficulty"):
            difficulty(bad)
    counts = [sum(len(befall(np.random.default_rng(s), Dial(d))) for s in range(200)) for d in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert counts == sorted(counts) and counts[4] > 4 * counts[0]
    for s in range(300):
        happening = befall(np.random.default_rng(s), Dial(1.0))
        assert not ("screen" in happening and happening & {"fold", "tape", "scan_app"})
    assert set(effects.WHAT) == set(effects.ALL)


def test_documentation_has_the_dial() -> None:
    assert markers.read(markers.DOCS / "samples.md", "dial") == effects.table(), "run: python -m scripts.samples_report --dial"


def test_boxes_stay_in_the_picture_and_large_enough() -> None:
    content = (0.6, 0.1, 0.95, 0.85)
    for s in range(200):
        rng, dial = np.random.default_rng(s), Dial((s % 3) / 2)
        happening = befall(rng, dial)
        shot = pose.of(rng, dial, 0.707, content, 0.02, happening)
        quad = pose.inside(shot.corners, content)
        assert quad.min() >= 0 and (quad <= np.array(shot.size)).all()
        height = np.hypot(*(shot.corners[3] - shot.corners[0]))
        assert height * 0.02 > 15
    tilted = [pose.of(np.random.default_rng(s), Dial(1.0), 0.707, content, 0.02, ()).corners for s in range(30)]
    assert max(abs(c[0, 1] - c[1, 1]) for c in tilted) > 40


@pytest.fixture(scope="module")
def flat() -> NDArray[np.uint8]:
    return fill(_sheet("bupati", 2), Dial(0.0), 1).image


@pytest.mark.parametrize(
    "effect", ["fold", "crumple", "tape", "hand", "neighbour", "screen", "shadow", "glare", "low_light", "defocus", "motion"]
)
def test_each_effect_changes_the_photo(flat: NDArray[np.uint8], effect: str) -> None:
    content = (0.5, 0.2, 0.97, 0.6)

    def photo(*happening: str) -> Gray:
        return _decoded(shoot(flat, content, 0.03, frozenset(happening), np.random.default_rng(3), Dial(0.6)))

    plain, changed = photo(), photo(effect)
    assert plain.shape != changed.shape or np.abs(plain.astype(int) - changed.astype(int)).mean() > 0.3
    if effect == "low_light":
        assert changed.mean() < 0.8 * plain.mean()


def test_blur_shows_in_the_measure_and_light_in_the_paper() -> None:
    picture = np.full((400, 400), 220, np.uint8)
    boxes = [np.array([[x, 150], [x + 50, 150], [x + 50, 200], [x, 200]], np.float64) for x in (80, 150, 220)]
    for b in boxes:
        cv2.rectangle(picture, b[0].astype(int).tolist(), b[2].astype(int).tolist(), (30,), 3)
        cv2.line(picture, (b[0] + [12, 12]).astype(int).tolist(), (b[2] - [12, 12]).astype(int).tolist(), (60,), 4)
    page = np.array([[20, 20], [380, 20], [380, 380], [20, 380]], np.float64)

    def seen(p: Gray, quality: int = 90) -> Picture:
        return measure(cv2.imencode(".jpg", p, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes(), p, page, boxes)

    first = seen(picture)
    assert first.page_share == pytest.approx(0.81, abs=0.01) and first.box == pytest.approx(50) and first.tilt == pytest.approx(0)
    assert first.paper == pytest.approx(220) and first.ink_dark == pytest.approx(1 - 60 / 220, abs=0.03)
    assert first.stroke == pytest.approx(4 / 50, rel=0.4)
    soft = seen(np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.5), np.uint8), 50)
    assert soft.edge > 1.5 * first.edge and soft.quality == pytest.approx(50, abs=1)
    assert seen((picture * 0.5).astype(np.uint8)).paper == pytest.approx(110)
    rough = np.clip(picture + np.random.default_rng(0).normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
    assert seen(rough).noise > first.noise + 2


def test_files_arrive_as_phones_and_messengers_send_them() -> None:
    picture = np.asarray(np.random.default_rng(0).integers(0, 255, (90, 60, 3)).repeat(20, 0).repeat(20, 1), np.uint8)

    def file(*happening: str) -> bytes:
        return output.develop(picture, np.random.default_rng(4), Dial(0.5), frozenset(happening), 0.9)

    assert max(_decoded(file("messenger")).shape) <= 1600 < max(_decoded(file()).shape)
    assert jpeg_quality(file("messenger")) < 80 <= jpeg_quality(file()) + 2
    with Image.open(BytesIO(file("exif_turned"))) as turned:
        assert turned.getexif()[0x0112] in (3, 6, 8)
    upright = cv2.imdecode(np.frombuffer(file("exif_turned"), np.uint8), cv2.IMREAD_GRAYSCALE)  # OpenCV obeys EXIF
    assert upright.shape == _decoded(file()).shape
    scanned = cv2.imdecode(np.frombuffer(file("scan_app"), np.uint8), cv2.IMREAD_COLOR).astype(int)
    assert np.abs(scanned[..., 0] - scanned[..., 2]).max() <= 2


def test_moire_is_coloured_and_slow() -> None:
    ys, xs = np.mgrid[0:200, 0:300].astype(np.float32)
    waves = lens.moire(xs, ys, (200, 300), np.random.default_rng(2))
    assert 0.02 < float(waves.std()) < 0.2 and np.abs(waves[..., 0] - waves[..., 1]).mean() > 0.005


def test_contact_sheet(tmp_path: Path) -> None:
    contact.write(tmp_path / "c.jpg", 1, (120, 160), [("gubernur", None, 2)])
    assert cv2.imread(str(tmp_path / "c.jpg")).shape == (480, 120, 3)
