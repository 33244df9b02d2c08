"""The policy: how readers are weighed and when a sheet may pass without a person. Data, set from measured error.

The file ocr/models/policy.json is written by ``ocr.training.policy`` from held-out readings; docs/accuracy.md says how.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
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
    temperature: power to which the values' probabilities are raised before the rules speak (calibration).
    junk: from this probability on a box is reported as "?" and its number has no value; below it the best glyph stays as a
        suggestion, with the doubt in its confidence.
    clean: least probability that all boxes of a number are clean; below it the reason ``corrected`` is given.
    broken_rule: how often a paper breaks one of its own rules, for joint inference.
    confident_checked: least confidence of a number that a holding sum ties to others, all readers agreeing.
    confident_alone: the same where Tesseract reads something else or nothing, so that the sum is the only second witness.
    confident_marked: the same for one that only its own bubbles confirm, all readers agreeing.
    confident_marked_alone: the same where Tesseract reads something else or nothing, so that the bubbles are the only second witness.
    words_sure: from this probability on the number in words is a second reader: it confirms what it says and contradicts the rest.
    readers_floor: least ``reader_confidence``: the rules may strengthen what was read, they may not carry it alone.
    boxes_floor: least probability, by the readers of the boxes alone, of a value that the number words carry.
    border: least share of a box's printed border that must be found.
    quality: least alignment quality of an accepted sheet.
    empty: from this probability on that a box is empty, the network's word is enough and Tesseract is not asked.
    """

    version: str
    weights: MappingProxyType[str, float]
    malformed: float
    temperature: float
    junk: float
    clean: float
    broken_rule: float
    confident_checked: float
    confident_alone: float
    confident_marked: float
    confident_marked_alone: float
    words_sure: float
    readers_floor: float
    boxes_floor: float
    border: float
    quality: float
    empty: float


def from_json(data: bytes) -> Policy:
    """The policy that ``as_json`` wrote. Raises KeyError or ValueError if it is of another shape."""
    raw: dict[str, Any] = json.loads(data)
    numbers = {f.name: float(raw[f.name]) for f in fields(Policy) if f.name not in ("version", "weights")}
    weights = MappingProxyType({k: float(v) for k, v in raw["weights"].items()})
    return Policy(version=hashlib.sha256(data).hexdigest()[:12], weights=weights, **numbers)


def as_json(policy: Policy) -> str:
    """What ``from_json`` reads."""
    values = {f.name: getattr(policy, f.name) for f in fields(Policy) if f.name != "version"}
    return json.dumps(values | {"weights": dict(policy.weights)}, indent=2) + "\n"


@lru_cache(maxsize=1)
def default() -> Policy:
    """The shipped policy. Raises OSError, KeyError or ValueError if it is missing or of another shape."""
    return from_json(FILE.read_bytes())
