"""The same picture stays the same through messengers; the same paper stays the same in another photo; others do not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import samples
from ocr import likeness
from ocr.photo import decode
from ocr.pipeline import interpret
from ocr.types import Gray
from review.likeness import SAME_PAPER, SAME_PICTURE

FORM = "c-hasil-ppwp-2024"


def shrunk(gray: Gray) -> Gray:
    """As a messenger sends it on."""
    scale = 1200 / max(gray.shape)
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_GRAYSCALE)  # type: ignore[return-value]


def another_photo(gray: Gray) -> Gray:
    """The paper from another side, in other light."""
    h, w = gray.shape
    corners = np.array([(0, 0), (w, 0), (w, h), (0, h)], np.float32)
    moved = corners + np.array([(0.03 * w, 0.02 * h), (-0.02 * w, 0.03 * h), (-0.03 * w, -0.01 * h), (0.01 * w, -0.03 * h)], np.float32)
    out = cv2.warpPerspective(gray, cv2.getPerspectiveTransform(corners, moved), (w, h), borderValue=110)
    return np.clip(cv2.GaussianBlur(out, (0, 0), 0.8) * np.linspace(0.75, 1.0, w), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def prints() -> dict[str, tuple[str, str]]:
    """Prints of two sheets of one page, and of both again: after a messenger, and photographed anew."""
    made = {}
    for name, seed in (("one", 31), ("two", 32)):
        data, _ = samples.make(FORM, 2, seed, difficulty=0.1)
        gray = decode(data, name).gray
        for kind, picture in ((name, gray), (f"{name} shrunk", shrunk(gray)), (f"{name} again", another_photo(gray))):
            file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
            word = interpret(file, kind, use_tesseract=False)
            assert word.boxes, f"{kind} was not recognised"
            photo = decode(file, kind)
            paper = likeness.paper(photo.gray, word.boxes, photo.scale)
            assert paper is not None
            made[kind] = (likeness.picture(photo.gray), paper)
    return made


@pytest.mark.parametrize("name", ["one", "two"])
def test_the_same_again(prints: dict[str, tuple[str, str]], name: str) -> None:
    picture, paper = prints[name]
    assert likeness.apart(picture, prints[f"{name} shrunk"][0]) <= SAME_PICTURE
    assert likeness.apart(paper, prints[f"{name} shrunk"][1]) <= SAME_PAPER
    assert likeness.apart(picture, prints[f"{name} again"][0]) > SAME_PICTURE
    assert likeness.apart(paper, prints[f"{name} again"][1]) <= SAME_PAPER


def test_another_paper(prints: dict[str, tuple[str, str]]) -> None:
    for kind in ("one", "one again", "one shrunk"):
        for other in ("two", "two again", "two shrunk"):
            assert likeness.apart(prints[kind][0], prints[other][0]) > SAME_PICTURE
            assert likeness.apart(prints[kind][1], prints[other][1]) > SAME_PAPER


def test_blank_and_missing() -> None:
    blank = np.full((400, 300), 200, np.uint8)
    assert likeness.paper(blank, {}) is None
    assert likeness.paper(blank, {"x": [((0, 0), (50, 0), (50, 50), (0, 50))]}) is None
    assert len(likeness.picture(blank)) == 64
    with pytest.raises(ValueError, match="different"):
        likeness.apart("00", "0000")
