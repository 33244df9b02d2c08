"""All exports of one election in one signed file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.exports.gather import Gathered
from api.exports.nist import report
from api.exports.tables import csv_of, head_json, json_of, level_names
from api.exports.xlsx import workbook
from review.signing import packed, public_key

FORMAT = "c1-signed-export/1"


def signed(got: Gathered, key: Ed25519PrivateKey) -> bytes:
    """A ZIP with a CSV for each level, the workbook, JSON, NIST JSON and a manifest, signed as a whole (review.signing)."""
    name = got.contest.id
    files = {f"{name}_{level}.csv": csv_of(got, [level]) for level in level_names(got)}
    files[f"{name}.xlsx"] = workbook(got)
    files[f"{name}.json"] = as_bytes(json_of(got, level_names(got)))
    files[f"{name}_nist_sp1500-100.json"] = as_bytes(report(got))
    manifest = {**head_json(got), "format": FORMAT, "key": public_key(key).text, "files": hashes(files)}
    return packed([("manifest.json", as_bytes(manifest)), *files.items()], key)


def as_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """Name -> lower-case hex SHA-256."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
