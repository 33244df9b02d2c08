"""One sample photo, its file damaged or told otherwise on its way: what comes out of the whole reading.

What a program may do to a file (other format, other depth, turned by its EXIF tag, compressed again, made smaller) must not change a
number. What breaks a file is a refusal with its reason, or a sheet for a person; never an accepted number that was not written.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from ocr.pipeline import interpret
from tally.glyphs import value_of
from tally.interpretation import Accepted, NeedsReview, Outcome, ReasonCode, Unreadable

FOLDER = Path(__file__).parents[2] / "samples" / "photos"
NAME = "c-hasil-kwk-2020_303_p2.jpg"
DATA = (FOLDER / NAME).read_bytes()
WRITTEN: dict[str, str] = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))["photos"][NAME]["numbers"]


@lru_cache(maxsize=1)
def picture() -> Image.Image:
    return Image.open(io.BytesIO(DATA)).convert("RGB")


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **({"quality": 88} if kind == "JPEG" else {}) | options)  # type: ignore[arg-type]
    return out.getvalue()


def read(data: bytes) -> Outcome:
    """The outcome, after the law: what is accepted is what was written."""
    outcome = interpret(data, NAME).outcome
    if isinstance(outcome, Accepted):
        assert {n.name: n.value for n in outcome.numbers} == {name: value_of(boxes) for name, boxes in WRITTEN.items()}
    return outcome


def refused(data: bytes) -> ReasonCode:
    outcome = read(data)
    assert isinstance(outcome, Unreadable)
    (reason,) = outcome.reasons
    assert reason.message
    return reason.code


def deep(image: Image.Image, mode: str) -> bytes:
    """PNG of 16 bits a channel."""
    pixels = np.asarray(image.convert(mode))
    pixels = pixels[..., ::-1] if mode == "RGB" else pixels
    return cv2.imencode(".png", pixels.astype(np.uint16) * 257)[1].tobytes()


def see_through(image: Image.Image) -> bytes:
    """PNG that fades towards its foot: on white paper that is a paler photo."""
    faded = image.convert("RGBA")
    faded.putalpha(Image.fromarray(np.linspace(255, 130, image.height).astype(np.uint8)[:, None].repeat(image.width, 1)))
    return encoded(faded, "PNG", compress_level=1)


def told(image: Image.Image, orientation: int, turn: Image.Transpose) -> bytes:
    """Stored turned, with an EXIF tag that says how."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image.transpose(turn), exif=exif.tobytes())


def again(image: Image.Image, quality: int) -> bytes:
    """Compressed, made a little smaller, compressed once more."""
    once = Image.open(io.BytesIO(encoded(image, quality=quality)))
    return encoded(once.resize((round(image.width * 0.97), round(image.height * 0.97))), quality=quality)


HARMLESS: dict[str, Callable[[Image.Image], bytes]] = {
    "progressive": lambda im: encoded(im, progressive=True),
    "CMYK": lambda im: encoded(im.convert("CMYK")),
    "gray": lambda im: encoded(im.convert("L")),
    "16 bits gray": lambda im: deep(im, "L"),
    "16 bits colour": lambda im: deep(im, "RGB"),
    "half transparent": see_through,
    "palette": lambda im: encoded(im.convert("P"), "PNG", compress_level=1),
    "black and white": lambda im: encoded(im.convert("1"), "PNG"),
    "WebP": lambda im: encoded(im, "WEBP", quality=70, method=0),
    "turned by 90, told so": lambda im: told(im, 6, Image.Transpose.ROTATE_90),
    "upside down, told so": lambda im: told(im, 3, Image.Transpose.ROTATE_180),
    "mirrored, told so": lambda im: told(im, 2, Image.Transpose.FLIP_LEFT_RIGHT),
    "turned by 270, not told": lambda im: encoded(im.transpose(Image.Transpose.ROTATE_270)),
    "told to be turned, but not": lambda im: told(im, 8, Image.Transpose.ROTATE_180),
    "compressed hard twice": lambda im: again(im, 15),
    "small": lambda im: encoded(im.resize((im.width * 2 // 5, im.height * 2 // 5), Image.Resampling.LANCZOS)),
    "with a tail": lambda im: encoded(im) + b"\0" * 4000,
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_programs_do_to_a_file_changes_no_number(kind: str) -> None:
    outcome = read(HARMLESS[kind](picture()))
    assert isinstance(outcome, Accepted), outcome.reasons


def test_a_mirrored_photo_is_no_form() -> None:
    assert refused(encoded(picture().transpose(Image.Transpose.FLIP_LEFT_RIGHT))) is ReasonCode.FORM_NOT_RECOGNISED


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (DATA[: len(DATA) // 3], ReasonCode.BROKEN_IMAGE),
        (DATA[:-300], ReasonCode.BROKEN_IMAGE),
        (b"", ReasonCode.EMPTY_FILE),
        (DATA[1000:], ReasonCode.NOT_AN_IMAGE),
    ],
    ids=["a third of it", "all but its end", "nothing", "all but its beginning"],
)
def test_a_part_of_a_file_is_refused(data: bytes, code: ReasonCode) -> None:
    assert refused(data) is code


def test_a_thumbnail_is_too_small() -> None:
    small = picture().resize((picture().width // 4, picture().height // 4), Image.Resampling.LANCZOS)
    assert refused(encoded(small)) is ReasonCode.IMAGE_TOO_SMALL


def reasons(data: bytes) -> dict[ReasonCode, tuple[str, ...]]:
    outcome = read(data)
    assert isinstance(outcome, NeedsReview)
    return {r.code: r.numbers for r in outcome.reasons if r.code is not ReasonCode.LOW_CONFIDENCE}


def test_a_file_that_ends_early_with_an_end_leaves_its_lower_part_to_a_person() -> None:
    """Some programs close a broken file properly; the decoder fills what is missing with gray."""
    assert reasons(DATA[: len(DATA) * 7 // 10] + b"\xff\xd9") == {
        ReasonCode.BOX_NOT_FOUND: ("suara_sah",),
        ReasonCode.BLANK_NUMBER: ("suara_sah",),
        ReasonCode.SUM_MISMATCH: ("suara_sah", "suara_paslon_1", "suara_paslon_2", "suara_paslon_3"),
    }


def test_a_hole_in_the_middle_of_a_file_leaves_what_lies_behind_it_to_a_person() -> None:
    half = len(DATA) // 2
    found = reasons(DATA[:half] + DATA[half + 3000 :])
    assert "suara_sah" in found[ReasonCode.BOX_NOT_FOUND]
    assert ReasonCode.SUM_MISMATCH in found


@pytest.mark.parametrize("place", [0.35, 0.5, 0.65])
@pytest.mark.parametrize("count", [2, 40])
def test_noise_in_the_middle_of_a_file_never_makes_a_number(place: float, count: int) -> None:
    """A few wrong bytes shift and tint all that follows in its row of blocks: accepted is only what was written (``read`` sees to it), and
    what is refused or sent to a person has a reason."""
    noisy = bytearray(DATA)
    at = int(place * len(noisy))
    noisy[at : at + count] = np.random.default_rng(count).integers(1, 255, count).astype(np.uint8).tobytes()
    outcome = read(bytes(noisy))
    assert isinstance(outcome, Accepted) or outcome.reasons
