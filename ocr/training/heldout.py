"""Whole sheets as the readers see them when they have never seen them before.

The trainings leave behind what each reader said of the boxes of groups (stations, writers) that it was not trained on. Put in
place of the readers' own word on the photo, with the photo really aligned, its boxes really located and its bubbles really
read, this is the machine on new photos: everything after it (fusion, rules, decision) runs as it is shipped.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np

from ocr.align import align
from ocr.decide import decide
from ocr.errors import AlignError, PhotoError
from ocr.fuse import fuse
from ocr.locate import locate
from ocr.marks import read_marks
from ocr.photo import load
from ocr.policy import Policy
from ocr.types import AlignedSheet, BoxReading, Floats, LocatedBox
from tally.glyphs import value_of
from tally.interpretation import Accepted, NeedsReview, NumberReading
from templates_c1 import registry, rules
from templates_c1.schema import Page

log = logging.getLogger(__name__)

Key = tuple[str, str, str, int]
"""source, photo, number, box index."""
Heldout = Mapping[Key, Floats]
"""Scores (14,) of one reader."""


def load_heldout(path: Path) -> tuple[dict[Key, Floats], dict[Key, str]]:
    """Scores and true glyphs of one reader's held-out boxes (arrays source, photo, number, index, truth, scores)."""
    with np.load(path, allow_pickle=False) as z:
        keys = [(str(s), str(p), str(n), int(i)) for s, p, n, i in zip(z["source"], z["photo"], z["number"], z["index"], strict=True)]
        scores = z["scores"].astype(np.float64)
        truth = [str(t) for t in z["truth"]]
    return dict(zip(keys, scores, strict=True)), dict(zip(keys, truth, strict=True))


@dataclass(frozen=True, slots=True)
class SheetCase:
    """One photographed sheet with its true values.

    Attributes:
        source: folder of the photo.
        photo: its file name.
        group: same paper, station or writer.
        form, page: what the truth says it shows.
        sheet, boxes: how the machine aligned it and found its boxes (no pixels kept); None where it did not recognise it.
        readings: reader -> its word on each box, in the order of the page's boxes.
        written: number -> its true boxes, "?" where a person cannot tell.
        doubtful: numbers that a careful reader hesitates over.
        words: number -> value -> probability, by what is written in words.
    """

    source: str
    photo: str
    group: str
    form: str
    page: Page
    sheet: AlignedSheet | None
    boxes: tuple[LocatedBox, ...]
    readings: Mapping[str, tuple[BoxReading, ...]]
    written: Mapping[str, str]
    doubtful: frozenset[str]
    words: Mapping[str, Mapping[int, float]] = field(default_factory=dict)

    def truth(self, name: str) -> int | None:
        """True value of a number; None if a person cannot tell it."""
        return None if "?" in self.written[name] else value_of(self.written[name])

    def numbers(self, policy: Policy) -> tuple[NumberReading, ...]:
        return fuse(self.page, self.readings, policy, self.words)

    def decision(self, numbers: tuple[NumberReading, ...], policy: Policy) -> Accepted | NeedsReview:
        """What the policy says. Raises ValueError for a sheet that was not recognised."""
        if self.sheet is None:
            raise ValueError(f"{self.photo} was not recognised")
        findings = rules.check(self.page, {n.name: n.value for n in numbers})
        return decide(self.sheet, self.boxes, numbers, findings, policy)

    def wrong(self, numbers: Iterable[NumberReading]) -> list[str]:
        """Numbers whose value is not what is written, or that nobody can read."""
        return [n.name for n in numbers if n.name in self.written and (self.truth(n.name) is None or n.value != self.truth(n.name))]


_NOTHING = np.zeros((1, 1), np.uint8)


def _without_pixels(sheet: AlignedSheet) -> AlignedSheet:
    photo = type(sheet.photo)(sheet.photo.name, sheet.photo.sha256, _NOTHING, sheet.photo.scale)
    return AlignedSheet(photo, sheet.template, sheet.page, sheet.to_photo, sheet.quality, sheet.how)


def _registered(entry: tuple[Path, Mapping[str, Any]]) -> SheetCase:
    """One photo aligned, located and its bubbles read; the readers of the ink are still silent."""
    cv2.setNumThreads(1)
    path, t = entry
    page = registry.template(t["form"]).page(t["page"])
    written = {n: b.replace(" ", "_") for n, b in t["numbers"].items()}
    group = str(t.get("group") or t.get("tps") or path.name)
    case = SheetCase(path.parent.name, path.name, group, t["form"], page, None, (), {}, written, frozenset(t.get("doubtful", ())))
    try:
        sheet = align(load(path))
    except (AlignError, PhotoError) as e:
        log.warning("%s: %s", path.name, e)
        return case
    if (sheet.template.form, sheet.page.number) != (t["form"], t["page"]):
        log.warning("%s: taken for %s page %d", path.name, sheet.template.form, sheet.page.number)
        return case
    boxes = tuple(LocatedBox(b.number, b.index, _NOTHING, b.corners, b.border) for b in locate(sheet))
    return replace(case, sheet=_without_pixels(sheet), boxes=boxes, readings={"marks": tuple(read_marks(sheet))})


def load_words(path: Path | None) -> dict[str, dict[str, dict[int, float]]]:
    """Photo -> number -> value -> probability, as ``ocr.training.words.measure`` wrote it. Empty without a path."""
    raw = json.loads(path.read_text(encoding="utf-8")) if path else {}
    return {photo: {n: {int(v): p for v, p in said.items()} for n, said in numbers.items()} for photo, numbers in raw.items()}


Words = Mapping[str, Mapping[str, Mapping[int, float]]]


def sheet_cases(data: Path, readers: Mapping[str, Heldout], words: Words = MappingProxyType({}), jobs: int = 2) -> Iterator[SheetCase]:
    """Every sheet under ``data`` whose form is known, each reader's held-out word on it where it has one on every box.

    Sheets of which the network has no held-out word are left out.
    """
    entries = []
    for file in sorted(data.glob("*/truth.json")):
        photos = json.loads(file.read_text(encoding="utf-8"))["photos"]
        entries += [(file.parent / name, t) for name, t in photos.items() if t["form"] in registry.all_templates()]
    if jobs < 2:
        yield from filter(None, map(partial(_told, readers, words), map(_registered, entries)))
        return
    # not forked: this process may have threads, and a forked child would wait for them for ever
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from filter(None, map(partial(_told, readers, words), pool.map(_registered, entries, chunksize=4)))


def _told(readers: Mapping[str, Heldout], words: Words, case: SheetCase) -> SheetCase | None:
    keys = [(case.source, case.photo, n.name, i) for n in case.page.numbers for i in range(len(n.boxes))]
    told = {r: tuple(BoxReading(r, k[2], k[3], scores[k]) for k in keys) for r, scores in readers.items() if all(k in scores for k in keys)}
    if "cnn" not in told:
        return None
    marks = {r: b for r, b in case.readings.items() if b}
    return replace(case, readings=told | marks, words=words.get(case.photo, {}))
