"""An application over a world of its own, and browsers' and scripts' sides of it."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from api.reading import Reading
from api.sessions import COOKIE, SessionSigner, begin
from api.settings import MIB, Settings
from api.state import Services
from api.throttle import Throttle
from tests.world import World

ROLES = ("operator", "reviewer", "supervisor", "staff", "admin")


@dataclass(frozen=True)
class Site:
    """One running application. ``client(role)`` is a browser with that user logged in; None is a visitor."""

    app: FastAPI
    held: Services
    world: World
    folder: Path

    def client(self, user: str | None = None) -> TestClient:
        client = TestClient(self.app, raise_server_exceptions=False, follow_redirects=False)
        if user is not None:
            session = begin(self.held.db, self.held.signer, self.world.users[user])
            client.cookies.set(COOKIE, self.held.signer.dump(session))
            client.headers["X-CSRF-Token"] = self.held.signer.csrf(session)
        return client

    def stored_files(self) -> list[str]:
        """Every file in the photo store, half-written ones too."""
        return self.world.files()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, max_photo_bytes=2 * MIB, max_files=4)


def open_site(world: World, folder: Path, settings: Settings | None = None) -> Site:
    """The application over a world; ``settings`` as in production unless given."""
    settings = replace(settings or Settings(data=folder), queue=world.queue)
    held = Services(
        settings=settings,
        db=world.db,
        store=world.store,
        reading=Reading(settings, world.db, world.store),
        signer=SessionSigner("for tests only", 3600),
        throttle=Throttle(),
    )
    return Site(create_app(held), held, world, settings.data)


@pytest.fixture
def site(world: World, settings: Settings) -> Site:
    return open_site(world, settings.data, settings)


def picture(seed: int = 0, size: tuple[int, int] = (900, 700)) -> np.ndarray[Any, Any]:
    """A picture like no other: noise on gray paper."""
    noise = np.random.default_rng(seed).integers(0, 60, (*size, 3), dtype=np.uint8)
    return noise + 150


def jpeg(seed: int = 0, size: tuple[int, int] = (900, 700)) -> bytes:
    return cv2.imencode(".jpg", picture(seed, size))[1].tobytes()


def files(*photos: tuple[str, bytes]) -> list[tuple[str, tuple[str, io.BytesIO, str]]]:
    return [("photos", (name, io.BytesIO(data), "image/jpeg")) for name, data in photos]
