"""WhatsApp's "export chat" as Android and iOS write it, in Indonesian and English: who sent which file when, with which caption.

    24/11/26 15.04 - Budi: IMG-20261124-WA0003.jpg (file terlampir)        Android, Indonesian; the caption follows on the next line
    11/24/26, 3:04 PM - Budi: IMG-20261124-WA0003.jpg (file attached)      Android, English (US)
    [24/11/26 15.04.05] Budi: TPS 5 Mariana <terlampir: 00000012-PHOTO-2026-11-24-15-04-05.jpg>      iOS; the caption stands before it

Left-to-right marks and narrow spaces are strewn in; a message may go over several lines. The same digits are day and month in one
phone and month and day in another: the whole chat decides, since time only goes forward.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise

WIB = timezone(timedelta(hours=7), "WIB")

_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_DATE = r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})"
_TIME = r"(?:pukul\s+|at\s+)?(\d{1,2})[.:](\d{2})(?:[.:](\d{2}))?(?:\s*([ap])\.?\s?m\.?)?"
_HEADS = (
    re.compile(rf"^\[{_DATE},?\s+{_TIME}\]\s(.*)$", re.IGNORECASE | re.DOTALL),
    re.compile(rf"^{_DATE},?\s+{_TIME}\s-\s(.*)$", re.IGNORECASE | re.DOTALL),
)
_ANDROID_FILE = re.compile(r"^(.+\.\w{2,5}) \((?:file attached|file terlampir|berkas terlampir)\)\s*$", re.IGNORECASE)
_IOS_FILE = re.compile(r"<(?:attached|terlampir|dilampirkan): ?([^<>]+)>", re.IGNORECASE)
_LEFT_OUT = "(?:omitted|tidak disertakan|dihilangkan)"
_OMITTED = re.compile(rf"<media {_LEFT_OUT}>|\b(?:image|photo|document|gambar|foto|dokumen) {_LEFT_OUT}\b", re.IGNORECASE)
_EDITED = re.compile(r"<(?:this message was edited|pesan ini diedit)\.?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message. ``file``: the attachment's name; ``omitted``: there was one, but the chat was exported without media.

    ``text``: what was written, with an attachment its caption; ``line``: where it begins, from 1.
    """

    line: int
    at: datetime | None
    sender: str
    text: str
    file: str | None = None
    omitted: bool = False


@dataclass(slots=True)
class _Raw:
    line: int
    date: tuple[int, int, int]
    clock: tuple[int, int, int]
    body: str


def is_chat(text: str) -> bool:
    """Does one of the first lines begin as a message does?"""
    return any(_head(_clean(line)) for line in text.splitlines()[:20])


def parse(text: str) -> list[ChatMessage]:
    """All messages that somebody wrote, in order; what WhatsApp says by itself (encryption, members) is left out."""
    raw = list(_messages(text))
    order = _date_order([r.date for r in raw], [r.clock for r in raw])
    found = []
    for r in raw:
        sender, colon, body = r.body.partition(": ")
        if not colon:
            sender, colon, body = r.body.partition(":\n")
        if colon:
            found.append(_message(r.line, _moment(r.date, r.clock, order), sender.strip(" ~\u00a0"), body))
    return found


def _clean(line: str) -> str:
    return _MARKS.sub("", line).replace("\u202f", " ").replace("\u00a0", " ")


def _head(line: str) -> re.Match[str] | None:
    return next((m for head in _HEADS if (m := head.match(line))), None)


def _messages(text: str) -> Iterator[_Raw]:
    current: _Raw | None = None
    for number, raw_line in enumerate(text.splitlines(), 1):
        line = _clean(raw_line)
        m = _head(line)
        if m is None:
            if current is not None:
                current.body += "\n" + line
            continue
        if current is not None:
            yield current
        hour = int(m[4])
        if m[7]:
            hour = hour % 12 + (12 if m[7].lower() == "p" else 0)
        current = _Raw(number, (int(m[1]), int(m[2]), int(m[3])), (hour, int(m[5]), int(m[6] or 0)), m[8])
    if current is not None:
        yield current


def _message(line: int, at: datetime | None, sender: str, body: str) -> ChatMessage:
    body = _EDITED.sub("", body)
    first, _, rest = body.partition("\n")
    if m := _ANDROID_FILE.match(first.strip()):
        return ChatMessage(line, at, sender, rest.strip(), m[1].strip())
    if m := _IOS_FILE.search(body):
        return ChatMessage(line, at, sender, _IOS_FILE.sub(" ", body).strip(), m[1].strip())
    if _OMITTED.search(body):
        return ChatMessage(line, at, sender, _OMITTED.sub(" ", body).strip(), None, True)
    return ChatMessage(line, at, sender, body.strip())


_ORDERS = ("dmy", "mdy", "ymd")


def _date_order(dates: list[tuple[int, int, int]], clocks: list[tuple[int, int, int]]) -> str:
    """The order of day and month under which every date exists and time runs backward least; day first in a tie."""
    best, least = "dmy", None
    for order in _ORDERS:
        moments = [_moment(d, c, order) for d, c in zip(dates, clocks, strict=True)]
        impossible = sum(m is None for m in moments)
        known = [m for m in moments if m is not None]
        back = sum(b < a - timedelta(minutes=5) for a, b in pairwise(known))
        span = (max(known) - min(known)) if known else timedelta(0)
        cost = (impossible, back, span)
        if least is None or cost < least:
            best, least = order, cost
    return best


def _moment(date: tuple[int, int, int], clock: tuple[int, int, int], order: str) -> datetime | None:
    parts = dict(zip(order, date, strict=True))
    if order == "ymd" and parts["y"] < 1000:
        return None
    year = parts["y"] + (2000 if parts["y"] < 100 else 0)
    try:
        return datetime(year, parts["m"], parts["d"], *clock, tzinfo=WIB)
    except ValueError:
        return None
