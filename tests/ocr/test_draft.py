"""Drafts of generated blanks, as PDF, and of a filled page before a camera, against the templates they were drawn from."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from api.cli import app
from ocr.draft.build import template_of
from ocr.draft.page import Seen, look
from ocr.draft.pages import DraftError, sheets
from ocr.draft.picture import overlay
from ocr.draft.words import _sure, language
from samples.blank import draw
from templates_c1.check import check_file
from templates_c1.registry import page
from templates_c1.schema import Page, Point, Rect, Template
from tests import papers
from tests.ocr import damage
from tests.ocr.damage import Shot, flat


def blank_pdf(path: Path, pages: list[tuple[str, int]], per_mm: float = 4.0) -> Path:
    """Blank pages of shipped forms, edge to edge, in a PDF."""
    pictures = [Image.fromarray(draw(page(form, n), per_mm)) for form, n in pages]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], resolution=25.4 * per_mm)
    return path


def off(a: Rect, b: Rect) -> float:
    """Largest distance of two boxes' sides."""
    return max(abs(a.x - b.x), abs(a.y - b.y), abs(a.x + a.w - b.x - b.w), abs(a.y + a.h - b.y - b.h))


def assert_boxes(drafted: Page, true: Page, within: float) -> None:
    """Every box of the form is drafted, no other besides those that hold no number (dates), in numbers of as many boxes."""
    for number in true.numbers:
        nearest = min(drafted.numbers, key=lambda n: off(n.boxes[0], number.boxes[0]))
        assert len(nearest.boxes) == len(number.boxes), number.name
        assert max(off(a, b) for a, b in zip(nearest.boxes, number.boxes, strict=True)) < within, number.name


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Template, list[Seen]]:
    """The three pages of the 2024 form, without labels."""
    file = blank_pdf(tmp_path_factory.mktemp("pdf") / "blank.pdf", [("c-hasil-ppwp-2024", n) for n in (1, 2, 3)])
    seen = [look(sheet, i + 1, None) for i, sheet in enumerate(sheets(file))]
    return template_of(seen, "c-uji", "ppwp")[0], seen


@pytest.mark.parametrize(("number", "numbers"), [(1, 22), (2, 3), (3, 6)])
def test_every_box_of_a_blank_pdf_is_drafted_within_a_millimetre(drafted: tuple[Template, list[Seen]], number: int, numbers: int) -> None:
    mine, true = drafted[0].page(number), page("c-hasil-ppwp-2024", number)
    assert (mine.size.unit, round(mine.size.width), round(mine.size.height)) == ("mm", 600, 900)
    assert_boxes(mine, true, 1.0)
    assert len(mine.numbers) == numbers  # page 3 has boxes for the date besides


def test_bubbles_tally_grids_markers_and_tag_are_drafted(drafted: tuple[Template, list[Seen]]) -> None:
    mine, true = drafted[0].page(2), page("c-hasil-ppwp-2024", 2)
    for a, b in zip(mine.numbers, true.numbers, strict=True):
        assert len(a.bubbles) == 3
        for p, q in zip(a.bubbles, b.bubbles, strict=True):
            assert np.abs(np.array(p.centres) - np.array(q.centres)).max() < 1
            assert abs(p.radius - q.radius) < 0.5
        assert a.guide
    assert [g.number for g in mine.turus] == [n.name for n in mine.numbers]
    for grid, known in zip(mine.turus, true.turus, strict=True):
        assert np.abs(np.array(grid.x_edges) - np.array(known.x_edges)).max() < 1
        assert np.abs(np.array(grid.y_edges) - np.array(known.y_edges)).max() < 1
    tag, real = mine.recognition.tag, true.recognition.tag
    assert tag is not None and real is not None
    assert (tag.id, tag.turned) == (real.id, real.turned)
    assert apart(tag.corners, real.corners) < 0.5
    markers, known_markers = mine.recognition.markers, true.recognition.markers
    assert len(markers) == len(known_markers) == 4
    for m in known_markers:
        nearest = min(markers, key=lambda n: apart((n.at,), (m.at,)))
        assert apart((nearest.at,), (m.at,)) < 0.5
        assert (nearest.kind, nearest.diagonal) == (m.kind, m.diagonal)


