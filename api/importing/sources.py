"""What can be imported, as a row of pictures that are loaded one at a time: a chat's zip, a folder, other zips, PDFs, single files.

Nothing is unpacked to disk, so the names inside a zip can lead nowhere. What a zip says about itself is believed only as a limit.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

from api.importing import chat

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"}
NO_PICTURES = {
    ".opus", ".ogg", ".mp3", ".m4a", ".aac", ".wav", ".mp4", ".3gp", ".mov", ".avi", ".vcf", ".txt", ".csv", ".json", ".xml", ".html",
    ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".ini", ".db", ".log", ".md",
}  # fmt: skip
"""Left alone without a word each; whatever else is met is taken for a picture until its content says otherwise."""
MOST_ENTRIES = 50_000
MOST_PAGES = 1000
PDF_LONG_SIDE = 2600
"""Pixels of a rendered PDF page."""
SMALL_TEXT = 64 * 1024 * 1024


class ImportFault(Exception):
    """Why something cannot be imported: a key of api.texts, without its "import." prefix."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Piece:
    """One picture, or one that should be there.

    Attributes:
        name: its path in the source, the same at every run.
        load: gives its bytes. Raises ImportFault, OSError.
        context: what its folders and file name say.
        sent_by, sent_at, caption: from the chat.
        fault: why it cannot be loaded, known beforehand.
    """

    name: str
    load: Callable[[], bytes]
    context: str = ""
    sent_by: str = ""
    sent_at: datetime | None = None
    caption: str = ""
    in_chat: bool = False
    fault: str = ""


@dataclass(slots=True)
class Source:
    """``key`` names its content: the same source again is the same import. ``skipped``: files that are no pictures; ``shown``: its name
    for people, where that is not its path."""

    path: Path
    key: str
    pieces: list[Piece] = field(default_factory=list)
    skipped: int = 0
    shown: str = ""

    @property
    def label(self) -> str:
        return self.shown or str(self.path)


def open_source(path: Path, max_bytes: int) -> Source:
    """List what ``path`` holds. ``max_bytes``: largest picture.

    Raises:
        ImportFault: no such file, not a zip, an encrypted or endless one.
        OSError: it cannot be read.
    """
    if path.is_dir():
        source = Source(path, hashlib.sha256(b"folder:" + str(path.resolve()).encode()).hexdigest())
        _folder(source, path, max_bytes)
        return source
    if not path.exists():
        raise ImportFault("not_there")
    with path.open("rb") as f:
        source = Source(path, hashlib.file_digest(f, "sha256").hexdigest())
    _file(source, path, path.name, max_bytes, alone=True)
    return source


def _file(source: Source, path: Path, name: str, max_bytes: int, *, alone: bool = False) -> None:
    suffix = path.suffix.lower()
    if suffix == ".zip" or (alone and zipfile.is_zipfile(path)):
        try:
            _zip(source, path, name if not alone else "", max_bytes)
        except ImportFault as e:
            if alone:
                raise
            source.pieces.append(Piece(name, _nothing, fault=e.code))
    elif suffix == ".pdf":
        source.pieces += _pdf(name, path.read_bytes)
    elif suffix in NO_PICTURES and not alone:
        source.skipped += 1
    else:
        context = name if alone else f"{source.path.name}/{name}"
        source.pieces.append(Piece(name, lambda: _read_file(path, max_bytes), context=context))


def _folder(source: Source, folder: Path, max_bytes: int) -> None:
    """Files in the order of their names; links and hidden files are left alone. A chat's export that was unpacked counts as one."""
    files = [f for f in sorted(folder.rglob("*")) if f.is_file() and not f.is_symlink() and not _hidden(f.relative_to(folder))]
    told: dict[Path, list[chat.ChatMessage]] = {}
    for f in files:
        if f.suffix.lower() == ".txt" and f.stat().st_size <= SMALL_TEXT:
            text = f.read_text(encoding="utf-8", errors="replace")
            if chat.is_chat(text):
                told.setdefault(f.parent, []).extend(chat.parse(text))
    inside: dict[Path, Source] = {}
    for f in files:
        part = inside.setdefault(f.parent, Source(folder, ""))
        _file(part, f, f.relative_to(folder).as_posix(), max_bytes)
    for parent, part in inside.items():
        base = parent.relative_to(folder).as_posix()
        source.pieces += _paired(part.pieces, told[parent], "" if base == "." else base + "/") if parent in told else part.pieces
        source.skipped += part.skipped


def _hidden(path: Path) -> bool:
    return any(p.startswith((".", "__MACOSX")) for p in path.parts if p not in (".", ".."))


