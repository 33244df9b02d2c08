"""Exported WhatsApp chats as the four kinds of phones write them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

LRM = "\u200e"


@dataclass
class Line:
    at: datetime
    sender: str
    text: str = ""
    file: str | None = None
    omitted: bool = False


@dataclass(frozen=True)
class Kind:
    """How one phone writes. ``head``: strftime pattern of the line's beginning."""

    name: str
    chat: str
    head: str
    attached: str
    omitted: str
    ios: bool
    twelve: bool = False
    system: str = ""


KINDS = {
    k.name: k
    for k in (
        Kind(
            "android-id",
            "Chat WhatsApp dengan KPPS Banyuasin.txt",
            "%d/%m/%y %H.%M - ",
            "{file} (file terlampir)",
            "<Media tidak disertakan>",
            False,
            system="Pesan dan panggilan terenkripsi secara end-to-end.",
        ),
        Kind(
            "android-en",
            "WhatsApp Chat with KPPS Banyuasin.txt",
            "%m/%d/%y, %I:%M\u202f%p - ",
            "{file} (file attached)",
            "<Media omitted>",
            False,
            twelve=True,
            system="Messages and calls are end-to-end encrypted.",
        ),
        Kind("ios-id", "_chat.txt", "[%d/%m/%y %H.%M.%S] ", LRM + "<terlampir: {file}>", LRM + "gambar tidak disertakan", True),
        Kind("ios-en", "_chat.txt", "[%m/%d/%y, %I:%M:%S\u202f%p] ", LRM + "<attached: {file}>", LRM + "image omitted", True, twelve=True),
    )
}


def write(kind: Kind, lines: Sequence[Line]) -> str:
    out = []
    for line in lines:
        head = line.at.strftime(kind.head)
        file = kind.attached.format(file=line.file) if line.file else kind.omitted if line.omitted else ""
        if kind.ios:
            body = f"{line.text} {file}" if line.text and file else line.text or file
            out.append(f"{LRM if file else ''}{head}{LRM}{line.sender}: {body}")
        else:
            body = f"{LRM}{file}\n{line.text}" if file and line.text else LRM + file if file else line.text
            out.append(f"{head}{line.sender}: {body}")
    if kind.system:
        out.insert(0, lines[0].at.strftime(kind.head) + kind.system)
    return "\n".join(out) + "\n"


@dataclass
class Export:
    kind: Kind
    lines: list[Line] = field(default_factory=list)
    media: dict[str, bytes] = field(default_factory=dict)

    def photo(self, at: datetime, sender: str, data: bytes | None, text: str = "") -> str:
        """One picture in the chat; None: named there, missing in the export."""
        n = len(self.lines)
        name = f"{n:08}-PHOTO-{at:%Y-%m-%d-%H-%M-%S}.jpg" if self.kind.ios else f"IMG-{at:%Y%m%d}-WA{n:04}.jpg"
        self.lines.append(Line(at, sender, text, name))
        if data is not None:
            self.media[name] = data
        return name

    def zip(self, extra: Mapping[str, bytes] | None = None) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as z:
            z.writestr(self.kind.chat, write(self.kind, self.lines))
            for name, data in {**self.media, **(extra or {})}.items():
                z.writestr(name, data)
        return out.getvalue()
