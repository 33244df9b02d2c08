"""Sends a planned night to a running server, as phones do: one session per village, each photo a request of its own, tried again when the
server is busy or away. Knows nothing of the database: what counts as received is the receipt alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from api.rehearsal.papers import Paper
from api.rehearsal.plan import Sending

TRIES = 200
LONGEST_PAUSE = 10.0
"""Seconds between two tries."""
AT_ONCE = 64
"""Open requests; the rest of a burst waits in the phones."""
TIMEOUT = 120.0
BUSY = frozenset({408, 429, 500, 502, 503, 504, 507})


@dataclass(frozen=True, slots=True)
class Sent:
    """How one sending ended. ``photo``: number on the receipt, None when none came. ``seconds``: from its planned time to the receipt.
    ``repeat``: the server said that it had the photo. ``tries``: requests that it took. ``at``: monotonic time of the receipt."""

    sending: Sending
    photo: int | None
    repeat: bool
    status: int
    code: str
    tries: int
    seconds: float
    at: float


@dataclass
class Play:
    """One performance.

    Attributes:
        url: of the server.
        people: village code -> (user name, password) of its operator.
        speed: seconds of the night in one real second.
    """

    url: str
    people: Mapping[str, tuple[str, str]]
    papers: Sequence[Paper]
    sendings: Sequence[Sending]
    speed: float
    progress: Callable[[], None] = lambda: None
    sent: list[Sent] = field(default_factory=list)
    _clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def run(self) -> list[Sent]:
        """Everything, in the time planned; ends when the last sending has its answer.

        Raises:
            RuntimeError: an operator cannot log in.
        """
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._entering: dict[str, asyncio.Lock] = {village: asyncio.Lock() for village in self.people}
        try:
            for village in self.people:  # before the night begins
                await self._client(village)
            self._begun = time.monotonic()
            async with asyncio.TaskGroup() as group:
                for sending in self.sendings:
                    await asyncio.sleep(max(0.0, self._begun + sending.at / self.speed - time.monotonic()))
                    group.create_task(self._send(sending))
        finally:
            for client in self._clients.values():
                await client.aclose()
        return self.sent

    async def _send(self, sending: Sending) -> None:
        paper = self.papers[sending.sheet]
        due = self._begun + sending.at / self.speed
        status, code, photo, repeat, tries = 0, "", None, False, 0
        async with self._gate:
            data = await asyncio.to_thread(paper.file.read_bytes)
            for tries in range(1, TRIES + 1):
                status, answer, wait = await self._post(paper, data)
                code, photo, repeat = _outcome(status, answer)
                if photo is not None or (status and status not in BUSY and status != 401):
                    break
                await asyncio.sleep(min(LONGEST_PAUSE, max(wait, 0.2 * 1.5 ** min(tries, 10))))
        now = time.monotonic()
        self.sent.append(Sent(sending, photo, repeat, status, code, tries, now - due, now))
        self.progress()

    async def _post(self, paper: Paper, data: bytes) -> tuple[int, object, float]:
        """Status (0: no answer), body, seconds to wait as the server asked."""
        village = paper.sheet.tps[:10]
        try:
            client = await self._client(village)
            answer = await client.post(
                "/api/photos",
                data={"election": paper.election, "tps": paper.sheet.tps},
                files={"photos": (paper.file.name, data, "image/jpeg")},
            )
            if answer.status_code == 401:  # the server was set up anew, or the session ran out
                self._clients.pop(village, None)
            return answer.status_code, answer.json(), float(answer.headers.get("Retry-After", 0) or 0)
        except (httpx.HTTPError, ValueError):
            return 0, None, 0.0

    async def _client(self, village: str) -> httpx.AsyncClient:
        async with self._entering[village]:
            if village not in self._clients:
                self._clients[village] = await _enter(self.url, *self.people[village])
            return self._clients[village]


def _outcome(status: int, answer: object) -> tuple[str, int | None, bool]:
    """Error code, photo number of the receipt, and whether it was known before."""
    if not isinstance(answer, dict):
        return "", None, False
    if status == 202:
        return "", int(answer["results"][0]["receipt"]["id"]), False
    error = answer.get("error") or {}
    receipt = (error.get("details") or {}).get("receipt") or {}
    number = receipt.get("id", receipt.get("photo"))
    if error.get("code") != "duplicate_photo" or number is None:
        return str(error.get("code", "")), None, False
    return "duplicate_photo", int(number), True


async def _enter(url: str, name: str, password: str) -> httpx.AsyncClient:
    client = httpx.AsyncClient(base_url=url, timeout=TIMEOUT)
    page = await client.get("/masuk")
    form = {"username": name, "password": password, "csrf": _token(page.text)}
    entered = await client.post("/masuk", data=form)
    if entered.status_code != 303:
        await client.aclose()
        raise RuntimeError(f"{name} cannot log in: status {entered.status_code}")
    client.headers["X-CSRF-Token"] = _token((await client.get("/unggah")).text)
    return client


def _token(page: str) -> str:
    """The form token of a page, from its meta tag or its form."""
    for before in ('name="csrf" content="', 'name="csrf" value="'):
        if before in page:
            return page.split(before, 1)[1].split('"', 1)[0]
    raise RuntimeError("the page has no form token")
