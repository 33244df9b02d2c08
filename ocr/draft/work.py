"""A whole draft: from files to a template, with the pages' pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ocr.draft.build import template_of
from ocr.draft.naming import Labelled
from ocr.draft.page import Seen, look
from ocr.draft.pages import DraftError, sheets
from ocr.draft.words import language
from ocr.types import Gray
from templates_c1.schema import Template

Json = dict[str, Any]
Report = Callable[[str, int, int], None]
"""(what is being done: "open" or "page", how many are done, of how many)."""

MOST_PAGES = 80
_QUALITY = 92


@dataclass(frozen=True, slots=True, eq=False)
class Drafted:
    """``numbers`` in the order of the pages' rows; ``seen``: only pages that hold numbers."""

    template: Template
    numbers: list[Labelled]
    seen: list[Seen]

    @property
    def body(self) -> Json:
        """template.json."""
        return self.template.model_dump(mode="json", exclude_defaults=True)

    def picture(self, page: int) -> Gray:
        """A page from edge to edge. Raises KeyError."""
        for s in self.seen:
            if s.labelled[0].page == page:
                return s.sheet.gray
        raise KeyError(page)


def draft(
    sources: Sequence[Path],
    form: str,
    election: str,
    title: str = "",
    first: int = 1,
    paper: tuple[float, float] | None = None,
    report: Report = lambda what, done, of: None,
) -> Drafted:
    """Draft a template from blank PDFs or from photos, one for each page.

    Args:
        first: number of the first page; the others follow.
        paper: as for ``ocr.draft.pages.sheets``.

    Raises:
        DraftError: a source cannot be used, holds too many pages, or none holds a number box. OSError: a file cannot be read.
    """
    lang = language()
    report("open", 0, len(sources))
    found = [s for source in sources for s in sheets(source, paper)]
    if len(found) > MOST_PAGES:
        raise DraftError(
            f"{len(found)} halaman; paling banyak {MOST_PAGES} sekaligus", f"{len(found)} pages; at most {MOST_PAGES} at a time"
        )
    seen = []
    for i, sheet in enumerate(found):
        report("page", i, len(found))
        seen.append(look(sheet, first + i, lang))
    report("page", len(found), len(found))
    template, numbers = template_of(seen, form, election, title)
    return Drafted(template, numbers, [s for s in seen if s.rows])


def encoded(gray: Gray, photographed: bool) -> tuple[bytes, str]:
    """A page's picture as a file and its media type: drawn pages without loss, photos as JPEG."""
    if photographed:
        return cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes(), "image/jpeg"
    return cv2.imencode(".png", gray, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes(), "image/png"


def decoded(data: bytes) -> Gray:
    """What ``encoded`` made, as (h, w). Raises ValueError for anything else."""
    gray = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if gray is None:
        raise ValueError("no picture")
    return np.asarray(gray, np.uint8)
