"""What the reader of number words gets right of strips it was not trained on; fits its calibration and writes its side-car.

    python -m ocr.training.words.measure STRIPS.npz DIR [--sidecar ocr/models/words.json] [--heldout OUT.json]

``DIR`` holds what ``ocr.training.words.train --fold 0``, ``1`` and ``2`` left. The temperature and the doubt (``ocr.readers.words.judged``)
are those with the least negative log likelihood of the true values, where the doubt is spread over all numbers; the held-out words and
the table use, for each fold, a calibration fitted on the other two.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from ocr.readers.words import Speller, judged
from ocr.types import Floats
from tally.words import LARGEST, LETTERS

FORMS = ("c-hasil-kwk-2020", "c1-ppwp-2019")
"""Where it was measured. Of the 2024 form there are too few sheets with words."""
Calibration = tuple[float, tuple[float, float]]
GRID: tuple[Calibration, ...] = tuple(
    (t, (a, b)) for t, a, b in product((0.3, 0.4, 0.5, 0.6, 0.8), (2.0, 2.5, 3.0, 3.5, 4.0, 4.5), (1.0, 1.5, 2.0, 2.5, 3.0, 4.0))
)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One strip held out: where it stands, the true value (None: nobody can tell), the likelihoods of all values."""

    source: str
    photo: str
    number: str
    fold: int
    value: int | None
    likelihoods: Floats


def heard(strips: Path, folder: Path) -> list[Heard]:
    """Every strip with what the network that had not seen its fold said of it."""
    spell, out = Speller(), []
    with np.load(strips, allow_pickle=False) as z:
        columns = {k: z[k] for k in ("source", "photo", "number", "fold", "value")}
    for fold in range(3):
        with np.load(folder / f"said{fold}.npz", allow_pickle=False) as z:
            parts = np.split(z["said"], np.cumsum(z["frames"])[:-1])
            for i, said in zip(z["row"], parts, strict=True):
                source, photo, number = (str(columns[k][i]) for k in ("source", "photo", "number"))
                value = int(columns["value"][i])
                out.append(Heard(source, photo, number, fold, None if value < 0 else value, spell(said)))
    return out


def loss(some: Sequence[Heard], calibration: Calibration) -> float:
    """Mean negative log likelihood of the true values."""
    total = 0.0
    known = [h for h in some if h.value is not None]
    for h in known:
        p = judged(h.likelihoods, *calibration)
        total -= math.log(p.get(h.value or 0, 0.0) + max(1e-9, 1 - sum(p.values())) / (LARGEST + 1))
    return total / max(1, len(known))


def fit(some: Sequence[Heard]) -> Calibration:
    """The calibration of GRID that suits best."""
    return min(GRID, key=lambda c: loss(some, c))


def main() -> None:
    """Command line."""
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("strips", type=Path)
    ap.add_argument("folder", type=Path)
    ap.add_argument("--sidecar", type=Path)
    ap.add_argument("--heldout", type=Path)
    a = ap.parse_args()
    everything = heard(a.strips, a.folder)
    others = {f: fit([h for h in everything if h.fold != f]) for f in range(3)}
    said = [judged(h.likelihoods, *others[h.fold]) for h in everything]
    for source in sorted({h.source for h in everything}):
        mine = [(h.value, p) for h, p in zip(everything, said, strict=True) if h.source == source and h.value is not None]
        right = sum(bool(p) and next(iter(p)) == v for v, p in mine)
        print(f"{source}: {right} of {len(mine)} strips right")  # noqa: T201
        for least in (0.5, 0.8, 0.9, 0.95, 0.98):
            sure = [next(iter(p)) == v for v, p in mine if p and next(iter(p.values())) >= least]
            print(f"    confidence >= {least}: {len(sure)} strips, {sure.count(False)} wrong")  # noqa: T201
    if a.heldout:
        out: dict[str, dict[str, dict[str, float]]] = {}
        for h, p in zip(everything, said, strict=True):
            out.setdefault(h.photo, {})[h.number] = {str(v): round(x, 5) for v, x in p.items()}
        a.heldout.write_text(json.dumps(out), encoding="utf-8")
    temperature, doubt = fit(everything)
    print(f"temperature {temperature}, doubt {doubt}, loss {loss(everything, (temperature, doubt)):.4f}")  # noqa: T201
    if a.sidecar:
        told = {"letters": LETTERS, "forms": FORMS, "temperature": temperature, "doubt": doubt}
        a.sidecar.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
