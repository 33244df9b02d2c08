"""What is taken as a photo, how it comes out, and what is refused with which reason."""

from __future__ import annotations

import io
import struct
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from ocr.errors import PhotoError
from ocr.photo import MAX_PIXELS, decode, decode_crop, inspect, load
from tally.interpretation import ReasonCode


def picture(width: int = 900, height: int = 700) -> Image.Image:
    """Smooth, with a dark patch in the top left corner so that its turning can be seen."""
    y, x = np.mgrid[:height, :width]
    rgb = np.stack([150 + 60 * x / width, 150 + 60 * y / height, np.full(x.shape, 180.0)], axis=2)
    rgb[: height // 4, : width // 4] = 10
    return Image.fromarray(rgb.astype(np.uint8))


def encoded(kind: str, image: Image.Image | None = None, **options: object) -> bytes:
    out = io.BytesIO()
    (image or picture()).save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def refusal(data: bytes) -> PhotoError:
    with pytest.raises(PhotoError) as e:
        decode(data, "x.jpg")
    assert e.value.detail
    return e.value


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_the_four_formats_come_out_alike(kind: str) -> None:
    data = encoded(kind)
    info = inspect(data)
    assert (info.width, info.height, info.format) == (900, 700, kind)
    photo = decode(data, "a.bin")
    assert photo.gray.shape == (700, 900)
    assert photo.scale == 1.0
    wanted = cv2.cvtColor(np.asarray(picture()), cv2.COLOR_RGB2GRAY).astype(int)
    assert np.abs(photo.gray.astype(int) - wanted).mean() < 3


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"progressive": True}), ("JPEG", {"quality": 30}), ("WEBP", {"lossless": True})])
def test_variants_of_a_format(kind: str, options: dict[str, object]) -> None:
    assert decode(encoded(kind, **options), "a").gray.shape == (700, 900)


def test_gray_palette_and_transparent_pictures() -> None:
    assert decode(encoded("JPEG", picture().convert("L")), "a").gray.shape == (700, 900)
    assert decode(encoded("PNG", picture().convert("P")), "a").gray.shape == (700, 900)
    clear = picture().convert("RGBA")
    clear.putalpha(0)
    assert decode(encoded("PNG", clear), "a").gray.min() == 255


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_tag_turns_the_picture_as_pillow_does(orientation: int, kind: str) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(kind, exif=exif.tobytes())
    wanted = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L")).astype(int)
    got = decode(data, "a").gray.astype(int)
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).mean() < 3


def test_a_twelve_megapixel_jpeg_is_decoded_at_half_size() -> None:
    photo = decode(encoded("JPEG", picture(4032, 3024), quality=50), "a")
    assert photo.gray.shape == (1512, 2016)
    assert photo.scale == 0.5


def test_colour_on_demand() -> None:
    photo = decode(encoded("PNG"), "a", colour=True)
    assert photo.bgr is not None
    assert photo.bgr.shape == (700, 900, 3)
    assert decode(encoded("PNG"), "a").bgr is None


def test_the_sha256_names_the_file_not_the_pixels(tmp_path: Path) -> None:
    data = encoded("JPEG")
    (tmp_path / "a.jpg").write_bytes(data)
    assert load(tmp_path / "a.jpg").sha256 == decode(data, "b").sha256
    assert decode(encoded("JPEG", quality=60), "b").sha256 != decode(data, "b").sha256


def test_a_jpeg_with_a_tail_is_whole() -> None:
    assert decode(encoded("JPEG") + b"\0" * 500, "a").gray.shape == (700, 900)


NOT_IMAGES = {
    "text": b"halo",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"/>',
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "gif": encoded("GIF"),
    "bmp": encoded("BMP"),
    "zip": b"PK\x03\x04" + b"\0" * 200,
    "html named jpg": b"<!doctype html><title>x</title>",
}


@pytest.mark.parametrize("kind", NOT_IMAGES)
def test_not_an_image(kind: str) -> None:
    assert refusal(NOT_IMAGES[kind]).code is ReasonCode.NOT_AN_IMAGE


def test_an_empty_file() -> None:
    assert refusal(b"").code is ReasonCode.EMPTY_FILE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("share", [0.03, 0.5, 0.9, 0.99])
def test_a_cut_off_file_is_broken(kind: str, share: float) -> None:
    data = encoded(kind)
    assert refusal(data[: int(len(data) * share)]).code is ReasonCode.BROKEN_IMAGE


def test_a_cut_off_progressive_jpeg_with_a_thumbnail_inside_is_broken() -> None:
    thumb = encoded("JPEG", picture(160, 120))
    app1 = b"Exif\0\0" + thumb
    whole = encoded("JPEG", progressive=True)
    data = whole[:2] + b"\xff\xe1" + struct.pack(">H", len(app1) + 2) + app1 + whole[2:]
    assert decode(data, "a").gray.shape == (700, 900)
    assert refusal(data[:-200]).code is ReasonCode.BROKEN_IMAGE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_header_followed_by_rubbish_is_broken(kind: str) -> None:
    assert refusal(encoded(kind)[:33] + bytes(range(256)) * 20).code is ReasonCode.BROKEN_IMAGE


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(b"\0" * 100_000)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_decompression_bomb_is_refused_from_its_header() -> None:
    started = time.perf_counter()
    error = refusal(_png_header(50_000, 50_000))
    assert error.code is ReasonCode.IMAGE_TOO_LARGE
    assert "50000 x 50000" in error.detail
    assert time.perf_counter() - started < 0.5


def test_a_jpeg_that_claims_too_many_pixels_is_refused() -> None:
    data = bytearray(encoded("JPEG", picture(600, 600)))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    assert MAX_PIXELS < 65_000**2
    assert refusal(bytes(data)).code is ReasonCode.IMAGE_TOO_LARGE


def test_a_png_whose_data_does_not_fill_it_is_broken() -> None:
    assert refusal(_png_header(2000, 2000)).code is ReasonCode.BROKEN_IMAGE


@pytest.mark.parametrize("size", [(300, 400), (1000, 90), (1, 1)])
def test_too_small(size: tuple[int, int]) -> None:
    assert refusal(encoded("PNG", picture(*size) if min(size) > 4 else Image.new("L", size))).code is ReasonCode.IMAGE_TOO_SMALL


def test_a_crop_may_be_small_but_not_a_dot() -> None:
    assert decode_crop(encoded("JPEG", picture(44, 40)), "a").shape == (40, 44)
    with pytest.raises(PhotoError) as e:
        decode_crop(encoded("PNG", Image.new("L", (4, 40))), "a")
    assert e.value.code is ReasonCode.IMAGE_TOO_SMALL
