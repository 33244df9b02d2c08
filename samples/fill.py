"""Fills one page of a polling station by hand: numbers, bubbles, tally strokes, words, identity, signatures."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from samples import bubbles, slips
from samples import writer as hand
from samples.desk import printed as printed_page
from samples.dial import Dial, Rng
from samples.hands import Hand
from samples.pens import Layers
from samples.places import Place, place
from samples.tps import Sheet, rng_of
from samples.words import FIRST, LAST, spell
from tally.glyphs import boxes_of
from templates_c1.registry import template as template_of
from templates_c1.schema import Number, Page, Rect

Bgr = NDArray[np.uint8]

LONG_SIDE = 2304
"""Pixels of a flat page's height."""


@dataclass(slots=True, eq=False)
class Filled:
    """A filled page, flat, as a perfect scanner would see it.

    Attributes:
        image: (h, w, 3) uint8 BGR.
        numbers: name -> what stands in its boxes, one glyph a box (tally.glyphs).
        marks: name -> filled bubbles, a digit or "_" a box; only for numbers with bubbles.
        doubtful: numbers over which a careful reader would hesitate: written over, or struck out and written beside.
        corrected: numbers put right in any way.
        effects: what befell the page.
    """

    image: Bgr
    numbers: dict[str, str]
    marks: dict[str, str] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Everything the people at the table need for one page."""

    page: Page
    layers: Layers
    who: Hand
    rng: Rng
    dial: Dial
    values: dict[str, int]


def fill(sheet: Sheet, dial: Dial, seed: int, *, on: NDArray[np.uint8] | None = None) -> Filled:
    """Fill ``sheet``. One to three people of a station write its pages; the same station, page and seed give the same picture.

    Args:
        on: gray picture of the printed page, upright, edge to edge, LONG_SIDE high; else it is drawn from the template.
    """
    page = template_of(sheet.form).page(sheet.page)
    at = place(sheet.tps)
    k = LONG_SIDE / page.size.height
    paper = printed_page(sheet.form, sheet.page, at, k) if on is None else on
    who = _writer_of(sheet, dial, seed)
    rng = rng_of("page", sheet.form, sheet.page, sheet.tps, sheet.seed, seed)
    desk = _Desk(page, Layers(page.size.width, page.size.height, k), who, rng, dial, sheet.values)
    out = Filled(paper, {}, effects=[f"pen:{who.pen.kind}", f"empty:{who.empty}"])
    for n in page.numbers:
        out.numbers[n.name] = _number(desk, n, out)
        if n.bubbles:
            out.marks[n.name] = bubbles.fill(desk.layers.ink(who.pen), who, rng, dial, n, out.numbers[n.name])
    _turus(desk)
    if rng.random() > 0.1:  # some leave the words out
        _words(desk)
    _free_text(desk, at, sheet)
    toner = float(rng.uniform(18, dial.of(40, 55, 95)))
    tone = np.clip(toner + np.arange(256) / 255 * (253 - toner), 0, 255).astype(np.uint8)
    out.image = desk.layers.onto(np.take(tone, paper), rng)
    return out


def _writer_of(sheet: Sheet, dial: Dial, seed: int) -> Hand:
    """Who of the station writes this page."""
    station = rng_of("people", sheet.tps, sheet.seed, seed)
    people = int(station.integers(1, 4))
    which = int(rng_of("who", sheet.tps, sheet.election, sheet.page, sheet.seed).integers(people))
    return Hand.of(rng_of("hand", sheet.tps, sheet.seed, seed, which), dial)


def _number(desk: _Desk, n: Number, out: Filled) -> str:
    """Write one number; returns what stands in its boxes."""
    who, rng = desk.who, desk.rng
    value = desk.values[n.name]
    tidy = boxes_of(value, len(n.boxes))
    empty = len(tidy) - len(tidy.lstrip("X"))
    how = who.empty if rng.random() < who.steady else "X"
    boxes = [*_empties(desk, n, empty, how), *tidy[empty:]]
    if how == "_" and value == 0:  # nobody leaves a whole number blank on purpose: a zero is written
        boxes[-1], empty = "0", len(boxes) - 1
    slipped = slips.slip(rng, desk.dial) if empty < len(boxes) else None
    odd = int(rng.integers(empty, len(boxes))) if slipped else -1
    page = Rect(x=0, y=0, w=desk.page.size.width, h=desk.page.size.height)
    for i in range(empty, len(boxes)):
        if i != odd:
            hand.digit(desk.layers.ink(who.pen), who.writer, rng, boxes[i], n.boxes[i], n.guide)
        elif slipped == "overwritten":
            slips.write_over(desk.layers, who, rng, boxes[i], n.boxes[i], n.guide)
        elif slipped == "fluid":
            slips.whiten(desk.layers, who, rng, boxes[i], n.boxes[i], n.guide)
        else:
            slips.strike_out(desk.layers, who, rng, boxes[i], n, i, page)
    if slipped:
        out.effects.append(f"{slipped}:{n.name}")
        out.corrected.append(n.name)
        if slipped != "fluid":
            out.doubtful.append(n.name)
    return "".join(boxes)


def _empties(desk: _Desk, n: Number, empty: int, how: str) -> str:
    """Fill the leading ``empty`` boxes; returns what stands there."""
    who, rng = desk.who, desk.rng
    ink = desk.layers.ink(who.pen)
    size = who.cross * (0.75 if n.shared_borders else 1.0)  # in cells without gaps people keep off the lines
    if how == "XX" and empty > 1:
        first, last = n.boxes[0], n.boxes[empty - 1]
        hand.cross(ink, who.writer, rng, Rect(x=first.x, y=first.y, w=last.x + last.w - first.x, h=first.h), "X", size)
        return "X" * empty
    for box in n.boxes[:empty]:
        if how == "0":
            hand.digit(ink, who.writer, rng, "0", box, n.guide)
        elif how == "-":
            hand.dash(ink, who.writer, rng, box)
        elif how == "0X":
            hand.cross(ink, who.writer, rng, box, "0X", max(size, 1.0))
        elif how != "_":
            hand.cross(ink, who.writer, rng, box, "X", size)
    return ("X" if how in ("XX", "0X") else how) * empty


def _turus(desk: _Desk) -> None:
    who, rng = desk.who, desk.rng
    ink = desk.layers.ink(who.pen)
    for g in desk.page.turus:
        count = desk.values[g.number]
        hand.turus(ink, who.writer, rng, g.x_edges, g.y_edges, count, who.rest)
        cols = len(g.x_edges) - 1
        cw = g.x_edges[1] - g.x_edges[0]
        for row in range(len(g.y_edges) - 1):
            here = min(5 * cols, count - 5 * cols * row)
            if here <= 0:
                break
            h = g.y_edges[row + 1] - g.y_edges[row]
            base = g.y_edges[row] + 0.82 * h
            hand.text(ink, who.writer, rng, str(here), g.x_edges[-1] + 0.5 * cw, base, 0.6 * h, 1.2 * cw, who.writer.pen * h * 1.1)


def _words(desk: _Desk) -> None:
    who, rng, mm = desk.who, desk.rng, desk.page.size.mm_per_unit
    ink = desk.layers.ink(who.pen)
    for name, area in desk.page.words.items():
        box = desk.page.number_named(name).boxes[0]
        cap = min(area.h * 0.4, box.h * 0.5) * float(rng.uniform(0.85, 1.1))
        pen = min(who.writer.pen * box.h * 0.8, 0.14 * cap)
        said = spell(desk.values[name])
        if area.h > 1.6 * area.w / 2.2:  # tall and narrow: a word a line
            y = area.y + cap * 1.5
            for word in said.split():
                hand.text(ink, who.writer, rng, word, area.x + 0.06 * area.w, y, cap, area.w * 0.88, pen)
                y += min(cap * 1.75, (area.h - cap) / max(1, len(said.split())))
        else:
            room = area.w * (0.78 if area.h * mm > 50 else 0.9)
            hand.text(ink, who.writer, rng, said, area.x + 0.04 * area.w, area.y + area.h * 0.5 + cap * 0.4, cap, room, pen)


def _free_text(desk: _Desk, at: Place, sheet: Sheet) -> None:
    """Identity in the writer's hand; everybody signs in an own hand, with one of two pens that go round the table."""
    station = rng_of("signers", sheet.tps, sheet.seed)
    year = sheet.form[-4:]
    facts = {
        "provinsi": at.provinsi,
        "kabupaten": at.kabupaten,
        "kecamatan": at.kecamatan,
        "desa": at.desa,
        "nomor_tps": f"{at.number:02d}",
        "nomor_tps_terbilang": spell(at.number),
        "ditetapkan_di": at.desa,
        "tanggal": f"{int(station.integers(14, 20))}",
        "bulan": "02" if year == "2024" else "12" if year == "2020" else "04",
        "tahun": year,
    }
    people = [f"{FIRST[int(station.integers(len(FIRST)))]} {LAST[int(station.integers(len(LAST)))]}" for _ in range(10)]
    pens = (desk.who.pen, Hand.of(rng_of("second pen", sheet.tps, sheet.seed), desk.dial).pen)
    unit = min(b.h for n in desk.page.numbers for b in n.boxes) * 0.8
    for name, area in desk.page.free_text.items():
        head, _, which = name.rpartition("_")
        if head in ("kpps", "saksi"):
            if head == "saksi" and station.random() < 0.2:  # a pair without a witness
                continue
            i = (int(which) + (0 if head == "kpps" else 6)) % len(people)
            ink = desk.layers.ink(pens[int(station.integers(2))])
            signer = Hand.of(rng_of("signer", sheet.tps, name), desk.dial).writer
            spot = Rect(x=area.x + 0.2 * area.w, y=area.y + 0.1 * area.h, w=0.55 * area.w, h=0.5 * area.h)
            hand.signature(ink, signer, desk.rng, spot, signer.pen * unit)
            cap = min(area.h * 0.16, area.w * 0.08)
            hand.text(
                ink,
                signer,
                desk.rng,
                people[i],
                area.x + 0.12 * area.w,
                area.y + 0.84 * area.h,
                cap,
                0.8 * area.w,
                min(signer.pen * unit * 0.8, 0.16 * cap),
            )
        elif name in facts:
            ink, w = desk.layers.ink(desk.who.pen), desk.who.writer
            cap = area.h * 0.55
            hand.text(ink, w, desk.rng, facts[name], area.x + 0.04 * area.w, area.y + area.h * 0.86, cap, area.w * 0.9, w.pen * unit)
