"""Who in a chat works where: a small table that the camat writes, and the numbers registered for WhatsApp."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import select

from api.importing.sources import ImportFault
from db.session import Database
from db.tables import Sender, User
from db.types import SenderState
from tally.phones import phone_of


def key_of(sender: str) -> str:
    """What a sender is looked up by."""
    return phone_of(sender) or " ".join(sender.casefold().split())


def from_file(file: Path) -> dict[str, tuple[str, ...]]:
    """A CSV file with the columns ``sender`` (name or number as in the chat) and ``area`` (a code of any level; several rows add up).

    Raises:
        ImportFault: senders_table, if a column is missing.
        OSError.
    """
    return from_text(file.read_text(encoding="utf-8-sig"))


def from_text(text: str) -> dict[str, tuple[str, ...]]:
    """As ``from_file``, of a table already read; the columns may be parted by semicolons, as Excel writes them in Indonesia."""
    found: dict[str, tuple[str, ...]] = {}
    head = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = ";" if ";" in head and "," not in head else ","
    for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter):
        sender, area = (row.get("sender") or "").strip(), (row.get("area") or "").strip().replace(".", "")
        if not sender or not (area.isascii() and area.isdigit()):
            raise ImportFault("senders_table")
        found[key_of(sender)] = (*found.get(key_of(sender), ()), area)
    if not found:
        raise ImportFault("senders_table")
    return found


def registered(db: Database) -> dict[str, tuple[str, ...]]:
    """The areas of every number that an admin has registered."""
    query = select(Sender.phone, User).join(User, User.id == Sender.user_id).where(Sender.state == SenderState.ACTIVE, User.active)
    with db.reading() as session:
        return {phone: tuple(sorted(r.code for r in user.areas)) for phone, user in session.execute(query).all()}


def areas_of(sender: str, known: Mapping[str, tuple[str, ...]], default: tuple[str, ...]) -> tuple[str, ...]:
    """The sender's areas; ``default`` (those of whoever imports) for one that is not known."""
    return known.get(key_of(sender)) or default if sender else default
