"""Killed in the middle of reading, by SIGKILL, again and again: nothing is lost and nothing is double."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

import samples
from api.reading import Reading
from api.settings import Settings
from db.audit import verify
from db.tables import Interpretation, Photo, QueueEntry, SheetCommit
from review.status import PhotoState, photo_status
from tests.live import Live, until
from tests.world import PASSWORD, World

FORM = "c-hasil-ppwp-2024"
VILLAGE = "1607011016"


def send(live: Live, seed: int, page: int) -> int:
    data, _ = samples.make(FORM, page, seed, difficulty=0.2)
    answer = httpx.post(
        f"{live.url}/api/photos",
        auth=("operator", PASSWORD),
        data={"election": "ppwp-2024", "tps": f"{VILLAGE}{seed:03}"},
        files={"photos": (f"{seed}-{page}.jpg", data, "image/jpeg")},
        timeout=30,
    )
    assert answer.status_code == 202, answer.text
    return int(answer.json()["results"][0]["receipt"]["id"])


def counts(world: World, photo_id: int) -> tuple[int, int]:
    """(interpretations, results): a result is a committed count of the photo or its place in the queue."""
    with world.db.reading() as session:

        def of(table: type[Interpretation] | type[SheetCommit] | type[QueueEntry]) -> int:
            return session.scalar(select(func.count()).select_from(table).where(table.photo_id == photo_id)) or 0

        return of(Interpretation), of(SheetCommit) + of(QueueEntry)


def is_read(world: World, photo_id: int) -> bool:
    with world.db.reading() as session:
        return photo_status(session, photo_id).state is not PhotoState.READING


@pytest.mark.slow
def test_killed_while_reading(make_world: Callable[[Path], World], tmp_path: Path) -> None:
    world = make_world(tmp_path)
    watch = Reading(Settings(data=tmp_path, queue=world.queue), world.db, world.store)
    live = Live(tmp_path, C1_READ_ATTEMPTS="20", **world.env)
    chance = random.Random(7)
    photos: list[int] = []
    caught = 0

    def all_read() -> bool:
        return all(is_read(world, p) for p in photos)

    try:
        for round_ in range(5):
            live.start()
            photos += [send(live, round_ + 1, page) for page in (1, 2)]
            last = photos[-1]
            if round_ == 0:
                pass  # at once, right after the receipt
            elif round_ == 1:
                time.sleep(chance.uniform(0.0, 0.4))
            else:
                until(lambda p=last: watch.started(p) > 0 or is_read(world, p))  # type: ignore[misc]
                time.sleep(chance.uniform(0.0, 0.12))
            if round_ == 3:
                live.kill_reader()
                caught += not is_read(world, last)
                until(all_read)  # a new reader comes by itself
                assert live.stop() == 0
            else:
                live.kill()
                caught += not is_read(world, last)
        live.start()
        until(all_read)
        time.sleep(1.0)  # what might come a second time would come now
    finally:
        if live.running:
            live.stop()
    assert caught >= 3, "the kills came too late to prove anything"
    assert len(photos) == 10
    with world.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Photo)) == 10
        assert verify(session) == []
        states = {photo_status(session, p).state for p in photos}
    assert states <= {PhotoState.COUNTED, PhotoState.IN_REVIEW}
    for photo_id in photos:
        assert counts(world, photo_id) == (1, 1)
    assert not watch.huey.pending() and not watch.huey.scheduled()
    world.db.dispose()
