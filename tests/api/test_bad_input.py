"""Bad input at the door: the right status, one error shape, plain words in two languages, nothing left behind."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from db.tables import Photo
from tests.api.conftest import Site, files, jpeg
from tests.world import OTHER_TPS, TPS

GOOD = {"election": "ppwp-2024", "tps": TPS}


def huge_png(side: int = 50_000) -> bytes:
    """A complete PNG of side x side white pixels, one bit each: some hundred kB that want gigabytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    pack = zlib.compressobj(1)
    row = b"\0" + b"\xff" * ((side + 7) // 8)
    body = b"".join(pack.compress(row * 500) for _ in range(side // 500)) + pack.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
BAD_FILES: dict[str, tuple[Callable[[], bytes], int, str, str]] = {
    "no bytes": (lambda: b"", 422, "empty_file", "kosong"),
    "a text": (lambda: b"bukan foto, hanya tulisan" * 50, 415, "not_an_image", "bukan foto"),
    "a PDF": (lambda: b"%PDF-1.7\n" + b"0" * 2000, 415, "not_an_image", "bukan foto"),
    "an SVG": (lambda: SVG, 415, "not_an_image", "bukan foto"),
    "a GIF": (lambda: b"GIF89a" + b"\0" * 500, 415, "not_an_image", "bukan foto"),
    "a JPEG cut off": (lambda: jpeg(1)[:-9000], 422, "broken_image", "rusak"),
    "a JPEG's first bytes": (lambda: jpeg(1)[:40], 422, "broken_image", "rusak"),
    "50,000 x 50,000 px": (huge_png, 413, "image_too_large", "terlalu besar"),
    "too many bytes": (lambda: jpeg(1) + b"\0" * 2_200_000, 413, "image_too_large", "Paling besar 2 MB"),
    "a stamp": (lambda: jpeg(1, (120, 90)), 422, "image_too_small", "terlalu kecil"),
}


def error_of(response: Any) -> dict[str, Any]:
    """The error of a response, after checking the one shape and that nothing of the inside shows."""
    assert response.headers["content-type"] == "application/json"
    assert "Traceback" not in response.text and ".py" not in response.text
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "message_en", "details"}
    assert body["error"]["message"] and body["error"]["message_en"] and body["error"]["message"] != body["error"]["message_en"]
    return dict(body["error"])


def nothing_kept(site: Site, photos: int = 0) -> None:
    assert len(site.stored_files()) == photos
    with site.held.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Photo)) == photos


@pytest.mark.parametrize("what", BAD_FILES)
def test_bad_file(site: Site, what: str) -> None:
    make, status, code, words = BAD_FILES[what]
    answer = site.client("operator").post("/api/photos", data=GOOD, files=files(("foto.jpg", make())))
    error = error_of(answer)
    assert (answer.status_code, error["code"]) == (status, code)
    assert words in error["message"]
    nothing_kept(site)


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"election": "ppwp-2024", "tps": "1607999999999"}, 404, "unknown_tps"),
        ({"election": "ppwp-2024", "tps": "' OR 1=1 --"}, 404, "unknown_tps"),
        ({"election": "ppwp-1955", "tps": TPS}, 404, "unknown_election"),
        ({"election": "ppwp-2024"}, 422, "invalid_request"),
        ({"tps": TPS}, 422, "invalid_request"),
        ({**GOOD, "page": "7"}, 422, "unknown_page"),
        ({**GOOD, "page": "dua"}, 422, "invalid_request"),
        ({**GOOD, "page": "-1"}, 422, "invalid_request"),
    ],
)
def test_bad_form(site: Site, form: dict[str, str], status: int, code: str) -> None:
    answer = site.client("operator").post("/api/photos", data=form, files=files(("foto.jpg", jpeg())))
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    nothing_kept(site)