def apart(a: tuple[Point, ...], b: tuple[Point, ...]) -> float:
    return float(np.abs(np.array(a) - np.array(b)).max())


def test_boxes_that_share_their_lines_are_cut_into_numbers_by_the_heads_of_their_columns(tmp_path: Path) -> None:
    known = page("c1-ppwp-2019", 2)
    sheet = sheets(blank_pdf(tmp_path / "b.pdf", [("c1-ppwp-2019", 2)], 2400 / known.size.height))
    assert len(sheet) == 1
    mine = template_of([look(sheet[0], 2, None)], "c-uji", "ppwp")[0].page(2)
    scale = mine.size.width / known.size.width
    for number in known.numbers:
        boxes = [Rect(x=b.x * scale, y=b.y * scale, w=b.w * scale, h=b.h * scale) for b in number.boxes]
        nearest = min(mine.numbers, key=lambda n: off(n.boxes[0], boxes[0]))
        assert len(nearest.boxes) == len(boxes), number.name
        assert max(off(a, b) for a, b in zip(nearest.boxes, boxes, strict=True)) < 0.1 * boxes[0].w
        assert nearest.shared_borders == number.shared_borders


def _photo(tmp_path: Path, shot: Shot) -> Path:
    file = tmp_path / "photo.png"
    assert cv2.imwrite(str(file), shot.gray)
    return file


@pytest.mark.parametrize("tilt", [0.0, 0.1])
def test_all_boxes_of_a_filled_photo_are_drafted(tmp_path: Path, tilt: float) -> None:
    shot = flat("c-hasil-kwk-2020", 2)
    if tilt:
        shot = damage.tilted(shot, tilt)
    seen = look(sheets(_photo(tmp_path, shot))[0], 2, None)
    mine = template_of([seen], "c-uji", "bupati")[0].page(2)
    assert mine.size.unit == "px"
    assert [len(row.boxes) for row in seen.rows] == [3, 3, 3, 3]
    assert seen.sheet.to_photo is not None
    for row, number in zip(seen.rows, shot.page.numbers, strict=True):
        for i, b in enumerate(row.boxes):
            corners = np.array([[[b.x0, b.y0], [b.x1, b.y0], [b.x1, b.y1], [b.x0, b.y1]]])
            true = shot.true_corners(number.name, i)
            found = cv2.perspectiveTransform(corners, seen.sheet.to_photo)[0]
            assert np.abs(found - true).max() < 0.15 * np.hypot(*(true[1] - true[0])), (number.name, i)


@pytest.mark.skipif(language() is None, reason="needs Tesseract with a language")
def test_print_tells_which_side_of_a_photo_is_up(tmp_path: Path) -> None:
    shot = damage.turned(flat("c-hasil-kwk-2020", 2), 90)
    seen = look(sheets(_photo(tmp_path, shot))[0], 2, language())
    assert [len(row.boxes) for row in seen.rows] == [3, 3, 3, 3]
    assert seen.sheet.gray.shape[0] > seen.sheet.gray.shape[1]
    assert all(row.middle[0] > 0.7 * seen.sheet.gray.shape[1] for row in seen.rows)


def test_a_page_without_boxes_is_refused_in_words(tmp_path: Path) -> None:
    Image.new("L", (800, 1100), 255).save(tmp_path / "empty.pdf", resolution=100)
    with pytest.raises(DraftError, match="no number boxes"):
        template_of([look(s, 1, None) for s in sheets(tmp_path / "empty.pdf")], "c-uji", "ppwp")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    with pytest.raises(DraftError, match="cannot be opened"):
        sheets(tmp_path / "broken.pdf")
    (tmp_path / "words.txt").write_text("halo")
    with pytest.raises(DraftError):
        sheets(tmp_path / "words.txt")


