"""What one running application holds: database, photo store, queue, signer. Made once, reached through the request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from fastapi import Request

from api.pressure import Pressure
from api.reading import Reading
from api.sessions import SessionSigner
from api.settings import Settings
from api.throttle import Throttle
from db.session import Database
from db.store import PhotoStore


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    db: Database
    store: PhotoStore
    reading: Reading
    signer: SessionSigner
    throttle: Throttle
    pressure: Pressure = field(default_factory=Pressure)


def services(request: Request) -> Services:
    return cast(Services, request.app.state.services)
