"""What an operator holds in hand after an upload."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from db.tables import Photo
from db.views import TpsRef


@dataclass(frozen=True, slots=True)
class Receipt:
    """``number`` is short enough to read out on the phone: the first ten digits of the file's SHA-256."""

    photo_id: int
    number: str
    sha256: str
    size: int
    name: str
    election_id: str
    tps: TpsRef
    received_at: datetime
    chain: str | None = field(default=None, compare=False)
    """Row and hash of the audit log that took the photo in ("4211:9f3c07aa12bc34de"), where it is told: on the receipt of the moment."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "photo": self.photo_id,
            "number": self.number,
            "sha256": self.sha256,
            "size": self.size,
            "name": self.name,
            "election": self.election_id,
            "tps": self.tps.to_dict(),
            "received_at": self.received_at.isoformat(),
            "audit": self.chain,
        }


def receipt_of(photo: Photo, tps: TpsRef, chain: str | None = None) -> Receipt:
    return Receipt(
        photo_id=photo.id,
        number=photo.sha256[:10].upper(),
        sha256=photo.sha256,
        size=photo.size,
        name=photo.name,
        election_id=photo.election_id,
        tps=tps,
        received_at=photo.received_at,
        chain=chain,
    )