def test_paper_size_scales_a_form_that_is_shown_reduced(tmp_path: Path) -> None:
    form = Image.fromarray(draw(page("c-hasil-ppwp-2024", 3), 2.0))
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen import canvas

    sheet = canvas.Canvas(str(tmp_path / "annex.pdf"), pagesize=(600, 842))
    sheet.drawImage(ImageReader(form), 60, 80, 480, 720)
    sheet.save()
    found = sheets(tmp_path / "annex.pdf", (600.0, 900.0))[0]
    assert found.size == (600.0, 900.0)
    assert_boxes(template_of([look(found, 3, None)], "c-uji", "ppwp")[0].page(3), page("c-hasil-ppwp-2024", 3), 1.0)


def test_the_picture_shows_the_page_with_marks_on_it(drafted: tuple[Template, list[Seen]]) -> None:
    seen = drafted[1][1]
    picture = overlay(seen, seen.labelled)
    assert picture.shape == (*seen.sheet.gray.shape, 3)
    box = seen.rows[0].boxes[0]
    b, g, r = (int(v) for v in picture[round((box.y0 + box.y1) / 2), round(box.x0)])
    assert r > 150 and g < 100 and b < 100


def test_what_tesseract_guesses_is_no_label() -> None:
    def line(picture: int, confidence: float, word: str) -> str:
        return "\t".join(["5", str(picture), "1", "1", "1", "1", "0", "0", "9", "9", str(confidence), word])

    table = "\n".join([line(1, 90, "Surat"), line(1, 80, "dinas"), line(2, 20, "Gee"), line(2, 30, "See"), line(4, 20, "1AKI-LAKI")])
    assert _sure(table, 4) == ["Surat dinas", "", "", "1AKI-LAKI"]


@pytest.mark.skipif(language() is None, reason="needs Tesseract with a language")
def test_the_command_writes_a_template_that_passes_the_check_but_for_its_tag(tmp_path: Path) -> None:
    file = blank_pdf(tmp_path / "blank.pdf", [("c-hasil-ppwp-2024", 1)])
    out = tmp_path / "c-baru"
    done = CliRunner().invoke(app, ["template", "draft", str(file), "--out", str(out), "--title", "Formulir baru"])
    assert done.exit_code == 0, done.stderr
    assert "22 angka / numbers, 66 kotak / boxes" in done.stdout
    assert [f.en for f in check_file(out)] == ["AprilTag 101 already belongs to c-hasil-ppwp-2024 page 1"]
    raw = json.loads((out / "template.json").read_text(encoding="utf-8"))
    assert (raw["form"], raw["title"]["id"]) == ("c-baru", "Formulir baru")
    names = [n["name"] for n in raw["pages"][0]["numbers"]]
    assert names == [n.name for n in page("c-hasil-ppwp-2024", 1).numbers]
    sums = {r["total"]: r["parts"] for r in raw["pages"][0]["rules"]}
    assert sums["pemilih_dpt_jml"] == ["pemilih_dpt_l", "pemilih_dpt_p"]
    assert (out / "page-1.png").stat().st_size > 10_000


@pytest.mark.parametrize("wrong", [["--form", "Bukan Id"], ["--election", "rt"], ["--paper", "besar"]])
def test_bad_options_end_with_status_2(tmp_path: Path, wrong: list[str]) -> None:
    assert CliRunner().invoke(app, ["template", "draft", "x.pdf", "--out", str(tmp_path / "c-x"), *wrong]).exit_code == 2


@pytest.mark.skipif(language() is None, reason="needs Tesseract with a language")
def test_labels_that_share_the_cell_of_their_boxes_are_read(tmp_path: Path) -> None:
    """Label, bubbles in rows and boxes in one cell, as on the desk forms."""
    seen = look(sheets(papers.blank_pdf(tmp_path / "b.pdf"))[0], 1, language())
    mine = template_of([seen], "c-uji", "bupati")[0].pages[0]
    assert [n.name for n in mine.numbers] == [n.name for n in papers.paper().pages[0].numbers]
    assert mine.numbers[2].label.id == "JUMLAH SUARA SAH"
    assert [(r.total, r.parts) for r in mine.rules if r.kind == "sum"] == [("suara_sah", ("suara_paslon_1", "suara_paslon_2"))]
