"""How good the network's scores are: from held-out scores, or a model read on labelled crops.

    python -m ocr.training.evaluate_boxes HELDOUT.npz
    python -m ocr.training.evaluate_boxes CROPS.npz --model ocr/models/cnn.onnx

Prints for each source: accuracy of boxes and numbers, calibration, errors among the confident, the commonest confusions; with --json also
how many boxes pass each threshold and how many of those are wrong, and the reliability diagram. Boxes of numbers that a person doubted
are counted apart. Crops a model was trained on say nothing about it: quote HELDOUT.npz, which ``ocr.training.train_cnn`` writes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.training import calibrate
from tally.glyphs import GLYPHS

THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995)


def reliability(scores: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 10) -> list[dict[str, float]]:
    """Confidence against share right, in bins of equal count: the reliability diagram as rows."""
    confidence = scores.max(axis=1)
    parts = np.array_split(np.argsort(confidence), bins)
    return [
        {"confidence": round(float(confidence[p].mean()), 5), "right": round(float(right[p].mean()), 5), "boxes": len(p)}
        for p in parts
        if len(p)
    ]


def evaluate(data: dict[str, NDArray[Any]], scores: NDArray[np.float64]) -> dict[str, Any]:
    """Figures of every source in ``data`` (arrays as in ``ocr.training.crops``) for calibrated ``scores`` (n, 14)."""
    labels, top, confidence = data["labels"], scores.argmax(axis=1), scores.max(axis=1)
    same = calibrate.means_the_same(top, labels)
    out: dict[str, Any] = {}
    for source in sorted(set(data["source"].tolist())):
        for name, kept in (("", data["clean"]), (" (doubtful)", ~data["clean"])):
            mine = kept & (data["source"] == source)
            if not mine.any():
                continue
            wrong = mine & ~same
            pairs = Counter(f"{GLYPHS[a]} read as {GLYPHS[b]}" for a, b in zip(labels[wrong], top[wrong], strict=True))
            row = calibrate.figures(np.log(np.maximum(scores[mine], 1e-9)), {k: v[mine] for k, v in data.items()}, 1.0)
            row.pop("ece_raw")
            passing = {t: confidence >= t for t in THRESHOLDS}
            row["thresholds"] = {str(t): {"boxes": int((mine & p).sum()), "wrong": int((wrong & p).sum())} for t, p in passing.items()}
            row["confusions"] = dict(pairs.most_common(8))
            row["reliability"] = reliability(scores[mine], same[mine])
            out[source + name] = row
    return out


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boxes", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args()
    with np.load(options.boxes) as file:
        data = {name: file[name] for name in file.files}
    if options.model:
        from ocr.readers.cnn import CnnReader

        scores = CnnReader(options.model).scores(data["crops"])
    else:
        scores = data["scores"]
    columns = {k: data[k] for k in ("labels", "source", "photo", "number", "clean")}
    result = evaluate(columns, scores)
    for name, row in result.items():
        text = ", ".join(f"{k} {v}" for k, v in row.items() if not isinstance(v, dict | list))
        sys.stdout.write(f"{name}: {text}\n    {row['confusions']}\n")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
