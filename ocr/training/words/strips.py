"""Cut the words of every number out of a folder of real data.

    python -m ocr.training.words.strips DATA CROPS.npz --out STRIPS.npz

``DATA`` as for ``ocr.training.crops``, whose ``CROPS.npz`` tells the fold of each photo: the same folds, so that what the readers say
of photos they were not trained on can be put together. Arrays written, a row for each strip: ``widths``, ``value`` (by the boxes' truth,
-1 where that tells nothing), ``fold`` 0..2, ``source``, ``photo``, ``number``; ``ink`` (32, sum of widths), the strips side by side.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import numpy as np

from ocr.align import align
from ocr.errors import AlignError, PhotoError
from ocr.photo import load
from ocr.readers.word_strips import strips
from tally.glyphs import BLANK, JUNK, value_of
from templates_c1.registry import all_templates

log = logging.getLogger(__name__)


def main() -> None:
    """Command line."""
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("data", type=Path)
    ap.add_argument("crops", type=Path)
    ap.add_argument("--out", type=Path, required=True)
    a = ap.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with np.load(a.crops, allow_pickle=False) as z:
        fold = {(str(s), str(p)): int(f) % 3 for s, p, f in zip(z["source"], z["photo"], z["fold"], strict=True)}
    rows, ink = [], []
    for file in sorted(a.data.glob("*/truth.json")):
        source = file.parent.name
        for photo, t in sorted(json.loads(file.read_text(encoding="utf-8"))["photos"].items()):
            form = all_templates().get(t["form"])
            if form is None or not form.page(t["page"]).words or (source, photo) not in fold:
                continue
            try:
                sheet = align(load(file.parent / photo), t["form"])
            except (AlignError, PhotoError) as e:
                log.warning("%s: %s", photo, e)
                continue
            if sheet.page.number != t["page"]:
                continue
            for number, strip in strips(sheet).items():
                written = t["numbers"].get(number, JUNK).replace(" ", BLANK)
                # blank boxes beside words: the words alone know the number
                value = None if not written.strip(BLANK) else value_of(written)
                rows.append((source, photo, number, fold[source, photo], -1 if value is None else value, strip.shape[1]))
                ink.append(strip)
        log.info("%s: %d strips in all", source, len(rows))
    names = ("source", "photo", "number", "fold", "value", "widths")
    columns = {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    np.savez_compressed(a.out, ink=np.hstack(ink), **columns)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
