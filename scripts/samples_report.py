"""Hold generated photos against real ones: how the product reads both, and what they are like as pictures. Writes docs/samples.md.

    python -m scripts.samples_report --dial
    python -m scripts.samples_report FOLDER... [--difficulty moderate] [--photos 40] [--seed 1] [--no-write]

Every ``truth.json`` at or below the folders is read (as scripts.accuracy does); for each form found there as many photos are generated,
and one set for the desk forms of every kind of election. Figures on generated photos say nothing about real ones: the report's use is to
show how far apart the two are.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

import samples
from ocr import policy as policies
from ocr.pipeline import interpret_with_pixels
from ocr.readers.cnn import best_glyph
from ocr.types import SheetPixels
from samples import effects, tps
from samples.measure import NAMES, Picture, measure
from scripts import markers
from scripts.accuracy import Score, means, score, share, truth_files
from tally.glyphs import EMPTY, JUNK
from tally.interpretation import Unreadable
from templates_c1.families.declarations import declarations
from templates_c1.registry import template

PAGE = markers.DOCS / "samples.md"
REAL, MADE, DESK = "real", "generated", "generated, desk forms"

out = Console(soft_wrap=True, highlight=False, markup=False)
Named = tuple[str, bytes, Mapping[str, Any]]


@dataclass(slots=True)
class Set:
    """What was seen in the photos of one form, or of all desk forms. ``glyphs``: written glyph -> (boxes, read right by the network)."""

    score: Score = field(default_factory=Score)
    boxes: int = 0
    boxes_right: int = 0
    glyphs: dict[str, Counter[bool]] = field(default_factory=dict)
    pictures: list[Picture] = field(default_factory=list)

    def add(self, name: str, data: bytes, truth: Mapping[str, Any]) -> None:
        """Read one photo and count it."""
        got, pixels = interpret_with_pixels(data, name)
        self.score += score(truth, got)
        outcome = got.outcome
        if pixels is None or isinstance(outcome, Unreadable) or (outcome.form, outcome.page) != (truth["form"], truth["page"]):
            return
        self.pictures.append(_picture(data, pixels))
        for n in outcome.numbers:
            if _clean(truth, n.name):
                pairs = list(zip(n.boxes, truth["numbers"][n.name], strict=True))
                self.boxes += len(pairs)
                self.boxes_right += sum(means(read, written) for read, written in pairs)
        for reading in pixels.readings["cnn"]:
            if _clean(truth, reading.number):
                written = truth["numbers"][reading.number][reading.index]
                kind = "empty" if written in EMPTY else written
                right = means(best_glyph(reading.scores, policies.default().junk), written)
                self.glyphs.setdefault(kind, Counter())[right] += 1


def _clean(truth: Mapping[str, Any], number: str) -> bool:
    boxes = truth["numbers"].get(number, "?")
    return number not in truth.get("doubtful", ()) and "?" not in boxes and JUNK not in boxes


def _picture(data: bytes, pixels: SheetPixels) -> Picture:
    size = pixels.sheet.page.size
    corners = pixels.sheet.project(np.array([[0, 0], [size.width, 0], [size.width, size.height], [0, size.height]], np.float64))
    return measure(data, pixels.sheet.photo.gray, corners, [b.corners for b in pixels.boxes])


def real_photos(folders: Sequence[Path], most: int, seed: int) -> dict[str, list[Named]]:
    """At most ``most`` photos a form, drawn at random, by form id."""
    found: dict[str, list[Named]] = {}
    for file in truth_files(folders):
        for name, truth in sorted(json.loads(file.read_text(encoding="utf-8"))["photos"].items()):
            if not truth.get("generated") and "form" in truth and "page" in truth:
                found.setdefault(truth["form"], []).append((str(file.parent / name), b"", truth))
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[Named]] = {}
    for form, photos in sorted(found.items()):
        picked = [photos[i] for i in sorted(rng.permutation(len(photos))[:most])]
        drawn[form] = [(Path(path).name, Path(path).read_bytes(), truth) for path, _, truth in picked]
    return drawn


def made_photos(
    kind: str, form: str | None, like: Mapping[int, int] | None, most: int, difficulty: str | float, seed: int
) -> Iterator[Named]:
    """``most`` generated photos; ``like``: how often the real set has each page, so that both hold the same pages."""
    wanted = Counter({p: max(1, round(k * most / sum(like.values()))) for p, k in like.items()}) if like else None
    codes = tps.stations(kind, most, seed)
    count = 0
    for i, code in enumerate(codes):
        if wanted is None:
            every = [p.number for p in template(form or tps.form_of(kind, code)).pages]
            pages = [every[i % len(every)]]
        else:
            pages = [p for p, k in wanted.items() if i < k]
        for sheet in tps.whole_tps(kind, code, seed, form=form, pages=pages):
            data, truth = samples.photograph(sheet, difficulty, seed + i)
            yield f"{code}_{sheet.form}_p{sheet.page}.jpg", data, truth
            count += 1
        if count >= most:
            return


def reading_table(sets: Mapping[tuple[str, str], Set]) -> str:
    lines = [
        "| photos | form | n | recognised | clean numbers right | doubtful numbers right | accepted | silent | boxes right |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (origin, form), s in sets.items():
        c = s.score
        lines.append(
            f"| {origin} | {form} | {c.photos} | {share(c.recognised, c.photos)} | {share(c.clean_right, c.clean)} "
            f"| {share(c.doubtful_right, c.doubtful)} | {share(c.accepted, c.photos)} | {c.silent} | {share(s.boxes_right, s.boxes)} |"
        )
    return "\n".join(lines)


def glyph_table(sets: Mapping[tuple[str, str], Set]) -> str:
    by_origin: dict[str, dict[str, Counter[bool]]] = {}
    for (origin, _), s in sets.items():
        for glyph, counts in s.glyphs.items():
            by_origin.setdefault(origin, {}).setdefault(glyph, Counter()).update(counts)
    lines = ["| written | " + " | ".join(by_origin) + " |", "|---|" + "---|" * len(by_origin)]
    for glyph in [*"0123456789", "empty"]:
        cells = [g.get(glyph, Counter()) for g in by_origin.values()]
        lines.append(f"| {glyph} | " + " | ".join(share(c[True], c.total()) for c in cells) + " |")
    return "\n".join(lines)


def picture_table(sets: Mapping[tuple[str, str], Set]) -> str:
    shown = {key: s.pictures for key, s in sets.items() if s.pictures}
    lines = ["| | " + " | ".join(f"{form}, {origin}" for origin, form in shown) + " |", "|---|" + "---|" * len(shown)]
    for name in NAMES:
        cells = []
        for pictures in shown.values():
            values = np.array([v for p in pictures if not np.isnan(v := getattr(p, name))])
            low, middle, high = np.percentile(values, (10, 50, 90)) if len(values) else (np.nan,) * 3
            cells.append(f"{middle:.3g} ({low:.3g} to {high:.3g})" if len(values) else "-")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def report(sets: Mapping[tuple[str, str], Set], difficulty: str | float) -> str:
    """The Markdown between the markers of docs/samples.md."""
    return "\n\n".join(
        (
            f"Generated at difficulty `{difficulty}`. **Rows marked *generated* are drawings; they are no evidence about real forms.** "
            "The readers were trained on boxes of the real photos, so the *real* rows flatter them ([by cross-validation](accuracy.md)); "
            "they were trained on none of these drawings.",
            "### How the product reads them",
            reading_table(sets),
            "### The network alone, by what is written in the box",
            glyph_table(sets),
            "### What they are like as pictures",
            "Median, and in brackets the 10th to 90th percentile. What is measured: `samples/measure.py`.",
            picture_table(sets),
        )
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="*", metavar="FOLDER")
    parser.add_argument("--dial", action="store_true", help="only write the dial's table anew")
    parser.add_argument("--difficulty", default="moderate", help="of the generated photos")
    parser.add_argument("--photos", type=int, default=40, help="at most so many a form, real and generated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-write", action="store_true", help="leave docs/samples.md alone")
    args = parser.parse_args(argv)
    if not args.no_write:
        markers.write(PAGE, "dial", effects.table())
    if args.dial:
        return 0
    real = real_photos(args.folders, args.photos, args.seed)
    if not real:
        out.print("no photos with a truth.json there")
        return 2
    jobs: list[tuple[tuple[str, str], Iterator[Named] | list[Named]]] = []
    for form, photos in real.items():
        kind = template(form).elections[0]
        pages = Counter(truth["page"] for _, _, truth in photos)
        jobs.append(((REAL, form), photos))
        jobs.append(((MADE, form), made_photos(kind, form, pages, args.photos, args.difficulty, args.seed)))
    kinds = sorted({d.election for d in declarations()})
    each = max(1, args.photos // len(kinds))
    desk = itertools.chain.from_iterable(made_photos(k, None, None, each, args.difficulty, args.seed) for k in kinds)
    jobs.append(((DESK, "all kinds"), desk))
    sets: dict[tuple[str, str], Set] = {}
    for key, source in jobs:
        sets[key] = Set()
        for name, data, truth in source:
            sets[key].add(name, data, truth)
        out.print(f"{key[0]}, {key[1]}: {sets[key].score.photos} photos read")
    text = report(sets, args.difficulty)
    out.print(text)
    if not args.no_write:
        markers.write(PAGE, "samples", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
