"""From logits to probabilities that mean what they say, and the figures that show it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tally.glyphs import DIGITS, EMPTY, GLYPHS

Floats = NDArray[np.float64]


def softmax(logits: Floats) -> Floats:
    """Row-wise."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def fit_temperature(logits: Floats, labels: NDArray[np.integer[Any]]) -> float:
    """The divisor of the logits with the smallest negative log likelihood on boxes the network never saw (Guo et al. 2017)."""
    best, best_loss = 1.0, np.inf
    for temperature in np.exp(np.linspace(np.log(0.15), np.log(4), 120)):
        p = softmax(logits / temperature)[np.arange(len(labels)), labels]
        loss = float(-np.log(np.maximum(p, 1e-12)).mean())
        if loss < best_loss:
            best, best_loss = float(temperature), loss
    return best


def calibration_error(scores: Floats, labels: NDArray[np.integer[Any]], bins: int = 15) -> float:
    """Expected calibration error of the top score, equal-count bins."""
    confidence = scores.max(axis=1)
    right = scores.argmax(axis=1) == labels
    order = np.argsort(confidence)
    parts = np.array_split(order, bins)
    return float(sum(abs(confidence[p].mean() - right[p].mean()) * len(p) for p in parts if len(p)) / max(1, len(order)))


def means_the_same(a: NDArray[np.integer[Any]], b: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Equal, or both say "no digit here" (X, dash, blank)."""
    empty = np.array([g in EMPTY for g in GLYPHS])
    return np.asarray((a == b) | (empty[a] & empty[b]))


def figures(logits: Floats, data: dict[str, NDArray[Any]], temperature: float) -> dict[str, Any]:
    """Box and number accuracy, calibration before and after, and errors among the confident."""
    labels = data["labels"]
    scores = softmax(logits / temperature)
    top, confidence = scores.argmax(axis=1), scores.max(axis=1)
    same = means_the_same(top, labels)
    numbers: dict[tuple[str, str], bool] = {}
    for photo, number, ok in zip(data["photo"], data["number"], same, strict=True):
        key = (str(photo), str(number))
        numbers[key] = numbers.get(key, True) and bool(ok)
    return {
        "boxes": len(labels),
        "wrong_glyph": int((top != labels).sum()),
        "wrong_value": int((~same).sum()),
        "box_accuracy": round(float(same.mean()), 5),
        "numbers": len(numbers),
        "number_accuracy": round(sum(numbers.values()) / max(1, len(numbers)), 5),
        "ece_raw": round(calibration_error(softmax(logits), labels), 5),
        "ece": round(calibration_error(scores, labels), 5),
        "wrong_above_0.99": int((~same & (confidence >= 0.99)).sum()),
        "wrong_above_0.999": int((~same & (confidence >= 0.999)).sum()),
        "share_above_0.99": round(float((confidence >= 0.99).mean()), 4),
        "share_above_0.999": round(float((confidence >= 0.999).mean()), 4),
    }


def summarise(data: dict[str, NDArray[Any]], logits: Floats, probe_logits: Floats, probe_kinds: NDArray[Any]) -> dict[str, Any]:
    """Everything the model card quotes. The general temperature is that of all sources with equal weight, so that no easy source rules."""
    clean = data["clean"]
    temperatures, rows = {}, {}
    for source in sorted(set(data["source"].tolist())):
        mine = clean & (data["source"] == source)
        temperatures[source] = round(fit_temperature(logits[mine], data["labels"][mine]), 4)
    temperature = round(float(np.exp(np.mean(np.log([t for s, t in temperatures.items() if s != "generated"])))), 4)
    for source in temperatures:
        for name, mask in (("", clean), ("_doubtful", ~clean)):
            mine = mask & (data["source"] == source)
            if mine.any():
                rows[source + name] = figures(logits[mine], {k: v[mine] for k, v in data.items()}, temperature)
    struck = softmax(logits[data["junk"]] / temperature)[:, : len(DIGITS)].max(axis=1, initial=0)
    p = softmax(probe_logits / temperature)[:, : len(DIGITS)].max(axis=1)
    junk = {str(k): round(float((p[probe_kinds == k] >= 0.85).mean()), 5) for k in sorted(set(probe_kinds.tolist()))}
    return {
        "temperature": temperature,
        "temperatures": temperatures,
        "sources": rows,
        "real_junk": {"boxes": len(struck), "as_digit_above_0.85": int((struck >= 0.85).sum()), "above_0.99": int((struck >= 0.99).sum())},
        "junk_as_digit_above_0.85": junk,
        "junk_as_digit_above_0.85_all": round(float((p >= 0.85).mean()), 5),
        "junk_as_digit_above_0.99_all": round(float((p >= 0.99).mean()), 5),
    }
