"""``c1 read`` and ``c1 boxes``: every file gets its line, whatever it is; the JSON is the contract others score us by."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from api.cli import app

SAMPLES = Path(__file__).parents[2] / "samples" / "photos"
CLEAN = SAMPLES / "c-hasil-kwk-2020_303_p2.jpg"
TRUTH: dict[str, Any] = json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))["photos"]


def lines(*args: str | Path, status: int = 0) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, [str(a) for a in args])
    assert done.exit_code == status, done.output
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def huge_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def test_every_committed_sample_is_read_as_written() -> None:
    for answer in lines("read", "--json", *(SAMPLES / f for f in TRUTH)):
        truth = TRUTH[Path(answer["photo"]).name]
        assert (answer["form"], answer["page"]) == (truth["form"], truth["page"])
        values = {n["name"]: n["value"] for n in answer["numbers"]}
        assert values == {name: int(boxes.strip("X-_") or 0) for name, boxes in truth["numbers"].items()}
        assert answer["decision"] == ("review" if "broken" in answer["photo"] else "accept")


def test_bad_files_each_get_their_line_and_do_not_stop_the_others(tmp_path: Path) -> None:
    good = CLEAN.read_bytes()
    files = {
        "cut.jpg": (good[: len(good) // 2], "broken_image"),
        "empty.jpg": (b"", "empty_file"),
        "text.jpg": (b"bukan foto", "not_an_image"),
        "huge.png": (huge_png(), "image_too_large"),
    }
    for name, (data, _) in files.items():
        (tmp_path / name).write_bytes(data)
    gone = tmp_path / "gone.jpg"
    answers = lines("read", "--json", *(tmp_path / f for f in files), gone, tmp_path, CLEAN, CLEAN)
    codes = [a["reasons"][0]["code"] if a["reasons"] else "" for a in answers]
    assert codes == [code for _, code in files.values()] + ["file_not_opened", "file_not_opened", "", ""]
    for answer in answers[:-2]:
        assert (answer["decision"], answer["form"], answer["page"], answer["numbers"]) == ("unreadable", None, None, [])
        (reason,) = answer["reasons"]
        assert reason["message"] and reason["message_en"] and reason["message"] != reason["message_en"]
    first, again = (dict(a, seconds=0) for a in answers[-2:])
    assert first == again, "the same photo twice reads the same"


def test_another_form_than_asked_for_is_refused() -> None:
    (answer,) = lines("read", "--json", "--form", "c1-ppwp-2019", CLEAN)
    assert (answer["decision"], answer["reasons"][0]["code"]) == ("unreadable", "wrong_form")
    (answer,) = lines("read", "--json", "--form", "c-hasil-kwk-2020", CLEAN)
    assert answer["decision"] == "accept"


@pytest.mark.parametrize("args", [("read",), ("read", "--form", "tidak-ada", str(CLEAN)), ("boxes",)])
def test_bad_usage(args: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, list(args)).exit_code == 2


def test_table_for_people_and_debug_pictures(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["read", "--debug", str(tmp_path / "out"), str(CLEAN)])
    assert done.exit_code == 0
    assert "suara_paslon_1" in done.stdout and "accept" in done.stdout
    pictures = list((tmp_path / "out").glob("*"))
    assert pictures and all(cv2.imread(str(p)) is not None for p in pictures if p.suffix in {".png", ".jpg"})


def test_boxes(tmp_path: Path) -> None:
    crop = np.full((60, 56), 225, np.uint8)
    cv2.rectangle(crop, (4, 4), (51, 55), 60, 2)
    cv2.line(crop, (28, 16), (28, 44), 50, 4)
    cv2.imwrite(str(tmp_path / "one.png"), crop)
    (tmp_path / "text.png").write_bytes(b"bukan gambar")
    one, text, gone = lines("boxes", "--json", tmp_path / "one.png", tmp_path / "text.png", tmp_path / "gone.png")
    assert one["box"] == "1" and 0.3 < one["confidence"] <= 1
    for bad, code in ((text, "not_an_image"), (gone, "file_not_opened")):
        assert (bad["box"], bad["error"]["code"]) == (None, code)
        assert set(bad["error"]) == {"code", "message", "message_en", "details"}


def test_many_photos_at_once_come_back_in_order(tmp_path: Path) -> None:
    """Two processes give what one gives, each photo in its place, a file that cannot be opened among them."""
    files = [CLEAN, tmp_path / "missing.jpg", *sorted(SAMPLES.glob("c1-ppwp-2019*p2*.jpg"))[:1]]

    def read(*options: str) -> list[dict[str, Any]]:
        return [answer | {"seconds": 0} for answer in lines("read", "--json", *options, *files)]

    alone = read()
    assert [answer["photo"] for answer in alone] == [str(f) for f in files]
    assert len(alone) == 3
    assert read("--jobs", "2") == alone