def _zip(source: Source, path: Path, inside: str, max_bytes: int) -> None:
    try:
        archive = zipfile.ZipFile(path)
        entries = [e for e in archive.infolist() if not e.is_dir() and not _hidden(Path(e.filename))]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as e:
        raise ImportFault("zip_broken") from e
    if len(entries) > MOST_ENTRIES:
        raise ImportFault("zip_too_many")
    budget = _Budget(20 * path.stat().st_size + 100_000_000)
    messages: list[chat.ChatMessage] = []
    pieces: list[Piece] = []
    for entry in sorted(entries, key=lambda x: x.filename):
        name = f"{inside}/{entry.filename}" if inside else entry.filename
        suffix = PurePosixPath(entry.filename).suffix.lower()
        if suffix == ".txt" and entry.file_size <= SMALL_TEXT:
            text = _entry(archive, entry, SMALL_TEXT, budget).decode("utf-8", "replace")
            if chat.is_chat(text):
                messages += chat.parse(text)
                continue
        if suffix in NO_PICTURES:
            source.skipped += 1
        elif suffix == ".zip":
            pieces.append(Piece(name, _nothing, fault="zip_in_zip"))
        elif suffix == ".pdf":
            pieces += _pdf(name, lambda entry=entry: _entry(archive, entry, max_bytes, budget))  # type: ignore[misc]
        else:
            context = name if inside else f"{path.stem}/{name}"
            pieces.append(Piece(name, lambda entry=entry: _entry(archive, entry, max_bytes, budget), context=context))  # type: ignore[misc]
    source.pieces += _paired(pieces, messages, f"{inside}/" if inside else "") if messages else pieces


@dataclass(slots=True)
class _Budget:
    """Bytes that may still come out of one zip; photos hardly shrink when zipped, so a zip that grows twentyfold is a bomb."""

    left: int


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int, budget: _Budget) -> bytes:
    if entry.flag_bits & 1:
        raise ImportFault("zip_encrypted")
    if entry.file_size > most:
        raise ImportFault("too_large")
    if budget.left <= 0:
        raise ImportFault("zip_bomb")
    try:
        with archive.open(entry) as f:
            data = f.read(most + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as e:
        raise ImportFault("zip_broken") from e
    budget.left -= len(data)
    if len(data) > most:
        raise ImportFault("too_large")
    return data


def _paired(pieces: Sequence[Piece], messages: Sequence[chat.ChatMessage], base: str) -> list[Piece]:
    """Each picture with the message that sent it, in the chat's order; then the pictures that the chat does not name."""
    by_name = {PurePosixPath(p.name).name: p for p in pieces}
    found: list[Piece] = []
    used: set[str] = set()
    for m in messages:
        told: dict[str, Any] = {"sent_by": m.sender, "sent_at": m.at, "caption": m.text, "in_chat": True}
        if m.omitted:
            found.append(Piece(f"{base}#{m.line}", _nothing, fault="media_omitted", **told))
        elif m.file is not None and PurePosixPath(m.file).suffix.lower() not in NO_PICTURES:
            at_page = [p for p in pieces if PurePosixPath(p.name.partition("#page")[0]).name == m.file]
            named: list[Piece | None] = [*at_page] or [by_name.get(m.file)]
            for piece in named:
                if piece is None:
                    found.append(Piece(f"{base}{m.file}", _nothing, fault="media_missing", **told))
                elif piece.name not in used:
                    used.add(piece.name)
                    found.append(replace(piece, context="", **told))
    return found + [replace(p, context="") for p in pieces if p.name not in used]


def _nothing() -> bytes:
    raise ImportFault("media_missing")


def _read_file(path: Path, most: int) -> bytes:
    with path.open("rb") as f:
        data = f.read(most + 1)
    if len(data) > most:
        raise ImportFault("too_large")
    return data


def _pdf(name: str, load: Callable[[], bytes]) -> Iterator[Piece]:
    """One piece per page, rendered when it is loaded."""
    try:
        count = _pages(load())
    except ImportFault as e:
        yield Piece(name, _nothing, fault=e.code)
        return
    for page in range(count):
        yield Piece(f"{name}#page{page + 1}", lambda page=page: render_page(load(), page), context=name)  # type: ignore[misc]


def _pages(data: bytes) -> int:
    import pypdfium2 as pdfium

    try:
        with pdfium.PdfDocument(data) as document:
            count = len(document)
    except pdfium.PdfiumError as e:
        raise ImportFault("pdf_broken") from e
    if count > MOST_PAGES:
        raise ImportFault("pdf_too_long")
    return count


def render_page(data: bytes, page: int) -> bytes:
    """One page of a PDF (from 0) as a JPEG, its long side PDF_LONG_SIDE pixels. Raises ImportFault."""
    import pypdfium2 as pdfium

    try:
        with pdfium.PdfDocument(data) as document:
            sheet = document[page]
            picture = sheet.render(scale=PDF_LONG_SIDE / max(*sheet.get_size(), 1)).to_pil().convert("RGB")
    except (pdfium.PdfiumError, ValueError, MemoryError) as e:
        raise ImportFault("pdf_broken") from e
    out = BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()
