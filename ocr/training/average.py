"""Held-out scores and side-car of several networks whose outputs are averaged.

    python -m ocr.training.average HELDOUT.npz HELDOUT.npz ... --members cnn.onnx cnn2.onnx --out HELDOUT.npz --sidecar ocr/models/cnn.json

Each HELDOUT.npz is of one ``ocr.training.train_cnn`` run over the same crops and folds with another seed. The mean of their outputs is
what the averaged networks say of boxes that none of them was trained on; the temperatures are fitted on it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from ocr.training import calibrate


def main() -> None:
    """Command line."""
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("heldout", type=Path, nargs="+")
    ap.add_argument("--members", nargs="+", required=True, help="model files beside the side-car, trained on everything")
    ap.add_argument("--out", type=Path, required=True)
    ap.add_argument("--sidecar", type=Path, required=True)
    a = ap.parse_args()
    runs = [dict(np.load(f)) for f in a.heldout]
    data = runs[0]
    if any((r[k] != data[k]).any() for r in runs for k in ("photo", "number", "index")):
        ap.error("the runs are not over the same boxes")
    logits = np.mean([r["logits"] for r in runs], axis=0)
    temperatures = {}
    for source in sorted(set(data["source"].tolist())):
        mine = data["clean"] & (data["source"] == source)
        temperatures[source] = round(calibrate.fit_temperature(logits[mine], data["labels"][mine]), 4)
    real = [t for source, t in temperatures.items() if source != "generated"]
    temperature = round(float(np.exp(np.mean(np.log(real)))), 4)
    np.savez_compressed(a.out, **(data | {"logits": logits, "scores": calibrate.softmax(logits / temperature)}))
    sidecar = json.loads(a.sidecar.read_text(encoding="utf-8")) | {"members": a.members, "temperature": temperature}
    a.sidecar.write_text(json.dumps(sidecar | {"temperatures": temperatures}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
