"""A photo in pieces: it arrives once and whole, whatever breaks in between."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from db import pieces
from tests.api.conftest import Site, jpeg
from tests.world import OTHER_TPS, TPS

ELECTION = "ppwp-2024"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def begin(client: TestClient, data: bytes, **other: Any) -> Any:
    body = {"key": sha(data), "sha256": sha(data), "size": len(data), "name": "hal2.jpg", "election": ELECTION, "tps": TPS, **other}
    return client.post("/api/uploads", json=body)


def piece(client: TestClient, data: bytes, start: int, end: int, key: str | None = None) -> Any:
    return client.patch(f"/api/uploads/{key or sha(data)}?offset={start}", content=data[start:end])


def unfinished(site: Site) -> list[str]:
    folder = site.folder / "pieces"
    return sorted(f.suffix for f in folder.iterdir()) if folder.is_dir() else []


def test_pieces_make_a_photo_and_the_last_brings_the_receipt(site: Site) -> None:
    client, data = site.client("operator"), jpeg(1)
    assert begin(client, data).json() == {"state": "open", "offset": 0}
    middle = len(data) // 2
    assert piece(client, data, 0, middle).json() == {"state": "open", "offset": middle}
    assert begin(client, data).json() == {"state": "open", "offset": middle}  # the line broke: where was I?
    answer = piece(client, data, middle, len(data))
    assert answer.status_code == 200
    said = answer.json()
    assert (said["state"], said["again"], said["receipt"]["sha256"]) == ("received", False, sha(data))
    assert site.world.store.get(sha(data)) == data
    assert client.get(f"/api/photos/{said['receipt']['id']}").json()["state"] == "reading"
    assert unfinished(site) == []


def test_the_same_photo_again_costs_no_bytes(site: Site) -> None:
    client, data = site.client("operator"), jpeg(2)
    receipt = site.world.upload(data=data)
    said = begin(client, data).json()
    assert (said["state"], said["again"], said["receipt"]["id"]) == ("received", True, receipt.photo_id)
    other = begin(client, data, tps=OTHER_TPS)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "duplicate_other_tps")
    assert unfinished(site) == []


def test_a_photo_whose_receipt_was_lost_is_received_not_doubled(site: Site) -> None:
    """The server stored it and died before it forgot the pieces; the phone sends the last piece again."""
    client, data = site.client("operator"), jpeg(3)
    begin(client, data)
    piece(client, data, 0, len(data) - 10)
    site.world.upload(data=data)
    said = piece(client, data, len(data) - 10, len(data)).json()
    assert (said["state"], said["again"]) == ("received", True)
    assert len(site.stored_files()) == 1 and unfinished(site) == []


@pytest.mark.parametrize(("start", "end"), [(5, 20), (0, None)], ids=["gap", "runs over the end"])
def test_a_piece_that_does_not_follow_says_where_to_go_on(site: Site, start: int, end: int | None) -> None:
    client, data = site.client("operator"), jpeg(4)
    begin(client, data)
    answer = client.patch(f"/api/uploads/{sha(data)}?offset={start}", content=data[start:end] + (b"!" if end is None else b""))
    assert answer.status_code == 409
    assert (answer.json()["error"]["code"], answer.json()["error"]["details"]) == ("upload_offset", {"offset": 0})


def test_damage_on_the_way_is_noticed_and_forgotten(site: Site) -> None:
    client, data = site.client("operator"), jpeg(5)
    begin(client, data)
    answer = client.patch(f"/api/uploads/{sha(data)}?offset=0", content=data[:-1] + bytes([data[-1] ^ 1]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "upload_damaged")
    assert unfinished(site) == [] and site.stored_files() == []
    assert begin(client, data).json()["offset"] == 0


def test_what_is_no_photo_ends_with_its_own_error(site: Site) -> None:
    client, data = site.client("operator"), b"no photo at all " * 9
    begin(client, data)
    answer = piece(client, data, 0, len(data))
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "not_an_image")
    assert unfinished(site) == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"key": "../../etc"}, 422, "invalid_request"),
        ({"key": "a" * 63 + "/"}, 422, "invalid_request"),
        ({"size": 0}, 422, "invalid_request"),
        ({"size": 3 * 1024 * 1024}, 413, "image_too_large"),
        ({"tps": "1607011016999"}, 404, "unknown_tps"),
        ({"election": "ppwp-1999"}, 404, "unknown_election"),
        ({"page": 9}, 422, "unknown_page"),
    ],
)
def test_refused_before_a_byte_is_sent(site: Site, change: dict[str, Any], status: int, code: str) -> None:
    answer = begin(site.client("operator"), jpeg(6), **change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert unfinished(site) == []


def test_pieces_belong_to_their_sender(site: Site) -> None:
    data = jpeg(7)
    begin(site.client("operator"), data)
    answer = site.client("reviewer").patch(f"/api/uploads/{sha(data)}?offset=0", content=data)
    assert answer.status_code == 403
    unknown = piece(site.client("operator"), data, 0, 10, key="0" * 64)
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "upload_unknown")


def test_a_phone_without_sha256_may_name_its_upload_freely(site: Site) -> None:
    client, data, key = site.client("operator"), jpeg(8), "ab" * 32
    begin(client, data, key=key, sha256=None)
    assert piece(client, data, 0, len(data), key=key).json()["receipt"]["sha256"] == sha(data)


def test_a_full_disk_is_said_and_the_pieces_stay(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client, data = site.client("operator"), jpeg(9)
    begin(client, data)
    piece(client, data, 0, 100)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as m:
        m.setattr(pieces, "_append", full)
        answer = piece(client, data, 100, 200)
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
    assert begin(client, data).json() == {"state": "open", "offset": 100}


def test_given_up_uploads_go_and_their_number_is_limited(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = site.client("operator")
    monkeypatch.setattr(pieces, "MAX_OPEN", 2)
    for seed in (10, 11):
        begin(client, jpeg(seed))
    assert begin(client, jpeg(12)).json()["error"]["code"] == "too_many_uploads"
    old = time.time() - pieces.KEEP_SECONDS - 60
    for file in (site.folder / "pieces").iterdir():
        os.utime(file, (old, old))
    assert begin(client, jpeg(12)).json() == {"state": "open", "offset": 0}
    assert unfinished(site) == [".json", ".part"]


def test_beginning_counts_against_the_minute_going_on_does_not(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.held.throttle, "_clock", lambda: 1000.0)
    client, data = site.client("operator"), jpeg(13)
    begin(client, data)
    piece(client, data, 0, 10)
    most = site.held.settings.uploads_per_minute
    site.held.throttle.spend(f"user:{site.world.users['operator']}", most - 1, most)
    assert begin(client, data).json() == {"state": "open", "offset": 10}
    refused = begin(client, jpeg(14))
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_photos")
