"""Hypothesis against everything that strangers send: photos, zips and chats, captions, templates, webhooks.

    make fuzz-inputs MINUTES=10

Each target takes bytes or text that resemble the real thing and are broken somewhere, and may only answer or refuse in the way it is
documented to. What hypothesis finds is kept in ``.hypothesis`` and tried first the next time; findings that were mended stand as
explicit cases in SEEDS.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from api.importing import chat
from api.importing.sources import ImportFault, open_source
from api.whatsapp import updates
from ocr import photo as photos
from ocr.errors import PhotoError
from tally import captions
from templates_c1.registry import template
from templates_c1.schema import Template


def _pictures() -> tuple[bytes, ...]:
    noise = np.random.default_rng(1).integers(0, 255, (220, 520, 3), dtype=np.uint8)
    return tuple(cv2.imencode(kind, noise)[1].tobytes() for kind in (".jpg", ".png", ".webp"))


PICTURES = _pictures()
CHAT = "12/02/24 14.05 - Budi: IMG-20240214-WA0001.jpg (file terlampir)\nTPS 3 Mariana hal 2\n[14/02/24, 15:07:01] Ani: <attached: 2.jpg>\n"
UPDATE: dict[str, Any] = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "1",
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "contacts": [{"profile": {"name": "Budi"}, "wa_id": "628123"}],
                        "messages": [
                            {
                                "from": "628123",
                                "id": "wamid.1",
                                "timestamp": "1707900000",
                                "type": "image",
                                "image": {"id": "5", "caption": "TPS 3"},
                            }
                        ],
                    },
                }
            ],
        }
    ],
}

damage = st.lists(
    st.tuples(st.integers(0, 10_000_000), st.integers(0, 255), st.sampled_from(("set", "cut", "insert", "double"))), max_size=12
)


def damaged(data: bytes, how: list[tuple[int, int, str]]) -> bytes:
    out = bytearray(data)
    for where, value, kind in how:
        at = where % (len(out) or 1)
        if kind == "set" and out:
            out[at] = value
        elif kind == "cut":
            del out[at : at + value]
        elif kind == "insert":
            out[at:at] = bytes([value]) * (1 + value % 9)
        else:
            out[at:at] = out[at : at + 4 * value]
    return bytes(out)


def photo(data: bytes) -> None:
    """A refusal is a PhotoError, a picture is gray and of the size it says."""
    try:
        found = photos.decode(data, "x", colour=True)
    except PhotoError:
        return
    assert found.gray.ndim == 2 and found.gray.dtype == np.uint8 and 0 < found.gray.size <= photos.MAX_PIXELS


def zipped(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(data)
        file.flush()
        try:
            source = open_source(Path(file.name), 2_000_000)
        except ImportFault:
            return
        for piece in source.pieces[:20]:
            try:
                assert len(piece.load()) <= 2_000_000
            except ImportFault:
                continue


def chatted(text: str) -> None:
    chat.is_chat(text)
    for m in chat.parse(text):
        assert isinstance(m.sender, str)
        assert m.at is None or m.at.year > 0


def captioned(text: str) -> None:
    said = captions.read(text)
    assert said == captions.read(text)


def templated(raw: Any) -> None:
    try:
        Template.model_validate(raw)
    except ValidationError:
        return


def hooked(raw: Any) -> None:
    for m in updates.messages(raw):
        body: Mapping[str, Any] = m.body
        updates.media_of(body), updates.caption_of(body), updates.text_of(body), updates.choice_of(body), updates.forwarded(body)


def _zip(names: list[str], contents: list[bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as z:
        for name, content in zip(names, contents, strict=False):
            z.writestr(name, content)
    return held.getvalue()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


def grafted(tree: Any, where: list[int], graft: Any) -> Any:
    """``tree`` with one branch, found by ``where``, replaced."""
    if not where or not isinstance(tree, dict | list) or not tree:
        return graft
    first, rest = where[0], where[1:]
    if isinstance(tree, dict):
        key = sorted(tree)[first % len(tree)]
        return {**tree, key: grafted(tree[key], rest, graft)}
    at = first % len(tree)
    return [*tree[:at], grafted(tree[at], rest, graft), *tree[at + 1 :]]


_path = st.lists(st.integers(0, 50), min_size=1, max_size=9)
_TEMPLATE = template("c-hasil-ppwp-2024").model_dump(mode="json", by_alias=True, exclude_none=True)

TARGETS: dict[str, tuple[Callable[[Any], None], st.SearchStrategy[Any]]] = {
    "photo": (photo, st.builds(damaged, st.sampled_from(PICTURES), damage) | st.binary(max_size=300)),
    "zip": (
        zipped,
        st.builds(
            damaged,
            st.builds(
                _zip,
                st.lists(st.text(min_size=1, max_size=30), max_size=4),
                st.lists(st.sampled_from((*PICTURES, CHAT.encode())), max_size=4),
            ),
            damage,
        ),
    ),
    "chat": (
        chatted,
        st.builds(lambda b: b.decode("utf-8", "replace"), st.builds(damaged, st.just(CHAT.encode()), damage)) | st.text(max_size=300),
    ),
    "caption": (captioned, st.text(max_size=200) | st.from_regex(r"(TPS|tps|desa|kec|hal|0{0,3}\d{1,4}|[A-Za-z ]{1,12}|[\n,./#:-]){1,14}")),
    "template": (templated, st.builds(grafted, st.just(_TEMPLATE), _path, _json)),
    "webhook": (hooked, st.builds(grafted, st.just(UPDATE), _path, _json) | _json),
}

SEEDS: dict[str, tuple[Any, ...]] = {
    "photo": (b"", b"\xff\xd8\xff", PICTURES[0][:200], b"RIFF\0\0\0\0WEBPVP8 "),
    "zip": (b"", b"PK\x05\x06" + b"\0" * 18, _zip(["../../x.jpg", "/etc/passwd"], [PICTURES[0], b"x"])),
    "chat": ("", CHAT, "99/99/99 99.99 - a: b", "[0/0/0, 0:0:0] : "),
    "caption": ("", "TPS " + "9" * 500, "٣٤ tps ٥"),
    "template": ({}, [], None, {**_TEMPLATE, "pages": []}),
    "webhook": ({}, [], None, {"entry": [{"changes": [{"value": {"messages": [{"timestamp": "9" * 400}]}}]}]}),
}


def fuzz(name: str, seconds: float = 0.0, examples: int = 60) -> int:
    """Try SEEDS, then made-up inputs: ``examples`` of them, or as many as fit into ``seconds``. Returns how many. Raises what was found."""
    check, strategy = TARGETS[name]
    for seed in SEEDS[name]:
        check(seed)
    tried = 0
    end = time.monotonic() + seconds

    def one(value: Any) -> None:
        nonlocal tried
        tried += 1
        check(value)

    while True:
        quiet = settings(
            max_examples=examples if not seconds else 2000,
            deadline=None,
            database=None if not seconds else settings().database,
            derandomize=not seconds,
            phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        quiet(given(strategy)(one))()
        if time.monotonic() >= end:
            return tried


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--minutes", type=float, default=10.0)
    said.add_argument("--targets", nargs="*", default=list(TARGETS))
    args = said.parse_args()
    for name in args.targets:
        tried = fuzz(name, args.minutes * 60)
        sys.stdout.write(json.dumps({"target": name, "inputs": tried, "found": 0}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
