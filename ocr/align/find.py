"""The ways to find a page, tried from cheap to dear, each judged by the box borders that are really there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ocr.align import quick
from ocr.align.borders import RowFound, find_rows
from ocr.align.features import Match, photo_features, register, votes
from ocr.align.pyramid import Pyramid
from ocr.align.structure import in_picture, lines_found
from ocr.align.tag import TAG_SIZES, by_tag, regrown, steeper
from ocr.errors import AlignError
from ocr.types import AlignedSheet, Floats, Photo
from tally.interpretation import ReasonCode
from templates_c1.registry import all_templates
from templates_c1.schema import Page, Template

GOOD = 0.75
"""Least quality (share of the boxes' borders found in one consistent place) that is taken where the borders can be judged."""
CERTAIN = 0.93
CLEAR, HINTED = 0.88, 20
PLAIN, SURE = 0.8, 40
"""CLEAR borders with HINTED features in agreement, or PLAIN ones with SURE, need no other witness: blur takes features and lines
before it takes boxes (look-alikes: quality at most 0.73). Where the borders are CERTAIN no other way is tried, ..."""
FLAWLESS = 0.97
"""... nor where nearly every border was found and few features agree, if the printed lines do."""
ROW = 0.8
FAINT = 0.6
LINES = 0.2
LEAST = 0.6
"""Else so much of the printed lines must be there too (wrong forms: at most 0.17, right ones: 0.3 and more), with GOOD borders, or with
LEAST if SURE features agree (a fold may take a row), ..."""
LINES_ALONE = 0.35
"""... or so much where the borders are too faint to judge by (scans that lost ink) and SURE features agree."""
TAGGED = 0.45
"""Least quality with a tag that was read: the tag names form and page, the borders need only say where it lies."""
IN_PICTURE = 0.7
"""Least share of the boxes that must lie in the picture at all."""

_HOPE = 0.65
"""Quality of the best find so far below which the dearest try is not made: there is no known form (look-alikes: 0.63)."""
_MANY = 8
"""Rows of boxes from which one of them cannot bend the common trend."""
_REACH = 0.35
"""How far off a row may be at first, in box widths."""
_PLAINLY = 0.9
"""Share of a box's border that leaves no doubt that it is this one."""

_TRIES = ((620, 1100, 2, 0.82), (1000, 4000, 2, 0.86), (1600, 5000, 3, 0.86))
"""(working size, features, layers an octave, ratio) of the feature tries."""


_FINER = (1440, 5000)
"""Working size and features of a second quick try: a small page, pale print."""

Place = tuple[Template, Page]


def align(photo: Photo, only_form: str | None = None) -> AlignedSheet:
    """The best page of all templates, at any rotation.

    Raises:
        AlignError: FORM_NOT_RECOGNISED (no template's structure is there), POOR_PHOTO (the structure is there, but too little of it
            can be made out), WRONG_FORM (``only_form`` was asked for, the photo shows another one).
    """
    pyramid = Pyramid(photo.gray)
    seen: list[tuple[float, AlignedSheet, Match]] = []
    for match, how in _candidates(photo, pyramid, lambda: max((s.quality for _, s, _ in seen), default=0.0) >= _HOPE):
        sheet = judge(photo, pyramid, match, how)
        if how == "tag" and sheet.quality < TAGGED and match.inliers < 8 and (again := steeper(photo.gray, match)) is not None:
            other = judge(photo, pyramid, again, how)
            sheet, match = (other, again) if other.quality > sheet.quality else (sheet, match)
        if how == "tag" and sheet.quality >= TAGGED and match.inliers < 8:
            sheet, match = _from_boxes(photo, pyramid, sheet, match)
        before = [s.quality for _, s, _ in seen if s.page is sheet.page]
        seen.append((sheet.quality + 0.5 * min(1.0, match.inliers / 60), sheet, match))
        enough = CERTAIN if how == "tag" or match.inliers >= HINTED else FLAWLESS
        if sheet.quality >= enough and _every_row(sheet) and _witnessed(sheet, match, pyramid):
            break
        # lost ink, a row covered: what a second try with other features sees alike on a page well attested, no third will better
        if before and match.inliers >= SURE and sheet.quality < max(before) + 0.05 and _witnessed(sheet, match, pyramid):
            sheet, _ = _best(seen, pyramid)
            break
    else:
        sheet, _ = _best(seen, pyramid)
    if only_form is not None and sheet.template.form != only_form:
        raise AlignError(ReasonCode.WRONG_FORM, f"the photo shows {sheet.template.form} page {sheet.page.number}, not {only_form}")
    return sheet


def _every_row(sheet: AlignedSheet) -> bool:
    """Among few rows a single one that is off hardly shows in the quality: none may be weak."""
    if len(sheet.page.numbers) > _MANY:
        return True
    return len(sheet.rows) == len(sheet.page.numbers) and min(float(r.border.mean()) for r in sheet.rows) > ROW


def _from_boxes(photo: Photo, pyramid: Pyramid, sheet: AlignedSheet, match: Match) -> tuple[AlignedSheet, Match]:
    """A tag alone says little on the page's far end: the boxes found lead to the markers that were missed."""
    corners = [[c for b in r.number.boxes for c in b.corners] for r in sheet.rows]
    found = np.concatenate([np.c_[np.array(c), r.corners.reshape(-1, 2)] for c, r in zip(corners, sheet.rows, strict=True)])
    again = regrown(photo.gray, match, found)
    if again is None:
        return sheet, match
    better = judge(photo, pyramid, again, "tag")
    return (better, again) if better.quality >= sheet.quality - 0.02 else (sheet, match)


def _best(seen: list[tuple[float, AlignedSheet, Match]], pyramid: Pyramid) -> tuple[AlignedSheet, Match]:
    """The likeliest that has a witness; raises AlignError if none has."""
    if not seen:
        raise AlignError(ReasonCode.FORM_NOT_RECOGNISED, "no known form was found in the photo")
    seen.sort(key=lambda s: s[0], reverse=True)
    for _, sheet, match in seen:
        if _witnessed(sheet, match, pyramid):
            return sheet, match
    _, sheet, match = seen[0]
    cut_off = sheet.quality >= _HOPE and match.inliers >= SURE and in_picture(sheet) < IN_PICTURE
    code = ReasonCode.POOR_PHOTO if sheet.how == "tag" or cut_off else ReasonCode.FORM_NOT_RECOGNISED
    raise AlignError(code, f"closest: {sheet.template.form} page {sheet.page.number}, {sheet.quality:.0%} of its boxes found")


def _witnessed(sheet: AlignedSheet, match: Match, pyramid: Pyramid) -> bool:
    if in_picture(sheet) < IN_PICTURE:
        return False
    if sheet.how == "tag":
        return sheet.quality >= TAGGED
    if any(sheet.quality >= q and match.inliers >= n for q, n in ((CLEAR, HINTED), (PLAIN, SURE))):
        return True
    lines = lines_found(sheet, pyramid)
    attested = match.inliers >= SURE
    return (sheet.quality >= (LEAST if attested else GOOD) and lines >= LINES) or (attested and lines >= LINES_ALONE)


def _candidates(photo: Photo, pyramid: Pyramid, hope: Callable[[], bool]) -> Iterator[tuple[Match, str]]:
    """Matches from the cheapest way to the dearest; the caller stops when one is good. The last only if there is ``hope``."""
    pages = [(t, p) for t in all_templates().values() for p in t.pages]
    tagged = by_tag(photo.gray, pyramid.fitted(quick.LONG_SIDE)[0], thorough=False)
    if tagged is not None:
        yield tagged, "tag"
        pages = [(tagged.template, tagged.page)]
    seen = quick.of_photo(pyramid)
    yield from _registered(pages, partial(quick.votes, seen), partial(quick.register, seen), len(pages))
    for i, (size, count, layers, ratio) in enumerate(_TRIES):
        if (i and max(photo.gray.shape) <= _TRIES[i - 1][0]) or (i == len(_TRIES) - 1 and not hope()):
            break
        if tagged is None and (tagged := by_tag(photo.gray, pyramid.fitted(TAG_SIZES[min(i, 1)])[0])) is not None:
            yield tagged, "tag"
            pages = [(tagged.template, tagged.page)]
        if i == 1 and max(photo.gray.shape) > _FINER[0] * 0.7:
            finer = quick.of_photo(pyramid, *_FINER)
            yield from _registered(pages, partial(quick.votes, finer), partial(quick.register, finer), 2)
        features = photo_features(photo.gray, size, count, layers)
        yield from _registered(pages, partial(votes, features), partial(register, features, ratio=ratio), 3 if i == 0 else 2)


def _registered(
    pages: Sequence[Place], rank: Callable[[Template, Page], int], register: Callable[[Template, Page], Match | None], most: int
) -> Iterator[tuple[Match, str]]:
    """The ``most`` likeliest pages registered; one on which many features agree comes at once, else those on which most do come first."""
    held: list[Match] = []
    for template, page in sorted(pages, key=lambda tp: rank(*tp), reverse=True)[:most]:
        match = register(template, page)
        if match is not None and match.inliers >= HINTED:
            yield match, "features"
        elif match is not None:
            held.append(match)
    for match in sorted(held, key=lambda m: m.inliers, reverse=True)[:2]:
        yield match, "features"


def judge(photo: Photo, pyramid: Pyramid, match: Match, how: str) -> AlignedSheet:
    """The match refined by the box borders found, with its quality.

    Rows that were not found, or lie off from where the others put them, are searched once more where the others' trend says.
    """
    page = match.page
    start = AlignedSheet(photo, match.template, page, match.to_photo, 0.0, how, match.bend, pyramid=pyramid)
    at = _middles(page) / page.size.width
    rows = _rows(start, pyramid, at)
    for _ in range(2):
        strength = _strength(rows)
        shift = np.array([r.shift for r in rows])
        side = float(np.median([r.side for r in rows]))
        if (strength > 0.6).sum() < max(2, len(rows) * 0.3):
            return replace(start, quality=float(strength.mean() * 0.5))
        if len(rows) > _MANY:
            trend = _trend(at, shift, strength, side)(at)
        else:  # among few rows a row must not vouch for itself
            others = [np.where(np.arange(len(rows)) == i, 0, strength) for i in range(len(rows))]
            trend = np.array([_trend(at, shift, s, side)(a) for s, a in zip(others, at, strict=True)])
        off = np.hypot(*(shift - trend).T) > 0.2 * side
        again = {int(i): trend[i] for i in np.flatnonzero((strength < 0.7) | off)}
        if not again:
            break
        tried = find_rows(pyramid, start.project, page, [rows[i].number for i in again], 0.4, np.array(list(again.values())))
        for (i, by), row in zip(again.items(), tried, strict=True):
            if row.border.mean() > strength[i] + (0.02 if strength[i] < 0.7 else -0.05):
                rows[i] = replace(row, shift=row.shift + by)
    strength = _strength(rows)
    shift = np.array([r.shift for r in rows])
    near = np.hypot(*(shift - _trend(at, shift, strength, side)(at)).T) < 0.3 * side
    quality = float((strength * near).mean())
    keep = (strength > 0.5) & near
    found = tuple(r for r, k in zip(rows, keep, strict=True) if k)
    return replace(start, quality=quality, local=_bent(start, shift, keep), rows=found)


def _strength(rows: Sequence[RowFound]) -> Floats:
    """(n,) how much of each row's border was found."""
    boxes = [len(r.border) for r in rows]
    return np.asarray(np.add.reduceat(np.concatenate([r.border for r in rows]), np.cumsum([0, *boxes[:-1]])) / boxes)


def _rows(start: AlignedSheet, pyramid: Pyramid, at: Floats) -> list[RowFound]:
    """All rows of the page. Of many a few are searched, and the others measured where those say that they are; searched like them if
    they are not there. ``at``: the rows' middles."""
    numbers = start.page.numbers
    search = partial(find_rows, pyramid, start.project, start.page)
    if len(numbers) <= 2 * _MANY:
        return search(numbers, _REACH)
    few = sorted({round(k) for k in np.linspace(0, len(numbers) - 1, _MANY)})
    found = dict(zip(few, search([numbers[i] for i in few], _REACH), strict=True))
    strength = _strength(list(found.values()))
    others = [i for i in range(len(numbers)) if i not in found]
    if np.sort(strength)[2] > _PLAINLY:
        side = float(np.median([r.side for r in found.values()]))
        trend = _trend(at[few], np.array([r.shift for r in found.values()]), strength, side)
        moved = trend(at[others])
        for i, by, row in zip(others, moved, search([numbers[i] for i in others], 0.0, moved, known=True), strict=True):
            if row.border.min() > _PLAINLY:
                found[i] = replace(row, shift=row.shift + by)
        others = [i for i in others if i not in found]
    found |= dict(zip(others, search([numbers[i] for i in others], _REACH), strict=True))
    return [found[i] for i in range(len(numbers))]


def _trend(at: Floats, shift: Floats, strength: Floats, side: float) -> Callable[[Floats], Floats]:
    """The rows' shifts as a plane over the page, robust: places (..., 2) -> shifts (..., 2). Slopes are held back where few rows speak."""
    a = np.c_[np.ones(len(at)), at - at.mean(axis=0)]
    w0 = np.clip(strength - 0.5, 0, 1)
    prior = np.diag([1e-6, 0.02, 0.02])
    order = [np.argsort(shift[:, k]) for k in (0, 1)]
    p = np.zeros((3, 2))
    for k in (0, 1):
        c = np.cumsum(w0[order[k]])
        p[0, k] = shift[order[k], k][int(np.searchsorted(c, c[-1] / 2).clip(0, len(at) - 1))]
    for _ in range(4):
        rest = np.hypot(*(shift - a @ p).T) / side
        w = w0 * np.minimum(1, 0.15 / np.maximum(rest, 1e-9))
        p = np.linalg.solve(a.T @ (w[:, None] * a) + prior, a.T @ (w[:, None] * shift) + prior @ np.vstack([p[:1], np.zeros((2, 2))]))
    middle = at.mean(axis=0)
    return lambda q: np.asarray(p[0] + (q - middle) @ p[1:], np.float64)


def _middles(page: Page) -> Floats:
    """(n, 2) centre of every number's row in template units."""
    ends = [(n.boxes[0], n.boxes[-1]) for n in page.numbers]
    out: Floats = np.array([[(a.x + b.x + b.w) / 2, a.y + a.h / 2] for a, b in ends], np.float64)
    return out


def _bent(start: AlignedSheet, shift: Floats, keep: NDArray[np.bool_]) -> Floats:
    """The local correction with the rows' own shifts (n, 2) on top, those of ``keep``."""
    page = start.page
    at = _middles(page)
    rows: Floats = np.c_[at[keep], shift[keep]]
    if start.local is None:
        return rows
    flat = replace(start, local=None)
    rows[:, 2:] += start.project(rows[:, :2]) - flat.project(rows[:, :2])
    grid = start.local.copy()
    extra = replace(start, local=np.c_[at[keep], shift[keep]])
    grid[:, 2:] += extra.project(grid[:, :2]) - flat.project(grid[:, :2])
    apart = np.hypot(grid[:, None, 0] - rows[None, :, 0], grid[:, None, 1] - rows[None, :, 1]).min(axis=1)
    out: Floats = np.r_[rows, grid[apart > page.size.width / 24]]
    return out
