"""Odd and hostile files by each way in: a page's upload, an import, WhatsApp. Each ends as a stored photo that can be read, or in one clear
message; never in both, never in neither."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

from api.importing.run import Options, run_import
from api.importing.sources import open_source
from db.tables import Photo
from ocr import photo as photo_file
from tests.api.conftest import Site, jpeg, picture
from tests.api.test_bad_input import SVG, error_of, huge_png
from tests.api.whatsapp import shapes
from tests.api.whatsapp.test_whatsapp import Phone
from tests.world import TPS, World


def _pillow(kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture(7)).save(out, kind, **how)
    return out.getvalue()


def heic() -> bytes:
    return _pillow("HEIF", quality=60)


def sixty_megapixels() -> bytes:
    return bytes(cv2.imencode(".jpg", np.full((6700, 9000), 200, np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 30])[1])


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return _pillow("JPEG", exif=exif)


def animated() -> bytes:
    frames = [Image.fromarray(picture(i, (520, 600))) for i in range(3)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=100, quality=40)
    return out.getvalue()


def polyglot() -> bytes:
    """A JPEG that is a zip as well, with a page of HTML in it."""
    out = io.BytesIO(jpeg(8))
    out.seek(0, 2)
    with zipfile.ZipFile(out, "a") as z:
        z.writestr("index.html", "<script>alert(1)</script>")
    return out.getvalue()


def html_in_jpeg() -> bytes:
    return jpeg(9)[:2] + b"\xff\xfe\x00\x20<script>alert(document)</script>"[:34] + jpeg(9)[2:]


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a.jpg", bytes(30_000_000))
    return out.getvalue()


STORED = "stored"
TABLE: dict[str, tuple[Callable[[], bytes], str, str, str]] = {
    # what: (bytes, name, content type as the sender says, outcome)
    "HEIC": (heic, "IMG_0001.HEIC", "image/heic", STORED),
    "60 megapixels": (sixty_megapixels, "besar.jpg", "image/jpeg", STORED),
    "turned by EXIF": (turned, "miring.jpg", "image/jpeg", STORED),
    "animated WebP": (animated, "gerak.webp", "image/webp", STORED),
    "wrong content type": (lambda: jpeg(2), "foto.txt", "text/plain", STORED),
    "no name and no type": (lambda: jpeg(3), "", "application/octet-stream", STORED),
    "a name that climbs": (lambda: jpeg(4), "../../../etc/cron.d/foto.jpg", "image/jpeg", STORED),
    "a name of control characters": (lambda: jpeg(5), "a\r\nSet-Cookie: x=1\x1b[31m.jpg", "image/jpeg", STORED),
    "JPEG and zip in one": (polyglot, "foto.jpg", "image/jpeg", STORED),
    "JPEG with a script in its comment": (html_in_jpeg, "foto.html", "text/html", STORED),
    "SVG": (lambda: SVG, "foto.svg", "image/svg+xml", "not_an_image"),
    "SVG that says JPEG": (lambda: SVG, "foto.jpg", "image/jpeg", "not_an_image"),
    "0 bytes": (lambda: b"", "foto.jpg", "image/jpeg", "empty_file"),
    "a bomb of a PNG": (huge_png, "foto.png", "image/png", "image_too_large"),
    "a bomb of a zip": (zip_bomb, "foto.jpg", "image/jpeg", "not_an_image"),
    "a program": (lambda: b"\x7fELF" + bytes(4000), "foto.jpg", "image/jpeg", "not_an_image"),
    "cut off": (lambda: jpeg(6)[:-5000], "foto.jpg", "image/jpeg", "broken_image"),
}


@cache
def content(what: str) -> bytes:
    return TABLE[what][0]()


def stored(world: World) -> int:
    """How many photos are kept; each has its file, which can be decoded."""
    with world.db.reading() as s:
        found = list(s.execute(select(Photo.sha256, Photo.name)))
        assert s.scalar(select(func.count()).select_from(Photo)) == len(found)
    for sha256, name in found:
        photo_file.decode(world.store.get(sha256), name)
        assert "/" not in name and name.isprintable() and ".." not in name
    assert len(world.files()) == len(found)
    return len(found)


@pytest.mark.parametrize("what", TABLE)
def test_upload(site: Site, what: str) -> None:
    _, name, kind, outcome = TABLE[what]
    sent = [("photos", (name or "x", io.BytesIO(content(what)), kind))]
    answer = site.client("operator").post("/api/photos", data={"election": "ppwp-2024", "tps": TPS}, files=sent)
    if outcome == STORED:
        assert answer.status_code == 202, answer.text
    else:
        assert error_of(answer)["code"] == outcome
    assert stored(site.world) == (outcome == STORED)


def test_import(site: Site, tmp_path: Path) -> None:
    """All of them in one zip; the folder in front says the TPS."""
    names = {}
    file = tmp_path / "semua.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as z:
        for n, (what, (_, name, _, outcome)) in enumerate(TABLE.items(), 1):
            inside = f"Mariana/TPS {n}/{'' if name.endswith(('.txt', '.html')) else name or 'x'}".replace("\x1b", "").replace("\r\n", " ")
            inside += "foto" if inside.endswith("/") else ""
            names[inside] = outcome
            z.writestr(inside, content(what))
    report = run_import(
        site.held, site.world.users["operator"], open_source(file, site.held.settings.max_photo_bytes), Options("ppwp-2024")
    )
    got = {i["name"]: STORED if i["state"] == "taken" else i["code"] for i in report.items}
    assert got == names
    assert all(i["message"] and i["message_en"] for i in report.items if i["state"] != "taken")
    assert stored(site.world) == sum(o == STORED for o in names.values())


@pytest.fixture
def phone(world: World, tmp_path: Path) -> Iterator[Phone]:
    from api.whatsapp.senders import register

    made = Phone(world, tmp_path)
    with world.db.writing() as s:
        register(s, world.users["admin"], shapes.OPERATOR, world.users["operator"])
    yield made
    made.graph.stop()


def test_whatsapp(phone: Phone) -> None:
    """All of them as documents in one webhook."""
    messages = []
    for n, (what, (_, name, kind, _)) in enumerate(TABLE.items(), 1):
        phone.graph.media[f"D{n}"] = content(what)
        m = shapes.document(f"D{n}", content(what), f"TPS {n} Mariana presiden", filename=name)
        m["document"]["mime_type"] = kind
        messages.append(m)
    phone.comes(*messages)
    wanted = sum(o == STORED for *_, o in TABLE.values())
    said = phone.graph.texts()
    assert len(said) == len(TABLE)
    assert sum("Foto diterima" in t for t in said) == wanted and sum(t.startswith("❌") for t in said) == len(TABLE) - wanted
    assert stored(phone.world) == wanted
