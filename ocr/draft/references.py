"""What a page is recognised by: the features of its print, made from the picture it was drafted from.

From a blank they are as good as those that ship. From a photo of a filled form they hold handwriting too, as far as it stands outside
boxes, tally grids and the areas declared as words or free text: such features find no partner on other papers, and do no harm but dilute.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.training.features import PER_SOURCE, edge_to_edge, page_arrays
from ocr.types import Gray
from templates_c1.schema import Template

LONG_SIDE = 1800
"""Of the picture that features are taken from, px: above the largest size they are looked for at."""


def references(template: Template, pictures: Mapping[int, Gray]) -> bytes:
    """``features.npz`` of all pages.

    Args:
        pictures: page number -> the page, upright, from edge to edge (h, w). A page without one gets no features.
    """
    arrays: dict[str, NDArray[np.generic]] = {}
    for page in template.pages:
        if page.number in pictures:
            gray = shrunk(pictures[page.number])
            arrays |= page_arrays(page, [(gray, edge_to_edge(page, gray), PER_SOURCE)])
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
    return out.getvalue()


def shrunk(gray: Gray) -> Gray:
    """The picture at most LONG_SIDE long."""
    k = LONG_SIDE / max(gray.shape)
    return gray if k >= 1 else np.asarray(cv2.resize(gray, None, fx=k, fy=k, interpolation=cv2.INTER_AREA), np.uint8)


def key_of(body: Mapping[str, Any], pictures: Mapping[int, str]) -> str:
    """Changes with whatever the features are made from: where people write on which picture (page number -> SHA-256), nothing else."""
    pages = []
    for p in body.get("pages", ()):
        numbers = [(n.get("boxes"), n.get("bubbles")) for n in p.get("numbers", ())]
        grids = [(g.get("x_edges"), g.get("y_edges")) for g in p.get("turus", ())]
        areas = [sorted(map(repr, (p.get(k) or {}).values())) for k in ("words", "free_text")]
        pages.append([p.get("number"), pictures.get(p.get("number", 0)), p.get("size"), numbers, grids, areas])
    return hashlib.sha256(json.dumps(pages, sort_keys=True).encode()).hexdigest()
