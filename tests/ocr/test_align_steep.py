"""A page seen steeply: the far markers lie well off where the tag alone puts them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ocr.align import align
from ocr.types import Photo
from samples.blank import draw as draw_blank
from templates_c1.registry import template

MARKERS = np.array([[12, 12], [198, 12], [198, 285], [12, 285]], np.float32)
"""Of the desk form: tl, tr, br, bl."""


@pytest.mark.parametrize(
    "seen",
    [
        [[128, 226], [982, 176], [980, 1309], [254, 1352]],
        [[44, 47], [945, 123], [819, 1319], [38, 1299]],
        [[185, 295], [1065, 242], [1070, 1425], [327, 1475]],
    ],
)
def test_far_markers_are_found_under_perspective(seen: list[list[float]]) -> None:
    form = template("desk-dpd-16-2024")
    k = 6.0
    there = np.array(seen, np.float32)
    to_photo = cv2.getPerspectiveTransform(MARKERS * k, there)
    page = cv2.GaussianBlur(draw_blank(form.page(2), k), (0, 0), 1.5)
    gray = cv2.warpPerspective(page, to_photo, (1100, 1600), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT, borderValue=(120,))
    sheet = align(Photo("steep.jpg", "", np.asarray(gray, np.uint8)))
    assert (sheet.template.form, sheet.page.number, sheet.how) == ("desk-dpd-16-2024", 2, "tag")
    assert np.abs(sheet.project(MARKERS.astype(np.float64)) - there).max() < 4
