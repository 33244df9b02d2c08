"""Fills a blank page by hand: digits, crosses, tally strokes, bubbles, words, identity, signatures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from samples import values as numbers_of
from samples import writer as hand
from samples.blank import draw as draw_blank
from samples.strokes import Ink
from samples.words import FIRST, LAST, REGIONS, spell
from samples.writer import Rng, Writer
from tally.glyphs import boxes_of
from templates_c1.registry import template as template_of
from templates_c1.schema import Number, Page, Rect

Bgr = NDArray[np.uint8]

LONG_SIDE = 2304
"""Pixels of a flat page's height."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A filled page, flat, as a perfect scanner would see it.

    Attributes:
        image: (h, w, 3) uint8 BGR.
        numbers: name -> what stands in its boxes, one glyph a box (tally.glyphs).
        marks: name -> filled bubbles, a digit or "_" a box; only for numbers with bubbles.
        doubtful: numbers with an overwritten digit, over which a careful reader would hesitate.
    """

    form: str
    page: int
    image: Bgr
    numbers: dict[str, str]
    marks: dict[str, str] = field(default_factory=dict)
    doubtful: tuple[str, ...] = ()


def _rng(*key: object) -> Rng:
    """A generator that depends on nothing but ``key``."""
    return np.random.default_rng(list("\x1f".join(map(str, key)).encode()))


def draw(
    form: str,
    page: int,
    seed: int,
    *,
    break_sum: bool = False,
    difficulty: float = 0.3,
    values: Mapping[str, int] | None = None,
    printed: NDArray[np.uint8] | None = None,
) -> Sample:
    """A filled page. The same ``form`` and ``seed`` are one station: its pages agree in numbers, place and handwriting.

    Args:
        break_sum: make one number wrong, so that exactly one rule breaks.
        difficulty: 0 tidy .. 1 careless.
        values: numbers to write instead of the imagined ones, by name.
        printed: gray picture of the blank page, upright and edge to edge, to write on; else it is drawn from the template.

    Raises:
        KeyError: unknown form, page or number.
        ValueError: a value that does not fit its boxes.
    """
    template = template_of(form)
    sheet = template.page(page)
    true = numbers_of.station(template, _rng("station", form, seed))
    if break_sum:
        true = numbers_of.with_broken_sum(template, page, true, _rng("break", form, page, seed))
    for name, value in (values or {}).items():
        true[sheet.number_named(name).name] = value
    w = Writer.of(_rng("writer", form, seed), difficulty)
    rng = _rng("page", form, page, seed)
    k = LONG_SIDE / sheet.size.height
    ink = Ink(sheet.size.width, sheet.size.height, k)
    written, marks = {}, {}
    doubtful = _slips(ink, w, _rng("slip", form, page, seed), sheet, true, difficulty)
    marks_cross = bool(rng.random() < 0.5)
    for n in sheet.numbers:
        written[n.name] = write_number(ink, w, rng, n, true[n.name])
        if n.bubbles:
            marks[n.name] = _fill_bubbles(ink, rng, n, written[n.name], marks_cross)
    _turus(ink, w, rng, sheet, true)
    _words(ink, w, rng, sheet, true)
    _free_text(ink, w, rng, sheet, _rng("place", form, seed), form[-4:])
    return Sample(form, page, _blend(sheet, k, ink, w, rng, printed), written, marks, doubtful)


def _slips(ink: Ink, w: Writer, rng: Rng, sheet: Page, true: Mapping[str, int], difficulty: float) -> tuple[str, ...]:
    """Wrong digits written first, to be written over: careless hands do so, tidy ones (difficulty below 0.4) do not."""
    slipped = []
    for n in sheet.numbers:
        last = str(true[n.name])[-1]
        if rng.random() < 0.08 * (difficulty - 0.4):
            other = str(rng.choice([d for d in "0123456789" if d != last]))
            hand.digit(ink, w, rng, other, n.boxes[-1], n.guide)
            slipped.append(n.name)
    return tuple(slipped)


def write_number(ink: Ink, w: Writer, rng: Rng, n: Number, value: int) -> str:
    """Write ``value`` into the boxes of ``n`` in this hand; returns what stands there, one glyph a box."""
    tidy = boxes_of(value, len(n.boxes))
    empty = len(tidy) - len(tidy.lstrip("X"))
    how = w.cross
    boxes = list(tidy)
    size = 0.62 if n.shared_borders else 1.0  # in cells without gaps people keep off the lines
    if how == "XX" and empty > 1:
        first, last = n.boxes[0], n.boxes[empty - 1]
        hand.cross(ink, w, rng, Rect(x=first.x, y=first.y, w=last.x + last.w - first.x, h=first.h), "X", size)
    else:
        for i in range(empty):
            if how == "0":
                hand.digit(ink, w, rng, "0", n.boxes[i], n.guide)
                boxes[i] = "0"
            elif how == "-":
                hand.dash(ink, w, rng, n.boxes[i])
                boxes[i] = "-"
            elif how == "_":
                boxes[i] = "_"
            else:
                hand.cross(ink, w, rng, n.boxes[i], "X" if how == "XX" else how, size)
    if how == "_" and value == 0:  # nobody leaves a whole number blank on purpose: a zero is written
        hand.digit(ink, w, rng, "0", n.boxes[-1], n.guide)
        boxes[-1] = "0"
    for i in range(empty, len(boxes)):
        hand.digit(ink, w, rng, boxes[i], n.boxes[i], n.guide)
    return "".join(boxes)


def _fill_bubbles(ink: Ink, rng: Rng, n: Number, boxes: str, cross_is_zero: bool) -> str:
    said = ""
    for i, c in enumerate(boxes):
        mark = c if c.isdigit() else "0" if cross_is_zero else "_"
        said += mark
        if mark == "_":
            continue
        x, y = n.bubbles[i].centres[int(mark)]
        r = n.bubbles[i].radius
        ink.disc(x + float(rng.normal(0, 0.06 * r)), y + float(rng.normal(0, 0.06 * r)), r * float(rng.uniform(0.88, 1.1)))
    return said


def _turus(ink: Ink, w: Writer, rng: Rng, sheet: Page, true: Mapping[str, int]) -> None:
    rest = str(rng.choice(["z", "x", "cells", "none"], p=[0.4, 0.2, 0.25, 0.15]))
    for g in sheet.turus:
        hand.turus(ink, w, rng, g.x_edges, g.y_edges, true[g.number], rest)
        cols = len(g.x_edges) - 1
        cw = g.x_edges[1] - g.x_edges[0]
        for row in range(len(g.y_edges) - 1):
            count = min(5 * cols, true[g.number] - 5 * cols * row)
            if count <= 0:
                break
            h = g.y_edges[row + 1] - g.y_edges[row]
            hand.text(ink, w, rng, str(count), g.x_edges[-1] + 0.5 * cw, g.y_edges[row] + 0.82 * h, 0.6 * h, 1.2 * cw, w.pen * h * 1.1)


def _words(ink: Ink, w: Writer, rng: Rng, sheet: Page, true: Mapping[str, int]) -> None:
    if rng.random() < 0.12:  # some leave them out
        return
    mm = sheet.size.mm_per_unit
    for name, area in sheet.words.items():
        box = sheet.number_named(name).boxes[0]
        cap = min(area.h * 0.4, box.h * 0.5)
        pen = w.pen * box.h * 0.8
        said = spell(true[name])
        if area.h > 1.6 * area.w / 2.2:  # tall and narrow: a word a line
            y = area.y + cap * 1.5
            for word in said.split():
                hand.text(ink, w, rng, word, area.x + 0.06 * area.w, y, cap, area.w * 0.88, pen)
                y += min(cap * 1.75, (area.h - cap) / max(1, len(said.split())))
        else:
            room = area.w * (0.78 if area.h * mm > 50 else 0.9)
            hand.text(ink, w, rng, said, area.x + 0.04 * area.w, area.y + area.h * 0.5 + cap * 0.4, cap, room, pen)


def _free_text(ink: Ink, w: Writer, rng: Rng, sheet: Page, place: Rng, year: str) -> None:
    province, regency, district, village = REGIONS[int(place.integers(len(REGIONS)))]
    tps = int(place.integers(1, 30))
    facts = {
        "provinsi": province,
        "kabupaten": regency,
        "kecamatan": district,
        "desa": village,
        "nomor_tps": f"{tps:02d}",
        "nomor_tps_terbilang": spell(tps),
        "ditetapkan_di": village,
        "tanggal": f"{int(place.integers(14, 20))}",
        "bulan": "02" if year == "2024" else "04",
        "tahun": year,
    }
    people = [f"{FIRST[int(place.integers(len(FIRST)))]} {LAST[int(place.integers(len(LAST)))]}" for _ in range(10)]
    pen = w.pen * min(b.h for n in sheet.numbers for b in n.boxes) * 0.8
    for name, area in sheet.free_text.items():
        head, _, which = name.rpartition("_")
        if head in ("kpps", "saksi"):
            if head == "saksi" and place.random() < 0.2:  # a pair without a witness
                continue
            other = Writer.of(_rng("signer", name, people[0]), 0.5)  # everybody signs in an own hand
            hand.signature(ink, other, rng, Rect(x=area.x + 0.2 * area.w, y=area.y + 0.1 * area.h, w=0.55 * area.w, h=0.5 * area.h), pen)
            person = people[(int(which) + (0 if head == "kpps" else 6)) % len(people)]
            cap = min(area.h * 0.16, area.w * 0.08)
            hand.text(ink, other, rng, person, area.x + 0.12 * area.w, area.y + 0.84 * area.h, cap, 0.8 * area.w, pen * 0.8)
        elif name in facts:
            cap = area.h * 0.55
            hand.text(ink, w, rng, facts[name], area.x + 0.04 * area.w, area.y + area.h * 0.86, cap, area.w * 0.9, pen)


def _blend(sheet: Page, k: float, ink: Ink, w: Writer, rng: Rng, blank: NDArray[np.uint8] | None = None) -> Bgr:
    """Print and ink on paper; ballpoint does not cover quite evenly and lets a printed line through."""
    if blank is None:
        printed = draw_blank(sheet, k)
    else:
        size = (round(sheet.size.width * k), round(sheet.size.height * k))
        printed = np.asarray(cv2.resize(blank, size, interpolation=cv2.INTER_AREA), np.uint8)
    cover = ink.coverage()[: printed.shape[0], : printed.shape[1]]
    strength = float(rng.uniform(0.82, 0.97)) / 255
    toner = float(rng.uniform(22, 48))
    tone = np.clip(toner + np.arange(256) / 255 * (253 - toner), 0, 255).astype(np.uint8)
    base = np.asarray(cv2.LUT(printed, tone), dtype=np.uint8)
    out = np.repeat(base[..., None], 3, axis=2)
    wet = np.nonzero(cover)
    under = base[wet].astype(np.float32)[:, None]
    share = (cover[wet].astype(np.float32) * strength)[:, None]
    out[wet] = (under * (1 - share) + np.minimum(under, np.array(w.colour, np.float32)) * share).astype(np.uint8)
    return out
