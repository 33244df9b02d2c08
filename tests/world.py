"""A small world for tests of db, review and api: a migrated and seeded database, a photo folder, and machine words to record."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError
from sqlalchemy import select

from db.config import Settings
from db.migrate import upgrade
from db.seed import DEMO_USERS, seed_demo
from db.session import Database
from db.store import PhotoStore, open_store, path_of
from db.tables import User
from review.intake import Recorded, receive_photo, record_interpretation
from review.receipt import Receipt
from tally.glyphs import boxes_of
from tally.interpretation import Accepted, Interpretation, NeedsReview, NumberReading, ReaderSays, Reason, ReasonCode, Unreadable
from templates_c1.registry import page as template_page
from templates_c1.rules import check

if TYPE_CHECKING:
    import pytest

PASSWORD = "hanya-untuk-uji"
FORM = "c-hasil-ppwp-2024"
TPS = "1607011016001"
OTHER_TPS = "1607011016002"
VERSIONS = {"template": "1", "cnn": "a", "policy": "1"}
_fresh = count()


@dataclass(frozen=True)
class World:
    settings: Settings
    db: Database
    store: PhotoStore
    users: Mapping[str, int]
    drop: Callable[[], None] = lambda: None
    queue: str = ""
    """C1_QUEUE; "" is a file."""

    @property
    def env(self) -> dict[str, str]:
        """What a process of the product needs to live in this world."""
        places = {"C1_DATABASE_URL": self.settings.database_url, "C1_PHOTOS": self.settings.photos, "C1_QUEUE": self.queue}
        return {name: value for name, value in places.items() if value}

    def files(self) -> list[str]:
        """Everything in the photo store, leftovers too."""
        return sorted(o.name for o in self.store.objects())

    def damage(self, sha256: str, data: bytes = b"other") -> None:
        """Put other bytes under a photo's name, as a failing disk would."""
        obstore.put(self.store._objects, path_of(sha256), data)

    def full_disk(self, monkeypatch: pytest.MonkeyPatch, times: int = 1000) -> None:
        """The next ``times`` photos find no room."""
        left = [times]
        real_fsync, real_put = os.fsync, obstore.put

        def fsync(handle: int) -> None:
            if left[0] and str(Path(f"/proc/self/fd/{handle}").readlink()).startswith(self.settings.photos):
                left[0] -= 1
                raise OSError(errno.ENOSPC, "No space left on device")
            real_fsync(handle)

        def put(*args: Any, **how: Any) -> Any:
            if left[0]:
                left[0] -= 1
                raise BaseError("Server returned non-2xx status code: 507 Insufficient Storage")
            return real_put(*args, **how)

        monkeypatch.setattr(os, "fsync", fsync)
        if "://" in self.settings.photos:
            monkeypatch.setattr(obstore, "put", put)

    def close(self) -> None:
        """Let go of the database, and drop it where a copy was made on a server."""
        self.db.dispose()
        self.drop()

    def upload(
        self,
        *,
        data: bytes | None = None,
        tps: str = TPS,
        election: str = "ppwp-2024",
        by: str = "operator",
        stated_page: int | None = None,
        name: str = "foto.jpg",
    ) -> Receipt:
        """A photo with content of its own, unless ``data`` says which."""
        return receive_photo(
            self.db,
            self.store,
            data=data if data is not None else f"photo {next(_fresh)}".encode(),
            name=name,
            media_type="image/jpeg",
            uploader_id=self.users[by],
            election_id=election,
            tps_code=tps,
            stated_page=stated_page,
        )

    def record(self, receipt: Receipt, word: Interpretation) -> Recorded:
        with self.db.writing() as session:
            return record_interpretation(session, receipt.photo_id, word)

    def read(self, receipt: Receipt, values: Mapping[str, int | None], **how: object) -> Recorded:
        """Record what ``word`` makes of ``values``."""
        return self.record(receipt, word(receipt, values, **how))  # type: ignore[arg-type]


def open_world(url: str, folder: Path, *, fresh: bool = True, photos: str = "") -> World:
    """``fresh``: migrate and seed first. Photos lie below ``folder`` unless ``photos`` says where."""
    settings = Settings(url, photos or str(folder / "photos"))
    if fresh:
        upgrade(url)
    db = Database(url)
    if fresh:
        with db.writing() as session:
            seed_demo(session, dict.fromkeys(DEMO_USERS, PASSWORD))
    with db.reading() as session:
        users = dict(session.execute(select(User.username, User.id)).all())
    return World(settings, db, open_store(settings.photos), users)


def votes(one: int, two: int, three: int) -> dict[str, int | None]:
    """Page 2 of the 2024 form."""
    return {"suara_paslon_1": one, "suara_paslon_2": two, "suara_paslon_3": three}


def validity(valid: int, invalid: int, total: int | None = None) -> dict[str, int | None]:
    """Page 3 of the 2024 form."""
    return {"suara_sah": valid, "suara_tidak_sah": invalid, "suara_total": valid + invalid if total is None else total}


def word(
    receipt: Receipt,
    values: Mapping[str, int | None],
    *,
    form: str = FORM,
    page: int = 2,
    doubt: tuple[ReasonCode, ...] = (),
    versions: Mapping[str, str] = VERSIONS,
    sure: bool = False,
) -> Interpretation:
    """What the machine says when it reads ``values``: accepted, or with ``doubt`` in need of review (``sure``: of its numbers still)."""
    confidence = 0.6 if doubt and not sure else 0.999
    layout = template_page(form, page)
    numbers = tuple(
        NumberReading(
            n.name,
            boxes_of(v, 3) if (v := values[n.name]) is not None else "1X1",
            v,
            confidence,
            {"cnn": ReaderSays(boxes_of(v or 0, 3), 0.99)},
            ((boxes_of(v or 0, 3), confidence),),
        )
        for n in layout.numbers
    )
    findings = check(layout, values)
    reasons = tuple(Reason(code, (layout.numbers[0].name,), "") for code in doubt)
    outcome = NeedsReview(form, page, numbers, findings, reasons) if doubt else Accepted(form, page, numbers, findings)
    corners = {n.name: tuple(((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)) for _ in n.boxes) for n in layout.numbers}
    sheet = ((0.0, 0.0), (100.0, 0.0), (100.0, 150.0), (0.0, 150.0))
    return Interpretation(receipt.name, receipt.sha256, outcome, dict(versions), {"total": 0.1}, corners, sheet)


def unreadable(
    receipt: Receipt, code: ReasonCode = ReasonCode.FORM_NOT_RECOGNISED, versions: Mapping[str, str] = VERSIONS
) -> Interpretation:
    return Interpretation(receipt.name, receipt.sha256, Unreadable((Reason(code, (), ""),)), dict(versions))


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
