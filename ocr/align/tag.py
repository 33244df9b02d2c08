"""AprilTag and corner markers of the 2024 forms.

OpenCV's detector names the tag's corners in the order of its dictionary; the forms print it turned (``Tag.turned``). The four
tag corners give a first homography that is good near the tag only; the saddle markers at the page's corners are then searched
one after the other, nearest first, each making the next search surer.
"""

from __future__ import annotations

import cv2
import numpy as np

from ocr.align.features import Match, plausible
from ocr.types import Floats, Gray
from templates_c1.registry import page_of_tag
from templates_c1.schema import Marker, Page, Tag, Template

TAG_SIZES = (720, 1800)
"""Long sides at which the tag is looked for."""
_WINDOW, _PERIMETER = 13, (0.1, 0.6)
"""Of the quick look: px, and the shortest and longest way around a tag, shares of the long side (boxes are smaller, tables larger)."""


def detect_tags(gray: Gray, work: Gray, *, thorough: bool = True) -> list[tuple[int, Floats]]:
    """(id, (4, 2) corners in pixels of ``gray`` in the dictionary's order) of every 36h10 tag seen in ``work``, ``gray`` reduced.

    Not ``thorough``: the picture is cut to black and white with one window instead of three, and what is as small as a number box or as
    large as a table is not looked at, at a quarter of the cost.
    """
    params = cv2.aruco.DetectorParameters()
    params.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    if not thorough:
        params.adaptiveThreshWinSizeMin = params.adaptiveThreshWinSizeMax = _WINDOW
        params.minMarkerPerimeterRate, params.maxMarkerPerimeterRate = _PERIMETER
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h10), params)
    corners, ids, _ = detector.detectMarkers(work)
    if ids is None:
        return []
    s = np.array([gray.shape[1] / work.shape[1], gray.shape[0] / work.shape[0]])
    return [(int(i), (c.reshape(4, 2).astype(np.float64) + 0.5) * s - 0.5) for i, c in zip(ids.ravel(), corners, strict=True)]


def by_tag(gray: Gray, work: Gray, *, thorough: bool = True) -> Match | None:
    """The page whose tag is seen in ``work`` (``gray`` reduced), with a homography from the tag and the markers found in ``gray``. None
    if no known tag is seen."""
    for tag_id, corners in detect_tags(gray, work, thorough=thorough):
        known = page_of_tag(tag_id)
        if known is not None and (tag := known[1].recognition.tag) is not None:
            match = _from_tag(gray, *known, tag, corners)
            if match is not None:
                return match
    return None


