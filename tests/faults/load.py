"""People at work while things break: senders who send again until they hold a receipt, and a reviewer who settles what waits for him.

What they were told is kept: ``Load.receipts`` and ``Load.settled`` must all be found afterwards, once each.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cv2
import httpx
import numpy as np

import samples
from tests.world import FORM, PASSWORD

VILLAGE = "1607011016"
STATIONS = 16
PAPERS = 4
"""So many stations have papers of their own; what is sent for the others is a picture of one of these, which a person must see."""
ELECTION = "ppwp-2024"


@cache
def paper(station: int, page: int) -> bytes:
    """A small, clear photo of a generated sheet; the same station's page is always the same picture."""
    data, _ = samples.make(FORM, page, 1000 + station, difficulty=0.1)
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    scale = 1300 / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def marked(data: bytes, number: int) -> bytes:
    """The same picture as another file: a comment in the JPEG."""
    note = f"N{number:010}".encode()
    return data[:2] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + data[2:]


def enter(client: httpx.Client, user: str) -> None:
    """Log in as a browser does."""

    def token(page: str) -> str:
        for before in ('name="csrf" content="', 'name="csrf" value="'):
            if before in page:
                return page.split(before, 1)[1].split('"', 1)[0]
        raise AssertionError("the page has no form token")

    csrf = token(client.get("/masuk").text)
    answer = client.post("/masuk", data={"username": user, "password": PASSWORD, "csrf": csrf})
    assert answer.status_code == 303, answer.text
    client.headers["X-CSRF-Token"] = token(client.get("/", follow_redirects=True).text)


@dataclass
class Load:
    """Two senders and a reviewer."""

    url: str
    seed: int = 0
    senders: int = 2
    pause: float = 0.05
    receipts: dict[str, tuple[int, str]] = field(default_factory=dict)
    """sha256 -> (photo id, TPS)."""
    settled: set[int] = field(default_factory=set)
    """Photo ids whose commit was acknowledged."""
    cut: dict[str, int] = field(default_factory=lambda: {"upload": 0, "settle": 0})
    """Requests that broke in the middle, or were told to come again."""
    refusals: dict[str, int] = field(default_factory=dict)
    resting: bool = False
    """While True nobody begins anything new."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _failed: list[BaseException] = field(default_factory=list)
    _number: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        for n in range(self.senders):
            self._go(lambda n=n: self._send(random.Random(self.seed + n)))  # type: ignore[misc]
        self._go(self._review)

    def _go(self, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except BaseException as e:
                self._failed.append(e)

        thread = threading.Thread(target=guarded, daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """Nobody begins anything new; what was begun is brought to its receipt. Raises what went wrong in a thread."""
        self._stop.set()
        for thread in self._threads:
            thread.join(180)
            assert not thread.is_alive(), "a sender never got his receipt"
        if self._failed:
            raise self._failed[0]

    def _client(self, user: str) -> httpx.Client:
        while True:
            client = httpx.Client(base_url=self.url, timeout=30)
            try:
                enter(client, user)
                return client
            except (httpx.HTTPError, AssertionError):
                client.close()
                if self._stop.wait(0.3):
                    raise

    def _send(self, rng: random.Random) -> None:
        client = self._client("operator")
        while not self._stop.wait(self.pause):
            if self.resting:
                continue
            with self._lock:
                self._number += 1
                number = self._number
            own, page = rng.random() < 0.5, rng.choice((2, 3))
            of = rng.randrange(1, PAPERS + 1)
            station = of if own else rng.randrange(PAPERS + 1, STATIONS + 1)
            self._deliver(client, marked(paper(of, page), number), f"{VILLAGE}{station:03}", number)

    def _deliver(self, client: httpx.Client, data: bytes, tps: str, number: int) -> None:
        sha256 = hashlib.sha256(data).hexdigest()
        while True:
            try:
                answer = client.post(
                    "/api/photos", data={"election": ELECTION, "tps": tps}, files={"photos": (f"{number}.jpg", data, "image/jpeg")}
                )
            except httpx.HTTPError:
                self.cut["upload"] += 1
                time.sleep(0.1)
                continue
            if answer.status_code == 202:
                receipt = answer.json()["results"][0]["receipt"]
            elif answer.status_code == 409 and answer.json()["error"]["code"] == "duplicate_photo":
                receipt = {"id": answer.json()["error"]["details"]["receipt"]["photo"]}
            else:
                assert answer.status_code in (503, 507, 429), answer.text
                assert answer.headers.get("Retry-After") or answer.status_code == 507, answer.text
                self._told(answer)
                time.sleep(0.2)
                continue
            with self._lock:
                self.receipts[sha256] = (int(receipt["id"]), tps)
            return

    def _told(self, answer: httpx.Response) -> None:
        code = str(answer.json()["error"]["code"])
        with self._lock:
            self.refusals[code] = self.refusals.get(code, 0) + 1

    def _review(self) -> None:
        client = self._client("reviewer")
        client.headers["X-Desk"] = "only-window"
        while not self._stop.wait(self.pause):
            if self.resting:
                continue
            try:
                answer = client.post("/api/sheets/next")
                sheet = answer.json().get("sheet") if answer.status_code == 200 else None
                if sheet is None:
                    if answer.status_code >= 500:
                        self._told(answer)
                    time.sleep(0.3)
                    continue
                self._settle(client, sheet)
            except httpx.HTTPError:
                self.cut["settle"] += 1
                time.sleep(0.2)

    def _settle(self, client: httpx.Client, sheet: dict[str, Any]) -> None:
        values = {n["name"]: n["value"] for n in sheet["numbers"]}
        body = {"action": "settle", "stamp": sheet["stamp"], "values": values}
        answer = client.post(f"/api/sheets/{sheet['id']}/decision", json=body)
        if answer.status_code == 409 and answer.json()["error"]["code"] == "confirm_required":
            answer = client.post(
                f"/api/sheets/{sheet['id']}/decision", json={**body, "confirm": answer.json()["error"]["details"]["token"]}
            )
        if answer.status_code == 200:
            if answer.json()["committed"]:
                with self._lock:
                    self.settled.add(int(sheet["id"]))
        elif answer.status_code in (409, 423, 503):
            self._told(answer)
        else:
            raise AssertionError(f"{answer.status_code} {answer.text}")