def test_no_file_and_broken_multipart(site: Site) -> None:
    client = site.client("operator")
    assert error_of(client.post("/api/photos", data=GOOD))["code"] == "no_files"
    kind = {"Content-Type": "multipart/form-data"}
    answer = client.post("/api/photos", content=b"--x\r\nrubbish", headers=kind)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "bad_request")
    answer = client.post("/api/photos", content=b"not multipart", headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code in (400, 422)
    error_of(answer)


def test_too_many_files(site: Site) -> None:
    answer = site.client("operator").post("/api/photos", data=GOOD, files=files(*((f"{i}.jpg", jpeg(i)) for i in range(5))))
    assert (answer.status_code, error_of(answer)["code"]) == (413, "too_many_files")
    nothing_kept(site)


def test_request_larger_than_allowed_is_cut_off(site: Site) -> None:
    client = site.client("operator")
    body = b"0" * (site.held.settings.max_request_bytes + 3 * 1024 * 1024)
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post("/api/photos", content=body, headers=kind)
    assert (answer.status_code, error_of(answer)["code"]) == (413, "request_too_large")

    def unannounced() -> Any:  # no Content-Length: what comes is counted
        yield b'--x\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'
        for i in range(0, len(body), 65536):
            yield body[i : i + 65536]

    answer = client.post("/api/photos", content=unannounced(), headers=kind)
    assert (answer.status_code, error_of(answer)["code"]) == (413, "request_too_large")
    nothing_kept(site)


def test_same_photo_twice(site: Site) -> None:
    client = site.client("operator")
    first = client.post("/api/photos", data=GOOD, files=files(("a.jpg", jpeg())))
    assert first.status_code == 202
    receipt = first.json()["results"][0]["receipt"]
    assert receipt["sha256_prefix"] == receipt["sha256"][:12] and receipt["received_at"]

    again = client.post("/api/photos", data=GOOD, files=files(("b.jpg", jpeg())))
    error = error_of(again)
    assert (again.status_code, error["code"]) == (409, "duplicate_photo")
    assert error["details"]["receipt"]["photo"] == receipt["id"]
    assert error["details"]["status"]["state"] == "reading"

    other = client.post("/api/photos", data={**GOOD, "tps": OTHER_TPS}, files=files(("c.jpg", jpeg())))
    assert (other.status_code, error_of(other)["code"]) == (409, "duplicate_other_tps")
    nothing_kept(site, photos=1)


def test_several_photos_each_have_their_own_answer(site: Site) -> None:
    sent = files(("satu.jpg", jpeg(1)), ("dua.jpg", b""), ("tiga.jpg", jpeg(3)))
    answer = site.client("operator").post("/api/photos", data=GOOD, files=sent)
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [(r["name"], r["status"]) for r in results] == [("satu.jpg", 202), ("dua.jpg", 422), ("tiga.jpg", 202)]
    assert results[1]["error"]["code"] == "empty_file"
    nothing_kept(site, photos=2)
    more = site.client("operator").post("/api/photos", data=GOOD, files=files(("x.jpg", jpeg(5)), ("y.jpg", jpeg(6))))
    assert more.status_code == 202


def test_disk_full_is_said_and_leaves_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.world.full_disk(monkeypatch)
    answer = site.client("operator").post("/api/photos", data=GOOD, files=files(("a.jpg", jpeg())))
    assert (answer.status_code, error_of(answer)["code"]) == (507, "storage_full")
    monkeypatch.undo()
    nothing_kept(site)
    assert site.client("operator").post("/api/photos", data=GOOD, files=files(("a.jpg", jpeg()))).status_code == 202


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\budi\\foto 1.jpg", "foto 1.jpg"),
        ("WhatsApp Image 2026.jpeg", "WhatsApp Image 2026.jpeg"),
        ("a" * 300 + ".jpg", "a" * 116 + ".jpg"),
    ],
)
def test_file_names_are_only_names(site: Site, sent: str, kept: str) -> None:
    answer = site.client("operator").post("/api/photos", data=GOOD, files=files((sent, jpeg())))
    assert answer.json()["results"][0]["receipt"]["name"] == kept
    assert len(site.stored_files()) == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("DELETE", "/api/photos", 405, "method_not_allowed"),
        ("GET", "/api/photos/999", 404, "unknown_photo"),
        ("GET", "/api/photos/abc", 422, "invalid_request"),
        ("GET", "/api/photos/99999999999999999999999", 422, "invalid_request"),
        ("GET", "/api/places?within=16", 404, "unknown_region"),
        ("GET", "/api/places/9999", 404, "unknown_region"),
        ("GET", "/static/../settings.py", 404, "not_found"),
        ("GET", "/vendor/package.json", 404, "not_found"),
    ],
)
def test_other_errors_have_the_same_shape(site: Site, method: str, path: str, status: int, code: str) -> None:
    answer = site.client("operator").request(method, path)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)


def test_a_bug_says_nothing_about_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*a: object, **k: object) -> None:
        raise RuntimeError("secret inside")

    client = site.client("operator")
    monkeypatch.setattr("api.rest.places.find_tps", broken)
    answer = client.get("/api/places?q=mariana")
    assert answer.status_code == 500
    assert error_of(answer)["code"] == "internal"
    assert "secret" not in answer.text and answer.headers["x-content-type-options"] == "nosniff"
    monkeypatch.setattr("api.pages.upload.photos_of", broken)
    page = client.get("/unggah", headers={"Accept": "text/html"})
    assert page.status_code == 500 and "Maaf" in page.text and "secret" not in page.text and "content-security-policy" in page.headers


def test_browser_gets_a_page_and_htmx_gets_json(site: Site) -> None:
    client = site.client("staff")
    page = client.get("/tidak-ada", headers={"Accept": "text/html", "Accept-Language": "en"})
    assert page.status_code == 404 and page.headers["content-type"].startswith("text/html") and "does not exist" in page.text
    part = client.get("/tidak-ada", headers={"Accept": "text/html", "HX-Request": "true"})
    assert error_of(part)["code"] == "not_found"


def test_upload_needs_a_token_and_a_photo_field(site: Site) -> None:
    client = site.client("operator")
    del client.headers["X-CSRF-Token"]
    answer = client.post("/api/photos", data=GOOD, files=files(("a.jpg", jpeg())))
    assert (answer.status_code, error_of(answer)["code"]) == (403, "csrf")
    client = site.client("operator")
    answer = client.post("/api/photos", data=GOOD, files=[("other", ("a.jpg", io.BytesIO(jpeg()), "image/jpeg"))])
    assert error_of(answer)["code"] == "no_files"
    nothing_kept(site)