def _from_tag(gray: Gray, template: Template, page: Page, tag: Tag, corners: Floats) -> Match | None:
    turned = np.roll(corners, tag.turned // 90, axis=0)
    at = np.asarray(tag.corners, np.float64)
    return _grown(gray, template, page, _affine(at, turned), np.c_[at, turned])


def regrown(gray: Gray, match: Match, found: Floats) -> Match | None:
    """The match once more with what was ``found`` meanwhile ((n, 4) as Match.anchors, the boxes' corners): it may show where
    the markers are that were missed at first."""
    assert match.anchors is not None  # noqa: S101 -- by_tag gives them always
    h = np.asarray(cv2.findHomography(np.r_[match.anchors, found][:, :2], np.r_[match.anchors, found][:, 2:], 0)[0], np.float64)
    if not plausible(h, match.page):
        return None
    return _grown(gray, match.template, match.page, h, match.anchors, found)


def steeper(gray: Gray, match: Match) -> Match | None:
    """The match once more, with the markers that are missing searched so far off and so large as a page seen very steeply has them.
    Anything may be found there, so it is for pages only whose boxes were not where the match put them."""
    assert match.anchors is not None  # noqa: S101 -- by_tag gives them always
    h = _affine(match.anchors[:, :2], match.anchors[:, 2:])
    return _grown(gray, match.template, match.page, h, match.anchors, steeply=True)


def _grown(
    gray: Gray, template: Template, page: Page, h: Floats, anchors: Floats, more: Floats | None = None, *, steeply: bool = False
) -> Match | None:
    """Markers searched from those nearest to what is known, the homography fitted anew with each one found."""
    centre = anchors[:4, :2].mean(axis=0)
    for marker in sorted(page.recognition.markers, key=lambda m: float(np.hypot(m.at[0] - centre[0], m.at[1] - centre[1]))):
        apart = np.hypot(anchors[:, 0] - marker.at[0], anchors[:, 1] - marker.at[1])
        if apart.min() < 1e-6:
            continue
        found = find_saddle(gray, h, marker, (0.13 if more is None else 0.07) * float(apart.min()) + 6)
        if found is None and more is None:  # seen steeply, the far end lies a quarter of the way off, and smaller
            found = find_saddle(gray, h, marker, 0.26 * float(apart.min()) + 6, (6, 8, 10))
        if found is None and steeply:
            found = find_saddle(gray, h, marker, 0.45 * float(apart.min()), (8, 10, 12))
        if found is None:
            continue
        anchors = np.r_[anchors, [[*marker.at, *found]]]
        known = anchors if more is None else np.r_[anchors, more]
        # a homography needs places far from the tag: its own four corners say nothing on the far end's perspective
        if more is None and len(anchors) < 7:
            fit = _affine(known[:, :2], known[:, 2:])
        else:
            fit = np.asarray(cv2.findHomography(known[:, :2], known[:, 2:], 0)[0], np.float64)
        if plausible(fit, page):
            h = fit
    return Match(template, page, h, len(anchors), anchors=anchors) if plausible(h, page) else None


def _affine(src: Floats, dst: Floats) -> Floats:
    """3x3, least squares."""
    a, *_ = np.linalg.lstsq(np.c_[src, np.ones(len(src))], dst, rcond=None)
    return np.vstack([a.T, [0.0, 0.0, 1.0]])


def find_saddle(gray: Gray, h: Floats, marker: Marker, reach: float, sides: tuple[int, ...] = (8,)) -> Floats | None:
    """The marker's centre in photo pixels near where ``h`` puts it (``reach`` in template units), None if it is not there.

    ``sides``: of a black square, tried one and all; 8 is what ``h`` says.
    """
    per = 8 / marker.size
    half = int(np.ceil(8 * 1.3))
    n = int(np.ceil(reach * per)) + half
    m = np.array([[1 / per, 0, marker.at[0] - n / per], [0, 1 / per, marker.at[1] - n / per], [0, 0, 1]])
    to_photo = h @ m
    window = cv2.perspectiveTransform(np.array([[[0, 0], [2 * n, 0], [2 * n, 2 * n], [0, 2 * n]]], np.float64), to_photo)[0]
    if (window.max(axis=0) < 0).any() or (window.min(axis=0) > (gray.shape[1], gray.shape[0])).any():
        return None
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpPerspective(gray, to_photo, (2 * n + 1, 2 * n + 1), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    best, x, y = max(_saddle_score(np.asarray(patch, np.uint8), half, side, marker.diagonal) for side in sides)
    if best < 0.75:
        return None
    out: Floats = cv2.perspectiveTransform(np.array([[[x + half, y + half]]], np.float64), to_photo)[0, 0]
    return out


def _saddle_score(patch: Gray, half: int, side: int, diagonal: str) -> tuple[float, int, int]:
    """Best correlation with a saddle whose black squares have ``side`` px, and where its model's corner then lies."""
    model = np.full((2 * half + 1, 2 * half + 1), 255, np.uint8)
    model[half - side : half, half - side : half] = 0
    model[half + 1 : half + 1 + side, half + 1 : half + 1 + side] = 0
    if diagonal == "tr_bl":
        model = np.ascontiguousarray(model[:, ::-1])
    soft = np.asarray(cv2.GaussianBlur(model, (0, 0), 1), np.uint8)
    _, best, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(patch, soft, cv2.TM_CCOEFF_NORMED))
    return float(best), x, y
