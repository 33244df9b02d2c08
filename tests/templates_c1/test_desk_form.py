"""A desk form printed to PDF, rasterised, filled by hand and photographed is read without a word on what it is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

import samples
from api.cli import app
from ocr.pipeline import interpret
from samples.blank import draw as draw_blank
from tally.interpretation import PrintedPlace, Unreadable
from templates_c1 import registry
from templates_c1.desk_form import qr_text

STATION = "1607101002004"


def _printed(tmp_path: Path, *line: str) -> tuple[pypdfium2.PdfDocument, str]:
    out = tmp_path / "form.pdf"
    result = CliRunner().invoke(app, ["form", "print", *line, "--out", str(out)])
    assert result.exit_code == 0, result.output
    return pypdfium2.PdfDocument(out), result.output


def _picture(pdf: pypdfium2.PdfDocument, page: int, height: int = 2304) -> NDArray[np.uint8]:
    p = pdf[page % len(pdf)]
    return np.asarray(p.render(scale=height / p.get_height(), grayscale=True).to_numpy(), np.uint8).reshape(height, -1)


@pytest.mark.parametrize(
    ("election", "paper", "index", "form", "page"),
    [
        ("dpr", "a4", 4, "desk-dpr-1601-2024", 5),
        ("dpr", "a3", -1, "desk-dpr-1601-2024", 30),
        ("dpd", "a4", 1, "desk-dpd-16-2024", 2),
        ("bupati", "a4", 0, "desk-bupati-1607-2024", 1),
        ("bupati", "a3", 1, "desk-bupati-1607-2024", 2),
    ],
)
def test_print_fill_photograph_read(tmp_path: Path, election: str, paper: str, index: int, form: str, page: int) -> None:
    pdf, _ = _printed(tmp_path, "--election", election, "--tps", STATION, "--paper", paper)
    photo, truth = samples.make(form, page, 11, difficulty=0.2, printed=_picture(pdf, index))
    seen = interpret(photo, "photo.jpg")
    read = seen.outcome
    assert not isinstance(read, Unreadable), read
    assert (read.form, read.page) == (form, page)
    assert seen.place == PrintedPlace(form, page, STATION)  # TPS and page from the print alone
    assert {n.name: n.boxes.replace("-", "X").replace("_", "X") for n in read.numbers} == {
        name: boxes.replace("-", "X").replace("_", "X") for name, boxes in truth["numbers"].items()
    }


def test_the_print_is_the_template(tmp_path: Path) -> None:
    """Borders, guides, bubbles, tag and markers lie in the PDF where the template (and so the drawn blank) has them."""
    pdf, _ = _printed(tmp_path, "--election", "dpr", "--tps", STATION)
    page = registry.page("desk-dpr-1601-2024", 5)
    seen, drawn = _picture(pdf, 4, 1485), draw_blank(page, 5.0)
    assert seen.shape == drawn.shape
    dark, meant = seen < 128, drawn < 128
    near = cv2.dilate((drawn < 200).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    again = cv2.dilate((seen < 200).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    # number boxes, tag, a marker at each side; letters are set in another font, bubbles have a thicker line
    for part in (np.s_[270:1290, 750:960], np.s_[100:200, 850:950], np.s_[40:80, 40:80], np.s_[1400:1450, 970:1010]):
        assert (dark & near)[part].sum() > 0.97 * dark[part].sum() > 0
        assert (meant & again)[part].sum() > 0.97 * meant[part].sum() > 0


def test_each_page_says_its_station_and_page(tmp_path: Path) -> None:
    pdf, said = _printed(tmp_path, "--election", "ppwp", "--tps", STATION, "--paper", "a3")
    assert len(pdf) == 2 and "desk-ppwp-2024, 1 TPS, 2 halaman" in said
    assert [round(x / 72 * 25.4) for x in pdf[0].get_size()] == [297, 420]
    for i in range(2):
        text = " ".join(pdf[i].get_textpage().get_text_range().split())
        assert f"TPS 004 kode {STATION}" in text and "Kecamatan TALANG KELAPA, BANYUASIN" in text
        code, *_ = cv2.QRCodeDetector().detectAndDecode(_picture(pdf, i, 2304)[100:500, 100:600])
        assert code == qr_text("desk-ppwp-2024", i + 1, STATION)


def test_a_kecamatan_is_one_file(tmp_path: Path) -> None:
    pdf, said = _printed(tmp_path, "--election", "bupati", "--kecamatan", "160718")
    assert len(pdf) == 2 * 77 and "desk-bupati-1607-2024, 77 TPS, 154 halaman" in said
    assert (tmp_path / "form.pdf").stat().st_size < 1_000_000  # each page's drawing is stored once


def test_a_station_gets_the_form_of_its_dapil(tmp_path: Path) -> None:
    pdf, said = _printed(tmp_path, "--election", "dprd_kab", "--tps", STATION)
    assert len(pdf) == 20 and "desk-dprd-kab-160706-2024" in said  # Talang Kelapa: 18 parties


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["--election", "camat", "--tps", STATION], "camat"),
        (["--election", "dpr", "--tps", "1607101002999"], "tidak dikenal"),
        (["--election", "dpr", "--tps", "160710"], "13 angka"),
        (["--election", "dpr", "--kecamatan", "16071x"], "6 angka"),
        (["--election", "dpr"], "salah satu"),
        (["--election", "dpr", "--tps", STATION, "--kecamatan", "160710"], "salah satu"),
        (["--election", "dpr", "--tps", STATION, "--paper", "a5"], "a4, a3"),
    ],
)
def test_what_cannot_be_printed_is_said(tmp_path: Path, line: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["form", "print", *line, "--out", str(tmp_path / "x.pdf")])
    assert result.exit_code == 2 and words in result.output
    assert not (tmp_path / "x.pdf").exists()
