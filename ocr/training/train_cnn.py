"""Train the box network: cross-validation by group, calibration, final model.

    python -m ocr.training.train_cnn CROPS.npz --out DIR [--handwriting DIGITS.npz] [--folds 3] [--final]

Writes into DIR: ``heldout.npz`` (scores of every box by the network that never saw its group), ``summary.json`` (figures and temperatures),
``cnn.onnx`` and ``cnn.json`` (with ``--final``).
"""

from __future__ import annotations

import argparse
import json
import logging
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ocr.training import augment, calibrate
from ocr.training.bank import Pool, make_bank
from ocr.training.network import export, fit, logits_of
from ocr.training.probe import probe
from tally.glyphs import GLYPHS, JUNK

log = logging.getLogger(__name__)

REAL_JUNK = 0.04
"""Share of real overwritten and struck boxes among the drawn real boxes."""

Arrays = dict[str, NDArray[Any]]

SHARES = {"boxes2024": 0.29, "kwk2020": 0.22, "scans2019": 0.27, "scans2019_provinces": 0.1, "ppwp2024": 0.04, "generated": 0.08}
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


def small(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, 64, 64) -> (n, NET_SIZE, NET_SIZE)."""
    out = np.zeros((len(crops), augment.NET_SIZE, augment.NET_SIZE), np.uint8)
    for i, crop in enumerate(crops):
        out[i] = augment.shrink(crop)
    return out


def _bank(arguments: tuple[Pool, int, int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    cv2.setNumThreads(1)
    return make_bank(*arguments)


def banks(data: Arrays, folds: int, per_fold: int, foreign: tuple[NDArray[np.uint8], NDArray[np.uint8]], jobs: int) -> list[Any]:
    """One bank for each fold, made of that fold's boxes only."""
    weight = weights(data)
    labels = np.where(data["junk"], GLYPHS.index(JUNK), data["labels"]).astype(np.uint8)
    pools = []
    for fold in range(folds):
        mine = (data["fold"] % folds == fold) & (weight > 0)
        pools.append(Pool(data["crops"][mine], labels[mine], weight[mine], foreign[0][fold::folds], foreign[1][fold::folds]))
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(_bank, [(p, per_fold, 1000 + i) for i, p in enumerate(pools)]))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("crops", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--handwriting", type=Path, help="npz with digits (n, 28, 28) uint8 white on black, and labels (n,)")
    parser.add_argument("--folds", type=int, default=3, help="0 or 1: no cross-validation")
    parser.add_argument("--bank", type=int, default=150_000, help="different training pictures")
    parser.add_argument("--fold-samples", type=int, default=400_000)
    parser.add_argument("--final-samples", type=int, default=800_000)
    parser.add_argument("--final", action="store_true", help="train on everything and export")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)

    data = load(options.crops)
    foreign = (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
    if options.handwriting:
        with np.load(options.handwriting) as digits:
            foreign = digits["digits"], digits["labels"]
    parts = max(1, options.folds)
    log.info("%d boxes; making %d pictures", len(data["labels"]), options.bank)
    made = banks(data, parts, options.bank // parts, foreign, options.threads)

    if parts > 1:
        scores = np.zeros((len(data["labels"]), len(GLYPHS)))
        probes = []
        for fold in range(parts):
            others = [b for i, b in enumerate(made) if i != fold]
            net = fit([b[0] for b in others], [b[1] for b in others], options.fold_samples, options.seed + fold)
            held = data["fold"] % parts == fold
            scores[held] = logits_of(net, small(data["crops"][held]))
            usable = held & data["clean"] & (data["labels"] != GLYPHS.index(JUNK))
            pictures, kinds = probe(data["crops"][usable], data["labels"][usable], 2000, 99 + fold)
            probes.append((logits_of(net, small(pictures)), kinds))
            right = (scores[held].argmax(1) == data["labels"][held])[data["clean"][held]]
            log.info("fold %d: %.4f of %d clean boxes right", fold, right.mean(), right.size)
        summary = calibrate.summarise(data, scores, np.concatenate([p[0] for p in probes]), np.concatenate([p[1] for p in probes]))
        held_out: dict[str, Any] = {
            k: data[k] for k in ("source", "photo", "number", "index", "group", "clean", "border", "junk", "labels")
        }
        held_out |= {"truth": np.array(list(GLYPHS))[data["labels"]], "logits": scores}
        held_out["scores"] = calibrate.softmax(scores / summary["temperature"])
        np.savez_compressed(options.out / "heldout.npz", **held_out)
        (options.out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
        log.info("%s", json.dumps(summary, indent=1))
    if options.final:
        net = fit([b[0] for b in made], [b[1] for b in made], options.final_samples, options.seed + 100)
        export(net, options.out / "cnn.onnx")
        path = options.out / "summary.json"
        known = json.loads(path.read_text()) if path.exists() else {"temperature": 0.6, "temperatures": {}}
        sidecar = {
            "glyphs": GLYPHS,
            "size": augment.NET_SIZE,
            "cut": augment.CUT,
            "temperature": known["temperature"],
            "temperatures": known["temperatures"],
        }
        (options.out / "cnn.json").write_text(json.dumps(sidecar, indent=1) + "\n")


if __name__ == "__main__":
    main()
