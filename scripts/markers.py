"""Generated parts of Markdown pages, between two comments: everything around them is written by people."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def _split(page: Path, name: str) -> tuple[str, str, str]:
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    text = page.read_text(encoding="utf-8")
    head, found_begin, rest = text.partition(begin)
    body, found_end, tail = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"{page} lacks the markers {begin} and {end}")
    return head + begin, body.strip(), end + tail


def read(page: Path, name: str) -> str:
    """What stands between the markers ``name`` of ``page``. Raises ValueError if a marker is missing."""
    return _split(page, name)[1]


def write(page: Path, name: str, text: str) -> None:
    """Replace what stands between the markers ``name`` of ``page``. Raises ValueError if a marker is missing."""
    head, _, tail = _split(page, name)
    page.write_text(f"{head}\n\n{text.strip()}\n\n{tail}", encoding="utf-8")
