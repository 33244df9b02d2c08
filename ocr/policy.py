"""The policy: how readers are weighed and when a sheet may pass without a person. Data, set from measured error.

The file ocr/models/policy.json is written by ``ocr.training.policy`` from held-out readings; docs/accuracy.md says how.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

FILE = Path(__file__).parent / "models" / "policy.json"


@dataclass(frozen=True, slots=True)
class Policy:
    """Attributes:
    version: short hash of the file.
    weights: reader -> weight in the log-linear pool.
    malformed: prior of a malformed number against a well-formed one.
    temperature: numbers' log odds are multiplied by this after fusion (calibration).
    junk: from this probability on a box is reported as "?" and its number has no value; below it the best glyph stays as a
        suggestion, with the doubt in its confidence.
    clean: least probability that all boxes of a number are clean; below it the reason ``corrected`` is given.
    confident_checked: least confidence of a number that a holding sum ties to others, all readers agreeing.
    confident_alone: the same where Tesseract reads something else or nothing, so that the sum is the only second witness.
    confident_marked: the same for one that only its own bubbles confirm.
    border: least share of a box's printed border that must be found.
    quality: least alignment quality of an accepted sheet.
    """

    version: str
    weights: MappingProxyType[str, float]
    malformed: float
    temperature: float
    junk: float
    clean: float
    confident_checked: float
    confident_alone: float
    confident_marked: float
    border: float
    quality: float

    def calibrated(self, p: float) -> float:
        """Probability after temperature scaling of its log odds (Guo et al., "On calibration of modern neural networks", 2017)."""
        p = min(max(p, 1e-9), 1 - 1e-9)
        return 1 / (1 + math.exp(-self.temperature * math.log(p / (1 - p))))


@lru_cache(maxsize=1)
def default() -> Policy:
    """The shipped policy. Raises OSError, KeyError or ValueError if the file is missing or of another shape."""
    data = FILE.read_bytes()
    raw: dict[str, Any] = json.loads(data)
    return Policy(
        version=hashlib.sha256(data).hexdigest()[:12],
        weights=MappingProxyType({k: float(v) for k, v in raw["weights"].items()}),
        malformed=float(raw["malformed"]),
        temperature=float(raw["temperature"]),
        junk=float(raw["junk"]),
        clean=float(raw["clean"]),
        confident_checked=float(raw["confident_checked"]),
        confident_alone=float(raw["confident_alone"]),
        confident_marked=float(raw["confident_marked"]),
        border=float(raw["border"]),
        quality=float(raw["quality"]),
    )
